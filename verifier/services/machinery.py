"""Queues and workers as an operator looks at them, from SQL."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from schemas.base import Model
from verifier.services.context import Services, reading
from verifier.services.queue_names import QUEUES
from verifier.services.stats import queues_of, workers_of
from verifier.store.tables import DrainRow, HoldRow


class HoldView(Model):
    """Who paused a queue, when and why."""

    actor: str
    at: datetime
    why: str


class QueueView(Model):
    """`depth` attempts may run now, `delayed` are in a back-off, `running` held by a worker. `workers` listen on it."""

    name: str
    depth: int
    delayed: int
    running: int
    oldest_age_s: float | None
    workers: int
    hold: HoldView | None


class WorkerState(StrEnum):
    WORKING = "working"
    DRAINING = "draining"
    """Asked to stop; its present job is not done."""
    DRAINED = "drained"
    """Stopped, and not started again until somebody resumes it."""
    GONE = "gone"
    """It worked within the last 24 hours and says nothing now."""


class DrainView(Model):
    """Who asked a worker to stop, and when."""

    actor: str
    at: datetime


class WorkerView(Model):
    """`running` and `done` count attempts of the last 24 hours."""

    name: str
    state: WorkerState
    queue: str | None
    running: int
    done: int
    last_seen: datetime
    drain: DrainView | None


def queues(services: Services) -> tuple[QueueView, ...]:
    """Every queue, in the order a relay serves them."""
    now = services.clock()
    with reading(services) as session:
        holds = {row.queue: row for row in session.scalars(select(HoldRow))}
        open = {item.name: item for item in queues_of(session, now)}
        listening = [worker.queue for worker in workers_of(session, now) if worker.alive]
    views = []
    for name in QUEUES:
        stats, hold = open.get(name), holds.get(name)
        views.append(
            QueueView(
                name=name,
                depth=stats.depth if stats else 0,
                delayed=stats.delayed if stats else 0,
                running=stats.running if stats else 0,
                oldest_age_s=stats.oldest_age_s if stats else None,
                workers=listening.count(name),
                hold=HoldView(actor=hold.actor, at=hold.at, why=hold.why) if hold else None,
            )
        )
    return tuple(views)


def workers(services: Services) -> tuple[WorkerView, ...]:
    """Those that live, those that somebody drained, and those that worked within the last 24 hours; by name."""
    now = services.clock()
    with reading(services) as session:
        drains = {row.worker: row for row in session.scalars(select(DrainRow))}
        known = {worker.name: worker for worker in workers_of(session, now)}
    views = []
    for name in sorted(known.keys() | drains.keys()):
        stats, drain = known.get(name), drains.get(name)
        alive = stats is not None and stats.alive
        state = (
            (WorkerState.DRAINING if drain else WorkerState.WORKING)
            if alive
            else (WorkerState.DRAINED if drain else WorkerState.GONE)
        )
        views.append(
            WorkerView(
                name=name,
                state=state,
                queue=(stats.queue if stats else None) or (drain.queue if drain else None),
                running=stats.running if stats else 0,
                done=stats.done if stats else 0,
                last_seen=max(moment for moment in (stats and stats.last_seen, drain and drain.seen_at) if moment),
                drain=DrainView(actor=drain.actor, at=drain.at) if drain else None,
            )
        )
    return tuple(views)
