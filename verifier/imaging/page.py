"""Find the page (or the card) in a photo or a scan: four straight edges with lighter paper on their inner side.

Text and rules are closed over first, so that what is left is paper, background and shadows. Every edge pixel votes for
the line through it along its own gradient, so the grain of a wooden desk spreads its votes while the edge of a page
collects them. Lines carry a direction (towards the lighter side): a left edge can never be taken for a right one.
Quads of four such lines are scored by how much of each side is really seen, and the winner must hold nearly all the
text-like marks: a wrong crop costs fields, no crop costs little. Only when that finds nothing the other direction is
tried, a tinted card on white paper, and then every side must be seen nearly whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.strokes import Glyphs, close_dark, find_glyphs, find_ink, grey, shrink
from verifier.ocr.engine import Image

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WORK_SIDE = 800
"""Longer side of the copy that is searched: text of a whole page is some 8 pixels high there, an edge 1 pixel sharp."""

STROKE = 11
"""Details narrower than this in the copy are text and rules: the heaviest titles have strokes of 5 pixels."""

MIN_SLOPE = 1.2
"""Grey levels per pixel across an edge: paper 6 levels lighter than its background gives 1.5, averaged noise under 1."""

VOTE_CAP = 8.0
"""A hard edge (a photo, the grain of a desk) outvotes a faint long one by this much per pixel at most."""

CANDIDATES = 5
"""Lines kept per side: the page, a sheet or card on it, shadows, edges of the desk."""

MIN_SUPPORT = 0.62
"""Share of a side's visible length where the edge must be seen. Fingers, clips and glare hide some of it."""

NEARLY_WHOLE = 0.94
"""… and of each other side when the image cuts a side off (three sides alone are often a panel or a table), or when
the page is darker than what it lies on."""

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

MIN_AREA = 0.1
"""Share of the photo: smaller things are not what was photographed."""

MAX_CORNER_OUTSIDE = 0.25
"""How far outside a corner may lie, as a share of the photo's side."""

MAX_OUTSIDE = 0.02
"""Share of all text-like marks that may lie outside: dust and grain now and then look like a character."""


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
class _Line:
    """x·cos(angle) + y·sin(angle) = offset from the middle of the image; the normal points to the lighter side."""

    angle: float
    offset: float


@dataclass(frozen=True)
class _Slopes:
    """Signed gradient of the closed image (from the channel with the largest one), grey levels per pixel."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]


@dataclass(frozen=True)
class _Quad:
    """Corners from the middle of the copy, and the share of each side that was seen."""

    corners: Floats
    sides: tuple[float, float, float, float]


def find_page(image: Image) -> FoundPage | None:
    """The page's corners in pixels of `image` (BGR), or None when nothing certain is seen."""
    small, factor = shrink(image, WORK_SIDE)
    if min(small.shape[:2]) < 100:
        return None
    slopes = _slopes(small)
    marks = find_glyphs(find_ink(grey(small), STROKE), 4, 60)
    darker = _Slopes(x=-slopes.x, y=-slopes.y)
    for direction, certain in ((slopes, False), (darker, True)):
        for quad in _ranked(_candidates(direction), direction, certain):
            corners = _refine(quad, direction)
            if _holds_the_text(corners, marks):
                return FoundPage(corners=(corners + 0.5) * factor - 0.5, sides=quad.sides)
    return None


def _slopes(small: Image) -> _Slopes:
    closed = cv2.GaussianBlur(close_dark(small, STROKE), (0, 0), 1.0)
    slopes = _Slopes(x=np.zeros(small.shape[:2], np.float32), y=np.zeros(small.shape[:2], np.float32))
    largest = np.zeros(small.shape[:2], np.float32)
    for channel in cv2.split(closed):
        x = cv2.Sobel(channel, cv2.CV_32F, 1, 0, scale=1 / 8)
        y = cv2.Sobel(channel, cv2.CV_32F, 0, 1, scale=1 / 8)
        square = x * x + y * y
        larger = (square > largest).astype(np.uint8)
        cv2.copyTo(x, larger, slopes.x)
        cv2.copyTo(y, larger, slopes.y)
        cv2.copyTo(square, larger, largest)
    return slopes


