"""A reader that has files opened behind walls. It holds nothing but a path, so threads and forks may share it."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

import structlog

from verifier.errors import CODES, FontsError, InputError, SandboxError, VerifierError
from verifier.intake import Image, Limits
from verifier.ocr.sockets import address_of
from verifier.sandbox import wire
from verifier.sandbox.reader import Measured, Opened, Wish
from verifier.sandbox.wire import Failure, Operation, Reply

TURN_S = 90.0
"""How long a file waits for its turn; the sandbox starts within two seconds, and every file ahead is bounded."""
STARTS = 3
AGAIN_WITHIN_S = 4.0
"""A file whose process died sooner is tried once more; the whole stays below 20 s."""
ANSWER_S = 5.0
"""Beside the deadline, which the sandbox itself keeps: for the answer's way."""

_REFUSALS = frozenset(code for code in CODES if code.startswith(("file.", "page.")))

_FAILURES = {Failure.SLOW: "file.too_slow", Failure.MEMORY: "file.too_costly", Failure.DIED: "file.crashed"}
_JPEG = b"\xff\xd8\xff"

_Answer = tuple[Reply, tuple[Image, ...], bytes]

log = structlog.get_logger(__name__)


class SandboxClient:
    """Asks the sandbox that listens on `path`."""

    def __init__(self, path: Path, *, turn_s: float = TURN_S) -> None:
        self._path = path
        self._turn_s = turn_s

    def measure(self, data: bytes, limits: Limits) -> tuple[Measured, ...]:
        return wire.measured_of(self._ask(Operation.MEASURE, data, limits)[0])

    def open(self, data: bytes, limits: Limits) -> Opened:
        reply, images, _ = self._ask(Operation.OPEN, data, limits)
        return wire.opened_of(reply, images)

    def picture(self, data: bytes, limits: Limits, wish: Wish) -> bytes:
        picture = self._ask(Operation.PICTURE, data, limits, wish)[2]
        if not picture.startswith(_JPEG):
            raise InputError("file.crashed")
        return picture

    def _ask(self, operation: Operation, data: bytes, limits: Limits, wish: Wish | None = None) -> _Answer:
        limits.check_bytes(len(data))
        request = wire.request_of(operation, limits, wish)
        connection, hello = self._turn()
        begun = time.monotonic()
        reply, images, picture = _exchanged(connection, hello, request, data)
        if reply.failure is Failure.DIED and time.monotonic() - begun < AGAIN_WITHIN_S:
            # once more, with all the memory: what killed it may have been want of it, or the machine's trouble
            heavy = request.model_copy(update={"heavy": True})
            reply, images, picture = _exchanged(*self._turn(), heavy, data)
        if reply.failure is not None:
            if reply.where:
                log.error("sandbox.defect", where=reply.where)
            raise InputError(_FAILURES[reply.failure])
        if reply.error is not None:
            raise _refusal(reply)
        return reply, images, picture

    def _turn(self) -> tuple[socket.socket, wire.Hello]:
        """A process that waits for a file. One that ends before it has the file is not the file's fault."""
        until = time.monotonic() + self._turn_s
        reason: Exception | None = None
        for _ in range(STARTS):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.settimeout(self._turn_s)
                with address_of(self._path) as address:
                    connection.connect(address)
                return connection, wire.receive_hello(connection, until)
            except wire.WireError as ended:
                connection.close()
                reason = ended
            except OSError as error:
                connection.close()
                raise SandboxError("sandbox.unavailable") from error
        raise SandboxError("sandbox.unavailable") from reason


def _exchanged(connection: socket.socket, hello: wire.Hello, request: wire.Request, data: bytes) -> _Answer:
    with connection:
        until = time.monotonic() + hello.deadline_s + ANSWER_S
        connection.settimeout(hello.deadline_s + ANSWER_S)
        with contextlib.suppress(OSError):  # it may have left a word about why it went
            wire.send(connection, request, [data])
        try:
            return wire.receive_reply(connection, until)
        except TimeoutError:
            return Reply(failure=Failure.SLOW), (), b""
        except (OSError, wire.WireError):
            return Reply(failure=Failure.DIED), (), b""


def _refusal(reply: Reply) -> VerifierError:
    """What the process said, if it is something it may say."""
    details: dict[str, int | str] = {
        name: value if isinstance(value, int) else value[:60] for name, value in reply.details.items()
    }
    error: VerifierError
    if reply.error == "fonts.missing":
        error = FontsError(reply.error, **details)
    elif reply.error in _REFUSALS:
        error = InputError(reply.error, **details)
    else:
        return InputError("file.crashed")
    try:
        return error if error.message else InputError("file.crashed")
    except KeyError:
        # details that do not fill the sentence are not ours
        return InputError("file.crashed")
