"""Ruled lines and cells on drawn tables: merged cells, worn and dotted rules, slant, what is no table."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from verifier.geometry import bounds
from verifier.imaging import ruling
from verifier.ocr.engine import Image

Box = tuple[int, int, int, int]

FORM: tuple[Box, ...] = (
    # left, top, right, bottom: a group head over three rows, two plain rows, a row of two merged cells
    (100, 100, 180, 280),
    (180, 100, 400, 160), (400, 100, 900, 160), (900, 100, 1100, 280),
    (180, 160, 400, 220), (400, 160, 900, 220),
    (180, 220, 640, 280), (640, 220, 900, 280),
    (100, 280, 1100, 400),
)  # fmt: skip
"""Nine cells of one table, with spans both ways."""


def paper(width: int = 1200, height: int = 1600, grey: int = 245) -> Image:
    return np.full((height, width, 3), grey, dtype=np.uint8)


def ruled(boxes: Sequence[Box], *, thick: int = 2, dark: int = 30) -> Image:
    image = paper()
    for left, top, right, bottom in boxes:
        cv2.rectangle(image, (left, top), (right, bottom), (dark, dark, dark), thick)
    return image


def found(image: Image) -> list[tuple[int, int, int, int]]:
    return [tuple(round(value) for value in bounds(cell.box)) for cell in ruling.find(image).cells]  # type: ignore[misc]


def same(image: Image, boxes: Sequence[Box], *, within: int = 8) -> bool:
    """Whether exactly these cells are found, each edge within some pixels."""
    cells = found(image)
    return len(cells) == len(boxes) and all(
        any(max(abs(a - b) for a, b in zip(cell, box, strict=True)) <= within for cell in cells) for box in boxes
    )


def turned(image: Image, degrees: float) -> Image:
    matrix = cv2.getRotationMatrix2D((600.0, 300.0), degrees, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (1200, 1600), borderValue=(245, 245, 245)), dtype=np.uint8)


def noisy(image: Image, seed: int, sigma: float) -> Image:
    grain = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(image.astype(np.float64) + grain, 0, 255).astype(np.uint8)


def test_every_cell_is_found_where_it_was_drawn() -> None:
    assert same(ruled(FORM), FORM)


def test_spans_and_places_follow_the_lines_of_the_table() -> None:
    cells = {tuple(round(v / 20) for v in bounds(c.box)[:2]): c for c in ruling.find(ruled(FORM)).cells}
    group, merged, foot = cells[5, 5], cells[9, 11], cells[5, 14]
    assert (group.row, group.column, group.row_span, group.column_span) == (0, 0, 3, 1)
    assert (merged.row, merged.row_span, merged.column_span) == (2, 1, 2)
    assert (foot.row, foot.column, foot.row_span, foot.column_span) == (3, 0, 1, 5)


@pytest.mark.parametrize("degrees", [-3.0, -2.0, -0.7, 0.4, 3.0])
def test_a_slanted_page_has_the_same_cells(degrees: float) -> None:
    cells = ruling.find(turned(ruled(FORM), degrees)).cells
    assert [(c.row, c.column, c.row_span, c.column_span) for c in cells] == [
        (c.row, c.column, c.row_span, c.column_span) for c in ruling.find(ruled(FORM)).cells
    ]


@pytest.mark.parametrize(("thick", "dark", "sigma"), [(1, 60, 0.0), (2, 190, 3.0), (3, 30, 8.0), (1, 120, 4.0)])
def test_thin_grey_and_noisy_rules(thick: int, dark: int, sigma: float) -> None:
    assert same(noisy(ruled(FORM, thick=thick, dark=dark), 1, sigma), FORM)


def test_shade_over_the_page_is_no_rule() -> None:
    shade = np.linspace(0.45, 1.0, 1200)[None, :, None] * np.linspace(1.0, 0.7, 1600)[:, None, None]
    assert same((ruled(FORM).astype(np.float64) * shade).astype(np.uint8), FORM)


def test_dotted_rules() -> None:
    dots = paper()
    for left, top, right, bottom in FORM:
        for x in range(left, right, 6):
            cv2.line(dots, (x, top), (min(x + 2, right), top), (40, 40, 40), 2)
            cv2.line(dots, (x, bottom), (min(x + 2, right), bottom), (40, 40, 40), 2)
        for y in range(top, bottom, 6):
            cv2.line(dots, (left, y), (left, min(y + 2, bottom)), (40, 40, 40), 2)
            cv2.line(dots, (right, y), (right, min(y + 2, bottom)), (40, 40, 40), 2)
    assert same(dots, FORM)


def test_broken_rules_are_joined() -> None:
    image = ruled(FORM)
    rng = np.random.default_rng(7)
    for _ in range(25):
        x, y = int(rng.integers(100, 1080)), int(rng.integers(90, 400))
        image[y : y + 14, x : x + 14] = 245
    assert same(image, FORM)


def test_text_in_the_cells_makes_no_cells() -> None:
    image = ruled(FORM)
    for left, top, _, bottom in FORM:
        cv2.putText(
            image, "HELIX 1|1 H", (left + 12, (top + bottom) // 2 + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20,) * 3, 3
        )
    assert same(image, FORM)


def test_a_streak_through_the_page_cuts_no_cell() -> None:
    image = ruled(FORM)
    cv2.line(image, (520, 0), (520, 1599), (150, 150, 150), 2)
    assert same(image, FORM)


def test_a_table_open_at_its_sides_is_closed_where_its_rules_end() -> None:
    image = paper()
    rows = range(100, 500, 80)
    for y in rows:
        cv2.line(image, (100, y), (1100, y), (40, 40, 40), 2)
    for x in (400, 700):
        cv2.line(image, (x, 100), (x, 420), (40, 40, 40), 2)
    assert same(image, [(a, y, b, y + 80) for y in list(rows)[:-1] for a, b in ((100, 400), (400, 700), (700, 1100))])


def test_two_tables_are_numbered_from_the_top() -> None:
    lower = [(left, top + 700, right, bottom + 700) for left, top, right, bottom in FORM]
    cells = ruling.find(ruled([*lower, *FORM])).cells
    assert [cell.table for cell in cells] == [0] * len(FORM) + [1] * len(FORM)


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (64, 64), (900, 5)])
def test_pictures_too_small_for_a_table(size: tuple[int, int]) -> None:
    assert ruling.find(paper(size[1], size[0])) == ruling.NO_RULING


def test_a_blank_page_a_bar_code_and_lines_to_write_on_have_no_cells() -> None:
    lines, bars = paper(), paper()
    for y in range(200, 900, 90):
        cv2.line(lines, (150, y), (150 + y, y), (60, 60, 60), 2)
    for x in range(300, 700, 9):
        cv2.rectangle(bars, (x, 100), (x + 3, 170), (20, 20, 20), -1)
    assert [ruling.find(image).cells for image in (paper(), lines, bars)] == [(), (), ()]


def test_noise_has_no_cells() -> None:
    assert not ruling.find(noisy(paper(), 3, 12.0)).cells
