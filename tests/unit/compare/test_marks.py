"""Marks, 未检 and waivers told apart from results."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.marks import is_dash, is_for_pregnancy, is_mark, is_not_done, is_waived, read_mark


@pytest.mark.parametrize(
    "text", ["/", "／", "√", "×", "x", "Q", "一", "(一)", "（一）", "——", "-", "\\", "丨", "O", "不详"]
)
def test_signs_that_may_mean_anything(text: str) -> None:
    assert is_mark(text)
    assert read_mark(text) is not None


@pytest.mark.parametrize("text", ["未检", "未查", "拒检", "漏检", "缺检", "弃检", "放弃检查", "未做", "未检 次/分"])
def test_what_was_not_done(text: str) -> None:
    assert is_not_done(text)
    assert read_mark(text) is not None


@pytest.mark.parametrize(
    "text", ["未检出", "未见异常", "未查见", "正常", "阴性(-)", "无", "心肺膈未见异常", "合格", ""]
)
def test_results_are_no_marks(text: str) -> None:
    assert not is_mark(text)
    assert not is_not_done(text)
    assert read_mark(text) is None


def test_a_waiver_for_pregnancy_is_not_an_item_left_out() -> None:
    assert is_for_pregnancy("孕,未检")
    assert not is_not_done("孕,未检")
    assert is_waived("免检(孕)")


@pytest.mark.parametrize(("text", "mark"), [("/ mmHg", "/"), ("√次/分", "√"), ("未检 U/L", "未检"), (":一", "一")])
def test_the_printed_unit_is_left_out(text: str, mark: str) -> None:
    assert read_mark(text) == mark


def test_dashes_are_negative_signs_of_laboratories_and_slashes_are_not() -> None:
    assert [is_dash(text) for text in ("-", "（一）", "(-)", "一", "/", "√", "()")] == [True] * 4 + [False] * 3


@given(st.from_regex(r"[0-9]{1,3}(\.[0-9])?(/[0-9]{2})?( ?(mmHg|cm|kg|次/分|U/L|米))?", fullmatch=True))
def test_a_number_is_never_a_mark(text: str) -> None:
    assert read_mark(text) is None


@given(st.text(max_size=20))
def test_any_text_is_judged_without_error(text: str) -> None:
    mark = read_mark(text)
    assert mark is None or mark == read_mark(mark)
