"""Find the page (or the card) in a photo or a scan: four straight edges with lighter paper on their inner side.

Lines carry a direction (towards the lighter side): a left edge can never be taken for a right one. Quads of four lines
are scored by how much of each side is really seen, and the winner must hold nearly all the text-like marks: a wrong
crop costs fields, no crop costs little. Only when that finds no whole page sides towards which it gets darker count as
well, a tinted card on white paper or a page in shadow on a white table, and then all four must be seen nearly whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Point
from verifier.imaging.edges import MIN_SLOPE, STROKE, Line, Slopes, find_lines, find_slopes, slope_at
from verifier.imaging.strokes import Glyphs, find_glyphs, find_ink, grey, shrink
from verifier.ocr.engine import Image

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WORK_SIDE = 800
"""Longer side of the copy that is searched: text of a whole page is some 8 pixels high there, an edge 1 pixel sharp."""

MIN_SUPPORT = 0.62
"""Share of a side's visible length where the edge must be seen. Fingers, clips and glare hide some of it."""

NEARLY_WHOLE = 0.94
"""… and of each other side when the image cuts a side off (three sides alone are often a panel or a table), or when
the page is darker than what it lies on along some side."""

CUT_WORTH = 0.5
"""A side cut off by the border of the image counts like one half seen: a whole page is preferred."""

AREA_WORTH = 0.15
"""Between quads seen equally well the larger wins: a sheet before a card on it, a card before a box printed on it."""

TRIES = 12
"""Quads checked in order of score before giving up."""

SAMPLES = 24
"""Places looked at along a side."""

REACH = 6
"""How far from the voted line (1 degree, 2 pixels) the true edge is searched, in pixels of the copy."""

MIN_VISIBLE = 0.3
"""Share of a side that must lie within the image for it to be called seen."""

MIN_SINE = 0.82
"""Sine of the smallest corner: 55 degrees, what a page photographed from a low angle shows."""

MAX_RATIO = 2.4
"""Longer by shorter side: A4 and ID cards are 1.4 to 1.6, a low angle stretches them."""

MAX_SHRINKING = 1.7
"""Near by far side. A page seen under more perspective than this can hardly be read at its far end."""

MIN_AREA = 0.05
"""Share of the photo: smaller things are not what was photographed."""

MAX_CORNER_OUTSIDE = 0.25
"""How far outside a corner may lie, as a share of the photo's side."""

MAX_OUTSIDE = 0.02
"""Share of all text-like marks that may lie outside: dust and grain now and then look like a character."""

UPRIGHT = 0.002
"""How far a corner may be from the upright rectangle, as a share of the image's longer side: a tenth of a degree."""

FILLS = 0.4
"""… and the share of the image it must fill: from a smaller one cutting off the rest gains resolution for reading."""

SAME_INK = 0.6
"""Ink outside counts from this share of the contrast of the ink inside: grain of wood reaches half of it."""

SAME_PAPER = 0.6
"""… on a ground of at least this share of the paper's brightness: a shadow takes a third of it."""


@dataclass(frozen=True)
class FoundPage:
    """Corners (4, 2) in pixels of the image given, clockwise from the one nearest its top left; they may lie outside
    the image when the page leaves it. `sides` says how much of top, right, bottom and left was seen: 0 for a side that
    is cut off by the border of the image."""

    corners: Floats
    sides: tuple[float, float, float, float]


@dataclass(frozen=True)
class _Sides:
    """Lines that may be the top, right, bottom and left side; of each the first `lighter` ones are lighter inside, the
    others darker."""

    lines: tuple[list[Line], ...]
    lighter: tuple[int, ...]


@dataclass(frozen=True)
class _Quad:
    """Corners from the middle of the copy, the share of each side that was seen, and whether it gets lighter (1) or
    darker (-1) towards the inside."""

    corners: Floats
    sides: tuple[float, float, float, float]
    signs: Floats


