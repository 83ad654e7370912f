"""Copies without colour: what a copier, a fax or a grey scan makes of a red seal or a card's artwork."""

from __future__ import annotations

import cv2
import numpy as np

from verifier.imaging.strokes import shrink
from verifier.ocr.engine import Image

SIDE = 800
"""Longer side of the copy looked at: averaging takes the colour noise of cameras and JPEG away."""

CAST = 31
"""Side in pixels of the copy of the neighbourhood whose colour is taken for the paper's and the light's own."""

COLOURED = 14.0
"""Levels that red minus green or blue minus green differ from what is around them where something is coloured: a pale
seal has 30, the fringes of a lens and JPEG up to 10."""

SEEN = 0.0006
"""Share of coloured pixels from which a page shows colour: a pale seal on A4 has 0.004, a blue signature 0.001."""

TINTED = 6.0
"""Spread of the same differences from place to place from which artwork is coloured: grey copies under a lamp have 2."""


def is_colourless(image: Image) -> bool:
    """Whether a page (BGR, uint8), cut to its paper, shows no colour but that of its paper and of the light on it."""
    copy = shrink(image, SIDE)[0]
    blue, green, red = (channel.astype(np.float32) for channel in cv2.split(cv2.GaussianBlur(copy, (0, 0), 1.0)))
    height, width = green.shape
    # The rim may show what lies around the paper.
    inner = (slice(height // 25, -(height // 25) or None), slice(width // 25, -(width // 25) or None))
    for channel in (red, blue):
        difference = channel - green
        # A light's colour scales with brightness: what a grey pixel would have here is taken off.
        cast = cv2.blur(channel, (CAST, CAST)) / np.maximum(1.0, cv2.blur(green, (CAST, CAST)))
        own = (difference - (cast - 1.0) * green)[inner]
        if (np.abs(own) > COLOURED).mean() > SEEN:
            return False
        low, high = np.percentile(cv2.blur(cast, (CAST, CAST))[inner], (2, 98))
        if (high - low) * float(np.median(green)) > TINTED * 4:
            return False
    return True
