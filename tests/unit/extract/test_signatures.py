"""Signatures read from several cuts: what they agree on, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.base import Quad
from schemas.reading import ReadField
from tests.support.pages import line
from tests.support.ruled_pages import scribble
from verifier.extract.layout import Layout
from verifier.extract.page import ReadPage
from verifier.extract.signatures import read_signature
from verifier.geometry import bounds
from verifier.ocr.engine import Recognition

LABELS = {"chief_physician": ["主检医师签名"]}
LEFT, TOP = 120, 300


def signed(
    *cuts: tuple[str, float], with_label: tuple[str, float] = ("", 0.0), line_says: str = ""
) -> ReadField | None:
    """The signature of a form with ink beside its label: what each cut says, and the cut that begins with the label."""
    answers = iter(cuts)

    def look(box: Quad) -> Recognition:
        text, score = with_label if bounds(box)[0] <= LEFT else next(answers, ("", 0.0))
        return Recognition(text=text, score=score)

    image = np.full((600, 1200, 3), 244, dtype=np.uint8)
    scribble(image, LEFT, TOP + 8, 235, 24)
    scribble(image, LEFT + 290, TOP + 2, 90, 36)
    lines = [line("主检医师签名:", LEFT, TOP), *([line(line_says, LEFT + 290, TOP)] if line_says else [])]
    page = ReadPage(index=0, image=image, lines=tuple(lines), to_uploaded=np.eye(3), look=look)
    return read_signature(Layout(page, LABELS), "chief_physician")


def test_what_most_cuts_say() -> None:
    read = signed(("郭强国", 0.9), ("郭强国", 0.8), ("郭张国", 0.7))
    assert read is not None
    assert read.value == "郭强国"


def test_a_surname_that_every_cut_lost_is_found_in_one_that_begins_with_the_label() -> None:
    cuts = [("强国", 0.9)] * 3
    found = signed(*cuts, with_label=("主检医师签名:郭强国", 0.93))
    assert found is not None
    assert found.value == "郭强国"
    kept = signed(*cuts, with_label=("主检医师签名 强国", 0.93))
    assert kept is not None
    assert kept.value == "强国"


@pytest.mark.parametrize(
    ("text", "score"),
    [("主检医师签名:郭强国", 0.4), ("主检医师签名:郭大山", 0.95), ("主检医师签名:的强国", 0.95), ("", 0.0)],
    ids=["unsure", "another name", "no surname", "nothing"],
)
def test_a_cut_that_does_not_add_a_surname_changes_nothing(text: str, score: float) -> None:
    read = signed(("强国", 0.9), ("强国", 0.9), ("强国", 0.9), with_label=(text, score))
    assert read is not None
    assert read.value == "强国"


def test_a_reading_that_no_cut_confirms_is_doubted() -> None:
    read = signed(("三女员华章程", 0.9), ("", 0.0), ("", 0.0), line_says="娟华")
    assert read is not None
    assert read.value == "娟华"
    assert read.confidence < 0.5
