"""Pages that a front camera mirrored: they read well only when they are flipped back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from schemas.document import CaptureProblem, PageQuality
from schemas.reading import Line
from verifier.geometry import bounds
from verifier.imaging.quality import problem, verdict
from verifier.imaging.rectify import Flat, flatten
from verifier.intake import DecodedPage
from verifier.ocr.engine import Engine, Image
from verifier.pipeline.papers import Paper, read_papers
from verifier.pipeline.upright import READ_WELL, length_by_height, reading_score

PROBES = 6
"""The longest lines are recognised as they are and flipped before the whole page is read once more."""

CLEARLY = 1.15
"""How much better flipped lines must score. Mirrored text scores 0.60 to 0.70 and 0.98 when flipped back, measured on prints,
scans and photos; text too blurred to read scores the same either way."""


def read_either_way(
    decoded: DecodedPage, flat: Flat, engine: Engine, *, deadline_s: float
) -> tuple[tuple[Paper, ...], bool]:
    """The papers on a picture, flipped back when it is mirrored, and whether it was.

    `to_uploaded` of the papers maps to the picture as uploaded in either case. Only a page that reads badly costs more
    than `read_papers`. Raises EngineError when the engine cannot answer.
    """
    papers = read_papers(decoded, flat, engine, deadline_s=deadline_s)
    if not _is_read_badly(papers) or not _reads_better_flipped(papers, engine, deadline_s):
        return papers, False
    image = np.ascontiguousarray(decoded.image[:, ::-1])
    flipped = replace(decoded, image=image, text_lines=())
    back = read_papers(flipped, flatten(image), engine, deadline_s=deadline_s)
    if _score(back) < CLEARLY * _score(papers):
        return papers, False
    unflip = np.array([[-1.0, 0.0, image.shape[1] - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return tuple(
        replace(paper, to_uploaded=np.asarray(unflip @ paper.to_uploaded, dtype=np.float64)) for paper in back
    ), True


def with_mirrored(quality: PageQuality) -> PageQuality:
    """The quality of a page that is mirrored: whoever looks at it cannot read it."""
    return verdict([*quality.problems, problem(CaptureProblem.MIRRORED, 1.0)])


def _score(papers: Sequence[Paper]) -> float:
    return reading_score([line for paper in papers for line in paper.lines])


def _is_read_badly(papers: Sequence[Paper]) -> bool:
    return any(paper.lines for paper in papers) and _score(papers) < READ_WELL


def _reads_better_flipped(papers: Sequence[Paper], engine: Engine, deadline_s: float) -> bool:
    """Whether the longest lines, in either of the ways up they may lie, read clearly better when they are flipped."""
    crops = [crop for paper in papers for line in _longest(paper.lines) if (crop := _crop(paper.image, line)).size]
    if not crops:
        return False
    sideways = [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
    headlong = [np.ascontiguousarray(crop[::-1]) for crop in crops]
    answers = engine.recognise([*crops, *sideways, *headlong], deadline_s=deadline_s)
    scores = np.array([answer.score for answer in answers]).reshape(3, -1).sum(axis=1)
    return bool(max(scores[1], scores[2]) > CLEARLY * scores[0])


def _longest(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: -length_by_height(line))[:PROBES]


def _crop(image: Image, line: Line) -> Image:
    left, top, right, bottom = bounds(line.box)
    return image[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
