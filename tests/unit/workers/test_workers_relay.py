"""The relay, dead between any two of its statements, and its patience; the queue is a list here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from unittest.mock import Mock

import pytest
from redis import Redis
from sqlalchemy import select

from tests.support.cases import NO, submitted
from tests.support.factories import Clock
from verifier.errors import QueueError, StorageError
from verifier.services import files, outbox, process, reconcile, retention
from verifier.services.context import Services, reading
from verifier.store.tables import LeaseRow
from verifier.supervise import Stop
from workers import patience, queues, reconciler, relay

NOBODY = Mock(spec=Redis)
"""A connection that the stand-in for the queue does not use."""


class Died(BaseException):
    """The process is gone: nothing after this statement runs."""


class Queue:
    """Lets an id in once; fails when told, before or after it took the id."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.room = {"interactive": 1000, "bulk": 1000}
        self.before: BaseException | None = None
        self.after: BaseException | None = None
        self.at = 0

    def enqueue(self, connection: object, name: str, attempt_id: str, **_: object) -> bool:
        now = len(self.ids) == self.at
        if now and self.before:
            raise self.before
        fresh = attempt_id not in self.ids
        if fresh:
            self.ids.append(attempt_id)
        if now and self.after:
            raise self.after
        return fresh


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    standing = Queue()
    monkeypatch.setattr(queues, "enqueue", standing.enqueue)
    monkeypatch.setattr(queues, "room", lambda _: standing.room)
    yield standing


def turn(services: Services) -> int:
    return relay.relay_once(services, NOBODY)


