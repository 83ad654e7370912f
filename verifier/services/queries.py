"""What is asked about cases: one case, pages of cases, the events of a case. Nothing here changes a row."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from schemas.application import ApplicationForm, Route
from schemas.base import Model
from schemas.case import CaseState, DecisionAction, DocumentState
from schemas.document import DocumentType, Page
from schemas.events import Event
from schemas.finding import Outcome, Severity
from schemas.reading import DocumentReading
from schemas.result import CaseResult
from verifier.compare.masks import mask_name
from verifier.errors import InputError
from verifier.rules.signals import UNDISCLOSED
from verifier.services.cases import find_case, form_of, id_index
from verifier.services.context import Services, reading
from verifier.store.tables import CaseRow, DecisionRow, DocumentRow, EventRow

PAGE_MAX = 200
ERASED = "(已删除)"
"""Stands for the name of an applicant whose data was deleted."""


class FileView(Model):
    """`name` is what the result's pages name; `size` in bytes."""

    name: str
    media_type: str
    size: int
    sha256: str


class DocumentView(Model):
    slot: DocumentType
    state: DocumentState
    revision: int
    error_code: str | None
    files: tuple[FileView, ...]
    pages: tuple[Page, ...]
    uploaded_at: datetime
    read_at: datetime | None


class ClaimView(Model):
    holder: str
    until: datetime


class DecisionView(Model):
    action: DecisionAction
    reasons: tuple[str, ...]
    note: str
    slots: tuple[DocumentType, ...]
    actor: str
    at: datetime
    round: int


class CaseView(Model):
    """Everything about one case. `result` is there once advice was given (CONTRACT.md section 2); a document that could
    not be read is missing in it and `not_read` here. It holds personal data.
    """

    application_no: str
    batch: str
    state: CaseState
    round: int
    form: ApplicationForm
    documents: tuple[DocumentView, ...]
    result: CaseResult | None
    returned_slots: tuple[DocumentType, ...]
    claim: ClaimView | None
    decisions: tuple[DecisionView, ...]
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    advised_at: datetime | None
    by_hand_at: datetime | None
    """Since when a person reads what no machine had read; what is read later is added and changes no state."""


class CaseSummary(Model):
    """One line of a list: nothing personal but the masked name."""

    application_no: str
    applicant: str
    """The name, masked."""
    batch: str
    route: Route
    state: CaseState
    outcome: Outcome | None
    findings: dict[Severity, int]
    """How many the advice holds of each severity; empty before there is advice."""
    round: int
    claimed_by: str | None
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None


class CasePage(Model):
    """`next_cursor` asks for the next page; None on the last."""

    items: tuple[CaseSummary, ...]
    next_cursor: str | None


def case_view(services: Services, application_no: str) -> CaseView:
    """Raises InputError case.not_found, StateError case.erased."""
    with reading(services) as session:
        case = find_case(session, application_no)
        documents = session.scalars(
            select(DocumentRow)
            .where(DocumentRow.case_id == case.id, DocumentRow.current)
            .order_by(DocumentRow.id)
            .options(selectinload(DocumentRow.files))
        ).all()
        return CaseView(
            application_no=case.application_no,
            batch=case.batch,
            state=case.state,
            round=case.round,
            form=form_of(case),
            documents=tuple(_document_view(row) for row in documents),
            result=_result(case, documents),
            returned_slots=tuple(DocumentType(slot) for slot in case.returned_slots),
            claim=_claim_view(case, services.clock()),
            decisions=tuple(_decision_view(row) for row in case.decisions),
            created_at=case.created_at,
            updated_at=case.updated_at,
            submitted_at=case.submitted_at,
            advised_at=case.advised_at,
            by_hand_at=case.by_hand_at,
        )


def without_suspicions(view: CaseView) -> CaseView:
    """The case for programs that may show it to the applicant: what row 27 of the cross-check matrix keeps from them is
    left out. Findings stay, with their neutral sentence; the words for staff and the signals do not.
    """
    if view.result is None:
        return view
    findings = tuple(
        finding.model_copy(update={"reviewer_message": ""}) if finding.rule in UNDISCLOSED else finding
        for finding in view.result.findings
    )
    documents = tuple(
        reading.model_copy(update={"signals": (), "page_hashes": ()}) for reading in view.result.documents
    )
    result = view.result.model_copy(update={"findings": findings, "documents": documents})
    return view.model_copy(update={"result": result})


