"""Errors as `application/problem+json` (RFC 9457) with a stable code, a Chinese sentence and a remedy."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from verifier.errors import InputError, VerifierError

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


class Problem(JSONResponse):
    media_type = MEDIA_TYPE


def problem(error: VerifierError) -> Problem:
    """The response for one of our errors; `where` and other details come along, never a value that was sent."""
    body: dict[str, Any] = {
        "type": f"urn:verifier:error:{error.code}",
        "title": error.message,
        "status": error.spec.status,
        "code": error.code,
        "detail": error.message,
        "remedy": error.remedy,
    }
    if "where" in error.details:
        body["where"] = error.details["where"]
    if "missing" in error.details:
        body["missing"] = [group.split("|") for group in str(error.details["missing"]).split(",")]
    headers = {"WWW-Authenticate": "Bearer"} if error.spec.status == 401 else None
    return Problem(body, status_code=error.spec.status, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    app.add_exception_handler(VerifierError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _defect)


def _ours(_request: Request, error: Exception) -> Problem:
    if not isinstance(error, VerifierError):
        raise error
    if error.spec.status >= 500:
        log.warning("request.failed", code=error.code)
    return problem(error)


def _invalid(_request: Request, error: Exception) -> Problem:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    why = str(first["msg"]).removeprefix("Value error, ")
    return problem(InputError("request.invalid", where=where, why=why))


_OF_STATUS = {404: "request.not_found", 405: "request.method_not_allowed", 413: "request.too_large"}


def _framework(_request: Request, error: Exception) -> Problem:
    if not isinstance(error, HTTPException):
        raise error
    code = _OF_STATUS.get(error.status_code)
    if code is not None and "{" not in InputError(code).spec.message:
        return problem(InputError(code))
    return problem(InputError("request.invalid", where="request", why="格式不正确"))


def _defect(_request: Request, error: Exception) -> Problem:
    # The trace names code and lines; values of a request are not in it.
    log.error("request.defect", code="internal.unexpected", exc_info=error)
    return problem(VerifierError("internal.unexpected"))
