"""Glare: a light reflected in paper or plastic that washes text out.

White alone is no glare, so three signs are asked for together: a blob near the brightest the page shows with nothing
printed on it, paper that gets darker step by step around it, and ink on most sides of it. An empty margin under a lamp
has no ink around it, a white box printed on a tinted card has a sharp edge, and a scan is equally white throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import quad_from_points
from verifier.imaging.strokes import close_dark
from verifier.imaging.text_area import TextArea
from verifier.imaging.washed import find_washed

LEAST_WHITE = 228
"""Grey level a blob must reach: a reflection that leaves paper darker leaves ink visible too."""

NEAR_BRIGHTEST = 5
"""Grey levels below the brightest of the page (99.5th percentile) that still belong to the blob."""

FALL = 8.0
"""Grey levels the paper must lose within the bands below: a lamp's gradient loses 4 over that distance."""

BANDS = (0.0, 0.4, 0.8, 1.4, 2.2, 3.5, 5.0)
"""Limits of bands around the blob, in character heights."""

MAX_STEP = 0.7
"""Share of the fall that may happen from one band to the next: more is the edge of something printed or of a card."""

FALLING_EIGHTHS = 0.75
"""Share of the eight directions from the blob in which there is paper: the light of a lamp or a window ends on one side, a
reflection all around."""

MIN_EIGHTHS = 4
"""… and in so many there must be paper, since a reflection may run over the edge of the page."""

MIN_WIDTH = 1.2
"""Of the blob, in character heights: a narrower one hides no character."""

MIN_AREA = 4.0
"""Of the blob, in squared character heights: what four characters cover."""

RIM = 4.0
"""Ink is looked for this far around the blob, in character heights: next to it the light has washed it out already."""

SECTORS = 16
MIN_SECTORS = 0.25
"""Share of the directions in which there must be ink: a single line that runs through the blob gives as many."""

STRONG = 0.4
"""Ink counts from this share of the page's ink contrast."""

AREA_OF_WORST = 60.0
"""Squared character heights from which a glare hides a field for certain: about a line of twenty characters."""

BLOBS = 4
"""The largest blobs are judged, the others are gaps between strokes."""


@dataclass(frozen=True)
class Glare:
    """The rectangle around the blob, turned as it lies, in pixels of the copy, and how much it hides from 0 to 1."""

    quad: Quad
    severity: float


def find_glare(text: TextArea) -> tuple[Glare, ...]:
    """Places where glare hides text: bright blobs amid ink, else ink washed out, largest first."""
    blobs = _bright_blobs(text)
    if blobs:
        return blobs
    return tuple(Glare(quad, _severity(area)) for quad, area in find_washed(text))


def _severity(area: float) -> float:
    """Of a glare that covers so many squared character heights."""
    return min(1.0, 0.4 + 0.6 * area / AREA_OF_WORST)


def _bright_blobs(text: TextArea) -> tuple[Glare, ...]:
    every_fourth = (slice(None, None, 4), slice(None, None, 4))
    paper = text.gray[every_fourth][text.inside[every_fourth] & ~text.ink.mask[every_fourth]]
    if not len(paper):
        return ()
    low, high = np.percentile(paper, (30, 99.5))
    level = max(LEAST_WHITE, high - NEAR_BRIGHTEST)
    if low > level - FALL:
        return ()
    width = max(3, int(text.height * MIN_WIDTH))
    bright = ((text.gray >= level) & text.inside).astype(np.uint8)
    # Only what stays bright over the width of a character: paper between strokes does not.
    cores = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((width, width), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores, connectivity=8)
    if count == 1:
        return ()
    found = []
    for label in (np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:BLOBS] + 1).tolist():
        if stats[label, cv2.CC_STAT_AREA] >= MIN_AREA * text.height**2:
            left, top, across, down = (int(v) for v in stats[label, :4])
            reach = int(BANDS[-1] * text.height) + 1
            rows = slice(max(0, top - reach), top + down + reach)
            columns = slice(max(0, left - reach), left + across + reach)
            if _hides_text(text, labels[rows, columns] == label, rows, columns):
                window = (slice(top, top + down), slice(left, left + across))
                severity = _severity(float(stats[label, cv2.CC_STAT_AREA]) / text.height**2)
                found.append(Glare(quad=_around(labels[window] == label, left, top), severity=severity))
    return tuple(found)


def _around(blob: NDArray[np.bool_], left: int, top: int) -> Quad:
    """The smallest rectangle around a blob, whose window starts at (left, top)."""
    rim = cv2.findNonZero(cv2.morphologyEx(blob.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    return quad_from_points(cv2.boxPoints(cv2.minAreaRect(rim)) + np.array([left, top]))


def _hides_text(text: TextArea, core: NDArray[np.bool_], rows: slice, columns: slice) -> bool:
    gray, inside = text.gray[rows, columns], text.inside[rows, columns]
    distance = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 3) / text.height
    paper = close_dark(gray, max(9, int(text.height)))
    if not _fades_out(paper, distance, inside):
        return False
    turn = _turn(core)
    return _fades_all_around(paper, distance, inside, turn) and _amid_ink(text, rows, columns, distance, turn)


def _fades_out(paper: NDArray[np.uint8], distance: NDArray[np.float32], inside: NDArray[np.bool_]) -> bool:
    """The paper gets darker by FALL in small steps while one walks away from the blob."""
    levels = []
    for near, far in pairwise(BANDS):
        band = (distance > near) & (distance <= far) & inside
        if band.sum() > 30:
            levels.append(float(np.median(paper[band])))
    if len(levels) < 4:
        return False
    steps = -np.diff(levels)
    fall = float(steps.sum())
    return bool(fall >= FALL and steps.min() >= -2.0 and steps.max() <= MAX_STEP * fall)


def _turn(core: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Direction of every pixel seen from the middle of the blob, from 0 to 1 for a full turn."""
    y, x = np.nonzero(core)
    rows, columns = np.indices(core.shape, dtype=np.float32, sparse=True)
    angle = np.arctan2(rows - np.float32(y.mean()), columns - np.float32(x.mean()))
    return np.asarray((angle / (2 * np.pi) + 1.0) % 1.0, dtype=np.float32)


def _fades_all_around(
    paper: NDArray[np.uint8],
    distance: NDArray[np.float32],
    inside: NDArray[np.bool_],
    turn: NDArray[np.float32],
) -> bool:
    near = inside & (distance > 0) & (distance <= BANDS[1])
    far = inside & (distance > BANDS[-3]) & (distance <= BANDS[-1])
    if not near.any():
        return False
    level = float(np.median(paper[near]))
    falls = []
    eighths = (turn * 8).astype(np.int8)
    for eighth in range(8):
        there = far & (eighths == eighth)
        if there.sum() > 30:
            falls.append(level - float(np.median(paper[there])) >= FALL)
    return len(falls) >= MIN_EIGHTHS and sum(falls) >= FALLING_EIGHTHS * len(falls)


def _amid_ink(
    text: TextArea, rows: slice, columns: slice, distance: NDArray[np.float32], turn: NDArray[np.float32]
) -> bool:
    """There is ink close to the blob in most directions."""
    ink = text.ink
    contrast = ink.depth[rows, columns] / np.maximum(1.0, ink.paper[rows, columns].astype(np.float32))
    close = (distance > 0) & (distance <= RIM) & text.inside[rows, columns]
    there = turn[close & (contrast >= STRONG * text.contrast)]
    sectors = np.bincount((there * SECTORS).astype(np.int64) % SECTORS, minlength=SECTORS)
    return bool((sectors >= text.height).mean() >= MIN_SECTORS)