def list_cases(
    services: Services,
    state: CaseState | None = None,
    cursor: str | None = None,
    limit: int = 50,
    owner_id: int | None = None,
) -> CasePage:
    """Cases newest first, of one owner when given; cases that arrive while somebody turns pages shift nothing.

    Raises InputError request.invalid for a cursor this did not give or a limit outside 1..200.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise InputError("request.invalid", where="limit", why=f"须在 1 到 {PAGE_MAX} 之间")
    query = select(CaseRow).order_by(CaseRow.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(CaseRow.state == state)
    if owner_id is not None:
        query = query.where(CaseRow.owner_id == owner_id)
    if cursor is not None:
        query = query.where(CaseRow.id < _read_cursor(cursor))
    query = query.options(selectinload(CaseRow.data_key))
    with reading(services) as session:
        rows = session.scalars(query).all()
        more = len(rows) > limit
        return CasePage(
            items=tuple(_summary(row) for row in rows[:limit]),
            next_cursor=_write_cursor(rows[limit - 1].id) if more else None,
        )


def find_by_id_number(services: Services, id_number: str) -> tuple[CaseSummary, ...]:
    """The applications of whoever has this ID number, newest first, found by the blind index: no row is opened but theirs."""
    query = select(CaseRow).where(CaseRow.id_index == id_index(services, id_number)).order_by(CaseRow.id.desc())
    with reading(services) as session:
        return tuple(_summary(row) for row in session.scalars(query.options(selectinload(CaseRow.data_key))))


def count_by_state(services: Services) -> dict[CaseState, int]:
    """How many cases are in each state; states without any are left out."""
    with reading(services) as session:
        rows = session.execute(select(CaseRow.state, func.count()).group_by(CaseRow.state))
        return {row[0]: row[1] for row in rows}


def due_on(services: Services, application_no: str) -> date | None:
    """The last statutory working day for what a person must do next. Raises InputError case.not_found."""
    with reading(services) as session:
        return find_case(session, application_no).due_on


def events_of(services: Services, application_no: str) -> tuple[Event, ...]:
    """What happened to a case, oldest first. Raises InputError case.not_found."""
    with reading(services) as session:
        find_case(session, application_no)
        rows = session.scalars(select(EventRow).where(EventRow.application_no == application_no).order_by(EventRow.seq))
        return tuple(
            Event(at=row.at, type=row.type, actor=row.actor, application_no=row.application_no, details=row.details)
            for row in rows
        )


def _result(case: CaseRow, documents: Sequence[DocumentRow]) -> CaseResult | None:
    advice = case.advice
    if advice is None:
        return None
    kept = [row.reading for row in documents]
    readings = [DocumentReading.model_validate(reading) for reading in kept if reading is not None]
    return CaseResult.model_validate({**advice, "documents": readings})


def _document_view(row: DocumentRow) -> DocumentView:
    return DocumentView(
        slot=row.slot,
        state=row.state,
        revision=row.revision,
        error_code=row.error_code,
        files=tuple(
            FileView(name=file.name, media_type=file.media_type, size=file.size, sha256=file.sha256)
            for file in row.files
        ),
        pages=tuple(Page.model_validate(page) for page in row.pages),
        uploaded_at=row.created_at,
        read_at=row.read_at,
    )


def _claim_view(case: CaseRow, now: datetime) -> ClaimView | None:
    if case.claimed_by is None or case.claim_until is None or case.claim_until <= now:
        return None
    return ClaimView(holder=case.claimed_by, until=case.claim_until)


def _decision_view(row: DecisionRow) -> DecisionView:
    words = row.words
    return DecisionView(
        action=row.action,
        reasons=tuple(words["reasons"]),
        note=words["note"],
        slots=tuple(DocumentType(slot) for slot in row.slots),
        actor=row.actor,
        at=row.at,
        round=row.round,
    )


def _summary(row: CaseRow) -> CaseSummary:
    return CaseSummary(
        application_no=row.application_no,
        applicant=ERASED if row.data_key is None else mask_name(form_of(row).applicant.name),
        batch=row.batch,
        route=row.route,
        state=row.state,
        outcome=row.outcome,
        findings={Severity(severity): count for severity, count in row.finding_counts.items()},
        round=row.round,
        claimed_by=row.claimed_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        submitted_at=row.submitted_at,
    )


def _write_cursor(row_id: int) -> str:
    return base64.urlsafe_b64encode(f"c1:{row_id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        kind, _, number = text.partition(":")
        if kind != "c1":
            raise ValueError(kind)
        return int(number)
    except (ValueError, binascii.Error):
        raise InputError("request.invalid", where="cursor", why="不是本接口给出的游标") from None
