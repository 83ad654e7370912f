"""Pages lying on their side or standing on their head, told by how well they read."""

from collections.abc import Sequence

import numpy as np
import pytest

from schemas.reading import Line
from verifier.geometry import map_quad
from verifier.ocr.engine import Image, Recognition
from verifier.pipeline.upright import read_upright, read_whole

HEIGHT, WIDTH = 400, 300
MARK = (40, 60)
"""Where, on the upright page, a bright pixel says which way up it is: column, row."""


class Reader:
    """An engine that reads lines well only when the mark is where it belongs, and boxes them as they lie."""

    name = "reader"

    def __init__(self) -> None:
        self.calls = 0

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        self.calls += 1
        turns = _turns(image)
        height, width = image.shape[:2]
        score = 0.97 if turns in (0, 3) else 0.4  # lines that run downwards are read well too
        box = ((20, 20), (width - 20, 20), (width - 20, 40), (20, 40))
        if turns % 2:
            box = ((20, 20), (40, 20), (40, height - 20), (20, height - 20))
        return tuple(Line(text="一行文字在此", score=score, box=box) for _ in range(6))

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        half = len(crops) // 2
        return tuple(Recognition(text="字", score=0.3 if at < half else 0.95) for at in range(len(crops)))


def _turns(image: Image) -> int:
    """How many counter-clockwise quarter turns the upright page has been given."""
    for turns in range(4):
        upright = np.rot90(image, -turns)
        if upright.shape[:2] == (HEIGHT, WIDTH) and upright[MARK[1], MARK[0], 0] == 255:
            return turns
    raise AssertionError("no mark")


def page() -> Image:
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    image[MARK[1], MARK[0]] = 255
    return image


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_page_is_turned_upright_and_boxes_map_back(turns: int) -> None:
    given = np.ascontiguousarray(np.rot90(page(), turns))
    result = read_upright(given, Reader(), deadline_s=1)
    assert _turns(result.image) == 0
    x, y = MARK
    corner = map_quad(((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)), result.to_source)[0]
    assert given[round(corner[1]), round(corner[0]), 0] == 255


def test_an_upright_page_is_read_once() -> None:
    reader = Reader()
    read_upright(page(), reader, deadline_s=1)
    assert reader.calls == 1


def test_a_blank_page_stays_as_it_is() -> None:
    class Blank(Reader):
        def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
            return ()

    result = read_upright(page(), Blank(), deadline_s=1)
    assert (result.lines, result.quarter_turns) == ((), 0)


@pytest.mark.parametrize("tall", [True, False])
def test_a_long_picture_is_read_in_pieces_each_line_once(tall: bool) -> None:
    long, short = 4000, 600
    marks = range(60, long, 97)
    image = np.zeros((long, short, 3), dtype=np.uint8)
    for at in marks:
        image[at, 100] = 255

    class Pieces(Reader):
        def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
            self.calls += 1
            assert max(image.shape[:2]) <= 2.1 * min(image.shape[:2])
            found = np.argwhere(image[..., 0] == 255)
            return tuple(
                Line(text="字", score=0.9, box=((x - 8, y - 8), (x + 8, y - 8), (x + 8, y + 8), (x - 8, y + 8)))
                for y, x in found.tolist()
            )

    reader = Pieces()
    given = image if tall else np.ascontiguousarray(image.transpose(1, 0, 2))
    lines = read_whole(given, reader, deadline_s=1)
    assert reader.calls == 4
    assert sorted(line.box[0][1 if tall else 0] + 8 for line in lines) == list(marks)
