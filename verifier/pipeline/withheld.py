"""Rows about hepatitis B on a health form or report: found, taken away before anything is read from them, and marked.

Whoever decides about a teacher may not ask for, keep or see them (人社部发〔2010〕12号; DOMAIN.md 5.4), and forms still have
them. Their lines never reach extraction, their place is painted over before any second look, and what is kept is a box
alone: that something stood there, for the black bar on every picture a person sees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from schemas.base import Quad
from schemas.reading import Line
from verifier.compare.text import half_width
from verifier.extract.exam_labels import LABELS
from verifier.extract.slope import slope_of
from verifier.extract.wordings import find_labels, in_order
from verifier.geometry import Bounds, bounds, centre, map_quad, share_inside
from verifier.imaging.covering import covered
from verifier.imaging.ruled_cells import Cell
from verifier.imaging.ruling import find as find_ruling
from verifier.ocr.engine import Image
from verifier.pipeline.papers import Paper

_HEPATITIS_B = re.compile(
    r"乙[型形]?(?:病毒性)?肝炎|[乙Z]肝|[两二]对半|表面抗[原体]|(?<![A-Z])E抗[原体]|核心抗[原体]|[大小]三阳"
    r"|H[B8][S5E3C][-(]?A[GQB896]|(?<![A-Z])H[B8]V"
)
"""In capitals, half width, without spaces; digits stand for letters that engines take for them."""

_RESULT = re.compile(r"[阴阳]性?|弱阳|[-+±]+|\(?[-+±]\)?|未(?:检|查)|正常|无|[<>≤≥]?\d+(?:\.\d+)?")

_OTHER_ROWS = in_order(LABELS)

_MARGIN = 0.4
"""Of a line's height around it: handwriting stands out of its row."""
_COVERED = 0.3
"""Share of a line's area within the row from which it belongs to it."""
_BELOW = 2.4
"""Line heights within which a result stands under its head, where there are no cells."""


@dataclass(frozen=True)
class Withholding:
    """The papers without what is withheld, and for each paper where that was: the lines' boxes in pixels of its picture."""

    papers: tuple[Paper, ...]
    lines: tuple[tuple[Line, ...], ...]
    regions: tuple[tuple[Quad, ...], ...]

    def uploaded(self) -> tuple[Quad, ...]:
        """The regions in pixels of the page as uploaded."""
        return tuple(
            map_quad(region, paper.to_uploaded)
            for paper, regions in zip(self.papers, self.regions, strict=True)
            for region in regions
        )


def withhold(papers: Sequence[Paper]) -> Withholding:
    """Take rows about hepatitis B out of the papers of one page: lines and pixels."""
    regions = [find_rows(paper.image, paper.lines) for paper in papers]
    painted: dict[int, Image] = {}
    for paper in papers:
        # papers that were not cut out share one picture, and must go on sharing one
        of_picture = [
            region for other, own in zip(papers, regions, strict=True) if other.image is paper.image for region in own
        ]
        if id(paper.image) not in painted:
            painted[id(paper.image)] = covered(paper.image, of_picture, 255) if of_picture else paper.image
    kept, taken = [], []
    for paper, own in zip(papers, regions, strict=True):
        inside = [any(_belongs(line, region) for region in own) for line in paper.lines]
        taken.append(tuple(line for line, gone in zip(paper.lines, inside, strict=True) if gone))
        left = tuple(line for line, gone in zip(paper.lines, inside, strict=True) if not gone)
        kept.append(replace(paper, image=painted[id(paper.image)], lines=left))
    return Withholding(tuple(kept), tuple(taken), tuple(regions))


def is_about_hepatitis_b(text: str) -> bool:
    return _HEPATITIS_B.search("".join(half_width(text).upper().split())) is not None


def find_rows(image: Image, lines: Sequence[Line]) -> tuple[Quad, ...]:
    """Where rows about hepatitis B stand, each to the next item's label or the end of the row, with what is under a head
    that has its result there. In pixels of `image`, which is upright."""
    heads = [line for line in lines if is_about_hepatitis_b(line.text)]
    if not heads:
        return ()
    cells = find_ruling(image).cells
    slope = slope_of(lines)
    regions: list[Quad] = []
    for head in heads:
        x, y = centre(head.box)
        row = _Row(head, cells, slope.a + slope.b * x + slope.c * y, float(image.shape[1]))
        regions.extend(row.regions(lines))
    return tuple(regions)


