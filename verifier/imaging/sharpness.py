"""How soft the strokes of a text are, compared with its size.

The measure of one place is (brightest - darkest) / steepest slope within a window as long as a character, along rows
and along columns, the worse of the two (camera shake blurs one direction only). For an edge blurred by a Gaussian that
is 2.5 sigma, whatever the contrast. The text is first brought to a fixed height, so that the number compares with the size of
characters: a page photographed from afar is small, not blurred. Never enlarged: what an edge spans in a sharp copy of
that size is subtracted.

Text blurred away leaves no characters to look at, only grey clouds where nothing sharp is: such places count as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.strokes import find_ink, shrink
from verifier.imaging.text_area import CALMING, FAINT_CONTRAST, SAME_PAPER, STROKE, TextArea, typical_height

Floats = NDArray[np.float64]

TEXT_HEIGHT = 32.0
"""Characters are shrunk to this many pixels: enough to tell sharp from soft, and averaging takes the noise away."""

PATCH = 192
"""Side of a patch in those pixels: six characters."""

MAX_PATCHES = 16
"""Patches with characters measured per page, and as many with clouds only, spread over the page: some 15 ms."""

MIN_PATCH_GLYPHS = 2
"""Fewer marks than this in a patch are no text to judge, unless there is no fuller one (blurred into a few blobs)."""

CLOUD_SIDE = 400
"""Longer side of the copy in which clouds are looked for: a character has 4 to 10 pixels there."""

CLOUD_SHARE = 0.06
"""Of a patch covered by ink: a ruled line across it covers less than a blurred line of text."""

CLOUD_BLUR = 0.12
"""A place without characters is blurred from here on; with less, characters would have been found. It may also hold a
rule, a seal or a picture, which are sharp in one direction at least."""

SMOOTHING = 0.8
"""Gaussian that calms what noise is left, in pixels."""

SHARP_SIGMA = 1.15
"""Sigma that a sharp edge shows after sampling, JPEG and SMOOTHING, in pixels of the patch."""

EDGE_PER_SIGMA = 2.5
"""Range divided by steepest slope of a Gaussian edge: sqrt(2 pi)."""

MIN_RANGE = 14.0
"""Grey levels a window must span: less is paper."""


@dataclass(frozen=True)
class Patch:
    """One measured place: (left, top, right, bottom) in pixels of the image, sigma of the blur as a share of the height
    of its characters (0: as sharp as can be told), and for how many places of the page it stands."""

    box: tuple[float, float, float, float]
    blur: float
    weight: float


def measure_patches(gray: NDArray[np.uint8], text: TextArea) -> tuple[Patch, ...]:
    """Blur of up to 2 * MAX_PATCHES places of the page. `gray` is the whole image at full resolution."""
    side = PATCH * text.height / TEXT_HEIGHT
    tiles, counts = np.unique(np.floor(text.glyphs.centres / side).astype(np.int64), axis=0, return_counts=True)
    lettered = tiles[counts >= min(MIN_PATCH_GLYPHS, int(counts.max()))]
    clouds = _clouded(text, side, tiles)
    patches = []
    for places, is_cloud in ((lettered, False), (clouds, True)):
        # Every n-th in reading order: text everywhere is judged, not only where it is densest.
        chosen = np.linspace(0, len(places) - 1, min(len(places), MAX_PATCHES)).round().astype(np.int64)
        for column, row in places[chosen].tolist():
            patch = _measure(gray, text, column * side, row * side, side, is_cloud, len(places) / len(chosen))
            if patch is not None:
                patches.append(patch)
    return tuple(patches)


def _clouded(text: TextArea, side: float, lettered: NDArray[np.int64]) -> NDArray[np.int64]:
    """(column, row) of the tiles where ink can be made out in a small copy but no character."""
    copy, factor = shrink(text.gray, CLOUD_SIDE)
    ink = find_ink(np.asarray(cv2.GaussianBlur(copy, (0, 0), CALMING), dtype=np.uint8), STROKE, FAINT_CONTRAST)
    inside = cv2.resize(text.inside.astype(np.uint8), copy.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    y, x = np.nonzero(ink.mask & inside & (ink.paper > SAME_PAPER * text.paper))
    cells = np.floor(np.stack([x, y], axis=1) * factor / side).astype(np.int64)
    tiles, counts = np.unique(cells, axis=0, return_counts=True)
    cloudy = tiles[counts >= CLOUD_SHARE * (side / factor) ** 2]
    known = {(column, row) for column, row in lettered.tolist()}
    fresh = [place for place in cloudy.tolist() if (place[0], place[1]) not in known]
    return np.array(fresh, dtype=np.int64).reshape(-1, 2)


def _measure(
    gray: NDArray[np.uint8], text: TextArea, left: float, top: float, side: float, is_cloud: bool, weight: float
) -> Patch | None:
    height = text.height * text.factor
    if not is_cloud:
        centres = text.glyphs.centres
        here = np.all((centres >= (left, top)) & (centres < (left + side, top + side)), axis=1)
        height = typical_height(text.glyphs.select(here)) * text.factor
    x, y = int(left * text.factor), int(top * text.factor)
    size = max(8, int(side * text.factor))
    crop = gray[y : y + size, x : x + size]
    box = (float(x), float(y), float(x + crop.shape[1]), float(y + crop.shape[0]))
    shrinking = min(1.0, TEXT_HEIGHT / height)
    if min(crop.shape) * shrinking < 8:
        return None
    if shrinking < 1.0:
        crop = np.asarray(
            cv2.resize(crop, None, fx=shrinking, fy=shrinking, interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    sigmas = [_sigma(crop, height * shrinking, axis) for axis in (0, 1)]
    sigma = min(sigmas) if is_cloud else max(sigmas)
    if np.isnan(sigmas).any():
        return None
    blur = float(np.sqrt(max(0.0, sigma**2 - SHARP_SIGMA**2)) / (height * shrinking))
    return None if is_cloud and blur < CLOUD_BLUR else Patch(box=box, blur=blur, weight=weight)


def _sigma(crop: NDArray[np.uint8], height: float, axis: int) -> float:
    """Sigma of the edges met when walking along `axis`, in pixels of the crop; NaN without any."""
    calm = cv2.GaussianBlur(crop.astype(np.float32), (0, 0), SMOOTHING)
    length = max(7, int(height * 1.2) | 1)
    kernel = np.ones((length, 1) if axis == 0 else (1, length), np.uint8)
    spread = cv2.dilate(calm, kernel) - cv2.erode(calm, kernel)
    slope = np.abs(np.gradient(calm, axis=axis))
    steepest = cv2.dilate(slope.astype(np.float32), kernel)
    # Neighbouring windows overlap: every second row and column says the same.
    spread, steepest = spread[::2, ::2], steepest[::2, ::2]
    strong = spread > max(MIN_RANGE, 0.6 * float(np.percentile(spread, 98)))
    if strong.sum() < length // 2:
        return float("nan")
    return float(np.percentile(spread[strong] / np.maximum(0.1, steepest[strong]), 40)) / EDGE_PER_SIGMA
