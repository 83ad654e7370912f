"""Seals of photocopies: without colour only their shape is left, a ring with text along it among the print."""

from __future__ import annotations

import cv2
import numpy as np

from verifier.imaging.ink import coloured_ink, densities, paper
from verifier.imaging.seal_shapes import Ellipse, Marks, measure_ring, refine_ring
from verifier.ocr.engine import Image

_WORK_SIDE = 1000
"""The long side at which rings are looked for."""
_RADII = (0.025, 0.22)
"""Smallest and largest radius as shares of that side: seals are made 30 to 50 mm wide, pages are A6 to A4."""
_EDGE, _ROUND = 160.0, 0.75
"""How strong an edge is and how much of a circle it makes, for the search (see cv2.HOUGH_GRADIENT_ALT)."""
_REACHES = (0.08, 0.05, 0.03)
_FAINTEST = 0.12
"""Density of the palest toner."""
_OUTLINE, _WEAKEST = 0.8, 0.55
"""Least completeness of a ring, all around and of its worst quarter: print crosses it but does not hide it."""
_GAP = 0.6
"""Most ink in the quietest ring within the outline: a filled disc has more."""
_STROKES = 9
"""Least number of strokes along the place of the text."""


def find_copies(image: Image) -> tuple[tuple[Ellipse, Marks], ...]:
    """Round seals of a page without colour (BGR, uint8), in its pixels; of two that overlap the clearer one."""
    scale = min(1.0, _WORK_SIDE / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else image
    work = np.asarray(small, dtype=np.uint8)
    plane = coloured_ink(densities(work, paper(work)), "grey")
    grey = cv2.GaussianBlur(cv2.cvtColor(work, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    least, most = (max(12, round(share * max(work.shape[:2]))) for share in _RADII)
    circles = cv2.HoughCircles(
        grey,
        cv2.HOUGH_GRADIENT_ALT,
        dp=1.5,
        minDist=least,
        param1=_EDGE,
        param2=_ROUND,
        minRadius=least,
        maxRadius=most,
    )
    found: list[tuple[Ellipse, Marks]] = []
    for x, y, radius in [] if circles is None else circles.reshape(-1, circles.shape[-1])[:, :3].tolist():
        ring = refine_ring(plane, Ellipse(x, y, radius, radius, 0.0), _REACHES)
        if ring is None or min(ring.a, ring.b) < least:
            continue
        marks = measure_ring(plane, ring, _FAINTEST)
        if _is_copy(marks):
            found.append((ring.scaled(1.0 / scale), marks))
    return tuple(_apart(found))


def _is_copy(marks: Marks) -> bool:
    return (
        marks.strength > _FAINTEST
        and marks.outline >= _OUTLINE
        and marks.weakest >= _WEAKEST
        and marks.gap <= _GAP
        and marks.strokes >= _STROKES
        and 0.15 < marks.text < 0.97
    )


def _apart(found: list[tuple[Ellipse, Marks]]) -> list[tuple[Ellipse, Marks]]:
    kept: list[tuple[Ellipse, Marks]] = []
    for ring, marks in sorted(found, key=lambda one: one[1].outline - one[1].gap, reverse=True):
        if all(np.hypot(ring.x - other.x, ring.y - other.y) > 0.8 * max(ring.a, other.a) for other, _ in kept):
            kept.append((ring, marks))
    return kept
