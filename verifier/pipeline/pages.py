"""One page: flattened, turned upright, read, read again where a seal covers text, its seals and codes found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from schemas.base import Quad
from schemas.document import PageQuality
from schemas.reading import CodeReading, Line, SealReading
from verifier.extract.confirm import crop_line
from verifier.extract.page import ReadPage
from verifier.geometry import Bounds, bounds, inverse
from verifier.imaging import codes, quality, rectify, seals
from verifier.intake import DecodedPage
from verifier.ocr.engine import Engine, Image, Recognition
from verifier.pipeline.merge import with_clean_reading, with_text_layer
from verifier.pipeline.upright import read_upright


@dataclass(frozen=True)
class PageReading:
    """All that one page gave. Boxes of seals and codes are in pixels of the page as uploaded."""

    page: ReadPage
    quality: PageQuality
    seals: tuple[SealReading, ...]
    codes: tuple[CodeReading, ...]


def read_page(decoded: DecodedPage, index: int, engine: Engine, *, deadline_s: float) -> PageReading:
    """Every stage of one page. `index` counts from 0 over the document.

    Raises EngineError when the engine cannot answer.
    """
    flat = rectify.flatten(decoded.image)
    measured = quality.measure(decoded.image, flat)
    upright = read_upright(flat.image, engine, deadline_s=deadline_s)
    to_uploaded = np.asarray(flat.to_uploaded @ upright.to_source, dtype=np.float64)
    lines = with_text_layer(upright.lines, decoded.text_lines, inverse(to_uploaded))
    regions = seals.find(upright.image)
    lines = _read_under_seals(upright.image, lines, regions, engine, deadline_s)
    page = ReadPage(
        index=index,
        image=upright.image,
        lines=lines,
        to_uploaded=to_uploaded,
        look=partial(_look, upright.image, engine, deadline_s),
    )
    page = replace(page, seals=tuple(_seal(page, region, engine) for region in regions))
    return PageReading(
        page=page,
        quality=measured,
        seals=page.seals,
        codes=tuple(
            CodeReading(format=code.format, text=code.text, page=index, box=page.uploaded(code.box))
            for code in codes.find(upright.image)
        ),
    )


def _look(image: Image, engine: Engine, deadline_s: float, box: Quad) -> Recognition:
    """One line's box read again from a crop of its own; nothing for a box without extent."""
    crop = crop_line(image, box)
    if crop is None:
        return Recognition(text="", score=0.0)
    return engine.recognise([crop], deadline_s=deadline_s)[0]


def _seal(page: ReadPage, region: seals.SealRegion, engine: Engine) -> SealReading:
    reading = seals.read(page.image, region, engine)
    return SealReading(text=reading.text, confidence=reading.score, page=page.index, box=page.uploaded(region.box))


def _read_under_seals(
    image: Image, lines: tuple[Line, ...], regions: Sequence[seals.SealRegion], engine: Engine, deadline_s: float
) -> tuple[Line, ...]:
    """Read the rows a red seal covers again with its ink taken away."""
    for region in regions:
        if region.colour != "red":
            continue
        area = bounds(region.box)
        top, bottom = _band(image, area, lines)
        clean = seals.remove_red(np.ascontiguousarray(image[top:bottom]))
        again = [_shifted(line, 0, top) for line in engine.read(clean, deadline_s=deadline_s)]
        lines = with_clean_reading(lines, again, area)
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
