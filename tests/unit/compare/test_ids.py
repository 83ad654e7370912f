from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.application import Sex
from verifier.compare.ids import (
    IdProblem,
    Repaired,
    check_character,
    id_birth_date,
    id_problem,
    id_sex,
    mask_id,
    normalise_id,
    read_id,
    upgrade_id,
)

SOUND = [
    "11010519491231002X",
    "440524188001010014",
    "440114199803051239",
    "440121198807120026",
    "440182199509014564",
    "810000199001010019",
    "820000199206150025",
    "830000198512310020",
]


@st.composite
def numbers(draw: st.DrawFn) -> str:
    region = draw(st.sampled_from(["440114", "440182", "440121", "431121", "810000", "820000", "830000"]))
    birth = draw(st.dates(date(1930, 1, 1), date(2015, 12, 31)))
    body = f"{region}{birth:%Y%m%d}{draw(st.integers(1, 999)):03d}"
    return body + check_character(body)


@pytest.mark.parametrize("number", [n for n in SOUND if not n.startswith("44052418")])
def test_known_numbers_are_sound(number: str) -> None:
    assert id_problem(number) is None


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("440114200102290013", IdProblem.DATE),
        ("440524188001010014", IdProblem.DATE),
        ("440114199803051238", IdProblem.CHECKSUM),
        ("44011419980305123", IdProblem.LENGTH),
        ("4401141998030512399", IdProblem.LENGTH),
        ("44011419980305123O", IdProblem.CHARACTERS),
        ("X40114199803051239", IdProblem.CHARACTERS),
        ("440114199803051١39", IdProblem.CHARACTERS),
        ("", IdProblem.LENGTH),
    ],
)
def test_unsound_numbers_are_named(number: str, problem: IdProblem) -> None:
    assert id_problem(number) is problem


@given(numbers(), st.integers(0, 17), st.integers(1, 9))
def test_every_wrong_digit_is_caught(number: str, place: int, shift: int) -> None:
    assume(number[place] != "X")
    wrong = f"{number[:place]}{(int(number[place]) + shift) % 10}{number[place + 1 :]}"
    assert id_problem(wrong) is not None


@given(numbers(), st.integers(0, 16))
def test_every_swap_of_neighbours_is_caught(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert id_problem(swapped) is not None


@given(numbers())
def test_a_number_tells_birth_and_sex(number: str) -> None:
    assert id_birth_date(number).strftime("%Y%m%d") == number[6:14]
    assert id_sex(number) is (Sex.MALE if int(number[16]) % 2 else Sex.FEMALE)


@pytest.mark.parametrize("tell", [id_birth_date, id_sex])
def test_an_unsound_number_tells_nothing(tell: object) -> None:
    assert callable(tell)
    with pytest.raises(ValueError, match="checksum"):
        tell("440114199803051238")


@given(
    numbers(),
    st.sampled_from(["", "公民身份号码", "身份证号:", "证件号码： ", "ID", "编号 3 "]),
    st.sampled_from(["", "。", " 性别女"]),
)
def test_a_number_is_found_beside_its_label(number: str, before: str, after: str) -> None:
    assert read_id(f"{before}{number}{after}") == Repaired(number, False)


@given(numbers())
def test_a_number_in_groups_or_full_width_is_found(number: str) -> None:
    grouped = f"{number[:6]} {number[6:14]} {number[14:]}"
    wide = "".join(chr(ord(c) + 0xFEE0) for c in number)
    assert read_id(grouped) == read_id(wide) == read_id(number.lower()) == Repaired(number, False)


@given(numbers())
def test_look_alikes_are_repaired_and_marked(number: str) -> None:
    blurred = number[:17].translate(str.maketrans("0158", "OISB")) + number[17]
    assume(blurred != number)
    assert read_id(f"号码{blurred}") == Repaired(number, True)


@given(numbers())
def test_digits_by_hand_that_look_like_letters_are_repaired(number: str) -> None:
    blurred = number[:17].translate(str.maketrans("469", "Hbq")) + number[17]
    assume(blurred != number)
    assert read_id(f"号码{blurred}") == Repaired(number, True)


@given(numbers(), st.integers(0, 16))
def test_an_unsound_number_is_given_as_read(number: str, place: int) -> None:
    wrong = f"{number[:place]}{(int(number[place]) + 1) % 10}{number[place + 1 :]}"
    assert read_id(f"公民身份号码{wrong}") == Repaired(wrong, False)


@given(numbers())
def test_a_telephone_number_beside_it_is_told_apart(number: str) -> None:
    assert read_id(f"{number} 13800138000") == Repaired(number, False)
    assert read_id(f"{number}13800138000") == Repaired(number, not number.endswith("X"))


@given(numbers(), numbers())
def test_two_people_are_no_answer(one: str, two: str) -> None:
    assume(one != two)
    assert read_id(f"{one} {two}") is None


@pytest.mark.parametrize(
    "raw", ["", "公民身份号码", "4401141998030512", "13800138000", "体检日期2026年10月13日", "OOOOOOOOOOOOOOOOOO"]
)
def test_no_number_is_no_answer(raw: str) -> None:
    assert read_id(raw) is None


def test_normalise_id() -> None:
    assert normalise_id(" 11010519491231002ｘ ") == "11010519491231002X"


def test_old_numbers_are_upgraded() -> None:
    assert upgrade_id("440121880712002") == "440121198807120026"
    for wrong in ("440121881312002", "44012188071200", "440121198807120026"):
        with pytest.raises(ValueError, match=r"15 digits|unsound"):
            upgrade_id(wrong)


def test_check_character_asks_for_a_body() -> None:
    with pytest.raises(ValueError, match="17 digits"):
        check_character("440114")


@given(st.text(alphabet="0123456789XHM", max_size=30))
def test_a_masked_number_hides_what_tells_a_person(number: str) -> None:
    masked = mask_id(number)
    assert len(masked) == len(number)
    assert masked.count("*") >= min(len(number), 3)


def test_the_mask_of_the_lists() -> None:
    assert mask_id("440114199803051239") == "440114********1239"
    assert mask_id("H12345678") == "H****5678"
    assert mask_id("1234") == "****"
