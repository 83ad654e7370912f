from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.ocr.strips import (
    MAX_STRIP_WIDTH,
    STRIP_HEIGHT,
    cut,
    groups_of_like_width,
    reading_order,
    side_lengths,
    to_strip,
    upright_corners,
)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


def test_corners_begin_at_the_top_left_whatever_the_detector_began_with() -> None:
    expected = box(10, 20, 110, 50)
    for turn in range(4):
        assert np.allclose(upright_corners(np.roll(expected, turn, axis=0)), expected, atol=0.01)


def test_corners_of_a_line_that_runs_downwards_begin_at_its_top_right() -> None:
    assert np.allclose(upright_corners(box(10, 20, 40, 120)), [[40, 20], [40, 120], [10, 120], [10, 20]], atol=0.01)


@given(
    angle=st.floats(-40, 40),
    width=st.integers(60, 400),
    height=st.integers(8, 35),
)
def test_corners_follow_a_tilted_line(angle: float, width: int, height: int) -> None:
    turn = cv2.getRotationMatrix2D((0.0, 0.0), -angle, 1.0)[:, :2]
    tilted = box(-width / 2, -height / 2, width / 2, height / 2) @ turn.T + 500
    corners = upright_corners(tilted)
    assert np.allclose(corners, tilted, atol=0.5)
    along, across = side_lengths(corners)
    assert along == pytest.approx(width, abs=0.5) and across == pytest.approx(height, abs=0.5)


def test_cut_takes_the_line_upright_and_at_strip_height() -> None:
    page = np.full((300, 400, 3), 255, dtype=np.uint8)
    page[100:196, 50:98] = 0  # the left quarter of the line is black
    strip = cut(page, box(50, 100, 242, 196))
    assert strip.shape == (STRIP_HEIGHT, 96, 3)
    assert strip[:, :22].max() == 0 and strip[:, 26:].min() == 255


def test_cut_turns_a_line_that_runs_downwards() -> None:
    page = np.full((300, 300, 3), 255, dtype=np.uint8)
    page[50:100, 100:148] = 0  # its first quarter, at the top
    strip = cut(page, upright_corners(box(100, 50, 148, 250)))
    assert strip.shape[0] == STRIP_HEIGHT and strip.shape[1] == pytest.approx(200, abs=2)
    inner = strip[3:-3]  # a box ends on the pixel after its last one
    assert inner[:, :46].max() < 40 and inner[:, 54:].min() > 215


def test_cut_at_the_edge_repeats_the_edge() -> None:
    page = np.full((60, 60, 3), 200, dtype=np.uint8)
    assert cut(page, box(-20, -20, 60, 20)).min() >= 199


def test_shrinking_keeps_a_dot_one_pixel_wide() -> None:
    crop = np.full((192, 400, 3), 255, dtype=np.uint8)
    crop[150:154, 201] = 0
    assert to_strip(crop).min() < 240


@given(st.integers(1, 200), st.integers(1, 20_000))
def test_strips_have_one_height_and_a_bounded_width(height: int, width: int) -> None:
    strip = to_strip(np.zeros((height, width, 3), dtype=np.uint8))
    assert strip.shape[0] == STRIP_HEIGHT
    assert 1 <= strip.shape[1] <= MAX_STRIP_WIDTH


def test_crop_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="without pixels"):
        to_strip(np.zeros((0, 10, 3), dtype=np.uint8))


def test_reading_order_goes_by_rows_then_from_left_to_right() -> None:
    lines = [box(300, 104, 400, 134), box(10, 200, 90, 230), box(10, 96, 90, 126), box(150, 100, 250, 130)]
    assert reading_order(lines) == [2, 3, 0, 1]
    assert reading_order([]) == []


def test_lines_half_a_row_apart_are_two_rows() -> None:
    assert reading_order([box(300, 100, 400, 130), box(10, 118, 90, 148)]) == [0, 1]


@given(st.lists(st.integers(1, MAX_STRIP_WIDTH), max_size=80))
def test_groups_hold_every_strip_once_with_little_padding(widths: list[int]) -> None:
    groups = groups_of_like_width(widths, floor=160, step=32, total=1280)
    assert sorted(i for group in groups for i in group) == list(range(len(widths)))
    for group in groups:
        widest = max(160, *(widths[i] for i in group))
        assert all(widest - max(160, widths[i]) < 32 for i in group)
        assert len(group) == 1 or widest * len(group) <= 1280
