from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.text import digits_for_letters, half_width, squeeze


@given(st.text())
def test_half_width_and_squeeze_are_idempotent(text: str) -> None:
    assert half_width(half_width(text)) == half_width(text)
    assert squeeze(squeeze(text)) == squeeze(text)


@given(st.text())
def test_squeeze_leaves_no_white_space(text: str) -> None:
    assert not any(character.isspace() for character in squeeze(text))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("１２０／８０ｍｍＨｇ", "120/80mmHg"),
        ("（盖章）：", "(盖章):"),
        ("2020.06.07－2040.06.07", "2020.06.07-2040.06.07"),
        ("2020—2040", "2020-2040"),
        ("陈\u200b明\ufeff", "陈明"),
        ("葛\U000e0100城", "葛城"),
        ("⻢⻛⻩", "马风黄"),
        ("㎏ ㎝", "kg cm"),
    ],
)
def test_half_width_folds(written: str, folded: str) -> None:
    assert half_width(written) == folded


def test_half_width_keeps_the_dot_of_names() -> None:
    assert half_width("买买提·艾山") == "买买提·艾山"


@pytest.mark.parametrize(
    ("read", "mended"),
    [
        ("O3个月", "03个月"),
        ("12O/8O", "120/80"),
        ("1l5", "115"),
        ("24 IU/L", "24 IU/L"),
        ("OK", "OK"),
        ("3O Ohm", "30 Ohm"),
    ],
)
def test_digits_for_letters(read: str, mended: str) -> None:
    assert digits_for_letters(read) == mended
