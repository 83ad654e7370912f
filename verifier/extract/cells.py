"""Which cell of a ruled table a text lies in, and which cells stand beside and below it.

A table says who belongs to whom better than distances do: a value never leaves its cell, however far it stands from
its label, and a line that an engine read across a rule is two texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from schemas.base import Quad
from schemas.reading import Line, Source
from verifier.extract.page import ReadPage
from verifier.geometry import bounds, centre, quad_from_points
from verifier.imaging.ruled_cells import Segment
from verifier.imaging.ruling import Ruling
from verifier.ocr.engine import Image

_MARGIN = 0.45
"""Heights of a line that stand on either side of a rule at least, for the line to be cut there."""
_BESIDE = 0.3
"""Heights of a line beside a rule that are paper when two texts stand there: a word that overflows its cell is one text."""
_DARKER = 30
"""Grey levels a stroke is darker than the lightest paper beside the rule."""


class Grid:
    """The cells of a page, numbered as in its ruling."""

    def __init__(self, ruling: Ruling) -> None:
        self.cells = ruling.cells

    def at(self, box: Quad) -> int | None:
        """The cell that holds the middle of a box; None outside all tables."""
        middle = centre(box)
        for number, cell in enumerate(self.cells):
            if cv2.pointPolygonTest(np.array(cell.box, dtype=np.float32), middle, measureDist=False) >= 0:
                return number
        return None

    def right_of(self, number: int) -> list[int]:
        """Cells that stand on the rows of this one, right of it: the nearest column first, each column from its top."""
        own = self.cells[number]
        found = [
            at
            for at, cell in enumerate(self.cells)
            if cell.table == own.table
            and cell.column >= own.column + own.column_span
            and cell.row < own.row + own.row_span
            and own.row < cell.row + cell.row_span
        ]
        return sorted(found, key=lambda at: (self.cells[at].column, self.cells[at].row))

    def below(self, number: int) -> int | None:
        """The cell straight below, when it stands under most of this one; None at a table's foot."""
        own = self.cells[number]
        left, _, right, _ = bounds(own.box)
        found = [
            at
            for at, cell in enumerate(self.cells)
            if cell.table == own.table and cell.row == own.row + own.row_span and _shared(cell.box, left, right) > 0.5
        ]
        return max(found, key=lambda at: _shared(self.cells[at].box, left, right), default=None)


def _shared(box: Quad, left: float, right: float) -> float:
    """Share of the narrower of a box and a stretch that both cover."""
    own = bounds(box)
    return (min(own[2], right) - max(own[0], left)) / max(1.0, min(own[2] - own[0], right - left))


def cut_at_rules(page: ReadPage) -> tuple[Line, ...]:
    """The page's lines, those an engine read across an upright rule cut in two.

    The parts are read again where there is an engine; else the text is cut in proportion to its characters' widths.
    """
    rules = page.ruling.vertical
    if not rules:
        return page.lines
    lines: list[Line] = []
    for line in page.lines:
        lines.extend(_cut(page, line, rules))
    return tuple(lines)


def _cut(page: ReadPage, line: Line, rules: Sequence[Segment]) -> list[Line]:
    left, top, right, bottom = bounds(line.box)
    height, middle = bottom - top, (top + bottom) / 2
    if line.source is Source.TEXT_LAYER or right - left < 2 * height:
        return [line]
    places: list[float] = []
    for x0, y0, x1, y1 in rules:
        x = x0 + (x1 - x0) * (middle - y0) / max(y1 - y0, 1.0)
        between = left + _MARGIN * height < x < right - _MARGIN * height
        if y0 <= middle <= y1 and between and _stands_free(page.image, x, (top, bottom)):
            places.append((x - left) / (right - left))
    parts, whole = [line], 1.0
    for share in sorted(places, reverse=True):
        # Shares are of the whole line; what is left of the last cut is the line for the next one.
        pieces = _parts(page, parts[0], share / whole)
        if pieces is None:
            return [line]
        parts[:1] = pieces
        whole = share
    return parts


def _stands_free(image: Image, x: float, rows: tuple[float, float]) -> bool:
    """Whether paper lies on both sides of a rule at x: no stroke runs across it or along it."""
    top, bottom = rows
    height = bottom - top
    y0, y1 = round(top + 0.1 * height), round(bottom - 0.1 * height)
    reach = max(4, round(_BESIDE * height))
    band = image[max(0, y0) : y1, max(0, round(x) - reach) : round(x) + reach + 1]
    if band.size == 0:
        return False
    grey = cv2.cvtColor(np.ascontiguousarray(band), cv2.COLOR_BGR2GRAY)
    inked = grey < int(np.percentile(grey, 90.0)) - _DARKER
    # The rule itself and its soft edges take the middle.
    rule = max(3, round(0.08 * height))
    sides = inked[:, : max(1, reach - rule)], inked[:, reach + rule + 1 :]
    return all(side.size and float(side.mean()) < 0.04 for side in sides)


def _parts(page: ReadPage, line: Line, share: float) -> tuple[Line, Line] | None:
    """A line cut at a share of its width; None when one part would hold no text."""
    corners = np.array(line.box, dtype=np.float64)
    upper, lower = corners[0] + share * (corners[1] - corners[0]), corners[3] + share * (corners[2] - corners[3])
    boxes = (
        quad_from_points(np.array([corners[0], upper, lower, corners[3]])),
        quad_from_points(np.array([upper, corners[1], corners[2], lower])),
    )
    at = _place_in_text(line.text, share)
    texts = (line.text[:at].rstrip(" |丨"), line.text[at:].lstrip(" |丨"))
    if not all(texts):
        return None
    parts: list[Line] = []
    for box, text in zip(boxes, texts, strict=True):
        answer = page.look(box) if page.look is not None else None
        if answer is not None and answer.text.strip() and answer.score >= line.score - 0.1:
            parts.append(Line(text=answer.text, score=answer.score, box=box))
        else:
            parts.append(line.model_copy(update={"text": text, "box": box}))
    return parts[0], parts[1]


def _place_in_text(text: str, share: float) -> int:
    """Index of the character that starts nearest to a share of the text's width; a gap or a bar near it wins."""
    widths = np.array([1.0 if ord(char) > 0x2E7F else 0.55 for char in text])
    starts = np.concatenate([[0.0], np.cumsum(widths)])
    target = share * starts[-1]
    at = int(np.abs(starts - target).argmin())
    gaps = [k for k, char in enumerate(text) if char in " |丨" and abs(starts[k] + widths[k] / 2 - target) <= 1.5]
    return min(gaps, key=lambda k: abs(starts[k] - target)) if gaps else at
