"""Pictures that show no paper: something is on them, but nothing runs in lines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.strokes import close_dark, shrink
from verifier.ocr.engine import Image

STRUCTURE_SIDE = 240
"""Longer side of the copy in which structure is looked for: details that a person sees at arm's length."""

STEP = 10.0
"""Grey levels between neighbours of that copy that make an edge: light that falls off makes 1, sensor noise 3."""

STRUCTURED = 0.08
"""Share of edges from which a picture shows something. Blank paper and an even desk have none, the outline of a sheet on a
desk gives 0.04."""

SIDE = 800
"""Longer side of the copy in which the direction of details is looked for."""

STROKE = 25
"""Details narrower than this in the copy are looked at, as for text."""

ROW = 10.0
"""Length of the stretches averaged, in character heights: text drawn out along its rows stays striped, across it goes
grey."""

STRIPED = 1.35
"""How much more the one varies than the other from which there may be rows. Pages of text have 1.5 to 8 when lying
straight; a cat, a coin, gravel 0.8 to 1.25."""

UNEVEN = 0.6
"""Brightness of the tenth darkest place by that of the tenth lightest, with text filled up: paper that fills a picture has
more even in a shadow, pictures of anything else less."""

EVEN_PAPER = 0.8
"""The same where a reader has found no text: only what is as even as a scan is still taken for paper."""


COLOUR_SIDE = 72
"""Longer side of the copy in which colours are counted."""

SAME_TONE, SAME_LIGHT = 6.0, 30.0
"""Differences in a and b, and in L, of the 8-bit Lab space within which two places may be one paper in uneven light."""

MANY_COLOURS = 0.28
"""Share of a picture below which no paper is its largest area. Photos of documents, small cards on a desk among them, have
0.34 and more; a cup of coffee, an astronaut, a landscape 0.2 to 0.25."""


def has_structure(gray: NDArray[np.uint8]) -> bool:
    """Whether a grey picture shows anything but even areas."""
    copy = cv2.GaussianBlur(shrink(gray, STRUCTURE_SIDE)[0], (0, 0), 1.0).astype(np.float32)
    across, down = np.abs(np.diff(copy, axis=1))[1:], np.abs(np.diff(copy, axis=0))[:, 1:]
    return bool((np.maximum(across, down) > STEP).mean() >= STRUCTURED)


def has_many_colours(image: Image) -> bool:
    """Whether no colour, whatever the light on it, covers as much of a picture (BGR) as a paper does."""
    copy = cv2.GaussianBlur(shrink(image, COLOUR_SIDE)[0], (0, 0), 1.0)
    lab = cv2.cvtColor(copy, cv2.COLOR_BGR2LAB).reshape(-1, 3)[::3].astype(np.float32)
    tone = np.abs(lab[:, None, 1:] - lab[None, :, 1:]).max(axis=2)
    light = np.abs(lab[:, None, 0] - lab[None, :, 0])
    largest = ((tone < SAME_TONE) & (light < SAME_LIGHT)).mean(axis=1).max()
    return bool(largest < MANY_COLOURS)


def is_texture(gray: NDArray[np.uint8], height: float, *, even: float = UNEVEN) -> bool:
    """Whether a picture is no even paper and its dark details run in no direction, neither along rows nor along columns.

    `height` of what was taken for characters, in pixels of the image. Paper from `even` on counts as such.
    """
    copy, factor = shrink(gray, SIDE)
    paper = close_dark(copy, STROKE)
    darkest, lightest = np.percentile(paper, (10, 90))
    if darkest >= even * lightest:
        return False
    dark = np.minimum(0.5, cv2.subtract(paper, copy) / np.maximum(paper, 20).astype(np.float32)).astype(np.float32)
    length = int(np.clip(ROW * height / factor, 15, SIDE / 5))
    mean = cv2.blur(dark, (length, length))
    along = float(np.square(cv2.blur(dark, (length, 1)) - mean).mean())
    across = float(np.square(cv2.blur(dark, (1, length)) - mean).mean())
    return max(along, across) < STRIPED * max(min(along, across), 1e-9)
