from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from verifier.compare.ids import IdProblem, Repaired
from verifier.compare.uscc import ALPHABET, check_character, normalise_uscc, read_uscc, uscc_problem


@st.composite
def codes(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["12", "52", "91", "92", "A1"]))
    region = draw(st.sampled_from(["440114", "440100", "110101", "330106"]))
    body = head + region + draw(st.text(alphabet=ALPHABET, min_size=9, max_size=9))
    return body + check_character(body)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "11320000MB151840XJ"])
def test_known_codes_are_sound(code: str) -> None:
    assert uscc_problem(code) is None


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("91350100M000100Y4Z", IdProblem.CHARACTERS),
        ("91350100M000100Y44", IdProblem.CHECKSUM),
        ("91350100M000100Y4", IdProblem.LENGTH),
        ("91350I00M000100Y43", IdProblem.CHARACTERS),
        ("91A50100M000100Y43", IdProblem.CHARACTERS),
    ],
)
def test_unsound_codes_are_named(code: str, problem: IdProblem) -> None:
    assert uscc_problem(code) is problem


@given(codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_caught(code: str, place: int, character: str) -> None:
    assume(code[place] != character)
    assert uscc_problem(code[:place] + character + code[place + 1 :]) is not None


@given(codes(), st.integers(0, 16))
def test_every_swap_of_neighbours_is_caught(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert uscc_problem(swapped) is not None


@given(codes())
def test_a_code_is_found_beside_its_label(code: str) -> None:
    for raw in (code, f"统一社会信用代码：{code}", f"统一社会信用代码 {code[:8]} {code[8:]}", f"{code} 020-34484224"):
        assert read_uscc(raw) == Repaired(code, False)


@given(codes())
def test_letters_the_code_never_has_are_repaired_and_marked(code: str) -> None:
    blurred = code[:2] + code[2:8].replace("0", "O", 1) + code[8:]
    assert read_uscc(blurred) == Repaired(code, True)


@pytest.mark.parametrize("blurred", ["9l350100M000100Y43", "9I3SO1OOM000100Y43", "9135010OMOOO100Y43"])
def test_every_such_letter_is_repaired(blurred: str) -> None:
    assert read_uscc(blurred) == Repaired("91350100M000100Y43", True)


def test_letters_among_the_region_digits_are_repaired() -> None:
    assert read_uscc("9135D1Q0M000100Y43") == Repaired("91350100M000100Y43", True)


@given(codes(), st.integers(8, 17), st.sampled_from("ADHKPTX"))
def test_a_wrong_code_is_given_as_read(code: str, place: int, character: str) -> None:
    wrong = code[:place] + character + code[place + 1 :]
    assume(wrong != code)
    assert read_uscc(f"统一社会信用代码:{wrong}") == Repaired(wrong, False)


@pytest.mark.parametrize("raw", ["", "统一社会信用代码", "91350100M000100Y4", "ABCDEFGHJKLMNPQRTU"])
def test_no_code_is_no_answer(raw: str) -> None:
    assert read_uscc(raw) is None


def test_two_codes_are_no_answer() -> None:
    assert read_uscc("91350100M000100Y43 11320000MB151840XJ") is None


def test_normalise_uscc() -> None:
    assert normalise_uscc("９1350100m000100 y43") == "91350100M000100Y43"


def test_check_character_asks_for_a_body() -> None:
    with pytest.raises(ValueError, match="17 characters"):
        check_character("91350100")
