"""Crops of one line for a second reading: upright, with room around the text, without red ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from schemas.base import Quad
from verifier.imaging.seals import remove_red
from verifier.ocr.engine import Image

_HEIGHT = 64
"""Pixels a line's crop is scaled to: a third more than the recogniser's own 48, so nothing is lost on the way."""
_SMALLEST = 4
"""Pixels: a line narrower or lower than this has no text."""


@dataclass(frozen=True)
class Cut:
    """How far a crop reaches beyond a line's box, in heights of the line: along it and across it."""

    along: float = 0.18
    across: float = 0.18


ROOMY = Cut()
"""The detector boxes text tightly, handwriting too tightly: with room around it the recogniser reads other pixels."""
LEVEL = Cut(along=0.3, across=0.0)
"""For a third reading when the first two differ: another cut, and so other errors."""
WIDE = Cut(along=0.6, across=0.18)
"""Holds the character before a text as well, so that a 不 cannot be cut off."""


def crop_line(image: Image, quad: Quad, cut: Cut = ROOMY) -> Image | None:
    """An upright crop of one line, 64 pixels high; None when it has no extent."""
    corners = np.array(quad, dtype=np.float32)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    width, height = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    if width < _SMALLEST or height < _SMALLEST:
        return None
    grow_x, grow_y = along / width * height * cut.along, down * cut.across
    padded = corners + np.array([-grow_x - grow_y, grow_x - grow_y, grow_x + grow_y, -grow_x + grow_y])
    scale = _HEIGHT / (height * (1 + 2 * cut.across))
    target_w = max(8, round((width + 2 * cut.along * height) * scale))
    target = np.array([[0, 0], [target_w, 0], [target_w, _HEIGHT], [0, _HEIGHT]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(padded.astype(np.float32), target)
    warped = cv2.warpPerspective(
        image, matrix, (target_w, _HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)


def clean_crop(image: Image, quad: Quad, cut: Cut = ROOMY) -> Image | None:
    """`crop_line` without red ink: a seal's arc over the text reads as strokes of it."""
    crop = crop_line(image, quad, cut)
    return None if crop is None else remove_red(crop)
