"""Waves of a photographed screen: its grid of pixels, and what that makes with the camera's own.

A grid is periodic: in the spectrum of a patch it stands as sharp peaks far above what lies around them, at the same place in
every patch. Text and ruled tables are periodic too, but along the page's axes and in long waves only; blocks of JPEG lie
on the axes at multiples of an eighth. Looked for where there is text: a cloth below the paper has a weave of its own. The
image is taken at full size, since making it smaller washes the grid out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.regions import Grid
from verifier.imaging.text_area import TextArea
from verifier.ocr.engine import Image

Spectrum = NDArray[np.float32]

GREEN = 1
"""The channel looked at: a screen's coloured stripes have the same brightness together, so that grey shows little of them."""

SIDE = 256
"""Side of a patch in pixels."""

PATCHES = 6
"""Blocks with most text in which a patch is taken: 2 ms each."""

LEAST_PATCHES = 3

LOWEST = 8 / SIDE
"""Cycles per pixel from which waves are looked at: longer ones are text, folds and light."""

AXIS = 2.5 / SIDE
"""Half width of the bands along the axes in which text, rules and JPEG have their peaks; up to AXIS_ENDS all of it."""

AXIS_ENDS = 0.19

EVENING = 21
"""Side in pixels of the neighbourhood whose mean is taken off first, so that light and large shapes do not leak into the spectrum."""

CLIP = 25.0
"""Grey levels: text is deeper than waves, and clipped it cannot drown them."""

AROUND, PEAK = 25, 5
"""Sides in bins of the neighbourhood a peak is compared with and of the peak that is left out of it."""

FLOOR = 4000.0
"""Power of noise of two thirds of a grey level: compression leaves less between the harmonics of blurred text, and next to
nothing everything stands out."""

SHARE_WITH_WAVES = 0.75
"""Share of the patches whose peak must stand out: text has chance peaks in some patches."""

STANDS_OUT = 40.0
"""Power of a peak over that around it. Pages on paper, printed, scanned or photographed, stay below 23 in a quarter of their
patches; screens photographed with the grid blurred to a grey level have 60, mostly hundreds."""


@dataclass(frozen=True)
class Moire:
    """How far the waves' peaks stand out of the spectrum (power, as a ratio), and their height in grey levels."""

    prominence: float
    height: float


def find_moire(image: Image, text: TextArea, grid: Grid) -> Moire | None:
    """The waves across the text of a page, or None when it was no screen. `image` (BGR) is the whole at full size."""
    peaks = [_strongest_peak(patch) for patch in _patches(image, text, grid)]
    if len(peaks) < LEAST_PATCHES:
        return None
    prominence = float(np.quantile([peak.prominence for peak in peaks], 1 - SHARE_WITH_WAVES))
    if prominence < STANDS_OUT:
        return None
    return Moire(prominence, float(np.median([peak.height for peak in peaks])))


def _patches(image: Image, text: TextArea, grid: Grid) -> list[NDArray[np.float32]]:
    blocks = grid.places(text.glyphs.centres)
    fullest = np.argsort(-np.bincount(blocks, minlength=len(grid)))[:PATCHES]
    height, width = image.shape[:2]
    if min(height, width) < SIDE:
        return []
    patches = []
    for block in fullest.tolist():
        here = blocks == block
        if here.any():
            x, y = np.median(text.glyphs.centres[here], axis=0) * text.factor - SIDE / 2
            left, top = int(np.clip(x, 0, width - SIDE)), int(np.clip(y, 0, height - SIDE))
            patches.append(image[top : top + SIDE, left : left + SIDE, GREEN].astype(np.float32))
    return patches


def _strongest_peak(patch: NDArray[np.float32]) -> Moire:
    window, looked_at = _window(), _looked_at()
    even = np.clip(patch - cv2.blur(patch, (EVENING, EVENING)), -CLIP, CLIP)
    power = np.fft.fftshift(np.abs(np.fft.rfft2(even * window)) ** 2, axes=0).astype(np.float32)
    peak = cv2.blur(power, (PEAK, PEAK)) * PEAK**2
    around = (cv2.blur(power, (AROUND, AROUND)) * AROUND**2 - peak) / (AROUND**2 - PEAK**2)
    ratio = np.where(looked_at, cv2.GaussianBlur(power, (0, 0), 0.8) / np.maximum(around, FLOOR), 0.0)
    at = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    # The amplitude of a wave is twice the size of its peak by the sum of the window.
    return Moire(float(ratio[at]), float(2 * np.sqrt(peak[at]) / window.sum()))


@lru_cache(maxsize=1)
def _window() -> Spectrum:
    return np.asarray(np.outer(np.hanning(SIDE), np.hanning(SIDE)), dtype=np.float32)


@lru_cache(maxsize=1)
def _looked_at() -> NDArray[np.bool_]:
    """Frequencies at which paper has no peaks; rows from -1/2 to 1/2, columns from 0 to 1/2 cycles per pixel."""
    down = np.abs(np.fft.fftshift(np.fft.fftfreq(SIDE)))[:, None]
    along = np.fft.rfftfreq(SIDE)[None, :]
    larger = np.maximum(down, along)
    on_axis = np.minimum(down, along) <= AXIS
    of_jpeg = np.abs(larger * 8 - np.round(larger * 8)) < 8 * AXIS
    return np.asarray((np.hypot(down, along) > LOWEST) & ~(on_axis & ((larger < AXIS_ENDS) | of_jpeg)))
