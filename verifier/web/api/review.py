"""The reviewers' desk for programs: the queue, the next case, and what is made of single findings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from schemas.application import Route
from schemas.base import Model
from schemas.case import CaseState
from schemas.finding import Severity
from schemas.review import FindingAction
from verifier.services import findings, record, worklist
from verifier.services.access import Action
from verifier.services.worklist import WorkFilter
from verifier.web.api.applications import ApplicationNo, ClaimBody, JsonOnly
from verifier.web.auth import Allowed, Person
from verifier.web.openapi import refusals
from verifier.web.packet_pdf import packet_pdf
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/api/v1", tags=["review"])

CURSOR_MAX = 80

_BODY_REFUSALS = ("request.invalid", "request.media_type", "request.too_large")


class NextRequest(Model):
    """Which queue the next case is taken from. `after` names a case that was skipped."""

    states: tuple[CaseState, ...] = worklist.TO_CHECK
    batch: str | None = Field(default=None, max_length=61)
    route: Route | None = None
    rule: str | None = Field(default=None, max_length=80)
    severity: Severity | None = None
    after: str | None = Field(default=None, max_length=40)


class FindingRequest(Model):
    """`dismiss` needs a `reason`, `correct` a `value`. `seen` is the review's the action rests on."""

    action: FindingAction
    reason: str = ""
    value: str | None = None
    seen: str | None = Field(default=None, max_length=80)


@router.get("/worklist", summary="待核对队列", openapi_extra=refusals("request.invalid"))
def queue(
    services: ServicesDep,
    _who: Annotated[Person, Depends(Allowed(Action.INSPECT))],
    state: Annotated[list[CaseState] | None, Query()] = None,
    batch: Annotated[str | None, Query(max_length=61)] = None,
    route: Route | None = None,
    rule: Annotated[str | None, Query(max_length=80)] = None,
    severity: Severity | None = None,
    claimed_by: Annotated[str | None, Query(max_length=80)] = None,
    older_than_days: Annotated[int | None, Query(ge=0, le=3650)] = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=worklist.PAGE_MAX)] = 50,
) -> worklist.WorkPage:
    """Cases that wait for a person, by statutory working days left, then by how grave their findings are."""
    wanted = WorkFilter(
        states=worklist.shown_states(state or ()),
        batch=batch,
        route=route,
        rule=rule,
        severity=severity,
        claimed_by=claimed_by,
        older_than_days=older_than_days,
        number=number,
    )
    return worklist.page(services, wanted, cursor, limit)


@router.get("/worklist/counts", summary="待核对数量")
def counts(services: ServicesDep, _who: Annotated[Person, Depends(Allowed(Action.INSPECT))]) -> worklist.Counts:
    """How many cases wait, by state, rule and batch."""
    return worklist.counts(services)


@router.post(
    "/worklist/next",
    summary="领取下一件",
    responses={204: {"description": "Nothing waits."}},
    openapi_extra=refusals("case.not_found", *_BODY_REFUSALS),
)
def take_next(
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.CLAIM))],
    _json: JsonOnly,
    wanted: NextRequest,
) -> ClaimBody:
    """Claim the most urgent case that nobody holds; two callers at once get two. 204 when nothing waits."""
    narrowed = WorkFilter(
        states=worklist.shown_states(wanted.states),
        batch=wanted.batch,
        route=wanted.route,
        rule=wanted.rule,
        severity=wanted.severity,
    )
    held = worklist.claim_next(services, who.name, narrowed, after=wanted.after)
    if held is None:
        return Response(status_code=204)  # type: ignore[return-value]
    return ClaimBody(application_no=held.application_no, holder=held.holder, until=held.until)


@router.get("/applications/{application_no}/review", summary="逐项核定情况", openapi_extra=refusals("case.not_found"))
def review_of(
    application_no: ApplicationNo,
    services: ServicesDep,
    _who: Annotated[Person, Depends(Allowed(Action.INSPECT))],
) -> findings.ReviewView:
    """The findings of the newest advice and what people made of each; `seen` goes with the actions that rest on it."""
    return findings.review_view(services, application_no)


@router.post(
    "/applications/{application_no}/findings/{position}",
    summary="核定一项发现",
    openapi_extra=refusals(
        "case.not_found",
        "case.not_claimed",
        "case.changed",
        "finding.not_found",
        "finding.needs_reason",
        "finding.needs_value",
        *_BODY_REFUSALS,
    ),
)
def decide_finding(
    application_no: ApplicationNo,
    position: Annotated[int, Path(ge=0, le=10_000)],
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.DECIDE))],
    _json: JsonOnly,
    made: FindingRequest,
) -> findings.ReviewView:
    """Confirm, dismiss with a reason, or correct the reading; the machine's reading stays beside it."""
    return findings.decide_finding(
        services, application_no, position, made.action, who.name, reason=made.reason, value=made.value, seen=made.seen
    )


@router.get(
    "/applications/{application_no}/packet.json",
    summary="案卷(JSON)",
    openapi_extra=refusals("case.not_found"),
)
def packet_json(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.EXPORT))],
) -> record.Packet:
    """Everything kept about a case, with the chain of its events, for the archive. Personal data in full; an event."""
    return record.packet(services, application_no, who.name)


@router.get(
    "/applications/{application_no}/packet.pdf",
    summary="案卷(PDF)",
    response_class=Response,
    responses={
        200: {"description": "PDF", "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
    },
    openapi_extra=refusals("case.not_found", "fonts.missing"),
)
def packet_document(
    application_no: ApplicationNo,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.EXPORT))],
) -> Response:
    """The same as one document with the pages' pictures."""
    data = packet_pdf(services, record.packet(services, application_no, who.name), who)
    return Response(data, media_type="application/pdf", headers=attachment(f"{application_no}.pdf"))


def attachment(name: str) -> dict[str, str]:
    """The header that makes a browser save an answer under a name of ours."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