def _votes(slopes: _Slopes) -> tuple[Floats, int]:
    """Votes per (degree, offset in steps of 2 pixels from the middle of the image), and the index of offset 0."""
    size = np.hypot(slopes.x, slopes.y)
    along_x = np.abs(slopes.x) >= np.abs(slopes.y)
    ridge_x = size >= cv2.dilate(size, np.ones((1, 3), np.uint8))
    ridge_y = size >= cv2.dilate(size, np.ones((3, 1), np.uint8))
    edges = np.flatnonzero((size > MIN_SLOPE) & ((along_x & ridge_x) | (~along_x & ridge_y)))
    height, width = size.shape
    rows, columns = np.divmod(edges, width)
    x, y = (columns - width / 2).astype(np.float32), (rows - height / 2).astype(np.float32)
    angle = np.degrees(np.arctan2(slopes.y.ravel()[edges], slopes.x.ravel()[edges]))
    weight = np.minimum(size.ravel()[edges], VOTE_CAP)
    middle = int(np.hypot(height, width) / 4) + 2
    votes = np.zeros(360 * (2 * middle + 1), dtype=np.float64)
    base = np.rint(angle).astype(np.int32)
    turns = np.radians(np.arange(360)).astype(np.float32)
    cosine, sine = np.cos(turns) / 2, np.sin(turns) / 2
    for turn in range(-4, 5):
        degree = (base + turn) % 360
        offset = np.rint(x * cosine[degree] + y * sine[degree]).astype(np.int32) + middle
        votes += np.bincount(degree * (2 * middle + 1) + offset, weights=weight, minlength=len(votes))
    table = votes.reshape(360, 2 * middle + 1)
    return np.asarray(cv2.blur(table, (3, 1)), dtype=np.float64), middle


def _candidates(slopes: _Slopes) -> list[list[_Line]]:
    """The strongest lines whose lighter side is below, left, above and right of them: top, right, bottom, left sides."""
    votes, middle = _votes(slopes)
    fourfold = votes.max(axis=1).reshape(4, 90).sum(axis=0)
    smooth = np.convolve(np.tile(fourfold, 3), np.ones(9), mode="same")[90:180]
    tilt = int(np.argmax(smooth))
    tilt = tilt - 90 if tilt > 45 else tilt
    sides = []
    for towards in (90, 180, 270, 0):
        degrees = np.arange(towards + tilt - 28, towards + tilt + 29) % 360
        window = votes[degrees].copy()
        side: list[_Line] = []
        while len(side) < CANDIDATES:
            row, column = np.unravel_index(int(np.argmax(window)), window.shape)
            if window[row, column] <= 0:
                break
            side.append(_Line(float(degrees[row]), float(column - middle) * 2))
            window[max(0, row - 6) : row + 7, max(0, column - 4) : column + 5] = 0
        sides.append(side)
    return sides


def _ranked(lines: list[list[_Line]], slopes: _Slopes, certain: bool) -> list[_Quad]:
    """Quads that have the shape of a page and whose sides are seen, best first.

    `certain` asks for four sides seen nearly whole.
    """
    shape = slopes.x.shape
    angles, offsets, cut = _combinations(lines, shape)
    corners = _corners(angles, offsets)
    shaped = _has_shape_of_a_page(corners, shape) & _faces_inward(corners, angles)
    angles, corners, cut = angles[shaped], corners[shaped], cut[shaped]
    support = np.where(cut, 0.0, _support(corners, angles, slopes))
    area = _area(_inside_frame(corners, shape)) / slopes.x.size
    score = np.where(cut, CUT_WORTH, support).mean(axis=1) + AREA_WORTH * np.sqrt(np.clip(area, 0, 1))
    needed = np.where(cut.any(axis=1) | certain, NEARLY_WHOLE, MIN_SUPPORT)[:, None]
    seen = np.all((cut & (not certain)) | (support >= needed), axis=1)
    order = [int(i) for i in np.argsort(-score) if seen[i]][:TRIES]
    return [_Quad(corners[i], _four(support[i])) for i in order]


def _combinations(lines: list[list[_Line]], shape: tuple[int, ...]) -> tuple[Floats, Floats, Bools]:
    """Angles, offsets and "is the border of the image" of every choice of four sides, each (n, 4).

    A side that the image cuts off is taken to run parallel to the one opposite, just outside the image: nothing that
    was photographed is lost, and the page keeps its shape. At most two sides may be cut, and not opposite ones.
    """
    counts = [len(side) for side in lines]
    choices = np.array(list(product(*(range(-1, count) for count in counts))), dtype=np.int64)
    cut = choices < 0
    allowed = (cut.sum(axis=1) <= 2) & ~np.any(cut & np.roll(cut, 2, axis=1), axis=1)
    choices, cut = choices[allowed], cut[allowed]
    angles = np.zeros(choices.shape)
    offsets = np.zeros(choices.shape)
    for side, found in enumerate(lines):
        if found:
            angles[:, side] = np.array([line.angle for line in found])[choices[:, side]]
            offsets[:, side] = np.array([line.offset for line in found])[choices[:, side]]
    opposite = np.roll(angles, 2, axis=1) + 180.0
    height, width = shape
    frame = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]
    outermost = (_normals(opposite) @ frame.T).min(axis=-1)
    return np.where(cut, opposite, angles), np.where(cut, outermost, offsets), cut


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


