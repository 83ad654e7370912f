"""The plain value of one field of one application, for a reason: every look is an event (DOMAIN 5.5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from schemas.document import DocumentType
from schemas.events import EventType
from schemas.privacy import UnmaskReason
from schemas.reading import DocumentReading
from verifier.errors import InputError
from verifier.services.cases import current_documents, find_case, form_of
from verifier.services.context import Services, writing
from verifier.store import audit
from verifier.store.tables import CaseRow

FORM_FIELDS = frozenset(
    {
        "applicant.name",
        "applicant.id_number",
        "applicant.birth_date",
        "applicant.phone",
        "residence.hukou_address",
        "residence.current_address",
        "employment.employer",
        "employment.employer_address",
    }
)
"""Of the application. Of a document `<slot>.<field>` as the result names them."""
FIELD_MAX = 80


def unmask(services: Services, application_no: str, field: str, reason: UnmaskReason, actor: str) -> str:
    """The value as it was stated or read. The event is written with it, or nothing is shown.

    Raises InputError case.not_found, case.field_not_found; StateError case.erased; StorageError.
    """
    with writing(services) as session:
        case = find_case(session, application_no)
        value = _stated(case, field) if field in FORM_FIELDS else _read(session, case, field)
        if not value:
            raise InputError("case.field_not_found")
        audit.record(
            session,
            at=services.clock(),
            type=EventType.FIELD_UNMASKED,
            actor=actor,
            application_no=application_no,
            details={"field": field, "reason": reason.value},
        )
    return value


def _stated(case: CaseRow, field: str) -> str | None:
    value: Any = form_of(case).model_dump(mode="json")
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else str(value)


def _read(session: Session, case: CaseRow, field: str) -> str | None:
    slot, _, name = field.partition(".")
    if slot not in {member.value for member in DocumentType}:
        return None
    document = next((row for row in current_documents(session, case) if row.slot.value == slot), None)
    kept = None if document is None else document.reading
    if kept is None:
        return None
    found = DocumentReading.model_validate(kept).fields.get(name)
    return None if found is None else found.text
