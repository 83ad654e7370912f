"""How a client and a confined process talk: length-prefixed frames of one JSON header and raw bytes. Never pickle.

    frame    = magic "ZVS1" | header length, 4 bytes | body length, 8 bytes | header (JSON, UTF-8) | body
    hello    process -> client    the process is there and its clock runs; header `Hello`, no body
    request  client -> process    header `Request`, body = the file
    reply    process -> client    header `Reply`, body = the pixels of its pages, one after the other, BGR uint8

The client believes nothing: a reply over a limit, or one that does not add up, is no reply.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import Field, ValidationError

from schemas.base import Model
from schemas.document import PageQuality
from schemas.reading import Line, SignalKind
from verifier.intake import DecodedPage, Image, Limits, Trace
from verifier.sandbox.reader import Measured, Opened, Wish

_M = TypeVar("_M", bound=Model)

MAGIC = b"ZVS1"
PREFIX = struct.Struct("!4sIQ")
HEADER_LIMIT = 64 * 1024 * 1024
"""A page's text as JSON takes a few hundred bytes a line."""
PICTURE_LIMIT = 64 * 1024 * 1024
BODY_LIMIT = 1024 * 1024 * 1024


class WireError(Exception):
    """The other side went away or broke the protocol."""


class Operation(StrEnum):
    MEASURE = "measure"
    OPEN = "open"
    PICTURE = "picture"


class Failure(StrEnum):
    """How a process ended without an answer."""

    SLOW = "slow"
    MEMORY = "memory"
    DIED = "died"


class Options(Model):
    """How processes are bound: `memory_mb` (MiB) beyond what the mother has, `deadline_s` from the fork, as many at once
    as `children`; `readable` are folders with fonts."""

    memory_mb: int = Field(ge=1)
    deadline_s: float = Field(gt=0)
    children: int = Field(ge=1)
    readable: tuple[str, ...] = ()


class Ready(Model):
    """The mother's one line to the host: which walls stand."""

    network: bool
    files: bool
    calls: bool


class Hello(Model):
    deadline_s: float = Field(gt=0)


class Request(Model):
    """`limits` are those of verifier.intake.Limits by name; `fonts_dir` is a path."""

    operation: Operation
    limits: dict[str, int]
    fonts_dir: str | None = None
    wish: Wish | None = None
    heavy: bool = False
    """Give it all the memory from the start: a process died of it, perhaps for want of some."""


class MeasuredHead(Model):
    number: int
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    quality: PageQuality


class PageHead(Model):
    number: int
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    text_lines: tuple[Line, ...] = ()
    unseen_lines: tuple[Line, ...] = ()


class TraceHead(Model):
    kind: SignalKind
    detail: str = Field(max_length=200)
    page: int | None = None
    strong: bool = False


class Reply(Model):
    """`error` is a code of verifier.errors with its details, `failure` says that there is no answer; else one of the
    others is."""

    error: str | None = None
    details: dict[str, int | str] = Field(default_factory=dict)
    failure: Failure | None = None
    where: str = Field(default="", max_length=120, pattern=r"^[\w ./:<>-]*$")
    """The place in our own code, for the log, when a defect of ours was the reason."""
    measured: tuple[MeasuredHead, ...] = ()
    pages: tuple[PageHead, ...] = ()
    picture_bytes: int = Field(default=0, ge=0, le=PICTURE_LIMIT)
    """Of a JPEG that is the body."""
    traces: tuple[TraceHead, ...] = ()


def request_of(operation: Operation, limits: Limits, wish: Wish | None = None) -> Request:
    numbers = {name: value for name, value in vars(limits).items() if isinstance(value, int)}
    fonts_dir = str(limits.fonts_dir) if limits.fonts_dir else None
    return Request(operation=operation, limits=numbers, fonts_dir=fonts_dir, wish=wish)


def limits_of(request: Request) -> Limits:
    return Limits(**request.limits, fonts_dir=Path(request.fonts_dir) if request.fonts_dir else None)


def measured_reply(pages: Sequence[Measured]) -> Reply:
    return Reply(measured=tuple(MeasuredHead.model_validate(vars(page)) for page in pages))


def measured_of(reply: Reply) -> tuple[Measured, ...]:
    return tuple(Measured(head.number, head.width, head.height, head.quality) for head in reply.measured)


