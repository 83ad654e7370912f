"""The text layer of a PDF page as lines, boxed the way an OCR engine boxes them: one per cell, not one per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Point, Quad
from schemas.reading import Line, Source
from verifier.geometry import Bounds, quad_from_points
from verifier.intake.page import Image
from verifier.intake.pdf_glyphs import UNKNOWN, Glyph, read_glyphs

_WIDE_GAP = 1.0
"""Gap, in heights of the text, from which two pieces in a row are two lines. Words stand up to 0.6 apart in justified
text; columns of a table without rules hardly ever closer than one character."""

_SPACE = 0.3
"""Gap from which a space is written although the layer has none; a space of a narrow Latin font is 0.25 wide."""

_SPACE_SAID = 0.1
"""The same where the layer itself has a space there."""

_BACK = -0.5
"""How far a piece may reach into the one before it and still follow it (kerning, letters set tight)."""

_LEVEL = 0.6
"""Share of the smaller height two pieces must have in common to stand in one row."""

_ALIKE = 0.5
"""Ratio of heights below which two pieces are different texts: a footnote mark, a heading beside its note."""

_RULE = 40
"""Grey levels a ruled line is darker than the lightest pixel of the gap it stands in."""


@dataclass(frozen=True)
class PageText:
    """`seen` stands on the page for everybody, `unseen` only in the file: invisible, white or covered."""

    seen: tuple[Line, ...]
    unseen: tuple[Line, ...]


def page_text(document: Any, page: Any, image: Image) -> PageText:
    """The text of a page; boxes in pixels of `image`, which is that page rendered. Nothing for a plain scan.

    Score 1.0: the characters are the file's own, nothing was guessed. That they are *true* it does not say. A line with
    a glyph whose font does not say what it means is left out whole: a number must not lose a digit.
    """
    seen, unseen = read_glyphs(document, page, image)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if seen or unseen else np.zeros((1, 1), dtype=np.uint8)
    return PageText(_lines(seen, grey), _lines(unseen, grey))


def _lines(glyphs: Sequence[Glyph], grey: NDArray[np.uint8]) -> tuple[Line, ...]:
    if not glyphs:
        return ()
    height, width = grey.shape
    lines: list[Line] = []
    for turns in range(4):
        frame = _Frame(turns, width, height)
        pieces = _pieces([frame.piece(g) for g in glyphs if g.turns == turns], frame, grey)
        lines.extend(_line(piece, frame) for piece in pieces if UNKNOWN not in piece.text)
    return tuple(_once(lines))


@dataclass(frozen=True)
class _Piece:
    """Glyphs in a row, in the frame in which they read left to right: left, top, right, bottom."""

    text: str
    cell: Bounds
    ink: Bounds
    spaced: bool

    @property
    def height(self) -> float:
        return self.cell[3] - self.cell[1]


@dataclass(frozen=True)
class _Frame:
    """Turns the page so that text of one direction reads left to right, and back."""

    turns: int
    width: int
    height: int

    def piece(self, glyph: Glyph) -> _Piece:
        return _Piece(glyph.text, self._turned(glyph.cell), self._turned(glyph.ink), glyph.spaced)

    def _turned(self, box: Bounds) -> Bounds:
        (x0, y0), (x1, y1) = (self._there(p) for p in ((box[0], box[1]), (box[2], box[3])))
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    def _there(self, point: Point) -> Point:
        x, y = point
        return ((x, y), (y, -x), (-x, -y), (-y, x))[self.turns]

    def _back(self, point: Point) -> Point:
        x, y = point
        return ((x, y), (-y, x), (-x, -y), (y, -x))[self.turns]

    def quad(self, box: Bounds) -> Quad:
        """The corners on the page, first the one that is top left when the text is read; cut at the page's edge."""
        left, top, right, bottom = box
        corners = [self._back(p) for p in ((left, top), (right, top), (right, bottom), (left, bottom))]
        return quad_from_points([[min(max(x, 0), self.width), min(max(y, 0), self.height)] for x, y in corners])

    def pixels(self, grey: NDArray[np.uint8], box: Bounds) -> NDArray[np.uint8]:
        """The part of the page under a box, turned so that it reads left to right."""
        (x0, y0), (x1, y1) = self._back((box[0], box[1])), self._back((box[2], box[3]))
        left, right = sorted((round(x0), round(x1)))
        top, bottom = sorted((round(y0), round(y1)))
        part = grey[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        return np.rot90(part, self.turns)


def _pieces(glyphs: Sequence[_Piece], frame: _Frame, grey: NDArray[np.uint8]) -> list[_Piece]:
    """Glyphs joined into lines: first those drawn one after the other, then what stands side by side."""
    runs = _joined(glyphs, frame, grey)
    while True:
        by_row = sorted(runs, key=lambda p: (round((p.cell[1] + p.cell[3]) / 2), p.cell[0]))
        rows: list[list[_Piece]] = []
        for piece in by_row:
            if rows and _level(rows[-1][-1], piece):
                rows[-1].append(piece)
            else:
                rows.append([piece])
        joined = [p for row in rows for p in _joined(sorted(row, key=lambda p: p.cell[0]), frame, grey)]
        if len(joined) == len(runs):
            return joined
        runs = joined


def _joined(pieces: Sequence[_Piece], frame: _Frame, grey: NDArray[np.uint8]) -> list[_Piece]:
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and _follows(joined[-1], piece) and not _ruled_apart(joined[-1], piece, frame, grey):
            joined[-1] = _with(joined[-1], piece)
        else:
            joined.append(piece)
    return joined


def _level(a: _Piece, b: _Piece) -> bool:
    common = min(a.cell[3], b.cell[3]) - max(a.cell[1], b.cell[1])
    return common >= _LEVEL * min(a.height, b.height)


def _follows(a: _Piece, b: _Piece) -> bool:
    """Whether b continues a to the right."""
    low, high = sorted((a.height, b.height))
    return _level(a, b) and low >= _ALIKE * high and _BACK * high <= b.cell[0] - a.cell[2] < _WIDE_GAP * high


def _ruled_apart(a: _Piece, b: _Piece, frame: _Frame, grey: NDArray[np.uint8]) -> bool:
    """Whether a vertical line runs between two pieces: the border of a table's cell."""
    left, right = a.ink[2] + 1, b.ink[0] - 1
    if right - left < 2:
        return False
    top, bottom = min(a.cell[1], b.cell[1]), max(a.cell[3], b.cell[3])
    part = frame.pixels(grey, (left, top, right, bottom))
    if not part.size:
        return False
    return bool((part.max(axis=0).astype(int) <= int(part.max()) - _RULE).any())


def _with(a: _Piece, b: _Piece) -> _Piece:
    gap = b.cell[0] - a.cell[2]
    space = gap > (_SPACE_SAID if b.spaced else _SPACE) * max(a.height, b.height)
    return _Piece(a.text + " " * space + b.text, _around(a.cell, b.cell), _around(a.ink, b.ink), a.spaced)


def _around(a: Bounds, b: Bounds) -> Bounds:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _line(piece: _Piece, frame: _Frame) -> Line:
    return Line(text=piece.text, score=1.0, box=frame.quad(piece.cell), source=Source.TEXT_LAYER)


def _once(lines: Sequence[Line]) -> list[Line]:
    """Without the copies of a line that was drawn twice, a hair apart, to look bold."""
    kept: dict[tuple[str, int, int], Line] = {}
    for line in lines:
        (x, y), (_, bottom) = line.box[0], line.box[2]
        step = max(4.0, abs(bottom - y) / 2)
        kept.setdefault((line.text, round(x / step), round(y / step)), line)
    return list(kept.values())
