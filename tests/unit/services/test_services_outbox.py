"""The outbox: one relay at a time per row, nothing sent twice, nothing forgotten."""

from __future__ import annotations

from dataclasses import replace

from tests.support.cases import NO, submitted
from tests.support.factories import Clock
from tests.support.threads import together
from verifier.services import outbox, process
from verifier.services.context import Services


def ids(messages: tuple[outbox.Message, ...]) -> list[int]:
    return [message.id for message in messages]


def test_rows_are_taken_oldest_first_and_once(services: Services) -> None:
    submitted(services)
    first = outbox.take(services, 2)
    second = outbox.take(services, 10)
    assert len(first) == 2
    assert len(second) == 1
    assert ids(first) + ids(second) == sorted(ids(first) + ids(second))
    assert {(message.queue, message.pages) for message in first} == {("bulk", 1)}


def test_no_more_is_taken_than_a_queue_has_room_for(services: Services) -> None:
    submitted(services)
    assert outbox.take(services, 10, {"bulk": 0, "interactive": 5}) == ()
    assert len(outbox.take(services, 10, {"bulk": 2, "interactive": 5})) == 2
    assert len(outbox.take(services, 10, {"interactive": 5, "bulk": 2})) == 1


def test_what_was_there_before_goes_ahead_of_what_came_since(services: Services, clock: Clock) -> None:
    submitted(services)
    (first, *_) = outbox.take(services, 10)
    outbox.mark_sent(services, [first.id])
    submitted(services, "HD2026A000124")
    process.begin(services, first.attempt_id, "worker-1")
    process.fail(services, first.attempt_id, "engine.timeout", transient=True)
    clock.tick(minutes=1)
    (again,) = outbox.take(services, 10, {"bulk": 1})
    assert (again.attempt_id, again.again) == (first.attempt_id, True)
    assert {message.again for message in outbox.take(services, 10)} == {False}


def test_a_sent_row_is_gone(services: Services, clock: Clock) -> None:
    submitted(services)
    outbox.mark_sent(services, ids(outbox.take(services, 10)))
    clock.tick(hours=1)
    assert outbox.take(services, 10) == ()
    assert outbox.unsent(services) == 0


def test_a_row_whose_relay_died_is_taken_again(services: Services, clock: Clock) -> None:
    submitted(services)
    taken = outbox.take(services, 10)
    clock.tick(seconds=29)
    assert outbox.take(services, 10) == ()
    clock.tick(seconds=1)
    assert outbox.take(services, 10) == taken
    assert outbox.unsent(services) == 3


def test_a_row_given_back_is_taken_at_once(services: Services) -> None:
    submitted(services)
    taken = outbox.take(services, 10)
    outbox.give_back(services, ids(taken)[:1])
    assert outbox.take(services, 10) == taken[:1]


def test_a_row_given_back_after_it_was_sent_stays_sent(services: Services) -> None:
    submitted(services)
    taken = outbox.take(services, 10)
    outbox.mark_sent(services, ids(taken))
    outbox.give_back(services, ids(taken))
    assert outbox.take(services, 10) == ()


def test_a_row_whose_attempt_began_already_needs_no_sending(services: Services, clock: Clock) -> None:
    submitted(services)
    taken = outbox.take(services, 10)
    process.begin(services, taken[0].attempt_id, "worker-1")
    clock.tick(minutes=1)
    assert outbox.take(services, 10) == taken[1:]
    assert outbox.unsent(services) == 2


def test_a_retry_is_the_same_row_and_waits_for_its_time(services: Services, clock: Clock) -> None:
    submitted(services)
    taken = outbox.take(services, 10)
    outbox.mark_sent(services, ids(taken))
    process.begin(services, taken[0].attempt_id, "worker-1")
    process.fail(services, taken[0].attempt_id, "engine.crashed", transient=True)
    clock.tick(seconds=9)
    assert outbox.take(services, 10) == ()
    assert outbox.unsent(services) == 0, "it waits for its time, not for a relay"
    clock.tick(seconds=1)
    assert outbox.unsent(services) == 1
    assert outbox.take(services, 10) == (replace(taken[0], again=True),)


def test_a_job_faster_than_the_relay_keeps_its_retry(services: Services, clock: Clock) -> None:
    """It ran and failed between the queue's yes and the relay's mark."""
    submitted(services)
    taken = outbox.take(services, 10)
    process.begin(services, taken[0].attempt_id, "worker-1")
    process.fail(services, taken[0].attempt_id, "engine.crashed", transient=True)
    outbox.mark_sent(services, ids(taken))
    clock.tick(seconds=10)
    assert outbox.take(services, 10) == (replace(taken[0], again=True),)


def test_relays_at_work_together_share_the_rows(services: Services) -> None:
    for number in range(4):
        submitted(services, f"{NO}-{number}")
    answers = together([lambda: outbox.take(services, 5)] * 4)
    taken = [message.id for answer in answers for message in answer]
    assert len(taken) == len(set(taken)) == 12
