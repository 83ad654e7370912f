"""The dashboard's figures against the same numbers counted by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.case import AttemptState, DecisionAction
from tests.support.cases import NO, send_all, submitted
from tests.support.factories import Clock, read_of, with_settings
from verifier.services import alarms, forecast, holds, machinery, overview, process, review, stats
from verifier.services.alarms import AlarmKind
from verifier.services.context import Services

NO_CASES = overview.Due(overdue=0, today=0, soon=0, later=0)


def read_all(services: Services, number: str = NO) -> None:
    submitted(services, number)
    for attempt_id in send_all(services):
        process.begin(services, attempt_id, "worker-1")
        process.finish(services, attempt_id, read_of())


def test_an_empty_house(services: Services) -> None:
    report = overview.overview(services)
    assert report.due == NO_CASES
    assert report.shares == overview.Shares(decided=0, straight_through=0, returned=0)
    assert (report.reviewers, report.rules) == ((), ())
    ahead = forecast.forecast(stats.stats(services))
    assert (ahead.waiting, ahead.empty_at, ahead.workers_needed) == (0, services.clock(), None)
    assert alarms.alarms(stats.stats(services), machinery.queues(services), NO_CASES, None) == ()


def test_the_statutory_clock_counts_working_days(services: Services, clock: Clock) -> None:
    read_all(services)
    first = overview.overview(services).due
    assert first == overview.Due(overdue=0, today=0, soon=0, later=1)
    clock.tick(days=40)
    late = overview.overview(services)
    assert late.due == overview.Due(overdue=1, today=0, soon=0, later=0)
    (alarm,) = [
        each
        for each in alarms.alarms(stats.stats(services), machinery.queues(services), late.due, None)
        if each.kind is AlarmKind.CLOCK
    ]
    assert alarm.amount == 1


def test_decisions_are_counted_by_person_within_the_span(services: Services, clock: Clock) -> None:
    read_all(services)
    review.claim(services, NO, "zhao")
    review.decide(services, NO, DecisionAction.ACCEPT, "zhao", [], "")
    report = overview.overview(services)
    assert report.shares == overview.Shares(decided=1, straight_through=1, returned=0)
    (person,) = report.reviewers
    assert (person.name, person.decided, person.returned) == ("zhao", 1, 0)
    clock.tick(days=31)
    assert overview.overview(services).shares.decided == 0


def test_a_forecast_from_the_last_ten_whole_minutes(services: Services, clock: Clock) -> None:
    for place in range(2):
        submitted(services, f"{NO}-{place}")
    ids = send_all(services)
    for attempt_id in ids[:4]:
        process.begin(services, attempt_id, "worker-1")
        clock.tick(seconds=6)
        process.finish(services, attempt_id, read_of())
    clock.tick(minutes=1)
    now = stats.stats(services)
    ahead = forecast.forecast(now)
    assert (ahead.waiting, ahead.per_minute) == (2, 0.4)
    assert ahead.empty_at == now.at + timedelta(minutes=5)
    assert ahead.workers_needed == 1
    clock.tick(minutes=30)
    assert forecast.forecast(stats.stats(services)).empty_at is None


def test_alarms_of_queues(services: Services, clock: Clock) -> None:
    submitted(services)

    def kinds() -> set[AlarmKind]:
        found = alarms.alarms(stats.stats(services), machinery.queues(services), NO_CASES, None)
        return {each.kind for each in found}

    assert kinds() == {AlarmKind.NO_WORKERS}
    (queue,) = [each for each in machinery.queues(services) if each.depth]
    process.beat(services, "worker-1", queue.name)
    assert kinds() == set()
    clock.tick(seconds=alarms.OLDEST_S + 1)
    process.beat(services, "worker-1", queue.name)
    assert kinds() == {AlarmKind.OLDEST_AGE}
    holds.pause(services, queue.name, "admin")
    assert kinds() == {AlarmKind.QUEUE_PAUSED}


def test_alarms_of_the_house(services: Services) -> None:
    once = with_settings(services, max_tries=1)
    submitted(services)
    first, *_ = send_all(services)
    process.begin(once, first, "worker-1")
    process.fail(once, first, "engine.timeout", transient=True)
    now = stats.stats(services)
    assert now.last_day.attempts[AttemptState.DEAD] == 1
    found = alarms.alarms(now, (), overview.Due(overdue=3, today=0, soon=0, later=0), 0.93)
    assert [(each.kind, each.amount) for each in found] == [
        (AlarmKind.DEAD_LETTERS, 1), (AlarmKind.DISK, 93), (AlarmKind.CLOCK, 3),
    ]  # fmt: skip
    assert alarms.alarms(now, (), NO_CASES, 0.89)[-1].kind is AlarmKind.DEAD_LETTERS


@pytest.mark.parametrize("used", [None, 0.0])
def test_a_disk_with_room_is_no_alarm(services: Services, used: float | None) -> None:
    assert alarms.alarms(stats.stats(services), (), NO_CASES, used) == ()
