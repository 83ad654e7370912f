from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.lookalikes import LOOKALIKES, TRADITIONAL_TO_SIMPLIFIED
from verifier.compare.names import DOT, NameMatch, compare_names, normalise_name

DOTS = "·•・‧･∙⋅⸱．.。"
COMMON = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
PARTS = st.text(alphabet=COMMON, min_size=1, max_size=6)


@given(PARTS, PARTS, st.sampled_from(DOTS), st.sampled_from(DOTS), st.sampled_from(["", " ", "\u200b"]))
def test_names_with_any_kind_of_dot_are_equal(first: str, last: str, one: str, other: str, gap: str) -> None:
    left, right = f"{first}{one}{last}", f"{first}{gap}{other}{gap}{last}"
    assert compare_names(left, right) is NameMatch.EQUAL
    assert normalise_name(left) == normalise_name(right) == f"{normalise_name(first)}{DOT}{normalise_name(last)}"


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise_name(normalise_name(text)) == normalise_name(text)


@given(st.text(max_size=8), st.text(max_size=8), st.booleans())
def test_the_order_of_the_two_does_not_matter(one: str, other: str, same_id: bool) -> None:
    assert compare_names(one, other, same_id=same_id) is compare_names(other, one, same_id=same_id)


@given(st.text(alphabet=COMMON, min_size=1, max_size=10), st.booleans())
def test_a_name_equals_itself(name: str, same_id: bool) -> None:
    assert compare_names(name, f" {name} ", same_id=same_id) is NameMatch.EQUAL


def test_a_stop_is_a_dot_only_between_han_characters() -> None:
    assert normalise_name("J.Smith") == "J.Smith"
    assert normalise_name("陈大文。") == "陈大文"
    assert normalise_name("欧阳 靖雯") == "欧阳靖雯"


@pytest.mark.parametrize("pair", sorted(LOOKALIKES, key=sorted), ids=lambda pair: "".join(sorted(pair)))
def test_a_look_alike_is_soft_only_beside_the_same_number(pair: frozenset[str]) -> None:
    one, other = sorted(pair)
    assert compare_names(f"陈{one}芳", f"陈{other}芳", same_id=True) is NameMatch.LOOKALIKE
    assert compare_names(f"陈{one}芳", f"陈{other}芳") is NameMatch.CLOSE


def test_two_look_alikes_are_too_many() -> None:
    assert compare_names("王晴", "玉睛", same_id=True) is NameMatch.DIFFERENT


@pytest.mark.parametrize(
    ("stated", "read", "match"),
    [
        ("王喆", "王吉吉", NameMatch.RARE_CHARACTER),
        ("王喆", "王ZHE", NameMatch.RARE_CHARACTER),
        ("王喆", "王?", NameMatch.RARE_CHARACTER),
        ("王𬱟", "王〓", NameMatch.RARE_CHARACTER),
        ("李㛃敏", "李敏", NameMatch.RARE_CHARACTER),
        ("王喆", "李吉", NameMatch.DIFFERENT),
        ("王明", "王?", NameMatch.CLOSE),
        ("葉德雲", "叶德云", NameMatch.TRADITIONAL),
        ("鍾國强", "钟国强", NameMatch.TRADITIONAL),
        ("钟国强", "锺国强", NameMatch.TRADITIONAL),
        ("后羿", "後羿", NameMatch.TRADITIONAL),
        ("阿卜杜热合曼·买买提", "阿卜杜热合曼", NameMatch.PARTIAL),
        ("阿卜杜热合曼·买买提", "阿卜杜热合曼买买提", NameMatch.LOOKALIKE),
        ("阿卜杜热合曼·买买提", "阿卜杜", NameMatch.DIFFERENT),
        ("陈晓明", "陈晓朋", NameMatch.CLOSE),
        ("陈晓明", "陈明", NameMatch.CLOSE),
        ("陈晓明", "李建国", NameMatch.DIFFERENT),
        ("", "", NameMatch.DIFFERENT),
        ("陈晓明", "", NameMatch.DIFFERENT),
        ("Chan Tai Man", "CHAN TAI MAN", NameMatch.EQUAL),
    ],
)
def test_relations_beside_the_same_number(stated: str, read: str, match: NameMatch) -> None:
    assert compare_names(stated, read, same_id=True) is match


@pytest.mark.parametrize(
    ("stated", "read", "match"),
    [
        ("王喆", "王吉吉", NameMatch.DIFFERENT),
        ("王喆", "王吉", NameMatch.CLOSE),
        ("阿卜杜热合曼·买买提", "阿卜杜热合曼买买提", NameMatch.CLOSE),
        ("葉德雲", "叶德云", NameMatch.TRADITIONAL),
    ],
)
def test_relations_without_a_number(stated: str, read: str, match: NameMatch) -> None:
    assert compare_names(stated, read) is match


def test_folding_never_touches_a_simplified_name() -> None:
    sources = {chr(code) for code in TRADITIONAL_TO_SIMPLIFIED}
    assert not sources & set(TRADITIONAL_TO_SIMPLIFIED.values())
    assert not sources & set("后云余谷范沈里干台丰于姜叶钟")
