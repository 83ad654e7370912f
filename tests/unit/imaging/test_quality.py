from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from schemas.document import CaptureProblem, PageQuality, QualityProblem
from tests.support.drawn_pages import (
    Image,
    blurred,
    card,
    jpeg,
    lay,
    noisy,
    page,
    plain,
    shaded,
    shaken,
    with_glare,
    wood,
)
from verifier.geometry import bounds
from verifier.imaging.quality import HIDES_FIELDS, MESSAGES, measure
from verifier.imaging.rectify import flatten

TEXT = 24
LAID = [(90.0, 60.0), (1110.0, 90.0), (1080.0, 1540.0), (60.0, 1510.0)]


@pytest.fixture(scope="module")
def sheet() -> Image:
    return page(text=TEXT)


@pytest.fixture(scope="module")
def photo(sheet: Image) -> Image:
    return lay(sheet, wood(1180, 1600), LAID)


def severity(quality: PageQuality, kind: CaptureProblem) -> float:
    return max((problem.severity for problem in quality.problems if problem.kind is kind), default=0.0)


def the_only(quality: PageQuality) -> QualityProblem:
    (problem,) = quality.problems
    return problem


def smaller(image: Image, factor: float) -> Image:
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)


GOOD: dict[str, Callable[[Image], Image]] = {
    "as drawn": lambda image: image,
    "JPEG 30": lambda image: jpeg(image, 30),
    "JPEG 95": lambda image: jpeg(image, 95),
    "noise": lambda image: jpeg(noisy(image, 9), 80),
    "shadow": lambda image: jpeg(noisy(shaded(image)), 80),
    "deep shadow": lambda image: jpeg(noisy(shaded(image, 0.4), 3), 80),
    "slightly soft": lambda image: jpeg(blurred(image, 0.03 * TEXT)),
    "half the size": lambda image: jpeg(smaller(image, 0.55)),
    "dim": lambda image: (image * 0.5).astype(np.uint8),
    "overexposed": lambda image: np.clip(image * 1.25, 0, 255).astype(np.uint8),
    "lying on its side": lambda image: np.ascontiguousarray(np.rot90(image)),
}


@pytest.mark.parametrize("how", GOOD)
def test_readable_pages_have_no_problem(how: str, sheet: Image, photo: Image) -> None:
    assert measure(GOOD[how](sheet)).problems == ()
    assert measure(GOOD[how](photo)).problems == ()


@pytest.mark.parametrize("paper, ink", [(255, 0), (235, 45), (200, 90), (150, 50)])
@pytest.mark.parametrize("text", [16, 40])
def test_papers_inks_and_sizes_of_print_are_fine(paper: int, ink: int, text: int) -> None:
    assert measure(page(text=text, paper=paper, ink=ink)).acceptable


def test_card_on_a_desk_is_fine() -> None:
    corners = [(200.0, 330.0), (960.0, 300.0), (975.0, 790.0), (215.0, 810.0)]
    assert measure(jpeg(noisy(lay(card(), wood(1180, 1100), corners)))).problems == ()


BLURS: dict[str, Callable[[Image, float], Image]] = {
    "out of focus": lambda image, share: blurred(image, share * TEXT),
    "shaken sideways": lambda image, share: shaken(image, max(1, round(3.46 * share * TEXT))),
    "shaken up and down": lambda image, share: shaken(image, max(1, round(3.46 * share * TEXT)), upright=True),
}


@pytest.mark.parametrize("how", BLURS)
@pytest.mark.parametrize("on_desk", [False, True], ids=["scan", "photo"])
def test_more_blur_is_worse_and_strong_blur_is_refused(how: str, on_desk: bool, sheet: Image, photo: Image) -> None:
    source = photo if on_desk else sheet
    found = [measure(jpeg(noisy(BLURS[how](source, share), 3))) for share in (0.0, 0.07, 0.14, 0.2)]
    severities = [severity(quality, CaptureProblem.BLURRED) for quality in found]
    assert all(a <= b for a, b in pairwise(severities)), severities
    assert severities[0] == 0 and found[0].acceptable
    assert severities[2] >= HIDES_FIELDS and not found[2].acceptable
    assert severities[3] >= 0.6


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_text_blurred_away_is_never_acceptable(share: float, photo: Image) -> None:
    quality = measure(jpeg(noisy(blurred(photo, share * TEXT), 3)))
    assert not quality.acceptable
    assert quality.problems[0].kind in (CaptureProblem.BLURRED, CaptureProblem.BLANK)


def test_page_photographed_from_afar_is_small_but_not_blurred(photo: Image) -> None:
    far = jpeg(noisy(smaller(photo, 0.55), 3), 90)
    assert severity(measure(far), CaptureProblem.BLURRED) == 0


def test_blur_is_compared_with_the_size_of_the_print() -> None:
    """The same two and a half pixels: nothing to large print, too much for small print."""
    large, small = (measure(blurred(page(text=text), 2.5)) for text in (60, 18))
    assert large.problems == ()
    assert not small.acceptable


def test_blur_of_one_half_is_located(sheet: Image) -> None:
    half = sheet.shape[0] // 2
    mixed = sheet.copy()
    mixed[half:] = blurred(sheet, 0.2 * TEXT)[half:]
    problem = the_only(measure(mixed))
    assert problem.kind is CaptureProblem.BLURRED and problem.box is not None
    assert bounds(problem.box)[1] > half - 8 * TEXT


