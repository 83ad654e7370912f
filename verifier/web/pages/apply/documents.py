"""`/my/{application_no}`: what an application needs and where it stands; `…/documents/{slot}`: the upload of one document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from schemas.application import Application
from schemas.batch import Batch, Requirement
from schemas.case import CaseState, may_move
from schemas.document import TITLES_ZH, DocumentType
from verifier.errors import InputError, StateError, StorageError, VerifierError
from verifier.rules.facts import EMPLOYMENT_EVIDENCE, Facts
from verifier.rules.slots import required_sets
from verifier.services import queries, submit, withdraw
from verifier.services.access import Action
from verifier.services.context import Services
from verifier.services.queries import CaseView, DocumentView
from verifier.web.api.applications import ApplicationNo, take_files
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.rendering import render
from verifier.web.services import ServicesDep

router = APIRouter(include_in_schema=False)

Handing = Annotated[Person, Depends(Allowed(Action.UPLOAD))]
OPEN = (CaseState.DRAFT, CaseState.RETURNED)


@dataclass(frozen=True)
class Wanted:
    """A line of the checklist. `alternatives`: one of these slots is enough."""

    alternatives: Sequence[DocumentType]
    title: str
    why: str
    document: DocumentView | None
    slot: DocumentType
    needed: bool
    is_open: bool


@router.get("/my/{application_no}")
def application(application_no: ApplicationNo, services: ServicesDep, who: Handing) -> Response:
    """The checklist with what is uploaded, and the state."""
    return _application(services, who, application_no)


@router.post("/my/{application_no}/submit")
def hand_in(
    application_no: ApplicationNo, services: ServicesDep, who: Annotated[Person, Depends(Allowed(Action.SUBMIT))]
) -> Response:
    """Hands the application in; doing it again changes nothing."""
    try:
        submit.submit(services, application_no, who.name)
    except (InputError, StateError) as error:
        return _application(services, who, application_no, error)
    return RedirectResponse(f"/my/{application_no}", status_code=303)


@router.post("/my/{application_no}/withdraw")
def take_back(
    application_no: ApplicationNo, services: ServicesDep, who: Annotated[Person, Depends(Allowed(Action.WITHDRAW))]
) -> Response:
    """Takes the application back; doing it again changes nothing."""
    try:
        withdraw.withdraw(services, application_no, who.name)
    except StateError as error:
        return _application(services, who, application_no, error)
    return RedirectResponse(f"/my/{application_no}", status_code=303)


@router.get("/my/{application_no}/documents/{slot}")
def choose(application_no: ApplicationNo, slot: DocumentType, services: ServicesDep, who: Handing) -> Response:
    """One document: what is there, and the files to choose."""
    return _upload(services, who, application_no, slot)


@router.post("/my/{application_no}/documents/{slot}")
async def upload(
    application_no: ApplicationNo, slot: DocumentType, request: Request, services: ServicesDep, who: Handing
) -> Response:
    """Keeps the files and shows the measure of the capture at once. What is refused changes nothing."""
    try:
        await take_files(request, services, who, application_no, slot)
    except (InputError, StateError, StorageError) as error:
        return await run_in_threadpool(_upload, services, who, application_no, slot, error)
    return RedirectResponse(f"/my/{application_no}/documents/{slot.value}", status_code=303)


def _application(services: Services, who: Person, application_no: str, error: VerifierError | None = None) -> Response:
    view = queries.case_view(services, application_no)
    batch = services.load_batch(view.batch)
    wanted = _wanted(view, batch)
    return render(
        "apply/application.html",
        status=error.spec.status if error else 200,
        visitor=who,
        view=view,
        state=words.STATES[view.state],
        batch=batch,
        wanted=wanted,
        ready=all(line.document is not None for line in wanted if line.needed),
        is_open=view.state in OPEN,
        may_withdraw=may_move(view.state, CaseState.WITHDRAWN),
        due_on=queries.due_on(services, application_no),
        error=error,
    )


def _wanted(view: CaseView, batch: Batch) -> Sequence[Wanted]:
    there = {document.slot: document for document in view.documents}
    returned = set(view.returned_slots)
    lines: list[Wanted] = []
    grounds = {required.slots: required.legal_basis for required in batch.required.get(view.form.route, ())}
    application = Application.model_validate({**view.form.model_dump(), "documents": ()})
    for slots in required_sets(Facts.of(application, {}, batch)):
        slot = next((one for one in slots if one in there), slots[0])
        lines.append(_line(view, slots, grounds.get(slots, ""), there.get(slot), slot, returned, needed=True))
    named = {slot for line in lines for slot in line.alternatives}
    offered = [slot for slot in DocumentType if slot in there]
    if view.form.employment is not None and batch.employment_evidence is not Requirement.OFF:
        offered += [slot for slot in DocumentType if slot in EMPLOYMENT_EVIDENCE and slot not in there]
    lines += [
        _line(view, (slot,), "", there.get(slot), slot, returned, needed=False) for slot in offered if slot not in named
    ]
    return lines


def _line(
    view: CaseView,
    slots: Sequence[DocumentType],
    why: str,
    document: DocumentView | None,
    slot: DocumentType,
    returned: set[DocumentType],
    *,
    needed: bool,
) -> Wanted:
    is_open = view.state is CaseState.DRAFT or (view.state is CaseState.RETURNED and slot in returned)
    title = "或".join(TITLES_ZH[one] for one in slots)
    return Wanted(slots, title, why, document, slot, needed, is_open)


def _upload(
    services: Services, who: Person, application_no: str, slot: DocumentType, error: VerifierError | None = None
) -> Response:
    view = queries.case_view(services, application_no)
    document = next((one for one in view.documents if one.slot == slot), None)
    is_open = view.state is CaseState.DRAFT or (view.state is CaseState.RETURNED and slot in view.returned_slots)
    return render(
        "apply/upload.html",
        status=error.spec.status if error else 200,
        visitor=who,
        application_no=application_no,
        slot=slot,
        title=TITLES_ZH[slot],
        document=document,
        is_open=is_open,
        most=services.settings.max_files,
        largest=services.limits.max_bytes // (1024 * 1024),
        error=error,
    )
