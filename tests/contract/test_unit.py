"""A unit of reading as a process, with real rq workers and a held engine: how it ends, and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.support.broker import Broker
from tests.support.held_engine import Hold
from tests.support.house import IMPATIENT, House, ending, open_house
from tests.support.waiting import descendants, is_alive, wait_until
from verifier.errors import EngineError
from verifier.services import holds, outbox, stats
from verifier.supervise import HURRY_S, Stop
from workers import queues, unit

pytestmark = pytest.mark.server

NO = "HD2026A000123"
ENOUGH_S = 40.0


@pytest.fixture
def hold(tmp_path: Path) -> Hold:
    folder = tmp_path / "hold"
    folder.mkdir()
    return Hold(folder)


@pytest.fixture
def house(tmp_path: Path, broker: Broker, hold: Hold) -> Iterator[House]:
    with open_house(tmp_path, broker.url, models_dir=str(hold.folder), **IMPATIENT) as opened:
        yield opened


@contextmanager
def running_unit(house: House) -> Iterator[psutil.Process]:
    with ending(house.popen("-m", "tests.support.unit_process", "interactive", "bulk")) as started:
        wait_until(lambda: len(alive(house)) >= 2, within_s=ENOUGH_S, what="both workers are seen")
        yield psutil.Process(started.pid)


def reading_a_page(house: House, hold: Hold) -> None:
    """A case is handed in, and its first attempt is in the middle of its page."""
    house.submitted(NO)
    house.relay()
    wait_until(lambda: "running" in house.states(NO), within_s=ENOUGH_S, what="an attempt runs")
    hold.wait_for_a_page()


def queue_workers(started: psutil.Process, queue: str = "") -> list[psutil.Process]:
    """The unit's workers that live, or those of one queue."""
    found = []
    for child in started.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended while we looked; a zombie too
            command = child.cmdline()
            if "workers.worker" in command and (not queue or queue in command):
                found.append(child)
    return found


def test_asked_to_end_in_the_middle_of_a_page_it_finishes_the_document(house: House, hold: Hold) -> None:
    with house.relaying(), running_unit(house) as started:
        assert [queue for _, queue in alive(house)] == ["bulk", "interactive"]
        assert {name.rpartition("-")[2] for name, _ in alive(house)} == {str(one.pid) for one in queue_workers(started)}
        with hold.held():
            reading_a_page(house, hold)
            everyone = descendants(started.pid)
            started.terminate()
            (bulk,) = queue_workers(started, "bulk")
            # the idle worker ends at once, the other has its document to finish
            wait_until(lambda: queue_workers(started) == [bulk], within_s=10.0, what="the idle worker ended")
            assert house.states(NO).count("running") == 1
        wait_until(lambda: not is_alive(started.pid), within_s=ENOUGH_S, what="the unit ended")
        assert not any(map(is_alive, everyone))
    assert house.states(NO) == ["done", "queued", "queued"]
    assert [worker.alive for worker in stats.stats(house.services).workers] == [False]


def test_a_drained_worker_finishes_its_document_and_comes_back_when_resumed(house: House, hold: Hold) -> None:
    with house.relaying(), running_unit(house) as started:
        with hold.held():
            reading_a_page(house, hold)
            (bulk,) = [name for name, queue in alive(house) if queue == "bulk"]
            holds.drain(house.services, bulk, "test")
            with queues.connect(house.redis_url) as connection:
                asked = partial(connection.hexists, f"rq:worker:{bulk}", "shutdown_requested_date")
                wait_until(asked, within_s=ENOUGH_S, what="the worker was asked to stop")
        only_other = lambda: [queue for _, queue in alive(house)] == ["interactive"]  # noqa: E731
        wait_until(only_other, within_s=ENOUGH_S, what="the drained worker ended")
        assert queue_workers(started, "bulk") == []
        assert house.states(NO) == ["done", "queued", "queued"]
        holds.resume_worker(house.services, bulk, "test")
        wait_until(lambda: house.is_advised(NO), within_s=ENOUGH_S, what="a new worker read the rest")
        assert "lost" not in house.states(NO)


def test_a_paused_queue_finishes_its_document_and_begins_no_other(house: House, hold: Hold) -> None:
    with house.relaying(), running_unit(house):
        with hold.held():
            reading_a_page(house, hold)
            holds.pause(house.services, "bulk", "test")
        wait_until(lambda: "done" in house.states(NO), within_s=ENOUGH_S, what="the document in hand is read")
        wait_until(lambda: outbox.unsent(house.services) == 2, within_s=ENOUGH_S, what="the others went back")
        assert house.states(NO) == ["done", "queued", "queued"]
        holds.resume(house.services, "bulk", "test")
        wait_until(lambda: house.is_advised(NO), within_s=ENOUGH_S, what="the rest is read")
        assert house.states(NO) == ["done"] * 3


def test_asked_twice_it_hurries_and_its_document_is_opened_anew(house: House, hold: Hold) -> None:
    with running_unit(house) as started, hold.held():
        reading_a_page(house, hold)
        everyone = descendants(started.pid)
        started.terminate()
        wait_until(lambda: len(queue_workers(started)) == 1, within_s=10.0, what="the first signal came down")
        began = time.monotonic()
        started.send_signal(signal.SIGINT)
        wait_until(lambda: not is_alive(started.pid), within_s=HURRY_S + 5.0, what="the unit ended")
        assert time.monotonic() - began < HURRY_S, "nobody had to be killed"
        assert not any(map(is_alive, everyone))
    assert house.attempts(NO)[0][2:] == ("lost", "worker.killed")
    assert house.states(NO) == ["lost", "queued", "queued", "queued"]


def test_killed_in_the_middle_of_a_page_it_leaves_no_orphans(house: House, hold: Hold) -> None:
    with house.relaying(), running_unit(house) as started, hold.held():
        reading_a_page(house, hold)
        everyone = descendants(started.pid)
        assert len(everyone) == 5, "an engine, a sandbox, two workers, a work-horse"
        started.kill()
        wait_until(lambda: not any(map(is_alive, everyone)), within_s=ENOUGH_S, what="all of it is gone")
    assert house.attempts(NO)[0][2:] == ("queued", "engine.crashed"), "its work-horse still handed it back"


def test_a_queue_worker_that_is_killed_is_started_again_and_what_it_held_opened_anew(house: House, hold: Hold) -> None:
    with house.relaying(), running_unit(house) as started:
        with hold.held():
            reading_a_page(house, hold)
            (bulk,) = queue_workers(started, "bulk")
            bulk.kill()
            wait_until(lambda: house.states(NO)[0] == "lost", within_s=5.0, what="its attempt is replaced at once")
        wait_until(lambda: house.is_advised(NO), within_s=ENOUGH_S, what="the case has its advice")
    assert house.attempts(NO)[0][3] == "worker.killed"


def alive(house: House) -> list[tuple[str, str | None]]:
    return [(worker.name, worker.queue) for worker in stats.stats(house.services).workers if worker.alive]


def test_an_engine_that_cannot_load_is_an_error_and_no_job_is_taken(house: House) -> None:
    with pytest.raises(EngineError) as error:
        unit.run(
            house.services.settings,
            ["bulk"],
            unit=f"test-{os.getpid()}",
            units=1,
            stop=Stop(),
            factory="tests.support.unruly_engine:broken",
        )
    assert error.value.code == "engine.unavailable"
    assert stats.stats(house.services).workers == ()
