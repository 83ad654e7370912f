"""How soft the strokes of a text are, compared with its size.

The measure of one place is (brightest - darkest) / steepest slope within a window as long as a character, along rows
and along columns, the worse of the two (camera shake blurs one direction only). For an edge blurred by a Gaussian that
is 2.5 sigma, whatever the contrast. The text is first brought to a fixed height, so that the number compares with the size of
characters: a page photographed from afar is small, not blurred. Never enlarged: what an edge spans in a sharp copy of
that size is subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.text_area import TextArea, typical_height

Floats = NDArray[np.float64]

TEXT_HEIGHT = 32.0
"""Characters are shrunk to this many pixels: enough to tell sharp from soft, and averaging takes the noise away."""

PATCH = 192
"""Side of a patch in those pixels: six characters."""

MAX_PATCHES = 16
"""Patches measured per page, spread over the text: some 15 ms."""

MIN_PATCH_GLYPHS = 4
"""Fewer marks than this in a patch are no text to judge, unless there is no fuller one (blurred into a few blobs)."""

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
    """One measured place: (left, top, right, bottom) in pixels of the image, and sigma of the blur as a share of the
    height of its characters (0: as sharp as can be told)."""

    box: tuple[float, float, float, float]
    blur: float


def measure_patches(gray: NDArray[np.uint8], text: TextArea) -> tuple[Patch, ...]:
    """Blur of up to MAX_PATCHES places of the text. `gray` is the whole image at full resolution."""
    patches = []
    for column, row, side in _places(text):
        patch = _measure(gray, text, column, row, side)
        if patch is not None:
            patches.append(patch)
    return tuple(patches)


def _places(text: TextArea) -> list[tuple[float, float, float]]:
    """(left, top, side) in pixels of the copy of the tiles with most glyphs, at most MAX_PATCHES."""
    side = PATCH * text.height / TEXT_HEIGHT
    cells = np.floor(text.glyphs.centres / side).astype(np.int64)
    tiles, counts = np.unique(cells, axis=0, return_counts=True)
    full = counts >= min(MIN_PATCH_GLYPHS, int(counts.max()))
    tiles, counts = tiles[full], counts[full]
    if len(tiles) > MAX_PATCHES:
        # Every n-th in reading order: text everywhere is judged, not only where it is densest.
        chosen = np.linspace(0, len(tiles) - 1, MAX_PATCHES).round().astype(np.int64)
        tiles = tiles[chosen]
    return [(float(column * side), float(row * side), float(side)) for column, row in tiles]


def _measure(gray: NDArray[np.uint8], text: TextArea, left: float, top: float, side: float) -> Patch | None:
    centres = text.glyphs.centres
    here = np.all((centres >= (left, top)) & (centres < (left + side, top + side)), axis=1)
    height = typical_height(text.glyphs.select(here)) * text.factor
    x, y = int(left * text.factor), int(top * text.factor)
    size = max(8, int(side * text.factor))
    crop = gray[y : y + size, x : x + size]
    shrink = min(1.0, TEXT_HEIGHT / height)
    if shrink < 1.0:
        crop = np.asarray(cv2.resize(crop, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if min(crop.shape) < 8:
        return None
    sigma = max(_sigma(crop, height * shrink, axis) for axis in (0, 1))
    if np.isnan(sigma):
        return None
    excess = np.sqrt(max(0.0, sigma**2 - SHARP_SIGMA**2))
    return Patch(
        box=(x, y, x + crop.shape[1] / shrink, y + crop.shape[0] / shrink), blur=float(excess / (height * shrink))
    )


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
