"""Warp the page found in a photo or scan flat, at about the resolution it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Point
from verifier.geometry import Homography, identity
from verifier.imaging.page import FoundPage, find_page
from verifier.ocr.engine import Image

MAX_UPSAMPLING = 1.3
"""The far end of a page in perspective is enlarged at most this much: more only costs time, it adds no detail."""

MAX_LONG_SIDE = 3000
"""Pixels. A4 at 250 dpi: small print has 25 pixels, more than any recogniser looks at."""

MARGIN = 0.004
"""The page is cut this much (share of its size) outside the edge found, so that an edge a pixel off costs no text."""


@dataclass(frozen=True)
class Flat:
    """A page made flat. `to_uploaded` maps pixels of `image` to pixels of the image given; when nothing certain was
    found (`found` is False) `image` is the very image given and `to_uploaded` the identity."""

    image: Image
    to_uploaded: Homography
    found: bool
    page: FoundPage | None = None
    """Where it lay, in pixels of the image given."""


def flatten(image: Image, *, text: Sequence[Point] | None = None, other_text: Sequence[Point] = ()) -> Flat:
    """Find the page or card in `image` (BGR, uint8, (h, w, 3)) and warp it flat.

    The page keeps the orientation it has in the image: turning it upright is decided by reading. What lies outside the
    image where the page leaves it repeats the border's pixels. `text` and `other_text` are for a picture that was read
    already: places of text on the paper looked for, and of text on others, in pixels of `image`.
    """
    page = find_page(image, text=text, other_text=other_text)
    if page is None:
        return unflattened(image)
    middle = page.corners.mean(axis=0)
    corners = middle + (page.corners - middle) * (1 + 2 * MARGIN)
    width, height = _flat_size(corners)
    target = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], dtype=np.float32)
    to_uploaded = np.asarray(cv2.getPerspectiveTransform(target, corners.astype(np.float32)), dtype=np.float64)
    flat = cv2.warpPerspective(
        image,
        to_uploaded,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Flat(image=np.asarray(flat, dtype=np.uint8), to_uploaded=to_uploaded, found=True, page=page)


def unflattened(image: Image) -> Flat:
    """The image as it is, for a picture on which no single page lies."""
    return Flat(image=image, to_uploaded=identity(), found=False)


def _flat_size(corners: NDArray[np.float64]) -> tuple[int, int]:
    """Width and height in pixels: as large as the nearer of two opposite sides, within the limits above."""
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width = min(max(top, bottom), MAX_UPSAMPLING * min(top, bottom))
    height = min(max(left, right), MAX_UPSAMPLING * min(left, right))
    shrink = min(1.0, MAX_LONG_SIDE / max(width, height))
    return max(2, round(width * shrink)), max(2, round(height * shrink))
