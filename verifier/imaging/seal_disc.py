"""A seal's ink laid out as a clean disc: apart from paper and print, a tilted circle round again, worn places lifted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.geometry import Homography, identity, map_points
from verifier.imaging.ink import Plane, black_print, coloured_ink, densities, detailed_ink, paper
from verifier.imaging.seal_shapes import Ellipse, Floats, SealRegion, sample
from verifier.ocr.engine import Image

RADIUS = 220
"""Pixels from the centre to the ring, longest way, once a seal is made round: its text is then about 50 px tall."""
_MARGIN = 1.25
"""How far beyond the ring the seal's surroundings are looked at, in radii."""
_DETAIL_REACH = 9
"""Pixels within which colour says whose ink a sharp mark is: twice what JPEG's colour blurs, at `RADIUS`."""
_WEAR_REACH = 0.35
"""Within this share of the radius a seal is pressed about equally hard."""
_HIDING = 0.65
"""Density of black print under which coloured ink cannot be seen any more."""
_MENDED_REACH = 4
"""Pixels around a hidden place that tell what strokes go through it."""
_FAINTEST = 0.4
"""Places pressed less than this share of full strength stay as faint as they are: below it noise would be lifted too."""


@dataclass(frozen=True)
class Source:
    """The picture a flat page was made from: every resampling on the way costs a seal's small strokes."""

    image: Image
    """BGR, shape (h, w, 3)."""
    to_source: Homography
    """Maps pixels of the page to pixels of `image`."""


@dataclass(frozen=True)
class Disc:
    """The ink of one seal with a tilted circle made round: the ring is `ring`, ink is 1 where the seal is fully inked."""

    ink: Plane
    """Told by colour: clean, a little blurred."""
    detail: Plane
    """The same with the sharpness of the picture, for reading."""
    mended: Plane
    """`detail` with strokes drawn through where black print hides them."""
    ring: Ellipse

    def without(self, gone: NDArray[np.bool_]) -> Disc:
        """The same with no ink where `gone` is True."""
        nothing = np.float32(0.0)
        ink, detail, mended = (np.where(gone, nothing, plane) for plane in (self.ink, self.detail, self.mended))
        return Disc(ink, detail, mended, self.ring)


def flatten_ink(image: Image, region: SealRegion, source: Source | None = None) -> Disc:
    """The seal's ink alone, with a tilted round seal made round; an oval one keeps its shape.

    `region` is in pixels of `image`; with `source` the ink is taken from the picture the page was made from.
    """
    picture = Source(image, identity()) if source is None else source
    ring = region.ellipse
    longest = max(ring.a, ring.b)
    a, b = (longest, longest) if region.shape == "round" else (ring.a, ring.b)
    side = 2 * round(_MARGIN * RADIUS)
    target = Ellipse(side / 2, side / 2, a * RADIUS / longest, b * RADIUS / longest, ring.angle)
    to_picture = np.asarray(picture.to_source @ _between(target, ring), dtype=np.float64)
    corners = map_points(np.array([[0, 0], [side, 0], [side, side], [0, side]], dtype=np.float64), to_picture)
    height, width = picture.image.shape[:2]
    left, top = (max(0, math.floor(v)) for v in corners.min(axis=0).tolist())
    right, bottom = (
        min(most, math.ceil(v)) for v, most in zip(corners.max(axis=0).tolist(), (width, height), strict=True)
    )
    if right - left < 2 or bottom - top < 2:
        nothing = np.zeros((side, side), np.float32)
        return Disc(nothing, nothing, nothing, target)
    crop = np.ascontiguousarray(picture.image[top:bottom, left:right])
    scale = math.sqrt((right - left) * (bottom - top)) / side
    density = densities(crop, paper(crop, reach_px=0.35 * _MARGIN * RADIUS * scale))
    if scale > 1.5:
        density = np.asarray(cv2.blur(density, (3, 3)), dtype=np.float32)
    to_crop = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top], [0.0, 0.0, 1.0]]) @ to_picture
    density = cv2.warpPerspective(
        density, to_crop, (side, side), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    )  # fmt: skip
    density = np.maximum(np.asarray(density, dtype=np.float32), np.float32(0.0))
    ink = coloured_ink(density, region.colour, under_pen=True)
    sharp = (ink + detailed_ink(density, ink, region.colour, _DETAIL_REACH)) / np.float32(2.0)
    full = _strength(ink, target)
    detail = np.asarray(np.clip(sharp / full, 0.0, 1.0), dtype=np.float32)
    mended = detail if region.colour == "grey" else _mended(detail, black_print(density, ink, region.colour))
    return Disc(np.clip(ink / full, 0.0, 1.0), detail, mended, target)


def _mended(detail: Plane, black: Plane) -> Plane:
    hidden = cv2.dilate((black > _HIDING).astype(np.uint8), np.ones((3, 3), np.uint8))
    levels = np.round(255.0 * detail).astype(np.uint8)
    return np.asarray(cv2.inpaint(levels, hidden, _MENDED_REACH, cv2.INPAINT_TELEA), dtype=np.float32) / np.float32(
        255.0
    )


def _strength(ink: Plane, ring: Ellipse) -> Plane:
    """Density of full ink at every place: hardly two seals are pressed evenly."""
    points = ring.at(np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1))
    inwards = np.array([ring.x, ring.y]) - points
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-9)
    outline = sample(ink, points[None] + np.arange(-3.0, 5.0)[:, None, None] * inwards)
    full = max(float(np.percentile(outline.max(axis=0), 60)), 1e-3)
    reach = round(_WEAR_REACH * min(ring.a, ring.b))
    # a quarter of the size tells how hard a place was pressed
    small = cv2.resize(cv2.blur(np.minimum(ink, full), (5, 5)), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach // 2 | 1, reach // 2 | 1))
    local = cv2.blur(cv2.dilate(small, kernel), (reach // 4 | 1, reach // 4 | 1))
    local = cv2.resize(local, (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(1.15 * local, _FAINTEST * full, full), dtype=np.float32)


_TURN = np.arange(360) * (math.pi / 180.0)


def _between(source: Ellipse, target: Ellipse) -> Floats:
    """The 3x3 map that carries one ellipse to another without turning it."""
    first, second = source.matrix(), target.matrix()
    linear = second[:, :2] @ np.linalg.inv(first[:, :2])
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = second[:, 2] - linear @ first[:, 2]
    return matrix


def filled(side: int, ring: Ellipse, factor: float) -> NDArray[np.uint8]:
    """A square mask, 1 within the ring made smaller or larger by `factor`."""
    mask = np.zeros((side, side), np.uint8)
    centre, axes = (round(ring.x), round(ring.y)), (max(1, round(ring.a * factor)), max(1, round(ring.b * factor)))
    cv2.ellipse(mask, centre, axes, ring.angle, 0, 360, 1, cv2.FILLED)
    return mask
