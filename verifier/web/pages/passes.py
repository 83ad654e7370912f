"""`/review/passes`: cases advised `pass`, with the decisive places of their papers, ticked and signed off by a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from schemas.case import CaseState
from schemas.document import DocumentType
from verifier.errors import CODES
from verifier.services import findings, passes, queries, worklist
from verifier.services.access import Action
from verifier.services.context import Services
from verifier.services.worklist import WorkFilter, WorkItem
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.comparing import Comparison, Crop
from verifier.web.pages.desk import due_label
from verifier.web.pages.rendering import render
from verifier.web.pages.words import Label
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/review/passes", include_in_schema=False)

ROWS = 20
DECISIVE: tuple[tuple[DocumentType, str], ...] = (
    (DocumentType.RESIDENT_ID_CARD, "id_number"),
    (DocumentType.MEDICAL_EXAM_FORM, "name"),
    (DocumentType.MEDICAL_EXAM_FORM, "conclusion"),
    (DocumentType.RESIDENCE_PERMIT, "valid_to"),
    (DocumentType.HMT_RESIDENCE_PERMIT, "id_number"),
)
"""What a sign-off rests on: who it is, and what lets them pass."""


@dataclass(frozen=True)
class Row:
    number: str
    applicant: str
    route: str
    due: Label | None
    crops: tuple[Crop, ...]
    must_open: bool
    opened: bool


@router.get("")
def listing(
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.DECIDE))],
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> Response:
    """The passes that wait, the most urgent first."""
    return _show(services, visitor, cursor)


@router.post("")
def sign_off(
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.DECIDE))],
    numbers: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Sign off the ticked ones; the page says what became of each."""
    signed = passes.sign_off(services, [number[:40] for number in (numbers or [])[: passes.AT_ONCE]], visitor.name)
    return _show(services, visitor, None, signed)


def _show(services: Services, visitor: Person, cursor: str | None, signed: passes.Signed | None = None) -> Response:
    page = worklist.page(services, WorkFilter(states=(CaseState.ADVISED_PASS,)), cursor, ROWS)
    return render(
        "passes.html",
        visitor=visitor,
        rows=[_row(services, visitor, item) for item in page.items],
        next_href=None if page.next_cursor is None else f"/review/passes?cursor={page.next_cursor}",
        done=[] if signed is None else [(number, words.STATES[state]) for number, state in signed.done],
        refused=[] if signed is None else [(number, CODES[code]) for number, code in signed.refused],
        asked=signed is not None,
    )


def _row(services: Services, visitor: Person, item: WorkItem) -> Row:
    view = queries.case_view(services, item.application_no)
    comparison = Comparison(view, findings.review_view(services, item.application_no))
    return Row(
        number=item.application_no,
        applicant=item.applicant,
        route=words.ROUTES[item.route],
        due=due_label(item.workdays_left),
        crops=tuple(crop for slot, name in DECISIVE if (crop := comparison.crop_of(slot, name)) is not None),
        must_open=item.must_open,
        opened=item.must_open and passes.was_opened(services, item.application_no, visitor.name),
    )
