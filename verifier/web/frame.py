"""Around every request: an id, security headers, one log line, HEAD as GET, and an answer when all else failed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifier.errors import InputError, VerifierError
from verifier.web import problems

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise."""

TLS_HEADERS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Besides, behind TLS: two years, as browsers' preload lists ask."""

ANY_HOST = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked by address, from inside."""

QUIET = frozenset({"/livez", "/readyz", "/metrics", "/static"})
"""Asked every few seconds by machines: not worth a log line each."""

_GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

log = structlog.get_logger(__name__)


class Frame:
    """ASGI middleware, the outermost of ours. `new_id` gives ids to requests that bring none in `X-Request-Id`.

    Requests that name another host than `hosts` are refused, unless that is empty; `tls` tells browsers to insist on it.
    """

    def __init__(
        self, app: ASGIApp, new_id: Callable[[], str], *, hosts: frozenset[str] = frozenset(), tls: bool = False
    ) -> None:
        self._app = app
        self._new_id = new_id
        self._hosts = hosts
        self._headers = {**HEADERS, **(TLS_HEADERS if tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else self._new_id()
        is_head = scope["method"] == "HEAD"
        inner: dict[str, Any] = {**scope, "verifier.request_id": request_id}
        if is_head:
            inner["method"] = "GET"
        status = 0
        begun = time.perf_counter()

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                if self._is_strange(inner):
                    await problems.answer(Request(inner), InputError("request.host"))(inner, receive, framed)
                else:
                    await self._app(inner, receive, framed)
            except Exception:
                # verifier.logs leaves out its message and variables, which hold what was sent
                log.exception("request.defect", code="internal.unexpected")
                if status:
                    raise
                response = problems.answer(Request(inner), VerifierError("internal.unexpected"))
                await response(inner, receive, framed)
            route = _route(inner)
            if route not in QUIET:
                took_ms = round((time.perf_counter() - begun) * 1000)
                log.info("request", method=scope["method"], route=route, status=status, ms=took_ms)

    def _is_strange(self, scope: Scope) -> bool:
        """Whether the request names a host that is not ours."""
        if not self._hosts or scope["path"] in ANY_HOST:
            return False
        named = Headers(scope=scope).get("host", "")
        try:
            return urlsplit(f"//{named}").hostname not in self._hosts
        except ValueError:
            return True


def _route(scope: Scope) -> str | None:
    """The pattern of the path, not the path: what somebody typed there may be anything."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path is None and scope["path"].startswith("/static/"):
        return "/static"
    return path
