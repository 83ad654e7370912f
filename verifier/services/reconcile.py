"""Reopen what the queue or a worker lost. SQL is the truth, so a job that vanished is simply replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.case import AttemptState, CaseState, DocumentState
from schemas.events import EventType
from verifier.services import by_hand, holds, leases
from verifier.services.cases import MACHINE, lock_case_of
from verifier.services.context import Services, reading, writing
from verifier.services.process import BACKOFF_S, give_up
from verifier.services.review import put_back
from verifier.services.submit import open_attempt
from verifier.store import audit
from verifier.store.tables import AttemptRow, CaseRow, OutboxRow

LEADER = "reconciler"
"""The lease that lets one reconciler sweep at a time."""

FORGET_LEASES_AFTER = timedelta(days=1)
"""Workers that said they live and stopped leave a row behind."""

BATCH = 500
"""Rows mended per sweep and kind; the next sweep takes the rest."""


KILLED = "worker.killed"


@dataclass(frozen=True)
class Swept:
    """What one sweep did. `leader` False: another process is sweeping and nothing was done."""

    leader: bool
    lost: int = 0
    """Queued attempts without a live job, replaced."""
    expired: int = 0
    """Running attempts whose lease ran out, replaced."""
    dead: int = 0
    """Given up after the cap of tries: a person reads the document."""
    claims_lapsed: int = 0
    """Cases whose reviewer's claim ran out, put back."""
    by_hand: int = 0
    """Cases that waited too long to be read, handed to a person."""


def sweep(services: Services, live_job_ids: Callable[[Collection[str]], set[str]], owner: str, now: datetime) -> Swept:
    """One pass. `live_job_ids` gets attempt ids and answers those of them whose job the queue still holds (waiting,
    scheduled or running). It is called outside any transaction; its QueueError passes, after the leases were handled.

    Outbox rows not yet sent are the relay's business: their attempts are left alone, however old.
    """
    until = now + timedelta(seconds=3 * services.settings.sweep_every_s)
    with writing(services) as session:
        if not leases.acquire(session, LEADER, owner=owner, now=now, until=until):
            return Swept(leader=False)
        leases.forget(session, before=now - FORGET_LEASES_AFTER)
        holds.forget(session, before=now - FORGET_LEASES_AFTER)
    claims_lapsed = _put_back_lapsed_claims(services, now)
    taken = by_hand.take_waiting(services, now)
    expired = [_replace(services, attempt_id, AttemptState.RUNNING, now) for attempt_id in _expired(services, now)]
    overdue = _overdue(services, now)
    live = live_job_ids(overdue) if overdue else set()
    replaced = [
        _replace(services, attempt_id, AttemptState.QUEUED, now) for attempt_id in overdue if attempt_id not in live
    ]
    return Swept(
        leader=True,
        lost=replaced.count(AttemptState.LOST),
        expired=expired.count(AttemptState.LOST),
        dead=[*expired, *replaced].count(AttemptState.DEAD),
        claims_lapsed=claims_lapsed,
        by_hand=taken,
    )


def replace_killed(services: Services, worker: str, code: str = KILLED) -> int:
    """A worker's process for a job died, and with it the attempt it held: replace that at once instead of waiting for
    its lease; the number replaced or given up.

    A worker holds one attempt at a time, so its name says which; one it never began, or has finished, stays as it is.
    The cap of tries holds here too: a document that kills every process that reads it is given up. `code` says why it died.
    """
    now = services.clock()
    with reading(services) as session:
        held = session.scalars(
            select(AttemptRow.id).where(AttemptRow.state == AttemptState.RUNNING, AttemptRow.worker == worker)
        ).all()
    return sum(
        _replace(services, attempt_id, AttemptState.RUNNING, now, killed=code) is not None for attempt_id in held
    )


def replace_unbegun(services: Services, attempt_id: str) -> bool:
    """A worker's process for a job died before it began the attempt: open the next one instead of waiting for somebody
    to miss the job. It waits a moment, because this says nothing of the document and no cap of tries ends it.

    Whether there was such an attempt: one that waits for its relay stays as it is.
    """
    with reading(services) as session:
        sent = session.scalar(
            select(OutboxRow.id).where(OutboxRow.attempt_id == attempt_id, OutboxRow.sent_at.is_not(None))
        )
    now = services.clock()
    return sent is not None and (
        _replace(services, attempt_id, AttemptState.QUEUED, now, killed=KILLED, wait_s=BACKOFF_S[0]) is not None
    )


