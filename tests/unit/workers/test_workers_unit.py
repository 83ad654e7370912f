"""A unit's own decisions: threads, what the database is told of its workers, and when it gives up on its engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from rq.job import Job
from sqlalchemy import select

from schemas.case import AttemptState
from tests.support.cases import send_all, submitted
from tests.support.factories import Clock, settings_for
from tests.support.waiting import wait_until
from verifier.errors import EngineError, StorageError
from verifier.ocr.host import EngineHost, HostHealth
from verifier.services import holds, process, reconcile, stats
from verifier.services.context import Services, reading
from verifier.store.tables import AttemptRow
from verifier.supervise import Part, Stop
from workers import unit, worker
from workers.memory import KernelKills


@pytest.mark.parametrize(
    ("cores", "units", "given", "threads"), [(8, 1, 0, 8), (8, 3, 0, 2), (1, 4, 0, 1), (8, 2, 5, 5)]
)
def test_cores_are_shared_among_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, units: int, given: int, threads: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert unit.threads_for(settings_for(tmp_path, engine_threads=given), units=units) == threads


def test_a_unit_outlasts_a_page_at_its_deadline(tmp_path: Path) -> None:
    assert unit.grace_s(settings_for(tmp_path, page_deadline_s=90.0)) > 90.0


class Host:
    """An engine host whose health a test decides."""

    def __init__(self, *healths: HostHealth) -> None:
        self._healths = list(healths)

    def health(self) -> HostHealth:
        return self._healths.pop(0) if len(self._healths) > 1 else self._healths[0]

    def wait_ready(self, _seconds: float) -> bool:
        return self.health().ready


def host(*healths: HostHealth) -> EngineHost:
    return Host(*healths)  # type: ignore[return-value]


READY = HostHealth(pid=1, ready=True)


def test_an_engine_comes_up() -> None:
    assert unit._came_up(host(HostHealth(), HostHealth(), READY), Stop())


def test_an_engine_that_keeps_failing_does_not_come_up() -> None:
    with pytest.raises(EngineError):
        unit._came_up(host(HostHealth(), HostHealth(failures=unit.START_TRIES)), Stop())


def test_an_engine_that_hangs_does_not_come_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit, "START_S", 0.0)
    with pytest.raises(EngineError):
        unit._came_up(host(HostHealth()), Stop())


def test_asked_to_end_while_the_engine_loads() -> None:
    stop = Stop()
    stop.set()
    assert not unit._came_up(host(HostHealth()), stop)


def watched(
    monkeypatch: pytest.MonkeyPatch, engine: EngineHost, until: Callable[[Stop], bool]
) -> tuple[Stop, bool, int]:
    """The stop, whether the watch gave up, and how often it had the crew's beat sent."""
    monkeypatch.setattr(unit, "WATCH_S", 0.01)
    stop, crew = Stop(), Mock(spec=unit.Crew)
    watch = unit._Watch(engine, crew, stop, every_s=0.02)
    watch.start()
    try:
        wait_until(lambda: until(stop) and crew.beat.call_count, within_s=10.0, what="the watch acted")
    finally:
        watch.end()
    return stop, watch.engine_gave_up, crew.beat.call_count


def test_a_unit_whose_engine_stays_away_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit, "ENGINE_PATIENCE_S", 0.05)
    stop, gave_up, _ = watched(monkeypatch, host(READY, HostHealth(failures=9)), lambda stop: stop.is_set())
    assert stop.is_set()
    assert not stop.is_hurried(), "its workers still get the time for their document"
    assert gave_up


def test_an_engine_that_is_replaced_in_time_is_no_reason_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    away = [HostHealth()] * 3
    stop, gave_up, beats = watched(monkeypatch, host(READY, *away, READY), lambda _: True)
    assert (stop.is_set(), gave_up) == (False, False)
    assert beats > 0


PART = Part("unit1-ab12-bulk", ["true"])


@pytest.fixture
def crew(services: Services) -> unit.Crew:
    return unit.Crew(services, {PART.name: "bulk"})


def test_a_worker_is_seen_while_its_process_lives(services: Services, crew: unit.Crew, clock: Clock) -> None:
    crew.started(PART, 4711)
    (seen,) = stats.stats(services).workers
    assert (seen.name, seen.queue, seen.alive) == ("unit1-ab12-bulk-4711", "bulk", True)
    clock.tick(seconds=services.settings.lease_s - 1)
    crew.beat()
    clock.tick(seconds=services.settings.lease_s - 1)
    assert stats.stats(services).workers[0].alive
    crew.ended(PART, 4711)
    assert stats.stats(services).workers == ()
    crew.beat()
    assert stats.stats(services).workers == (), "a dead worker is not said to live"


