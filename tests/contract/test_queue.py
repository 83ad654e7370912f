"""The way from the outbox through a real Valkey and stock rq workers to advice, and what is left when a part dies.

The engine is a stand-in that can be held in the middle of a page; everything else is the real thing.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from redis import Redis
from rq import Worker
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from sqlalchemy import select, update

from schemas.case import CaseState, DocumentState
from tests.support.broker import Broker, open_broker
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
from workers.queues import Whereabouts
from workers.worker import name_of

pytestmark = pytest.mark.server

ENOUGH_S = 40.0
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
QUEUE = "bulk"
"""Where a case of three pages goes."""

numbers = (f"HD2026A{number:06d}" for number in itertools.count(1))


@dataclass(frozen=True)
class Works:
    """A house at work: its broker, the relay and the reconciler, an engine, and a worker process."""

    house: House
    broker: Broker
    hold: Hold
    host: EngineHost
    worker: psutil.Process


@contextmanager
def open_hold(folder: Path) -> Iterator[tuple[Hold, EngineHost]]:
    folder.mkdir()
    hold = Hold(folder)
    with EngineHost(folder, threads=1, socket_dir=folder / "run", factory=FACTORY) as host:
        assert host.wait_ready(ENOUGH_S)
        yield hold, host


@contextmanager
def queue_worker(house: House, host: EngineHost) -> Iterator[psutil.Process]:
    """A worker process, as a unit starts it."""
    command = ("-m", "workers.worker", "--queue", QUEUE, "--name", "test")
    with ending(house.popen(*command, "--engine-socket", str(host.socket_path))) as started:
        yield psutil.Process(started.pid)


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    """One for the tests that leave everything running; each has a case of its own."""
    folder = tmp_path_factory.mktemp("works")
    with (
        open_broker() as broker,
        open_house(folder, broker.url, **IMPATIENT) as house,
        open_hold(folder / "hold") as (hold, host),
        house.relaying(),
        queue_worker(house, host) as worker,
    ):
        yield Works(house, broker, hold, host, worker)


@pytest.fixture
def house(tmp_path: Path, broker: Broker) -> Iterator[House]:
    """A house where nobody works."""
    with open_house(tmp_path, broker.url, **IMPATIENT) as opened:
        yield opened


@pytest.fixture
def redis(broker: Broker) -> Iterator[Redis]:
    with broker.connection() as connection:
        yield connection


@pytest.fixture
def number() -> str:
    """An application number of this test's own."""
    return next(numbers)


def horse_of(worker: psutil.Process) -> int:
    """The pid of the work-horse: what the worker forked."""

    def look() -> int:
        return next((child.pid for child in worker.children() if is_alive(child.pid)), 0)

    return wait_until(look, within_s=ENOUGH_S, what="a work-horse")


def wait_for_advice(house: House, number: str) -> None:
    wait_until(lambda: house.is_advised(number), within_s=ENOUGH_S, what="the case has its advice")


def wait_for(house: House, number: str, state: str, within_s: float = 5.0) -> None:
    """Until the first document's first attempt is in a state."""
    wait_until(lambda: house.states(number)[0] == state, within_s=within_s, what=f"the first attempt is {state}")


# With everything at work


def test_from_the_outbox_to_advice(works: Works, number: str) -> None:
    house = works.house
    house.submitted(number)
    wait_for_advice(house, number)
    assert house.states(number) == ["done"] * 3
    view = queries.case_view(house.services, number)
    assert [document.state for document in view.documents] == [DocumentState.READ] * 3
    assert view.result is not None
    assert {document.slot for document in view.result.documents} == set(SLOTS)
    assert outbox.unsent(house.services) == 0


def test_work_horse_killed_in_the_middle_of_a_page(works: Works, number: str) -> None:
    house = works.house
    with works.hold.held():
        house.submitted(number)
        works.hold.wait_for_a_page()
        os.kill(horse_of(works.worker), signal.SIGKILL)
        wait_for(house, number, "lost")
    wait_for_advice(house, number)
    assert is_alive(works.worker.pid)
    assert house.attempts(number)[:2] == [
        (SLOTS[0].value, 1, "lost", "worker.killed"),
        (SLOTS[0].value, 2, "done", None),
    ]
    assert house.states(number).count("done") == 3


