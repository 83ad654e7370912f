"""Applications: create, upload, submit, read, claim, decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import IO, Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from schemas.application import ApplicationForm
from schemas.base import Model
from schemas.case import CaseState, DecisionAction, Role
from schemas.document import DocumentType, Page, QualityProblem
from schemas.review import Notice
from verifier.errors import InputError
from verifier.services import access, by_hand, queries, review, submit, withdraw
from verifier.services.access import Action
from verifier.services.context import Services
from verifier.services.rations import require_ration, take_ration
from verifier.web import uploads
from verifier.web.auth import Allowed, Person
from verifier.web.bodies import body_of, require_json
from verifier.web.openapi import refusals
from verifier.web.pages.forms import address_of
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/api/v1/applications", tags=["applications"])

_APPLICATION_NO = re.compile(r"[A-Za-z0-9_-]{4,40}")

_FILE_REFUSALS = (
    "file.active_content",
    "file.broken",
    "file.crashed",
    "file.empty",
    "file.encrypted",
    "file.polyglot",
    "file.too_costly",
    "file.too_large",
    "file.too_many",
    "file.too_many_pages",
    "file.too_many_pixels",
    "file.too_slow",
    "file.too_small",
    "file.type_not_allowed",
    "sandbox.unavailable",
)

_BODY_REFUSALS = ("request.invalid", "request.media_type", "request.too_large")

CURSOR_MAX = 24
"""Characters; a cursor of ours is shorter, and a longer one would name a row beyond any database."""


def known_number(
    application_no: Annotated[str, Path(description="Of the application.", examples=["HD2026A000123"])],
) -> str:
    """A dependency: raises InputError case.not_found for what cannot be an application number, before anybody looks."""
    if not _APPLICATION_NO.fullmatch(application_no):
        raise InputError("case.not_found")
    return application_no


ApplicationNo = Annotated[str, Depends(known_number)]
JsonOnly = Annotated[None, Depends(require_json)]


class CreatedBody(Model):
    application_no: str


class CaptureBody(Model):
    """A measure of the capture, at once, before any reading."""

    acceptable: bool
    problems: tuple[QualityProblem, ...]
    pages: tuple[Page, ...]


class SubmittedBody(Model):
    """`queued` documents wait to be read; 0 when the call changed nothing."""

    application_no: str
    state: CaseState
    queued: int


class WithdrawnBody(Model):
    application_no: str
    state: CaseState


class ByHandBody(Model):
    application_no: str
    state: CaseState


class ClaimBody(Model):
    """The case is `holder`'s `until` then; claiming again holds it longer."""

    application_no: str
    holder: str
    until: datetime


class DecisionRequest(Model):
    """A decision. Reasons are rule ids or sentences; what burdens the applicant needs at least one."""

    action: DecisionAction
    reasons: tuple[str, ...] = ()
    note: str = ""
    slots: tuple[DocumentType, ...] | None = Field(
        default=None, description="For `return`: the slots asked again; by default those with findings."
    )
    seen: str | None = Field(default=None, max_length=80, description="Of the review the decision rests on.")
    notice: Notice | None = Field(default=None, description="For `return`: the correction notice, item by item.")
    whole: bool = Field(default=False, description="For `accept`: refuse unless every finding was decided.")


class DecidedBody(Model):
    """`slots` are those a return asks for again."""

    application_no: str
    state: CaseState
    slots: tuple[DocumentType, ...]


@router.post(
    "",
    summary="建立申请",
    status_code=201,
    responses={200: {"model": CreatedBody, "description": "The very same application was there already."}},
    openapi_extra=refusals("case.exists", "case.unknown_batch", *_BODY_REFUSALS),
)
def create(
    response: Response,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.CREATE))],
    _json: JsonOnly,
    form: ApplicationForm,
) -> CreatedBody:
    """Create an application: `application.json` without `documents`. The same content again answers 200."""
    if who.role is Role.APPLICANT and form.application_no is not None:
        # whoever may choose a number learns which ones are taken
        raise InputError("request.invalid", where="body.application_no", why="由系统编号,不能指定")
    created = submit.create_application(services, form, who.name, who.owner_id)
    if not created.created:
        response.status_code = 200
    response.headers["Location"] = f"{router.prefix}/{created.application_no}"
    return CreatedBody(application_no=created.application_no)


_MULTIPART = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [uploads.FIELD],
                "properties": {
                    uploads.FIELD: {
                        "type": "array",
                        "description": "In page order; told by content, whatever they are called.",
                        "items": {"type": "string", "format": "binary"},
                    }
                },
            }
        }
    },
}


@router.put(
    "/{application_no}/documents/{slot}",
    summary="上传一项材料",
    status_code=201,
    openapi_extra={
        "requestBody": _MULTIPART,
        **refusals(
            "case.not_found", "case.locked", "storage.unavailable", *_FILE_REFUSALS, *_BODY_REFUSALS, "request.too_many"
        ),
    },
)
async def upload(
    application_no: ApplicationNo,
    slot: DocumentType,
    request: Request,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.UPLOAD))],
) -> CaptureBody:
    """Replace what answers a slot by these files, in page order; a file that is refused changes nothing."""
    capture = await take_files(request, services, who, application_no, slot)
    return CaptureBody(acceptable=capture.acceptable, problems=capture.problems, pages=capture.pages)


