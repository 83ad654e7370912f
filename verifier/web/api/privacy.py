"""Looking closer at one value, and the applicant's rights to what is kept of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import Field

from schemas.base import Model
from schemas.privacy import CorrectionRequest, UnmaskReason
from verifier.services import own_data, unmask
from verifier.services.access import Action
from verifier.web.api.applications import ApplicationNo
from verifier.web.auth import Allowed, Person
from verifier.web.bodies import require_json
from verifier.web.openapi import refusals
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/api/v1/applications", tags=["privacy"])

JsonOnly = Annotated[None, Depends(require_json)]

_BODY_REFUSALS = ("request.invalid", "request.media_type", "request.too_large")


class UnmaskRequest(Model):
    """`field` of the application (`applicant.id_number`) or of a document (`resident_id_card.address`)."""

    field: str = Field(max_length=unmask.FIELD_MAX)
    reason: UnmaskReason


class Unmasked(Model):
    field: str
    value: str


class CorrectionBody(Model):
    """Which value is wrong, and what is right."""

    field: str = Field(min_length=1, max_length=own_data.FIELD_MAX)
    text: str = Field(min_length=1, max_length=own_data.TEXT_MAX)


class Corrections(Model):
    items: tuple[CorrectionRequest, ...]


@router.post(
    "/{application_no}/unmask",
    summary="查看一个字段的明文",
    openapi_extra=refusals("case.not_found", "case.erased", "case.field_not_found", *_BODY_REFUSALS),
)
def show_plain(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.UNMASK))],
    _json: JsonOnly,
    request: UnmaskRequest,
) -> Unmasked:
    """The plain value of one field. It is an event, with the reason."""
    value = unmask.unmask(services, application_no, request.field, request.reason, who.name)
    return Unmasked(field=request.field, value=value)


@router.get(
    "/{application_no}/export",
    summary="下载本人信息副本",
    response_class=StreamingResponse,
    responses={
        200: {"description": "ZIP", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
    },
    openapi_extra=refusals("case.not_found", "case.erased"),
)
def export(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.OWN_DATA))],
) -> StreamingResponse:
    """Everything kept of the application, as a ZIP: what was stated, the files, what was read, decisions, requests, events."""
    headers = {"Content-Disposition": f'attachment; filename="{application_no}.zip"'}
    parts = own_data.export(services, application_no, who.name)
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


@router.post(
    "/{application_no}/corrections",
    summary="请求更正个人信息",
    status_code=201,
    openapi_extra=refusals("case.not_found", "case.erased", *_BODY_REFUSALS),
)
def ask(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.OWN_DATA))],
    _json: JsonOnly,
    body: CorrectionBody,
) -> Corrections:
    """Record what is wrong, for the bureau to answer; all requests of the application come back."""
    own_data.ask_correction(services, application_no, body.field, body.text, who.name)
    return Corrections(items=own_data.corrections(services, application_no))


@router.get(
    "/{application_no}/corrections",
    summary="查看更正请求",
    openapi_extra=refusals("case.not_found", "case.erased"),
)
def asked(
    application_no: ApplicationNo,
    services: ServicesDep,
    _who: Annotated[Person, Depends(Allowed(Action.READ))],
) -> Corrections:
    """What the applicant asked to have corrected, oldest first."""
    return Corrections(items=own_data.corrections(services, application_no))
