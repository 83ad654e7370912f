"""What a work-horse does with an attempt, with a stand-in for reading and a database that may be away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

import pytest
import structlog
from pydantic import BaseModel
from rq.timeouts import JobTimeoutException
from sqlalchemy import select
from structlog.testing import CapturingLogger

from schemas.case import AttemptState, CaseState
from tests.support.cases import send_all, state_of, submitted
from tests.support.factories import Clock, read_of
from tests.support.stub_engine import StubEngine
from verifier.errors import EngineCrashedError, EngineTimeoutError, InputError, StorageError
from verifier.services import process, reconcile
from verifier.services.context import Services, reading
from verifier.services.process import Work
from verifier.store.tables import AttemptRow
from workers import jobs

WORKER = "unit-bulk-1"
ENGINE = StubEngine()


@pytest.fixture(autouse=True)
def read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading answers at once; the patience with the database is tried without waiting."""
    reads(monkeypatch, lambda: None)
    monkeypatch.setattr(jobs, "STORE_PAUSE_S", 0.0)


@pytest.fixture
def attempt_id(services: Services) -> str:
    submitted(services)
    return send_all(services)[0]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What is logged."""
    logger = CapturingLogger()
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "log", structlog.wrap_logger(logger, processors=[structlog.contextvars.merge_contextvars]))
        yield logger.calls


def reads(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Reading does `act` and then succeeds."""

    def read(services: Services, work: Work, engine: object) -> object:
        act()
        return read_of(work.slot)

    monkeypatch.setattr(jobs, "_read", read)


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def run(services: Services, attempt_id: str, worker: str = WORKER) -> None:
    jobs.run_attempt(services, attempt_id, worker, ENGINE)


def row(services: Services, attempt_id: str) -> AttemptRow:
    with reading(services) as session:
        return session.scalars(select(AttemptRow).where(AttemptRow.id == attempt_id)).one()


def test_reads_and_hands_in(services: Services, attempt_id: str) -> None:
    run(services, attempt_id)
    done = row(services, attempt_id)
    assert (done.state, done.worker, done.engine_version, done.tries) == (AttemptState.DONE, WORKER, "stub", 1)


def test_a_second_job_for_the_same_attempt_ends_quietly(services: Services, attempt_id: str) -> None:
    run(services, attempt_id)
    run(services, attempt_id, "unit-bulk-2")
    assert row(services, attempt_id).worker == WORKER


@pytest.mark.parametrize("error", [EngineCrashedError(), EngineTimeoutError(), StorageError("storage.unavailable")])
def test_a_transient_error_is_tried_again_when_its_time_has_come(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch, clock: Clock, error: EngineCrashedError
) -> None:
    reads(monkeypatch, raising(error))
    run(services, attempt_id)
    waiting = row(services, attempt_id)
    assert (waiting.state, waiting.error_code) == (AttemptState.QUEUED, error.code)
    assert send_all(services) == ()
    clock.tick(seconds=process.BACKOFF_S[0])
    assert send_all(services) == (attempt_id,)
    reads(monkeypatch, lambda: None)
    run(services, attempt_id)
    assert row(services, attempt_id).state == AttemptState.DONE


