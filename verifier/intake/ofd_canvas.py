"""One page of PDF in the making: operators, and the fonts, pictures and states they name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from verifier.errors import InputError
from verifier.intake.ofd_values import Box, Colour, Matrix
from verifier.intake.pdf_write import PdfWriter, joined
from verifier.intake.sfnt import Sfnt

POINTS_PER_MM = 72 / 25.4

_MOST_CODES = 0xFFFF
_PER_BLOCK = 100
"""Entries of one block of a character map (Adobe technical note 5014)."""


@dataclass
class _FontUse:
    """A font on this page: a code for each glyph with the text it stands for and the width of its cell in thousandths of
    an em, in the order they were met."""

    face: Sfnt
    codes: dict[tuple[int, str, int], int] = field(default_factory=dict)


class Canvas:
    """Collects what is drawn. Coordinates are millimetres from the top left corner of `paper`, y downwards."""

    def __init__(self, paper: Box) -> None:
        self._paper = paper
        self._writer = PdfWriter()
        self._content: list[bytes] = []
        self._fonts: dict[int, _FontUse] = {}
        self._pictures: dict[object, bytes] = {}
        self._states: dict[tuple[float, float, bool], int] = {}

    def add(self, operators: bytes) -> None:
        self._content.append(operators)

    def save(self) -> None:
        self.add(b"q\n")

    def restore(self) -> None:
        self.add(b"Q\n")

    def transform(self, matrix: Matrix) -> None:
        self.add(b"%s cm\n" % joined(*matrix))

    def clip_to(self, place: Box) -> None:
        self.add(b"%s re W n\n" % joined(place.x, place.y, place.width, place.height))

    def state(self, *, fill_alpha: float = 1.0, stroke_alpha: float = 1.0, multiply: bool = False) -> None:
        """How what follows is laid over what is there."""
        key = (round(fill_alpha, 3), round(stroke_alpha, 3), multiply)
        if key != (1.0, 1.0, False):
            self.add(b"/G%d gs\n" % self._states.setdefault(key, len(self._states)))

    def colour(self, colour: Colour, *, stroke: bool = False) -> None:
        name = {1: b"g", 3: b"rg", 4: b"k"}[len(colour.components)]
        self.add(b"%s %s\n" % (joined(*colour.components), name.upper() if stroke else name))

    def glyph(self, face: Sfnt, glyph: int, text: str, width: float) -> tuple[bytes, bytes]:
        """The name of the font and the code under which it shows this glyph and means this text, in a cell of a width
        in ems."""
        number = id(face)
        use = self._fonts.setdefault(number, _FontUse(face))
        code = use.codes.setdefault((glyph, text, round(1000 * width)), len(use.codes) + 1)
        if code > _MOST_CODES:
            raise InputError("file.broken")
        return b"/F%d" % list(self._fonts).index(number), b"<%04X>" % code

    def has_picture(self, key: object) -> bool:
        return key in self._pictures

    def add_picture(self, key: object, pixels: NDArray[np.uint8]) -> None:
        """RGB or RGBA pixels, to be shown by their key."""
        height, width, channels = pixels.shape
        head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8" % (width, height)
        mask = b""
        if channels == 4:
            alpha = np.ascontiguousarray(pixels[:, :, 3]).tobytes()
            mask = b" /SMask %s" % self._writer.stream(alpha, head + b" /ColorSpace /DeviceGray")
        colours = np.ascontiguousarray(pixels[:, :, :3]).tobytes()
        self._pictures[key] = self._writer.stream(colours, head + b" /ColorSpace /DeviceRGB" + mask)

    def show_picture(self, key: object) -> None:
        """Over the unit square; PDF pictures stand on their lower edge, OFD's hang from their upper one."""
        self.add(b"q 1 0 0 -1 0 1 cm /I%d Do Q\n" % list(self._pictures).index(key))

    def finish(self) -> bytes:
        """The page as a PDF file."""
        scale = POINTS_PER_MM
        upright = (scale, 0.0, 0.0, -scale, -self._paper.x * scale, (self._paper.y + self._paper.height) * scale)
        fonts = b" ".join(b"/F%d %s" % (n, self._font(use)) for n, use in enumerate(self._fonts.values()))
        pictures = b" ".join(b"/I%d %s" % (n, reference) for n, reference in enumerate(self._pictures.values()))
        states = b" ".join(
            b"/G%d << /ca %.3f /CA %.3f /BM /%s >>" % (n, fill, stroke, b"Multiply" if multiply else b"Normal")
            for (fill, stroke, multiply), n in self._states.items()
        )
        self._writer.page(
            self._paper.width * scale,
            self._paper.height * scale,
            b"%s cm\n" % joined(*upright) + b"".join(self._content),
            b"/Font << %s >> /XObject << %s >> /ExtGState << %s >>" % (fonts, pictures, states),
        )
        return self._writer.finish()

    def _font(self, use: _FontUse) -> bytes:
        """A composite font whose codes are those given out here (ISO 32000-1, 9.7)."""
        writer, face = self._writer, use.face
        file = writer.stream(face.data, b"/Length1 %d" % len(face.data))
        descriptor = writer.add(
            b"<< /Type /FontDescriptor /FontName /Own /Flags 4 /FontBBox [0 -120 1000 880] /ItalicAngle 0 /Ascent 880 "
            b"/Descent -120 /CapHeight 800 /StemV 80 /FontFile2 %s >>" % file
        )
        map_to_glyphs = writer.stream(b"\0\0" + b"".join(glyph.to_bytes(2, "big") for glyph, _, _ in use.codes))
        widths = b" ".join(b"%d" % width for _, _, width in use.codes)
        descendant = writer.add(
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Own /FontDescriptor %s /DW 1000 /W [1 [%s]] "
            b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /CIDToGIDMap %s >>"
            % (descriptor, widths, map_to_glyphs)
        )
        meanings = writer.stream(_meanings(use))
        return writer.add(
            b"<< /Type /Font /Subtype /Type0 /BaseFont /Own /Encoding /Identity-H /DescendantFonts [%s] "
            b"/ToUnicode %s >>" % (descendant, meanings)
        )


def _meanings(use: _FontUse) -> bytes:
    """The character map from codes to text (ISO 32000-1, 9.10.3)."""
    pairs = [b"<%04X> <%s>" % (code, _utf16(text)) for (_, text, _), code in use.codes.items()]
    blocks = (pairs[at : at + _PER_BLOCK] for at in range(0, len(pairs), _PER_BLOCK))
    body = b"".join(b"%d beginbfchar\n%s\nendbfchar\n" % (len(block), b"\n".join(block)) for block in blocks)
    return (
        b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n"
        b"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n%sendcmap\nend\nend" % body
    )


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "replace").hex().upper().encode("ascii")
