"""Looking after the queue: attempts and their retries. For administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from schemas.base import Model
from schemas.case import AttemptState
from schemas.document import DocumentType
from verifier.services import attempts, retries
from verifier.services.access import Action
from verifier.web.auth import Allowed, Person
from verifier.web.bodies import require_json
from verifier.web.openapi import refusals
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/api/v1", tags=["queue"])

CURSOR_MAX = 120
"""Characters; a cursor of ours is shorter."""
NUMBER_MAX = 40

_BODY_REFUSALS = ("request.invalid", "request.media_type", "request.too_large")

Operator = Annotated[Person, Depends(Allowed(Action.OPERATE))]
JsonOnly = Annotated[None, Depends(require_json)]


class RetryRequest(Model):
    """Retry what ended for good for a reason; with `preview` only say how many that would be."""

    error_code: str = Field(max_length=attempts.CODE_MAX)
    preview: bool = True


class RetriedBody(Model):
    """`attempt_id` is the new attempt, waiting in `queue`."""

    attempt_id: str
    application_no: str
    slot: DocumentType
    queue: str


@router.get("/attempts", summary="列出读取", openapi_extra=refusals("request.invalid"))
def browse(
    services: ServicesDep,
    _who: Operator,
    state: AttemptState | None = None,
    error_code: Annotated[str | None, Query(max_length=attempts.CODE_MAX)] = None,
    queue: Annotated[str | None, Query(max_length=NUMBER_MAX)] = None,
    application_no: Annotated[str | None, Query(max_length=NUMBER_MAX)] = None,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX, description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=attempts.PAGE_MAX)] = 50,
) -> attempts.AttemptPage:
    """Pages of attempts to read documents, newest first. `retryable` ones ended for good and may be retried."""
    return attempts.list_attempts(
        services,
        state=state,
        error_code=error_code,
        queue=queue,
        application_no=application_no,
        cursor=cursor,
        limit=limit,
    )


@router.post(
    "/attempts/{attempt_id}/retry",
    summary="重试一次读取",
    status_code=202,
    openapi_extra=refusals("attempt.not_found", "attempt.not_retryable"),
)
def retry(attempt_id: str, services: ServicesDep, who: Operator) -> RetriedBody:
    """Open a new attempt at a document that was given up. The case stays with its person; it is advised anew once the
    document is read, unless somebody holds it."""
    done = retries.retry(services, attempt_id, who.name)
    return RetriedBody(attempt_id=done.attempt_id, application_no=done.application_no, slot=done.slot, queue=done.queue)


@router.post("/attempts/retry", summary="按原因重试读取", openapi_extra=refusals(*_BODY_REFUSALS))
def retry_all(services: ServicesDep, who: Operator, _json: JsonOnly, request: RetryRequest) -> retries.Retries:
    """Retry what was given up for one reason, at most 500 at once; call again while `left` is above 0. Without
    `"preview": false` it only counts."""
    if request.preview:
        return retries.preview(services, request.error_code)
    return retries.retry_all(services, request.error_code, who.name)
