"""Choosing among readings of one line of a seal."""

import pytest

from verifier.imaging.seal_vote import chosen, is_settled
from verifier.ocr.engine import Alternative, Recognition

NAME = "广州市花都区雅瑶实验学校"
SLIP = "广州市花都区雅瑞实验学校"


def said(text: str, score: float, **others: float) -> Recognition:
    return Recognition(
        text=text,
        score=score,
        others=tuple(Alternative(text=other, likelihood=likelihood) for other, likelihood in others.items()),
    )


def test_two_equal_sure_readings_are_settled() -> None:
    assert is_settled([said("体检专用章", 0.97), said("。体检专用章", 0.96)])
    assert not is_settled([said("体检专用章", 0.97), said("体检专甲章", 0.97)])
    assert not is_settled([said("体检专用章", 0.97), said("体检专用章", 0.7)])
    assert not is_settled([said("体检专用章", 0.97)])


def test_the_better_reading_wins_and_specks_go() -> None:
    assert chosen([said(SLIP, 0.8), said(f"-{NAME}.", 0.97)]).text == NAME


def test_a_reading_cut_short_loses_to_a_whole_one() -> None:
    assert chosen([said("州市花都区雅瑶实验学", 0.99), said(NAME, 0.96)]).text == NAME


def test_the_page_decides_between_what_was_read() -> None:
    readings = [said(SLIP, 0.97), said(NAME, 0.94)]
    assert chosen(readings).text == SLIP
    assert chosen(readings, [f"单位名称:{NAME}(盖章)"]).text == NAME


def test_the_page_decides_for_what_the_recogniser_holds_possible() -> None:
    assert chosen([said(SLIP, 0.97, **{NAME: 0.3})], [NAME]).text == NAME
    assert chosen([said(SLIP, 0.97, **{NAME: 0.3})], [NAME]).score < 0.97


def test_nothing_is_invented_from_the_page() -> None:
    assert chosen([said(SLIP, 0.97)], [NAME]).text == SLIP
    assert chosen([said(SLIP, 0.97, **{NAME: 0.05})], [NAME]).text == SLIP
    assert chosen([said(SLIP, 0.97), said(NAME, 0.7)], [NAME]).text == SLIP


@pytest.mark.parametrize(
    ("read", "printed"),
    [("花都区第三人民医院", "花都区第二人民医院"), ("花都区东方小学", "花都区南方小学")],
)
def test_the_page_never_decides_about_ordinals_and_directions(read: str, printed: str) -> None:
    assert chosen([said(read, 0.9, **{printed: 0.9}), said(printed, 0.89)], [printed]).text == read


def test_usual_purposes_are_preferred_to_near_misses() -> None:
    assert chosen([said("建康体检专用章", 0.95, 健康体检专用章=0.2)]).text == "健康体检专用章"
