"""Errors as `application/problem+json` (RFC 9457) with a stable code, a Chinese sentence and a remedy."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from schemas.base import Model
from schemas.document import DocumentType
from verifier.errors import CODES, InputError, VerifierError
from verifier.web.bodies import BodyTooLargeError
from verifier.web.violations import Violation, violations

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)

PageRenderer = Callable[[Request, VerifierError], Response]


class Problem(Model):
    """What every refused call answers. It never repeats a value that was sent."""

    type: str
    """`urn:verifier:error:<code>`."""
    title: str
    """The code's sentence, the same every time."""
    status: int
    code: str
    """Stable; docs/errors.md lists them all."""
    detail: str
    """The sentence with this occurrence's limits and names."""
    remedy: str
    request_id: str
    """Also in the header `X-Request-Id` and in the log."""
    where: str | None = None
    """The field that is wrong, such as `body.applicant.sex`, `files.2` or `path.slot`."""
    errors: tuple[Violation, ...] | None = None
    """Every field that is wrong, the first of them in `where`."""
    missing: tuple[DocumentType, ...] | None = None
    """The slots a submission still needs."""
    missing_any_of: tuple[tuple[DocumentType, ...], ...] | None = None
    """The same by group: one slot of each group is enough."""


def request_id_of(request: Request) -> str:
    """The id verifier.web.frame gave this request."""
    request_id: str = request.scope["verifier.request_id"]
    return request_id


def title_of(code: str) -> str:
    """A code's sentence without the names and limits of one occurrence."""
    return re.sub(r"\{\w+\}", "…", CODES[code].message)


def problem_of(error: VerifierError, request_id: str, errors: tuple[Violation, ...] | None = None) -> Problem:
    """One of our errors as callers see it."""
    groups = [group.split("|") for group in str(error.details.get("missing", "")).split(",") if group]
    where = error.details.get("where")
    return Problem(
        type=f"urn:verifier:error:{error.code}",
        title=title_of(error.code),
        status=error.spec.status,
        code=error.code,
        detail=error.message,
        remedy=error.remedy,
        request_id=request_id,
        where=None if where is None else str(where),
        errors=errors,
        missing=tuple(DocumentType(slot) for group in groups for slot in group) or None,
        missing_any_of=tuple(tuple(DocumentType(slot) for slot in group) for group in groups) or None,
    )


def answer(
    request: Request, error: VerifierError, errors: tuple[Violation, ...] | None = None, allow: str | None = None
) -> Response:
    """The response for one of our errors: a page where a person navigates, problem+json for everybody else."""
    headers = {"Allow": allow} if allow else {}
    if error.spec.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.spec.status == 503:
        headers["Retry-After"] = "10"
    if error.spec.status == 429:
        headers["Retry-After"] = str(error.details.get("seconds", 60))
    if wants_page(request):
        render: PageRenderer = request.app.state.error_page
        page = render(request, error)
        page.headers.update(headers)
        return page
    body = problem_of(error, request_id_of(request), errors)
    return Response(
        body.model_dump_json(exclude_none=True),
        status_code=error.spec.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer in a browser."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def install(app: FastAPI, methods_of: Callable[[str], tuple[str, ...]]) -> None:
    """Answer every error of the app as a problem. `methods_of` names the methods a path takes.

    What no handler knows passes to verifier.web.frame, which answers it as internal.unexpected.
    """
    app.add_exception_handler(VerifierError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework(methods_of))


async def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, VerifierError):
        raise error
    if error.spec.status >= 500:
        log.warning("request.failed", code=error.code)
    return answer(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = violations(error.errors())
    return answer(request, InputError("request.invalid", where=found[0].where, why=found[0].why), found)


def _framework(methods_of: Callable[[str], tuple[str, ...]]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, BodyTooLargeError):
            return answer(request, InputError("request.too_large", limit_mb=error.limit_mb))
        if not isinstance(error, HTTPException):
            raise error
        if error.status_code == 405:
            allow = ", ".join(methods_of(request.url.path)) or (error.headers or {}).get("Allow", "")
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"Allow": allow})
            return answer(request, InputError("request.method_not_allowed"), allow=allow)
        if error.status_code == 404:
            return answer(request, InputError("request.not_found"))
        if error.status_code == 400:
            return answer(request, InputError("request.invalid", where="body", why="无法解析"))
        log.error("request.unforeseen_status", status=error.status_code)
        return answer(request, VerifierError("internal.unexpected"))

    return handle
