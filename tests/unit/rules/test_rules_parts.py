"""The small functions rules are made of."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.application import IdType
from tests.support.rule_cases import CARD, NUMBER, OTHER_NUMBER, bad_number
from verifier.rules import batches
from verifier.rules.days import day, months_between, span, years_between
from verifier.rules.hospitals import designated, nearly_designated, plain_hospital
from verifier.rules.messages import LONGEST_VALUE, fill, mask_numbers
from verifier.rules.person import NumberMatch, match_number
from verifier.rules.rule import Hit
from verifier.rules.seals import SealMatch, compare_seal

HOSPITALS = batches.load("2026-autumn").hospitals


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("号码430104199608123424。", "号码430104********3424。"),
        ("11010519491231002X", "110105********002X"),
        ("430104 19960812 3424", "430104********3424"),
        ("电话13800138000", "电话13800138000"),
        ("2026-10-20 至 2026-11-20", "2026-10-20 至 2026-11-20"),
        ("440114880101001", "440114*****1001"),
    ],
)
def test_long_numbers_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_a_message_shows_words_for_codes_and_cuts_what_is_long() -> None:
    assert fill("{doc}{field}{a}/{b}", Hit(CARD, "sex", "female", "male")) == "居民身份证性别女/男"
    assert len(fill("{b}", Hit(CARD, "name", None, "长" * 500))) == LONGEST_VALUE
    assert fill("{a}{tail}", Hit(CARD, "name")) == "无无"


def test_a_value_with_braces_is_only_text() -> None:
    assert fill("{b}", Hit(CARD, "name", None, "{doc}{0}")) == "{doc}{0}"


def test_spans_and_days() -> None:
    assert span("2026-02") is not None
    assert day("2026-02") == date(2026, 2, 28)
    assert day("2024-02-29") == date(2024, 2, 29)
    assert [day(value) for value in ("2026-02-29", "2026-13", "0000-01", "long_term", "", "2026年2月")] == [None] * 6
    assert day(None) is None


@given(st.dates(), st.dates())
def test_ages_count_birthdays(earlier: date, later: date) -> None:
    if earlier <= later:
        assert years_between(earlier, later) == later.year - earlier.year - (
            (later.month, later.day) < (earlier.month, earlier.day)
        )
        assert months_between(earlier, later) >= 0
    else:
        assert months_between(earlier, later) <= 0


@pytest.mark.parametrize(
    "name",
    [
        "花都区人民医院",
        "广州市花都区人民医院体检中心",
        "广州市花都区人民医院健康体检专用章",
        "广州市花都区人民医院 (2)",
    ],
)
def test_a_hospital_is_known_by_its_aliases_departments_and_seal(name: str) -> None:
    found = designated(name, HOSPITALS)
    assert found is not None
    assert found.name == "广州市花都区人民医院"


@pytest.mark.parametrize(
    "name", ["广州市花都区第三人民医院", "人民医院", "广州市白云区人民医院", "广州市花都区中医医院", ""]
)
def test_other_hospitals_are_not_designated(name: str) -> None:
    assert designated(name, HOSPITALS) is None


def test_one_wrong_character_is_forgiven_but_never_an_ordinal() -> None:
    near = nearly_designated("广州市花都区妇幼保建院", HOSPITALS)
    assert near is not None
    assert near.name == "广州市花都区妇幼保健院"
    assert nearly_designated("广州市花都区第三人民医院", HOSPITALS) is None
    assert nearly_designated("广州市白云区人民医院", HOSPITALS) is None


def test_plain_hospital_is_never_empty() -> None:
    assert plain_hospital("体检中心") == "体检中心"


@pytest.mark.parametrize(
    ("issuer", "text", "match"),
    [
        ("广州市花都区云山第一小学", "广州市花都区云山第一小学", SealMatch.SAME),
        ("广州市花都区云山第一小学", "广州市花都区云山第一小学人事专用章", SealMatch.SAME),
        ("广州市花都区云山第一小学", "广州市花都区云山第一小", SealMatch.PERHAPS),
        ("广州市花都区云山第一小学", "广州市花都区云第一小学", SealMatch.PERHAPS),
        ("广州市花都区云山第一小学", "广州市花都区狮岭第二实验学校", SealMatch.OTHER),
        ("广州市花都区炭步童心幼儿园", "广州市花都区花山培新幼儿园", SealMatch.OTHER),
        ("广州市启航教育科技有限公司", "广州市晨曦文化传播有限公司", SealMatch.OTHER),
        ("广州市花都区云山第一小学", "", SealMatch.PERHAPS),
        ("广州市花都区云山第一小学", "★市", SealMatch.PERHAPS),
    ],
)
def test_seals_against_issuers(issuer: str, text: str, match: SealMatch) -> None:
    assert compare_seal(issuer, text) is match


@pytest.mark.parametrize(
    ("id_type", "stated", "read", "match"),
    [
        (IdType.RESIDENT_ID, NUMBER, NUMBER, NumberMatch.SAME),
        (IdType.RESIDENT_ID, NUMBER, OTHER_NUMBER, NumberMatch.DIFFERENT),
        (IdType.RESIDENT_ID, NUMBER, bad_number(NUMBER), NumberMatch.UNSOUND),
        (IdType.RESIDENT_ID, bad_number(NUMBER), bad_number(NUMBER), NumberMatch.UNSOUND),
        (IdType.RESIDENT_ID, NUMBER, NUMBER[:-2], NumberMatch.UNREADABLE),
        (IdType.HK_MACAO_PASS, "H12345678", "h1234567802", NumberMatch.SAME),
        (IdType.HK_MACAO_PASS, "H12345678", "M12345678", NumberMatch.DIFFERENT),
        (IdType.HK_MACAO_PASS, "H12345678", "12345678", NumberMatch.UNREADABLE),
        (IdType.HK_MACAO_PASS, "H12345678", NUMBER, NumberMatch.DIFFERENT),
        (IdType.TAIWAN_PASS, "12345678", "1234567801", NumberMatch.SAME),
    ],
)
def test_numbers_against_the_application(id_type: IdType, stated: str, read: str, match: NumberMatch) -> None:
    assert match_number(id_type, stated, read) is match
