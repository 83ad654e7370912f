"""Rows, labels and neighbours on made-up pages."""

import pytest

from tests.support.pages import line, page, slanted
from verifier.extract.layout import Layout, joined
from verifier.extract.slope import slope_of

LABELS = {
    "name": ("姓名",),
    "sex": ("性别",),
    "address": ("住址", "现住址"),
    "id": ("公民身份号码",),
    "head": ("单位名称",),
}


def values(layout: Layout, key: str) -> str:
    return joined(layout.value_right(layout.labels(key)[0]))


@pytest.mark.parametrize("text", ["姓名:张伟", "姓名:张伟", "姓 名 张伟", "姓名张伟", "姓名 : 张伟"])
def test_label_glued_to_its_value(text: str) -> None:
    assert values(Layout(page([line(text, 10, 10)]), LABELS), "name") == "张伟"


def test_label_and_value_as_two_lines_of_a_row() -> None:
    layout = Layout(
        page([line("张伟", 300, 14), line("姓名", 10, 10), line("性别", 10, 80), line("男", 300, 82)]), LABELS
    )
    assert values(layout, "name") == "张伟"
    assert values(layout, "sex") == "男"


def test_a_row_ends_at_the_next_label() -> None:
    layout = Layout(
        page([line("姓名", 10, 10), line("张伟", 150, 10), line("性别", 400, 10), line("男", 520, 10)]), LABELS
    )
    assert values(layout, "name") == "张伟"


def test_letters_inside_a_word_are_no_label() -> None:
    layout = Layout(page([line("申请人姓名册", 10, 10)]), LABELS)
    assert layout.labels("name") == []


def test_the_longer_wording_wins() -> None:
    layout = Layout(page([line("现住址:花都区", 10, 10)]), LABELS)
    assert values(layout, "address") == "花都区"


def test_a_label_misread_by_one_character_is_near() -> None:
    label = Layout(page([line("公民身份号玛", 10, 10), line("4401", 400, 10)]), LABELS).labels("id")[0]
    assert not label.exact


def test_wrapped_value_top_aligned() -> None:
    lines = [
        line("住址", 10, 10),
        line("广州市花都区", 200, 10),
        line("新华街道1号", 200, 55),
        line("姓名", 10, 150),
        line("张伟", 200, 150),
    ]
    layout = Layout(page(lines), LABELS)
    assert joined(layout.block_right(layout.labels("address")[0])) == "广州市花都区新华街道1号"


def test_wrapped_value_around_the_label_s_middle() -> None:
    lines = [line("住址", 10, 32), line("广州市花都区", 200, 8), line("新华街道1号", 200, 54)]
    layout = Layout(page(lines), LABELS)
    assert joined(layout.block_right(layout.labels("address")[0])) == "广州市花都区新华街道1号"


@pytest.mark.parametrize("degrees", [-7.0, -3.0, 2.0, 6.0])
def test_rows_stay_rows_on_a_slanted_page(degrees: float) -> None:
    rows = [
        line(text, x, y) for y in range(0, 1600, 80) for text, x in (("这里是一行说明文字", 10), ("右边另有文字", 1100))
    ]
    rows += [line("姓名", 10, 1700), line("张伟", 1100, 1700), line("性别", 10, 1780), line("男", 1100, 1780)]
    layout = Layout(page(slanted(rows, degrees)), LABELS)
    assert joined(layout.right_of(layout.labels("name")[0])) == "张伟"
    assert joined(layout.right_of(layout.labels("sex")[0])) == "男"


def test_slope_is_flat_without_text() -> None:
    slope = slope_of([])
    assert (slope.a, slope.b, slope.c) == (0.0, 0.0, 0.0)


def test_box_of_a_cut_value_lies_in_the_line_s_box() -> None:
    whole = line("姓名:张伟", 100, 10)
    layout = Layout(page([whole]), LABELS)
    value = layout.value_right(layout.labels("name")[0])[0]
    assert whole.box[0][0] < value.box[0][0] < value.box[1][0] <= whole.box[1][0]