def find_page(
    image: Image, *, text: Sequence[Point] | None = None, other_text: Sequence[Point] = ()
) -> FoundPage | None:
    """The page's corners in pixels of `image` (BGR), or None when nothing certain is seen.

    Where the image was read already `text` says where the page's text stands, and `other_text` that of other papers:
    the page must hold all of the one and none of the other. Otherwise it must hold nearly all that looks like text.
    """
    small, factor = shrink(image, WORK_SIDE)
    if min(small.shape[:2]) < 100:
        return None
    slopes = find_slopes(small)
    holds_the_text = _text_test(small, factor, text, other_text)

    def first(quads: list[_Quad]) -> _Quad | None:
        for quad in quads:
            corners = _refine(quad, slopes)
            if np.all(np.isfinite(corners)) and holds_the_text(corners):
                return replace(quad, corners=corners)
        return None

    lighter = find_lines(slopes)
    found = first(_ranked(_Sides(tuple(lighter), tuple(map(len, lighter))), slopes, certain=False))
    if found is None or min(found.sides) == 0:
        darker = find_lines(Slopes(x=-slopes.x, y=-slopes.y))
        either = _Sides(tuple(a + b for a, b in zip(lighter, darker, strict=True)), tuple(map(len, lighter)))
        found = first(_ranked(either, slopes, certain=True)) or found
    if found is None or _is_flat_already(found.corners, small.shape):
        return None
    return FoundPage(corners=(found.corners + 0.5) * factor - 0.5, sides=found.sides)


def _text_test(
    small: Image, factor: float, text: Sequence[Point] | None, other_text: Sequence[Point]
) -> Callable[[Floats], bool]:
    """Tells of corners in the copy whether they hold the text they should."""
    if text is None:
        marks = find_glyphs(find_ink(grey(small), STROKE), 4, 60)
        return lambda corners: _holds_the_text(corners, marks)
    own = np.array(text, dtype=np.float64).reshape(-1, 2) / factor
    others = np.array(other_text, dtype=np.float64).reshape(-1, 2) / factor
    return lambda corners: bool(_are_inside(own, corners).all()) and not _are_inside(others, corners).any()


def _ranked(among: _Sides, slopes: Slopes, *, certain: bool) -> list[_Quad]:
    """Quads that have the shape of a page and whose sides are seen, best first.

    `certain` asks for four sides seen nearly whole.
    """
    shape = slopes.x.shape
    angles, offsets, cut, signs = _combinations(among, shape, may_be_cut=not certain)
    corners = _corners(angles, offsets)
    for keep in (_has_shape_of_a_page, _faces_inward):
        kept = keep(corners, angles, shape)
        angles, corners, cut, signs = angles[kept], corners[kept], cut[kept], signs[kept]
    support = np.where(cut, 0.0, _support(corners, angles, signs, slopes))
    area = _area(_inside_frame(corners, shape)) / slopes.x.size
    score = np.where(cut, CUT_WORTH, support).mean(axis=1) + AREA_WORTH * np.sqrt(np.clip(area, 0, 1))
    needed = np.where(cut.any(axis=1) | certain, NEARLY_WHOLE, MIN_SUPPORT)[:, None]
    seen = np.all(cut | (support >= needed), axis=1)
    order = [int(i) for i in np.argsort(-score) if seen[i]][:TRIES]
    return [_Quad(corners[i], _four(support[i]), signs[i]) for i in order]


def _combinations(among: _Sides, shape: tuple[int, ...], *, may_be_cut: bool) -> tuple[Floats, Floats, Bools, Floats]:
    """Angles, offsets, "is the border of the image" and signs of every choice of four sides, each (n, 4).

    A side that the image cuts off is taken to run parallel to the one opposite, just outside the image: nothing that
    was photographed is lost, and the page keeps its shape. At most two sides may be cut, and not opposite ones.
    """
    ranges = (range(-1 if may_be_cut else 0, len(side)) for side in among.lines)
    choices = np.array(list(product(*ranges)), dtype=np.int64).reshape(-1, 4)
    cut = choices < 0
    allowed = (cut.sum(axis=1) <= 2) & ~np.any(cut & np.roll(cut, 2, axis=1), axis=1)
    choices, cut = choices[allowed], cut[allowed]
    angles = np.zeros(choices.shape)
    offsets = np.zeros(choices.shape)
    for side, found in enumerate(among.lines):
        if found:
            angles[:, side] = np.array([line.angle for line in found])[choices[:, side]]
            offsets[:, side] = np.array([line.offset for line in found])[choices[:, side]]
    opposite = np.roll(angles, 2, axis=1) + 180.0
    height, width = shape
    frame = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]
    outermost = (_normals(opposite) @ frame.T).min(axis=-1)
    signs = np.where(choices < np.array(among.lighter), 1.0, -1.0)
    return np.where(cut, opposite, angles), np.where(cut, outermost, offsets), cut, signs


