"""Whether a place on a form holds ink: an empty place and writing that nobody can read are different things.

Red seal ink and rules to write on do not count: they are on the form whether or not somebody wrote there.
Images are BGR, uint8; boxes and lengths are in pixels of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import bounds, quad_from_bounds
from verifier.imaging.ink import remove_red
from verifier.ocr.engine import Image

_DARKER = 20.0
"""Grey levels a mark is darker than its paper, at least; light pencil has 30."""
_OVER_NOISE = 6.0
"""Times the usual darkness of the paper's grain."""
_RULE = 2.5
"""Heights of a line of text: a level stroke this long is a rule to write on."""
_SPECK = 0.22
"""Heights of a line of text: a mark smaller than this both ways is a speck, or the edge of something beside the place."""
_GAP = 0.09
"""Heights of a line: a gap this wide lies between two characters, or between a colon and what follows."""
_GRAINS = 1
"""Dark pixels in a column that still count as none."""
_INSET = 0.1
"""Heights of a line of text by which a place shrinks, for the soft edges of its rules."""


@dataclass(frozen=True)
class Ink:
    """Marks found in a place: the box around them, their larger side in heights of a line, and how dark they are.

    `strength` is their darkness as a share of the darkness of the print they are compared with, 0 or more.
    """

    box: Quad
    size: float
    strength: float


def find_ink(image: Image, place: Quad, *, print_box: Quad, ignore: Sequence[Quad] = ()) -> Ink | None:
    """The ink in a place, compared with the print in `print_box` (its label); None when there is none.

    The place is taken as the upright rectangle inside the quad's corners. What lies in the boxes to `ignore` is known
    to be something else: a seal, text that was read.
    """
    own = bounds(print_box)
    line = max(8.0, own[3] - own[1])
    left, top, right, bottom = _inside(place, _INSET * line)
    margin = round(1.5 * line)
    x0, y0 = max(0, round(left) - margin), max(0, round(top) - margin)
    x1, y1 = min(image.shape[1], round(right) + margin), min(image.shape[0], round(bottom) + margin)
    if right - left < 0.5 * line or bottom - top < 0.4 * line or x1 <= x0 or y1 <= y0:
        return None
    dark = _darkness(np.ascontiguousarray(image[y0:y1, x0:x1]), line)
    mask = (dark > max(_DARKER, _OVER_NOISE * float(np.median(dark)))).astype(np.uint8)
    mask = _without_rules(mask, line)
    keep = np.zeros_like(mask)
    keep[max(0, round(top) - y0) : round(bottom) - y0, max(0, round(left) - x0) : round(right) - x0] = 1
    for box in ignore:
        corners = np.array(box, dtype=np.float64) - (x0, y0)
        cv2.fillConvexPoly(keep, corners.round().astype(np.int32), 0)
    # A stroke that only reaches in from outside is its neighbour's: it counts by what lies inside.
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask * keep)
    marks = [stats[at] for at in range(1, count) if max(stats[at][2], stats[at][3]) >= _SPECK * line]
    if not marks:
        return None
    rows = np.array(marks)
    box = quad_from_bounds(
        float(x0 + rows[:, 0].min()), float(y0 + rows[:, 1].min()),
        float(x0 + (rows[:, 0] + rows[:, 2]).max()), float(y0 + (rows[:, 1] + rows[:, 3]).max()),
    )  # fmt: skip
    inked = dark[(mask * keep) > 0]
    printed = _print_darkness(image, print_box, line)
    size = float(rows[:, 2:4].max()) / line
    return Ink(box=box, size=size, strength=float(np.percentile(inked, 75.0)) / max(printed, _DARKER))


def gap_near(image: Image, row: Quad, x: float, reach: float) -> float:
    """The middle of the gap between marks that lies nearest to `x` on a row, within `reach` pixels; `x` when there is none.

    A line's text tells only about how wide each part of it is: where print ends and handwriting begins is seen.
    """
    _, top, _, bottom = (round(value) for value in bounds(row))
    left = max(0, round(x - reach))
    crop = image[max(0, top) : max(0, bottom), left : max(0, round(x + reach))]
    if crop.size == 0:
        return x
    line = max(8.0, float(bottom - top))
    dark = _darkness(np.ascontiguousarray(crop), line)
    empty = (dark > max(_DARKER, _OVER_NOISE * float(np.median(dark)))).sum(axis=0) <= _GRAINS
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(np.int8), [0]])))
    gaps = [(start + end) / 2 for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start >= _GAP * line]
    return min((left + gap for gap in gaps), key=lambda at: abs(at - x), default=x)


def _inside(place: Quad, inset: float) -> tuple[float, float, float, float]:
    """The upright rectangle that lies within a nearly upright quad."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = place
    return max(ax, dx) + inset, max(ay, by) + inset, min(bx, cx) - inset, min(cy, dy) - inset


def _darkness(crop: Image, line: float) -> NDArray[np.float32]:
    """How much darker than its paper each pixel is, red ink aside."""
    grey = cv2.cvtColor(remove_red(crop), cv2.COLOR_BGR2GRAY)
    size = max(5, round(1.2 * line)) | 1
    paper = cv2.morphologyEx(cv2.medianBlur(grey, 3), cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return np.asarray(cv2.subtract(paper, cv2.blur(grey, (2, 2))), dtype=np.float32)


def _without_rules(mask: NDArray[np.uint8], line: float) -> NDArray[np.uint8]:
    """The marks without long level or upright strokes: the rules around the place, and lines to write on."""
    length = max(9, round(_RULE * line))
    # One pixel of height joins the steps of a slanting rule.
    thick = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    rules = cv2.bitwise_or(
        cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)),
        cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8)),
    )
    return np.asarray(cv2.subtract(mask, cv2.dilate(rules, np.ones((3, 3), np.uint8))), dtype=np.uint8)


def _print_darkness(image: Image, box: Quad, line: float) -> float:
    """How dark the print in a box is: its darker quarter, where strokes are."""
    left, top, right, bottom = (round(value) for value in bounds(box))
    crop = image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if crop.size == 0:
        return 0.0
    dark = _darkness(np.ascontiguousarray(crop), line)
    return float(np.percentile(dark[dark >= np.percentile(dark, 75.0)], 75.0))
