"""Things in a PDF that do something when it is opened: scripts, programs, films. No honest paper needs them.

Nothing here runs them: PDFium is built without a script engine, and what people see is pixels. The file is refused because
whoever takes it out of the archive one day may open it in a reader that would. Files attached to a PDF stay: electronic
certificates carry their data so; a remark tells staff (verifier.intake.pdf_traces).

Names are looked for in the file's own bytes and in its object streams, in whatever way they are spelt (ISO 32000-1, 7.3.5:
`#6C` for a letter); in a file with a password for its owner only, the latter are unreadable and PDFium is asked alone.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium_c

from verifier.errors import InputError
from verifier.intake.limits import MIB

_ACTIVE = re.compile(rb"/(?:JavaScript|Launch|RichMedia|Rendition|Movie|Sound)(?![A-Za-z0-9])")
"""Values of an action's `/S` and an annotation's `/Subtype` (12.6.4, 12.5.6, 13.2, 13.3; RichMedia: Adobe's extension)."""
_ESCAPED = re.compile(rb"/[^\s/<>\[\](){}%]{0,60}#[0-9A-Fa-f]{2}[^\s/<>\[\](){}%]{0,60}")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.DOTALL)
_MOST_STREAMS = 2_000
_MOST_ESCAPED = 20_000
_UNPACKED = 64 * MIB


def refuse_active(data: bytes, document: Any) -> None:
    """Raises InputError `file.active_content`. `document` is PDFium's."""
    if pdfium_c.FPDFDoc_GetJavaScriptActionCount(document) > 0 or any(map(_acts, (data, *_unpacked(data)))):
        raise InputError("file.active_content")


def _acts(part: bytes) -> bool:
    if _ACTIVE.search(part):
        return True
    escaped = itertools.islice(_ESCAPED.finditer(part), _MOST_ESCAPED)
    return any(_ACTIVE.match(_HEX.sub(lambda code: bytes([int(code[1], 16)]), name[0])) for name in escaped)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Object streams as they are written by all programs: deflated, without another filter."""
    left = _UNPACKED
    for found in itertools.islice(_OBJECT_STREAM.finditer(data), _MOST_STREAMS):
        unpacker = zlib.decompressobj()
        try:
            part = unpacker.decompress(data[found.end() :], max(1, min(left, 8 * MIB)))
        except zlib.error:
            continue
        left -= len(part)
        yield part
        if left <= 0:
            return