def test_what_is_sent_is_marked(services: Services, queue: Queue) -> None:
    submitted(services)
    assert turn(services) == 3
    assert len(queue.ids) == 3
    assert outbox.unsent(services) == 0
    assert turn(services) == 0


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_queue_that_goes_away_in_the_middle_keeps_the_rest_for_the_next_turn(
    services: Services, queue: Queue, at: int, when: str
) -> None:
    submitted(services)
    queue.at = at
    setattr(queue, when, QueueError())
    with pytest.raises(QueueError):
        turn(services)
    assert outbox.unsent(services) == 3 - at
    setattr(queue, when, None)
    assert turn(services) == 3 - at, "at once, nobody holds them"
    assert len(queue.ids) == len(set(queue.ids)) == 3


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_relay_that_dies_leaves_what_another_sends_once(
    services: Services, queue: Queue, clock: Clock, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    submitted(services)
    queue.at = at
    setattr(queue, when, Died())
    with monkeypatch.context() as patch, pytest.raises(Died):
        # a dead process marks nothing and gives nothing back
        patch.setattr(outbox, "mark_sent", Mock())
        patch.setattr(outbox, "give_back", Mock())
        turn(services)
    setattr(queue, when, None)
    assert turn(services) == 0, "still held"
    clock.tick(seconds=services.settings.outbox_take_s)
    assert turn(services) == 3
    assert len(queue.ids) == len(set(queue.ids)) == 3


def test_a_database_that_goes_away_after_sending_sends_nothing_twice(
    services: Services, queue: Queue, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(services)
    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(outbox, "mark_sent", Mock(side_effect=StorageError("database.unavailable")))
        turn(services)
    clock.tick(seconds=services.settings.outbox_take_s)
    assert turn(services) == 3
    assert len(queue.ids) == 3


def test_an_attempt_that_is_no_longer_queued_is_marked_and_not_sent(services: Services, queue: Queue) -> None:
    submitted(services)
    (first, *rest) = outbox.take(services, 100)
    outbox.give_back(services, [first.id, *(message.id for message in rest)])
    process.begin(services, first.attempt_id, "worker-1")
    assert turn(services) == 2
    assert first.attempt_id not in queue.ids
    assert outbox.unsent(services) == 0


class CountedStop(Stop):
    """Set after so many waits, so that a loop ends by itself; remembers how long each was."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self._turns = turns
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return len(self.waits) > self._turns


def test_the_loop_waits_out_what_is_away_and_says_so_once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([QueueError(), StorageError(), QueueError(), 2, 0, 0])

    def step(*_: object) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    log = Mock()
    monkeypatch.setattr(relay, "log", log)
    monkeypatch.setattr(patience, "log", log)
    monkeypatch.setattr(relay, "relay_once", step)
    stop = CountedStop(6)
    relay.run(services, NOBODY, "relay-1", stop)
    log.warning.assert_called_once_with("relay.waits", code="queue.unavailable")
    assert [call.args[0] for call in log.info.call_args_list] == ["relay.back", "relay.sent"]
    assert stop.waits == pytest.approx([relay.BUSY_S, *[relay.TROUBLE_S] * 3, relay.BUSY_S, 0.15, 0.225])


def test_the_same_loop_reconciles_and_gives_the_lead_back_at_the_end(
    services: Services, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "FIRST_SWEEP_S", 0.0)
    monkeypatch.setattr(queues, "whereabouts", lambda connection, ids, workers: queues.Whereabouts(set(), set()))
    submitted(services)
    leaders = []
    real = reconcile.sweep

    def sweep(*args: object) -> object:
        swept = real(*args)  # type: ignore[arg-type]
        with reading(services) as session:
            leaders.extend(session.scalars(select(LeaseRow.owner).where(LeaseRow.name == reconcile.LEADER)))
        return swept

    monkeypatch.setattr(reconcile, "sweep", sweep)
    relay.run(services, NOBODY, "relay-1", CountedStop(2))
    assert leaders == ["relay-1"], "once within sweep_every_s"
    with reading(services) as session:
        # what is left is no lead, only when the next passes over files and cases are due
        assert set(session.scalars(select(LeaseRow.name))) == {files.PASS, retention.PASS}


def test_a_reconciler_that_cannot_ask_the_queue_does_not_stop_the_relay(
    services: Services, queue: Queue, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(reconciler, "FIRST_SWEEP_S", 0.0)
    monkeypatch.setattr(queues, "whereabouts", Mock(side_effect=QueueError()))
    submitted(services, "HD2026A000001")
    turn(services)
    clock.tick(minutes=5)
    submitted(services, NO)
    relay.run(services, NOBODY, "relay-1", CountedStop(3))
    assert len(queue.ids) == 6


def test_a_relay_beside_a_reconciler_does_not_sweep(
    services: Services, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "FIRST_SWEEP_S", 0.0)
    submitted(services)
    relay.run(services, NOBODY, "relay-1", CountedStop(2), reconciles=False)
    assert len(queue.ids) == 3
    with reading(services) as session:
        assert session.scalars(select(LeaseRow.name)).all() == []


def test_of_two_reconcilers_the_second_says_once_that_it_stands_by_and_takes_over(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "whereabouts", lambda connection, ids, workers: queues.Whereabouts(set(), set()))
    log = Mock()
    monkeypatch.setattr(reconciler, "log", log)
    first, second = (
        reconciler.Turns(services, NOBODY, name, ticks=count(0, 60).__next__) for name in ("city-1", "city-2")
    )
    for _ in range(3):
        first.step()
        second.step()
    first.end()
    for _ in range(2):
        second.step()
    assert [(call.args[0], call.kwargs["owner"]) for call in log.info.call_args_list] == [
        ("reconciler.leads", "city-1"),
        ("reconciler.stands_by", "city-2"),
        ("reconciler.leads", "city-2"),
    ]


def test_a_reconciler_by_itself_sweeps_until_it_is_stopped_and_gives_the_lead_back(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "FIRST_SWEEP_S", 0.0)
    sweeps = Mock(return_value=reconcile.Swept(leader=True))
    monkeypatch.setattr(reconciler, "sweep_once", sweeps)
    resigned = Mock()
    monkeypatch.setattr(reconcile, "resign", resigned)
    stop = CountedStop(2)
    reconciler.run(services, NOBODY, "city-1", stop)
    assert sweeps.call_count == 1, "the second is not due"
    assert stop.waits[0] == 0
    assert services.settings.sweep_every_s - 1 < stop.waits[1] <= services.settings.sweep_every_s
    resigned.assert_called_once_with(services, "city-1")


def test_a_full_queue_gets_nothing_more(services: Services, queue: Queue) -> None:
    submitted(services)
    queue.room = {"bulk": 2}
    assert turn(services) == 2
    queue.room = {"bulk": 0}
    assert turn(services) == 0
    assert outbox.unsent(services) == 1
