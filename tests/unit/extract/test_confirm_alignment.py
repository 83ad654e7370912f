"""What a second reading has where a field stood in the first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.extract.confirm.alignment import counterpart

TEXT = st.text(alphabet="合格不张伟4.9年月日", max_size=8)


@pytest.mark.parametrize(
    ("left", "value", "right", "other", "expected"),
    [
        ("论:", "合格", "", "仑:合格", "合格"),
        ("论:", "合格", "", "合格", "合格"),
        ("论:", "合格", "", "仑:不合格", "不合格"),
        ("", "合格", "", "不合格", "不合格"),
        ("师:", "林每", "", "j:林海", "林海"),
        ("员工", "罗静", "同志,", "工罗靜同志", "罗靜"),
        ("", "杨场志", "", "杨志", "杨志"),
        ("号码:", "370102200305169703", ",自2", "马:370102200305169708,自", "370102200305169708"),
        ("", "广民医院", "", "广州市花都区人民医院", "广州市花都区人民医院"),
        ("姓名", "张伟", "", "", ""),
    ],
)  # fmt: skip
def test_counterpart(left: str, value: str, right: str, other: str, expected: str) -> None:
    assert counterpart(left, value, right, other) == expected


@given(TEXT, TEXT, TEXT)
def test_the_same_reading_gives_the_same_value(left: str, value: str, right: str) -> None:
    assert value in counterpart(left, value, right, left + value + right) or not value


@given(TEXT, TEXT)
def test_without_context_everything_is_the_value(value: str, other: str) -> None:
    assert counterpart("", value, "", other) == other


@given(TEXT, TEXT, TEXT, TEXT)
def test_the_answer_is_a_part_of_the_other_reading(left: str, value: str, right: str, other: str) -> None:
    assert counterpart(left, value, right, other) in other
