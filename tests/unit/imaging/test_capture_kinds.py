"""Re-shot screens, pictures of no document, colourless copies, light that washes ink out, and how all is drawn."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from schemas.document import HIDES_FIELDS, CaptureProblem, PageQuality
from tests.support.drawn_pages import Image, blurred, card, checks, jpeg, lay, noisy, page, plain, shaded, wood
from verifier.geometry import bounds
from verifier.imaging.marking import draw_problems
from verifier.imaging.quality import LOCAL_CAP, measure, problem
from verifier.imaging.toner import is_colourless

LAID = [(90.0, 60.0), (1110.0, 90.0), (1080.0, 1540.0), (60.0, 1510.0)]


@pytest.fixture(scope="module")
def sheet() -> Image:
    return page(text=24)


def kinds(quality: PageQuality) -> set[CaptureProblem]:
    return {each.kind for each in quality.problems}


def screen(shown: Image, pitch: float, angle: float, depth: float) -> Image:
    """A screen photographed: its grid of pixels, `pitch` camera pixels apart and turned by `angle` degrees, one phase a
    channel; `depth` is the share of the light that the gaps take."""
    height, width = shown.shape[:2]
    y, x = np.indices((height, width), dtype=np.float32)
    turn = np.deg2rad(angle)
    along, down = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    out = shown.astype(np.float32)
    for channel in range(3):
        wave = np.sin(2 * np.pi * along / pitch + channel * 2.1) + np.sin(2 * np.pi * down / pitch)
        out[..., channel] *= 1 - depth * (0.5 + 0.25 * wave)
    return np.clip(out, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("pitch, angle", [(2.7, 2.0), (3.6, 12.0), (5.3, 31.0), (8.0, 45.0)])
def test_photographed_screen_shows_its_grid(sheet: Image, pitch: float, angle: float) -> None:
    shot = jpeg(noisy(blurred(screen(sheet, pitch, angle, 0.3), 0.6), 3))
    assert CaptureProblem.MOIRE in kinds(measure(shot))


@pytest.mark.parametrize("quality", [30, 60, 95])
def test_paper_has_no_grid(sheet: Image, quality: int) -> None:
    photo = lay(sheet, checks(1180, 1600), LAID)
    for source in (sheet, photo, lay(card(), wood(1180, 1600), LAID), noisy(shaded(sheet), 8)):
        assert CaptureProblem.MOIRE not in kinds(measure(jpeg(source, quality)))


def test_deeper_waves_are_worse_and_weak_ones_are_a_remark(sheet: Image) -> None:
    found = [measure(noisy(screen(sheet, 4.4, 20.0, depth), 2)) for depth in (0.0, 0.15, 0.4, 0.8)]
    severities = [
        max((each.severity for each in quality.problems if each.kind is CaptureProblem.MOIRE), default=0.0)
        for quality in found
    ]
    assert severities[0] == 0 < severities[1] < HIDES_FIELDS
    assert all(a <= b for a, b in pairwise(severities)), severities


def _landscape(seed: int) -> Image:
    """Sky, hills and meadow with leaves all over."""
    rng = np.random.default_rng(seed)
    out = np.zeros((1200, 1600, 3), np.uint8)
    for top, colour in ((0, (230, 170, 90)), (400, (130, 110, 90)), (700, (60, 110, 60)), (950, (50, 160, 120))):
        out[top:] = colour
    leaves = cv2.GaussianBlur(rng.normal(0, 1, out.shape[:2]).astype(np.float32), (0, 0), 4)
    return np.clip(out * (1 + 0.5 * leaves / leaves.std() * 0.4)[..., None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(3))
def test_a_landscape_is_no_document(seed: int) -> None:
    quality = measure(_landscape(seed))
    assert not quality.acceptable
    assert quality.problems[0].kind is CaptureProblem.NOT_A_DOCUMENT


def test_blank_paper_and_blurred_paper_are_not_called_something_else(sheet: Image) -> None:
    blank = lay(np.full((1400, 1000, 3), 230, np.uint8), plain(1180, 1600), LAID)
    assert kinds(measure(blank)) == {CaptureProblem.BLANK}
    soft = lay(sheet, plain(1180, 1600), LAID)
    assert CaptureProblem.NOT_A_DOCUMENT not in kinds(measure(jpeg(blurred(soft, 4.0))))


def _sealed(sheet: Image) -> Image:
    out = sheet.copy()
    cv2.circle(out, (700, 1100), 120, (90, 90, 220), 6, cv2.LINE_AA)
    return out


def test_a_red_seal_and_a_tinted_card_are_colour() -> None:
    assert not is_colourless(jpeg(_sealed(page())))
    assert not is_colourless(_sealed((page() * np.array([0.8, 0.95, 1.0])).astype(np.uint8)))


@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (0.82, 0.96, 1.0), (1.0, 0.97, 0.9)])
def test_a_copy_is_colourless_under_any_light(light: tuple[float, float, float]) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(_sealed(page()), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    lit = (shaded(np.asarray(grey, np.uint8), 0.7) * np.array(light)).astype(np.uint8)
    assert is_colourless(jpeg(noisy(lit, 3)))


def _reflection(sheet: Image, centre: tuple[int, int], radii: tuple[int, int], strength: float) -> Image:
    """Light that lifts ink and paper towards white, on paper that is nearly white itself."""
    y, x = np.indices(sheet.shape[:2], dtype=np.float32)
    away = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    light = strength * np.clip(1.75 - 1.25 * away, 0, 1)[..., None]
    return np.clip(sheet * (1 - light) + 255 * light, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("paper", [236, 248])
def test_light_that_washes_ink_out_is_glare_on_white_paper_too(paper: int) -> None:
    sheet = page(text=24, paper=paper)
    quality = measure(jpeg(noisy(_reflection(sheet, (480, 380), (240, 150), 1.0), 2)))
    found = [each for each in quality.problems if each.kind is CaptureProblem.GLARE]
    assert found and not quality.acceptable and found[0].box is not None
    left, top, right, bottom = bounds(found[0].box)
    assert left < 480 < right and top < 380 < bottom


def test_pale_labels_and_footers_are_no_glare() -> None:
    sheet = page(text=24, paper=247)
    grey = np.clip(sheet.astype(np.int32) + 150, 0, 247).astype(np.uint8)
    for rows, columns in ((slice(0, 1414), slice(0, 260)), (slice(560, 720), slice(0, 1000))):
        mixed = sheet.copy()
        mixed[rows, columns] = grey[rows, columns]
        assert CaptureProblem.GLARE not in kinds(measure(jpeg(noisy(mixed, 2))))


def test_a_small_blurred_corner_is_a_remark_with_a_box(sheet: Image) -> None:
    mixed = sheet.copy()
    mixed[90:700, 400:] = blurred(sheet, 4.5)[90:700, 400:]
    quality = measure(mixed)
    assert quality.acceptable
    (found,) = quality.problems
    assert found.kind is CaptureProblem.BLURRED and found.severity <= LOCAL_CAP and found.box is not None
    left, _, _, bottom = bounds(found.box)
    assert left > 300 and bottom < 750


def test_problems_are_drawn_where_they_are_and_nowhere_else(sheet: Image) -> None:
    box = ((200.0, 300.0), (500.0, 300.0), (500.0, 420.0), (200.0, 420.0))
    before = sheet.copy()
    drawn = draw_problems(sheet, [problem(CaptureProblem.GLARE, 0.5, box)])
    assert np.array_equal(sheet, before)
    changed = np.argwhere((drawn != sheet).any(axis=2))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert 150 < left < 205 and 250 < top < 305 and 495 < right < 520 and 415 < bottom < 440
    assert np.array_equal(drawn[340:400, 260:480], sheet[340:400, 260:480])


def test_problems_without_a_box_frame_the_page_and_each_has_its_own_number(sheet: Image) -> None:
    all_of_it = [problem(CaptureProblem.BLURRED, 0.9), problem(CaptureProblem.TOO_DARK, 0.4)]
    one, two = draw_problems(sheet, all_of_it[:1]), draw_problems(sheet, all_of_it)
    assert (one[700, :12] != sheet[700, :12]).any() and (one[700, -12:] != sheet[700, -12:]).any()
    assert (one[40, :200] != two[40, :200]).any()


@pytest.mark.parametrize("kind", list(CaptureProblem))
def test_every_kind_can_be_drawn_on_the_smallest_of_pictures(kind: CaptureProblem) -> None:
    tiny = np.full((12, 16, 3), 200, np.uint8)
    assert draw_problems(tiny, [problem(kind, 1.0)]).shape == tiny.shape