def worker_ended(services: Services, worker: str) -> int:
    """A worker is gone for good, as its parent knows: it no longer says that it lives, what it held is replaced."""
    with writing(services) as session:
        leases.drop(session, holds.WORKER_LEASE + worker)
    return replace_killed(services, worker)


def resign(services: Services, owner: str) -> None:
    """An owner that stops sweeping lets the next one begin at once."""
    with writing(services) as session:
        leases.release(session, LEADER, owner=owner)


def _expired(services: Services, now: datetime) -> list[str]:
    with reading(services) as session:
        return list(
            session.scalars(
                select(AttemptRow.id)
                .where(AttemptRow.state == AttemptState.RUNNING, AttemptRow.lease_until <= now)
                .order_by(AttemptRow.lease_until)
                .limit(BATCH)
            )
        )


def _overdue(services: Services, now: datetime) -> list[str]:
    """Queued attempts that were sent so long ago that their job should be somewhere."""
    since = now - timedelta(seconds=services.settings.queued_grace_s)
    with reading(services) as session:
        return list(
            session.scalars(
                select(AttemptRow.id)
                .join(OutboxRow, OutboxRow.attempt_id == AttemptRow.id)
                .where(
                    AttemptRow.state == AttemptState.QUEUED, AttemptRow.queued_at <= since, OutboxRow.sent_at <= since
                )
                .order_by(AttemptRow.queued_at)
            )
        )


def _replace(
    services: Services,
    attempt_id: str,
    expected: AttemptState,
    now: datetime,
    *,
    killed: str | None = None,
    wait_s: int = 0,
) -> AttemptState | None:
    """Close an attempt that lost its job or its worker and open the next, or give the document up after the cap.

    None when it moved on in the meantime: finished, begun, or its lease renewed. With `killed`, a code, the worker is known to
    be gone and the lease says nothing. The next one is due after `wait_s` seconds.
    """
    with writing(services) as session:
        attempt = session.scalar(
            select(AttemptRow)
            .where(AttemptRow.id == attempt_id, AttemptRow.state == expected)
            .with_for_update(skip_locked=True)
        )
        if attempt is None or not (expected == AttemptState.QUEUED or killed or _has_lapsed(attempt, now)):
            return None
        code = _why(attempt, killed=killed)
        attempt.state = AttemptState.DEAD if attempt.tries >= services.settings.max_tries else AttemptState.LOST
        attempt.error_code = code
        attempt.finished_at = now
        attempt.lease_until = None
        if attempt.state == AttemptState.DEAD:
            give_up(services, session, attempt, code, now)
        else:
            _reopen(services, session, attempt, now, wait_s)
        return attempt.state


def _has_lapsed(attempt: AttemptRow, now: datetime) -> bool:
    return attempt.lease_until is None or attempt.lease_until <= now


def _why(attempt: AttemptRow, *, killed: str | None) -> str:
    """The code the attempt is closed with; a retry that vanished keeps the error that it was to be tried again for."""
    if killed:
        return killed
    if attempt.state == AttemptState.QUEUED and attempt.error_code:
        return attempt.error_code
    return "worker.lost"


def _reopen(services: Services, session: Session, attempt: AttemptRow, now: datetime, wait_s: int) -> None:
    document = attempt.document
    case = lock_case_of(session, document)
    document.state = DocumentState.QUEUED
    session.flush()
    fresh = open_attempt(
        services, session, document, queue=attempt.queue, now=now, no=attempt.no + 1, tries=attempt.tries, ahead=True
    )
    fresh.queued_at = now + timedelta(seconds=wait_s)
    audit.record(
        session,
        at=now,
        type=EventType.ATTEMPT_LOST,
        actor=MACHINE,
        application_no=case.application_no,
        details={
            "slot": document.slot.value,
            "attempt": attempt.id,
            "code": attempt.error_code,
            "replaced_by": fresh.id,
        },
    )


def _put_back_lapsed_claims(services: Services, now: datetime) -> int:
    with reading(services) as session:
        ids = list(session.scalars(select(CaseRow.id).where(CaseRow.claim_until <= now).limit(BATCH)))
    count = 0
    for case_id in ids:
        with writing(services) as session:
            case = session.scalar(
                select(CaseRow)
                .where(CaseRow.id == case_id, CaseRow.claim_until <= now)
                .with_for_update(skip_locked=True)
            )
            if case is not None and case.state in (CaseState.IN_REVIEW, CaseState.ACCEPTED):
                put_back(services, session, case, at=now, actor=MACHINE, why="lapsed")
                count += 1
    return count