def opened_reply(opened: Opened) -> tuple[Reply, list[Image]]:
    heads = tuple(
        PageHead(
            number=page.number,
            width=page.image.shape[1],
            height=page.image.shape[0],
            text_lines=page.text_lines,
            unseen_lines=page.unseen_lines,
        )
        for page in opened.pages
    )
    return Reply(pages=heads, traces=tuple(TraceHead.model_validate(vars(trace)) for trace in opened.traces)), [
        page.image for page in opened.pages
    ]


def opened_of(reply: Reply, images: Sequence[Image]) -> Opened:
    return Opened(
        pages=tuple(
            DecodedPage(image=image, number=head.number, text_lines=head.text_lines, unseen_lines=head.unseen_lines)
            for head, image in zip(reply.pages, images, strict=True)
        ),
        traces=tuple(
            Trace(kind=head.kind, detail=head.detail, page=head.page, strong=head.strong) for head in reply.traces
        ),
    )


def send(connection: socket.socket, header: Model, parts: Sequence[bytes | memoryview] = ()) -> None:
    """Write one frame. Raises OSError as sockets do, WireError for a frame over the limits."""
    text = header.model_dump_json().encode()
    views = [memoryview(part).cast("B") for part in parts]
    body = sum(view.nbytes for view in views)
    if len(text) > HEADER_LIMIT or body > BODY_LIMIT:
        raise WireError("a frame over the limit")
    _write(connection, PREFIX.pack(MAGIC, len(text), body) + text)
    for view in views:
        _write(connection, view)


def _write(connection: socket.socket, data: bytes | memoryview) -> None:
    if connection.gettimeout() is not None:
        connection.sendall(data)
        return
    # write(2): the confined process may not call send(2)
    view = memoryview(data)
    while view:
        view = view[os.write(connection.fileno(), view) :]


def receive_hello(connection: socket.socket, deadline: float) -> Hello:
    header, length = _head(connection, deadline)
    if length:
        raise WireError("a body where none belongs")
    return _parse(Hello, header)


def receive_request(connection: socket.socket, deadline: float) -> tuple[Request, bytes]:
    header, length = _head(connection, deadline)
    body = bytearray(length)
    _fill(connection, memoryview(body), deadline)
    return _parse(Request, header), bytes(body)


def receive_reply(connection: socket.socket, deadline: float) -> tuple[Reply, tuple[Image, ...], bytes]:
    """A reply, its pages, read straight into arrays, and its picture. `deadline` is on time.monotonic().

    Raises TimeoutError after `deadline`, WireError when the other side went away or sent what is no reply.
    """
    header, length = _head(connection, deadline)
    reply = _parse(Reply, header)
    if sum(head.width * head.height * 3 for head in reply.pages) + reply.picture_bytes != length:
        raise WireError("pages and body differ")
    images = []
    for head in reply.pages:
        image: Image = np.empty((head.height, head.width, 3), dtype=np.uint8)
        _fill(connection, image.data.cast("B"), deadline)
        images.append(image)
    picture = bytearray(reply.picture_bytes)
    _fill(connection, memoryview(picture), deadline)
    return reply, tuple(images), bytes(picture)


def _head(connection: socket.socket, deadline: float) -> tuple[bytes, int]:
    prefix = bytearray(PREFIX.size)
    _fill(connection, memoryview(prefix), deadline)
    magic, header_length, body_length = PREFIX.unpack(prefix)
    if magic != MAGIC or header_length > HEADER_LIMIT or body_length > BODY_LIMIT:
        raise WireError("not a frame, or one over the limit")
    header = bytearray(header_length)
    _fill(connection, memoryview(header), deadline)
    return bytes(header), body_length


def _fill(connection: socket.socket, view: memoryview, deadline: float) -> None:
    while view:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.settimeout(remaining)
        try:
            count = connection.recv_into(view)
        except ConnectionError as gone:
            raise WireError("reset") from gone
        if count == 0:
            raise WireError("closed")
        view = view[count:]


def _parse(model: type[_M], header: bytes) -> _M:
    try:
        return model.model_validate_json(header)
    except ValidationError as wrong:
        # the cause would print the header, which holds what stands on a page
        raise WireError(f"no {model.__name__}: {wrong.error_count()} errors") from None
