"""Values in ruled tables: by cell, with merged cells, heads above, empty cells and marks; and what stands unread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from schemas.base import Quad
from schemas.reading import CellState, Line, SealReading
from tests.support.pages import line
from tests.support.ruled_pages import LEFT, PITCH, TEXT, TOP, scribble, table
from verifier.extract.medical_exam_form import read_medical_exam_form, read_unread_of_exam_form
from verifier.extract.page import ReadPage
from verifier.extract.signatures import parse_signature
from verifier.ocr.engine import Recognition

Texts = dict[str, str]


def read(page: ReadPage) -> Texts:
    return {name: field.text for name, field in read_medical_exam_form(page).items()}


def unread(page: ReadPage) -> dict[str, CellState]:
    return read_unread_of_exam_form(page, read(page))


def test_a_value_stands_in_the_next_cell_however_far_its_text_is() -> None:
    fields = read(table([[(2, "心率"), (8, "")], [(2, "身高"), (3, "165 cm"), (2, "体重"), (3, "52.5 kg")]]))
    assert (fields["height_cm"], fields["weight_kg"]) == ("165", "52.5")
    assert "heart_rate" not in fields


def test_the_number_behind_an_empty_cell_is_not_taken_when_it_is_a_reference_range() -> None:
    page = table(
        [
            [(2, "血压"), (3, ""), (2, "mmHg"), (3, "90-140/60-90")],
            [(2, "心率"), (3, "70"), (2, "次/分"), (3, "60-100")],
        ]
    )
    assert "blood_pressure" not in read(page)
    assert read(page)["heart_rate"] == "70"
    assert unread(page)["blood_pressure"] is CellState.EMPTY


def test_a_value_wrapped_over_lines_of_one_cell_is_joined() -> None:
    page = table([[(2, "体检医院"), (6, "广州市花都区第二\n人民医院")], [(2, "体检结论"), (6, "合格")]])
    assert read(page)["hospital"] == "广州市花都区第二人民医院"


def test_values_under_a_row_of_heads() -> None:
    page = table(
        [
            [(2, "身高"), (2, "体重"), (2, "心率"), (2, "谷丙转氨酶(ALT)")],
            [(2, "165 cm"), (2, "60 kg"), (2, "70次/分"), (2, "11 U/L")],
        ]
    )
    fields = read(page)
    assert [fields[name] for name in ("height_cm", "weight_kg", "heart_rate", "alt")] == ["165", "60", "70", "11"]


def test_a_line_boxed_across_a_rule_is_two_texts() -> None:
    page = table([[(2, "姓名"), (3, ""), (2, "性别"), (3, "")]])
    across = line("欧阳靖雯性别", LEFT + 380, TOP + 18, height=TEXT)
    cut = ReadPage(
        index=0,
        image=page.image,
        lines=(page.lines[0], across, line("女", LEFT + 720, TOP + 18, height=TEXT)),
        to_uploaded=np.eye(3),
    )
    fields = read(cut)
    assert (fields["name"], fields["sex"]) == ("欧阳靖雯", "female")


@pytest.mark.parametrize("mark", ["/", "√", "×", "(一)", "Q", "未检", "拒检", "—"])
def test_a_mark_is_reported_as_written_and_never_as_a_number(mark: str) -> None:
    fields = read(table([[(2, "心率"), (6, mark)], [(2, "谷丙转氨酶"), (6, mark)]]))
    assert not any(any(char.isdigit() for char in fields.get(name, "")) for name in ("heart_rate", "alt"))
    assert {"heart_rate", "alt"} <= fields.keys()


def test_sides_in_the_label_before_it_and_as_letters() -> None:
    page = table(
        [
            [(3, "裸眼视力(右)"), (2, "4.9"), (3, "裸眼视力(左)"), (2, "5.0")],
            [(3, "右耳听力"), (2, "5米"), (3, "左耳听力"), (2, "4米")],
            [(3, "矫正视力"), (7, "R:5.1 L:5.2")],
        ]
    )
    fields = read(page)
    assert [fields[f"{name}_{side}"] for name in ("naked_vision", "hearing", "corrected_vision") for side in ("right", "left")] == [
        "4.9", "5.0", "5", "4", "5.1", "5.2",
    ]  # fmt: skip


def test_blood_pressure_from_its_two_rows_and_a_date_with_two_digits_for_the_year() -> None:
    page = table([[(2, "收缩压"), (6, "120 mmHg")], [(2, "舒张压"), (6, "80 mmHg")], [(2, "体检日期"), (6, "26.3.5")]])
    fields = read_medical_exam_form(page)
    assert fields["blood_pressure"].value == "120/80"
    assert (fields["exam_date"].value, fields["exam_date"].repaired) == ("2026-03-05", True)


ROWS = [[(2, "体检结论"), (6, "")], [(2, "胸部X光片"), (6, "")], [(2, "主检医师签名"), (6, "")]]


def test_an_empty_cell_is_empty() -> None:
    states = unread(table(ROWS))
    assert states == dict.fromkeys(("conclusion", "chief_physician", "chest_xray"), CellState.EMPTY)


def test_writing_nobody_read_is_ink() -> None:
    states = unread(table(ROWS, inked=[(0, 1), (1, 1), (2, 1)]))
    assert states == dict.fromkeys(("conclusion", "chief_physician", "chest_xray"), CellState.INKED)


def with_signature_line(*, ink: bool, under: bool = False) -> ReadPage:
    page = table([[(8, "")]], more=[line("主检医师签名:", LEFT + 20, TOP + 200, height=TEXT)])
    image = page.image.copy()
    scribble(image, LEFT + 22, TOP + 205, 170, 18)
    for x in (LEFT + 200, LEFT + 640):
        image[TOP + 230 : TOP + 232, x : x + 380] = 60  # a line to sign on
    if ink:
        scribble(image, LEFT + 230, TOP + 190 + (60 if under else 0), 90, 34)
    return ReadPage(index=0, image=image, lines=page.lines, to_uploaded=np.eye(3))


@pytest.mark.parametrize(("ink", "state"), [(True, CellState.INKED), (False, CellState.EMPTY)])
def test_a_signature_on_a_line_without_a_table(ink: bool, state: CellState) -> None:
    assert unread(with_signature_line(ink=ink))["chief_physician"] is state


def test_a_sentence_about_the_conclusion_is_no_place_for_it() -> None:
    note = line("备注:缺项无效;体检结论由主检医师填写并加盖公章。", LEFT, TOP + 5 * PITCH, height=TEXT)
    assert unread(table(ROWS[:1], more=[note]))["conclusion"] is CellState.EMPTY


def test_the_place_of_a_stroke_is_looked_at_and_a_stroke_is_a_mark() -> None:
    seen: list[Quad] = []

    def look(box: Quad) -> Recognition:
        seen.append(box)
        return Recognition(text="1", score=0.95)

    fields = read(table([[(2, "听力"), (2, "右 5米 左 5米")], [(2, "谷丙转氨酶"), (2, "")]], inked=[(1, 1)], look=look))
    assert fields["alt"] == "/"
    assert any(box[0][0] > LEFT + 450 for box in seen)


def test_nothing_is_looked_for_in_an_empty_cell() -> None:
    def look(box: Quad) -> Recognition:
        raise AssertionError("an empty cell needs no second look")

    assert "alt" not in read(table([[(2, "谷丙转氨酶"), (6, "")]], look=look))


def signed(readings: list[tuple[str, float]], first: str) -> Texts:
    """The form's fields when cuts of the signature read so, one after the other."""
    answers = iter(readings)
    page = with_signature_line(ink=True)
    lines: tuple[Line, ...] = page.lines
    if first:
        lines = (line(f"主检医师签名:{first}", LEFT + 20, TOP + 200, height=TEXT, score=0.9),)
    return read(
        ReadPage(
            index=0, image=page.image, lines=lines, to_uploaded=np.eye(3),
            look=lambda _: Recognition(text=(answer := next(answers, ("", 0.0)))[0], score=answer[1]),
        )
    )  # fmt: skip


