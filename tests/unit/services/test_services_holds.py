"""Paused queues and drained workers: nothing more is begun, nothing is lost, everybody sees who did it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from schemas.case import AttemptState, CaseState
from schemas.events import EventType
from tests.support.cases import read_all, send_all, state_of, submitted
from tests.support.factories import START, Clock, read_of
from tests.support.threads import together
from verifier.errors import InputError
from verifier.services import attempts, holds, leases, machinery, outbox, process, reconcile, submit
from verifier.services.context import Services, reading, writing
from verifier.services.machinery import WorkerState
from verifier.services.queue_names import BULK, INTERACTIVE, QUEUES
from verifier.store.tables import EventRow


def happened(services: Services) -> list[tuple[EventType, str, dict[str, object]]]:
    """Events that belong to no case."""
    with reading(services) as session:
        rows = session.scalars(select(EventRow).where(EventRow.application_no.is_(None)).order_by(EventRow.seq))
        return [(row.type, row.actor, row.details) for row in rows]


def bulk(services: Services) -> machinery.QueueView:
    (found,) = [queue for queue in machinery.queues(services) if queue.name == BULK]
    return found


def test_a_paused_queue_sends_nothing_until_it_is_resumed(services: Services) -> None:
    holds.pause(services, BULK, "admin-1", "升级")
    submitted(services)
    assert outbox.take(services, 10) == ()
    found = bulk(services)
    assert (found.depth, found.hold) == (3, machinery.HoldView(actor="admin-1", at=START, why="升级"))
    holds.resume(services, BULK, "admin-2")
    assert bulk(services).hold is None
    read_all(services)
    assert state_of(services) == CaseState.ADVISED_PASS
    assert happened(services) == [
        (EventType.QUEUE_PAUSED, "admin-1", {"queue": BULK}),
        (EventType.QUEUE_RESUMED, "admin-2", {"queue": BULK}),
    ]


def test_what_was_begun_is_finished_and_what_was_only_sent_goes_back(services: Services, clock: Clock) -> None:
    submitted(services)
    first, second, third = send_all(services)
    assert process.begin(services, first, "worker-1") is not None
    holds.pause(services, BULK, "admin-1")
    assert process.begin(services, second, "worker-1") is None
    assert process.finish(services, first, read_of()).accepted
    states = {item.id: item.state for item in attempts.list_attempts(services).items}
    assert states == {first: AttemptState.DONE, second: AttemptState.QUEUED, third: AttemptState.QUEUED}
    # the third still lies in Redis; nobody takes the second for lost meanwhile
    clock.tick(hours=5)
    assert reconcile.sweep(services, lambda _: {third}, "reconciler-1", clock.now).lost == 0
    holds.resume(services, BULK, "admin-1")
    submitted(services, "HD2026A000124")
    (message, *others) = outbox.take(services, 10)
    assert (message.attempt_id, message.again, message.queue) == (second, True, BULK)
    assert len(others) == 3


def test_the_other_queue_goes_on(services: Services) -> None:
    holds.pause(services, INTERACTIVE, "admin-1")
    submitted(services)
    assert {message.queue for message in outbox.take(services, 10)} == {BULK}


def test_pausing_twice_keeps_the_first(services: Services, clock: Clock) -> None:
    holds.pause(services, BULK, "admin-1", "first")
    clock.tick(minutes=1)
    holds.pause(services, BULK, "admin-2", "second")
    hold = bulk(services).hold
    assert hold is not None
    assert (hold.actor, hold.why) == ("admin-1", "first")
    holds.resume(services, BULK, "admin-1")
    holds.resume(services, BULK, "admin-1")
    assert len(happened(services)) == 2


def test_a_queue_that_is_not_there_is_refused(services: Services) -> None:
    for act in (holds.pause, holds.resume):
        with pytest.raises(InputError, match=r"queue\.unknown"):
            act(services, "gossip", "admin-1")
    with pytest.raises(InputError, match=r"request\.invalid"):
        holds.pause(services, BULK, "admin-1", "x" * 201)


def test_every_queue_of_a_submission_can_be_paused() -> None:
    assert {submit.choose_queue(round_no, pages) for round_no in (0, 1) for pages in (1, 3, 30)} <= set(QUEUES)


def working(services: Services, name: str = "unit1-bulk-1") -> str:
    process.beat(services, name, BULK)
    return name


def state(services: Services, name: str) -> WorkerState:
    (found,) = [worker for worker in machinery.workers(services) if worker.name == name]
    return found.state


def test_a_worker_is_drained_and_resumed(services: Services, clock: Clock) -> None:
    name = working(services)
    assert state(services, name) == WorkerState.WORKING
    holds.drain(services, name, "admin-1")
    holds.drain(services, name, "admin-2")
    assert state(services, name) == WorkerState.DRAINING
    assert holds.drained(services, [name, "another"]) == {name}
    with writing(services) as session:
        leases.drop(session, holds.WORKER_LEASE + name)
    (found,) = machinery.workers(services)
    assert (found.state, found.queue, found.drain) == (
        WorkerState.DRAINED, BULK, machinery.DrainView(actor="admin-1", at=START),
    )  # fmt: skip
    holds.resume_worker(services, name, "admin-2")
    assert machinery.workers(services) == ()
    assert happened(services) == [
        (EventType.WORKER_DRAINED, "admin-1", {"worker": name}),
        (EventType.WORKER_RESUMED, "admin-2", {"worker": name}),
    ]


def test_a_worker_that_is_not_there_is_refused(services: Services, clock: Clock) -> None:
    for act in (holds.drain, holds.resume_worker):
        with pytest.raises(InputError, match=r"worker\.not_found"):
            act(services, "nobody", "admin-1")
    name = working(services)
    clock.tick(seconds=services.settings.lease_s)
    with pytest.raises(InputError, match=r"worker\.not_found"):
        holds.drain(services, name, "admin-1")


def test_a_drain_whose_unit_died_is_forgotten(services: Services, clock: Clock) -> None:
    name = working(services)
    holds.drain(services, name, "admin-1")
    clock.tick(hours=23)
    holds.note_drained(services, {name})
    clock.tick(hours=2)
    reconcile.sweep(services, set, "reconciler-1", clock.now)
    assert holds.drained(services, {name}) == {name}
    clock.tick(hours=23)
    reconcile.sweep(services, set, "reconciler-1", clock.now)
    assert holds.drained(services, {name}) == set()


def test_a_worker_that_worked_and_says_nothing_is_gone(services: Services, clock: Clock) -> None:
    submitted(services)
    read_all(services)
    clock.tick(hours=1)
    (found,) = machinery.workers(services)
    assert (found.name, found.state, found.done) == ("worker-1", WorkerState.GONE, 3)
    assert found.last_seen == clock.now - timedelta(hours=1)


def test_two_who_pause_at_once_make_one_hold(services: Services) -> None:
    together([lambda: holds.pause(services, BULK, "a"), lambda: holds.pause(services, BULK, "b")])
    assert bulk(services).hold is not None
    assert len(happened(services)) == 1