def test_what_a_worker_held_when_it_ended_is_opened_anew(services: Services, crew: unit.Crew) -> None:
    submitted(services)
    first, second, _ = send_all(services)
    crew.started(PART, 1)
    process.begin(services, first, worker.name_of(PART.name, 1))
    process.begin(services, second, worker.name_of(PART.name, 2))
    crew.ended(PART, 1)
    assert states(services)[first] == (AttemptState.LOST, "worker.killed")
    assert states(services)[second] == (AttemptState.RUNNING, None), "another worker's"


def states(services: Services) -> dict[str, tuple[AttemptState, str | None]]:
    with reading(services) as session:
        return {row.id: (row.state, row.error_code) for row in session.scalars(select(AttemptRow))}


def test_a_database_that_is_away_does_not_end_a_unit(crew: unit.Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Mock(side_effect=StorageError("database.unavailable"))
    monkeypatch.setattr(process, "beat", away)
    monkeypatch.setattr(reconcile, "worker_ended", away)
    crew.started(PART, 1)
    crew.ended(PART, 1)
    assert away.call_count == 2


JOB = Mock(spec=Job, id="att-id000001")


@pytest.mark.parametrize("status", [signal.SIGKILL.value, 1 << 8, None], ids=["killed", "exit 1", "unknown end"])
def test_a_horse_that_died_gives_its_attempt_back_however_it_died(services: Services, status: int | None) -> None:
    submitted(services)
    first = send_all(services)[0]
    process.begin(services, first, "unit1-bulk-1")
    worker.horse_killed(services, "unit1-bulk-1", JOB, status, KernelKills(()))
    assert states(services)[first] == (AttemptState.LOST, "worker.killed")


def test_a_horse_that_died_without_an_attempt_changes_nothing(services: Services) -> None:
    submitted(services)
    before = states(services)
    worker.horse_killed(services, "unit1-bulk-1", JOB, signal.SIGKILL.value, KernelKills(()))
    assert states(services) == before


def test_a_database_that_is_away_does_not_end_a_worker(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "replace_killed", Mock(side_effect=StorageError("database.unavailable")))
    worker.horse_killed(services, "unit1-bulk-1", JOB, signal.SIGKILL.value, KernelKills(()))


def test_sockets_go_to_a_private_folder_where_there_is_no_data_folder(tmp_path: Path) -> None:
    assert unit._socket_dir(settings_for(tmp_path)) == tmp_path / "run"
    assert unit._socket_dir(settings_for(tmp_path / "none")).name == f"verifier-{os.getuid()}"


def test_a_drained_worker_is_stopped_and_stays_so_until_it_is_resumed(services: Services, crew: unit.Crew) -> None:
    crew.started(PART, 4711)
    crew.look()
    assert crew.wants(PART)
    holds.drain(services, "unit1-ab12-bulk-4711", "admin-1")
    crew.look()
    assert not crew.wants(PART)
    crew.ended(PART, 4711)
    crew.look()
    crew.beat()
    assert not crew.wants(PART), "gone, and still not wanted"
    holds.resume_worker(services, "unit1-ab12-bulk-4711", "admin-1")
    crew.look()
    assert crew.wants(PART)


def test_a_unit_that_ends_takes_its_drains_along(services: Services, crew: unit.Crew) -> None:
    crew.started(PART, 4711)
    holds.drain(services, "unit1-ab12-bulk-4711", "admin-1")
    crew.look()
    crew.end()
    assert holds.drained(services, {"unit1-ab12-bulk-4711"}) == set()


def test_a_look_while_the_database_is_away_changes_nothing(
    services: Services, crew: unit.Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.started(PART, 4711)
    holds.drain(services, "unit1-ab12-bulk-4711", "admin-1")
    crew.look()
    monkeypatch.setattr(holds, "drained", Mock(side_effect=StorageError("database.unavailable")))
    crew.look()
    assert not crew.wants(PART)


@pytest.mark.parametrize(
    ("after", "number", "code"),
    [
        ("oom 1\noom_kill 4\n", signal.SIGKILL, "worker.out_of_memory"),
        ("oom 1\noom_kill 4\n", signal.SIGSEGV, "worker.killed"),
        ("oom 1\noom_kill 3\n", signal.SIGKILL, "worker.killed"),
        (None, signal.SIGKILL, "worker.killed"),
    ],
)
def test_a_horse_the_kernel_killed_for_its_memory_has_a_code_of_its_own(
    services: Services, tmp_path: Path, after: str | None, number: signal.Signals, code: str
) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text("oom 0\noom_kill 3\n")
    kills = KernelKills([counter])
    submitted(services)
    first = send_all(services)[0]
    process.begin(services, first, "unit1-bulk-1")
    if after is None:
        counter.unlink()
    else:
        counter.write_text(after)
    worker.horse_killed(services, "unit1-bulk-1", JOB, number.value, kills)
    assert states(services)[first] == (AttemptState.LOST, code)
