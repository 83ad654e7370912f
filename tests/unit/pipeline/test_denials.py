"""Values of a file's text that the picture of its page denies."""

from __future__ import annotations

import pytest

from schemas.reading import Line, Source
from tests.support.rule_cases import CODE, NUMBER, OTHER_CODE, OTHER_NUMBER, bad_number
from verifier.geometry import identity, quad_from_bounds
from verifier.pipeline.denials import denials
from verifier.pipeline.merge import with_text_layer


def line(text: str, row: int = 0, *, score: float = 0.99, source: Source = Source.OCR) -> Line:
    return Line(text=text, score=score, box=quad_from_bounds(100, 100 + 60 * row, 700, 130 + 60 * row), source=source)


@pytest.mark.parametrize(
    ("said", "shown", "of_number"),
    [
        (f"证件号码:{OTHER_NUMBER}", f"证件号码:{NUMBER}", True),
        (f"统一社会信用代码:{OTHER_CODE}", f"统一社会信用代码:{CODE}", True),
        ("电话:02036801234", "电话:02088997766", True),
        ("姓名:王麻子", "姓名:李四", False),
        ("打印日期:2026年10月06日", "打印日期:2026年3月18日", False),
    ],
)
def test_another_value_in_the_same_place(said: str, shown: str, of_number: bool) -> None:
    (denial,) = denials([line(said)], [line(shown)])
    assert (denial.line.text, denial.of_number) == (said, of_number)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"证件号码:{NUMBER}", f"证件号码:{NUMBER}"),
        (f"证件号码:{bad_number(NUMBER)}", f"证件号码:{NUMBER}"),
        (f"证件号码:{NUMBER.replace('0', 'O')}", f"证件号码:{NUMBER}"),
        ("电话:02036801234", "电话:02036801239"),
        ("姓名:李西", "姓名:李四"),
        ("日期:2026年10月06日", "日期:2026年10月08日"),
        ("参保月数:202401", "参保起止时间"),
        (f"证件号码:{NUMBER}", "证件号码:4301**********1234"),
    ],
)
def test_a_misreading_is_no_denial(said: str, shown: str) -> None:
    assert denials([line(said)], [line(shown)]) == ()


def test_an_unsure_reading_is_no_witness() -> None:
    assert denials([line(OTHER_NUMBER)], [line(NUMBER, score=0.7)]) == ()


def test_rows_that_slipped_are_no_denial() -> None:
    layer = [line("202401 202406"), line("202407 202612", 1)]
    assert denials(layer, [line("202407 202612"), line("202401 202406", 1)]) == ()


def test_no_value_comes_from_a_line_that_is_denied() -> None:
    shown = (line("姓名:李四"), line(f"公民身份号码:{NUMBER}", 1))
    layer = (
        line("姓名:李四", source=Source.TEXT_LAYER),
        line(f"公民身份号码:{OTHER_NUMBER}", 1, source=Source.TEXT_LAYER),
    )
    merged = with_text_layer(shown, layer, identity())
    assert {(each.text, each.source) for each in merged} == {
        ("姓名:李四", Source.TEXT_LAYER),
        (f"公民身份号码:{NUMBER}", Source.OCR),
    }