def _has_shape_of_a_page(corners: Floats, shape: tuple[int, ...]) -> Bools:
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


def _faces_inward(corners: Floats, angles: Floats) -> Bools:
    """Whether the lighter side of every line is the inner one: four edges of a hole or of something dark face out."""
    edges = np.roll(corners, -1, axis=1) - corners
    normal = _normals(angles)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.all(edges[..., 0] * normal[..., 1] - edges[..., 1] * normal[..., 0] > 0, axis=1))


def _support(corners: Floats, angles: Floats, slopes: _Slopes) -> Floats:
    """Share of the visible part of each side where the image gets lighter towards the inside: (n, 4).

    0 when less than MIN_VISIBLE of the side lies within the image.
    """
    height, width = slopes.x.shape
    steps = ((np.arange(SAMPLES) + 0.5) / SAMPLES)[None, None, :, None]
    following = np.roll(corners, -1, axis=1)
    points = corners[:, :, None] * (1 - steps) + following[:, :, None] * steps + np.array([width / 2, height / 2])
    normal = _normals(angles)[:, :, None]
    best = np.zeros(points.shape[:-1])
    for shift in (-2.0, 0.0, 2.0):
        best = np.maximum(best, _slope_at(points + shift * normal, normal, slopes))
    visible = np.all((points >= 2) & (points < np.array([width, height]) - 2), axis=-1)
    seen = ((best > MIN_SLOPE) & visible).sum(axis=2)
    visible_count = visible.sum(axis=2)
    return np.where(visible_count >= MIN_VISIBLE * SAMPLES, seen / np.maximum(1, visible_count), 0.0)


def _slope_at(points: Floats, normal: Floats, slopes: _Slopes) -> Floats:
    """How fast the image gets lighter along `normal` at `points` (…, 2); points outside take the border's value."""
    height, width = slopes.x.shape
    columns = np.clip(points[..., 0], 0, width - 1).astype(np.int32)
    rows = np.clip(points[..., 1], 0, height - 1).astype(np.int32)
    places = rows * width + columns
    return np.asarray(np.take(slopes.x, places) * normal[..., 0] + np.take(slopes.y, places) * normal[..., 1])


def _refine(quad: _Quad, slopes: _Slopes) -> Floats:
    """Corners of lines fitted to where the edge is steepest along each side; in pixels of the copy."""
    height, width = slopes.x.shape
    corners = quad.corners + np.array([width / 2, height / 2])
    angles, offsets = np.zeros((1, 4)), np.zeros((1, 4))
    for side in range(4):
        start, end = corners[side], corners[(side + 1) % 4]
        if quad.sides[side] > 0:
            start, end = _fit_side(start, end, slopes)
        normal = _inward(start, end)
        angles[0, side] = np.degrees(np.arctan2(normal[1], normal[0]))
        offsets[0, side] = float(normal @ start)
    return np.asarray(_corners(angles, offsets)[0], dtype=np.float64)


def _inward(start: Floats, end: Floats) -> Floats:
    """The unit normal of a side that runs clockwise around the page."""
    along = (end - start) / np.linalg.norm(end - start)
    return np.array([-along[1], along[0]])


def _fit_side(start: Floats, end: Floats, slopes: _Slopes) -> tuple[Floats, Floats]:
    """Two points of the line through the steepest places within REACH of the line from `start` to `end`."""
    height, width = slopes.x.shape
    normal = _inward(start, end)
    steps = (np.arange(3 * SAMPLES) + 0.5) / (3 * SAMPLES)
    shifts = np.arange(-REACH, REACH + 1)
    points = (start + steps[:, None] * (end - start))[:, None] + shifts[None, :, None] * normal
    inside = np.all((points >= 1) & (points < np.array([width, height]) - 1), axis=-1)
    slope = np.where(inside, _slope_at(points, normal, slopes), 0.0)
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
    if not np.all(np.isfinite(corners)):
        return False
    edges = np.roll(corners, -1, axis=0) - corners
    relative = marks.centres[:, None] - corners[None]
    inside = np.all(edges[None, :, 0] * relative[..., 1] - edges[None, :, 1] * relative[..., 0] >= 0, axis=1)
    if not inside.any():
        return False
    like_inside = (marks.contrast >= SAME_INK * np.median(marks.contrast[inside])) & (
        marks.paper >= SAME_PAPER * np.median(marks.paper[inside])
    )
    return bool((~inside & like_inside).sum() <= MAX_OUTSIDE * inside.sum())


def _four(values: Floats) -> tuple[float, float, float, float]:
    top, right, bottom, left = (float(v) for v in values)
    return top, right, bottom, left
