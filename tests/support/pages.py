"""Pages made of lines, for tests of extraction: text at a place, as an engine would box it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from schemas.base import Quad
from schemas.reading import Line
from verifier.extract.page import ReadPage

HEIGHT = 40.0


def line(text: str, x: float, y: float, *, height: float = HEIGHT, score: float = 0.99) -> Line:
    """A line whose box starts at (x, y); Han characters are as wide as high, others half."""
    width = sum(height if ord(char) > 0x2E7F else 0.55 * height for char in text)
    return Line(text=text, score=score, box=((x, y), (x + width, y), (x + width, y + height), (x, y + height)))


def slanted(lines: Sequence[Line], degrees: float) -> tuple[Line, ...]:
    """The same lines on a page turned by some degrees about its corner."""
    angle = math.radians(degrees)

    def turn(quad: Quad) -> Quad:
        a, b, c, d = (
            (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)) for x, y in quad
        )
        return (a, b, c, d)

    return tuple(item.model_copy(update={"box": turn(item.box)}) for item in lines)


def page(lines: Sequence[Line], *, index: int = 0) -> ReadPage:
    return ReadPage(
        index=index, image=np.full((64, 64, 3), 255, dtype=np.uint8), lines=tuple(lines), to_uploaded=np.eye(3)
    )
