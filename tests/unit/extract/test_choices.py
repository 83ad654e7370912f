"""Printed choices: the tick counts, not what is printed."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from schemas.document import DocumentType
from schemas.reading import Line
from tests.support.pages import line, page
from verifier.compare.values import read_conclusion
from verifier.extract import read_fields
from verifier.ocr.engine import Image


def drawn(ticked: tuple[int, ...], *, size: int = 30, noise: float = 0.0) -> Image:
    """A row with two boxes, 合格 at 300 and 不合格 at 600; boxes stand `size` pixels before the words."""
    image = np.full((400, 1000, 3), 245, np.uint8)
    for at, x in enumerate((255, 555)):
        cv2.rectangle(image, (x, 105), (x + size, 105 + size), (40, 40, 40), 2)
        if at in ticked:
            cv2.polylines(image, [np.array([(x + 4, 118), (x + 12, 130), (x + 30, 92)])], False, (120, 40, 30), 4)
    speckled = image.astype(np.float32) + np.random.default_rng(5).normal(0, noise, image.shape)
    return np.clip(speckled, 0, 255).astype(np.uint8)


def conclusion(lines: list[Line], image: Image) -> tuple[str, float] | None:
    title = line("教师资格申请人员体格检查表", 200, 10)
    field = read_fields(DocumentType.MEDICAL_EXAM_FORM, [replace(page([title, *lines]), image=image)]).get("conclusion")
    return None if field is None else (field.text, field.confidence)


APART = [line("体检结论:", 20, 100), line("合格", 300, 100), line("不合格", 600, 100)]
TOGETHER = [line("体检结论:", 20, 100), line("口合格", 255, 100), line("口不合格", 555, 100)]


@pytest.mark.parametrize("lines", [APART, TOGETHER])
@pytest.mark.parametrize("noise", [0.0, 8.0])
@pytest.mark.parametrize(("ticked", "value"), [((0,), "qualified"), ((1,), "unqualified")])
def test_the_ticked_box_is_the_conclusion(lines: list[Line], noise: float, ticked: tuple[int, ...], value: str) -> None:
    answer = conclusion(lines, drawn(ticked, noise=noise))
    assert answer is not None
    assert answer[0] == value
    assert answer[1] < 0.95, "one look at ink is not certainty"


@pytest.mark.parametrize("ticked", [(), (0, 1)])
@pytest.mark.parametrize("lines", [APART, TOGETHER])
def test_no_tick_or_two_are_no_conclusion(lines: list[Line], ticked: tuple[int, ...]) -> None:
    assert conclusion(lines, drawn(ticked)) is None


def test_a_page_that_shows_no_boxes_is_no_choice_made() -> None:
    assert conclusion(APART, np.full((400, 1000, 3), 245, np.uint8)) is None


def test_a_conclusion_written_out_is_none_of_this() -> None:
    assert conclusion([line("体检结论:不合格", 20, 100)], drawn((0,))) == ("unqualified", pytest.approx(0.99, abs=0.01))


@pytest.mark.parametrize("text", ["□合格", "□ 不合格", "□合格 □不合格"])
def test_an_empty_box_is_no_conclusion(text: str) -> None:
    assert read_conclusion(text) is None