def _normals(degrees: Floats) -> Floats:
    radians = np.radians(degrees)
    return np.asarray(np.stack([np.cos(radians), np.sin(radians)], axis=-1), dtype=np.float64)


def _corners(angles: Floats, offsets: Floats) -> Floats:
    """Where neighbouring sides meet: (n, 4, 2), top left first, from the middle of the image. Parallels give inf."""
    radians = np.radians(angles)
    before, before_offset = np.roll(radians, 1, axis=1), np.roll(offsets, 1, axis=1)
    sine = np.sin(radians - before)
    sine = np.where(np.abs(sine) < MIN_SINE, np.nan, sine)
    x = (before_offset * np.sin(radians) - offsets * np.sin(before)) / sine
    y = (offsets * np.cos(before) - before_offset * np.cos(radians)) / sine
    return np.asarray(np.nan_to_num(np.stack([x, y], axis=-1), nan=np.inf), dtype=np.float64)


def _area(corners: Floats) -> Floats:
    """Signed area of (n, 4, 2) corners; positive when they run clockwise on the screen."""
    following = np.roll(corners, -1, axis=1)
    return np.asarray(
        (corners[..., 0] * following[..., 1] - corners[..., 1] * following[..., 0]).sum(axis=1) / 2, dtype=np.float64
    )


def _inside_frame(corners: Floats, shape: tuple[int, ...]) -> Floats:
    """Corners moved onto the image where they lie outside it."""
    height, width = shape
    return np.clip(corners, [-width / 2, -height / 2], [width / 2, height / 2])


def _has_shape_of_a_page(corners: Floats, _: Floats, shape: tuple[int, ...]) -> Bools:
    """Convex, large enough, sides of plausible lengths, corners in or near the image."""
    height, width = shape
    near = np.all(np.abs(corners) <= np.array([width, height]) * (0.5 + MAX_CORNER_OUTSIDE), axis=(1, 2))
    corners = np.where(near[:, None, None], corners, 0.0)
    edges = np.roll(corners, -1, axis=1) - corners
    lengths = np.maximum(1.0, np.linalg.norm(edges, axis=2))
    turns = edges[..., 0] * np.roll(edges[..., 1], -1, axis=1) - edges[..., 1] * np.roll(edges[..., 0], -1, axis=1)
    sine = turns / (lengths * np.roll(lengths, -1, axis=1))
    across = (lengths[:, 0] + lengths[:, 2]) / 2
    down = (lengths[:, 1] + lengths[:, 3]) / 2
    ratio = np.maximum(across, down) / np.minimum(across, down)
    shrinking = np.maximum(lengths[:, :2] / lengths[:, 2:], lengths[:, 2:] / lengths[:, :2]).max(axis=1)
    area = _area(_inside_frame(corners, shape))
    return np.asarray(
        near
        & np.all(sine > MIN_SINE, axis=1)
        & (ratio <= MAX_RATIO)
        & (shrinking <= MAX_SHRINKING)
        & (area >= MIN_AREA * height * width)
    )


def _faces_inward(corners: Floats, angles: Floats, _: tuple[int, ...]) -> Bools:
    """Whether the lighter side of every line is the inner one: four edges of a hole or of something dark face out."""
    edges = np.roll(corners, -1, axis=1) - corners
    normal = _normals(angles)
    return np.asarray(np.all(edges[..., 0] * normal[..., 1] - edges[..., 1] * normal[..., 0] > 0, axis=1))


def _support(corners: Floats, angles: Floats, signs: Floats, slopes: Slopes) -> Floats:
    """Share of the visible part of each side where the image gets lighter (or darker) towards the inside: (n, 4).

    0 when less than MIN_VISIBLE of the side lies within the image.
    """
    height, width = slopes.x.shape
    steps = ((np.arange(SAMPLES) + 0.5) / SAMPLES)[None, None, :, None]
    following = np.roll(corners, -1, axis=1)
    points = corners[:, :, None] * (1 - steps) + following[:, :, None] * steps + np.array([width / 2, height / 2])
    normal = _normals(angles)[:, :, None]
    best = np.zeros(points.shape[:-1])
    for shift in (-2.0, 0.0, 2.0):
        best = np.maximum(best, slope_at(points + shift * normal, normal, slopes) * signs[:, :, None])
    visible = np.all((points >= 2) & (points < np.array([width, height]) - 2), axis=-1)
    seen = ((best > MIN_SLOPE) & visible).sum(axis=2)
    visible_count = visible.sum(axis=2)
    return np.where(visible_count >= MIN_VISIBLE * SAMPLES, seen / np.maximum(1, visible_count), 0.0)


