"""Separating coloured ink from paper and from black print, by optical density.

Ink and print absorb light one after the other, so their densities (the logarithm of paper over image) add up: black
print adds the same to every channel, red ink adds much to blue and green and little to red. The difference of the
channels' densities is therefore the amount of coloured ink, with or without black print over it, on white, tinted or
shaded paper alike. Images are BGR, uint8; densities are float32.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.ocr.engine import Image

Colour = Literal["red", "blue", "grey"]
"""Grey is the ink of a photocopied seal: as black as the print around it."""
Plane = NDArray[np.float32]
"""One number per pixel, shape (height, width)."""

_DARK_FLOOR = 8.0
"""Grey levels added before taking logarithms: below it a camera's and JPEG's noise is larger than the signal."""
_LOGARITHMS = np.log(np.arange(256, dtype=np.float32) + np.float32(_DARK_FLOOR))
_PRINT = 1.15
"""Black print weighs a little more than it should: its edges have coloured fringes from the camera and from JPEG."""
_BLACK_FROM = 0.25
"""Density of black print from which a place is printed on, and how much more makes it surely so."""
_SEARCH_SIDE = 1400
"""The long side at which coloured ink is looked for before it is removed at full size."""
_SURELY_INK, _PERHAPS_INK = 0.2, 0.06
"""Densities of coloured ink: from the first a mark is such ink, down to the second its faint parts belong to it."""
_CHANNELS = {"red": (1, 2), "blue": (2, 0)}
"""The channel (of blue, green, red) that an ink absorbs most and the one it lets pass."""
_REST, _KEEP = 0.12, 1.15
"""Density left by strokes of the seal that is taken off, and the factor that gives print its strength back."""
_PAPER_SIDE = 600
"""The long side, in pixels, at which paper is estimated: it changes slowly."""
_PAPER_REACH = 1 / 40
"""Marks narrower than this share of the long side are bridged when paper is estimated; larger areas count as paper."""


def paper(image: Image, *, reach_px: float | None = None) -> Image:
    """The page without its marks: the colour the paper has at every pixel, shape as `image`.

    Marks narrower than `reach_px` pixels vanish; the default suits a whole page.
    """
    height, width = image.shape[:2]
    scale = min(1.0, _PAPER_SIDE / max(height, width))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else image
    reach = max(height, width) * _PAPER_REACH if reach_px is None else reach_px
    size = max(3, round(reach * scale)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # A median first: closing takes maxima, and single noisy pixels must not become the colour of the paper.
    closed = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, kernel)
    smooth = cv2.blur(closed, (size, size))
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def densities(image: Image, ground: Image) -> NDArray[np.float32]:
    """Optical density (natural logarithm) of each channel over the paper `ground`, shape (h, w, 3), never below 0."""
    over = cv2.subtract(cv2.LUT(ground, _LOGARITHMS), cv2.LUT(image, _LOGARITHMS))
    return np.asarray(cv2.max(over, 0.0), dtype=np.float32)


def coloured_ink(density: NDArray[np.float32], colour: Colour, *, under_pen: bool = False) -> Plane:
    """How much ink of `colour` each pixel holds, in units of density; about 0 on paper and on black print.

    `under_pen` also sees red ink where blue handwriting crosses it, at the price of taking violet for red: for places
    where a red seal is known to be.
    """
    blue, green, red = density[..., 0], density[..., 1], density[..., 2]
    if colour == "grey":
        return np.asarray(np.minimum(np.minimum(blue, green), red), dtype=np.float32)
    if colour == "blue":
        amount = np.minimum(red, green) - _PRINT * blue
    elif under_pen:
        amount = green - _PRINT * red
    else:
        amount = np.minimum(blue, green) - _PRINT * red
    return np.asarray(np.maximum(amount, 0.0), dtype=np.float32)


def detailed_ink(density: NDArray[np.float32], amount: Plane, colour: Colour, reach_px: int) -> Plane:
    """`coloured_ink` (`amount`) with the sharpness of the picture's brightness, in about the same units.

    Cameras and JPEG keep colour at half the resolution of brightness, so thin strokes blur in `amount`. Green carries
    most of the brightness and both inks absorb it: its density is taken wherever `amount` within `reach_px` pixels
    says that the mark is coloured ink and not black print.
    """
    if colour == "grey":
        return amount
    green = density[..., 1]
    own, usual = _full_strength(green, amount), _full_strength(amount, amount)
    printed = np.clip((black_print(density, amount, colour) - _BLACK_FROM) / _BLACK_FROM, 0.0, 1.0)
    sharp = np.minimum(green / own, 1.0) * usual
    near = cv2.dilate((amount > 0.13 * usual).astype(np.float32), np.ones((reach_px, reach_px), np.uint8))
    gate = cv2.GaussianBlur(near, (5, 5), 0)
    return np.asarray(gate * (sharp * (1.0 - printed) + amount * printed), dtype=np.float32)


def black_print(density: NDArray[np.float32], amount: Plane, colour: Literal["red", "blue"]) -> Plane:
    """Density of black print over or under ink of `colour`, of which `amount` is `coloured_ink`; about 0 elsewhere."""
    green, third = density[..., 1], density[..., 2 if colour == "red" else 0]
    own = _full_strength(green, amount)
    share = min(0.8, _full_strength(third, amount, none=0.0) / own)
    return np.asarray(np.clip((third - share * green) / (1.0 - share), 0.0, None), dtype=np.float32)


def _full_strength(plane: Plane, amount: Plane, none: float = 1.0) -> float:
    """The usual value of a plane where there is much ink; `none` where there is no ink at all."""
    strong = amount > 0.5 * float(np.percentile(amount, 99.0))
    return max(float(np.median(plane[strong])), 1e-3) if strong.any() else none


def remove_red(image: Image) -> Image:
    """The page without its red ink: see `remove_ink`."""
    return remove_ink(image, "red")


def remove_ink(image: Image, colour: Literal["red", "blue"]) -> Image:
    """The page without ink of `colour`: paper where only that was, black print where print was under or over it.

    What red ink leaves in the red channel (blue ink in the blue one) is little and in proportion to what it takes from
    the channel it absorbs most; the rest of that channel is print. Pixels away from such ink stay as they are. `image`
    is BGR, shape (h, w, 3); a new array. Grey ink cannot be told from print.
    """
    result = image.copy()
    scale = min(1.0, _SEARCH_SIDE / max(image.shape[:2]))
    work = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else image
    small_ground = paper(np.asarray(work, dtype=np.uint8))
    density = densities(np.asarray(work, dtype=np.uint8), small_ground)
    amount = cv2.GaussianBlur(coloured_ink(density, colour), (3, 3), 0)
    strong = amount > _SURELY_INK
    if not strong.any():
        return result
    absorbed, passed = _CHANNELS[colour]
    marks = cv2.dilate((amount > _PERHAPS_INK).astype(np.uint8), np.ones((9, 9), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(marks)
    for label in range(1, count):
        left, top, width, height = (int(v) for v in boxes[label][:4])
        box = (slice(top, top + height), slice(left, left + width))
        inked = density[box][strong[box]]
        if not len(inked):
            continue
        # each mark has its own ink: a red desk on the same photograph must not tell for a seal
        share = min(0.6, float(np.median(inked[:, passed] / np.maximum(inked[:, absorbed], 0.1))))
        area = tuple(
            slice(int(first / scale), min(limit, round((first + size) / scale)))
            for first, size, limit in ((top, height, image.shape[0]), (left, width, image.shape[1]))
        )
        region = result[area]
        size = (region.shape[1], region.shape[0])
        ground = np.asarray(cv2.resize(small_ground[box], size), dtype=np.uint8)
        mask = cv2.resize((labels[box] == label).astype(np.uint8), size) > 0
        result[area] = _without_ink(region, ground, mask, share, colour)
    return result


def _without_ink(
    image: Image, ground: Image, mask: NDArray[np.bool_], share: float, colour: Literal["red", "blue"]
) -> Image:
    """`image` with the ink within `mask` gone.

    The ink takes `share` of what it takes from the channel it absorbs from the one it lets pass.
    """
    absorbed, passed = _CHANNELS[colour]
    density = densities(image, ground)
    ink = np.maximum(density[..., absorbed] - density[..., passed], 0.0) / (1.0 - share)
    printed = np.maximum(density[..., passed] - share * ink, 0.0)
    # a faint rest along the strokes of the seal is blur of the camera's colour, not print
    near = cv2.dilate(ink, np.ones((5, 5), np.uint8)) > _PERHAPS_INK
    printed = np.where(near, np.maximum(printed - _REST, 0.0) * np.float32(_KEEP), printed)
    light = (ground.astype(np.float32) + _DARK_FLOOR) * np.exp(-printed)[..., None] - _DARK_FLOOR
    cleaned = np.clip(light, 0.0, 255.0).astype(np.uint8)
    return np.where((mask & near)[..., None], cleaned, image)
