"""Several readings of one page made one."""

import numpy as np

from schemas.reading import Line, Source
from tests.support.pages import line
from verifier.geometry import identity
from verifier.pipeline.merge import with_clean_reading, with_text_layer


def native(text: str, x: float, y: float) -> Line:
    return line(text, x, y, score=1.0).model_copy(update={"source": Source.TEXT_LAYER})


def texts(lines: tuple[Line, ...]) -> list[str]:
    return sorted(item.text for item in lines)


def test_a_native_line_replaces_what_the_picture_confirms() -> None:
    merged = with_text_layer([line("单位名称:向阳小字", 10, 10)], [native("单位名称:向阳小学", 10, 10)], identity())
    assert texts(merged) == ["单位名称:向阳小学"]
    assert merged[0].source is Source.TEXT_LAYER


def test_hidden_text_that_the_picture_does_not_show_is_left_out() -> None:
    merged = with_text_layer([line("体检结论:不合格", 10, 10)], [native("姓名张伟男汉族", 10, 10)], identity())
    assert texts(merged) == ["体检结论:不合格"]


def test_native_text_over_a_blank_place_is_left_out() -> None:
    assert with_text_layer([], [native("合格", 10, 10)], identity()) == ()


def test_what_the_layer_does_not_hold_stays() -> None:
    merged = with_text_layer(
        [line("盖章处", 900, 900), line("姓名张伟", 10, 10)], [native("姓名张伟", 10, 10)], identity()
    )
    assert texts(merged) == ["姓名张伟", "盖章处"]


def test_two_native_lines_that_the_engine_boxed_as_one() -> None:
    layer = [native("姓名:张伟", 10, 10), native("证件号码:440114199803051239", 300, 10)]
    whole = line("姓名:张伟    证件号码:440114199803051239", 10, 10)
    assert texts(with_text_layer([whole], layer, identity())) == ["姓名:张伟", "证件号码:440114199803051239"]


def test_two_native_lines_of_which_the_engine_read_the_lower() -> None:
    """A label above its value, boxed as one: the label is believed after a look at its own place."""
    layer = [native("姓名", 20, 10), native("蔡浩然", 20, 42)]
    boxed = line("禁浩然", 15, 5, score=0.78, height=75)
    assert texts(with_text_layer([boxed], layer, identity())) == ["蔡浩然"]
    merged = with_text_layer([boxed], layer, identity(), lambda boxes: ["姓名"] * len(boxes))
    assert texts(merged) == ["姓名", "蔡浩然"]


def test_a_look_that_says_something_else_confirms_nothing() -> None:
    shown = [line("体检结论:不合格", 10, 10)]
    merged = with_text_layer(
        shown, [native("姓名张伟男汉族", 10, 10)], identity(), lambda boxes: ["不合格"] * len(boxes)
    )
    assert texts(merged) == ["体检结论:不合格"]


def test_layer_boxes_are_mapped_to_the_flat_page() -> None:
    half = np.diag([0.5, 0.5, 1.0])
    flat = line("姓名张伟", 50, 50, height=20)
    merged = with_text_layer([flat], [native("姓名张伟", 100, 100)], half)
    assert merged[0].box[0] == (50.0, 50.0)


AREA = (300.0, 0.0, 600.0, 300.0)


def test_the_clean_reading_wins_inside_the_seal() -> None:
    plain = [line("体检医院:广", 10, 100), line("民医院", 472, 100), line("别处", 10, 900)]
    clean = [line("体检医院:广州市花都区人民医院", 10, 100)]
    assert texts(with_clean_reading(plain, clean, AREA)) == ["体检医院:广州市花都区人民医院", "别处"]


def test_the_seal_s_own_text_goes_away() -> None:
    assert with_clean_reading([line("专用章", 350, 150)], [], AREA) == ()


def test_a_plain_line_that_was_read_better_stays() -> None:
    plain = [line("2026年9月11日", 320, 200, score=0.99)]
    clean = [line("2026年", 320, 200, score=0.5)]
    assert texts(with_clean_reading(plain, clean, AREA)) == ["2026年9月11日"]


def test_lines_away_from_the_seal_are_never_touched() -> None:
    plain = [line("姓名张伟", 10, 900)]
    assert with_clean_reading(plain, [line("别的", 10, 900)], AREA) == tuple(plain)


def test_where_two_sure_readings_differ_the_one_taken_is_doubted() -> None:
    plain = [line("2026年9月11日", 320, 200, score=0.96)]
    (merged,) = with_clean_reading(plain, [line("2026年9月17日", 320, 200, score=0.97)], AREA)
    assert merged.text == "2026年9月17日"
    assert 0.85 < merged.score < 0.95


def test_a_plain_line_that_stays_is_doubted_too() -> None:
    plain = [line("2026年9月11日星期五", 320, 200, score=0.99)]
    (merged,) = with_clean_reading(plain, [line("2026年9月17日", 320, 200, score=0.9)], AREA)
    assert merged.text == "2026年9月11日星期五"
    assert merged.score < 0.95


def test_agreeing_readings_and_unsure_ones_are_not_doubted() -> None:
    clean = [line("2026年9月11日", 320, 200, score=0.97)]
    assert with_clean_reading([line("2026年9月11日", 320, 200)], clean, AREA)[0].score == 0.97
    assert with_clean_reading([line("2026年g月11日", 320, 200, score=0.6)], clean, AREA)[0].score == 0.97


def test_the_seal_s_own_words_in_the_place_of_the_print_raise_no_doubt() -> None:
    clean = [line("2026-09-01", 320, 200, score=0.97)]
    assert with_clean_reading([line("体检专用章", 320, 200)], clean, AREA)[0].score == 0.97


def test_under_a_seal_with_the_colour_of_pens_handwriting_stays() -> None:
    plain = [line("张伟", 350, 150, score=0.8), line("日期2026年9月", 320, 230, score=0.9)]
    clean = [line("日期2026年9月1日", 320, 230, score=0.95)]
    merged = with_clean_reading(plain, clean, AREA, pens_alike=True)
    assert texts(merged) == ["张伟", "日期2026年9月1日"]
    shorter = [line("日期2026", 320, 230, score=0.99)]
    assert texts(with_clean_reading(plain, shorter, AREA, pens_alike=True)) == ["张伟", "日期2026年9月"]
