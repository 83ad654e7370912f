"""The shapes of seals: a ring fitted to ink, a frame fitted to ink, and what tells a seal from other red marks.

Everything here works on an ink plane (`verifier.imaging.ink.coloured_ink`): float32, larger where more ink is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Point, Quad
from verifier.geometry import quad_from_points
from verifier.imaging.ink import Colour, Plane

Floats = NDArray[np.float64]
Shape = Literal["round", "oval", "square"]

_RAYS = 180
_INKED = 0.35
"""Share of the outline's own strength from which a place counts as inked."""
_LEAST_ON_PAGE = 0.6
"""Share of a ring that must be in the picture."""
_LETTERS = 0.18
"""The same for the small strokes of letters, which blur more."""
_DIRECTIONS = np.arange(_RAYS) * (2.0 * math.pi / _RAYS)
_UNIT = np.stack([np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)], axis=1)


@dataclass(frozen=True)
class Ellipse:
    """Centre and semi-axes in pixels; `angle` turns the x axis onto the first axis, degrees, clockwise as seen."""

    x: float
    y: float
    a: float
    b: float
    angle: float

    @property
    def mean_radius(self) -> float:
        return math.sqrt(self.a * self.b)

    def matrix(self) -> Floats:
        """The 2x3 map from the unit circle to this ellipse; a point of the circle keeps its direction about."""
        turn = math.radians(self.angle)
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        linear = rotation @ np.diag([self.a, self.b]) @ rotation.T
        return np.column_stack([linear, [self.x, self.y]])

    def at(self, unit: Floats) -> Floats:
        """Points (n, 2) given in units of the ellipse as pixels."""
        matrix = self.matrix()
        return np.asarray(unit @ matrix[:, :2].T + matrix[:, 2], dtype=np.float64)

    def scaled(self, factor: float) -> Ellipse:
        """The same ellipse in an image resized by `factor`."""
        return Ellipse(self.x * factor, self.y * factor, self.a * factor, self.b * factor, self.angle)

    def moved(self, dx: float, dy: float) -> Ellipse:
        return Ellipse(self.x + dx, self.y + dy, self.a, self.b, self.angle)


@dataclass(frozen=True)
class SealRegion:
    """A seal on a page, in pixels of the page."""

    box: Quad
    """Upright around a round or oval seal; the frame itself, in reading order, for a square one."""
    colour: Colour
    shape: Shape
    centre: Point
    axes: tuple[float, float]
    """Semi-axes of the ring's outer edge, or half the width and height of the frame."""
    angle: float
    """Degrees, clockwise as seen, from the x axis to the first axis."""
    confidence: float
    """0 to 1: how much of the outline is there and how clean it is."""

    @property
    def ellipse(self) -> Ellipse:
        return Ellipse(self.centre[0], self.centre[1], self.axes[0], self.axes[1], self.angle)

    def scaled(self, factor: float) -> SealRegion:
        """The same region in an image resized by `factor`."""
        return replace(
            self,
            box=quad_from_points(np.array(self.box) * factor),
            centre=(self.centre[0] * factor, self.centre[1] * factor),
            axes=(self.axes[0] * factor, self.axes[1] * factor),
        )


@dataclass(frozen=True)
class Marks:
    """How seal-like a shape is; shares lie between 0 and 1."""

    strength: float
    """Density of the ink of the outline."""
    outline: float
    """Share of the outline that is inked."""
    weakest: float
    """The same for the weakest quarter of a ring or side of a frame."""
    outside: float
    """Ink just outside the outline, as a share of the ink on it: about 0 unless something crosses it."""
    gap: float
    """Ink in the quietest strip just inside the outline, as a share of the ink on it: 1 for a filled area."""
    text: float
    """Share of the place of the text that is inked."""
    strokes: int
    """How often ink begins along the place of the text: letters do it often, a drawing does not."""

    @property
    def clean(self) -> float:
        """How complete the outline is and how clearly it stands alone, 0 to 1."""
        return self.outline * max(0.0, 1.0 - self.outside) * max(0.0, 1.0 - self.gap**2)


def sample(plane: Plane, points: Floats) -> Plane:
    """Bilinear values of `plane` at (..., 2) points; 0 outside."""
    xy = points.astype(np.float32)
    # remap takes no more than 32767 rows; callers stay far below that
    return np.asarray(
        cv2.remap(plane, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0),
        dtype=np.float32,
    )


def polar(plane: Plane, ellipse: Ellipse, radii: Floats, rays: int = _RAYS) -> Plane:
    """Values on concentric ellipses: rows are `radii` (1 is the outline), columns run clockwise from the right."""
    turn = np.arange(rays) * (2.0 * math.pi / rays)
    unit = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    grid = radii[:, None, None] * unit[None, :, :]
    return sample(plane, ellipse.at(grid.reshape(-1, 2)).reshape(len(radii), rays, 2))


