"""The glyphs of a PDF page, one by one: what each says, where it stands in the rendered picture, whether it is seen.

A text layer is a claim, not a picture: it can hold invisible text (a scanner's own OCR under the scan), white text,
text beside the page. Glyphs that a person cannot see on the rendered page are kept apart from those that can be seen.
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from verifier.geometry import Bounds
from verifier.intake.page import Image

MAX_GLYPHS = 50_000
"""A full A4 page in 6-point print has about 10,000, and PDFium adds up to three of its own between any two. A page beyond
this has no usable text layer and is read by OCR."""

_INK = 24
"""Grey levels between the lightest and the darkest pixel of a glyph's place; less is not seen on paper."""

_FAINT = 200
"""A fill whose three colours are all lighter than this is not told from paper."""

_CJK = 0x2E80
"""From here on characters need an embedded font: PDFium brings only Latin ones."""

UNKNOWN = "\ufffd"
"""Stands for a glyph whose font does not say what it means."""

_TINY = 4.0
"""Pixels of height below which unseen text says nothing: no eye and no engine could read it if it were seen."""

_UNSEEN_MODES = frozenset({pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP})
_ASCENT, _DESCENT = 0.88, 0.12
_COVERING = 0.6
"""Share of the page from which an opaque picture counts as a scan that hides the text drawn before it."""