class _Row:
    """The row of one head, along the page's own slope."""

    def __init__(self, head: Line, cells: Sequence[Cell], slope: float, width: float) -> None:
        self._head = head
        self._slope = slope
        self._x, self._y = centre(head.box)
        self._left, top, self._right, bottom = bounds(head.box)
        self._height = min(bottom - top, max(8.0, (self._right - self._left) / 2))
        self._cells = cells
        self._cell = _cell_around(self._x, self._y, cells)
        self._end = width
        self._top, self._bottom = self._y - (0.5 + _MARGIN) * self._height, self._y + (0.5 + _MARGIN) * self._height
        if self._cell is not None:
            box = self._cell.box
            self._top = min(self._top + _MARGIN * self._height, self._at(box[0]))
            self._bottom = max(self._bottom - _MARGIN * self._height, self._at(box[3]))
            self._left = min(self._left, box[0][0], box[3][0])
            self._end = max(
                corner[0] for cell in cells if cell.table == self._cell.table for corner in (cell.box[1], cell.box[2])
            )

    def regions(self, lines: Sequence[Line]) -> list[Quad]:
        beside = [
            line
            for line in lines
            if line is not self._head and centre(line.box)[0] > self._left and self._is_in_row(line)
        ]
        others = [bounds(line.box)[0] for line in beside if _starts_another(line.text)]
        right = [left for left in others if left > self._right - self._height]
        end = min(right) - 0.2 * self._height if right else self._end
        found = [self._quad(self._left, end, self._top, self._bottom)]
        has_result = _has_result(self._head.text) or any(
            _RESULT.fullmatch(_squeezed(line.text)) for line in beside if bounds(line.box)[0] < end
        )
        if not has_result:
            found.extend(self._under(lines))
        return found

    def _under(self, lines: Sequence[Line]) -> list[Quad]:
        """The cell under the head, or a result that stands there."""
        if self._cell is not None:
            below = [
                cell
                for cell in self._cells
                if cell.table == self._cell.table
                and cell.column == self._cell.column
                and cell.row == self._cell.row + self._cell.row_span
            ]
            texts = [
                line.text for cell in below for line in lines if share_inside(bounds(line.box), bounds(cell.box)) > 0.5
            ]
            return [] if any(_starts_another(text) for text in texts) else [cell.box for cell in below]
        found = []
        for line in lines:
            left, top, right, bottom = bounds(line.box)
            x, y = centre(line.box)
            down = self._at((x, y)) - self._bottom
            if (
                0 < down < _BELOW * self._height
                and self._left < x < self._right
                and _RESULT.fullmatch(_squeezed(line.text))
            ):
                margin = _MARGIN * (bottom - top)
                wide = (min(self._left, left) - margin, max(self._right, right) + margin)
                found.append(self._quad(*wide, self._at((x, top)) - margin, self._at((x, bottom)) + margin))
        return found

    def _is_in_row(self, line: Line) -> bool:
        return self._top < self._at(centre(line.box)) < self._bottom

    def _at(self, point: tuple[float, float]) -> float:
        """The y at the head's x of the row through a point."""
        return point[1] - self._slope * (point[0] - self._x)

    def _quad(self, left: float, right: float, top: float, bottom: float) -> Quad:
        rise_left, rise_right = self._slope * (left - self._x), self._slope * (right - self._x)
        return (
            (left, top + rise_left),
            (right, top + rise_right),
            (right, bottom + rise_right),
            (left, bottom + rise_left),
        )


def _cell_around(x: float, y: float, cells: Sequence[Cell]) -> Cell | None:
    """The smallest cell a point lies in."""
    around = [cell for cell in cells if _holds(bounds(cell.box), x, y)]
    return min(around, key=lambda cell: _area(bounds(cell.box)), default=None)


def _holds(box: Bounds, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _area(box: Bounds) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _belongs(line: Line, region: Quad) -> bool:
    polygon = np.array(region, dtype=np.float32)
    if cv2.pointPolygonTest(polygon, centre(line.box), measureDist=False) >= 0:
        return True
    area = cv2.contourArea(np.array(line.box, dtype=np.float32))
    shared, _ = cv2.intersectConvexConvex(polygon, np.array(line.box, dtype=np.float32))
    return area > 0 and shared / area > _COVERED


def _squeezed(text: str) -> str:
    return "".join(half_width(text).split())


def _starts_another(text: str) -> bool:
    """Whether a line begins with the label of another item."""
    marks = find_labels(_squeezed(text), _OTHER_ROWS, ())
    return bool(marks) and marks[0][0] <= 1 and not is_about_hepatitis_b(text)


def _has_result(text: str) -> bool:
    return re.search(r"[阴阳]性|[::][-+±\d]", _squeezed(text)) is not None
