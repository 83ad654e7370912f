"""The pictures of the electronic seals an OFD file is signed with: GB/T 33190-2016, 18; GB/T 38540-2020, 5 and 6.

A picture is taken out of the signature so that the page shows what people see. The signature is not checked here, and
nothing in this room says that it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from verifier.intake.ofd_document import PageFile
from verifier.intake.ofd_package import Package, folder_of, is_archive, resolve
from verifier.intake.ofd_pictures import is_inset
from verifier.intake.ofd_values import Box, box

_OCTETS, _INTEGER = 0x04, 0x02
_TEXTS = frozenset({0x0C, 0x13, 0x16})
_CONSTRUCTED = 0x20
_MOST_VALUES = 20_000
_DEPTH = 16
_MOST_STAMPS = 50
"""On one page; a contract sealed over its edges has one a page."""


@dataclass(frozen=True)
class Stamp:
    """A seal on a page: where it is, the part of it that shows (relative to `box`; None for all), and its picture."""

    box: Box
    clip: Box | None
    picture: bytes


def stamps(file: PageFile) -> list[Stamp]:
    """The seals on a page whose pictures can be found, and are of a kind that is read. Raises InputError `file.broken` for damaged XML."""
    listed = file.document.signatures
    if listed is None:
        return []
    found: list[Stamp] = []
    for entry in file.package.xml(listed).iterfind("Signature"):
        path = resolve(folder_of(listed), entry.get("BaseLoc"))
        signature = file.package.xml(path)
        places = [place for place in signature.iterfind("SignedInfo/StampAnnot") if place.get("PageRef") == file.id]
        picture = _picture(file.package, folder_of(path), signature) if places else None
        for place in places:
            where = box(place.get("Boundary"))
            if where is not None and picture is not None and len(found) < _MOST_STAMPS:
                found.append(Stamp(where, box(place.get("Clip")), picture))
    return found


def _picture(package: Package, folder: str, signature: Element) -> bytes | None:
    """Out of the signed value, or out of the seal beside it."""
    for location in (signature.findtext("SignedValue"), signature.findtext("SignedInfo/Seal/BaseLoc")):
        if location and location.strip() and (path := resolve(folder, location)) in package:
            picture = seal_picture(package.read(path))
            if picture is not None and (is_archive(picture) or is_inset(picture)):
                return picture
    return None


def seal_picture(data: bytes) -> bytes | None:
    """The picture within DER-encoded seal data; None when there is none.

    Looked for by its shape, SES_ESPictrueInfo: a text (its type), octets (the picture), two integers (its size). Seals
    and signatures of both generations in use (GM/T 0031-2014, GB/T 38540-2020) hold it, at different depths.
    """
    waiting = [(0, len(data), 0)]
    left = _MOST_VALUES
    while waiting:
        start, end, depth = waiting.pop()
        values = []
        for value in _values(data, start, end):
            left -= 1
            if left < 0:
                return None
            values.append(value)
        tags = tuple(tag for tag, _, _ in values[:4])
        if len(tags) == 4 and tags[0] in _TEXTS and tags[1:] == (_OCTETS, _INTEGER, _INTEGER):
            _, first, last = values[1]
            return data[first:last]
        if depth < _DEPTH:
            inner = [(first, last, depth + 1) for tag, first, last in values if tag & _CONSTRUCTED]
            waiting.extend(reversed(inner))
    return None


def _values(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Tag, start and end of the content of each value (ITU-T X.690, 8.1; definite lengths). Ends at the first damage."""
    at = start
    while at + 2 <= end:
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
            if not 1 <= size <= 4:
                return
        if tag & 0x1F == 0x1F or at + length > end:
            return
        yield tag, at, at + length
        at += length