def test_engine_killed_in_the_middle_of_a_page(works: Works, number: str) -> None:
    house = works.house
    with works.hold.held():
        house.submitted(number)
        works.hold.wait_for_a_page()
        engine = works.host.health().pid
        assert engine is not None
        os.kill(engine, signal.SIGKILL)
        wait_for(house, number, "queued")
    assert house.attempts(number)[0][3] == "engine.crashed"
    with writing(house.services) as session:
        retry = session.scalars(select(AttemptRow).where(AttemptRow.error_code == "engine.crashed")).one()
        wait = retry.queued_at - house.services.clock()
        assert timedelta(seconds=0) < wait <= timedelta(seconds=process.BACKOFF_S[0])
        retry.queued_at = LONG_AGO  # nobody waits for it here
    wait_for_advice(house, number)
    assert house.states(number) == ["done"] * 3, "the same attempt, not another"


def test_redis_restarted_in_the_middle_of_a_page(works: Works, number: str) -> None:
    house = works.house
    with works.hold.held():
        house.submitted(number)
        works.hold.wait_for_a_page()
        works.broker.stop()
        works.broker.start()
    wait_for_advice(house, number)
    assert is_alive(works.worker.pid)
    assert house.states(number) == ["done"] * 3


def test_flushed_between_enqueueing_and_running_and_in_the_middle_of_a_page(works: Works, number: str) -> None:
    house = works.house
    with works.hold.held():
        house.submitted(number)
        works.hold.wait_for_a_page()
        wait_until(lambda: outbox.unsent(house.services) == 0, within_s=ENOUGH_S, what="everything is sent")
        works.broker.flush()
    wait_for_advice(house, number)
    assert [entry[1:] for entry in house.attempts(number)] == [
        (1, "done", None),
        *[(1, "lost", "worker.lost"), (2, "done", None)] * 2,
    ], "the page in hand was read to its end, the others are read once each"


def test_a_job_that_waits_or_runs_is_alive(works: Works, number: str) -> None:
    house = works.house
    with works.hold.held(), works.broker.connection() as redis:
        house.submitted(number)
        works.hold.wait_for_a_page()
        wait_until(lambda: outbox.unsent(house.services) == 0, within_s=ENOUGH_S, what="everything is sent")
        ids = house.attempt_ids(number)
        at_work = {name_of("test", works.worker.pid)}
        assert queues.whereabouts(redis, [*ids, "unknown"], at_work) == Whereabouts(set(ids), set())
        assert queues.whereabouts(redis, ids, ()) == Whereabouts(set(ids[1:]), set()), "nobody is said to run the first"
        assert process.begin(house.services, ids[0], "another") is None, "the one in hand is taken"
    wait_for_advice(house, number)


# With nobody at work


def test_a_job_carries_an_id_as_json_and_nothing_else(house: House, redis: Redis, number: str) -> None:
    house.submitted(number)
    assert house.relay() == 3
    keys = redis.lrange(f"rq:queue:{QUEUE}", 0, -1)
    assert len(keys) == 3
    for key in keys:
        job = redis.hgetall(b"rq:job:" + key)
        function, _, arguments, named = json.loads(zlib.decompress(job[b"data"]))
        assert (function, named) == (queues.JOB, {})
        assert [b"att-" + argument.encode() for argument in arguments] == [key]
        assert int(job[b"timeout"]) == queues.job_timeout_s(1, house.services.settings.page_deadline_s)
        assert job[b"description"] == key
        assert "residence" not in str(job), "nothing of the case is in Redis"


