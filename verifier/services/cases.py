"""What the use cases share about a case: finding it, locking it, and the one way to change its state."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.application import Application, ApplicationForm, SlotFiles
from schemas.case import CaseState, DocumentState, may_move
from schemas.events import EventType
from verifier.compare.ids import normalise_id
from verifier.compare.text import squeeze
from verifier.errors import InputError, StateError
from verifier.services.context import Services
from verifier.services.sealing import Use, keyed_hash
from verifier.store import audit
from verifier.store.tables import CaseKeyRow, CaseRow, DocumentRow

MACHINE = "verifier"
"""The actor of what no person did."""


def find_case(session: Session, application_no: str) -> CaseRow:
    """Raises InputError case.not_found."""
    case = session.scalar(select(CaseRow).where(CaseRow.application_no == application_no))
    if case is None:
        raise InputError("case.not_found")
    return case


def lock_case(session: Session, application_no: str) -> CaseRow:
    """The case, locked until the transaction ends, as it stands now. Raises InputError case.not_found."""
    case = session.scalar(
        select(CaseRow)
        .where(CaseRow.application_no == application_no)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise InputError("case.not_found")
    return case


def lock_case_of(session: Session, document: DocumentRow) -> CaseRow:
    """The case of a document, locked, as it stands now."""
    return session.scalars(
        select(CaseRow)
        .where(CaseRow.id == document.case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def move_case(
    session: Session, case: CaseRow, target: CaseState, *, at: datetime, actor: str, why: str | None = None
) -> None:
    """The only place where a case changes its state. The caller holds the case's lock.

    Raises StateError case.locked for a move that schemas.case.TRANSITIONS does not list.
    """
    source = case.state
    if not may_move(source, target):
        raise StateError("case.locked", state=source.value)
    case.state = target
    case.updated_at = at
    details = {"from": source.value, "to": target.value} | ({"why": why} if why else {})
    audit.record(
        session, at=at, type=EventType.STATE_CHANGED, actor=actor, application_no=case.application_no, details=details
    )


def require_claim(case: CaseRow, actor: str, now: datetime) -> None:
    """Raises StateError case.not_claimed unless `actor` holds the case at `now`."""
    if case.claimed_by != actor or case.claim_until is None or case.claim_until <= now:
        raise StateError("case.not_claimed")


def current_documents(session: Session, case: CaseRow) -> list[DocumentRow]:
    """The newest revision of each slot, in the order the slots were first filled."""
    rows = session.scalars(
        select(DocumentRow)
        .where(DocumentRow.case_id == case.id, DocumentRow.current)
        .order_by(DocumentRow.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


def keep_form(services: Services, session: Session, case: CaseRow, form: ApplicationForm) -> None:
    """Seal what a new case states under a key of its own, and write the blind indices it is found by."""
    _, wrapped = services.keyring.new_case_key(case.application_no)
    case.data_key = CaseKeyRow(master=wrapped.master, wrapped=wrapped.data)
    session.add(case)
    case.form = form.model_dump(mode="json")
    case.id_index = id_index(services, form.applicant.id_number)
    phone = form.applicant.phone
    case.phone_index = keyed_hash(services, Use.CASE_PHONE, squeeze(phone)) if phone else None


def id_index(services: Services, id_number: str) -> str:
    """What an application is found by: the keyed hash of its applicant's normalised ID number."""
    return keyed_hash(services, Use.ID_NUMBER, normalise_id(id_number))


def form_of(case: CaseRow) -> ApplicationForm:
    return ApplicationForm.model_validate(case.form)


def application_of(case: CaseRow, documents: list[DocumentRow]) -> Application:
    """The application as a case folder would state it, with the files of `documents`."""
    slots = tuple(SlotFiles(slot=row.slot, files=tuple(file.name for file in row.files)) for row in documents)
    return Application.model_validate({**case.form, "documents": slots})


def is_settled(document: DocumentRow) -> bool:
    """Whether reading it is over, well or badly."""
    return document.state in (DocumentState.READ, DocumentState.NOT_READ)
