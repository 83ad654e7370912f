"""The outer shells of JPEG, PNG and WebP, walked without decoding a pixel.

Three things come of it: the declared size, before anything allocates memory for it; proof that the file is whole (the
libraries make up grey pixels for what is missing); and a stream of only the parts that determine pixels. Comments,
colour profiles, thumbnails, editor data and whatever trails behind the picture never reach the decoder.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from verifier.errors import InputError
from verifier.intake.exif import orientation_of
from verifier.intake.sniff import FileKind


@dataclass(frozen=True)
class Container:
    """One picture, not decoded: its size as stored, and how to show what is stored.

    `stream` is what the decoder may see. `orientation` is the EXIF value, 1..8. `clear_colour` is the colour a PNG
    declares to mean transparent, one or three values scaled to 8 bits. `plain_ink` is set for a CMYK JPEG that lacks
    Adobe's marker, so that its values are not the inverted ones Adobe writes (libjpeg.txt, "Special color spaces").
    """

    stream: bytes
    width: int
    height: int
    orientation: int = 1
    clear_colour: tuple[int, ...] = ()
    plain_ink: bool = False


def open_container(data: bytes, kind: FileKind) -> Container:
    """Walk a picture file. Raises InputError `file.broken`; ValueError for a kind that is no picture."""
    try:
        if kind is FileKind.JPEG:
            return _jpeg(data)
        if kind is FileKind.PNG:
            return _png(data)
        if kind is FileKind.WEBP:
            return _webp(data)
    except (struct.error, IndexError) as error:
        raise InputError("file.broken") from error
    raise ValueError(f"not a picture: {kind}")


# JPEG: ISO/IEC 10918-1 (ITU-T T.81), annex B.

_MAX_SCANS = 100
"""A progressive picture has about ten scans. Every scan costs a pass over the whole picture, so thousands of tiny ones
are an attack on the clock, not a photo."""

_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD})
_SCAN, _END = 0xDA, 0xD9
_ADOBE, _JFIF, _EXIF = 0xEE, 0xE0, 0xE1
_PASSED_OVER = frozenset(range(0xE0, 0xF0)) | {0xFE}

_NEXT_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
"""Inside the coded data of a scan, FF is followed by 00 (a stuffed FF), a restart marker or the next real marker."""


_MAX_SEGMENTS = 20_000
"""A picture of a phone has thirty; colour profiles and XMP come in pieces of 64 kB."""


def _jpeg(data: bytes) -> Container:
    kept = [data[:2]]
    size: tuple[int, int, int] | None = None
    exif = b""
    adobe = False
    scans = 0
    for number, (marker, start, end) in enumerate(_jpeg_segments(data)):
        if number == _MAX_SEGMENTS:
            raise InputError("file.broken")
        if marker in _SIZES:
            if size is not None:
                raise InputError("file.broken")
            height, width, components = struct.unpack_from(">HHB", data, start + 5)
            size = (width, height, components)
        elif marker == _SCAN:
            scans += 1
            if size is None or scans > _MAX_SCANS:
                raise InputError("file.broken")
        elif marker == _EXIF and not exif and data.startswith(b"Exif\x00\x00", start + 4):
            exif = data[start + 4 : end]
        elif marker == _ADOBE and data.startswith(b"Adobe", start + 4):
            adobe = True
        if marker not in _PASSED_OVER or marker in (_JFIF, _ADOBE):
            kept.append(data[start:end])
    if size is None or not scans:
        raise InputError("file.broken")
    width, height, components = size
    return Container(
        stream=b"".join(kept),
        width=width,
        height=height,
        orientation=orientation_of(exif),
        plain_ink=components == 4 and not adobe,
    )


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of every segment up to and with the end marker; a scan ends behind its coded data.

    Raises InputError `file.broken` when there is no end marker, or a marker that has no place in a picture: so a cut
    picture with something else behind it is found out too.
    """
    start = _jpeg_marker(data, 2)
    while data[start + 1] != _END:
        marker = data[start + 1]
        if not (marker in _SIZES or marker in _TABLES or marker in _PASSED_OVER or marker == _SCAN):
            raise InputError("file.broken")
        (length,) = struct.unpack_from(">H", data, start + 2)
        end = start + 2 + length
        if length < 2:
            raise InputError("file.broken")
        following = _jpeg_marker(data, end)
        yield marker, start, following if marker == _SCAN else end
        start = following
    yield _END, start, start + 2


def _jpeg_marker(data: bytes, at: int) -> int:
    """Where the next marker starts. Raises InputError `file.broken` when there is none."""
    found = _NEXT_MARKER.search(data, at)
    if found is None:
        raise InputError("file.broken")
    return found.start()


# PNG: W3C Portable Network Graphics (third edition), sections 5 and 11.

_PNG_HEAD = 8
_PALETTE = 3


def _png(data: bytes) -> Container:
    kept = [data[:_PNG_HEAD]]
    exif = b""
    clear = b""
    seen = set()
    for name, start, end in _png_chunks(data):
        body = data[start + 8 : end - 4]
        if name == b"eXIf":
            exif = body
        elif name == b"tRNS":
            clear = body
        critical = not name[0] & 0x20
        if critical or name in (b"tRNS", b"eXIf"):
            if zlib.crc32(data[start + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
                raise InputError("file.broken")
            # The decoder takes a palette's transparency, one value an entry; a single clear colour is applied here.
            if critical or (name == b"tRNS" and data[25] == _PALETTE):
                kept.append(data[start:end])
        seen.add(name)
    width, height, depth, colour = struct.unpack_from(">IIBB", data, _PNG_HEAD + 8)
    if data[12:16] != b"IHDR" or b"IDAT" not in seen or (colour == _PALETTE and b"PLTE" not in seen):
        raise InputError("file.broken")
    return Container(
        stream=b"".join(kept),
        width=width,
        height=height,
        orientation=orientation_of(exif),
        clear_colour=_clear_colour(clear, depth, colour),
    )


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of every chunk up to and with IEND. Raises InputError when the file ends before it."""
    at = _PNG_HEAD
    while True:
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data) or not name.isalpha():
            raise InputError("file.broken")
        yield name, at, end
        if name == b"IEND":
            return
        at = end


def _clear_colour(body: bytes, depth: int, colour: int) -> tuple[int, ...]:
    values = {0: 1, 2: 3}.get(colour, 0)
    if not body or not values:
        return ()
    wide = struct.unpack_from(f">{values}H", body)
    return tuple(v >> 8 if depth == 16 else (v * 255 // ((1 << depth) - 1)) & 0xFF for v in wide)


# WebP: RFC 9649, sections 2.3 to 2.7.


def _webp(data: bytes) -> Container:
    (length,) = struct.unpack_from("<I", data, 4)
    end = 8 + length
    if end > len(data):
        raise InputError("file.broken")
    whole = data[:end]
    width, height = _webp_size(whole)
    exif = b""
    at = 12
    while at + 8 <= end:
        name, size = struct.unpack_from("<4sI", whole, at)
        if at + 8 + size > end:
            raise InputError("file.broken")
        if name == b"EXIF" and not exif:
            exif = whole[at + 8 : at + 8 + size]
        at += 8 + size + (size & 1)
    return Container(stream=whole, width=width, height=height, orientation=orientation_of(exif))


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas. Raises InputError for a first chunk that is none of the three kinds."""
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    raise InputError("file.broken")
