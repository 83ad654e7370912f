from __future__ import annotations

import io
import struct

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ofd import block_font
from verifier.intake.sfnt import FontDataError, read_sfnt

CHARACTERS = "A1姓名欧国𠮷"
FONT = block_font(CHARACTERS, width=700)


def with_map(form: int, body: bytes, platform: int = 3, encoding: int = 1) -> bytes:
    """The font with another character map."""
    font = TTFont(io.BytesIO(FONT))
    buffer = io.BytesIO()
    font["cmap"].tables = []
    font.save(buffer)
    data = bytearray(buffer.getvalue())
    table = struct.pack(">HHHHI", 0, 1, platform, encoding, 12) + struct.pack(">H", form) + body
    (count,) = struct.unpack_from(">H", data, 4)
    for number in range(count):
        at = 12 + 16 * number
        if data[at : at + 4] == b"cmap":
            struct.pack_into(">II", data, at + 8, len(data), len(table))
    return bytes(data) + table


def test_glyphs_and_widths_are_those_fonttools_finds() -> None:
    font = read_sfnt(FONT)
    theirs = TTFont(io.BytesIO(FONT))
    names = theirs.getBestCmap()
    assert font.glyphs == len(theirs.getGlyphOrder())
    for character in CHARACTERS:
        glyph = font.glyph(character)
        assert glyph == theirs.getGlyphID(names[ord(character)])
        assert font.advance(glyph) == 0.7
    assert [font.glyph(character) for character in "B2王𠮸"] == [None] * 4


@pytest.mark.parametrize(
    ("form", "body", "expected"),
    [
        (0, struct.pack(">HH", 262, 0) + bytes(65) + b"\x02" + bytes(190), {"A": 2, "B": None, "姓": None}),
        (6, struct.pack(">HHHHHH", 14, 0, 0x41, 2, 3, 0), {"A": 3, "B": None, "@": None, "C": None}),
        (12, struct.pack(">HIIIIII", 0, 28, 0, 1, 0x41, 0x43, 2), {"A": 2, "C": 4, "D": None, "𠮷": None}),
        (12, struct.pack(">HIIIIII", 0, 28, 0, 1, 0, 0xFFFFFFFF, 1), {"\x01": 2, "𠮷": None}),
        (12, struct.pack(">HIII", 0, 28, 0, 0xFFFFFFFF), {"A": None}),
        (4, struct.pack(">HHHHHHHHHHHHHH", 0, 0, 4, 0, 0, 0, 0x42, 0xFFFF, 0, 0x41, 0xFFFF, 0, 1, 4)
            + struct.pack(">HHHH", 0, 5, 0, 0), {"A": 5, "B": None, "C": None}),
    ],
    ids=["bytes", "trimmed", "groups", "everything", "more than there is", "segments with a list"],
)  # fmt: skip
def test_forms_of_character_maps(form: int, body: bytes, expected: dict[str, int | None]) -> None:
    font = read_sfnt(with_map(form, body))
    assert {character: font.glyph(character) for character in expected} == expected


def test_a_map_that_is_not_unicode_is_not_used() -> None:
    font = read_sfnt(with_map(6, struct.pack(">HHHHH", 12, 0, 0x41, 1, 3), platform=1, encoding=0))
    assert font.glyph("A") is None


def test_the_first_face_of_a_collection() -> None:
    head = b"ttcf" + struct.pack(">IIII", 0x00010000, 1, 16, 0)[:12]
    moved = bytearray(head + FONT)
    (count,) = struct.unpack_from(">H", moved, 16 + 4)
    for number in range(count):
        at = 16 + 12 + 16 * number
        struct.pack_into(">I", moved, at + 8, struct.unpack_from(">I", moved, at + 8)[0] + 16)
    assert read_sfnt(bytes(moved)).glyph("国") == read_sfnt(FONT).glyph("国")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"OTTO",
        b"\x01\x00\x04\x02" + bytes(200),
        b"ttcf" + b"\xff" * 20,
        FONT[:100],
        FONT.replace(b"glyf", b"xxxx"),
    ],
    ids=["empty", "a mark", "bare CFF", "collection of nothing", "cut", "no outlines"],
)
def test_what_is_no_usable_font(data: bytes) -> None:
    with pytest.raises(FontDataError):
        read_sfnt(data)


@given(st.lists(st.tuples(st.integers(0, len(FONT) - 1), st.binary(min_size=1, max_size=4)), max_size=20))
def test_damaged_fonts(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(FONT)
    for at, put in changes:
        data[at : at + len(put)] = put
    try:
        font = read_sfnt(bytes(data))
    except FontDataError:
        return
    for character in CHARACTERS:
        glyph = font.glyph(character)
        assert glyph is None or (0 < glyph < font.glyphs and font.advance(glyph) >= 0)
