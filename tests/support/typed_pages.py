"""Pages of typed text with perfect lines: what extraction makes of wordings and layouts, without any OCR."""

from __future__ import annotations

import numpy as np

from schemas.reading import Line
from verifier.extract.page import ReadPage
from verifier.geometry import quad_from_bounds

_CHARACTER, _HEIGHT, _ROW, _COLUMN = 24.0, 28.0, 50.0, 430.0
_MARGIN = 60.0


def typed_page(text: str, *, width: int = 34) -> ReadPage:
    """A page with one paragraph per line of `text`, wrapped at `width` characters, leading spaces indenting its first line.

    Tabs part the cells of a table's row, an empty line leaves a gap.
    """
    lines: list[Line] = []
    top = 100.0

    def put(words: str, left: float) -> None:
        box = quad_from_bounds(left, top, left + len(words) * _CHARACTER, top + _HEIGHT)
        lines.append(Line(text=words, score=0.98, box=box))

    for paragraph in text.strip("\n").split("\n"):
        if "\t" in paragraph:
            for number, cell in enumerate(paragraph.split("\t")):
                if cell.strip():
                    put(cell.strip(), _MARGIN + number * _COLUMN)
            top += _ROW
            continue
        indent = (len(paragraph) - len(paragraph.lstrip(" "))) // 2
        rest = paragraph.strip(" ")
        while rest:
            part, rest = rest[: width - indent], rest[width - indent :]
            put(part, _MARGIN + indent * _CHARACTER)
            top += _ROW
            indent = 0
    image = np.full((int(top) + 100, 1000, 3), 255, dtype=np.uint8)
    return ReadPage(0, image, tuple(lines), np.eye(3))
