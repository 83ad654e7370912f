"""From detected boxes to upright strips for the recogniser: reading order, cropping, grouping. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.ocr.engine import Image

STRIP_HEIGHT = 48
"""Pixels of height that PP-OCR recognisers take."""

MAX_STRIP_WIDTH = 3200
"""PaddleOCR squeezes longer strips to this width."""

VERTICAL_RATIO = 1.5
"""A box this many times higher than wide holds a line that runs downwards; PaddleOCR turns it by the same rule."""

Corners = NDArray[np.float32]
"""Shape (4, 2): top left, top right, bottom right, bottom left of the line when it is read upright."""


def upright_corners(box: NDArray[np.generic]) -> Corners:
    """The smallest rectangle around a detected box, its corners in reading order of the line.

    The corners of a line that runs downwards begin at its top right, as if the page were turned a quarter to the left.
    """
    centre, size, angle = cv2.minAreaRect(np.asarray(box, dtype=np.float32).reshape(-1, 1, 2))
    points = np.asarray(cv2.boxPoints((centre, size, angle)), dtype=np.float32)
    by_x = points[np.argsort(points[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    corners = np.stack([left[0], right[0], right[1], left[1]])
    width, height = side_lengths(corners)
    if height >= VERTICAL_RATIO * width:
        corners = np.roll(corners, -1, axis=0)
    return np.asarray(corners, dtype=np.float32)


def side_lengths(corners: Corners) -> tuple[float, float]:
    """Length along the line and across it, in pixels."""
    top, right, bottom, left = (float(np.linalg.norm(corners[i] - corners[(i + 1) % 4])) for i in range(4))
    return max(top, bottom), max(left, right)


def cut(image: Image, corners: Corners) -> Image:
    """The line within `corners` as a strip STRIP_HEIGHT high.

    Taken from the page at full resolution first: shrinking by area keeps a decimal point that sampling would skip.
    """
    along, across = side_lengths(corners)
    width, height = max(1, int(along)), max(1, int(across))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    flat = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return to_strip(np.asarray(flat, dtype=np.uint8))


def to_strip(crop: Image) -> Image:
    """A crop of one line, scaled to STRIP_HEIGHT. Raises ValueError for a crop without pixels."""
    if crop.size == 0:
        raise ValueError("a crop without pixels")
    height, width = crop.shape[:2]
    if height == STRIP_HEIGHT and width <= MAX_STRIP_WIDTH:
        return crop
    size = (min(MAX_STRIP_WIDTH, max(1, round(width * STRIP_HEIGHT / height))), STRIP_HEIGHT)
    way = cv2.INTER_AREA if height > STRIP_HEIGHT else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, size, interpolation=way), dtype=np.uint8)


def reading_order(lines: Sequence[Corners]) -> list[int]:
    """Indices from top to bottom and, among lines side by side, from left to right.

    Two lines stand side by side when the middle of one lies within the upper or lower quarter of the other's height.
    """
    tops = [float(c[:, 1].min()) for c in lines]
    bottoms = [float(c[:, 1].max()) for c in lines]
    lefts = [float(c[:, 0].min()) for c in lines]
    rows: list[list[int]] = []
    for index in sorted(range(len(lines)), key=lambda i: tops[i] + bottoms[i]):
        middle = (tops[index] + bottoms[index]) / 2
        if rows:
            first = rows[-1][0]
            quarter = (bottoms[first] - tops[first]) / 4
            if tops[first] + quarter <= middle <= bottoms[first] - quarter:
                rows[-1].append(index)
                continue
        rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda i: lefts[i])]


def groups_of_like_width(widths: Sequence[int], *, floor: int, step: int, total: int) -> list[list[int]]:
    """Indices in groups for one call of the recogniser each, narrow strips first.

    A call pads its strips to the widest of them, at least `floor`. A group's widths fall into one step of `step`
    pixels, and together, padded, they are at most `total` pixels wide, which bounds memory.
    """
    groups: list[list[int]] = []
    padded = [max(floor, -(-width // step) * step) for width in widths]
    for index in sorted(range(len(widths)), key=lambda i: (padded[i], widths[i], i)):
        last = groups[-1] if groups else []
        if last and padded[last[0]] == padded[index] and padded[index] * (len(last) + 1) <= total:
            last.append(index)
        else:
            groups.append([index])
    return groups
