"""What a seal is for, by its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import SealKind
from verifier.compare.seals import PURPOSES, seal_kind

BODY = "广州市花都区人民医院"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (BODY, SealKind.OFFICIAL),
        ("广州市花都区第一小学公章", SealKind.OFFICIAL),
        (f"{BODY}体检专用章", SealKind.MEDICAL_EXAM),
        (f"{BODY}健康体检专用章(2)", SealKind.MEDICAL_EXAM),
        (f"{BODY}体俭专用章", SealKind.MEDICAL_EXAM),
        (f"{BODY}诊断证明专用章", SealKind.CERTIFICATE),
        ("某某有限公司务动合同专用章", SealKind.CONTRACT),
        ("某某有限公司合同专用章(1)", SealKind.CONTRACT),
        ("某某小学人事专用章", SealKind.PERSONNEL),
        ("某某大学人事处", SealKind.PERSONNEL),
        ("广州市公安局花都区分局户口专用章", SealKind.HOUSEHOLD),
        ("2025年秋季学期注册", SealKind.REGISTRATION),
        ("某某学院注册专用章", SealKind.REGISTRATION),
        ("某某有限公司财务专用章", SealKind.OTHER),
        ("某某有限公司进出口专用章", SealKind.OTHER),
        ("州市花", None),
        ("", None),
    ],
)
def test_kinds(text: str, kind: SealKind | None) -> None:
    assert seal_kind(text) is kind


def test_two_kinds_that_are_as_near_are_neither() -> None:
    # one character from 体检专用章, 合同专用章 and others alike
    assert seal_kind("某某医院专用章") is SealKind.OTHER


@given(st.sampled_from([(kind, phrase) for kind, phrases in PURPOSES.items() for phrase in phrases]))
def test_every_purpose_is_told_after_a_body(pair: tuple[SealKind, str]) -> None:
    kind, phrase = pair
    assert seal_kind(BODY + phrase) is kind


@given(st.text(max_size=30))
def test_any_text_has_a_kind_or_none(text: str) -> None:
    assert seal_kind(text) in {*SealKind, None}
