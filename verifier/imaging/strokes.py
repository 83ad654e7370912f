"""Where ink lies: dark (or coloured) strokes on something lighter, told from grain, shadows and pictures.

The mask is what both the page finder (does any text lie outside?) and the capture measures (where to look) start from.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.ocr.engine import Image

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

INK_CONTRAST = 0.13
"""Ink is at least this share darker than the paper around it: pencil and faded stamps reach 0.2, paper grain 0.05."""

MIN_INK_LEVELS = 10
"""In deep shade a relative contrast is a few grey levels, which JPEG and sensor noise also reach."""


@dataclass(frozen=True)
class Ink:
    """Strokes of a grey image. All arrays have its shape.

    `paper` is the brightness of what lies around and under the strokes, `depth` how much darker a pixel is than that.
    """

    gray: Gray
    paper: Gray
    depth: Gray
    mask: Mask


@dataclass(frozen=True)
class Glyphs:
    """Components of ink that could be characters or parts of them, one row each.

    `boxes` are (left, top, width, height) in pixels, `centres` (x, y); `contrast` is how much darker than its paper
    the ink is as a share of the paper's brightness, `paper` that brightness.
    """

    boxes: NDArray[np.int32]
    centres: NDArray[np.float64]
    contrast: NDArray[np.float64]
    paper: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.boxes)

    def select(self, rows: Mask) -> Glyphs:
        """The rows for which `rows` is true."""
        return Glyphs(self.boxes[rows], self.centres[rows], self.contrast[rows], self.paper[rows])


def shrink(image: NDArray[np.uint8], long_side: int) -> tuple[NDArray[np.uint8], float]:
    """A copy whose longer side is at most `long_side` pixels, and how many pixels of `image` one of its pixels spans."""
    height, width = image.shape[:2]
    factor = max(height, width) / long_side
    if factor <= 1.0:
        return image, 1.0
    copy = image
    while max(copy.shape[:2]) >= 2 * long_side:
        # Halving is the one averaging cv2 does fast; an odd last row or column is left out.
        rows, columns = copy.shape[0] // 2, copy.shape[1] // 2
        copy = np.asarray(
            cv2.resize(copy[: 2 * rows, : 2 * columns], (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    return np.asarray(cv2.resize(copy, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8), factor


def grey(image: Image) -> Gray:
    """The darkest of the three channels would show red seals as ink too; the weighted grey keeps them lighter."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def close_dark(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The image with dark details narrower than `size` pixels filled by what is around them.

    The border is repeated first, else a dark strip along it narrower than `size` would count as a detail.
    """
    kernel = np.ones((size, size), dtype=np.uint8)
    padded = cv2.copyMakeBorder(image, size, size, size, size, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)
    return np.asarray(closed[size:-size, size:-size], dtype=np.uint8)


def find_ink(gray: Gray, stroke: int, contrast: float = INK_CONTRAST) -> Ink:
    """Ink whose strokes are narrower than `stroke` pixels and at least `contrast` (share of paper) darker than paper."""
    paper = close_dark(gray, stroke)
    depth = cv2.subtract(paper, gray)
    limit = np.maximum(paper.astype(np.float32) * contrast, MIN_INK_LEVELS)
    return Ink(gray=gray, paper=paper, depth=np.asarray(depth, dtype=np.uint8), mask=depth > limit)


def find_glyphs(ink: Ink, smallest: int, largest: int) -> Glyphs:
    """Components of ink as large as characters or their parts: `smallest` to `largest` pixels on their longer side.

    Long thin ones are left out: ruled lines, wood grain, creases and edges of shadows.
    """
    count, labels, stats, centres = cv2.connectedComponentsWithStats(ink.mask.astype(np.uint8), connectivity=8)
    members = labels[ink.mask]
    area = stats[:, cv2.CC_STAT_AREA]
    paper = np.bincount(members, weights=ink.paper[ink.mask], minlength=count) / np.maximum(1, area)
    depth = np.bincount(members, weights=ink.depth[ink.mask], minlength=count) / np.maximum(1, area)
    longer = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    shorter = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].min(axis=1)
    fill = area / np.maximum(1, longer * shorter)
    keep = (longer >= smallest) & (longer <= largest) & (longer <= 7 * shorter) & (fill > 0.12)
    keep[0] = False
    return Glyphs(
        boxes=stats[keep, :4],
        centres=centres[keep],
        contrast=depth[keep] / np.maximum(1.0, paper[keep]),
        paper=paper[keep],
    )
