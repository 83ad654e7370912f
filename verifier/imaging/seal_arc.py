"""The arc of a seal: the band of text along its ring, and that band unwrapped."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.ink import Plane
from verifier.imaging.seal_disc import Disc, filled
from verifier.imaging.seal_shapes import Ellipse, Floats, sample

_MIDDLE = 0.23
"""Depth of the middle of the characters, as a share of the shorter radius."""
_FINENESS = 70
"""Steps per half a character's height in which the spacing of characters is tried."""
_SHIFTS = (-0.12, -0.06, 0.0, 0.06, 0.12)
"""Shares of the spacing by which the gaps may lie off the middle: the top is known that well."""
_GAP_INK = 0.25
"""Most ink between characters, as a share of the mean ink of the band, for their spacing to count as even."""
_WHOLE = 0.9
"""Share of the way around from which a band has lost its opening to a line or number there: it tells no ends."""
_SECTOR = 18.0
"""Degrees to both sides of the seal's bottom that are free of the arc's characters."""
_INKED, _LEAST_INKED = 0.35, 0.12
"""Shares of full ink from which a place counts as part of a character: of a well pressed seal, and of the faintest."""
_UPPER, _LOWER = 75.0, 100.0
"""Degrees to both sides of the top where only the arc's characters can be, and of the bottom where its opening is."""
_STAR_REACH = 0.34
"""A star's tips end within this share of the radius."""
_STEPS = 1440
"""Columns all around the ring when the strip's place is looked for."""


@dataclass(frozen=True)
class Band:
    """Where the text of the arc stands: depths inwards from the ring in pixels, and the stretch of the ring it fills.

    `start` and `length` are shares of the whole way around, clockwise from the right.
    """

    outer: float
    inner: float
    start: float
    length: float

    def down(self, ring: Ellipse) -> float:
        """The direction of the opening, degrees clockwise from the right: the seal's bottom, to about 20 degrees."""
        points, _ = along_ring(ring, np.array([self.start + (1.0 + self.length) / 2.0]))
        return math.degrees(math.atan2(float(points[0, 1]) - ring.y, float(points[0, 0]) - ring.x))


def along_ring(ring: Ellipse, places: Floats) -> tuple[Floats, Floats]:
    """Points (n, 2) on about the ring at `places` and the unit vectors (n, 2) that point inwards there.

    Places are shares of the length, clockwise from the right, of the line the characters stand on: equal steps are
    equally long there, so that characters keep their width and their distance all around an oval.
    """
    depth = _MIDDLE * min(ring.a, ring.b)
    a, b = ring.a - depth, ring.b - depth
    rotation = math.radians(ring.angle)
    turn = np.linspace(0.0, 2.0 * math.pi, 2881)
    cos, sin = math.cos(rotation), math.sin(rotation)
    along_a, along_b = a * np.cos(turn - rotation), b * np.sin(turn - rotation)
    edge = np.stack([along_a * cos - along_b * sin, along_a * sin + along_b * cos], axis=1)
    step = np.hypot(*np.diff(edge, axis=0).T)
    way = np.concatenate([[0.0], np.cumsum(step)]) / step.sum()
    tangent = np.gradient(edge, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    edge -= depth * normal
    wrapped = np.mod(places, 1.0)
    points = np.stack([np.interp(wrapped, way, edge[:, k]) for k in (0, 1)], axis=1) + np.array([ring.x, ring.y])
    inwards = np.stack([np.interp(wrapped, way, normal[:, k]) for k in (0, 1)], axis=1)
    return points, inwards


def unwrap(plane: Plane, ring: Ellipse, depths: Floats, places: Floats) -> Plane:
    """`plane` at `depths` (pixels inwards from the ring, rows) and `places` (see `along_ring`, columns)."""
    points, inwards = along_ring(ring, places)
    return sample(plane, points[None, :, :] + depths[:, None, None] * inwards[None, :, :])


def inside(disc: Disc, depth: float) -> NDArray[np.bool_]:
    """What lies more than `depth` pixels inwards from the ring and is not part of the star."""
    mask = filled(disc.ink.shape[0], disc.ring, 1.0 - depth / min(disc.ring.a, disc.ring.b))
    if has_star(disc):
        radius = round(_STAR_REACH * min(disc.ring.a, disc.ring.b))
        cv2.circle(mask, (round(disc.ring.x), round(disc.ring.y)), radius, 0, cv2.FILLED)
    return mask > 0


def sector(disc: Disc, band: Band) -> NDArray[np.bool_]:
    """Where the characters of the arc stand, from the ring inwards."""
    mask = np.zeros(disc.ink.shape, np.uint8)
    points, inwards = along_ring(disc.ring, np.linspace(band.start, band.start + band.length, 360))
    outline = np.concatenate([points, (points + band.inner * inwards)[::-1]])
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32).reshape(-1, 1, 2)], 1)
    return mask > 0


