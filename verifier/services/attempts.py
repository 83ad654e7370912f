"""The attempts to read documents, as an operator looks at them: pages by state, reason and queue. Nothing personal."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from schemas.base import Model
from schemas.case import AttemptState, CaseState, DocumentState
from schemas.document import DocumentType
from verifier.errors import InputError
from verifier.services.context import Services, reading
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow

PAGE_MAX = 200
CODE_MAX = 60
"""Characters of an error code, as its column has them."""

GIVEN_UP = (AttemptState.DEAD, AttemptState.FAILED)
"""Dead letters: nobody tries again by themselves."""

UNDECIDED = (
    CaseState.SUBMITTED,
    CaseState.RESUBMITTED,
    CaseState.READING,
    CaseState.NEEDS_CORRECTION,
    CaseState.NEEDS_REVIEW,
    CaseState.IN_REVIEW,
)
"""Cases in which another reading still means something."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class AttemptView(Model):
    """One try to read a document. `retryable`: it ended for good, and retrying it would do something."""

    id: str
    application_no: str
    case_state: CaseState
    slot: DocumentType
    revision: int
    no: int
    state: AttemptState
    error_code: str | None
    queue: str
    tries: int
    created_at: datetime
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    wait_ms: int | None
    run_ms: int | None
    worker: str | None
    engine_version: str | None
    retryable: bool


class AttemptPage(Model):
    """`next_cursor` asks for the next page; None on the last."""

    items: tuple[AttemptView, ...]
    next_cursor: str | None


def list_attempts(
    services: Services,
    *,
    state: AttemptState | None = None,
    error_code: str | None = None,
    queue: str | None = None,
    application_no: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> AttemptPage:
    """Attempts newest first; what is opened while somebody turns pages shifts nothing.

    Raises InputError request.invalid for a cursor this did not give or a limit outside 1..200.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise InputError("request.invalid", where="limit", why=f"须在 1 到 {PAGE_MAX} 之间")
    query = (
        select(AttemptRow, DocumentRow.slot, DocumentRow.revision, CaseRow.application_no, CaseRow.state, _can_retry())
        .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
        .join(CaseRow, CaseRow.id == DocumentRow.case_id)
        .order_by(AttemptRow.created_at.desc(), AttemptRow.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        query = query.where(AttemptRow.state == state)
    if error_code is not None:
        query = query.where(AttemptRow.error_code == error_code)
    if queue is not None:
        query = query.where(AttemptRow.queue == queue)
    if application_no is not None:
        query = query.where(CaseRow.application_no == application_no)
    if cursor is not None:
        at, id = _read_cursor(cursor)
        query = query.where(
            AttemptRow.created_at <= at,
            or_(AttemptRow.created_at < at, AttemptRow.id < id),
        )
    with reading(services) as session:
        rows = session.execute(query).all()
        items = tuple(
            _view(row, slot, revision, number, case_state, bool(retryable))
            for row, slot, revision, number, case_state, retryable in rows[:limit]
        )
        more = len(rows) > limit
        return AttemptPage(items=items, next_cursor=_write_cursor(rows[limit - 1][0]) if more else None)


def retryable_ids(error_code: str) -> Select[str]:
    """The attempts that ended for good for this reason and that retrying would still help, oldest first."""
    return (
        select(AttemptRow.id)
        .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
        .join(CaseRow, CaseRow.id == DocumentRow.case_id)
        .where(AttemptRow.error_code == error_code, _can_retry())
        .order_by(AttemptRow.created_at, AttemptRow.id)
    )


def _can_retry() -> ColumnElement[bool]:
    """Of a row of attempts joined with its document and case: the newest try at a document that nobody replaced, given
    up, in a case that nobody decided."""
    later = aliased(AttemptRow)
    return and_(
        AttemptRow.state.in_(GIVEN_UP),
        DocumentRow.current,
        DocumentRow.state == DocumentState.NOT_READ,
        CaseRow.state.in_(UNDECIDED),
        ~exists().where(later.document_id == AttemptRow.document_id, later.no > AttemptRow.no),
    )


def _view(
    row: AttemptRow, slot: DocumentType, revision: int, number: str, case_state: CaseState, retryable: bool
) -> AttemptView:
    return AttemptView(
        id=row.id,
        application_no=number,
        case_state=case_state,
        slot=slot,
        revision=revision,
        no=row.no,
        state=row.state,
        error_code=row.error_code,
        queue=row.queue,
        tries=row.tries,
        created_at=row.created_at,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        wait_ms=row.wait_ms,
        run_ms=row.run_ms,
        worker=row.worker,
        engine_version=row.engine_version,
        retryable=retryable,
    )


def _write_cursor(row: AttemptRow) -> str:
    text = f"a1:{(row.created_at - _EPOCH) // _MICROSECOND}:{row.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        kind, moment, id = text.split(":")
        if kind != "a1":
            raise ValueError(kind)
        return _EPOCH + int(moment) * _MICROSECOND, id
    except (ValueError, OverflowError, binascii.Error):
        raise InputError("request.invalid", where="cursor", why="不是本接口给出的游标") from None
