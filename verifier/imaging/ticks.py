"""Which of several printed boxes is ticked: how much ink lies where a box stands. Images are BGR, uint8, (h, w, 3)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.geometry import Bounds
from verifier.ocr.engine import Image

_DARKER = 0.35
"""Share of the way from the paper to the darkest ink from which a pixel counts as ink."""
_CONTRAST = 30.0
"""Grey levels between paper and ink below which there is no ink at all."""
_SIDES = (0.45, 1.6)
"""Side of a box, in heights of the text beside it."""
_SQUARE = 1.5
"""Longer by shorter side of a box at most; one ticked beyond its edge is still one."""
_WALL = 0.24
"""Share of a box's side that its frame takes, on each side, blur included."""
_SMALLEST = 12.0
"""Pixels of text height below which a tick cannot be told from a blurred frame."""


def tick_ink(image: Image, area: Bounds, height: float) -> float | None:
    """Share of the inside of the box in `area` that is inked, 0 to 1; None where no box can be made out.

    `area` (left, top, right, bottom in pixels) is where a box is expected, beside text of `height` pixels.
    """
    left, top, right, bottom = (round(value) for value in area)
    part = image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if height < _SMALLEST or min(part.shape[:2]) < 0.6 * height:
        return None
    dark = _ink(part)
    if dark is None:
        return None
    box = _box(dark, height)
    if box is None:
        return None
    x, y, width, height_of_box = box
    inset_x, inset_y = round(_WALL * width), round(_WALL * height_of_box)
    inside = dark[y + inset_y : y + height_of_box - inset_y, x + inset_x : x + width - inset_x]
    return float(inside.mean()) if inside.size else None


def _ink(part: Image) -> NDArray[np.uint8] | None:
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.float32)
    paper, ink = np.percentile(grey, (70, 2))
    if paper - ink < _CONTRAST:
        return None
    return np.asarray(grey < paper - _DARKER * (paper - ink), dtype=np.uint8)


def _box(dark: NDArray[np.uint8], height: float) -> tuple[int, int, int, int] | None:
    """The box's frame: of the holes that ink encloses, all that lie close together, and their frame around them.

    A tick parts the inside of a box in two or three; a box broken by a worn print is none.
    """
    closed = cv2.morphologyEx(np.pad(dark, 2), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return None
    found: list[tuple[float, tuple[int, int, int, int]]] = []
    for at, contour in enumerate(contours):
        holes = [cv2.boundingRect(contours[i]) for i in range(len(contours)) if tree[0][i][3] == at]
        if not holes:
            continue
        x0, y0 = min(hole[0] for hole in holes) - 1, min(hole[1] for hole in holes) - 1
        x1, y1 = max(hole[0] + hole[2] for hole in holes) + 1, max(hole[1] + hole[3] for hole in holes) + 1
        width, tall = x1 - x0, y1 - y0
        if (
            _SIDES[0] * height <= min(width, tall)
            and max(width, tall) <= _SIDES[1] * height
            and max(width, tall) <= _SQUARE * min(width, tall)
        ):
            found.append((cv2.contourArea(contour), (max(0, x0 - 2), max(0, y0 - 2), width, tall)))
    return max(found)[1] if found else None
