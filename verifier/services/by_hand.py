"""A case goes to a person before it was read: because somebody asks, or because it waited too long for workers.

What was read by then is judged; the rest is `not_read`. Its attempts stay open: what they read later is kept with the
documents, for whoever looks at them, and changes neither the advice nor the state.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.case import CaseState, DocumentState
from schemas.events import EventType
from verifier.errors import StateError
from verifier.services import advise
from verifier.services.cases import MACHINE, current_documents, is_settled, lock_case
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.tables import CaseRow

UNREAD = (CaseState.SUBMITTED, CaseState.RESUBMITTED, CaseState.READING)

CODE = "queue.by_hand"
"""Of its documents that nobody read."""

AT_ONCE = 500
"""Cases a sweep takes; the next one takes the rest."""


def take(services: Services, application_no: str, actor: str) -> CaseState:
    """Hand a case over to a person now; the state it is in then. Idempotent.

    Raises InputError case.not_found, StateError case.locked for a case that was not submitted or was read.
    """
    with writing(services) as session:
        case = lock_case(session, application_no)
        if case.by_hand_at is not None and case.state == CaseState.NEEDS_REVIEW:
            return case.state
        if case.state not in UNREAD:
            raise StateError("case.locked", state=case.state.value)
        _take(services, session, case, services.clock(), actor, "asked")
        return case.state


def take_waiting(services: Services, now: datetime) -> int:
    """Hand over every case that was submitted longer than `by_hand_after_h` ago and is not read; how many."""
    hours = services.settings.by_hand_after_h
    if not hours:
        return 0
    since = now - timedelta(hours=hours)
    waiting = CaseRow.state.in_(UNREAD) & (CaseRow.submitted_at <= since)
    with reading(services) as session:
        ids = session.scalars(select(CaseRow.id).where(waiting).limit(AT_ONCE)).all()
    count = 0
    for case_id in ids:
        with writing(services) as session:
            case = session.scalar(
                select(CaseRow).where(CaseRow.id == case_id, waiting).with_for_update(skip_locked=True)
            )
            if case is not None:
                _take(services, session, case, now, MACHINE, "waited")
                count += 1
    return count


def _take(services: Services, session: Session, case: CaseRow, now: datetime, actor: str, why: str) -> None:
    unread = [document for document in current_documents(session, case) if not is_settled(document)]
    for document in unread:
        document.state = DocumentState.NOT_READ
        document.error_code = CODE
    case.by_hand_at = now
    audit.record(
        session,
        at=now,
        type=EventType.CASE_BY_HAND,
        actor=actor,
        application_no=case.application_no,
        details={"documents": len(unread), "why": why},
    )
    advise.settle(services, session, case, now)
