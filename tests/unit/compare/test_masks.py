"""What is left of personal data when it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.masks import mask_address, mask_birth_date, mask_name, mask_phone

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("张", "*"),
        ("张明", "张*"),
        ("张小明", "张*明"),
        ("欧阳靖雯", "欧**雯"),
        ("阿卜杜外力·艾合买提", "阿***提"),
        ("WANG XIAO MING", "W***G"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@given(HAN)
def test_a_name_is_never_shown_whole(name: str) -> None:
    assert name not in mask_name(name)
    assert len(mask_name(name).replace("*", "")) <= 2


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800138000", "138****8000"),
        ("138 0013 8000", "138****8000"),
        ("020-86881234", "020*****1234"),
        ("86881234", "******34"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_phones(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("广东省广州市花都区新华街道建设路12号3栋501", "广东省广州市花都区新华街道***"),
        ("湖南省长沙市岳麓区麓山南路1号", "湖南省长沙市岳麓区***"),
        ("建设路12号501房", "***"),
        ("", "***"),
    ],
)
def test_addresses_end_at_the_town(address: str, shown: str) -> None:
    assert mask_address(address) == shown


@given(HAN, st.integers(1, 999))
def test_a_house_is_never_shown(road: str, number: int) -> None:
    assert f"{number}号" not in mask_address(f"广东省广州市花都区新华街道{road}路{number}号")


@pytest.mark.parametrize(("day", "shown"), [("1996-08-12", "1996-**-**"), ("1996-08", "1996-**-**"), ("?", "***")])
def test_birth_dates(day: str, shown: str) -> None:
    assert mask_birth_date(day) == shown
