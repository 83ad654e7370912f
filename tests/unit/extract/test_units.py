"""Units whose number was passed over."""

from dataclasses import replace

from tests.support.pages import line, page
from verifier.extract.page import ReadPage
from verifier.extract.units import with_lost_numbers
from verifier.ocr.engine import Recognition


def looked(said: str, score: float = 0.9, text: str = "右米左米") -> tuple[ReadPage, list[object]]:
    asked: list[object] = []

    def look(box: object) -> Recognition:
        asked.append(box)
        return Recognition(text=said, score=score)

    return replace(page([line("听力", 10, 10), line(text, 10, 60)]), look=look), asked


def test_the_number_comes_from_a_second_look() -> None:
    shown, asked = looked("右 5米 左 S米")
    assert [each.text for each in with_lost_numbers(shown).lines] == ["听力", "右 5米 左 S米"]
    assert len(asked) == 1, "only the line with a bare unit is read again"


def test_another_text_is_not_taken() -> None:
    for said, score in (("右5米左5厘米", 0.9), ("右米左米", 0.9), ("右5米左5米", 0.3)):
        shown, _ = looked(said, score)
        assert with_lost_numbers(shown) is shown


def test_a_unit_with_its_number_is_left_alone() -> None:
    for text in ("右5米左4米", "米小圃", "63 bpm", "112/78mmHg"):
        shown, asked = looked("右9米左9米", text=text)
        assert with_lost_numbers(shown).lines[1].text == text
        assert not asked or text == "米小圃"


def test_a_page_that_cannot_be_looked_at_again_stays() -> None:
    shown = page([line("右米左米", 10, 60)])
    assert with_lost_numbers(shown) is shown
