"""Pages a front camera mirrored are read flipped back, with their boxes where they were uploaded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from schemas.document import CaptureProblem, PageQuality
from schemas.reading import Line
from verifier.geometry import bounds
from verifier.imaging.rectify import flatten
from verifier.intake import DecodedPage
from verifier.ocr.engine import Image, Recognition
from verifier.pipeline.mirrored import read_either_way, with_mirrored

HEIGHT, WIDTH = 300, 400
DARK = 210
TOP, LEFT = slice(40, 60), slice(30, 230)
"""A dark bar stands for the text; it fades to the right and downwards, as text reads."""


class Reader:
    """An engine that reads the bar well only when it lies as it should; `score` is what it gives otherwise."""

    name = "reader"

    def __init__(self, score: float = 0.63) -> None:
        self.score = score
        self.reads = 0

    def _of(self, image: Image) -> float:
        y, x = np.nonzero(image[..., 0] < DARK)
        if not len(x):
            return self.score
        bar = image[y.min() : y.max() + 1, x.min() : x.max() + 1, 0].astype(float)
        along, down = bar.mean(axis=0), bar.mean(axis=1)
        return 0.98 if along[0] < along[-1] and down[0] < down[-1] else self.score

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        self.reads += 1
        y, x = np.nonzero(image[..., 0] < DARK)
        if not len(x):
            return ()
        left, top, right, bottom = float(x.min()), float(y.min()), float(x.max()), float(y.max())
        box = ((left, top), (right, top), (right, bottom), (left, bottom))
        return (Line(text="一行文字在此处", score=self._of(image), box=box),)

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        return tuple(Recognition(text="字", score=self._of(crop)) for crop in crops)


def picture(*, mirrored: bool) -> Image:
    image = np.full((HEIGHT, WIDTH, 3), 240, np.uint8)
    fading = np.linspace(20, 150, 200)[None, :] + np.linspace(0, 40, 20)[:, None]
    image[TOP, LEFT] = fading.astype(np.uint8)[..., None]
    return np.ascontiguousarray(image[:, ::-1]) if mirrored else image


def test_a_mirrored_page_is_read_flipped_and_its_boxes_lie_on_what_was_uploaded() -> None:
    image = picture(mirrored=True)
    papers, is_mirrored = read_either_way(DecodedPage(image, 1), flatten(image), Reader(), deadline_s=1)
    assert is_mirrored
    (paper,) = papers
    assert paper.lines[0].score == pytest.approx(0.98)
    corners = np.array([(*point, 1.0) for point in paper.lines[0].box]) @ paper.to_uploaded.T
    left, top, right, bottom = bounds(tuple((float(x), float(y)) for x, y, _ in corners))  # type: ignore[arg-type]
    assert left == pytest.approx(WIDTH - 230, abs=2) and right == pytest.approx(WIDTH - 31, abs=2)
    assert top == pytest.approx(40, abs=2) and bottom == pytest.approx(59, abs=2)


def test_a_page_that_reads_well_costs_nothing_more() -> None:
    image, engine = picture(mirrored=False), Reader()
    _, is_mirrored = read_either_way(DecodedPage(image, 1), flatten(image), engine, deadline_s=1)
    assert not is_mirrored and engine.reads == 1


def test_a_page_that_reads_badly_either_way_is_not_called_mirrored() -> None:
    class Blind(Reader):
        def _of(self, image: Image) -> float:
            return 0.5

    image = picture(mirrored=True)
    assert not read_either_way(DecodedPage(image, 1), flatten(image), Blind(), deadline_s=1)[1]


def test_an_empty_page_is_not_mirrored() -> None:
    image = np.full((HEIGHT, WIDTH, 3), 240, np.uint8)
    assert not read_either_way(DecodedPage(image, 1), flatten(image), Reader(), deadline_s=1)[1]


def test_a_mirrored_page_is_not_acceptable() -> None:
    quality = with_mirrored(PageQuality(acceptable=True))
    assert not quality.acceptable
    assert [each.kind for each in quality.problems] == [CaptureProblem.MIRRORED]
    assert "镜像" in quality.problems[0].message
