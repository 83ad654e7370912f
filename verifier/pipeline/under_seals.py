"""What a seal covers: the rows under it read again with its ink taken away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schemas.reading import Line
from verifier.geometry import Bounds, bounds
from verifier.imaging import seals
from verifier.ocr.engine import Engine, Image
from verifier.pipeline.merge import with_clean_reading


def read_under_seals(
    image: Image, lines: tuple[Line, ...], regions: Sequence[seals.SealRegion], engine: Engine, deadline_s: float
) -> tuple[Line, ...]:
    """The page's lines with those that a red or blue seal of `regions` covers read again without its ink.

    `image` is the page, BGR; boxes of `lines` are in its pixels. A grey seal cannot be told from the print under it.
    Raises EngineError when the engine cannot answer.
    """
    for region in regions:
        if region.colour == "grey":
            continue
        area = bounds(region.box)
        top, bottom = _band(image, area, lines)
        clean = seals.remove_ink(np.ascontiguousarray(image[top:bottom]), region.colour)
        again = [_shifted(line, 0, top) for line in engine.read(clean, deadline_s=deadline_s)]
        lines = with_clean_reading(lines, again, area, pens_alike=region.colour == "blue")
    return lines


def _band(image: Image, area: Bounds, lines: Sequence[Line]) -> tuple[int, int]:
    """Top and bottom of the page's band that holds the seal and the whole of every line it touches, plus a margin.

    The band spans the page: a line that the ink cut apart goes on where nothing was read, and must not be cut again.
    """
    top, bottom = area[1], area[3]
    margin = 0.15 * (bottom - top)
    for line in lines:
        own = bounds(line.box)
        if min(own[2], area[2]) > max(own[0], area[0]) and min(own[3], area[3]) > max(own[1], area[1]):
            top, bottom = min(top, own[1]), max(bottom, own[3])
    return max(0, int(top - margin)), min(image.shape[0], int(bottom + margin) + 1)


def _shifted(line: Line, dx: float, dy: float) -> Line:
    a, b, c, d = ((x + dx, y + dy) for x, y in line.box)
    return line.model_copy(update={"box": (a, b, c, d)})
