"""Usual words of seals where the recogniser is of two minds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.imaging.seal_vote import chosen
from verifier.imaging.seal_words import usualness, with_usual_words
from verifier.ocr.engine import Alternative, Recognition


def said(text: str, score: float = 0.93, **others: float) -> Recognition:
    alternatives = tuple(Alternative(text=other, likelihood=likelihood) for other, likelihood in others.items())
    return Recognition(text=text, score=score, others=alternatives)


def words(*readings: Recognition) -> Recognition:
    return with_usual_words(readings[0], readings)


def test_a_word_is_put_together_from_several_readings() -> None:
    first = said("广州市艺都区骏威商级中学", 广州市艺都区骏威高级中学=0.2)
    second = said("广州市花都区骏威级中学", 0.91)
    done = words(first, second)
    assert done.text == "广州市花都区骏威高级中学"
    assert done.score < first.score


def test_the_end_of_a_school_is_a_word_and_what_tells_it_from_others_stays() -> None:
    assert words(said("新雅第三本学", 新雅第三中学=0.8)).text == "新雅第三中学"
    assert words(said("新雅第三中学", 新雅第二中学=0.9)).text == "新雅第三中学"
    assert words(said("新雅第三牛学", 新雅第三中学=0.5, 新雅第三小学=0.4)).text == "新雅第三牛学"


def test_what_the_recogniser_does_not_hold_possible_is_not_put_in() -> None:
    assert words(said("骏威商级中学")).text == "骏威商级中学"
    assert words(said("骏威商级中学", 骏威高级中学=0.01)).text == "骏威商级中学"


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("广州李花都区赤坭小学", "广州市花都区赤坭小学"),
        ("州市花都区人民医院", "广州市花都区人民医院"),
        ("广州花都区人民医院", "广州市花都区人民医院"),
        ("广州市番禺区人民医院", "广州市番禺区人民医院"),
        ("佛山市白云区小学", "佛山市白云区小学"),
        ("清远市清城区小学", "清远市清城区小学"),
        ("花都区人民医院", "花都区人民医院"),
    ],
)
def test_only_the_city_of_a_district_is_put_back(read: str, meant: str) -> None:
    assert words(said(read)).text == meant


def test_a_speck_before_a_purpose_goes() -> None:
    assert chosen([said("三健康体检专用章", 0.9, 健康体检专用章=0.6)]).text == "健康体检专用章"
    assert chosen([said("健康体检专用章", 0.93), said("三健康体检专用章", 0.95)]).text == "健康体检专用章"


@given(
    st.text("广州市花都区第一二三人民医院中小学专用章", max_size=12),
    st.text("广州市花都区第一二三人民医院中小学专用章", max_size=12),
)
def test_a_reading_never_becomes_less_usual(text: str, other: str) -> None:
    reading = said(text, 0.9, **{other: 0.5}) if other and other != text else said(text, 0.9)
    done = words(reading)
    assert usualness(done.text) >= usualness(text)
    assert [c for c in done.text if c in "一二三"] == [c for c in text if c in "一二三"] or usualness(
        done.text
    ) > usualness(text)
