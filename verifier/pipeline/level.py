"""How far the text of a picture leans, and the picture turned until it stands level.

A sheet whose edges were not found stays as it lay under the camera. Rows a few degrees aslant are followed by the slope
fitted to them (verifier.extract.slope); further round the detector cuts lines short, and tables, seals and columns are looked
for where they would be on a level page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from schemas.reading import Line
from verifier.geometry import Homography
from verifier.ocr.engine import Image

LEVEL_ENOUGH = math.radians(4.0)
"""Text that leans less is read as it lies."""

_LONG = 3.0
"""Width by height of a line whose box shows which way it runs."""
_FEWEST = 3
_MOST = math.radians(60.0)
"""Beyond it text runs down the picture: quarter turns are decided by reading (verifier.pipeline.upright)."""


def lean_of(lines: Sequence[Line]) -> float:
    """Angle of the rows in radians, clockwise positive: the median over their length; 0 where too few lines tell."""
    angles: list[float] = []
    lengths: list[float] = []
    for line in lines:
        corners = np.array(line.box)
        along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
        down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
        length, height = float(np.linalg.norm(along)), float(np.linalg.norm(down))
        angle = math.atan2(along[1], along[0])
        if length >= _LONG * max(1.0, height) and abs(angle) <= _MOST:
            angles.append(angle)
            lengths.append(length)
    if len(angles) < _FEWEST:
        return 0.0
    order = np.argsort(angles)
    passed = np.cumsum(np.array(lengths)[order])
    return angles[int(order[int(np.searchsorted(passed, passed[-1] / 2))])]


def turned_level(image: Image, lean: float) -> tuple[Image, Homography]:
    """The whole picture turned back by `lean` radians, and the map from its pixels to those of the picture given.

    What lies outside the picture repeats the pixels of its border.
    """
    height, width = image.shape[:2]
    turn = np.array([[math.cos(lean), math.sin(lean)], [-math.sin(lean), math.cos(lean)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64) @ turn.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    to_level = np.eye(3)
    to_level[:2, :2], to_level[:2, 2] = turn, -low
    size = math.ceil(high[0] - low[0]), math.ceil(high[1] - low[1])
    level = cv2.warpPerspective(image, to_level, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(level, dtype=np.uint8), np.asarray(np.linalg.inv(to_level), dtype=np.float64)