def test_a_file_nobody_can_read_is_no_failure_of_the_job(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(monkeypatch, raising(InputError("file.encrypted")))
    run(services, attempt_id)
    closed = row(services, attempt_id)
    assert (closed.state, closed.error_code) == (AttemptState.FAILED, "file.encrypted")


def test_rqs_time_limit_counts_as_a_page_over_its_deadline(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(monkeypatch, raising(JobTimeoutException("too long")))
    run(services, attempt_id)
    waiting = row(services, attempt_id)
    assert (waiting.state, waiting.error_code) == (AttemptState.QUEUED, "engine.timeout")


def test_a_defect_of_ours_goes_to_a_person_and_its_place_to_the_log_without_any_value(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch, lines: list[object]
) -> None:
    class Person(BaseModel):
        age: int

    reads(monkeypatch, lambda: Person.model_validate({"age": "欧阳测试 440114199608120006"}) and None)
    run(services, attempt_id)
    closed = row(services, attempt_id)
    assert (closed.state, closed.error_code) == (AttemptState.FAILED, "internal.unexpected")
    said = repr(lines)
    assert "ValidationError at" in said
    assert "test_workers_jobs.py" in said
    assert "欧阳" not in said
    assert "440114" not in said


def test_every_line_names_attempt_and_worker_and_nothing_stays_bound(
    services: Services, attempt_id: str, lines: list[object]
) -> None:
    run(services, attempt_id)
    assert lines
    assert all(call.kwargs["attempt"] == attempt_id and call.kwargs["worker"] == WORKER for call in lines)  # type: ignore[attr-defined]
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.parametrize("step", ["begin", "finish", "fail"])
def test_a_database_that_comes_back_costs_nothing(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    if step == "fail":
        reads(monkeypatch, raising(InputError("file.broken")))
    away_twice(monkeypatch, step)
    run(services, attempt_id)
    assert row(services, attempt_id).state == (AttemptState.FAILED if step == "fail" else AttemptState.DONE)


def away_twice(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The call fails twice: once before it does anything, once after it was committed and the answer was lost."""
    real = getattr(process, step)
    calls = iter(("away", "answer lost"))

    def call(*args: object) -> object:
        match next(calls, None):
            case "away":
                raise StorageError("database.unavailable")
            case "answer lost" if step != "begin":
                real(*args)
                raise StorageError("database.unavailable")
        return real(*args)

    monkeypatch.setattr(process, step, call)


@pytest.mark.parametrize("step", ["begin", "finish", "fail"])
def test_a_database_that_stays_away_ends_the_job_without_an_exception_for_redis_to_keep(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch, step: str, clock: Clock
) -> None:
    def away(*args: object) -> object:
        raise StorageError("database.unavailable")

    if step == "fail":
        reads(monkeypatch, raising(InputError("file.broken")))
    monkeypatch.setattr(jobs, "STORE_PATIENCE_S", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(process, step, away)
        patch.setattr(process, "fail", away)
        run(services, attempt_id)
    left = row(services, attempt_id)
    assert left.state == (AttemptState.QUEUED if step == "begin" else AttemptState.RUNNING)
    clock.tick(minutes=3)
    swept = reconcile.sweep(services, lambda ids: set(), "reconciler-1", clock.now)
    assert swept.lost + swept.expired >= 1
    assert row(services, attempt_id).state == AttemptState.LOST


def test_an_attempt_whose_beginning_was_never_confirmed_is_found(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Begun, but the commit's answer never came: the second begin finds it running, and its lease will run out."""
    real = process.begin

    def begin(*args: object) -> object:
        real(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(process, "begin", real)
        raise StorageError("database.unavailable")

    monkeypatch.setattr(process, "begin", begin)
    run(services, attempt_id)
    assert row(services, attempt_id).state == AttemptState.RUNNING
    clock.tick(seconds=services.settings.lease_s)
    assert reconcile.sweep(services, lambda ids: set(ids), "reconciler-1", clock.now).expired == 1


def test_the_lease_is_renewed_while_a_document_is_read(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = Event()
    real = process.renew_lease

    def renew(*args: object) -> bool:
        kept = real(*args)  # type: ignore[arg-type]
        renewed.set()
        return kept

    monkeypatch.setattr(process, "renew_lease", renew)
    impatient = with_lease(services, 0.03)
    reads(monkeypatch, lambda: None if renewed.wait(20) else pytest.fail("the lease was not renewed"))
    run(impatient, attempt_id)
    assert row(services, attempt_id).state == AttemptState.DONE


def with_lease(services: Services, lease_s: float) -> Services:
    return replace(services, settings=services.settings.model_copy(update={"lease_s": lease_s}))


def test_a_lease_that_cannot_be_renewed_does_not_stop_the_reading(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = Event()

    def renew(*args: object) -> bool:
        tried.set()
        raise StorageError("database.unavailable")

    monkeypatch.setattr(process, "renew_lease", renew)
    reads(monkeypatch, lambda: None if tried.wait(20) else pytest.fail("nobody tried"))
    run(with_lease(services, 0.03), attempt_id)
    assert row(services, attempt_id).state == AttemptState.DONE


def test_what_was_read_after_the_attempt_was_replaced_is_dropped(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(monkeypatch, lambda: reconcile.replace_killed(services, WORKER) and None)
    run(services, attempt_id)
    assert row(services, attempt_id).state == AttemptState.LOST
    assert state_of(services) == CaseState.READING


def test_a_job_outside_a_worker_is_a_defect() -> None:
    with pytest.raises(RuntimeError):
        jobs.read_document("id000001")


def test_the_real_reading_uses_the_attempts_files(
    services: Services, attempt_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    given = {}

    def read_files(slot: object, files: object, engine: object, **options: object) -> object:
        given.update(slot=slot, files=files, **options)
        return read_of()

    monkeypatch.setattr(jobs, "read_files", read_files)
    run(services, attempt_id)
    assert given["page_deadline_s"] == services.settings.page_deadline_s
    assert given["limits"] == services.limits
    assert [file.name for file in given["files"]] == ["documents/resident_id_card-1.jpg"]  # type: ignore[attr-defined]
