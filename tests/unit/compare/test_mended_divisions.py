"""A misread 省 or 市 between names that leave no other choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.divisions import mend_divisions


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("广东直广州市花都区新华街道1号", "广东省广州市花都区新华街道1号"),
        ("广东省广州布花都区新华街道1号", "广东省广州市花都区新华街道1号"),
        ("广州巿花都区新华街道1号", "广州市花都区新华街道1号"),
        ("湖南肖长沙市岳麓区", "湖南省长沙市岳麓区"),
    ],
)
def test_what_can_only_be_one_thing_is_put_right(read: str, meant: str) -> None:
    assert mend_divisions(read) == meant
    assert mend_divisions(meant) == meant


@pytest.mark.parametrize(
    "address",
    [
        "广东路12号",
        "广州花都区新华街道",
        "广东直长沙市",
        "海南藏族自治州共和县",
        "广西壮族自治区南宁市青秀区",
        "",
        "新华街道1号",
    ],
)
def test_everything_else_is_left_alone(address: str) -> None:
    assert mend_divisions(address) == address


@given(st.text("广东省州市花都区番禺新华街道12号", max_size=14))
def test_mending_twice_is_mending_once(text: str) -> None:
    assert mend_divisions(mend_divisions(text)) == mend_divisions(text)
