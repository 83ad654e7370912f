"""One page: its papers flattened, turned upright and read, again where a seal covers text; its seals and codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from schemas.base import Quad
from schemas.document import PageQuality
from schemas.reading import CodeReading, SealReading, Signal, SignalKind
from verifier.compare.fingerprint import page_fingerprint
from verifier.extract.confirm import crop_line
from verifier.extract.page import ReadPage
from verifier.geometry import map_quad
from verifier.imaging import codes, quality, rectify, seals
from verifier.imaging.covering import covered
from verifier.intake import DecodedPage
from verifier.ocr.engine import Engine, Image, Recognition
from verifier.pipeline.code_text import is_denied
from verifier.pipeline.mirrored import read_either_way, with_mirrored
from verifier.pipeline.papers import Paper
from verifier.pipeline.seal_readings import read_seals, regions_of
from verifier.pipeline.text_layer import hidden_text
from verifier.pipeline.under_seals import read_under_seals
from verifier.pipeline.withheld import withhold


@dataclass(frozen=True)
class PageReading:
    """All that one uploaded page gave. Boxes of seals and codes are in pixels of the page as uploaded."""

    parts: tuple[ReadPage, ...]
    """The papers on the page, at least one: two sides of a card on one picture are two. All share the page's index."""
    quality: PageQuality
    seals: tuple[SealReading, ...]
    codes: tuple[CodeReading, ...]
    signals: tuple[Signal, ...] = ()
    fingerprint: str = ""
    """16 hex digits, see verifier.compare.fingerprint; '' for a page that shows nothing of its own."""
    withheld: tuple[Quad, ...] = ()
    """Where rows stand that nobody may see, see verifier.pipeline.withheld; in pixels of the page as uploaded."""


def read_page(decoded: DecodedPage, index: int, engine: Engine, *, deadline_s: float) -> PageReading:
    """Every stage of one page, in order. `index` counts from 0 over the document.

    The picture: where paper lies on it, and how well it was captured. Rows that nobody may see are taken away.
    Each paper on it: read upright, its seals, what they cover, its codes. Raises EngineError when the engine cannot answer.
    """
    flat = rectify.flatten(decoded.image)
    measured = quality.measure(decoded.image, flat)
    papers, is_mirrored = read_either_way(decoded, flat, engine, deadline_s=deadline_s)
    withholding = withhold(papers)
    papers, bars = withholding.papers, withholding.uploaded()
    shown_page = covered(decoded.image, bars, 255) if bars else decoded.image
    parts = tuple(
        _read_part(paper, regions, shown_page, index, engine, deadline_s)
        for paper, regions in zip(papers, regions_of(papers), strict=True)
    )
    found = _codes(parts)
    shown = [line.model_copy(update={"box": part.uploaded(line.box)}) for part in parts for line in part.lines]
    # the text layer has them too, and they are not hidden
    gone = [
        line.model_copy(update={"box": map_quad(line.box, paper.to_uploaded)})
        for paper, lines in zip(papers, withholding.lines, strict=True)
        for line in lines
    ]
    return PageReading(
        parts=parts,
        quality=with_mirrored(measured) if is_mirrored else measured,
        seals=tuple(seal for part in parts for seal in part.seals),
        codes=tuple(code for code, _ in found),
        signals=(*hidden_text(decoded, index, [*shown, *gone]), *(_denied(code) for code, denied in found if denied)),
        fingerprint=page_fingerprint(line.text for line in shown),
        withheld=bars,
    )


def _read_part(
    paper: Paper, regions: Sequence[seals.SealRegion], uploaded: Image, index: int, engine: Engine, deadline_s: float
) -> ReadPage:
    """One paper as extraction sees it: without the ink of its seals, with their text."""
    page = ReadPage(
        index=index,
        image=paper.image,
        lines=read_under_seals(paper.image, paper.lines, regions, engine, deadline_s),
        to_uploaded=paper.to_uploaded,
        look=partial(_look, paper.image, engine, deadline_s),
    )
    return replace(page, seals=read_seals(page, regions, uploaded, engine))


def _codes(parts: Sequence[ReadPage]) -> list[tuple[CodeReading, bool]]:
    """The codes of a page, each with whether the number printed beside it is another one."""
    found: dict[tuple[str, str], tuple[CodeReading, bool]] = {}
    looked_at: list[Image] = []
    for part in parts:
        # Papers that were not cut out share one picture.
        if any(part.image is image for image in looked_at):
            continue
        looked_at.append(part.image)
        for code in codes.find(part.image):
            reading = CodeReading(format=code.format, text=code.text, page=part.index, box=part.uploaded(code.box))
            found.setdefault((code.format, code.text), (reading, is_denied(code, part.lines)))
    return list(found.values())


def _denied(code: CodeReading) -> Signal:
    return Signal(
        kind=SignalKind.CODE_DISAGREES,
        page=code.page,
        detail="条码内容与旁边印刷的编号不一致",
        box=code.box,
        strong=True,
    )


def _look(image: Image, engine: Engine, deadline_s: float, box: Quad) -> Recognition:
    """One line's box read again from a crop of its own; nothing for a box without extent."""
    crop = crop_line(image, box)
    if crop is None:
        return Recognition(text="", score=0.0)
    return engine.recognise([crop], deadline_s=deadline_s)[0]
