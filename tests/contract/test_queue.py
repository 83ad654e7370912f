"""The way from the outbox through a real Valkey and stock rq workers to advice, and what is left when a part dies.

The engine is a stand-in that can be held in the middle of a page; everything else is the real thing.
"""

from __future__ import annotations

import json
import os
import signal
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from redis import Redis
from sqlalchemy import update

from schemas.case import CaseState, DocumentState
from tests.support.broker import Broker
from tests.support.held_engine import FACTORY, Hold
from tests.support.house import IMPATIENT, SLOTS, House, ending, open_house
from tests.support.threads import together
from tests.support.waiting import is_alive, wait_until
from verifier.errors import QueueError
from verifier.ocr.host import EngineHost
from verifier.services import outbox, process, queries
from verifier.services.context import writing
from verifier.store.tables import AttemptRow, OutboxRow
from workers import queues, reconciler, relay

pytestmark = pytest.mark.server

NO = "HD2026A000123"
ENOUGH_S = 40.0
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
QUEUE = "bulk"
"""Where a case of three pages goes."""


@pytest.fixture
def house(tmp_path: Path, broker: Broker) -> Iterator[House]:
    with open_house(tmp_path, broker.url, **IMPATIENT) as opened:
        yield opened


@pytest.fixture
def redis(broker: Broker) -> Iterator[Redis]:
    with broker.connection() as connection:
        yield connection


@pytest.fixture
def hold(tmp_path: Path) -> Hold:
    folder = tmp_path / "hold"
    folder.mkdir()
    return Hold(folder)


@pytest.fixture
def host(tmp_path: Path, hold: Hold) -> Iterator[EngineHost]:
    with EngineHost(hold.folder, threads=1, socket_dir=tmp_path / "run", factory=FACTORY) as started:
        assert started.wait_ready(ENOUGH_S)
        yield started


@contextmanager
def queue_worker(house: House, host: EngineHost) -> Iterator[psutil.Process]:
    """A worker process, as a unit starts it."""
    command = ("-m", "workers.worker", "--queue", QUEUE, "--name", "test")
    with ending(house.popen(*command, "--engine-socket", str(host.socket_path))) as started:
        yield psutil.Process(started.pid)


def horse_of(worker: psutil.Process) -> int:
    """The pid of the work-horse: of what the worker forked, the one that leads a process group of its own."""

    def look() -> int:
        forked = [child.pid for child in worker.children() if is_alive(child.pid)]
        return next((pid for pid in forked if os.getpgid(pid) == pid), 0)

    return wait_until(look, within_s=ENOUGH_S, what="a work-horse")


def wait_for_advice(house: House, number: str = NO, within_s: float = ENOUGH_S) -> None:
    wait_until(lambda: house.is_advised(number), within_s=within_s, what="the case has its advice")


def states(house: House, number: str = NO) -> list[str]:
    return [state for _, _, state, _ in house.attempts(number)]


def test_from_the_outbox_to_advice(house: House, host: EngineHost) -> None:
    house.submitted()
    with house.relaying(), queue_worker(house, host):
        wait_for_advice(house)
    assert states(house) == ["done"] * 3
    view = queries.case_view(house.services, NO)
    assert [document.state for document in view.documents] == [DocumentState.READ] * 3
    assert view.result is not None
    assert {document.slot for document in view.result.documents} == set(SLOTS)
    assert outbox.unsent(house.services) == 0


def test_a_job_carries_an_id_as_json_and_nothing_else(house: House, redis: Redis) -> None:
    house.submitted()
    assert house.relay() == 3
    keys = redis.lrange("rq:queue:bulk", 0, -1)
    assert len(keys) == 3
    for key in keys:
        job = redis.hgetall(b"rq:job:" + key)
        function, _, arguments, named = json.loads(zlib.decompress(job[b"data"]))
        assert (function, named) == (queues.JOB, {})
        assert [b"att-" + argument.encode() for argument in arguments] == [key]
        assert int(job[b"timeout"]) == queues.job_timeout_s(1, house.services.settings.page_deadline_s)
        assert job[b"description"] == key
        assert "residence" not in str(job), "nothing of the case is in Redis"


