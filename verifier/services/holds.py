"""Pause a queue, drain a worker: rows that say so, looked at by whoever sends, begins or starts.

A paused queue sends nothing and begins nothing. What is being read is finished; a job that reaches a worker meanwhile goes
back to the outbox, ahead of the rest. Uploads land as ever, and attempts wait in SQL until somebody resumes.

A drained worker finishes its present job and ends; its unit does not start it again until somebody resumes it. The rest of
the unit goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas.case import AttemptState
from schemas.events import EventType
from verifier.errors import InputError
from verifier.services import outbox
from verifier.services.context import Services, reading, writing
from verifier.services.queue_names import QUEUES
from verifier.store import audit
from verifier.store.tables import AttemptRow, DrainRow, HoldRow, LeaseRow

WHY_MAX = 200
"""Characters of a reason."""

WORKER_LEASE = "worker:"
"""Prefix of the leases by which workers say that they live."""


def pause(services: Services, queue: str, actor: str, why: str = "") -> None:
    """Hold a queue back. One that is held already keeps who held it, when and why.

    Raises InputError queue.unknown, request.invalid.
    """
    _require_queue(queue)
    if len(why) > WHY_MAX:
        raise InputError("request.invalid", where="why", why=f"不超过 {WHY_MAX} 字")
    now = services.clock()
    with writing(services) as session:
        if not _added(session, HoldRow(queue=queue, actor=actor, at=now, why=why)):
            return
        audit.record(session, at=now, type=EventType.QUEUE_PAUSED, actor=actor, details={"queue": queue})


def resume(services: Services, queue: str, actor: str) -> None:
    """Let a queue go on; nothing happens when it does. Raises InputError queue.unknown."""
    _require_queue(queue)
    with writing(services) as session:
        hold = session.get(HoldRow, queue, with_for_update=True)
        if hold is None:
            return
        session.delete(hold)
        audit.record(session, at=services.clock(), type=EventType.QUEUE_RESUMED, actor=actor, details={"queue": queue})


def put_off(session: Session, attempt_id: str) -> bool:
    """Hand an attempt whose queue is paused back to the outbox. False when there is no such attempt."""
    held = session.scalar(
        select(AttemptRow.id).where(
            AttemptRow.id == attempt_id,
            AttemptRow.state == AttemptState.QUEUED,
            exists().where(HoldRow.queue == AttemptRow.queue),
        )
    )
    if held is None:
        return False
    outbox.reopen(session, attempt_id)
    return True


def drain(services: Services, worker: str, actor: str) -> None:
    """Ask a worker that lives to stop after its present job; asking again changes nothing.

    Raises InputError worker.not_found.
    """
    now = services.clock()
    with writing(services) as session:
        lease = session.scalar(
            select(LeaseRow).where(LeaseRow.name == WORKER_LEASE + worker, LeaseRow.until > now).with_for_update()
        )
        if lease is None:
            raise InputError("worker.not_found")
        if not _added(session, DrainRow(worker=worker, queue=lease.owner, actor=actor, at=now, seen_at=now)):
            return
        audit.record(session, at=now, type=EventType.WORKER_DRAINED, actor=actor, details={"worker": worker})


def resume_worker(services: Services, worker: str, actor: str) -> None:
    """Let a drained worker's place be filled again, under a new name. Raises InputError worker.not_found."""
    with writing(services) as session:
        row = session.get(DrainRow, worker, with_for_update=True)
        if row is None:
            raise InputError("worker.not_found")
        session.delete(row)
        audit.record(
            session, at=services.clock(), type=EventType.WORKER_RESUMED, actor=actor, details={"worker": worker}
        )


def drained(services: Services, workers: Collection[str]) -> set[str]:
    """Those of `workers` that shall stop, or stay stopped."""
    with reading(services) as session:
        return set(session.scalars(select(DrainRow.worker).where(DrainRow.worker.in_(workers))))


def note_drained(services: Services, workers: Collection[str]) -> None:
    """Their unit still keeps these stopped."""
    with writing(services) as session:
        session.execute(update(DrainRow).where(DrainRow.worker.in_(workers)).values(seen_at=services.clock()))


def drop_drains(services: Services, workers: Collection[str]) -> None:
    """Their unit ends, and with it what it kept stopped."""
    with writing(services) as session:
        session.execute(delete(DrainRow).where(DrainRow.worker.in_(workers)))


def forget(session: Session, *, before: datetime) -> None:
    """Remove drains whose unit has been silent since: it died."""
    session.execute(delete(DrainRow).where(DrainRow.seen_at < before))


def _added(session: Session, row: HoldRow | DrainRow) -> bool:
    """Whether the row is new; somebody may ask for the same at this moment."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def _require_queue(queue: str) -> None:
    if queue not in QUEUES:
        raise InputError("queue.unknown", queue=queue[:40])
