"""Editors that signed a picture: EXIF, XMP, PNG text. ISO/IEC 10918-1 (JPEG), W3C PNG, RFC 9649 (WebP), CIPA DC-008.

Read leniently and without decoding a pixel: whatever is damaged says nothing. That a JPEG was saved again, or lost its
camera's data on the way through a messenger, is no trace: nearly every honest upload did.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from schemas.reading import SignalKind
from verifier.intake.editors import picture_editor
from verifier.intake.sniff import FileKind
from verifier.intake.trace import Trace

_MOST_TEXT = 64 * 1024
"""Characters of one text looked at; XMP packets of edited pictures have up to some tens of thousands."""
_MOST_UNPACKED = 1024 * 1024
_MOST_ENTRIES = 512

_PROCESSING, _SOFTWARE, _HISTORY, _COMMENT, _EXIF_DIRECTORY = 0x000B, 0x0131, 0x9213, 0x9286, 0x8769
_SPEAKING = frozenset({_PROCESSING, _SOFTWARE, _HISTORY, _COMMENT})
_ASCII, _UNDEFINED = 2, 7

_EXIF_HEAD = re.compile(rb"Exif\x00\x00(?=II\*\x00|MM\x00\*)")
_XMP_PACKET = re.compile(rb"<x:xmpmeta.{0,%d}?</x:xmpmeta>" % _MOST_UNPACKED, re.DOTALL)
_XMP_NAME = re.compile(
    r"(?:CreatorTool|softwareAgent|tiff:Software|exif:Software|Producer)"
    r"(?:\s*=\s*[\"']([^\"']{1,200})|\s*>\s*([^<]{1,200}))"
)
"""Properties that name programs, as attributes or elements; in XMP other people's words (titles, captions) stand too."""
_PNG_KEYWORDS = frozenset(
    {"software", "creator tool", "creatortool", "xml:com.adobe.xmp", "raw profile type exif", "comment"}
)


def picture_traces(data: bytes, kind: FileKind) -> tuple[Trace, ...]:
    """One trace for each editor that signed the picture."""
    titles = dict.fromkeys(title for name in _names(data, kind) if (title := picture_editor(name)))
    return tuple(Trace(SignalKind.EDITED, f"图片经 {title} 处理后保存", strong=True) for title in titles)


def _names(data: bytes, kind: FileKind) -> Iterator[str]:
    if kind is FileKind.PNG:
        yield from _png_names(data)
        return
    if kind is FileKind.JPEG:
        data = _jpeg_head(data)
    for head in _EXIF_HEAD.finditer(data):
        yield from exif_names(data[head.end() : head.end() + _MOST_UNPACKED])
    if kind is FileKind.WEBP:
        # RFC 9649 wants the bare TIFF; writers put JPEG's prefix before it all the same.
        yield from exif_names(_webp_chunk(data, b"EXIF"))
    yield from xmp_names(data)
    if kind is FileKind.JPEG:
        yield from _jpeg_comments(data)


def exif_names(body: bytes) -> Iterator[str]:
    """What the tags of EXIF that name programs say; nothing for what is no EXIF. `body` starts with the TIFF header."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(body[:4])
    if order is None or len(body) < 8:
        return
    waiting = list(struct.unpack_from(f"{order}I", body, 4))
    seen: set[int] = set()
    while waiting:
        directory = waiting.pop()
        if directory in seen or directory + 2 > len(body):
            continue
        seen.add(directory)
        (entries,) = struct.unpack_from(f"{order}H", body, directory)
        for entry in range(min(entries, _MOST_ENTRIES)):
            at = directory + 2 + 12 * entry
            if at + 12 > len(body):
                return
            tag, kind, count, value = struct.unpack_from(f"{order}HHII", body, at)
            if tag == _EXIF_DIRECTORY:
                waiting.append(value)
            elif tag in _SPEAKING and kind in (_ASCII, _UNDEFINED):
                start = at + 8 if count <= 4 else value
                yield _text(body[start : start + min(count, _MOST_TEXT)])


def xmp_names(data: bytes) -> Iterator[str]:
    """Names of programs in the XMP packets found in these bytes (XMP specification, part 1 and 3)."""
    for packet in _XMP_PACKET.finditer(data):
        for found in _XMP_NAME.finditer(_text(packet[0][:_MOST_UNPACKED])):
            yield found[1] or found[2]


def _jpeg_head(data: bytes) -> bytes:
    """The segments before the first scan: behind it lie pixels, which may spell anything."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + max(2, length)
    return data[:at]


def _jpeg_comments(head: bytes) -> Iterator[str]:
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF:
        (length,) = struct.unpack_from(">H", head, at + 2)
        if head[at + 1] == 0xFE:
            yield _text(head[at + 4 : at + 2 + length])
        at += 2 + max(2, length)


def _png_names(data: bytes) -> Iterator[str]:
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if name == b"eXIf":
            yield from exif_names(body)
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            yield from _png_text(name, body)
        elif name == b"IEND":
            return
        at += 12 + length


def _png_text(name: bytes, body: bytes) -> Iterator[str]:
    keyword, _, rest = body.partition(b"\0")
    title = _text(keyword).lower()
    if title not in _PNG_KEYWORDS:
        return
    if name == b"zTXt":
        rest = _inflated(rest[1:])
    elif name == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
        rest = _inflated(rest) if packed else rest
    if title == "xml:com.adobe.xmp":
        yield from xmp_names(rest)
    else:
        yield _text(rest[:_MOST_TEXT])


def _webp_chunk(data: bytes, wanted: bytes) -> bytes:
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == wanted:
            return data[at + 8 : at + 8 + size]
        at += 8 + size + (size & 1)
    return b""


def _inflated(data: bytes) -> bytes:
    """What was packed, up to a bound; nothing for what was not."""
    try:
        return zlib.decompressobj().decompress(data, _MOST_UNPACKED)
    except zlib.error:
        return b""


def _text(data: bytes) -> str:
    """Text of an unknown encoding. EXIF's UserComment starts with the name of its own."""
    if data.startswith(b"UNICODE\0"):
        return data[8:].decode("utf-16-le", "ignore") + data[8:].decode("utf-16-be", "ignore")
    try:
        return data.decode("utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return data.decode("gb18030", "ignore").strip("\0 ")
