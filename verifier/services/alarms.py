"""What an administrator must hear of now, from the same figures the page shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from schemas.base import Model
from schemas.case import AttemptState
from verifier.services.machinery import QueueView
from verifier.services.overview import Due
from verifier.services.stats import Stats

OLDEST_S = 900.0
"""Seconds a document may wait to be read: an applicant who stays on the page gives up after some minutes."""

DISK_FULL = 0.9
"""Share of the disk in use from which uploads are in danger within days."""


class AlarmKind(StrEnum):
    """Every kind has its paragraph in docs/operations.md."""

    NO_WORKERS = "no_workers"
    OLDEST_AGE = "oldest_age"
    DEAD_LETTERS = "dead_letters"
    QUEUE_PAUSED = "queue_paused"
    DISK = "disk"
    CLOCK = "clock"


class Alarm(Model):
    """`subject` is the queue it is about, `amount` the figure that set it off: seconds, documents, percent or cases."""

    kind: AlarmKind
    subject: str = ""
    amount: int = 0


def alarms(stats: Stats, queues: Iterable[QueueView], due: Due, disk_used: float | None) -> tuple[Alarm, ...]:
    """`disk_used` is the share of the disk in use, None where files lie elsewhere. Gravest kinds first."""
    order = list(AlarmKind)
    found = [*_of_queues(queues), *_of_house(stats, due, disk_used)]
    return tuple(sorted(found, key=lambda alarm: (order.index(alarm.kind), alarm.subject)))


def _of_queues(queues: Iterable[QueueView]) -> Iterator[Alarm]:
    for queue in queues:
        if queue.hold is not None:
            yield Alarm(kind=AlarmKind.QUEUE_PAUSED, subject=queue.name, amount=queue.depth)
        elif queue.depth and not queue.workers:
            yield Alarm(kind=AlarmKind.NO_WORKERS, subject=queue.name, amount=queue.depth)
        elif (queue.oldest_age_s or 0.0) > OLDEST_S:
            yield Alarm(kind=AlarmKind.OLDEST_AGE, subject=queue.name, amount=round(queue.oldest_age_s or 0.0))


def _of_house(stats: Stats, due: Due, disk_used: float | None) -> Iterator[Alarm]:
    if dead := stats.last_day.attempts.get(AttemptState.DEAD, 0):
        yield Alarm(kind=AlarmKind.DEAD_LETTERS, amount=dead)
    if disk_used is not None and disk_used >= DISK_FULL:
        yield Alarm(kind=AlarmKind.DISK, amount=round(100 * disk_used))
    if due.overdue:
        yield Alarm(kind=AlarmKind.CLOCK, amount=due.overdue)