@pytest.mark.parametrize("strength", [1.6, 2.5])
@pytest.mark.parametrize("on_desk", [False, True], ids=["scan", "photo"])
def test_glare_over_text_is_found_where_it_is(strength: float, on_desk: bool, sheet: Image, photo: Image) -> None:
    source = (photo if on_desk else sheet) * 0.9
    bad = jpeg(noisy(with_glare(source.astype(np.uint8), (500, 420), (190, 110), strength), 3))
    problem = the_only(measure(bad))
    assert problem.kind is CaptureProblem.GLARE and problem.severity >= HIDES_FIELDS and problem.box is not None
    left, top, right, bottom = bounds(problem.box)
    assert left < 500 < right and top < 420 < bottom
    assert right - left < 500 and bottom - top < 400


def test_larger_glare_is_worse(sheet: Image) -> None:
    dimmed = (sheet * 0.9).astype(np.uint8)
    severities = [
        severity(measure(with_glare(dimmed, (500, 420), (size, size * 0.6))), CaptureProblem.GLARE)
        for size in (0.001, 90, 150, 260)
    ]
    assert severities[0] == 0 and severities[1] > 0
    assert all(a <= b for a, b in pairwise(severities)), severities


def test_light_on_an_empty_margin_is_no_glare() -> None:
    low = page(1000, 1900, TEXT, paper=205)[:1414]
    low[760:] = 205
    assert measure(jpeg(noisy(with_glare(low, (520, 1120), (200, 160)), 3))).problems == ()


def test_white_box_on_tinted_paper_is_no_glare(sheet: Image) -> None:
    tinted = (sheet * 0.85).astype(np.uint8)
    tinted[400:520, 200:800] = 255
    assert severity(measure(tinted), CaptureProblem.GLARE) == 0


CUTS = {
    "top": lambda image: image[image.shape[0] // 4 :],
    "bottom": lambda image: image[: image.shape[0] * 3 // 4],
    "left": lambda image: image[:, image.shape[1] // 4 :],
    "right": lambda image: image[:, : image.shape[1] * 3 // 4],
}


@pytest.mark.parametrize("side", CUTS)
@pytest.mark.parametrize("on_desk", [False, True], ids=["scan", "photo"])
def test_text_cut_off_is_found_on_its_side(side: str, on_desk: bool, sheet: Image, photo: Image) -> None:
    whole = photo if on_desk else page(text=TEXT, table=True)
    part = np.ascontiguousarray(CUTS[side](whole))
    quality = measure(jpeg(noisy(part, 3)))
    problem = the_only(quality)
    assert problem.kind is CaptureProblem.CROPPED and not quality.acceptable and problem.box is not None
    left, top, right, bottom = bounds(problem.box)
    height, width = part.shape[:2]
    distance = {"top": top, "bottom": height - bottom, "left": left, "right": width - right}[side]
    assert abs(distance) < 2


def test_page_whose_margin_leaves_the_photo_is_not_cropped(sheet: Image) -> None:
    corners = [(-30.0, -20.0), (1180.0, 10.0), (1170.0, 1640.0), (-20.0, 1620.0)]
    assert measure(lay(sheet, wood(1180, 1600), corners)).problems == ()


def test_smaller_text_is_worse() -> None:
    base = page(2000, 2828, 40)
    found = [measure(smaller(base, height / 40)) for height in (20, 14, 9, 7)]
    severities = [severity(quality, CaptureProblem.TOO_SMALL) for quality in found]
    assert severities[:2] == [0, 0]
    assert all(a <= b for a, b in pairwise(severities)), severities
    assert not found[-1].acceptable


def test_darker_is_worse(sheet: Image) -> None:
    found = [measure((sheet * light).astype(np.uint8)) for light in (1.0, 0.4, 0.2, 0.12)]
    severities = [severity(quality, CaptureProblem.TOO_DARK) for quality in found]
    assert severities[:2] == [0, 0]
    assert all(a <= b for a, b in pairwise(severities)), severities
    assert not found[-1].acceptable


def test_paler_is_worse() -> None:
    found = [measure(page(ink=ink)) for ink in (45, 150, 195, 212)]
    severities = [severity(quality, CaptureProblem.LOW_CONTRAST) for quality in found]
    assert severities[:2] == [0, 0]
    assert all(a <= b for a, b in pairwise(severities)), severities
    assert not found[-1].acceptable


@pytest.mark.parametrize(
    "image, kind",
    [
        (noisy(np.full((1400, 1000, 3), 240, np.uint8)), CaptureProblem.BLANK),
        (lay(np.full((1400, 1000, 3), 230, np.uint8), plain(1180, 1600), LAID), CaptureProblem.BLANK),
        (np.full((40, 60, 3), 200, np.uint8), CaptureProblem.BLANK),
        (noisy(np.full((1400, 1000, 3), 8, np.uint8), 3), CaptureProblem.TOO_DARK),
    ],
    ids=["paper", "paper on a desk", "thumbnail", "lens cap"],
)
def test_nothing_to_read_is_said(image: Image, kind: CaptureProblem) -> None:
    quality = measure(image)
    assert the_only(quality).kind is kind
    assert not quality.acceptable


def test_desk_alone_is_not_acceptable() -> None:
    assert not measure(wood(1180, 1600)).acceptable


def test_measuring_after_flattening_gives_the_same(photo: Image) -> None:
    bad = jpeg(noisy(blurred(photo, 0.1 * TEXT)))
    flat = flatten(bad)
    assert flat.page is not None
    assert measure(bad, flat) == measure(bad)


def test_every_problem_has_a_sentence_for_the_applicant() -> None:
    assert set(MESSAGES) == set(CaptureProblem)
    assert all(message.endswith("。") for message in MESSAGES.values())
