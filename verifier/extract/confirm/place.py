"""Where a field's text stands: the one row of the page that holds it, and what stands beside it there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.base import Quad
from schemas.reading import Line, ReadField
from verifier.compare.text import squeeze
from verifier.extract.page import ReadPage
from verifier.geometry import Bounds, bounds, inverse, map_quad, quad_from_points, shared

_CONTEXT = 3
"""Characters on either side that a crop may cut into."""
_OVERLAP = 0.5
"""Share of a box's height or width that must lie in the field's area for the line to count."""


@dataclass(frozen=True)
class Place:
    """One run of text on a page. `box` is in pixels of `page.image`; the texts are without white space."""

    page: ReadPage
    box: Quad
    left: str
    text: str
    right: str
    score: float
    line: int
    """Index of the line in `page.lines`."""


def place_of(field: ReadField, pages: Iterable[ReadPage]) -> Place | None:
    """The place of a field that stands in one row; None for one of several rows, or that cannot be found again.

    Several of `pages` may be papers on the same uploaded page: the one whose line holds the field's text is taken. Where
    no line is, a closer look found the text, and its box is the place. Raises TypeError for `rows`.
    """
    raw, value = squeeze(field.raw), squeeze(field.text)
    papers = [page for page in pages if page.index == field.page]
    for page in papers:
        area = bounds(map_quad(field.box, inverse(page.to_uploaded)))
        for text in filter(None, dict.fromkeys((raw, value))):
            places = (_in_line(page, number, text, area) for number in range(len(page.lines)))
            found = [place for place in places if place is not None]
            if found:
                return max(found, key=lambda place: shared(bounds(place.box), area))
        row = _on_row(page, raw, area) if raw else None
        if row is not None:
            return row
    if len(papers) != 1 or not raw:
        return None
    box = map_quad(field.box, inverse(papers[0].to_uploaded))
    if any(shared(bounds(line.box), bounds(box)) >= _OVERLAP for line in papers[0].lines):
        return None
    return Place(papers[0], box, "", raw, "", field.confidence, len(papers[0].lines))


def occurrences(text: str, pages: Sequence[ReadPage], *, besides: Place) -> int:
    """How many other lines of the document hold this text, and not as a part of a longer word or number.

    A reading that lost its first or last characters stands inside every whole one.
    """
    whole = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
    return sum(
        whole.search(squeeze(line.text)) is not None
        for page in pages
        for number, line in enumerate(page.lines)
        if not (page is besides.page and number == besides.line)
    )


def _in_line(page: ReadPage, number: int, raw: str, area: Bounds) -> Place | None:
    line = page.lines[number]
    own = bounds(line.box)
    if min(own[2], area[2]) <= max(own[0], area[0]) or min(own[3], area[3]) <= max(own[1], area[1]):
        return None
    text = squeeze(line.text)
    at = text.find(raw)
    if at < 0:
        return None
    box = _between(line, area)
    inside = bounds(box)
    middle = (inside[1] + inside[3]) / 2
    if not area[1] <= middle <= area[3] or shared(inside, area) < _OVERLAP:
        return None
    end = at + len(raw)
    return Place(page, box, text[max(0, at - _CONTEXT) : at], raw, text[end : end + _CONTEXT], line.score, number)


def _on_row(page: ReadPage, raw: str, area: Bounds) -> Place | None:
    """A text that the detector boxed in pieces side by side, with what may have been missed between them."""
    pieces = sorted(
        (
            (number, line)
            for number, line in enumerate(page.lines)
            if shared(bounds(_between(line, area)), area) >= _OVERLAP and _share_of_height(bounds(line.box), area)
        ),
        key=lambda piece: piece[1].box[0][0],
    )
    text = "".join(squeeze(line.text) for _, line in pieces)
    at = text.find(raw)
    if len(pieces) < 2 or at < 0:
        return None
    ends = [np.array(_between(pieces[side][1], area)) for side in (0, -1)]
    box = quad_from_points(np.array([ends[0][0], ends[1][1], ends[1][2], ends[0][3]]))
    end = at + len(raw)
    score = min(line.score for _, line in pieces)
    return Place(page, box, text[max(0, at - _CONTEXT) : at], raw, text[end : end + _CONTEXT], score, pieces[0][0])


def _share_of_height(own: Bounds, area: Bounds) -> bool:
    """Whether a line is as high as the whole area: lines below one another share it."""
    return min(own[3], area[3]) - max(own[1], area[1]) >= _OVERLAP * (area[3] - area[1])


def _between(line: Line, area: Bounds) -> Quad:
    """The part of a line between the left and the right of an area."""
    corners = np.array(line.box)
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    start = (corners[0, 0] + corners[3, 0]) / 2
    width = max(1.0, float(top[0] + bottom[0]) / 2)
    a, b = (min(1.0, max(0.0, (x - start) / width)) for x in (area[0], area[2]))
    return quad_from_points(
        np.array([corners[0] + a * top, corners[0] + b * top, corners[3] + b * bottom, corners[3] + a * bottom])
    )


def is_sealed(text: str, pages: Sequence[ReadPage]) -> bool:
    """Whether a seal on the pages begins with this text: the body that a paper names often seals it."""
    return any(squeeze(seal.text).startswith(squeeze(text)) for page in pages for seal in page.seals)