def fit_ellipse(points: Floats) -> Ellipse | None:
    """The ellipse through (n, 2) points by least squares; None when they do not lie on one."""
    if len(points) < 12:
        return None
    (x, y), (width, height), angle = cv2.fitEllipseDirect(points.astype(np.float32).reshape(-1, 1, 2))
    if not all(math.isfinite(v) for v in (x, y, width, height, angle)) or min(width, height) <= 1.0:
        return None
    return Ellipse(float(x), float(y), float(width) / 2.0, float(height) / 2.0, float(angle))


def refine_ring(plane: Plane, start: Ellipse, reaches: tuple[float, ...] = (0.2, 0.1, 0.05, 0.04)) -> Ellipse | None:
    """Pull an ellipse onto the ring near it: the outermost strong ink along each ray, outliers left out.

    `reaches` are the search widths of the rounds, as shares of the radius.
    """
    ellipse = start
    for reach in reaches:
        radii = np.linspace(1.0 - reach, 1.0 + reach, max(9, round(2.0 * reach * ellipse.mean_radius) + 1))
        values = polar(plane, ellipse, radii)
        strongest = values.max(axis=0)
        level = 0.5 * float(np.percentile(strongest, 70))
        hit = strongest > max(level, 1e-3)
        if hit.sum() < _RAYS // 3:
            return None
        # among places about as strong as the strongest the outermost: letters touch the ring from inside
        strong = values >= 0.7 * strongest[None, :]
        outermost = len(radii) - 1 - np.argmax(strong[::-1], axis=0)
        points = ellipse.at(radii[outermost][:, None] * _UNIT)
        fitted = _fit_without_outliers(points, hit)
        if fitted is None:
            return None
        ellipse = fitted
        if not 0.4 < ellipse.a / ellipse.b < 2.5:
            return None
        if math.hypot(ellipse.x - start.x, ellipse.y - start.y) > 0.5 * start.mean_radius:
            return None
    return ellipse


def _fit_without_outliers(points: Floats, hit: NDArray[np.bool_]) -> Ellipse | None:
    """The ellipse most of the points marked by `hit` lie on."""
    kept = hit
    fitted = fit_ellipse(points[kept])
    for _ in range(2):
        if fitted is None:
            return None
        off = np.abs(_unit_radius(fitted, points) - 1.0)
        kept = hit & (off < max(0.01, 2.5 * float(np.median(off[kept]))))
        if kept.sum() < _RAYS // 4:
            return None
        fitted = fit_ellipse(points[kept])
    return fitted


