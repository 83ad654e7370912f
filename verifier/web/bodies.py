"""How much of a request body is taken: counted while it streams, refused before it is kept."""

from __future__ import annotations

from dataclasses import dataclass

import anyio
from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifier.errors import InputError

MIB = 1024 * 1024
JSON_LIMIT = MIB
"""Bytes of any body that is not an upload. An application form takes two kilobytes."""

DRAIN_BYTES = 64 * MIB
DRAIN_S = 10.0
"""What is still read, and thrown away, of a body that was answered before its end: a connection that is closed with bytes
unread (`Connection: close`, as proxies send) is reset, and the reset takes the answer with it."""

_KEY = "verifier.body"


@dataclass
class Body:
    """The body of one request. `limit` may be raised by who knows better before it is read; all in bytes."""

    limit: int
    declared: int | None
    received: int = 0
    ended: bool = False

    @property
    def empty(self) -> bool:
        return self.declared in (None, 0) and self.ended


class BodyTooLargeError(HTTPException):
    """Raised while the body is read. Of this class because the framework turns every other error of reading into a 400."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit_mb = limit // MIB


class BodyLimit:
    """ASGI middleware: bodies over their limit end in BodyTooLargeError, whatever they declare."""

    def __init__(self, app: ASGIApp, limit: int = JSON_LIMIT) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = _declared(headers)
        body = Body(self._limit, declared, ended=declared in (None, 0) and "transfer-encoding" not in headers)
        scope[_KEY] = body

        async def bounded() -> Message:
            if (body.declared or 0) > body.limit:
                raise BodyTooLargeError(body.limit)
            message = await receive()
            _count(body, message)
            if body.received > body.limit:
                raise BodyTooLargeError(body.limit)
            return message

        async def answer(message: Message) -> None:
            # who waits for a "100 Continue" has not sent the body and needs no draining
            if message["type"] == "http.response.start" and not body.ended and "expect" not in headers:
                await _drain(receive, body)
            await send(message)

        await self._app(scope, bounded, answer)


def body_of(request: Request) -> Body:
    """The counted body of a request."""
    body: Body = request.scope[_KEY]
    return body


def require_json(request: Request) -> None:
    """A dependency: raises InputError request.media_type (415) for a body that does not call itself JSON."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body_of(request).empty and media_type != "application/json" and not media_type.endswith("+json"):
        raise InputError("request.media_type", expected="application/json")


def _declared(headers: Headers) -> int | None:
    value = headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() else None


def _count(body: Body, message: Message) -> None:
    if message["type"] == "http.request":
        body.received += len(message.get("body", b""))
        body.ended = not message.get("more_body", False)
    else:
        body.ended = True


async def _drain(receive: Receive, body: Body) -> None:
    if (body.declared or 0) - body.received > DRAIN_BYTES:
        return
    until = body.received + DRAIN_BYTES
    with anyio.move_on_after(DRAIN_S):
        while not body.ended and body.received < until:
            _count(body, await receive())
