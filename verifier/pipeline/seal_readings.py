"""What the seals of a page say, and what kind of seals they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from schemas.reading import SealKind, SealReading
from verifier.compare.seals import seal_kind
from verifier.extract.page import ReadPage
from verifier.geometry import centre
from verifier.imaging import seals
from verifier.ocr.engine import Engine, Image
from verifier.pipeline.papers import Paper

_LEGIBLE = 0.6
"""A text read with less confidence does not tell what the seal is for."""


def regions_of(papers: Sequence[Paper]) -> list[tuple[seals.SealRegion, ...]]:
    """The seals on each paper, in order; where papers share one picture a seal belongs to the one whose text is nearest."""
    regions: list[list[seals.SealRegion]] = [[] for _ in papers]
    for first, paper in enumerate(papers):
        sharing = [at for at, other in enumerate(papers) if other.image is paper.image]
        if sharing[0] != first:
            continue
        for region in seals.find(paper.image):
            nearest = sharing[0] if len(sharing) == 1 else min(sharing, key=lambda at: _away(region, papers[at]))
            regions[nearest].append(region)
    return [tuple(own) for own in regions]


def _away(region: seals.SealRegion, paper: Paper) -> float:
    """Pixels from a seal's centre to the nearest line of a paper."""
    x, y = region.centre
    return min((math.hypot(a - x, b - y) for a, b in (centre(line.box) for line in paper.lines)), default=math.inf)


def read_seals(
    page: ReadPage, regions: Sequence[seals.SealRegion], uploaded: Image, engine: Engine
) -> tuple[SealReading, ...]:
    """The seals of `regions` (in pixels of the page) read; boxes in pixels of the page as uploaded.

    `uploaded` is that page, BGR: a seal's small characters are taken from there, for every resampling blurs them.
    Raises EngineError when the engine cannot answer.
    """
    source = seals.Source(uploaded, page.to_uploaded)
    known = [line.text for line in page.lines]
    readings: list[SealReading] = []
    for region in regions:
        said = seals.read(page.image, region, engine, source=source, known=known)
        readings.append(
            SealReading(
                text=said.text,
                confidence=said.score,
                kind=_kind(said),
                shape=region.shape,
                colour=region.colour,
                page=page.index,
                box=page.uploaded(region.box),
            )
        )
    return tuple(readings)


def _kind(said: seals.SealText) -> SealKind | None:
    kind = seal_kind(said.text) if said.score >= _LEGIBLE else None
    # without its straight line every seal looks like the body's own
    return None if said.unread and kind is SealKind.OFFICIAL else kind