def _unit_radius(ellipse: Ellipse, points: Floats) -> Floats:
    matrix = ellipse.matrix()
    unit = (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    return np.asarray(np.hypot(unit[:, 0], unit[:, 1]), dtype=np.float64)


def measure_ring(plane: Plane, ellipse: Ellipse, faintest: float) -> Marks:
    """What tells a seal's ring from a red disc, an emblem or a pair of characters: see `Marks`.

    `faintest` is the density from which something counts as ink of the plane's colour at all.
    """
    width = max(0.012, 1.0 / ellipse.mean_radius)
    ring = polar(plane, ellipse, np.linspace(1.0 - width, 1.0 + width, 5)).max(axis=0)
    on_page = _on_page(plane, ellipse.at(_UNIT))
    if on_page.mean() < _LEAST_ON_PAGE:
        return Marks(strength=0.0, outline=0.0, weakest=0.0, outside=1.0, gap=1.0, text=0.0, strokes=0)
    strength = max(float(np.median(ring[on_page])), 1e-6)
    level = _INKED * strength
    inked = ring > level
    quarters = [inked[part][on_page[part]] for part in np.split(np.arange(_RAYS), 4)]
    outside = polar(plane, ellipse, np.linspace(1.04 + width, 1.2, 5))
    inside = polar(plane, ellipse, np.linspace(0.8, 0.97, 14)).mean(axis=1)
    values = polar(plane, ellipse, np.linspace(0.58, 0.88, 14), 2 * _RAYS)
    band = values > max(faintest, _LETTERS * strength)
    text = band.sum(axis=0) >= 2
    return Marks(
        strength=strength,
        outline=float(inked[on_page].mean()),
        weakest=min(float(quarter.mean()) for quarter in quarters if len(quarter) >= _RAYS // 12),
        outside=float(outside.mean()) / strength,
        gap=float(inside.min()) / strength,
        text=float(text.mean()),
        # along a closely set text letters touch: they still part somewhere between head and foot
        strokes=max(_begun(text), int(np.median([_begun(row) for row in band[2:-2]]))),
    )


def _on_page(plane: Plane, points: Floats) -> NDArray[np.bool_]:
    """Which of (n, 2) points lie on the plane: a seal may be cut off by the edge of the picture."""
    height, width = plane.shape
    return np.asarray(
        (points[:, 0] >= 0) & (points[:, 1] >= 0) & (points[:, 0] < width) & (points[:, 1] < height), dtype=np.bool_
    )


def _begun(flags: NDArray[np.bool_]) -> int:
    """How often a stretch of True begins, all around."""
    return int((flags & ~np.roll(flags, 1)).sum())


def refine_frame(plane: Plane, corners: Floats) -> Floats | None:
    """Pull the four sides of a rectangle onto the straight lines near them; None when they are not straight.

    `corners` (4, 2) in order around the frame; the answer keeps their order and may be any convex quadrilateral.
    """
    centre = corners.mean(axis=0)
    height = min(math.dist(corners[i], corners[(i + 1) % 4]) for i in range(4))
    reach = max(3.0, 0.08 * height)
    share = np.linspace(0.12, 0.88, 40)
    lines: list[Floats] = []
    for i in range(4):
        start, end = corners[i], corners[(i + 1) % 4]
        normal = np.array([end[1] - start[1], start[0] - end[0]]) / max(math.dist(start, end), 1e-6)
        normal *= np.sign(float(normal @ ((start + end) / 2.0 - centre)))
        offsets = np.arange(-reach, reach + 0.5, 0.5)
        base = start + (end - start) * share[:, None]
        values = sample(plane, base[:, None, :] + offsets[None, :, None] * normal)
        strongest = values.max(axis=1)
        outermost = values.shape[1] - 1 - np.argmax((values >= 0.7 * strongest[:, None])[:, ::-1], axis=1)
        at = offsets[outermost]
        near = np.abs(at - np.median(at)) < max(1.5, 0.03 * height)
        if near.mean() < 0.6:
            return None
        slope, level = np.polyfit(share[near], at[near], 1)
        lines.append(np.stack([start + level * normal, end + (slope + level) * normal]))
    crossed = [_crossing(lines[i - 1], lines[i]) for i in range(4)]
    if any(point is None for point in crossed):
        return None
    return np.array(crossed, dtype=np.float64)


def _crossing(first: Floats, second: Floats) -> Floats | None:
    along, across = first[1] - first[0], second[1] - second[0]
    system = np.column_stack([along, -across])
    if abs(float(np.linalg.det(system))) < 1e-6:
        return None
    share = np.linalg.solve(system, second[0] - first[0])
    return np.asarray(first[0] + along * share[0], dtype=np.float64)


def measure_frame(plane: Plane, corners: Floats, faintest: float) -> Marks:
    """The same as `measure_ring` for a four-sided frame; `corners` (4, 2) in order around it."""
    sides = [math.dist(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    half = min(sides) / 2.0
    centre = corners.mean(axis=0)
    count = 60

    def along(inset: float) -> Plane:
        """Values (4, count) on the frame moved inwards by `inset` pixels."""
        share = np.linspace(0.08, 0.92, count)[:, None]
        lines = []
        for i in range(4):
            start, end = corners[i], corners[(i + 1) % 4]
            normal = np.array([end[1] - start[1], start[0] - end[0]]) / max(sides[i], 1e-6)
            normal *= -np.sign(float(normal @ ((start + end) / 2.0 - centre)))
            lines.append(start + (end - start) * share + inset * normal)
        return sample(plane, np.stack(lines))

    width = max(1.0, 0.024 * half)
    outline = np.max([along(inset) for inset in np.linspace(-width, width, 5)], axis=0)
    strength = max(float(np.median(outline)), 1e-6)
    inked = outline > _INKED * strength
    outside = np.mean([along(-width - inset) for inset in np.linspace(2.0, 2.0 + 0.3 * half, 4)])
    strips = [float(along(inset).mean()) for inset in np.linspace(width + 1.0, width + 1.0 + 0.25 * half, 8)]
    inside = np.stack([along(inset) for inset in np.linspace(0.25, 0.9, 10) * half])
    crossed = inside > max(faintest, _LETTERS * strength)
    return Marks(
        strength=strength,
        outline=float(inked.mean()),
        weakest=float(inked.mean(axis=1).min()),
        outside=float(outside) / strength,
        gap=min(strips) / strength,
        text=float(crossed.mean()),
        strokes=int((crossed[..., 1:] & ~crossed[..., :-1]).sum(axis=2).max()),
    )
