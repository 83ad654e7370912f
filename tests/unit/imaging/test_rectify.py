from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.support.drawn_pages import Image, card, checks, jpeg, lay, noisy, page, plain, shaded, wood
from verifier.geometry import map_points
from verifier.imaging.rectify import MAX_LONG_SIDE, MAX_UPSAMPLING, Flat, flatten

SIZE = (1050, 1400)
STRAIGHT = [(140.0, 168.0), (910.0, 176.0), (907.0, 1260.0), (134.0, 1252.0)]
TILTED = [(182.0, 126.0), (938.0, 203.0), (840.0, 1281.0), (84.0, 1190.0)]
FAR_END = [(231.0, 182.0), (819.0, 175.0), (966.0, 1260.0), (91.0, 1274.0)]
CARD = [(231.0, 434.0), (861.0, 392.0), (882.0, 791.0), (245.0, 826.0)]

DESKS = {
    "wood": wood(*SIZE),
    "light wood": wood(*SIZE, level=165, seed=9),
    "dark cloth": plain(*SIZE, level=35),
    "chequered cloth": checks(*SIZE),
    "almost as light as the paper": plain(*SIZE, level=158),
}


def corners_of(flat: Flat) -> np.ndarray:
    height, width = flat.image.shape[:2]
    return map_points(np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64), flat.to_uploaded)


def assert_corners(flat: Flat, expected: list[tuple[float, float]], tolerance: float = 15.0) -> None:
    """Within 15 pixels of a photo of 1400: the margin left around the page and one pixel of the searched copy."""
    assert flat.found
    assert np.abs(corners_of(flat) - np.array(expected)).max() < tolerance, corners_of(flat)


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("corners", [STRAIGHT, TILTED, FAR_END], ids=["nearly straight", "tilted", "from a low angle"])
def test_page_on_a_desk_is_found(desk: str, corners: list[tuple[float, float]]) -> None:
    photo = jpeg(noisy(lay(page(), DESKS[desk], corners)))
    assert_corners(flatten(photo), corners)


@pytest.mark.parametrize("desk", ["wood", "light wood", "dark cloth"])
def test_shadow_across_page_and_desk_does_not_move_the_page(desk: str) -> None:
    photo = jpeg(noisy(shaded(lay(page(), DESKS[desk], TILTED))))
    assert_corners(flatten(photo), TILTED)


def test_to_uploaded_maps_what_is_printed_where_it_lies_in_the_photo() -> None:
    sheet = page()
    marks = np.array([[150, 150], [850, 150], [500, 700], [850, 1250], [150, 1250]], dtype=np.float64)
    for x, y in marks.astype(int):
        sheet[y - 9 : y + 9, x - 9 : x + 9] = (0, 0, 255)
    photo = lay(sheet, DESKS["wood"], TILTED)
    flat = flatten(photo)

    def red(image: Image) -> np.ndarray:
        strong = (image[..., 2].astype(int) - image[..., 0] > 120).astype(np.uint8)
        _, _, stats, centres = cv2.connectedComponentsWithStats(strong)
        large = stats[:, 4] > 60
        large[0] = False
        return centres[large]

    seen, there = red(flat.image), red(photo)
    assert len(seen) == len(there) == len(marks)
    mapped = map_points(seen, flat.to_uploaded)
    for point in there:
        assert np.linalg.norm(mapped - point, axis=1).min() < 1.5


def test_card_alone_on_a_desk_is_found() -> None:
    assert_corners(flatten(jpeg(noisy(lay(card(), DESKS["wood"], CARD)))), CARD)


def test_tinted_card_on_white_paper_is_found_the_right_way_round() -> None:
    sheet = np.full((1400, 1050, 3), 245, np.uint8)
    assert_corners(flatten(jpeg(noisy(lay(card(tint=(180, 195, 185)), sheet, CARD), 3))), CARD)


def two_cards(desk: Image) -> Image:
    upper = [(231.0, 210.0), (791.0, 210.0), (791.0, 560.0), (231.0, 560.0)]
    lower = [(245.0, 770.0), (833.0, 791.0), (819.0, 1148.0), (238.0, 1127.0)]
    return lay(card(seed=4), lay(card(seed=3), desk, upper), lower)


@pytest.mark.parametrize("desk", ["wood", "dark cloth"])
def test_of_two_cards_neither_is_cut_off(desk: str) -> None:
    photo = jpeg(noisy(two_cards(DESKS[desk])))
    left, top = corners_of(flatten(photo)).min(axis=0)
    right, bottom = corners_of(flatten(photo)).max(axis=0)
    assert left < 238 and top < 217 and right > 812 and bottom > 1120


