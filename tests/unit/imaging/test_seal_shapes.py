"""How a seal is turned, the order of a square seal's text, and a seal taken from the picture as uploaded."""

import cv2
import numpy as np
import pytest

from tests.unit.imaging.test_seals import (
    BLUE,
    RED,
    Stamp,
    TemplateEngine,
    blank,
    only,
    press,
    print_lines,
    ring_ink,
    stamped,
)
from verifier.imaging import seals
from verifier.imaging.seal_disc import flatten_ink
from verifier.imaging.seal_frame import in_reading_order
from verifier.imaging.seal_turn import turn_by_shape


@pytest.mark.parametrize("turn", [0.0, 8.0, -21.0, 33.0])
def test_a_star_tells_how_a_seal_is_turned(turn: float) -> None:
    page = stamped(Stamp(turn=turn))
    found = turn_by_shape(flatten_ink(page, only(seals.find(page))))
    assert found == pytest.approx(turn, abs=2.5)


def test_a_star_looks_the_same_five_times_around() -> None:
    page = stamped(Stamp(turn=90.0))
    disc = flatten_ink(page, only(seals.find(page)))
    assert turn_by_shape(disc) == pytest.approx(18.0, abs=2.5)
    assert turn_by_shape(disc, 80.0) == pytest.approx(90.0, abs=2.5)


def test_an_oval_tells_it_by_its_long_axis_and_a_plain_ring_not_at_all() -> None:
    page = stamped(Stamp(flat=0.7, star=False, turn=12.0))
    assert turn_by_shape(flatten_ink(page, only(seals.find(page)))) == pytest.approx(12.0, abs=2.5)
    page = stamped(Stamp(star=False))
    assert turn_by_shape(flatten_ink(page, only(seals.find(page)))) is None


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (("花都区", "教育局"), "花都区教育局"),
        (("之李", "印明"), "李明之印"),
        (("李明", "之印"), "李明之印"),
        (("合同", "专用章"), "合同专用章"),
        (("体检专用章",), "体检专用章"),
        ((), ""),
    ],
)
def test_square_seals_read_by_rows_or_by_columns(rows: tuple[str, ...], text: str) -> None:
    assert in_reading_order(rows) == text


def test_a_seal_is_read_from_the_picture_the_page_was_made_from() -> None:
    uploaded = stamped(Stamp(straight="PQRT"))
    # the page: half as large, blurred by that, and moved
    to_uploaded = np.array([[2.0, 0.0, 40.0], [0.0, 2.0, 60.0], [0.0, 0.0, 1.0]])
    page = cv2.warpPerspective(uploaded, to_uploaded, (420, 540), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.5), dtype=np.uint8)
    region = only(seals.find(page))
    source = seals.Source(uploaded, to_uploaded)
    assert seals.read(page, region, TemplateEngine(), source=source).text == "ABCDEFGJKLPQRT"
    assert seals.read(page, region, TemplateEngine()).text != "ABCDEFGJKLPQRT"


def test_blue_ink_is_removed_and_black_print_stays() -> None:
    page = blank()
    print_lines(page, "ABCDEFGJKL ABCDEFGJKLPQ", 790)
    wanted = page.astype(int)
    press(page, ring_ink(Stamp()), 560, 800, BLUE)
    before = np.abs(page.astype(int) - wanted).mean()
    assert np.abs(seals.remove_ink(page, "blue").astype(int) - wanted).mean() < 0.25 * before


def test_red_ink_stays_when_blue_is_removed() -> None:
    page = stamped(Stamp(), colour=RED)
    assert np.abs(seals.remove_ink(page, "blue").astype(int) - page.astype(int)).mean() < 0.05
