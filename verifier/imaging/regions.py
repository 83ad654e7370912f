"""A page's text divided into blocks, and blocks that share a defect joined into regions.

A page sharp at its top and blurred at its bottom is told so: every measure is taken per block, and blocks that touch make one
region with one box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.geometry import Bounds
from verifier.imaging.text_area import TextArea

DOWN, ACROSS = 6, 4
"""Blocks a page is divided into, along its longer and its shorter side: four lines of an A4 form, a line of a card."""

NEARLY_ALL = 0.8
"""Share of the text from which a defect concerns the page: no box says more than that."""


@dataclass(frozen=True)
class Grid:
    """Blocks over the text of a page. `text` was found in a copy; blocks are in its pixels."""

    left: float
    top: float
    across: float
    down: float
    columns: int
    rows: int

    def places(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """The block, counted row by row, of every point (n, 2) in pixels of the copy."""
        x = np.clip((points[:, 0] - self.left) / self.across, 0, self.columns - 1).astype(np.int64)
        y = np.clip((points[:, 1] - self.top) / self.down, 0, self.rows - 1).astype(np.int64)
        return np.asarray(y * self.columns + x, dtype=np.int64)

    def __len__(self) -> int:
        return self.columns * self.rows


@dataclass(frozen=True)
class Region:
    """Blocks that touch and share a defect: box in pixels of the copy, severity 0 to 1, share of the page's text, and how
    many measured places it joins."""

    box: Bounds
    severity: float
    share: float
    places: int


def divide(text: TextArea) -> Grid:
    """Blocks over everything that lies on the page: text blurred away has no characters to lay them by."""
    ys, xs = np.nonzero(text.inside[::4, ::4])
    left, top, right, bottom = (4.0 * float(v) for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
    columns, rows = (ACROSS, DOWN) if bottom - top >= right - left else (DOWN, ACROSS)
    return Grid(left, top, (right - left) / columns, (bottom - top) / rows, columns, rows)


def level_reached(severities: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """The severity that `share` of the weight reaches or exceeds."""
    order = np.argsort(-severities)
    reached = np.cumsum(weights[order]) > share * weights.sum()
    return float(severities[order][reached][0])


def join(
    grid: Grid,
    blocks: NDArray[np.int64],
    severities: NDArray[np.float64],
    weights: NDArray[np.float64],
    boxes: Sequence[Bounds],
) -> tuple[Region, ...]:
    """Regions of the measured places with a severity above 0, worst first.

    Row i of all arrays is one measured place: the block it lies in, how bad it is there (0 and less: fine), how much of
    the text it stands for, and its box in pixels of the copy.
    """
    bad = severities > 0
    if not bad.any():
        return ()
    mask = np.zeros((grid.rows, grid.columns), np.uint8)
    mask.reshape(-1)[blocks[bad]] = 1
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    regions = []
    for label in range(1, count):
        here = bad & (labels.reshape(-1)[blocks] == label)
        own = np.array(boxes, dtype=np.float64)[here]
        left, top = own[:, :2].min(axis=0).tolist()
        right, bottom = own[:, 2:].max(axis=0).tolist()
        severity = level_reached(severities[here], weights[here], 0.5)
        regions.append(
            Region((left, top, right, bottom), severity, float(weights[here].sum() / weights.sum()), int(here.sum()))
        )
    return tuple(sorted(regions, key=lambda region: -region.severity * region.share))