async def take_files(
    request: Request, services: Services, who: Person, application_no: str, slot: DocumentType
) -> submit.Capture:
    """The files of a multipart body put into a slot, within the caller's ration: what interface and pages do alike.

    Raises what uploads.received, rations and submit.put_document raise.
    """
    most, largest = services.settings.max_files, services.limits.max_bytes
    address = address_of(request)
    await run_in_threadpool(require_ration, services, who, address)
    body_of(request).limit = uploads.body_limit(most, largest)
    async with uploads.received(request, max_files=most, max_file_bytes=largest) as files:
        put = partial(_put, services, application_no, slot, files, who, address)
        return await anyio.to_thread.run_sync(put, limiter=request.app.state.measuring)


def _put(
    services: Services, application_no: str, slot: DocumentType, files: Sequence[IO[bytes]], who: Person, address: str
) -> submit.Capture:
    uploads = [file.read() for file in files]
    take_ration(services, who, address, files=len(uploads), size=sum(map(len, uploads)))
    return submit.put_document(services, application_no, slot, uploads, who.name)


@router.post(
    "/{application_no}/submit",
    summary="提交申请",
    status_code=202,
    openapi_extra=refusals("case.not_found", "case.slots_missing", "case.locked", "case.unknown_batch"),
)
def submit_application(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.SUBMIT))],
) -> SubmittedBody:
    """Hand the application in; doing it again changes nothing. 422 lists the missing slots."""
    done = submit.submit(services, application_no, who.name)
    return SubmittedBody(application_no=done.application_no, state=done.state, queued=done.queued)


@router.post("/{application_no}/withdraw", summary="撤回申请", openapi_extra=refusals("case.not_found", "case.locked"))
def withdraw_application(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.WITHDRAW))],
) -> WithdrawnBody:
    """Take the application back for the applicant: nothing of it is read or decided any more. Doing it again changes
    nothing; a decided application cannot be withdrawn."""
    withdraw.withdraw(services, application_no, who.name)
    return WithdrawnBody(application_no=application_no, state=CaseState.WITHDRAWN)


@router.get("/{application_no}", summary="查看一件申请", openapi_extra=refusals("case.not_found"))
def read(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.READ))],
) -> queries.CaseView:
    """State, documents, and the result once it is there. For staff this is an event: full numbers were seen. An
    applicant, and an integration, which may speak with one, are not told why a file looks suspicious."""
    if who.role in (Role.INTEGRATION, Role.APPLICANT):
        return queries.without_suspicions(queries.case_view(services, application_no))
    return review.open_case(services, application_no, who.name)


@router.get("", summary="列出申请", openapi_extra=refusals("request.invalid"))
def browse(
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.LIST))],
    state: CaseState | None = None,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX, description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
) -> queries.CasePage:
    """Pages of applications, newest first; an applicant's own."""
    return queries.list_cases(services, state, cursor, limit, who.owner_id)


@router.post("/{application_no}/by-hand", summary="转人工核对", openapi_extra=refusals("case.not_found", "case.locked"))
def take_by_hand(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.CLAIM))],
) -> ByHandBody:
    """Hand a case that waits to be read over to people now: what nobody read is `not_read`. What is read later is added to
    the documents and changes nothing else. Doing it again changes nothing."""
    return ByHandBody(application_no=application_no, state=by_hand.take(services, application_no, who.name))


@router.post(
    "/{application_no}/claim",
    summary="领取申请",
    openapi_extra=refusals("case.not_found", "case.claimed", "case.locked"),
)
def claim(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.CLAIM))],
) -> ClaimBody:
    """Take a case for a while; a decision needs the claim."""
    held = review.claim(services, application_no, who.name)
    return ClaimBody(application_no=application_no, holder=held.holder, until=held.until)


@router.post(
    "/{application_no}/release",
    summary="交回申请",
    status_code=204,
    openapi_extra=refusals("case.not_found", "case.not_claimed"),
)
def release(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.CLAIM))],
) -> None:
    """Give a claimed case back undecided."""
    review.release(services, application_no, who.name)


@router.post(
    "/{application_no}/decision",
    summary="作出决定",
    openapi_extra=refusals(
        "case.not_found",
        "case.not_claimed",
        "case.locked",
        "case.same_person",
        "case.changed",
        "case.findings_undecided",
        "case.findings_confirmed",
        "case.needs_reason",
        *_BODY_REFUSALS,
    ),
)
def decide(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.DECIDE))],
    _json: JsonOnly,
    decision: DecisionRequest,
) -> DecidedBody:
    """A named person's decision on a case they hold; `reopen` takes up a decided one, with its reason.

    A refusal, and a pass drawn for a second look, answers `awaiting_second`: it is done when another person decides the
    same. When they decide otherwise, the case goes back to review with both decisions in its record.
    """
    access.require(who, access.action_of(decision.action))
    if decision.action is DecisionAction.REOPEN:
        review.reopen(services, application_no, who.name, ";".join(decision.reasons))
        return DecidedBody(application_no=application_no, state=CaseState.NEEDS_REVIEW, slots=())
    done = review.decide(
        services,
        application_no,
        decision.action,
        who.name,
        decision.reasons,
        decision.note,
        decision.slots,
        seen=decision.seen,
        notice=decision.notice,
        whole=decision.whole,
    )
    return DecidedBody(application_no=application_no, state=done.state, slots=done.slots)
