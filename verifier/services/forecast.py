"""When the queue will be empty at this rate, and how many workers would empty it in an hour."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from schemas.base import Model
from verifier.services.stats import Stats

SPAN = timedelta(minutes=10)
"""The rate is that of the last ten minutes: an hour ago other documents came, and other workers read them."""

WITHIN = timedelta(hours=1)
"""In which a queue should be empty again, for the advice on workers."""


class Forecast(Model):
    """`waiting` documents, read at `per_minute`; `empty_at` is None when nothing is read.

    `workers_needed` would empty the queue within an hour, judged by how long a document takes; None without samples.
    """

    waiting: int
    per_minute: float
    empty_at: datetime | None
    workers: int
    workers_needed: int | None


def forecast(stats: Stats) -> Forecast:
    """From the figures of this moment alone, so that it agrees with what stands beside it."""
    waiting = sum(queue.depth + queue.delayed + queue.running for queue in stats.queues)
    minutes = int(SPAN / timedelta(minutes=1))
    # the minute that has begun is not over: it would make the rate look lower
    recent = stats.throughput.minutes[-1 - minutes : -1]
    per_minute = sum(minute.documents for minute in recent) / minutes
    alive = sum(worker.alive for worker in stats.workers)
    typical = stats.last_hour.run_ms.p50
    return Forecast(
        waiting=waiting,
        per_minute=round(per_minute, 2),
        empty_at=stats.at
        if not waiting
        else stats.at + timedelta(minutes=waiting / per_minute)
        if per_minute
        else None,
        workers=alive,
        workers_needed=None if typical is None else math.ceil(waiting * typical / (WITHIN.total_seconds() * 1000)),
    )