_RADICALS = dict(
    zip(
        (
            0x2EA0, 0x2EA9, 0x2EAE, 0x2EB6, 0x2EBD, 0x2EC1, 0x2EC4, 0x2EC5, 0x2EC6, 0x2EC9, 0x2ECB, 0x2ED1, 0x2ED3,
            0x2ED4, 0x2ED7, 0x2ED8, 0x2ED9, 0x2EDA, 0x2EDB, 0x2EDC, 0x2EDD, 0x2EE2, 0x2EE3, 0x2EE4, 0x2EE5, 0x2EE6,
            0x2EE7, 0x2EE8, 0x2EE9, 0x2EEA, 0x2EEC, 0x2EEE, 0x2EF0, 0x2EF3,
        ),
        "民王竹羊臼虎西见角贝车長长门雨青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)  # fmt: skip
"""Browsers that print to PDF name these glyphs as radicals; Unicode has no compatibility mapping for this block
(the characters are those of its EquivalentUnifiedIdeograph property)."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character in pixels of the rendered page.

    `cell` is its place with the advance width and the height of the font, `ink` the box around its strokes, both
    (left, top, right, bottom). `turns` is the direction of reading in quarter turns clockwise: 0 left to right,
    1 downwards, 2 upside down, 3 upwards. `spaced` says that the text layer has a space before it.
    """

    text: str
    cell: Bounds
    ink: Bounds
    turns: int
    spaced: bool


def read_glyphs(document: Any, page: Any, image: Image) -> tuple[list[Glyph], list[Glyph]]:
    """The visible glyphs of a page, and the invisible, white or covered ones, each in the order they are drawn,
    roughly. Both empty without a usable text layer.

    Left out: text outside the page, and text at an angle that is no quarter turn (watermarks).

    A glyph of a font that is not embedded may be missing in the picture because this machine has no such font; if it is
    Chinese and was meant to be dark it is kept although no ink is there.
    """
    height, width = image.shape[:2]
    to_pixels = _page_to_pixels(page, width, height)
    with closing(page.get_textpage()) as text:
        count = text.count_chars()
        if not 0 < count <= MAX_GLYPHS:
            return [], []
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        reader = _Reader(text, to_pixels, _covered(document, page))
        seen: list[Glyph] = []
        unseen: list[Glyph] = []
        for glyph, drawn in reader.glyphs(count):
            if not _within(glyph.cell, width, height):
                continue
            if not drawn.hidden and _seen(glyph, drawn, grey):
                seen.append(glyph)
            elif glyph.cell[3] - glyph.cell[1] >= _TINY:
                unseen.append(glyph)
        return seen, unseen


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What a text object says of all its glyphs."""

    hidden: bool
    embedded: bool
    dark: bool
    matrix: NDArray[np.float64] | None
    """The object's own matrix, of a replaced text only."""


class _Reader:
    """Walks the characters of one text page; holds the buffers PDFium writes into."""

    def __init__(self, text: Any, to_pixels: NDArray[np.float64], covered: frozenset[int]) -> None:
        self._text = text
        self._to_pixels = to_pixels
        self._covered = covered
        self._drawn: dict[int, _Drawn] = {}

    def glyphs(self, count: int) -> Iterator[tuple[Glyph, _Drawn]]:
        spaced = False
        lead = 0
        for index in range(count):
            code = pdfium_c.FPDFText_GetUnicode(self._text, index)
            if 0xD800 <= code < 0xDC00:
                lead = code
                continue
            if 0xDC00 <= code < 0xE000 and lead:
                code = 0x10000 + ((lead - 0xD800) << 10) + (code - 0xDC00)
            lead = 0
            character = _character(code)
            if not character:
                continue
            if character == " " or pdfium_c.FPDFText_IsGenerated(self._text, index) == 1:
                spaced = True
                continue
            drawn = self._object(index)
            if drawn is None:
                continue
            placed = self._placed(index, character, spaced, drawn)
            spaced = spaced and drawn.hidden
            if placed is not None:
                yield placed, drawn

    def _object(self, index: int) -> _Drawn | None:
        handle = pdfium_c.FPDFText_GetTextObject(self._text, index)
        address = ctypes.cast(handle, ctypes.c_void_p).value
        if address is None:
            return None
        if address not in self._drawn:
            mode = pdfium_c.FPDFTextObj_GetTextRenderMode(handle)
            red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
            painted = pdfium_c.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha)
            font = pdfium_c.FPDFTextObj_GetFont(handle)
            self._drawn[address] = _Drawn(
                hidden=mode in _UNSEEN_MODES or address in self._covered,
                embedded=bool(font) and pdfium_c.FPDFFont_GetIsEmbedded(font) == 1,
                dark=bool(painted) and alpha.value > 255 - _FAINT and min(red.value, green.value, blue.value) < _FAINT,
                matrix=_matrix_of(handle) if _is_replaced(handle) else None,
            )
        return self._drawn[address]

    def _placed(self, index: int, character: str, spaced: bool, drawn: _Drawn) -> Glyph | None:
        raw = pdfium_c.FS_MATRIX()
        if pdfium_c.FPDFText_HasUnicodeMapError(self._text, index) == 1:
            character = UNKNOWN
        if not pdfium_c.FPDFText_GetMatrix(self._text, index, raw):
            return None
        matrix = _affine(raw)
        if not np.isfinite(matrix).all() or (drawn.matrix is not None and not np.isfinite(drawn.matrix).all()):
            return None
        size = pdfium_c.FPDFText_GetFontSize(self._text, index)
        along, up = ((self._to_pixels @ matrix)[:, :2] * size).T
        turns = _quarter_turns(along)
        if turns is None or not up.any():
            return None
        to_pixels = self._to_pixels
        if drawn.matrix is not None:
            # The boxes are in the coordinates of the form that holds the text object; the object's own matrix and the
            # one PDFium gives for its place on the page differ by just that form.
            to_pixels = to_pixels @ matrix @ np.linalg.pinv(drawn.matrix)
        cell, ink = (_bounds(to_pixels @ corners) for corners in self._boxes(index))
        if drawn.matrix is not None:
            cell = _as_high_as_the_font(ink, self._to_pixels @ matrix[:, 2], up, turns)
        if not np.isfinite([*cell, *ink]).all():
            return None
        return Glyph(text=character, cell=cell, ink=ink, turns=turns, spaced=spaced)

    def _boxes(self, index: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Cell and ink as two opposite corners each, in columns."""
        rectangle = pdfium_c.FS_RECTF()
        pdfium_c.FPDFText_GetLooseCharBox(self._text, index, rectangle)
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        pdfium_c.FPDFText_GetCharBox(self._text, index, left, right, bottom, top)
        return (
            np.array([[rectangle.left, rectangle.right], [rectangle.bottom, rectangle.top], [1.0, 1.0]]),
            np.array([[left.value, right.value], [bottom.value, top.value], [1.0, 1.0]]),
        )


def _is_replaced(text_object: Any) -> bool:
    """Whether the file gives other text for what an object draws (ISO 32000-1, 14.9.4).

    Browsers do so for glyphs that stand for an ideograph and a radical alike. PDFium then gives the boxes of the object
    in its own form's coordinates, not the page's (CPDF_TextPage::ProcessMarkedContent).
    """
    for number in range(pdfium_c.FPDFPageObj_CountMarks(text_object)):
        mark = pdfium_c.FPDFPageObj_GetMark(text_object, number)
        if pdfium_c.FPDFPageObjMark_GetParamValueType(mark, b"ActualText") == pdfium_c.FPDF_OBJECT_STRING:
            return True
    return False


def _matrix_of(text_object: Any) -> NDArray[np.float64] | None:
    matrix = pdfium_c.FS_MATRIX()
    return _affine(matrix) if pdfium_c.FPDFPageObj_GetMatrix(text_object, matrix) else None


def _affine(matrix: Any) -> NDArray[np.float64]:
    return np.array([[matrix.a, matrix.c, matrix.e], [matrix.b, matrix.d, matrix.f], [0.0, 0.0, 1.0]])


def _as_high_as_the_font(ink: Bounds, origin: NDArray[np.float64], up: NDArray[np.float64], turns: int) -> Bounds:
    """The box of the ink, stretched across the line from the font's descent to its ascent."""
    left, top, right, bottom = ink
    low, high = origin - up * _DESCENT, origin + up * _ASCENT
    axis = 0 if turns % 2 else 1
    near, far = sorted((float(low[axis]), float(high[axis])))
    return (near, top, far, bottom) if axis == 0 else (left, near, right, far)


def _seen(glyph: Glyph, drawn: _Drawn, grey: NDArray[np.uint8]) -> bool:
    left, top, right, bottom = glyph.ink
    if not drawn.embedded:
        # A font of this machine that stands in for another one may have its strokes elsewhere in the cell.
        left, right = min(left, glyph.cell[0]), max(right, glyph.cell[2])
    rows = slice(max(0, int(top) - 1), max(0, int(bottom) + 2))
    columns = slice(max(0, int(left) - 1), max(0, int(right) + 2))
    part = grey[rows, columns]
    if part.size and int(part.max()) - int(part.min()) >= _INK:
        return True
    return not drawn.embedded and drawn.dark and ord(glyph.text[0]) >= _CJK


def _bounds(corners: NDArray[np.float64]) -> Bounds:
    """The upright box around two points given as columns."""
    (left, top), (right, bottom) = corners[:2].min(axis=1).tolist(), corners[:2].max(axis=1).tolist()
    return left, top, right, bottom


def _within(cell: Bounds, width: int, height: int) -> bool:
    """Whether the middle of a cell is on the page."""
    left, top, right, bottom = cell
    return 0 <= (left + right) / 2 < width and 0 <= (top + bottom) / 2 < height


def _quarter_turns(along: NDArray[np.float64]) -> int | None:
    """The direction of reading in quarter turns clockwise; None for anything else than a quarter turn (within 5°)."""
    x, y = along
    angle = np.degrees(np.arctan2(y, x))
    turns = round(angle / 90.0)
    return int(turns) % 4 if np.isfinite(angle) and (x or y) and abs(angle - 90.0 * turns) <= 5.0 else None


def _character(code: int) -> str:
    """The character as written; a plain space for any space, '' for a control, UNKNOWN for what means nothing."""
    if code in _RADICALS:
        return _RADICALS[code]
    if not 0 < code < 0x110000:
        return UNKNOWN
    character = chr(code)
    if 0x2F00 <= code < 0x2FE0:
        return unicodedata.normalize("NFKC", character)
    if character.isspace():
        return " "
    # PDFium writes U+0002 for the hyphen at the end of a line.
    if code in (0x02, 0xAD):
        return "-"
    kind = unicodedata.category(character)
    if kind in ("Cc", "Cf"):
        return ""
    return UNKNOWN if kind in ("Cn", "Co", "Cs") else character


def _page_to_pixels(page: Any, width: int, height: int) -> NDArray[np.float64]:
    """The 2x3 matrix from the page's own coordinates to pixels of its picture: rotation and crop box are in it."""
    corners = []
    for x, y in ((0, 0), (width, 0), (0, height)):
        page_x, page_y = ctypes.c_double(), ctypes.c_double()
        if not pdfium_c.FPDF_DeviceToPage(page, 0, 0, width, height, 0, x, y, page_x, page_y):
            raise pdfium.PdfiumError("no position on the page")
        corners.append([page_x.value, page_y.value])
    nought, right, down = np.array(corners)
    to_page = np.eye(3)
    to_page[:2] = np.column_stack([(right - nought) / width, (down - nought) / height, nought])
    return np.asarray(np.linalg.inv(to_page)[:2], dtype=np.float64)


def _covered(document: Any, page: Any) -> frozenset[int]:
    """Addresses of the text objects that lie under a scan: an opaque picture over most of the page, drawn later."""
    left, bottom, right, top = page.get_bbox()
    area = max((right - left) * (top - bottom), 1e-6)
    before: list[int] = []
    covered: list[int] = []
    for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT, pdfium_c.FPDF_PAGEOBJ_IMAGE]):
        if item.type == pdfium_c.FPDF_PAGEOBJ_TEXT:
            before.append(ctypes.cast(item.raw, ctypes.c_void_p).value or 0)
        elif before:
            x0, y0, x1, y1 = _placed_bounds(item)
            wide = max(0.0, min(x1, right) - max(x0, left))
            high = max(0.0, min(y1, top) - max(y0, bottom))
            if wide * high >= _COVERING * area and _opaque(document, page, item):
                covered.extend(before)
                before.clear()
    return frozenset(covered)


def _placed_bounds(picture: Any) -> Bounds:
    """Left, bottom, right, top of a picture on the page, through all the forms it lies in."""
    # Absurd matrices give NaN, and a box of NaN covers nothing.
    with np.errstate(all="ignore"):
        matrix = _affine(picture.get_matrix())
        holder = picture.container
        while holder is not None:
            matrix = _affine(holder.get_matrix()) @ matrix
            holder = holder.container
        square = np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0], [1.0] * 4])
        return _bounds(matrix @ square)


def _opaque(document: Any, page: Any, picture: Any) -> bool:
    """Whether a picture hides what is under it: no blending, and no transparent pixel of its own."""
    if pdfium_c.FPDFPageObj_HasTransparency(picture):
        return False
    handle = pdfium_c.FPDFImageObj_GetRenderedBitmap(document, page, picture)
    if not handle:
        return True
    bitmap = pdfium.PdfBitmap.from_raw(handle)
    bitmap.warn_on_close = False
    with closing(bitmap):
        pixels = bitmap.to_numpy()
        return bitmap.format != pdfium_c.FPDFBitmap_BGRA or int(pixels[:, :, 3].min()) == 255
