"""Looking after the queue: attempts and their retries, paused queues, drained workers. For administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from schemas.base import Model
from schemas.case import AttemptState
from schemas.document import DocumentType
from verifier.services import attempts, holds, machinery, retries
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


class PauseRequest(Model):
    """Why, for those who find the queue paused; no personal data."""

    why: str = Field(default="", max_length=holds.WHY_MAX)


class Queues(Model):
    items: tuple[machinery.QueueView, ...]


class Workers(Model):
    items: tuple[machinery.WorkerView, ...]


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


@router.get("/queues", summary="列出队列")
def queues(services: ServicesDep, _who: Operator) -> Queues:
    """Every queue: what waits and runs, how many workers listen, and who paused it."""
    return Queues(items=machinery.queues(services))


@router.post("/queues/{queue}/pause", summary="暂停队列", openapi_extra=refusals("queue.unknown", *_BODY_REFUSALS))
def pause(queue: str, services: ServicesDep, who: Operator, _json: JsonOnly, request: PauseRequest) -> Queues:
    """Nothing of the queue is begun any more; what is being read is finished, uploads land and wait. Doing it again changes
    nothing."""
    holds.pause(services, queue, who.name, request.why)
    return Queues(items=machinery.queues(services))


@router.post("/queues/{queue}/resume", summary="恢复队列", openapi_extra=refusals("queue.unknown"))
def resume(queue: str, services: ServicesDep, who: Operator) -> Queues:
    """Let a paused queue go on."""
    holds.resume(services, queue, who.name)
    return Queues(items=machinery.queues(services))


@router.get("/workers", summary="列出处理进程")
def workers(services: ServicesDep, _who: Operator) -> Workers:
    """Workers that live, that were drained, and that worked within the last 24 hours."""
    return Workers(items=machinery.workers(services))


@router.post("/workers/{worker}/drain", summary="停用处理进程", openapi_extra=refusals("worker.not_found"))
def drain(worker: str, services: ServicesDep, who: Operator) -> Workers:
    """The worker ends after its present job and is not started again until it is resumed."""
    holds.drain(services, worker, who.name)
    return Workers(items=machinery.workers(services))


@router.post("/workers/{worker}/resume", summary="恢复处理进程", openapi_extra=refusals("worker.not_found"))
def resume_worker(worker: str, services: ServicesDep, who: Operator) -> Workers:
    """Let the unit of a drained worker start it again, under a new name."""
    holds.resume_worker(services, worker, who.name)
    return Workers(items=machinery.workers(services))
