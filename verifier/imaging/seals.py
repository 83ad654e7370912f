"""Finding seals on a page: round, oval and square, in red or blue ink.

A seal is a ring or frame of coloured ink with text along it. Cards carry red emblems, portraits red clothes, tables
red rules, photographs red desks: none of them has text inside a closed outline in the same ink, so all are left out.
A page without colour has no coloured ink: nothing is found on it.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import bounds, quad_from_bounds, quad_from_points
from verifier.imaging.ink import Colour, Plane, coloured_ink, densities, paper, remove_red
from verifier.imaging.seal_shapes import (
    Ellipse,
    Floats,
    Marks,
    SealRegion,
    Shape,
    measure_frame,
    measure_ring,
    refine_frame,
    refine_ring,
)
from verifier.imaging.seal_text import read
from verifier.ocr.engine import Image

__all__ = ["SealRegion", "Shape", "find", "read", "remove_red"]

_WORK_SIDE = 1400
"""The long side at which seals are looked for."""
_INK = 0.1
"""Density from which a pixel counts as inked: faint stamps have 0.25, noise of dim photographs 0.07."""
_SMALLEST = 40
"""Smallest seal in pixels at the working size: below it no character could be read anyway."""
_LARGEST = 0.7
"""Largest seal as a share of the page's short side."""
_BRIDGES = (3, 7, 13)
"""Gaps of worn outlines that are bridged, in pixels at the working size."""
_SAME = 6
"""Outlines whose bounds agree to about this many pixels are looked at once."""
_CLEAN = 0.62
"""Least completeness of an outline: seals of the sample pages, worn ones too, have 0.9, other red things up to 0.6."""
_STROKES = 5
"""Least number of strokes along the place of the text: an emblem's triangle or star makes three to five at most."""
_ROUND_RATIO = 0.8
"""Shortest axis over longest: a tilted round seal keeps 0.87 at 30 degrees, oval seals are made with 0.6 to 0.75."""


def find(image: Image) -> tuple[SealRegion, ...]:
    """The seals of a page, the surest first; () for none. `image` is BGR, shape (h, w, 3), any size from 40 px on."""
    scale = min(1.0, _WORK_SIDE / max(image.shape[:2]))
    work = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else image
    density = densities(np.asarray(work, dtype=np.uint8), paper(np.asarray(work, dtype=np.uint8)))
    found: list[SealRegion] = []
    for colour in ("red", "blue"):
        plane = np.asarray(cv2.GaussianBlur(coloured_ink(density, colour), (3, 3), 0), dtype=np.float32)
        found += _in_plane(plane, colour, 1.0 / scale)
    return tuple(_without_overlaps(found))


def _in_plane(plane: Plane, colour: Colour, enlarge: float) -> list[SealRegion]:
    found: list[SealRegion] = []
    for outline in _outlines(plane):
        ring = refine_ring(plane, _ellipse_of(outline))
        if ring is not None and 2.0 * min(ring.a, ring.b) >= _SMALLEST:
            marks = measure_ring(plane, ring)
            if _is_seal(marks):
                found.append(_ring_region(ring.scaled(enlarge), colour, marks.clean))
                continue
        rectangle = _rectangle_of(outline)
        corners = None if rectangle is None else refine_frame(plane, rectangle)
        if corners is not None:
            marks = measure_frame(plane, corners)
            if _is_seal(marks):
                found.append(_frame_region(corners * enlarge, colour, marks.clean))
    return found


def _outlines(plane: Plane) -> list[NDArray[np.int32]]:
    """Hulls of connected ink and of the holes in it, gaps bridged, of a size a seal can have.

    Holes count because a seal may touch a red table or lie, on a photograph, within a red desk's reach.
    """
    largest = _LARGEST * min(plane.shape)
    mask = (plane > _INK).astype(np.uint8)
    hulls: dict[tuple[int, ...], NDArray[np.int32]] = {}
    for bridge in _BRIDGES:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (bridge, bridge))
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
        contours, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            left, top, width, height = cv2.boundingRect(contour)
            if _SMALLEST <= max(width, height) <= largest and min(width, height) >= 0.3 * max(width, height):
                place = tuple(round(v / _SAME) for v in (left, top, left + width, top + height))
                hulls.setdefault(place, np.asarray(cv2.convexHull(contour), dtype=np.int32).reshape(-1, 2))
    return list(hulls.values())


