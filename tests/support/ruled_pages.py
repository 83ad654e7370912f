"""Pages with a ruled table drawn into them, its texts as lines an engine would box and as ink on the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from schemas.base import Quad
from schemas.reading import Line
from tests.support.pages import line
from verifier.extract.page import ReadPage
from verifier.ocr.engine import Image, Recognition

LEFT, TOP, PITCH, TEXT = 100, 100, 64, 28.0


def scribble(image: Image, x: float, y: float, width: float, height: float, *, dark: int = 40) -> None:
    """Strokes of a pen over a place."""
    x0, y0, w, h = round(x), round(y), round(width), round(height)
    for step in range(0, max(w - 8, 1), 14):
        cv2.line(image, (x0 + step, y0 + h), (x0 + step + 8, y0), (dark, dark, dark), 3)
        cv2.line(image, (x0 + step, y0 + h // 2), (x0 + step + 10, y0 + h // 2 + 2), (dark, dark, dark), 2)


def table(
    rows: Sequence[Sequence[tuple[float, str]]],
    *,
    more: Sequence[Line] = (),
    inked: Sequence[tuple[int, int]] = (),
    look: Callable[[Quad], Recognition] | None = None,
    rules: bool = True,
) -> ReadPage:
    """A page with a table 1000 pixels wide: per row the cells' shares of the width and their texts.

    A text of several lines is parted by a line feed. Cells in `inked` (row, column) hold writing that no line reads.
    """
    image = np.full((1600, 1200, 3), 244, dtype=np.uint8)
    lines: list[Line] = list(more)
    for number, row in enumerate(rows):
        top, left, total = TOP + PITCH * number, float(LEFT), sum(share for share, _ in row)
        for column, (share, text) in enumerate(row):
            right = left + 1000.0 * share / total
            if rules:
                cv2.rectangle(image, (round(left), top), (round(right), top + PITCH), (30, 30, 30), 2)
            parts = text.split("\n") if text else []
            for at, part in enumerate(parts):
                y = top + (PITCH - TEXT * len(parts)) / 2 + TEXT * at
                made = line(part, left + 12, y, height=TEXT)
                lines.append(made)
                scribble(image, left + 14, y + 5, made.box[1][0] - left - 16, TEXT - 10)
            if (number, column) in inked:
                scribble(image, left + 30, top + 18, 60, 26)
            left = right
    return ReadPage(index=0, image=image, lines=tuple(lines), to_uploaded=np.eye(3), look=look)
