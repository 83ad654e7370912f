"""Places of a picture covered, so that nobody and nothing sees what stood there."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from schemas.base import Quad
from verifier.ocr.engine import Image


def covered(image: Image, regions: Sequence[Quad], shade: int) -> Image:
    """A copy with the regions filled: 255 as if nothing stood there, 0 as a bar."""
    copy = image.copy()
    for region in regions:
        cv2.fillConvexPoly(copy, np.round(np.array(region)).astype(np.int32), (shade, shade, shade))
    return copy
