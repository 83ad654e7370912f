"""Text of a file against the picture of its page, without an engine."""

from __future__ import annotations

import numpy as np

from schemas.reading import Line, SignalKind, Source
from verifier.geometry import quad_from_bounds
from verifier.intake import DecodedPage
from verifier.pipeline.text_layer import hidden_text

BLANK = np.full((100, 100, 3), 255, dtype=np.uint8)


def line(text: str, row: int = 0, *, height: float = 30, source: Source = Source.OCR) -> Line:
    box = quad_from_bounds(100, 100 + 60 * row, 100 + 25 * len(text), 100 + 60 * row + height)
    return Line(text=text, score=0.99, box=box, source=source)


def page(seen: tuple[Line, ...] = (), unseen: tuple[Line, ...] = ()) -> DecodedPage:
    return DecodedPage(image=BLANK, number=1, text_lines=seen, unseen_lines=unseen)


SHOWN = (line("姓名:李四"), line("身份证号码:440114199608123428", 1), line("广州市花都区第一小学", 2))


def test_a_layer_that_the_picture_confirms() -> None:
    assert hidden_text(page(SHOWN), 0, SHOWN) == ()
    assert hidden_text(page(), 0, SHOWN) == ()


def test_a_line_that_says_something_else() -> None:
    other = line("姓名:王麻子甲")
    (signal,) = hidden_text(page((other, *SHOWN[1:])), 2, (line("Name OF HOLDER"), *SHOWN[1:]))
    assert (signal.kind, signal.page, signal.strong) == (SignalKind.HIDDEN_TEXT, 2, True)
    assert signal.box == other.box
    assert "王麻子" not in signal.detail


def test_a_font_that_says_nothing_spoils_the_whole_layer() -> None:
    garbled = tuple(line("#@ab" * 3, row) for row in range(3))
    (signal,) = hidden_text(page(garbled), 0, SHOWN)
    assert not signal.strong


def test_what_was_not_read_is_no_contradiction() -> None:
    assert hidden_text(page(SHOWN), 0, SHOWN[:1]) == ()


def test_small_print_and_single_characters_prove_nothing() -> None:
    assert hidden_text(page((line("印刷厂承制", height=8), line("一", 1), line(":: --", 2))), 0, SHOWN) == ()


def test_a_scanners_own_reading() -> None:
    misread = (line("姓名:李四"), line("身份证号码:44O114I99608123428", 1), line("广州市花都区第一小学", 2))
    assert hidden_text(page(unseen=misread), 0, SHOWN) == ()


def test_text_that_nobody_sees() -> None:
    unseen = (line("体检结论:合格"), line("主检医师:某某某", 5))
    (signal,) = hidden_text(page(SHOWN, unseen), 0, SHOWN)
    assert (signal.kind, signal.strong) == (SignalKind.HIDDEN_TEXT, True)
    assert "2 处" in signal.detail


OTHER_PERSON = (line("姓名:王麻子"), line("身份证号码:440114198801011232", 1), SHOWN[2])


def test_another_persons_text_under_the_same_labels() -> None:
    (signal,) = hidden_text(page(unseen=OTHER_PERSON), 0, SHOWN)
    assert (signal.kind, signal.strong) == (SignalKind.HIDDEN_TEXT, True)
    assert signal.box == OTHER_PERSON[0].box
    assert "2 处" in signal.detail
    assert "王麻子" not in signal.detail


def test_drawn_text_with_another_number() -> None:
    (signal,) = hidden_text(page((SHOWN[0], *OTHER_PERSON[1:])), 0, SHOWN)
    assert signal.strong
    assert signal.box == OTHER_PERSON[1].box
