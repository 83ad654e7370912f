"""Just enough of OpenType to set text: which glyph shows a character, and how wide it is. ISO/IEC 14496-22.

Tables are looked into where they lie and never unpacked: a character map may claim billions of characters in a few
bytes, and a Chinese font has 65,000 glyphs of which a page needs a hundred.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_COLLECTION = b"ttcf"
_VERSIONS = (b"\x00\x01\x00\x00", b"OTTO", b"true")
_MOST_TABLES = 128
_UNICODE = {(3, 10): 0, (0, 6): 1, (0, 4): 2, (3, 1): 3, (0, 3): 4, (0, 2): 5, (0, 1): 6, (0, 0): 7}
"""Platform and encoding of the character maps that are Unicode, the fullest first."""


class FontDataError(ValueError):
    """The data is no OpenType font, or one without outlines."""


@dataclass(frozen=True)
class Sfnt:
    """A font file, of a collection its first face; `tables` maps names to (start, length) in `data`.

    Raises FontDataError from `read_sfnt` only: what is damaged further in answers None or 0.
    """

    data: bytes = field(repr=False)
    tables: dict[bytes, tuple[int, int]]
    glyphs: int
    units_per_em: int
    metrics: int
    cmap: int | None
    """Where the Unicode character map starts; None when there is none."""

    def glyph(self, character: str) -> int | None:
        """The glyph of a character; None when the font has none for it."""
        if self.cmap is None:
            return None
        try:
            found = _lookup(self.data, self.cmap, ord(character))
        except struct.error:
            return None
        return found if 0 < found < self.glyphs else None

    def advance(self, glyph: int) -> float:
        """Width of a glyph in ems; 0 when the font does not say."""
        start, length = self.tables.get(b"hmtx", (0, 0))
        at = 4 * min(glyph, self.metrics - 1)
        if self.metrics < 1 or at + 2 > length:
            return 0.0
        return int.from_bytes(self.data[start + at : start + at + 2], "big") / self.units_per_em

    @property
    def is_cff(self) -> bool:
        return b"CFF " in self.tables


def read_sfnt(data: bytes) -> Sfnt:
    """Raises FontDataError."""
    try:
        start = struct.unpack_from(">I", data, 12)[0] if data[:4] == _COLLECTION else 0
        if data[start : start + 4] not in _VERSIONS:
            raise FontDataError("not an OpenType font")
        tables = _tables(data, start)
        (units,) = struct.unpack_from(">H", data, tables[b"head"][0] + 18)
        (glyphs,) = struct.unpack_from(">H", data, tables[b"maxp"][0] + 4)
        (metrics,) = struct.unpack_from(">H", data, tables[b"hhea"][0] + 34)
        cmap = _unicode_map(data, tables[b"cmap"][0]) if b"cmap" in tables else None
    except (struct.error, KeyError) as error:
        raise FontDataError("a damaged OpenType font") from error
    if not units or not glyphs or not tables.keys() & {b"glyf", b"CFF "}:
        raise FontDataError("an OpenType font without outlines")
    return Sfnt(data=data, tables=tables, glyphs=glyphs, units_per_em=units, metrics=metrics, cmap=cmap)


def _tables(data: bytes, start: int) -> dict[bytes, tuple[int, int]]:
    (count,) = struct.unpack_from(">H", data, start + 4)
    tables = {}
    for number in range(min(count, _MOST_TABLES)):
        name, _, at, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * number)
        if at + length <= len(data):
            tables[name] = (at, length)
    return tables


def _unicode_map(data: bytes, table: int) -> int | None:
    (count,) = struct.unpack_from(">H", data, table + 2)
    known = []
    for number in range(min(count, _MOST_TABLES)):
        platform, encoding, offset = struct.unpack_from(">HHI", data, table + 4 + 8 * number)
        (form,) = struct.unpack_from(">H", data, table + offset)
        rank = _UNICODE.get((platform, encoding))
        if rank is not None and form in (0, 4, 6, 12):
            known.append((rank, table + offset))
    return min(known)[1] if known else None


def _lookup(data: bytes, at: int, code: int) -> int:
    """The glyph of a code in a subtable of format 0, 4, 6 or 12; 0 when it has none."""
    (form,) = struct.unpack_from(">H", data, at)
    if form == 12:
        return _in_groups(data, at, code)
    if code > 0xFFFF:
        return 0
    if form == 4:
        return _in_segments(data, at, code)
    first, count, start, size = (
        (0, 256, at + 6, 1) if form == 0 else (*struct.unpack_from(">HH", data, at + 6), at + 10, 2)
    )
    place = code - first
    return int.from_bytes(data[start + size * place : start + size * (place + 1)], "big") if 0 <= place < count else 0


def _in_groups(data: bytes, at: int, code: int) -> int:
    low, high = 0, struct.unpack_from(">I", data, at + 12)[0]
    while low < high:
        middle = (low + high) // 2
        first, last, glyph = struct.unpack_from(">III", data, at + 16 + 12 * middle)
        if code > last:
            low = middle + 1
        elif code < first:
            high = middle
        else:
            return int(glyph + code - first)
    return 0


def _in_segments(data: bytes, at: int, code: int) -> int:
    (twice,) = struct.unpack_from(">H", data, at + 6)
    ends = at + 14
    low, high = 0, twice // 2
    while low < high:
        middle = (low + high) // 2
        if struct.unpack_from(">H", data, ends + 2 * middle)[0] < code:
            low = middle + 1
        else:
            high = middle
    if low >= twice // 2:
        return 0
    place = ends + twice + 2 + 2 * low
    first, delta, offset = (struct.unpack_from(">H", data, place + twice * n)[0] for n in range(3))
    if code < first:
        return 0
    if not offset:
        return int(code + delta) & 0xFFFF
    (glyph,) = struct.unpack_from(">H", data, place + 2 * twice + offset + 2 * (code - first))
    return (glyph + delta) & 0xFFFF if glyph else 0
