"""The files of one upload: a multipart body taken to disk as it streams, no file larger and no more of them than allowed.

The body is read only after the caller is known to be allowed: FastAPI's own `UploadFile` parameters are filled before
any dependency runs, so that anybody could fill the disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import IO, TYPE_CHECKING

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from verifier.errors import InputError
from verifier.web.bodies import MIB

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = "files"
SPOOL_BYTES = 256 * 1024
"""A file stays in memory up to this size; beyond it lies on disk, without a name, until it is closed."""

OVERHEAD_BYTES = MIB
"""Room for the boundaries and headers of a multipart body beside its files."""


def body_limit(max_files: int, max_file_bytes: int) -> int:
    """Bytes a whole upload may have."""
    return max_files * max_file_bytes + OVERHEAD_BYTES


@asynccontextmanager
async def received(request: Request, *, max_files: int, max_file_bytes: int) -> AsyncIterator[Sequence[IO[bytes]]]:
    """The files of the field `files` in order, each at its start; gone when the context ends.

    Raises InputError: request.media_type, request.invalid (not a multipart body, another field, no file), file.too_many,
    file.too_large. What is refused is still read to its end, without being kept, so that the answer arrives.
    """
    taker = _Taker(max_files, max_file_bytes)
    try:
        parser = _parser(request, taker)
        try:
            async for chunk in request.stream():
                await run_in_threadpool(parser.write, chunk)
            parser.finalize()
        except (FormParserError, ClientDisconnect):
            raise InputError("request.invalid", where="body", why="multipart 内容不完整或格式不正确") from None
        yield taker.done()
    finally:
        taker.close()


def _parser(request: Request, taker: _Taker) -> MultipartParser:
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type != b"multipart/form-data":
        raise InputError("request.media_type", expected="multipart/form-data")
    try:
        return MultipartParser(options[b"boundary"], taker.callbacks())
    except (KeyError, FormParserError):
        raise InputError("request.invalid", where="Content-Type", why="缺少可用的 boundary") from None


class _Taker:
    """Callbacks of the multipart parser: keeps what is allowed, remembers the first thing that is not."""

    def __init__(self, max_files: int, max_file_bytes: int) -> None:
        self._max_files = max_files
        self._max_file_bytes = max_file_bytes
        self._files: list[IO[bytes]] = []
        self._refusal: InputError | None = None
        self._ended = False
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._size = 0

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._more_header,
            "on_header_value": self._more_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._keep,
            "on_end": self._end,
        }

    def done(self) -> Sequence[IO[bytes]]:
        """Raises InputError for what was wrong with the upload."""
        if self._refusal is not None:
            raise self._refusal
        if not self._ended:
            raise InputError("request.invalid", where="body", why="multipart 内容不完整或格式不正确")
        if not self._files:
            raise InputError("request.invalid", where=FIELD, why="缺少文件")
        for file in self._files:
            file.seek(0)
        return tuple(self._files)

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _begin_part(self) -> None:
        self._header = self._value = self._disposition = b""
        self._size = 0

    def _more_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _more_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") != FIELD.encode():
            self._refuse(InputError("request.invalid", where=FIELD, why=f"只接受名为 {FIELD} 的文件字段"))
        elif b"filename" not in options:
            self._refuse(InputError("request.invalid", where=FIELD, why="须为文件,不能是文字"))
        elif len(self._files) == self._max_files:
            self._refuse(InputError("file.too_many", limit=self._max_files, where=FIELD))
        elif self._refusal is None:
            self._files.append(tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115 - closed by close()

    def _keep(self, data: bytes, start: int, end: int) -> None:
        if self._refusal is not None:
            return
        self._size += end - start
        if self._size > self._max_file_bytes:
            where = f"{FIELD}.{len(self._files) - 1}"
            self._refuse(InputError("file.too_large", limit_mb=self._max_file_bytes // MIB, where=where))
            return
        self._files[-1].write(data[start:end])

    def _end(self) -> None:
        self._ended = True

    def _refuse(self, refusal: InputError) -> None:
        if self._refusal is None:
            self._refusal = refusal
            self.close()
