"""From lines of text to fields: what a page is, and what it says.

`read_fields` knows a reader for each type it can extract; a type without one gives no fields and goes to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from schemas.document import DocumentType
from schemas.reading import CellState, ReadField
from verifier.extract.cards import read_residence_permit, read_resident_id_card
from verifier.extract.contract_places import read_unread_of_contract
from verifier.extract.employment_certificate import read_employment_certificate
from verifier.extract.hmt_residence_permit import read_hmt_residence_permit
from verifier.extract.hospital_report import read_hospital_report
from verifier.extract.household_register import join_household_register, read_household_register
from verifier.extract.labor_contract import join_labor_contract, read_labor_contract
from verifier.extract.medical_exam_form import read_medical_exam_form, read_unread_of_exam_form
from verifier.extract.page import ReadPage
from verifier.extract.social_insurance_certificate import (
    join_social_insurance_certificate,
    read_social_insurance_certificate,
)
from verifier.extract.student_card import join_student_card, read_student_card
from verifier.extract.student_status_report import read_student_status_report

Reader = Callable[[ReadPage], dict[str, ReadField]]

READERS: Mapping[DocumentType, Reader] = {
    DocumentType.RESIDENT_ID_CARD: read_resident_id_card,
    DocumentType.MEDICAL_EXAM_FORM: read_medical_exam_form,
    DocumentType.RESIDENCE_PERMIT: read_residence_permit,
    DocumentType.EMPLOYMENT_CERTIFICATE: read_employment_certificate,
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE: read_social_insurance_certificate,
    DocumentType.HOUSEHOLD_REGISTER: read_household_register,
    DocumentType.HMT_RESIDENCE_PERMIT: read_hmt_residence_permit,
    DocumentType.LABOR_CONTRACT: read_labor_contract,
    DocumentType.STUDENT_STATUS_REPORT: read_student_status_report,
    DocumentType.STUDENT_CARD: read_student_card,
    DocumentType.HOSPITAL_REPORT: read_hospital_report,
}

JOINERS: Mapping[DocumentType, Callable[[Sequence[dict[str, ReadField]]], dict[str, ReadField]]] = {
    DocumentType.HOUSEHOLD_REGISTER: join_household_register,
    DocumentType.LABOR_CONTRACT: join_labor_contract,
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE: join_social_insurance_certificate,
    DocumentType.STUDENT_CARD: join_student_card,
}
"""Types whose pages are joined with more thought than the surer reading of each field."""


UNREAD: Mapping[DocumentType, Callable[[ReadPage, Collection[str]], dict[str, CellState]]] = {
    DocumentType.MEDICAL_EXAM_FORM: read_unread_of_exam_form,
    DocumentType.LABOR_CONTRACT: read_unread_of_contract,
}
"""Types that tell an empty place from writing nobody could read."""


def read_unread(kind: DocumentType, pages: Sequence[ReadPage], read: Collection[str]) -> dict[str, CellState]:
    """For the fields not among `read`: whether their place, where it was found, is empty or holds ink.

    A place with ink on any page is not empty.
    """
    states: dict[str, CellState] = {}
    look = UNREAD.get(kind)
    for page in pages if look is not None else ():
        for name, state in look(page, read).items() if look is not None else ():
            states[name] = CellState.INKED if CellState.INKED in (state, states.get(name)) else state
    return states


def read_fields(kind: DocumentType, pages: Sequence[ReadPage]) -> dict[str, ReadField]:
    """The fields of a document from its pages; of a field met on several pages the surer reading stays."""
    reader = READERS.get(kind)
    fields: dict[str, ReadField] = {}
    if reader is None:
        return fields
    if kind in JOINERS:
        return JOINERS[kind]([reader(page) for page in pages])
    for page in pages:
        for name, field in reader(page).items():
            held = fields.get(name)
            if held is None or field.confidence > held.confidence:
                fields[name] = field
    return fields
