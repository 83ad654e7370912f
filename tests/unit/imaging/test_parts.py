"""Gaps between lines of text, and the room around a part of them."""

from __future__ import annotations

import pytest

from schemas.base import Quad
from verifier.geometry import quad_from_bounds
from verifier.imaging.parts import MIN_GAP, cuts, region


def rows(left: float, top: float, count: int, *, step: float = 50.0) -> list[Quad]:
    return [quad_from_bounds(left, top + step * at, left + 300, top + step * at + 40) for at in range(count)]


def test_the_widest_gap_comes_first() -> None:
    first = next(iter(cuts(rows(100, 100, 4) + rows(120, 700, 3))))
    assert {first.one, first.other} == {(0, 1, 2, 3), (4, 5, 6)}
    assert first.gap == pytest.approx((700 - 290) / 40, abs=0.1)


def test_cards_beside_each_other() -> None:
    first = next(iter(cuts(rows(100, 100, 5) + rows(800, 130, 4))))
    assert {first.one, first.other} == {(0, 1, 2, 3, 4), (5, 6, 7, 8)}


def test_text_that_runs_another_way_is_apart_even_when_near() -> None:
    standing = [quad_from_bounds(440 + 50 * at, 100, 480 + 50 * at, 400) for at in range(3)]
    first = next(iter(cuts(rows(100, 100, 6) + standing)))
    assert {first.one, first.other} == {(0, 1, 2, 3, 4, 5), (6, 7, 8)}


def test_a_paragraph_is_never_cut() -> None:
    assert list(cuts(rows(100, 100, 12, step=42 + 0.5 * MIN_GAP))) == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_lines_fall_apart_nowhere(count: int) -> None:
    assert list(cuts(rows(100, 100, count, step=400))) == []


def test_a_region_reaches_half_way_to_the_next_text() -> None:
    left, top, right, bottom = region(rows(100, 100, 4), rows(100, 390, 2), 1000, 1000)
    assert (left, right) == (25, 475)
    assert bottom == (290 + 390) / 2
    assert top == 25


def test_a_region_stays_in_the_picture() -> None:
    assert region(rows(10, 10, 4), [], 320, 210) == (0, 0, 320, 210)
