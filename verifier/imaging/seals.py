"""Finding seals on a page: round, oval and square, in red or blue ink; round ones on photocopies.

A seal is a ring or frame of coloured ink with text along it. Cards carry red emblems, portraits red clothes, tables
red rules, photographs red desks: none of them has text inside a closed outline in the same ink, so all are left out.
On a page without colour only round seals are found, by their shape alone.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import bounds, quad_from_bounds, quad_from_points
from verifier.imaging.ink import Colour, Plane, coloured_ink, densities, paper, remove_ink, remove_red
from verifier.imaging.seal_copies import find_copies
from verifier.imaging.seal_disc import Source
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
from verifier.imaging.seal_text import SealText, read
from verifier.imaging.toner import is_colourless
from verifier.ocr.engine import Image

__all__ = ["SealRegion", "SealText", "Shape", "Source", "find", "read", "remove_ink", "remove_red"]

_WORK_SIDE = 1400
"""The long side at which seals are looked for."""
_INK, _FAINT_INK = 0.1, 0.035
"""Densities from which a pixel counts as inked: the first always, the second on a page without colour noise."""
_NOISE_TILE = 8
"""Side, in steps of two pixels at the working size, of the squares in which the noise of a page's colour is measured."""
_SMALLEST = 40
"""Smallest seal in pixels at the working size: below it no character could be read anyway."""
_LARGEST = 0.7
"""Largest seal as a share of the page's short side."""
_FLATTEST = 0.22
"""Least height of a seal as a share of its width: frames around a single row of text are flat."""
_BRIDGES = ((3, cv2.MORPH_ELLIPSE), (7, cv2.MORPH_ELLIPSE), (13, cv2.MORPH_RECT), (27, cv2.MORPH_RECT))
"""Gaps of worn outlines that are bridged, in pixels at the working size, and how; large ellipses take OpenCV long."""
_LEAST_INKED = 150
"""Pixels at the working size that the faintest seal has at least."""
_SAME = 6
"""Outlines whose bounds agree to about this many pixels are looked at once."""
_CLEAN, _CLEAN_ENOUGH = 0.62, 0.8
"""Least completeness of a ring with many strokes of text, and of one with few or of a frame.

Seals of the sample pages, worn ones too, have 0.9, an emblem on a card 0.65 with five strokes, other red things less.
"""
_STROKES, _MANY_STROKES = 4, 8
"""Least numbers of strokes along the place of the text: an emblem's triangle or star makes three to six at most."""
_FILLED = 0.3
"""How much more of the ink's colour the paper within an outline has, as a logarithm, where the whole of it is inked."""
_ROUND_RATIO = 0.8
"""Shortest axis over longest: a tilted round seal keeps 0.87 at 30 degrees, oval seals are made with 0.6 to 0.75."""


def find(image: Image) -> tuple[SealRegion, ...]:
    """The seals of a page, the surest first; () for none. `image` is BGR, shape (h, w, 3), any size from 40 px on."""
    scale = min(1.0, _WORK_SIDE / max(image.shape[:2]))
    work = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else image
    work = np.asarray(work, dtype=np.uint8)
    ground = paper(work)
    density = densities(work, ground)
    found: list[SealRegion] = []
    for colour in ("red", "blue"):
        plane = np.asarray(cv2.GaussianBlur(coloured_ink(density, colour), (3, 3), 0), dtype=np.float32)
        found += [region.scaled(1.0 / scale) for region in _in_plane(plane, colour) if not _is_filled(region, ground)]
    if not found and is_colourless(image):
        found = [_ring_region(ring, "grey", marks.clean) for ring, marks in find_copies(image)]
    return tuple(_without_overlaps(found))


def _in_plane(plane: Plane, colour: Colour) -> list[SealRegion]:
    found: list[SealRegion] = []
    faintest = _faintest(plane)
    for outline in _outlines(plane, faintest):
        ring = refine_ring(plane, _ellipse_of(outline))
        if ring is not None and 2.0 * min(ring.a, ring.b) >= _SMALLEST:
            marks = measure_ring(plane, ring, faintest)
            if _is_seal(marks, faintest):
                found.append(_ring_region(ring, colour, marks.clean))
                continue
        rectangle = _rectangle_of(outline)
        corners = None if rectangle is None else refine_frame(plane, rectangle)
        if corners is not None:
            marks = measure_frame(plane, corners, faintest)
            if _is_seal(marks, faintest) and marks.clean > _CLEAN_ENOUGH:
                found.append(_frame_region(corners, colour, marks.clean))
    return found


def _faintest(plane: Plane) -> float:
    """The density that ink must have on this page: well above what its paper and print show of the colour."""
    some = plane[::2, ::2]
    height, width = (side - side % _NOISE_TILE for side in some.shape)
    if not height or not width:
        return _INK
    tiles = some[:height, :width].reshape(height // _NOISE_TILE, _NOISE_TILE, width // _NOISE_TILE, _NOISE_TILE)
    noise = float(np.median(tiles.max(axis=(1, 3))))
    return min(_INK, max(_FAINT_INK, 3.0 * noise))


def _outlines(plane: Plane, faintest: float) -> list[NDArray[np.int32]]:
    """Hulls of connected ink and of the holes in it, gaps bridged, of a size a seal can have.

    Holes count because a seal may touch a red table or lie, on a photograph, within a red desk's reach.
    """
    largest = _LARGEST * min(plane.shape)
    mask = (plane > faintest).astype(np.uint8)
    hulls: dict[tuple[int, ...], NDArray[np.int32]] = {}
    if int(mask.sum()) < _LEAST_INKED:
        return []
    for bridge, shape in _BRIDGES:
        kernel = cv2.getStructuringElement(shape, (bridge, bridge))
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
        contours, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            left, top, width, height = cv2.boundingRect(contour)
            if _SMALLEST <= max(width, height) <= largest and min(width, height) >= _FLATTEST * max(width, height):
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


def _is_seal(marks: Marks, faintest: float) -> bool:
    if marks.strength <= faintest or marks.weakest <= 0.3 or not 0.04 < marks.text < 0.97:
        return False
    return marks.clean > (_CLEAN if marks.strokes >= _MANY_STROKES else _CLEAN_ENOUGH) and marks.strokes >= _STROKES


def _is_filled(region: SealRegion, ground: Image) -> bool:
    """Whether the paper within the outline has the colour of the ink: a disc or a field, too large to count as ink."""
    ink, other = (2, 1) if region.colour == "red" else (0, 2)
    sides = [
        ground[y, x].astype(np.float32) + 8.0 for y, x in (_around(region, ground, 0.5), _around(region, ground, 1.2))
    ]
    inside, outside = (float(np.median(np.log(side[:, ink] / side[:, other]))) for side in sides)
    return inside - outside > _FILLED


def _around(region: SealRegion, image: Image, factor: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of pixels around the region's outline made smaller or larger by `factor`."""
    turn = np.linspace(0.0, 2.0 * math.pi, 72, endpoint=False)
    points = region.ellipse.at(factor * np.stack([np.cos(turn), np.sin(turn)], axis=1)).round().astype(np.int64)
    height, width = image.shape[:2]
    return np.clip(points[:, 1], 0, height - 1), np.clip(points[:, 0], 0, width - 1)


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