def test_a_job_between_its_queue_and_a_worker_that_is_gone_is_not_alive(
    house: House, redis: Redis, number: str
) -> None:
    """Killed after rq took the job and before its attempt began: rq says for minutes that it waits, or that it runs."""
    house.submitted(number)
    house.relay()
    queue, (first, second, third) = queues.queue(QUEUE, redis), house.attempt_ids(number)
    taken = redis.lmove(queue.key, queue.intermediate_queue_key, "LEFT", "RIGHT")
    assert taken == queues.job_id(first).encode()
    assert queues.whereabouts(redis, [first, second, third], ()) == Whereabouts({second, third}, {first})
    jobs = reconciler.Jobs(house.services, redis)
    assert jobs.live([first, second, third]) == {first, second, third}, "it may be on its way"
    assert jobs.live([first, second, third]) == {second, third}
    worker = Worker([queue], name="gone", connection=redis, serializer=JSONSerializer)
    worker.prepare_job_execution(Job.fetch(queues.job_id(first), connection=redis, serializer=JSONSerializer))
    assert queues.whereabouts(redis, [first], ("another",)) == Whereabouts(set(), set())
    assert queues.whereabouts(redis, [first], ("gone",)) == Whereabouts({first}, set())


def test_an_attempt_is_let_in_once_and_again_when_its_job_ended(house: House, redis: Redis, number: str) -> None:
    house.submitted(number)
    (first, *_) = outbox.take(house.services, 100)

    def enqueue() -> bool:
        return queues.enqueue(redis, first.queue, first.attempt_id, pages=first.pages, page_deadline_s=60.0)

    assert enqueue()
    for status in (JobStatus.FINISHED, JobStatus.FAILED, JobStatus.STOPPED):
        assert not enqueue()
        assert redis.llen(f"rq:queue:{QUEUE}") == 1
        Job.fetch(queues.job_id(first.attempt_id), connection=redis, serializer=JSONSerializer).set_status(status)
        assert enqueue(), "a retry: the job of the earlier try makes way"
    assert redis.llen(f"rq:queue:{QUEUE}") == 1


def test_a_relay_that_dies_between_sending_and_marking(house: House, redis: Redis, number: str) -> None:
    house.submitted(number)
    for message in outbox.take(house.services, 2):
        queues.enqueue(redis, message.queue, message.attempt_id, pages=1, page_deadline_s=60.0)
    assert house.relay() == 1, "the other two are held"
    with writing(house.services) as session:  # their time is over
        session.execute(update(OutboxRow).where(OutboxRow.sent_at.is_(None)).values(taken_until=LONG_AGO))
    assert house.relay() == 2
    assert redis.llen(f"rq:queue:{QUEUE}") == 3


def test_relays_at_the_same_time_send_everything_once(house: House, redis: Redis) -> None:
    for _ in range(8):
        house.submitted(next(numbers))

    def one_relay() -> int:
        with queues.connect(house.redis_url) as connection:
            return relay.relay_once(house.services, connection)

    assert sum(together([one_relay] * 4)) == 24
    ids = redis.lrange(f"rq:queue:{QUEUE}", 0, -1)
    assert len(ids) == len(set(ids)) == 24


def test_what_was_lost_goes_before_what_comes_now_in_its_own_order(house: House, redis: Redis, broker: Broker) -> None:
    old, new = house.submitted(next(numbers)), house.submitted(next(numbers))
    with writing(house.services) as session:
        of_new = select(AttemptRow.id).where(AttemptRow.id.in_(house.attempt_ids(new)))
        session.execute(update(OutboxRow).where(OutboxRow.attempt_id.in_(of_new)).values(taken_until=FAR))
    house.relay()
    broker.flush()
    with writing(house.services) as session:
        session.execute(update(AttemptRow).values(queued_at=LONG_AGO))
        session.execute(update(OutboxRow).where(OutboxRow.sent_at.is_not(None)).values(sent_at=LONG_AGO))
    reconciler.sweep_once(house.services, reconciler.Jobs(house.services, redis), "reconciler")
    with writing(house.services) as session:
        session.execute(update(OutboxRow).values(taken_until=None))
    assert house.relay() == 6
    replaced = [id for id, state in zip(house.attempt_ids(old), house.states(old), strict=True) if state == "queued"]
    assert queues.queue(QUEUE, redis).get_job_ids() == [
        queues.job_id(id) for id in [*replaced, *house.attempt_ids(new)]
    ]


