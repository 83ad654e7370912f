"""Numbers printed for a code against what the code says."""

from __future__ import annotations

import pytest

from schemas.reading import Line
from verifier.geometry import quad_from_bounds
from verifier.imaging.codes import FoundCode
from verifier.pipeline.code_text import is_denied

BARS = FoundCode("Code128", "HD20263426094", quad_from_bounds(1000, 100, 1400, 150))


def line(text: str, left: float = 100, top: float = 110, score: float = 0.99) -> Line:
    return Line(text=text, score=score, box=quad_from_bounds(left, top, left + 300, top + 30))


@pytest.mark.parametrize(
    ("printed", "denied"),
    [
        (line("编号:HD20263426094"), False),
        (line("编号:HD20263426O94"), False),
        (line("编号:HD20269917455"), True),
        (line("编号:HD20269917455", score=0.6), False),
        (line("HD20269917455"), False),
        (line("HD20269917455", 1050, 160), True),
        (line("HD20269917455", 1050, 400), False),
        (line("编号:440114199608123428"), False),
        (line("姓名:李四"), False),
    ],
)
def test_a_bar_code(printed: Line, denied: bool) -> None:
    assert is_denied(BARS, (printed, line("编号:12", top=900))) is denied


def test_one_equal_number_is_enough() -> None:
    assert not is_denied(BARS, (line("编号:HD20269917455"), line("条码号:HD20263426094", top=300)))


def test_a_code_that_says_an_address() -> None:
    code = FoundCode("QRCode", "https://example.org/v?c=A1B2C3D4E5F6", quad_from_bounds(0, 0, 90, 90))
    assert is_denied(code, (line("查询码:A9B8C7D0E1F9"),))
    assert not is_denied(code, (line("查询码:A1B2C3D4E5F6"),))
    assert not is_denied(FoundCode("QRCode", "第一小学", code.box), (line("查询码:A9B8C7D0E1F9"),))