def fit_characters(disc: Disc, band: Band, top: float) -> tuple[Band, Band] | None:
    """The band with its ends told by the even spacing of its characters; None when they are not evenly spaced.

    The second answer has a character less at each end: a long straight line's ends may have been taken for two.

    `top` is the direction of the seal's top, degrees clockwise from the right: characters stand evenly to both sides
    of it, so that the spacing seen at the top also tells where the first and the last one stand, even where the
    straight line comes close to them.
    """
    way = perimeter(disc.ring)
    tall = band.inner - band.outer
    places = np.arange(_STEPS) / _STEPS
    points, _ = along_ring(disc.ring, places)
    directions = np.degrees(np.arctan2(points[:, 1] - disc.ring.y, points[:, 0] - disc.ring.x))
    middle = float(places[int(np.argmin(np.abs(np.mod(directions - top + 180.0, 360.0) - 180.0)))])
    depths = np.arange(band.outer, band.inner, dtype=np.float64)
    strip = unwrap(disc.ink, disc.ring, depths, middle + places - 0.5)
    columns = np.asarray(strip.mean(axis=0), dtype=np.float32)
    # the ends of a straight line do not come that close to the ring, a registration number stays there
    quarter, half = len(depths) // 4, len(depths) // 2
    near_ring = np.asarray(strip[:quarter].mean(axis=0), dtype=np.float32)
    between = np.asarray(strip[quarter : half + quarter // 2].mean(axis=0), dtype=np.float32)
    far_from_it = np.asarray(strip[half:].mean(axis=0), dtype=np.float32)
    # spacing is judged on the upper part only, where nothing else comes near
    clear = 0.28 * _STEPS
    spacing = _spacing(columns, tall / way * _STEPS, clear)
    if spacing is None:
        return None
    pitch, phase = spacing
    pairs = min(_filled_pairs(part, pitch, phase, clear) for part in (near_ring, between, far_from_it))
    # an odd number of characters has one at the very top, an even number a gap
    odd = abs(abs(phase) / pitch - 0.5) < 0.25
    centre = phase + 0.5 * pitch * (1.0 if phase < 0.0 else -1.0) if odd else phase
    ends = ((band.start - middle + 0.5) % 1.0 - 0.5) * _STEPS
    reaches = (centre - ends, ends + band.length * _STEPS - centre)
    # a sparse character such as 广 has too little ink for its half, yet the band goes as far
    if band.length < _WHOLE:
        pairs = max(pairs, math.floor(min(reaches) / pitch - (0.5 if odd else 0.0) + 0.35))
    if pairs < 2:
        return None

    def spanning(count: int) -> Band:
        half = (count + 0.5 if odd else count) * pitch
        return Band(band.outer, band.inner, (middle + (centre - half) / _STEPS) % 1.0, 2.0 * half / _STEPS)

    return spanning(pairs), spanning(pairs - 1)


def even_ends(disc: Disc, band: Band, top: float) -> Band:
    """The band made to reach equally far to both sides of `top` (as `fit_characters`) where there is ink to reach for."""
    points, _ = along_ring(disc.ring, np.arange(_STEPS) / _STEPS)
    directions = np.degrees(np.arctan2(points[:, 1] - disc.ring.y, points[:, 0] - disc.ring.x))
    middle = float(np.argmin(np.abs(np.mod(directions - top + 180.0, 360.0) - 180.0))) / _STEPS
    before = (middle - band.start) % 1.0
    after = band.length - before
    character = (band.inner - band.outer) / perimeter(disc.ring)
    longer, shorter = max(before, after), min(before, after)
    if not 0.4 * character < longer - shorter < 2.2 * character or longer > 0.46:
        return band
    added = np.linspace(shorter, longer, 60) * (-1.0 if before < after else 1.0) + middle
    there = np.linspace(0.0, shorter, 200) * (-1.0 if before < after else 1.0) + middle
    depths = np.arange(band.outer, band.inner, dtype=np.float64)
    usual = float(unwrap(disc.ink, disc.ring, depths, there).mean())
    if float(unwrap(disc.ink, disc.ring, depths, added).mean()) < 0.2 * usual:
        return band
    return Band(band.outer, band.inner, (middle - longer) % 1.0, 2.0 * longer)


def _spacing(columns: Plane, tall: float, clear: float) -> tuple[float, float] | None:
    """From character to character, and from the top to the first gap, in columns; None when nothing fits.

    `columns` is the ink around the ring with the top in the middle, `tall` the height of the characters; gaps within
    `clear` columns of the top count.
    """
    top = len(columns) / 2
    typical = max(float(columns[round(top - clear) : round(top + clear)].mean()), 1e-6)
    pitches = np.arange(0.5 * tall, 2.6 * tall, 0.5 * tall / _FINENESS)
    pitch, parity, shift = (
        values.reshape(-1, 1) for values in np.meshgrid(pitches, (0.0, 0.5), _SHIFTS, indexing="ij", sparse=False)
    )
    phase = (parity + shift) * pitch
    gaps = np.arange(-40, 41) * pitch + phase
    near = np.abs(gaps) < clear
    at = np.where(near, np.round(gaps + top), 0).astype(np.int64)
    count = near.sum(axis=1)
    ink = (columns[at] * near).sum(axis=1, dtype=np.float64) / np.maximum(count, 1) / typical
    fits = count >= 3
    if not fits.any() or ink[fits].min() > _GAP_INK:
        return None
    ink, pitch, phase = ink[fits], pitch[fits, 0], phase[fits, 0]
    # twice the spacing fits as well: the smallest that fits is the right one
    smallest = pitch[ink <= ink.min() + 0.08].min()
    small = np.flatnonzero(pitch <= 1.04 * smallest)
    best = small[np.lexsort((phase[small], pitch[small], ink[small]))[0]]
    return float(pitch[best]), float(phase[best])


def _filled_pairs(ink: Plane, pitch: float, phase: float, clear: float) -> int:
    """How many characters stand to each side of the top (not counting one at the top itself).

    Both of a pair must be there; one pair may be missing in between: 一 and 二 leave little ink near the ring.
    """

    def filled(first: float) -> float:
        columns = np.arange(round(first + 0.1 * pitch), round(first + 0.9 * pitch)) + _STEPS // 2
        return float(ink[np.mod(columns, _STEPS)].mean())

    most = int(0.5 * _STEPS / pitch)
    odd = abs(abs(phase) / pitch - 0.5) < 0.25
    right = phase if phase > 0.0 or not odd else phase + pitch
    left = right - 2.0 * pitch if odd else right - pitch
    inks = [(filled(right + k * pitch), filled(left - k * pitch)) for k in range(most)]
    usual = float(np.median([v for k, pair in enumerate(inks) if (k + 1) * pitch < clear for v in pair] or [0.0]))
    there = [min(pair) > 0.1 * usual and sum(pair) > 0.45 * usual for pair in inks]
    count = 0
    for k, present in enumerate(there):
        if present:
            count = k + 1
        elif k > count:
            break
    return count


def has_star(disc: Disc) -> bool:
    """Whether the very middle is filled, as only a star or an emblem fills it."""
    radius = round(0.1 * min(disc.ring.a, disc.ring.b))
    x, y = round(disc.ring.x), round(disc.ring.y)
    return bool(disc.ink[y - radius : y + radius, x - radius : x + radius].mean() > 0.5)


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last index of every stretch of True."""
    change = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(change == 1).tolist(), np.flatnonzero(change == -1).tolist(), strict=True))


def perimeter(ring: Ellipse) -> float:
    """Ramanujan's approximation of an ellipse's perimeter, in its units."""
    h = ((ring.a - ring.b) / (ring.a + ring.b)) ** 2
    return math.pi * (ring.a + ring.b) * (1.0 + 3.0 * h / (10.0 + math.sqrt(4.0 - 3.0 * h)))


def text_towards(disc: Disc, band: Band, direction: float) -> float:
    """How much of the band around a direction (degrees clockwise from the right) holds characters of the arc, 0 to 1.

    Characters fill the whole height of the band; a registration number and a straight line leave its middle free.
    """
    directions = np.radians(direction + np.arange(-_SECTOR, _SECTOR + 0.1, 0.5))
    reach = np.arange(band.outer, band.inner)
    points = np.stack([np.cos(directions), np.sin(directions)], axis=1)
    edge = disc.ring.at(points)
    inwards = np.array([disc.ring.x, disc.ring.y]) - edge
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-9)
    inked = sample(disc.ink, edge[None] + reach[:, None, None] * inwards[None]) > 0.35
    thirds = np.array_split(inked, 3)
    character = round(1.2 * (band.inner - band.outer) / max(disc.ring.mean_radius, 1.0) * 57.3 / 0.5) | 1
    filled_columns = [_spread(np.asarray(third.max(axis=0) > 0, dtype=np.bool_), character) for third in thirds]
    return float(np.mean(np.all(filled_columns, axis=0)))


def find_band(disc: Disc, *, number_possible: bool = True, top: float | None = None) -> Band | None:
    """The ring of text; None when there is no text along the ring.

    With `number_possible` what stands near the ring only is taken for a registration number: a seal with a straight
    line has none, and its last characters may have lost their inner half to the line. `top` is about the direction of
    the seal's top, degrees clockwise from the right, where it is known: the opening is looked for on the other side.
    """
    radius = min(disc.ring.a, disc.ring.b)
    depths = np.arange(0.0, 0.55 * radius, dtype=np.float64)
    places = np.arange(_STEPS) / _STEPS
    strip = unwrap(disc.ink, disc.ring, depths, places)
    outer, inner = 0.1 * radius, 0.4 * radius
    start, length = 0.0, 1.0
    away = None if top is None else _away_from(disc.ring, top)
    for _ in range(2):
        opening = _opening(strip, perimeter(disc.ring), round(outer), round(inner), number_possible, away)
        if opening is None:
            return None
        start, length = opening
        # the rows are judged where neither the straight line nor a registration number can be
        if away is None:
            middle = np.mod(np.arange(_STEPS) - round((start + 0.15 * length) * _STEPS), _STEPS) < 0.7 * length * _STEPS
        else:
            middle = away < _UPPER
        rows = _band_rows(strip[:, middle].mean(axis=1), radius)
        if rows is None:
            return None
        outer, inner = rows
    return Band(outer, inner, start, length)


def _away_from(ring: Ellipse, direction: float) -> Floats:
    """How many degrees each of the places around the ring lies from a direction."""
    points, _ = along_ring(ring, np.arange(_STEPS) / _STEPS)
    directions = np.degrees(np.arctan2(points[:, 1] - ring.y, points[:, 0] - ring.x))
    return np.asarray(np.abs(np.mod(directions - direction + 180.0, 360.0) - 180.0), dtype=np.float64)


def _opening(
    strip: Plane, way: float, outer: int, inner: int, number_possible: bool, away: Floats | None
) -> tuple[float, float] | None:
    """Where the text starts and how long it is, as shares of the way around: all but the largest gap.

    A character fills the whole height of the band. A registration number stands near the ring only, the ends of the
    straight line far from it only: places inked in one half alone are gap.
    """
    middle = (outer + inner) // 2
    character = max(9, round(0.8 * (inner - outer) / way * _STEPS)) | 1
    strong = float(np.percentile(strip[outer:inner], 97.0))
    inked = min(_INKED, max(_LEAST_INKED, _INKED * strong))
    halves = [(strip[a:b] > inked).sum(axis=0) >= 2 for a, b in ((outer, middle), (middle, inner))]
    near = [_spread(half, character) for half in halves]
    text = halves[0] | halves[1]
    if number_possible:
        text &= near[0] & near[1]
    if text.mean() < 0.08:
        return None
    places = np.flatnonzero(text)
    gaps = np.diff(np.concatenate([places, places[:1] + _STEPS]))
    if away is not None:
        middles = np.mod(places + gaps // 2, _STEPS)
        gaps = np.where(away[middles] > 180.0 - _LOWER, gaps, 0)
    widest = int(np.argmax(gaps))
    first = int(places[(widest + 1) % len(places)])
    return first / _STEPS, float(_STEPS - gaps[widest] + 1) / _STEPS


def _spread(flags: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    wrapped = np.concatenate([flags[-width:], flags, flags[:width]]).astype(np.uint8).reshape(1, -1)
    return np.asarray(cv2.dilate(wrapped, np.ones((1, width), np.uint8))[0, width:-width] > 0)


def _band_rows(profile: Plane, radius: float) -> tuple[float, float] | None:
    """Depths at which the text begins and ends, from the mean ink by depth (index: pixels inwards from the ring)."""
    low, high = round(0.05 * radius), round(0.5 * radius)
    peak = float(profile[round(0.12 * radius) : high].max())
    if peak <= 0.02:
        return None
    empty = profile < 0.12 * peak
    top = round(0.12 * radius) + int(np.argmax(profile[round(0.12 * radius) : round(0.3 * radius)]))
    begin = top
    while begin > low and not empty[begin]:
        begin -= 1
    if begin == low:
        # the text touches the ring: the emptiest row between them
        begin = low + int(np.argmin(profile[low : round(0.15 * radius)]))
    end = top
    while end < high and not empty[end]:
        end += 1
    if end - begin < 0.08 * radius:
        return None
    return float(begin), float(end)
