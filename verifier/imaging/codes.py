"""QR codes and bar codes on a page, by zxing-cpp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import Bounds, bounds, quad_from_bounds, quad_from_points
from verifier.imaging.bars import redrawn, striped_regions
from verifier.ocr.engine import Image

_FORMATS = (
    zxingcpp.BarcodeFormat.QRCode,
    zxingcpp.BarcodeFormat.DataMatrix,
    zxingcpp.BarcodeFormat.PDF417,
    zxingcpp.BarcodeFormat.Aztec,
    zxingcpp.BarcodeFormat.Code128,
    zxingcpp.BarcodeFormat.Code93,
    zxingcpp.BarcodeFormat.Code39,
)
"""Symbologies that papers carry. Those without check digits (ITF, Codabar and the like) are read out of table rules."""
_SHORTEST_CODE39 = 6
"""Code 39 has no check digit of its own: shorter texts are rules and frames."""
_SMALL_SIDE = 1600
"""Pages with a shorter long side are also tried at twice their size: bars under two pixels wide do not decode."""

_CHECKED = (zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.Code93)
"""Symbologies with check characters: what sharpening makes up does not pass for one of these."""


@dataclass(frozen=True)
class FoundCode:
    """A decoded code: `format` is the symbology's name (`QRCode`, `Code128`), `box` in pixels of the page."""

    format: str
    text: str
    box: Quad


def find(image: Image) -> tuple[FoundCode, ...]:
    """The codes of a page that could be decoded, from top to bottom; () for none.

    Rotated and tilted codes are found too, and blurred bar codes that lie straight on the page. A pattern that only looks
    like a code, or whose check digits are wrong, is left out. `image` is BGR, shape (h, w, 3).
    """
    grey = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    found = _decode(grey, 1.0)
    if not found and max(grey.shape) < _SMALL_SIDE:
        found = _decode(
            np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), dtype=np.uint8), 2.0
        )
    found.extend(_blurred_bars(grey, found))
    return tuple(sorted(found, key=lambda code: bounds(code.box)[1]))


def _blurred_bars(grey: NDArray[np.uint8], found: Sequence[FoundCode]) -> Iterator[FoundCode]:
    """Bar codes where there are stripes and nothing was decoded."""
    for box, upright in striped_regions(grey):
        if any(_overlap(box, bounds(code.box)) for code in found):
            continue
        for picture in redrawn(grey, box, upright=upright):
            read = zxingcpp.read_barcodes(np.ascontiguousarray(picture), formats=_CHECKED)
            if read and read[0].text:
                yield FoundCode(str(read[0].symbology.name), str(read[0].text), quad_from_bounds(*box))
                break


def _overlap(a: Bounds, b: Bounds) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) >= max(a[1], b[1])


def _decode(grey: NDArray[np.uint8], scale: float) -> list[FoundCode]:
    found = []
    for code in zxingcpp.read_barcodes(
        # Papers print codes dark on light: looking for the inverse too doubles the time.
        grey,
        formats=_FORMATS,
        text_mode=zxingcpp.TextMode.Plain,
        try_invert=False,
    ):
        text = str(code.text)
        is_code39 = code.symbology == zxingcpp.BarcodeFormat.Code39
        if not text or (is_code39 and len(text) < _SHORTEST_CODE39):
            continue
        place = code.position
        corners = [place.top_left, place.top_right, place.bottom_right, place.bottom_left]
        box = quad_from_points([[corner.x / scale, corner.y / scale] for corner in corners])
        found.append(FoundCode(str(code.symbology.name), text, box))
    return found
