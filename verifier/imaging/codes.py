"""QR and bar codes on a page, read with ZXing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import zxingcpp

from schemas.base import Quad
from verifier.geometry import quad_from_points
from verifier.ocr.engine import Image


@dataclass(frozen=True)
class FoundCode:
    """A code that could be decoded: its symbology (`QRCode`, `Code128` …), its text, its corners in pixels."""

    format: str
    text: str
    box: Quad


def find(image: Image) -> tuple[FoundCode, ...]:
    """All codes of a page, however they lie; patterns that decode to nothing are left out."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    found: list[FoundCode] = []
    for code in zxingcpp.read_barcodes(grey):
        corners = code.position
        points = [
            [float(corner.x), float(corner.y)]
            for corner in (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)
        ]
        if code.text:
            found.append(FoundCode(format=code.format.name, text=code.text, box=quad_from_points(points)))
    return tuple(found)