def test_an_attempt_is_let_in_once(house: House, redis: Redis) -> None:
    house.submitted()
    (first, *_) = outbox.take(house.services, 100)
    given = {"pages": first.pages, "page_deadline_s": 60.0}
    assert queues.enqueue(redis, first.queue, first.attempt_id, **given)  # type: ignore[arg-type]
    assert not queues.enqueue(redis, first.queue, first.attempt_id, **given)  # type: ignore[arg-type]
    assert redis.llen("rq:queue:bulk") == 1


def test_a_relay_that_dies_between_sending_and_marking(house: House, host: EngineHost, redis: Redis) -> None:
    house.submitted()
    for message in outbox.take(house.services, 2):
        queues.enqueue(redis, message.queue, message.attempt_id, pages=1, page_deadline_s=60.0)
    with writing(house.services) as session:  # the time its rows are held for is over
        session.execute(update(OutboxRow).values(taken_until=None))
    assert house.relay() == 3
    assert redis.llen("rq:queue:bulk") == 3
    with house.relaying(), queue_worker(house, host):
        wait_for_advice(house)
    assert states(house) == ["done"] * 3


def test_relays_at_the_same_time_send_everything_once(house: House, redis: Redis) -> None:
    for number in range(8):
        house.submitted(f"HD2026A{number:06d}")

    def one_relay() -> int:
        with queues.connect(house.redis_url) as connection:
            return relay.relay_once(house.services, connection)

    assert sum(together([one_relay] * 4)) == 24
    ids = redis.lrange("rq:queue:bulk", 0, -1)
    assert len(ids) == len(set(ids)) == 24


def test_redis_away_keeps_the_rows_until_it_is_back(house: House, broker: Broker, host: EngineHost) -> None:
    broker.stop()
    house.submitted()
    with pytest.raises(QueueError):
        house.relay()
    assert outbox.unsent(house.services) == 3
    with house.relaying(), queue_worker(house, host) as worker:
        assert is_alive(worker.pid), "waits for Redis"
        broker.start()
        wait_for_advice(house)
    assert states(house) == ["done"] * 3


def test_redis_restarted_under_a_worker_in_the_middle_of_a_page(
    house: House, broker: Broker, host: EngineHost, hold: Hold
) -> None:
    house.submitted()
    with house.relaying(), queue_worker(house, host) as worker:
        with hold.held():
            hold.wait_for_a_page()
            broker.stop()
            broker.start()
        wait_for_advice(house)
        assert is_alive(worker.pid)
    assert states(house) == ["done"] * 3


def test_flushed_between_enqueueing_and_running(house: House, broker: Broker, host: EngineHost) -> None:
    house.submitted()
    assert house.relay() == 3
    broker.flush()
    with house.relaying(), queue_worker(house, host):
        wait_for_advice(house)
    assert [(no, state) for _, no, state, _ in house.attempts(NO)] == [(1, "lost"), (2, "done")] * 3
    assert {code for _, _, state, code in house.attempts(NO) if state == "lost"} == {"worker.lost"}


def test_flushed_in_the_middle_of_a_page(house: House, broker: Broker, host: EngineHost, hold: Hold) -> None:
    house.submitted()
    with house.relaying(), queue_worker(house, host):
        with hold.held():
            hold.wait_for_a_page()
            broker.flush()
        wait_for_advice(house)
    ends = states(house)
    assert ends.count("done") == 3
    assert ends[0] == "done", "the page in hand was read to its end"


def test_work_horse_killed_in_the_middle_of_a_page(house: House, host: EngineHost, hold: Hold) -> None:
    house.submitted()
    with house.relaying(), queue_worker(house, host) as worker:
        with hold.held():
            hold.wait_for_a_page()
            os.kill(horse_of(worker), signal.SIGKILL)
            wait_until(lambda: "lost" in states(house), within_s=5.0, what="its attempt is replaced at once")
        wait_for_advice(house)
        assert is_alive(worker.pid)
    assert house.attempts(NO)[:2] == [
        (SLOTS[0].value, 1, "lost", "worker.killed"),
        (SLOTS[0].value, 2, "done", None),
    ]
    assert states(house).count("done") == 3


