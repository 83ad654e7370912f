"""Applications: create, upload, submit, read, claim, decide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, UploadFile
from pydantic import Field

from schemas.application import ApplicationForm
from schemas.base import Model
from schemas.case import CaseState, DecisionAction
from schemas.document import DocumentType, Page, QualityProblem
from verifier.errors import InputError
from verifier.services import queries, review, submit
from verifier.services.tokens import Principal
from verifier.web.auth import Action, ServicesDep, allowed

router = APIRouter(prefix="/api/v1/applications", tags=["applications"])


class CreatedBody(Model):
    application_no: str


class CaptureBody(Model):
    """A measure of the capture, at once, before any reading."""

    acceptable: bool
    problems: tuple[QualityProblem, ...]
    pages: tuple[Page, ...]


class SubmittedBody(Model):
    application_no: str
    state: CaseState


class ClaimBody(Model):
    application_no: str
    holder: str
    until: str


class DecisionRequest(Model):
    action: DecisionAction
    reasons: tuple[str, ...] = ()
    note: str = ""
    slots: tuple[DocumentType, ...] | None = Field(
        default=None, description="For `return`: the slots asked again; by default those with findings."
    )


class DecidedBody(Model):
    application_no: str
    state: CaseState


@router.post("", status_code=201, responses={200: {"model": CreatedBody}})
def create(
    form: ApplicationForm,
    response: Response,
    services: ServicesDep,
    who: Annotated[Principal, Depends(allowed(Action.CREATE))],
) -> CreatedBody:
    """Create an application. The same content again answers 200; other content under a taken number 409."""
    created = submit.create_application(services, form, who.name)
    if not created.created:
        response.status_code = 200
    return CreatedBody(application_no=created.application_no)


@router.put("/{application_no}/documents/{slot}", status_code=201)
def upload(
    application_no: str,
    slot: DocumentType,
    files: list[UploadFile],
    services: ServicesDep,
    who: Annotated[Principal, Depends(allowed(Action.UPLOAD))],
) -> CaptureBody:
    """Replace what answers a slot by these files, in page order."""
    limit = services.limits.max_bytes
    uploads: list[bytes] = []
    for file in files:
        # One byte more than allowed tells that it is too large without reading it all.
        data = file.file.read(limit + 1)
        if len(data) > limit:
            raise InputError("file.too_large", limit_mb=limit // (1024 * 1024))
        uploads.append(data)
    capture = submit.put_document(services, application_no, slot, uploads, who.name)
    return CaptureBody(acceptable=capture.acceptable, problems=capture.problems, pages=capture.pages)


@router.post("/{application_no}/submit", status_code=202)
def submit_application(
    application_no: str, services: ServicesDep, who: Annotated[Principal, Depends(allowed(Action.SUBMIT))]
) -> SubmittedBody:
    """Hand the application in; doing it again changes nothing. 422 lists the missing slots."""
    done = submit.submit(services, application_no, who.name)
    return SubmittedBody(application_no=done.application_no, state=done.state)


@router.get("/{application_no}")
def read(
    application_no: str, services: ServicesDep, _who: Annotated[Principal, Depends(allowed(Action.READ))]
) -> queries.CaseView:
    """State, documents, and the result once it is there."""
    return queries.case_view(services, application_no)


@router.get("")
def browse(
    services: ServicesDep,
    _who: Annotated[Principal, Depends(allowed(Action.READ))],
    state: CaseState | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
) -> queries.CasePage:
    """Pages of applications, newest first."""
    return queries.list_cases(services, state, cursor, limit)


@router.post("/{application_no}/claim")
def claim(
    application_no: str, services: ServicesDep, who: Annotated[Principal, Depends(allowed(Action.CLAIM))]
) -> ClaimBody:
    """Take a case for a while; a decision needs the claim."""
    held = review.claim(services, application_no, who.name)
    return ClaimBody(application_no=application_no, holder=who.name, until=held.until.isoformat())


@router.post("/{application_no}/release", status_code=204)
def release(
    application_no: str, services: ServicesDep, who: Annotated[Principal, Depends(allowed(Action.CLAIM))]
) -> None:
    """Give a claimed case back undecided."""
    review.release(services, application_no, who.name)


@router.post("/{application_no}/decision")
def decide(
    application_no: str,
    decision: DecisionRequest,
    services: ServicesDep,
    who: Annotated[Principal, Depends(allowed(Action.DECIDE))],
) -> DecidedBody:
    """A named person's decision on a case they hold."""
    done = review.decide(
        services, application_no, decision.action, who.name, decision.reasons, decision.note, decision.slots
    )
    return DecidedBody(application_no=application_no, state=done.state)
