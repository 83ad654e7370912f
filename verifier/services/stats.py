"""How the queue is doing, computed in SQL over indexed columns: for the API, the administrators' page and metrics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, extract, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas.base import Model
from schemas.case import AttemptState, CaseState
from verifier.services import outbox
from verifier.services.context import Services, reading
from verifier.services.process import living
from verifier.store.tables import AttemptRow, CaseRow, HoldRow

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
MINUTES_SHOWN = 60


class QueueStats(Model):
    """`depth` counts attempts that may run now, `delayed` those in a back-off, `running` those a worker holds."""

    name: str
    depth: int
    delayed: int
    running: int
    oldest_age_s: float | None
    """Seconds since the oldest of `depth` became ready."""


class Percentiles(Model):
    """Nearest-rank percentiles in milliseconds; None without samples."""

    count: int
    p50: int | None
    p95: int | None
    p99: int | None


class Window(Model):
    """Attempts that ended within a span of time: how long they waited and ran."""

    hours: int
    wait_ms: Percentiles
    run_ms: Percentiles
    attempts: dict[AttemptState, int]
    """Closed within the span, by state."""
    errors: dict[str, int]
    """Closed within the span with an error, by code."""


class Minute(Model):
    """Documents read within one minute that begins at `start`."""

    start: datetime
    documents: int


class Throughput(Model):
    per_minute: float
    """Documents read per minute, mean of the last hour."""
    minutes: tuple[Minute, ...]
    """The last 60 whole and begun minutes, oldest first."""


class WorkerStats(Model):
    """A worker that said it lives (`alive`) or ran an attempt within the last 24 hours."""

    name: str
    alive: bool
    queue: str | None
    running: int
    done: int
    last_seen: datetime


class Stats(Model):
    at: datetime
    queues: tuple[QueueStats, ...]
    attempts: dict[AttemptState, int]
    """All attempts there are, by state."""
    cases: dict[CaseState, int]
    last_hour: Window
    last_day: Window
    throughput: Throughput
    workers: tuple[WorkerStats, ...]
    outbox_unsent: int
    held: tuple[str, ...]
    """Queues that somebody paused."""


def stats(services: Services) -> Stats:
    """The state of things now. Raises StorageError database.unavailable."""
    now = services.clock()
    with reading(services) as session:
        return Stats(
            at=now,
            queues=queues_of(session, now),
            attempts=_count_by(session, AttemptRow.state),
            cases=_count_by(session, CaseRow.state),
            last_hour=_window(session, now, HOUR),
            last_day=_window(session, now, DAY),
            throughput=_throughput(session, now),
            workers=workers_of(session, now),
            outbox_unsent=session.scalar(outbox.unsent_now(now)) or 0,
            held=tuple(session.scalars(select(HoldRow.queue).order_by(HoldRow.queue))),
        )


def _count_by(session: Session, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> dict[Any, int]:
    rows = session.execute(select(column, func.count()).where(*where).group_by(column))
    return {row[0]: row[1] for row in rows}


def queues_of(session: Session, now: datetime) -> tuple[QueueStats, ...]:
    """Those with open attempts."""
    ready = (AttemptRow.state == AttemptState.QUEUED) & (AttemptRow.queued_at <= now)
    delayed = (AttemptRow.state == AttemptState.QUEUED) & (AttemptRow.queued_at > now)
    rows = session.execute(
        select(
            AttemptRow.queue,
            _count_if(ready),
            _count_if(delayed),
            _count_if(AttemptRow.state == AttemptState.RUNNING),
            func.min(case((ready, AttemptRow.queued_at))),
        )
        .where(AttemptRow.state.in_((AttemptState.QUEUED, AttemptState.RUNNING)))
        .group_by(AttemptRow.queue)
        .order_by(AttemptRow.queue)
    )
    return tuple(
        QueueStats(
            name=name,
            depth=depth,
            delayed=later,
            running=running,
            oldest_age_s=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
        )
        for name, depth, later, running, oldest in rows
    )


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _window(session: Session, now: datetime, span: timedelta) -> Window:
    since = now - span
    ended = AttemptRow.finished_at > since
    return Window(
        hours=int(span / HOUR),
        wait_ms=_percentiles(session, AttemptRow.wait_ms, since),
        run_ms=_percentiles(session, AttemptRow.run_ms, since),
        attempts=_count_by(session, AttemptRow.state, ended),
        errors=_count_by(session, AttemptRow.error_code, ended, AttemptRow.error_code.is_not(None)),
    )


def _percentiles(session: Session, column: InstrumentedAttribute[int | None], since: datetime) -> Percentiles:
    """Nearest rank by window functions: SQLite has no percentile function, and both sort the same rows once."""
    ranked = (
        select(
            column.label("value"),
            func.row_number().over(order_by=column).label("rank"),
            func.count().over().label("total"),
        )
        .where(AttemptRow.finished_at > since, column.is_not(None))
        .subquery()
    )

    def at(percent: int) -> ColumnElement[int | None]:
        # the smallest rank that covers the share: ceil(total * percent / 100) in whole numbers
        return func.max(case((ranked.c.rank * 100 < ranked.c.total * percent + 100, ranked.c.value)))

    count, p50, p95, p99 = session.execute(select(func.count(), at(50), at(95), at(99)).select_from(ranked)).one()
    return Percentiles(count=count, p50=p50, p95=p95, p99=p99)


def _throughput(session: Session, now: datetime) -> Throughput:
    this_minute = now.replace(second=0, microsecond=0)
    first = this_minute - timedelta(minutes=MINUTES_SHOWN - 1)
    # no two of the last 60 minutes share a number on the clock's face
    minute = extract("minute", AttemptRow.finished_at)
    rows = session.execute(
        select(minute, func.count())
        .where(AttemptRow.state == AttemptState.DONE, AttemptRow.finished_at >= first, AttemptRow.finished_at <= now)
        .group_by(minute)
    )
    counts = {int(key): count for key, count in rows}
    hour = session.scalar(
        select(func.count())
        .select_from(AttemptRow)
        .where(AttemptRow.state == AttemptState.DONE, AttemptRow.finished_at > now - HOUR)
    )
    starts = [first + timedelta(minutes=offset) for offset in range(MINUTES_SHOWN)]
    return Throughput(
        per_minute=round((hour or 0) / 60, 3),
        minutes=tuple(Minute(start=start, documents=counts.get(start.minute, 0)) for start in starts),
    )


def workers_of(session: Session, now: datetime) -> tuple[WorkerStats, ...]:
    """By name."""
    last_seen = func.max(func.coalesce(AttemptRow.finished_at, AttemptRow.started_at))
    worked = {
        str(name): (running, done, seen)
        for name, running, done, seen in session.execute(
            select(
                AttemptRow.worker,
                _count_if(AttemptRow.state == AttemptState.RUNNING),
                _count_if(AttemptRow.state == AttemptState.DONE),
                last_seen,
            )
            .where(AttemptRow.worker.is_not(None), AttemptRow.started_at > now - DAY)
            .group_by(AttemptRow.worker)
        )
    }
    alive = living(session, now)
    nothing = (0, 0, now)
    return tuple(
        WorkerStats(
            name=name,
            alive=name in alive,
            queue=alive.get(name),
            running=worked.get(name, nothing)[0],
            done=worked.get(name, nothing)[1],
            last_seen=now if name in alive else worked[name][2],
        )
        for name in sorted(worked.keys() | alive.keys())
    )