def _refine(quad: _Quad, slopes: Slopes) -> Floats:
    """Corners of lines fitted to where the edge is steepest along each side; in pixels of the copy."""
    height, width = slopes.x.shape
    corners = quad.corners + np.array([width / 2, height / 2])
    angles, offsets = np.zeros((1, 4)), np.zeros((1, 4))
    for side in range(4):
        start, end = corners[side], corners[(side + 1) % 4]
        if quad.sides[side] > 0:
            start, end = _fit_side(start, end, float(quad.signs[side]), slopes)
        normal = _inward(start, end)
        angles[0, side] = np.degrees(np.arctan2(normal[1], normal[0]))
        offsets[0, side] = float(normal @ start)
    return np.asarray(_corners(angles, offsets)[0], dtype=np.float64)


def _inward(start: Floats, end: Floats) -> Floats:
    """The unit normal of a side that runs clockwise around the page."""
    along = (end - start) / np.linalg.norm(end - start)
    return np.array([-along[1], along[0]])


def _fit_side(start: Floats, end: Floats, sign: float, slopes: Slopes) -> tuple[Floats, Floats]:
    """Two points of the line through the steepest places within REACH of the line from `start` to `end`."""
    height, width = slopes.x.shape
    normal = _inward(start, end)
    steps = (np.arange(3 * SAMPLES) + 0.5) / (3 * SAMPLES)
    shifts = np.arange(-REACH, REACH + 1)
    points = (start + steps[:, None] * (end - start))[:, None] + shifts[None, :, None] * normal
    inside = np.all((points >= 1) & (points < np.array([width, height]) - 1), axis=-1)
    slope = np.where(inside, sign * slope_at(points, normal, slopes), 0.0)
    clear = slope.max(axis=1) > MIN_SLOPE
    if clear.sum() < SAMPLES // 2:
        return start, end
    # Pixels are sampled at their whole coordinates: their middle lies half a pixel further.
    chosen = (np.floor(points[np.arange(len(steps)), slope.argmax(axis=1)]) + 0.5)[clear].astype(np.float32)
    fitted = cv2.fitLine(chosen, cv2.DIST_HUBER, 0, 0.01, 0.01).reshape(-1).astype(np.float64)
    direction = fitted[:2] * np.sign(fitted[:2] @ (end - start))
    return fitted[2:], fitted[2:] + direction


def _holds_the_text(corners: Floats, marks: Glyphs) -> bool:
    """Nearly all text-like marks lie inside: a quad that cuts text off is a frame, a card among others, or a mistake.

    A mark outside is text-like when it is about as strong as the text inside, on something about as light as the paper
    inside; the grain of wood and cloth is weaker and darker.
    """
    inside = _are_inside(marks.centres, corners)
    if not inside.any():
        return False
    like_inside = (marks.contrast >= SAME_INK * np.median(marks.contrast[inside])) & (
        marks.paper >= SAME_PAPER * np.median(marks.paper[inside])
    )
    return bool((~inside & like_inside).sum() <= MAX_OUTSIDE * inside.sum())


def _are_inside(points: Floats, corners: Floats) -> Bools:
    """Which of (n, 2) points lie within corners that run clockwise."""
    edges = np.roll(corners, -1, axis=0) - corners
    relative = points[:, None] - corners[None]
    return np.asarray(np.all(edges[None, :, 0] * relative[..., 1] - edges[None, :, 1] * relative[..., 0] >= 0, axis=1))


def _is_flat_already(corners: Floats, shape: tuple[int, ...]) -> bool:
    """An upright rectangle that fills much of the image: a panel of a screenshot or a clean scan, nothing to mend."""
    upper, lower = corners.min(axis=0), corners.max(axis=0)
    upright = np.array([upper, [lower[0], upper[1]], lower, [upper[0], lower[1]]])
    off = np.abs(corners - upright).max()
    share = float(np.prod(lower - upper)) / (shape[0] * shape[1])
    return bool(off <= UPRIGHT * max(shape) and share >= FILLS)


def _four(values: Floats) -> tuple[float, float, float, float]:
    top, right, bottom, left = (float(v) for v in values)
    return top, right, bottom, left
