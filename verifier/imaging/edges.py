"""Straight edges of a picture, each with the side on which it is lighter.

Text and rules are closed over first, so that what is left is paper, background and shadows. Every edge pixel votes for
the line through it along its own gradient, so the grain of a wooden desk spreads its votes while the edge of a page
collects them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.strokes import close_dark
from verifier.ocr.engine import Image

Floats = NDArray[np.float64]

STROKE = 11
"""Details narrower than this in the copy are text and rules: the heaviest titles have strokes of 5 pixels."""

MIN_SLOPE = 1.2
"""Grey levels per pixel across an edge: paper 6 levels lighter than its background gives 1.5, averaged noise under 1."""

VOTE_CAP = 8.0
"""A hard edge (a photo, the grain of a desk) outvotes a faint long one by this much per pixel at most."""

CANDIDATES = 5
"""Lines kept per side: the page, a sheet or card on it, shadows, edges of the desk."""


@dataclass(frozen=True)
class Line:
    """x·cos(angle) + y·sin(angle) = offset from the middle of the image; the normal points to the lighter side."""

    angle: float
    offset: float


@dataclass(frozen=True)
class Slopes:
    """Signed gradient of the closed image (from the channel with the largest one), grey levels per pixel."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]


def find_slopes(small: Image) -> Slopes:
    """Where the closed image (BGR) gets lighter, and how fast."""
    closed = cv2.GaussianBlur(close_dark(small, STROKE), (0, 0), 1.0)
    slopes = Slopes(x=np.zeros(small.shape[:2], np.float32), y=np.zeros(small.shape[:2], np.float32))
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


def _votes(slopes: Slopes) -> tuple[Floats, int]:
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


def find_lines(slopes: Slopes) -> list[list[Line]]:
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
        side: list[Line] = []
        while len(side) < CANDIDATES:
            row, column = np.unravel_index(int(np.argmax(window)), window.shape)
            if window[row, column] <= 0:
                break
            side.append(Line(float(degrees[row]), float(column - middle) * 2))
            window[max(0, row - 6) : row + 7, max(0, column - 4) : column + 5] = 0
        sides.append(side)
    return sides


def slope_at(points: Floats, normal: Floats, slopes: Slopes) -> Floats:
    """How fast the image gets lighter along `normal` at `points` (…, 2); points outside take the border's value."""
    height, width = slopes.x.shape
    columns = np.clip(points[..., 0], 0, width - 1).astype(np.int32)
    rows = np.clip(points[..., 1], 0, height - 1).astype(np.int32)
    places = rows * width + columns
    return np.asarray(np.take(slopes.x, places) * normal[..., 0] + np.take(slopes.y, places) * normal[..., 1])