def test_reconcilers_at_the_same_time_replace_everything_once(house: House, broker: Broker, number: str) -> None:
    house.submitted(number)
    house.relay()
    broker.flush()
    with writing(house.services) as session:
        session.execute(update(AttemptRow).values(queued_at=LONG_AGO))
        session.execute(update(OutboxRow).values(sent_at=LONG_AGO))

    def one_sweep(owner: str) -> int:
        with queues.connect(house.redis_url) as connection:
            return reconciler.sweep_once(house.services, reconciler.Jobs(house.services, connection), owner).lost

    assert sum(together([lambda owner=f"reconciler-{n}": one_sweep(owner) for n in range(4)])) == 3  # type: ignore[misc]
    assert house.states(number) == ["lost", "queued"] * 3


def test_a_broker_that_does_not_answer_is_an_error_of_ours(tmp_path: Path) -> None:
    with (
        queues.connect(f"unix://{tmp_path}/nobody.sock", answer_s=0.5) as connection,
        pytest.raises(QueueError) as error,
    ):
        queues.ping(connection)
    assert error.value.code == "queue.unavailable"


# With a worker of one's own


def test_redis_away_keeps_the_rows_until_it_is_back(tmp_path: Path, house: House, broker: Broker, number: str) -> None:
    broker.stop()
    house.submitted(number)
    with pytest.raises(QueueError):
        house.relay()
    assert outbox.unsent(house.services) == 3
    with open_hold(tmp_path / "hold") as (_, host), house.relaying(), queue_worker(house, host) as worker:
        assert is_alive(worker.pid), "waits for Redis"
        broker.start()
        wait_for_advice(house, number)
        worker.terminate()
        wait_until(lambda: not is_alive(worker.pid), within_s=10.0, what="an idle worker ends when asked")
    assert house.states(number) == ["done"] * 3


def test_documents_that_kill_every_work_horse_are_given_up(tmp_path: Path, broker: Broker, number: str) -> None:
    with (
        open_house(tmp_path, broker.url, max_tries=2, **IMPATIENT) as house,
        open_hold(tmp_path / "hold") as (hold, host),
        house.relaying(),
        queue_worker(house, host) as worker,
        hold.held(),
    ):
        house.submitted(number)
        for kills in range(1, 2 * len(SLOTS) + 1):
            wait_until(lambda: "running" in house.states(number), within_s=ENOUGH_S, what="an attempt runs")
            os.kill(horse_of(worker), signal.SIGKILL)
            wait_until(
                lambda kills=kills: house.codes(number).count("worker.killed") == kills,  # type: ignore[misc]
                within_s=5.0,
                what="it is replaced at once",
            )
        wait_for_advice(house, number)
        ends = [(1, "lost", "worker.killed"), (2, "dead", "worker.killed")]
        assert [entry[1:] for entry in house.attempts(number)] == ends * len(SLOTS)
        view = queries.case_view(house.services, number)
        assert [document.state for document in view.documents] == [DocumentState.NOT_READ] * len(SLOTS)
        assert view.state == CaseState.NEEDS_REVIEW, "a person reads them"


def test_worker_killed_ends_its_work_horse_and_the_lease_finds_the_attempt(
    tmp_path: Path, house: House, number: str
) -> None:
    with open_hold(tmp_path / "hold") as (hold, host):
        with house.relaying(), queue_worker(house, host) as worker, hold.held():
            house.submitted(number)
            hold.wait_for_a_page()
            horse = horse_of(worker)
            worker.kill()
            wait_until(lambda: not is_alive(horse), within_s=5.0, what="its work-horse is gone")
        assert house.states(number)[0] == "running"
        with writing(house.services) as session:
            session.execute(update(AttemptRow).where(AttemptRow.lease_until.is_not(None)).values(lease_until=LONG_AGO))
        with house.relaying():
            wait_for(house, number, "lost")
    assert house.attempts(number)[0][3] == "worker.lost"
    assert house.states(number) == ["lost", "queued", "queued", "queued"]