def test_documents_that_kill_every_work_horse_are_given_up(
    tmp_path: Path, broker: Broker, host: EngineHost, hold: Hold
) -> None:
    with open_house(tmp_path, broker.url, max_tries=2, **IMPATIENT) as house:
        house.submitted()
        with house.relaying(), queue_worker(house, host) as worker, hold.held():
            for _ in range(2 * len(SLOTS)):
                wait_until(lambda: "running" in states(house), within_s=ENOUGH_S, what="an attempt runs")
                os.kill(horse_of(worker), signal.SIGKILL)
                wait_until(lambda: "running" not in states(house), within_s=5.0, what="it is replaced at once")
            wait_for_advice(house)
        ends = [(1, "lost", "worker.killed"), (2, "dead", "worker.killed")]
        assert [entry[1:] for entry in house.attempts(NO)] == ends * len(SLOTS)
        view = queries.case_view(house.services, NO)
        assert [document.state for document in view.documents] == [DocumentState.NOT_READ] * len(SLOTS)
        assert view.state == CaseState.NEEDS_REVIEW, "a person reads them"


def test_engine_killed_in_the_middle_of_a_page_is_tried_again(house: House, host: EngineHost, hold: Hold) -> None:
    house.submitted()
    with house.relaying(), queue_worker(house, host):
        with hold.held():
            hold.wait_for_a_page()
            engine = host.health().pid
            assert engine is not None
            os.kill(engine, signal.SIGKILL)
            wait_until(lambda: states(house)[0] == "queued", within_s=10.0, what="it waits for its next try")
        assert house.attempts(NO)[0][3] == "engine.crashed"
        wait_for_advice(house)
    assert states(house) == ["done"] * 3, "the same attempt, brought back by rq's scheduler"


def test_worker_killed_ends_what_it_forked(house: House, host: EngineHost, hold: Hold) -> None:
    house.submitted()
    house.relay()
    with queue_worker(house, host) as worker, hold.held():
        hold.wait_for_a_page()
        forked = [child.pid for child in worker.children()]
        assert len(forked) == 2, "a work-horse and a scheduler"
        worker.kill()
        wait_until(lambda: not any(map(is_alive, forked)), within_s=5.0, what="both are gone")
    with writing(house.services) as session:
        session.execute(update(AttemptRow).where(AttemptRow.lease_until.is_not(None)).values(lease_until=LONG_AGO))
    with house.relaying(), queue_worker(house, host):
        wait_for_advice(house)
    assert house.attempts(NO)[0][2:] == ("lost", "worker.lost"), "found when its lease ran out"
    assert states(house).count("done") == 3


def test_an_idle_worker_ends_when_asked(house: House, host: EngineHost, redis: Redis) -> None:
    with queue_worker(house, host) as worker:
        wait_until(lambda: redis.scard("rq:workers:bulk"), within_s=ENOUGH_S, what="the worker listens")
        worker.terminate()
        wait_until(lambda: not is_alive(worker.pid), within_s=10.0, what="it ended")


def test_reconcilers_at_the_same_time_replace_everything_once(house: House, broker: Broker) -> None:
    house.submitted()
    house.relay()
    broker.flush()
    with writing(house.services) as session:
        session.execute(update(AttemptRow).values(queued_at=LONG_AGO))
        session.execute(update(OutboxRow).values(sent_at=LONG_AGO))

    def one_sweep(owner: str) -> int:
        with queues.connect(house.redis_url) as connection:
            return reconciler.sweep_once(house.services, connection, owner).lost

    assert sum(together([lambda owner=f"reconciler-{n}": one_sweep(owner) for n in range(4)])) == 3  # type: ignore[misc]
    assert states(house) == ["lost", "queued"] * 3


def test_a_job_that_waits_or_runs_is_alive(house: House, host: EngineHost, hold: Hold, redis: Redis) -> None:
    house.submitted()
    ids = [message.attempt_id for message in outbox.take(house.services, 100)]
    for attempt_id in ids[:2]:
        queues.enqueue(redis, QUEUE, attempt_id, pages=1, page_deadline_s=60.0)
    assert queues.live_attempts(redis, ids) == set(ids[:2])
    with queue_worker(house, host), hold.held():
        hold.wait_for_a_page()
        assert queues.live_attempts(redis, ids) == set(ids[:2])
        assert process.begin(house.services, ids[0], "another") is None, "the one in hand is taken"


def test_a_broker_that_does_not_answer_is_an_error_of_ours(tmp_path: Path) -> None:
    with (
        queues.connect(f"unix://{tmp_path}/nobody.sock", answer_s=0.5) as connection,
        pytest.raises(QueueError) as error,
    ):
        queues.ping(connection)
    assert error.value.code == "queue.unavailable"
