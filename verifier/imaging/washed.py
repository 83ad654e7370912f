"""Ink washed out by light: text that gets paler step by step until nothing is left of it.

On paper that is nearly white already a reflection is hardly brighter than what is around it; what it does to the ink is seen
all the same. Grey labels, faint rules and watermarks are pale as well, but next to them other ink is black: around a
reflection ink is the darker the further away it is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import quad_from_points
from verifier.imaging.strokes import close_dark
from verifier.imaging.text_area import STROKE, TextArea

TILE = 1.6
"""Side of a tile in character heights: it holds a character wherever text is."""

FULL, PALE, WASHED = 0.7, 0.3, 0.08
"""Ink of a tile as a share of the page's blackest: as printed from FULL on, on its way down to PALE, nearly gone down to
WASHED, below that blank paper."""

BROAD = 0.25
"""Ink that an eighth of a tile reaches as a share of what a thirtieth reaches: strokes of characters have half of it, a thin
rule has nothing."""

LEAST_WHITE = 228
NEAR_BRIGHTEST = 5
"""Grey level of washed-out paper, at least, and how far below the page's brightest it may be."""

BRIGHTER = 3
"""Grey levels it is brighter than paper under full ink: prints, scans and screens are equally white throughout."""

REACH = 2
"""Tiles between washed-out ones of one reflection."""

AROUND = 4
"""Tiles around it in which the ink must recover."""

LEAST_TILES = 7
LEAST_SHARE = 0.08
"""Washed-out tiles there must be, in number and as a share of the tiles with ink up to AROUND it."""

LEAST_WIDTH = 3.2
"""Tiles across a cluster at its narrowest: a pale line of text has up to three when it is aslant."""

LEAST_BESIDE = 0.25
"""Share of the washed-out tiles next to which ink is on its way down, not far from full ink: grey footers, light rules and
artwork have none, reflections 0.3 to 1."""

RECOVERS = 0.5
"""Correlation of a tile's ink with its distance. Reflections have 0.54 to 0.9; the largest clusters of pale tiles of usable
pages 0.1 to 0.45."""


def find_washed(text: TextArea) -> tuple[tuple[Quad, float], ...]:
    """Places where light washes ink out: the rectangle around each in pixels of the copy, and its area in squared
    character heights."""
    side = max(8, round(TILE * text.height))
    ink, broad, paper, inside = _tiles(text, side)
    if not inside.any():
        return ()
    ink = ink / max(1e-6, float(np.percentile(ink[inside], 95)))
    full = inside & (ink >= FULL)
    if full.sum() < AROUND:
        return ()
    brightest = float(np.percentile(paper[inside], 99.5))
    brighter = float(np.median(paper[full])) + BRIGHTER
    lit = inside & (paper >= max(LEAST_WHITE, brightest - NEAR_BRIGHTEST, brighter))
    washed = lit & broad & (ink >= WASHED) & (ink < PALE)
    beside = _next_to(lit & (ink >= PALE) & (ink < FULL) & _next_to(_next_to(full)))
    blank = lit & (ink < WASHED)
    joined = cv2.dilate(washed.astype(np.uint8), np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    found = []
    for label in range(1, count):
        core = washed & (labels == label)
        body = core | (blank & (labels == label))
        if core.sum() < LEAST_TILES or not _recovers(core, body, inside & (ink >= WASHED), ink, beside):
            continue
        rows, columns = np.nonzero(core)
        corners = np.concatenate([np.stack([columns + dx, rows + dy], axis=1) for dx in (0, 1) for dy in (0, 1)])
        around = cv2.minAreaRect((corners * side).astype(np.float32))
        if min(around[1]) >= LEAST_WIDTH * side:
            quad = quad_from_points(cv2.boxPoints(around))
            found.append((quad, float(core.sum()) * (side / text.height) ** 2))
    return tuple(sorted(found, key=lambda place: -place[1]))


def _recovers(
    core: NDArray[np.bool_],
    body: NDArray[np.bool_],
    inked: NDArray[np.bool_],
    ink: NDArray[np.float64],
    beside: NDArray[np.bool_],
) -> bool:
    """Whether ink gets darker with the distance from a cluster of washed-out tiles."""
    near = cv2.dilate(core.astype(np.uint8), np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)) > 0
    around = inked & near
    tiles = float(core.sum())
    if tiles < LEAST_SHARE * around.sum() or (core & beside).sum() < LEAST_BESIDE * tiles:
        return False
    distance = cv2.distanceTransform((~body).astype(np.uint8), cv2.DIST_L2, 3)[around]
    darkness = np.minimum(1.0, ink[around])
    if distance.std() < 1e-6 or darkness.std() < 1e-6:
        return False
    return bool(np.corrcoef(distance, darkness)[0, 1] >= RECOVERS)


def _next_to(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(tiles.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _tiles(
    text: TextArea, side: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]:
    """Of every tile the contrast of its ink, whether that is more than a thin line, the brightness of its paper, and
    whether it lies on the page."""
    # Noise would pass for washed-out ink.
    calm = np.asarray(cv2.GaussianBlur(text.gray, (0, 0), 0.8), dtype=np.uint8)
    paper = close_dark(calm, STROKE)
    contrast = cv2.divide(cv2.subtract(paper, calm), paper, scale=250)
    # Every second row and column says the same: `each` is the side of a tile that is left.
    rows, columns, each = paper.shape[0] // side, paper.shape[1] // side, side // 2

    def cut(values: NDArray[np.generic]) -> NDArray[np.generic]:
        whole = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
        thinned = whole[:, : 2 * each : 2, :, : 2 * each : 2]
        return thinned.swapaxes(1, 2).reshape(rows, columns, each * each)

    dark, darker = (int(share * each * each) for share in (0.87, 0.97))
    ordered = np.partition(cut(contrast), (dark, darker), axis=2)
    ink, broad = ordered[..., darker], ordered[..., dark] >= BROAD * ordered[..., darker]
    middle = each * each // 2
    level = np.partition(cut(paper), middle, axis=2)[..., middle]
    on_page = cut(text.inside.astype(np.uint8)).mean(axis=2) > 0.9
    return ink.astype(np.float64) / 250, np.asarray(broad), level.astype(np.float64), np.asarray(on_page)
