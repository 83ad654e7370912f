"""Dead letters, given another chance by a person: one by one, or all that ended for one reason.

A retry is a new attempt with its own count of tries and its outbox row, opened in one transaction; the old one stays as it
ended. The case stays where it is, with a person, until the new attempt has read the document: see advise.settle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.base import Model
from schemas.case import DocumentState
from schemas.document import DocumentType
from schemas.events import EventType
from verifier.errors import CODES, InputError, StateError
from verifier.services.attempts import GIVEN_UP, UNDECIDED, retryable_ids
from verifier.services.cases import lock_case_of
from verifier.services.context import Services, reading, writing
from verifier.services.queue_names import BULK, INTERACTIVE
from verifier.services.submit import open_attempt
from verifier.store import audit
from verifier.store.tables import AttemptRow

AT_ONCE = 500
"""Attempts opened by one call: it answers within seconds, and says what is left."""


@dataclass(frozen=True)
class Retried:
    """The new attempt."""

    attempt_id: str
    application_no: str
    slot: DocumentType
    queue: str


class Retries(Model):
    """`matched` attempts could be retried when the call began, `retried` were, `left` can be by the next call."""

    error_code: str
    matched: int
    retried: int
    left: int


def retry(services: Services, attempt_id: str, actor: str) -> Retried:
    """Open the next attempt at a document that was given up; on the interactive queue, because somebody looks at it.

    Raises InputError attempt.not_found, StateError attempt.not_retryable.
    """
    with writing(services) as session:
        return _retry(services, session, attempt_id, actor, INTERACTIVE, services.clock())


def preview(services: Services, error_code: str) -> Retries:
    """How many `retry_all` would take. Raises InputError request.invalid for a code there is not."""
    _require_code(error_code)
    with reading(services) as session:
        count = _count(session, error_code)
    return Retries(error_code=error_code, matched=count, retried=0, left=count)


def retry_all(services: Services, error_code: str, actor: str, at_most: int = AT_ONCE) -> Retries:
    """Retry what was given up for one reason, oldest first; on the bulk queue, so that nobody else waits for them.

    Each in a transaction of its own: what somebody changed meanwhile is passed over. Raises InputError request.invalid.
    """
    _require_code(error_code)
    with reading(services) as session:
        matched = _count(session, error_code)
        ids = session.scalars(retryable_ids(error_code).limit(at_most)).all()
    retried = sum(_retried(services, attempt_id, actor) for attempt_id in ids)
    with reading(services) as session:
        left = _count(session, error_code)
    return Retries(error_code=error_code, matched=matched, retried=retried, left=left)


def _retried(services: Services, attempt_id: str, actor: str) -> bool:
    try:
        with writing(services) as session:
            _retry(services, session, attempt_id, actor, BULK, services.clock())
    except StateError:
        return False
    return True


def _retry(services: Services, session: Session, attempt_id: str, actor: str, queue: str, now: datetime) -> Retried:
    attempt = session.scalar(select(AttemptRow).where(AttemptRow.id == attempt_id).with_for_update())
    if attempt is None:
        raise InputError("attempt.not_found")
    document = attempt.document
    case = lock_case_of(session, document)
    session.refresh(document)
    newest = session.scalar(select(func.max(AttemptRow.no)).where(AttemptRow.document_id == document.id))
    given_up = attempt.state in GIVEN_UP and attempt.no == newest and document.state == DocumentState.NOT_READ
    if not given_up or not document.current or case.state not in UNDECIDED:
        raise StateError("attempt.not_retryable")
    document.state = DocumentState.QUEUED
    document.error_code = None
    fresh = open_attempt(services, session, document, queue=queue, now=now, no=attempt.no + 1)
    audit.record(
        session,
        at=now,
        type=EventType.ATTEMPT_RETRIED,
        actor=actor,
        application_no=case.application_no,
        details={
            "slot": document.slot.value,
            "attempt": attempt.id,
            "code": attempt.error_code,
            "replaced_by": fresh.id,
        },
    )
    return Retried(attempt_id=fresh.id, application_no=case.application_no, slot=document.slot, queue=queue)


def _count(session: Session, error_code: str) -> int:
    found = retryable_ids(error_code).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _require_code(error_code: str) -> None:
    if error_code not in CODES:
        raise InputError("request.invalid", where="error_code", why="没有这个错误代码")
