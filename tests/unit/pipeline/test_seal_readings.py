"""Seals of a page: which paper they belong to, what they say, and what they cover read again."""

from collections.abc import Sequence

import numpy as np
import pytest

from schemas.reading import Line, SealKind
from tests.support.pages import line, page
from verifier.geometry import quad_from_bounds
from verifier.imaging.seals import SealRegion, SealText
from verifier.ocr.engine import Image, Recognition
from verifier.pipeline import seal_readings, under_seals
from verifier.pipeline.papers import Paper

WHITE = np.full((300, 400, 3), 255, np.uint8)


def region(x: float, y: float, colour: str = "red") -> SealRegion:
    return SealRegion(
        box=quad_from_bounds(x - 50, y - 50, x + 50, y + 50),
        colour=colour,  # type: ignore[arg-type]
        shape="round",
        centre=(x, y),
        axes=(50.0, 50.0),
        angle=0.0,
        confidence=1.0,
    )


class BandEngine:
    """Answers one line wherever it is asked to read; keeps what it was given."""

    name = "band"

    def __init__(self, text: str) -> None:
        self.text = text
        self.seen: list[Image] = []

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        self.seen.append(image)
        return (line(self.text, 150, 60, height=20),)

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        raise AssertionError("nothing is recognised line by line here")


def test_papers_on_one_picture_share_its_seals_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_readings.seals, "find", lambda _: (region(100, 100), region(300, 100)))
    left = Paper(WHITE, (line("左", 60, 90),), np.eye(3))
    right = Paper(WHITE, (line("右", 320, 90),), np.eye(3))
    own = [[seal.centre for seal in regions] for regions in seal_readings.regions_of([left, right])]
    assert own == [[(100, 100)], [(300, 100)]]
    elsewhere = Paper(WHITE.copy(), (), np.eye(3))
    assert [len(regions) for regions in seal_readings.regions_of([left, elsewhere])] == [2, 2]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (SealText("某某小学", 0.95), SealKind.OFFICIAL),
        (SealText("某某小学", 0.95, unread=True), None),
        (SealText("某某小学人事专用章", 0.95, unread=True), SealKind.PERSONNEL),
        (SealText("某某小学人事专用章", 0.4), None),
        (SealText("", 0.0), None),
    ],
)
def test_the_kind_is_told_only_by_what_was_read(
    monkeypatch: pytest.MonkeyPatch, said: SealText, kind: SealKind | None
) -> None:
    monkeypatch.setattr(seal_readings.seals, "read", lambda *_, **__: said)
    (reading,) = seal_readings.read_seals(page([]), [region(100, 100, "blue")], WHITE, BandEngine(""))
    assert (reading.text, reading.kind, reading.shape, reading.colour) == (said.text, kind, "round", "blue")
    assert reading.box == region(100, 100).box


@pytest.mark.parametrize("colour", ["red", "blue"])
def test_rows_under_a_seal_are_read_again_across_the_page(colour: str) -> None:
    engine = BandEngine("日期2026年9月11日")
    plain = (line("日期202", 150, 140, height=20, score=0.7), line("别处", 10, 10, height=20))
    lines = under_seals.read_under_seals(WHITE, plain, [region(200, 150, colour)], engine, 60.0)
    assert {item.text for item in lines} == {"日期2026年9月11日", "别处"}
    assert engine.seen[0].shape[1] == WHITE.shape[1]
    assert engine.seen[0].shape[0] < WHITE.shape[0]
    # the answer's boxes are in pixels of the page again
    again = next(item for item in lines if item.text.startswith("日期"))
    assert 80 < again.box[0][1] < 180


def test_the_rows_under_a_grey_seal_are_not_read_again() -> None:
    engine = BandEngine("别的")
    plain = (line("日期202", 150, 140, height=20),)
    assert under_seals.read_under_seals(WHITE, plain, [region(200, 150, "grey")], engine, 60.0) == plain
    assert engine.seen == []