def test_a_signature_is_what_most_cuts_read() -> None:
    readings = [(":胡志", 0.9), ("胡志", 0.95), ("古月志。", 0.7)]
    assert signed(readings, "古月志")["chief_physician"] == "胡志"


def test_a_name_with_a_surname_outweighs_one_that_is_cut() -> None:
    assert signed([("三东", 0.8), ("彭东", 0.8), ("签名:彭东", 0.7)], "彭东")["chief_physician"] == "彭东"


def test_marks_beside_a_signature_are_no_letters_of_it() -> None:
    assert signed([("名：马燕。", 0.9), ("马燕", 0.9), ("3马燕", 0.8)], "马")["chief_physician"] == "马燕"


@pytest.mark.parametrize("text", ["市花都区", "体检合格", "医院", "日期", "人民医院", "专用章"])
def test_words_of_seals_and_forms_are_no_signature(text: str) -> None:
    assert parse_signature(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("签名：章华", "章华"),
        ("区少明。", "区少明"),
        ("欧阳靖雯", "欧阳靖雯"),
        ("3 彭东", "彭东"),
        ("张一二三四", None),
    ],
)
def test_names_as_people_sign(text: str, name: str | None) -> None:
    assert parse_signature(text) == name


def with_seal(page: ReadPage) -> ReadPage:
    """The page with a seal over the right part of its signature line, in ink that is not red."""
    image = page.image.copy()
    box = (
        (LEFT + 420.0, TOP + 150.0),
        (LEFT + 640.0, TOP + 150.0),
        (LEFT + 640.0, TOP + 330.0),
        (LEFT + 420.0, TOP + 330.0),
    )
    scribble(image, LEFT + 430, TOP + 160, 200, 160)
    return replace(page, image=image, seals=(SealReading(page=0, box=box),))


@pytest.mark.parametrize(("ink", "state"), [(True, CellState.INKED), (False, CellState.EMPTY)])
def test_a_seal_is_not_taken_for_a_signature(ink: bool, state: CellState) -> None:
    assert unread(with_seal(with_signature_line(ink=ink)))["chief_physician"] is state
