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

from verifier.geometry import Bounds
from verifier.imaging.regions import Grid
from verifier.imaging.strokes import find_ink, shrink
from verifier.imaging.text_area import CALMING, FAINT_CONTRAST, SAME_PAPER, STROKE, TextArea, typical_height

Floats = NDArray[np.float64]

TEXT_HEIGHT = 32.0
"""Characters are shrunk to this many pixels: enough to tell sharp from soft, and averaging takes the noise away."""

PATCH = 160
"""Side of a patch in those pixels: five characters."""

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

CENTRAL = (np.array([[-0.5], [0.0], [0.5]], np.float32), np.array([[-0.5, 0.0, 0.5]], np.float32))
"""Central differences down the columns and along the rows."""

Tile = tuple[int, int]
"""Column and row of a tile in a raster laid over the copy."""


@dataclass(frozen=True)
class Patch:
    """One measured place, the fullest of its block: (left, top, right, bottom) in pixels of the copy, the block, sigma of the
    blur as a share of the height of its characters (0: as sharp as can be told), how many places it stands for."""

    box: Bounds
    block: int
    blur: float
    weight: float


def measure_patches(gray: NDArray[np.uint8], text: TextArea, grid: Grid) -> tuple[Patch, ...]:
    """Blur of at most two places in every block of the page. `gray` is the whole image at full resolution."""
    side = PATCH * text.height / TEXT_HEIGHT
    lettered = _tiles(text.glyphs.centres, side)
    least = min(MIN_PATCH_GLYPHS, max(lettered.values()))
    clouds = {tile: count for tile, count in _clouds(text, side).items() if tile not in lettered}
    patches = []
    for tiles, is_cloud in (({t: n for t, n in lettered.items() if n >= least}, False), (clouds, True)):
        for block, (tile, weight) in _fullest(tiles, side, grid).items():
            patch = _measure(gray, text, (tile[0] * side, tile[1] * side), side, is_cloud)
            if patch is not None:
                box, blur = patch
                patches.append(Patch(box, block, blur, weight))
    return tuple(patches)


def _tiles(points: NDArray[np.float64], side: float) -> dict[Tile, int]:
    """How many of the points lie in each tile of a raster with this side."""
    cells = np.floor(points / side).astype(np.int64)
    width = int(cells[:, 0].max()) + 1
    counts = np.bincount(cells[:, 1] * width + cells[:, 0])
    return {(int(at % width), int(at // width)): int(counts[at]) for at in np.flatnonzero(counts)}


def _fullest(tiles: dict[Tile, int], side: float, grid: Grid) -> dict[int, tuple[Tile, float]]:
    """Of every block the tile with the most in it, and how many tiles of the block there are."""
    if not tiles:
        return {}
    blocks = grid.places((np.array(list(tiles), dtype=np.float64) + 0.5) * side).tolist()
    chosen: dict[int, tuple[Tile, float]] = {}
    for block, tile in zip(blocks, tiles, strict=True):
        best, weight = chosen.get(block, (tile, 0.0))
        chosen[block] = (max(best, tile, key=lambda each: tiles[each]), weight + 1.0)
    return chosen


def _clouds(text: TextArea, side: float) -> dict[Tile, int]:
    """Tiles where much ink can be made out in a small copy, in pixels of that copy: characters or what is left of them."""
    copy, factor = shrink(text.gray, CLOUD_SIDE)
    ink = find_ink(np.asarray(cv2.GaussianBlur(copy, (0, 0), CALMING), dtype=np.uint8), STROKE, FAINT_CONTRAST)
    inside = cv2.resize(text.inside.astype(np.uint8), copy.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    y, x = np.nonzero(ink.mask & inside & (ink.paper > SAME_PAPER * text.paper))
    if not len(x):
        return {}
    least = CLOUD_SHARE * (side / factor) ** 2
    counts = _tiles(np.stack([x, y], axis=1).astype(np.float64) * factor, side)
    return {tile: count for tile, count in counts.items() if count >= least}


def _measure(
    gray: NDArray[np.uint8], text: TextArea, corner: tuple[float, float], side: float, is_cloud: bool
) -> tuple[Bounds, float] | None:
    left, top = corner
    height = text.height * text.factor
    if not is_cloud:
        centres = text.glyphs.centres
        here = np.all((centres >= (left, top)) & (centres < (left + side, top + side)), axis=1)
        height = typical_height(text.glyphs.select(here)) * text.factor
    x, y = int(left * text.factor), int(top * text.factor)
    size = max(8, int(side * text.factor))
    crop = gray[y : y + size, x : x + size]
    shrinking = min(1.0, TEXT_HEIGHT / height)
    if min(crop.shape) * shrinking < 8:
        return None
    if shrinking < 1.0:
        crop = np.asarray(
            cv2.resize(crop, None, fx=shrinking, fy=shrinking, interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    calm = cv2.GaussianBlur(crop.astype(np.float32), (0, 0), SMOOTHING)
    sigmas = [_sigma(calm, height * shrinking, axis) for axis in (0, 1)]
    sigma = min(sigmas) if is_cloud else max(sigmas)
    if np.isnan(sigmas).any():
        return None
    blur = float(np.sqrt(max(0.0, sigma**2 - SHARP_SIGMA**2)) / (height * shrinking))
    return None if is_cloud and blur < CLOUD_BLUR else ((left, top, left + side, top + side), blur)


def _sigma(calm: NDArray[np.float32], height: float, axis: int) -> float:
    """Sigma of the edges met when walking along `axis`, in pixels of the crop; NaN without any."""
    length = max(7, int(height * 1.2) | 1)
    kernel = np.ones((length, 1) if axis == 0 else (1, length), np.uint8)
    # Neighbouring windows overlap: every second row and column says the same.
    spread = (cv2.dilate(calm, kernel) - cv2.erode(calm, kernel))[::2, ::2]
    slope = np.abs(cv2.filter2D(calm, -1, CENTRAL[axis]))
    steepest = cv2.dilate(slope, kernel)[::2, ::2]
    strong = spread > max(MIN_RANGE, 0.6 * _percentile(spread.ravel(), 98))
    if strong.sum() < length // 2:
        return float("nan")
    return _percentile(spread[strong] / np.maximum(0.1, steepest[strong]), 40) / EDGE_PER_SIGMA


def _percentile(values: NDArray[np.float32], percent: int) -> float:
    """The value that `percent` of all lie below, without the interpolation that costs numpy's a sort."""
    at = len(values) * percent // 100
    return float(np.partition(values, at)[at])