def test_two_cards_on_a_sheet_are_flattened_to_the_sheet() -> None:
    sheet = two_cards(np.full((1400, 1050, 3), 238, np.uint8))
    assert_corners(flatten(jpeg(noisy(lay(sheet, DESKS["wood"], TILTED)))), TILTED)


def test_skewed_scan_with_a_grey_border_is_straightened() -> None:
    corners = [(42.0, 21.0), (1029.0, 49.0), (1008.0, 1382.0), (20.0, 1354.0)]
    scan = jpeg(noisy(lay(page(), plain(*SIZE, level=120), corners), 2))
    assert_corners(flatten(scan), corners)


def test_page_that_leaves_the_photo_loses_no_text() -> None:
    corners = [(126.0, -49.0), (945.0, -35.0), (931.0, 1190.0), (140.0, 1183.0)]
    flat = flatten(jpeg(noisy(lay(page(), DESKS["wood"], corners))))
    left, top = corners_of(flat).min(axis=0)
    right, bottom = corners_of(flat).max(axis=0)
    assert top <= 5 and left < 144 and right > 927 and bottom > 1179


@pytest.mark.parametrize("paper", [255, 236])
def test_page_without_visible_edges_stays_as_it_is(paper: int) -> None:
    render = page(1654, 2339, 30, paper=paper)
    flat = flatten(render)
    assert not flat.found
    assert flat.image is render
    assert np.array_equal(flat.to_uploaded, np.eye(3))


def test_screenshot_with_a_white_panel_stays_as_it_is() -> None:
    screen = np.full((2340, 1080, 3), (230, 180, 90), np.uint8)
    screen[300:1700, 40:1040] = page(1000, 1400, 30, paper=255, table=False)
    screen[60:240, 200:800] = 255 - page(1000, 1400, 40, paper=60, ink=10, table=False)[200:380, 200:800]
    assert not flatten(screen).found


def test_frame_printed_on_a_page_is_not_taken_for_the_page() -> None:
    sheet = page(1240, 1754, 26, paper=225, table=False)
    sheet[500:1300, 150:1090] = page(940, 800, 26, paper=250, table=False)
    flat = flatten(jpeg(noisy(sheet, 2)))
    assert not flat.found


@pytest.mark.parametrize("shape", [(2000, 1500, 3), (60, 40, 3), (1, 1, 3)])
def test_nothing_is_found_on_nothing(shape: tuple[int, int, int]) -> None:
    assert not flatten(np.full(shape, 128, np.uint8)).found


def test_resolution_is_kept_within_limits() -> None:
    corners = [(x * 2.9, y * 2.9) for x, y in FAR_END]
    photo = lay(page(1500, 2121, 36), plain(3045, 4060, level=40), corners)
    flat = flatten(photo)
    assert_corners(flat, corners, 50)
    height, width = flat.image.shape[:2]
    assert max(height, width) == MAX_LONG_SIDE
    small = flatten(lay(page(), DESKS["dark cloth"], FAR_END)).image
    assert small.shape[1] <= 588 * MAX_UPSAMPLING * 1.03


def test_a_page_darker_than_the_table_along_some_sides_is_found_whole() -> None:
    """A table in sun and shade: the page is darker than the one and lighter than the other."""
    table = plain(*SIZE, level=240).copy()
    shade = [TILTED[3], TILTED[1], (1050, 100), (1050, 1400), (-200, 1400)]
    cv2.fillConvexPoly(table, np.array(shade, np.int32), (150, 150, 150))
    grey_page = np.minimum(page(), 200).astype(np.uint8)
    assert_corners(flatten(jpeg(noisy(lay(grey_page, table, TILTED), 2))), TILTED)


def test_a_card_among_others_is_found_by_the_text_it_holds() -> None:
    upper, lower = [(x, y - 350.0) for x, y in CARD], [(x, y + 260.0) for x, y in CARD]
    photo = jpeg(noisy(lay(card(), lay(card(), DESKS["wood"], upper), lower)))
    places = [(float(x), float(y)) for x, y in (np.mean(upper, axis=0), np.mean(lower, axis=0))]
    assert_corners(flatten(photo, text=places[:1], other_text=places[1:]), upper)
    assert_corners(flatten(photo, text=places[1:], other_text=places[:1]), lower)
