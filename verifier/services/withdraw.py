"""An applicant takes a case back: nothing of it is read any more, and nobody decides on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.case import AttemptState, CaseState, DocumentState
from verifier.services import findings
from verifier.services.cases import lock_case, move_case
from verifier.services.context import Services, writing
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow


def withdraw(services: Services, application_no: str, actor: str) -> None:
    """Withdraw a case and cancel its open attempts. Idempotent: a case that was withdrawn is left alone.

    Raises InputError case.not_found, StateError case.locked for a case that is decided.
    """
    with writing(services) as session:
        case = lock_case(session, application_no)
        if case.state == CaseState.WITHDRAWN:
            return
        now = services.clock()
        move_case(session, case, CaseState.WITHDRAWN, at=now, actor=actor)
        case.claimed_by = case.claim_until = case.due_on = case.proposed = case.proposed_by = None
        findings.close(session, case)
        _cancel_attempts(session, case, now)


def _cancel_attempts(session: Session, case: CaseRow, now: datetime) -> None:
    """Attempts are locked before cases everywhere, so one that somebody holds is not waited for: who begins it waits
    for this case's lock and cancels it himself, and what another hands in changes nothing any more.
    """
    attempts = session.scalars(
        select(AttemptRow)
        .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
        .where(DocumentRow.case_id == case.id, AttemptRow.state.in_((AttemptState.QUEUED, AttemptState.RUNNING)))
        .with_for_update(of=AttemptRow, skip_locked=True)
    )
    for attempt in attempts:
        cancel(attempt, now)


def cancel(attempt: AttemptRow, now: datetime) -> None:
    """Close an attempt of a case that nobody wants read; the caller holds its lock."""
    attempt.state = AttemptState.CANCELLED
    attempt.finished_at = now
    attempt.lease_until = None
    attempt.document.state = DocumentState.UPLOADED
