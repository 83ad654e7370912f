"""How a client and the engine host talk: length-prefixed frames of one JSON header and raw pixels. Never pickle.

    frame   = magic "ZVV1" | header length, 4 bytes | body length, 8 bytes | header (JSON, UTF-8) | body
    hello   host -> client    once the host turns to this connection
    request client -> host    header `Request`, body = the pixels of its images, one after the other, BGR uint8
    reply   host -> client    header `Reply` with the request's id, no body

One connection carries one request, so that a client that dies or loses interest just closes it.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import numpy as np
from pydantic import Field, ValidationError

from schemas.base import Model
from schemas.reading import Line
from verifier.ocr.engine import Image, Recognition

_M = TypeVar("_M", bound=Model)

MAGIC = b"ZVV1"
PREFIX = struct.Struct("!4sIQ")
HEADER_LIMIT = 8 * 1024 * 1024
BODY_LIMIT = 256 * 1024 * 1024
"""A page of 60 million pixels, the most that intake lets through, is 180 MB."""


class WireError(Exception):
    """The other side broke the protocol: the connection is useless, the process behind it is not."""


class ClosedError(WireError):
    """The other side closed the connection in the middle of a frame or instead of one."""


class Operation(StrEnum):
    READ = "read"
    RECOGNISE = "recognise"


class Hello(Model):
    """The host is ready for this client; `name` is the engine's."""

    name: str


class Request(Model):
    """`shapes` are (height, width) of the images in the body; `deadline_s` counts from the arrival of the frame."""

    id: str = Field(max_length=64)
    operation: Operation
    deadline_s: float = Field(gt=0)
    shapes: tuple[tuple[int, int], ...]


class Reply(Model):
    """`lines` answers READ and `recognitions` RECOGNISE; `error` is a code of verifier.errors instead of either."""

    id: str
    lines: tuple[Line, ...] = ()
    recognitions: tuple[Recognition, ...] = ()
    error: str | None = None


def send(connection: socket.socket, header: Model, images: Sequence[Image] = ()) -> None:
    """Write one frame. Raises OSError as sockets do, ValueError for images that are not BGR uint8 pages."""
    text = header.model_dump_json().encode()
    body = sum(image.nbytes for image in images)
    if len(text) > HEADER_LIMIT or body > BODY_LIMIT:
        raise ValueError(f"a frame of {len(text)} + {body} bytes is over the limit")
    connection.sendall(PREFIX.pack(MAGIC, len(text), body) + text)
    for image in images:
        connection.sendall(np.ascontiguousarray(image).data.cast("B"))


def shapes_of(images: Sequence[Image]) -> tuple[tuple[int, int], ...]:
    """The `shapes` of a request. Raises ValueError for anything but BGR uint8 images with at least one pixel."""
    for image in images:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise ValueError(f"not a BGR uint8 image: {image.dtype} {image.shape}")
    return tuple((int(image.shape[0]), int(image.shape[1])) for image in images)


def receive_hello(connection: socket.socket, deadline: float) -> Hello:
    return _parse(Hello, *_receive(connection, deadline))


def receive_reply(connection: socket.socket, deadline: float) -> Reply:
    return _parse(Reply, *_receive(connection, deadline))


def receive_request(connection: socket.socket, deadline: float) -> tuple[Request, tuple[Image, ...]]:
    """One request and its images. `deadline` is on time.monotonic().

    Raises TimeoutError after `deadline`, ClosedError when the client went away, WireError for garbage: a wrong magic,
    lengths over the limits, a header that is no Request, shapes that do not add up to the body.
    """
    header, body = _receive(connection, deadline)
    request = _parse_model(Request, header)
    if any(height < 1 or width < 1 for height, width in request.shapes):
        raise WireError("an image without pixels")
    sizes = [height * width * 3 for height, width in request.shapes]
    if sum(sizes) != len(body):
        raise WireError("shapes and body differ")
    pixels = np.frombuffer(body, dtype=np.uint8)
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    images = tuple(
        pixels[start : start + size].reshape(height, width, 3)
        for start, size, (height, width) in zip(starts, sizes, request.shapes, strict=True)
    )
    return request, images


def _receive(connection: socket.socket, deadline: float) -> tuple[bytearray, bytearray]:
    magic, header_length, body_length = PREFIX.unpack(_read(connection, PREFIX.size, deadline))
    if magic != MAGIC:
        raise WireError("not a frame")
    if header_length > HEADER_LIMIT or body_length > BODY_LIMIT:
        raise WireError("a frame over the limit")
    return _read(connection, header_length, deadline), _read(connection, body_length, deadline)


def _read(connection: socket.socket, size: int, deadline: float) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.settimeout(remaining)
        try:
            count = connection.recv_into(view)
        except ConnectionError as gone:
            raise ClosedError("reset") from gone
        if count == 0:
            raise ClosedError("closed")
        view = view[count:]
    return data


def _parse(model: type[_M], header: bytearray, body: bytearray) -> _M:
    if body:
        raise WireError("a body where none belongs")
    return _parse_model(model, header)


def _parse_model(model: type[_M], header: bytearray) -> _M:
    try:
        return model.model_validate_json(bytes(header))
    except ValidationError as wrong:
        # The cause would print the header, which may hold what was read from a page.
        raise WireError(f"no {model.__name__}: {wrong.error_count()} errors") from None
