"""What intake hands on: one page as pixels, and what the file itself says stands on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.reading import Line

Image = NDArray[np.uint8]
"""BGR, shape (height, width, 3): the same thing as the OCR room's Image. Rooms beside each other do not import each
other, so each names it."""


@dataclass(frozen=True)
class DecodedPage:
    """One page, upright as its file says (EXIF or HEIF orientation, PDF rotation), writable and contiguous.

    `number` counts from 1 within the file. `text_lines` is the text of a PDF or OFD page, boxes in pixels of `image`;
    empty for pictures and scans. `unseen_lines` is text of the file that the page does not show: a scanner's own OCR
    under the scan as a rule. No value may come from it.
    """

    image: Image
    number: int
    text_lines: tuple[Line, ...] = ()
    unseen_lines: tuple[Line, ...] = ()