def _ellipse_of(hull: NDArray[np.int32]) -> Ellipse:
    """The ellipse with the area moments of the hull."""
    moments = cv2.moments(hull.reshape(-1, 1, 2))
    mass = max(moments["m00"], 1e-6)
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]]) / mass
    values, vectors = np.linalg.eigh(spread)
    first, second = (2.0 * math.sqrt(max(float(v), 0.25)) for v in values)
    angle = math.degrees(math.atan2(float(vectors[1, 0]), float(vectors[0, 0])))
    return Ellipse(moments["m10"] / mass, moments["m01"] / mass, first, second, angle)


def _rectangle_of(hull: NDArray[np.int32]) -> Floats | None:
    """The smallest rectangle around the hull when the hull fills it, corners (4, 2) clockwise from the top left."""
    if len(hull) < 4:
        return None
    rectangle = cv2.minAreaRect(hull.reshape(-1, 1, 2))
    width, height = rectangle[1]
    if min(width, height) < 0.75 * _SMALLEST or cv2.contourArea(hull.reshape(-1, 1, 2)) < 0.88 * width * height:
        return None
    corners = np.asarray(cv2.boxPoints(rectangle), dtype=np.float64)
    return np.roll(corners, -int(np.argmin(corners.sum(axis=1))), axis=0)


def _is_seal(marks: Marks) -> bool:
    return (
        marks.strength > _INK
        and marks.clean > _CLEAN
        and marks.weakest > 0.3
        and 0.04 < marks.text < 0.95
        and marks.strokes >= _STROKES
    )


def _ring_region(ring: Ellipse, colour: Colour, confidence: float) -> SealRegion:
    matrix = ring.matrix()
    reach_x, reach_y = (float(np.linalg.norm(matrix[row, :2])) for row in (0, 1))
    ratio = min(ring.a, ring.b) / max(ring.a, ring.b)
    return SealRegion(
        box=quad_from_bounds(ring.x - reach_x, ring.y - reach_y, ring.x + reach_x, ring.y + reach_y),
        colour=colour,
        shape="round" if ratio >= _ROUND_RATIO else "oval",
        centre=(ring.x, ring.y),
        axes=(ring.a, ring.b),
        angle=ring.angle,
        confidence=round(min(1.0, confidence), 3),
    )


def _frame_region(corners: Floats, colour: Colour, confidence: float) -> SealRegion:
    across = corners[1] - corners[0]
    return SealRegion(
        box=quad_from_points(corners),
        colour=colour,
        shape="square",
        centre=(float(corners[:, 0].mean()), float(corners[:, 1].mean())),
        axes=(float(np.linalg.norm(across)) / 2.0, float(np.linalg.norm(corners[3] - corners[0])) / 2.0),
        angle=math.degrees(math.atan2(float(across[1]), float(across[0]))),
        confidence=round(min(1.0, confidence), 3),
    )


def _without_overlaps(regions: list[SealRegion]) -> list[SealRegion]:
    """The surest of regions that cover one another's centre."""
    kept: list[SealRegion] = []
    for region in sorted(regions, key=lambda r: r.confidence, reverse=True):
        left, top, right, bottom = bounds(region.box)
        x, y = region.centre
        if not any((left < k.centre[0] < right and top < k.centre[1] < bottom) or _covers(k.box, x, y) for k in kept):
            kept.append(region)
    return kept


def _covers(box: Quad, x: float, y: float) -> bool:
    left, top, right, bottom = bounds(box)
    return left < x < right and top < y < bottom
