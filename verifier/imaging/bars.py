"""Bar codes that did not decode from the page as it is: found by their stripes, sharpened and given another chance."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.geometry import Bounds

_SIDE = 1200
"""Long side of the copy that stripes are looked for in."""

_STRIPED = 60
"""Mean excess of the gradient across the stripes over the one along them, in grey levels."""

_LEAST_LENGTH, _LEAST_HEIGHT = 0.08, 0.008
"""Of a bar code, as shares of the page's long side: half the size of the smallest ones in use on A4."""

_MOST_REGIONS = 4
_MARGIN = 0.06
_ENLARGED = 6
_SHARPENED = ((1.0, 6.0), (4.0, 6.0), (4.0, 10.0))
"""Amount and radius of the unsharp mask, in pixels of the enlarged profile."""
_DRAWN_HEIGHT, _QUIET = 120, 60


def striped_regions(grey: NDArray[np.uint8]) -> list[tuple[Bounds, bool]]:
    """Where a bar code may be, largest first, and whether its bars stand upright (run down the page)."""
    scale = min(1.0, _SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else grey
    across = cv2.convertScaleAbs(cv2.Scharr(small, cv2.CV_16S, 1, 0), alpha=0.25)
    down = cv2.convertScaleAbs(cv2.Scharr(small, cv2.CV_16S, 0, 1), alpha=0.25)
    found: list[tuple[float, Bounds, bool]] = []
    for strong, weak, upright in ((across, down, True), (down, across, False)):
        window = (21, 5) if upright else (5, 21)
        mask = (cv2.blur(cv2.subtract(strong, weak), window) >= _STRIPED).astype(np.uint8)
        joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones(window[::-1], np.uint8))
        for left, top, width, height, area in cv2.connectedComponentsWithStats(joined)[2][1:].tolist():
            length, thickness = (width, height) if upright else (height, width)
            long_side = max(small.shape)
            if length < max(_LEAST_LENGTH * long_side, 2 * thickness) or thickness < _LEAST_HEIGHT * long_side:
                continue
            if area > 0.6 * width * height:
                box = (left / scale, top / scale, (left + width) / scale, (top + height) / scale)
                found.append((area, box, upright))
    return [(box, upright) for _, box, upright in sorted(found, key=lambda item: -item[0])[:_MOST_REGIONS]]


def redrawn(grey: NDArray[np.uint8], box: Bounds, *, upright: bool) -> Iterator[NDArray[np.uint8]]:
    """The bars of a region drawn anew, each time sharper: the mean over their length takes the noise away, and blur across
    them is undone as far as it can be. Bars run down the pictures given."""
    page = grey if upright else np.ascontiguousarray(grey.T)
    left, top, right, bottom = box if upright else (box[1], box[0], box[3], box[2])
    margin = _MARGIN * (right - left)
    middle = slice(round(top + 0.3 * (bottom - top)), round(bottom - 0.3 * (bottom - top)) + 1)
    part = page[middle, max(0, round(left - margin)) : round(right + margin)]
    if not part.size:
        return
    profile = cv2.resize(
        part.mean(axis=0, dtype=np.float32)[None], None, fx=_ENLARGED, fy=1, interpolation=cv2.INTER_CUBIC
    )
    paper = float(np.percentile(profile, 95))
    for amount, radius in _SHARPENED:
        sharp = profile + amount * (profile - cv2.GaussianBlur(profile, (0, 0), radius))
        bars = np.repeat(np.clip(sharp, 0, 255).astype(np.uint8), _DRAWN_HEIGHT, axis=0)
        yield np.pad(bars, ((0, 0), (_QUIET, _QUIET)), constant_values=round(paper))
