"""Seals are drawn here letter by letter, so that what must be found and read is known exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from schemas.reading import Line
from verifier.errors import EngineTimeoutError
from verifier.geometry import bounds
from verifier.imaging import seals
from verifier.ocr.engine import Image, Recognition

RED = (60, 50, 205)
BLUE = (170, 60, 40)
BLACK = (25, 25, 25)
WHITE = (255, 255, 255)
ALPHABET = "ABCDEFGJKLPQRTUVYZ"
"""Letters that are not taken for one another, nor for themselves when mirrored or upside down."""


@cache
def letter(character: str, height: int) -> np.ndarray:
    """A letter as coverage 0..1, cut to its ink."""
    font = ImageFont.load_default(size=2 * height)
    canvas = PilImage.new("L", (4 * height, 4 * height), 0)
    ImageDraw.Draw(canvas).text((height, height), character, fill=255, font=font, stroke_width=1)
    ink = np.asarray(canvas, dtype=np.float32) / 255.0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(2, round(cut.shape[1] * height / cut.shape[0]))
    return cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)


def place(ink: np.ndarray, glyph: np.ndarray, x: float, y: float, turn: float) -> None:
    """Draw a glyph centred at (x, y), turned clockwise by `turn` degrees."""
    height, width = glyph.shape
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    matrix[:, 2] = np.array([x, y]) - matrix[:, :2] @ np.array([(width - 1) / 2, (height - 1) / 2])
    np.maximum(ink, cv2.warpAffine(glyph, matrix, ink.shape[::-1], flags=cv2.INTER_LINEAR), out=ink)


def line_of(ink: np.ndarray, text: str, x: float, y: float, height: int, turn: float = 0.0, step: float = 1.25) -> None:
    """A straight line of letters around (x, y)."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    for k, character in enumerate(text):
        along = (k - (len(text) - 1) / 2) * step * height
        if character != " ":
            place(ink, letter(character, height), x + along * cos, y + along * sin, turn)


@dataclass(frozen=True)
class Stamp:
    arc: str = "ABCDEFGJKL"
    straight: str = ""
    number: str = ""
    radius: int = 110
    flat: float = 1.0
    turn: float = 0.0
    star: bool = True


def ring_ink(stamp: Stamp, side: int = 320) -> np.ndarray:
    """The stamp's coverage 0..1 in a square picture."""
    ink = np.zeros((side, side), np.float32)
    c = side / 2
    a, b = stamp.radius, stamp.radius * stamp.flat
    cv2.ellipse(ink, ((c, c), (2 * a, 2 * b), 0), 1.0, 4, cv2.LINE_AA)
    height = round(0.2 * b)
    opening = 80.0 if stamp.straight else 60.0
    step = min(26.0, (360.0 - opening) / len(stamp.arc))
    for k, character in enumerate(stamp.arc):
        angle = math.radians(-90.0 + (k - (len(stamp.arc) - 1) / 2) * step)
        x, y = (a - 0.22 * b) * math.cos(angle), (b - 0.22 * b) * math.sin(angle)
        upright = math.degrees(math.atan2(y / b**2, x / a**2)) + 90.0
        place(ink, letter(character, height), c + x, c + y, upright)
    for k, character in enumerate(stamp.number):
        angle = math.radians(90.0 - (k - (len(stamp.number) - 1) / 2) * 4.0)
        place(ink, letter(character, 8), c + 0.9 * a * math.cos(angle), c + 0.9 * b * math.sin(angle), 0.0)
    if stamp.star:
        corners = [
            (c + r * math.sin(math.pi * k / 5), c - r * math.cos(math.pi * k / 5))
            for k, r in enumerate([0.27 * b, 0.11 * b] * 5)
        ]
        cv2.fillPoly(ink, [np.array(corners, np.float32).round().astype(np.int32)], 1.0, cv2.LINE_AA)
    line_of(ink, stamp.straight, c, c + (0.5 * b if stamp.star else 0.0), round(0.18 * b))
    matrix = cv2.getRotationMatrix2D((c, c), -stamp.turn, 1.0)
    return cv2.warpAffine(ink, matrix, ink.shape[::-1], flags=cv2.INTER_LINEAR)


def press(page: Image, ink: np.ndarray, x: int, y: int, colour: tuple[int, int, int], strength: float = 0.9) -> None:
    """Print `ink` onto the page with its middle at (x, y); ink and what is under it absorb one after the other."""
    height, width = ink.shape
    top, left = y - height // 2, x - width // 2
    target = page[top : top + height, left : left + width]
    through = 1.0 - strength * ink[..., None] * (1.0 - np.array(colour, np.float32) / 255.0)
    target[:] = (target.astype(np.float32) * through).round().astype(np.uint8)


def blank(paper: tuple[int, int, int] = WHITE, width: int = 900, height: int = 1200) -> Image:
    return np.full((height, width, 3), paper, np.uint8)


def print_lines(page: Image, text: str, y: int, height: int = 22, colour: tuple[int, int, int] = BLACK) -> None:
    ink = np.zeros(page.shape[:2], np.float32)
    line_of(ink, text, page.shape[1] / 2, y, height)
    press(page, ink, page.shape[1] // 2, page.shape[0] // 2, colour, 1.0)


def stamped(stamp: Stamp, *, paper: tuple[int, int, int] = WHITE, colour: tuple[int, int, int] = RED) -> Image:
    page = blank(paper)
    press(page, ring_ink(stamp), 560, 800, colour)
    return page


class TemplateEngine:
    """Reads strips of letters by comparing them with upright letters; keeps what it was given."""

    name = "templates"

    def __init__(self) -> None:
        self.strips: list[Image] = []

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        raise AssertionError("seals are recognised, not searched")

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        self.strips += crops
        return tuple(self._one(crop) for crop in crops)

    def _one(self, crop: Image) -> Recognition:
        ink = 1.0 - crop[..., 0].astype(np.float32) / 255.0
        edges = np.flatnonzero(np.diff(np.concatenate([[0], (ink > 0.4).any(axis=0).astype(np.int8), [0]])))
        text, scores = "", []
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            column = ink[:, first:last]
            rows = np.flatnonzero((column > 0.4).any(axis=1))
            if len(rows) < 16 or last - first < 5:
                continue
            glyph = _squared(column[rows[0] : rows[-1] + 1])
            best, character = max((float((glyph * _template(c)).mean()), c) for c in ALPHABET)
            text += character
            scores.append(best)
        return Recognition(text=text, score=float(np.clip(np.mean(scores), 0.0, 1.0)) if scores else 0.0)


def _squared(glyph: np.ndarray) -> np.ndarray:
    square = cv2.resize(np.ascontiguousarray(glyph), (32, 32), interpolation=cv2.INTER_AREA)
    square = square - square.mean()
    return square / max(float(square.std()), 1e-6)


@cache
def _template(character: str) -> np.ndarray:
    return _squared(letter(character, 48))


class ClosedEngine(TemplateEngine):
    """An engine that must not be asked."""

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        raise AssertionError("there is nothing to recognise")


def shaded(page: Image) -> Image:
    light = np.linspace(1.0, 0.45, page.shape[1])[None, :, None] * np.linspace(0.85, 1.0, page.shape[0])[:, None, None]
    return (page * light).astype(np.uint8)


def tilted(page: Image) -> Image:
    height, width = page.shape[:2]
    before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    after = np.array([[110, 90], [width - 70, 130], [width - 10, height - 40], [20, height - 120]], np.float32)
    matrix = cv2.getPerspectiveTransform(before, after)
    return cv2.warpPerspective(page, matrix, (width, height), borderValue=(60, 75, 80))


def noisy(page: Image) -> Image:
    rough = page.astype(np.float32) + np.random.default_rng(7).normal(0.0, 7.0, page.shape)
    soft = cv2.GaussianBlur(np.clip(rough, 0, 255).astype(np.uint8), (3, 3), 0.6)
    return cv2.imdecode(cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 82])[1], cv2.IMREAD_COLOR)


def only(found: tuple[seals.SealRegion, ...]) -> seals.SealRegion:
    assert len(found) == 1, found
    return found[0]


class TestFind:
    @pytest.mark.parametrize("paper", [WHITE, (225, 240, 230), (205, 230, 245)])
    @pytest.mark.parametrize("change", [lambda p: p, shaded, noisy], ids=["flat", "shaded", "noisy"])
    def test_round_seal_on_every_paper(self, paper, change):
        region = only(seals.find(change(stamped(Stamp(), paper=paper))))
        assert (region.shape, region.colour) == ("round", "red")
        assert region.centre == pytest.approx((560, 800), abs=2.5)
        assert region.axes == pytest.approx((110, 110), rel=0.04)
        assert bounds(region.box) == pytest.approx((450, 690, 670, 910), abs=6)
        assert region.confidence > 0.8

    def test_perspective_makes_an_ellipse_and_it_is_still_round(self):
        region = only(seals.find(noisy(tilted(stamped(Stamp())))))
        assert region.shape == "round"
        assert min(region.axes) < 0.99 * max(region.axes)

    def test_blue_seal(self):
        region = only(seals.find(stamped(Stamp(), colour=BLUE)))
        assert (region.shape, region.colour) == ("round", "blue")

    def test_oval_seal(self):
        region = only(seals.find(stamped(Stamp(arc="ABCDEFG", flat=0.68, star=False, straight="JKLP", turn=12.0))))
        assert region.shape == "oval"
        assert sorted(region.axes) == pytest.approx([0.68 * 110, 110], rel=0.04)
        along = region.angle if region.axes[0] > region.axes[1] else region.angle + 90.0
        assert (along + 90.0) % 180.0 - 90.0 == pytest.approx(12.0, abs=3.0)

    def test_square_seal(self):
        page = blank()
        press(page, square_ink(turn=-7.0), 400, 500, RED)
        region = only(seals.find(page))
        assert region.shape == "square"
        assert region.centre == pytest.approx((400, 500), abs=2.5)
        assert region.angle == pytest.approx(-7.0, abs=1.5)
        assert region.axes == pytest.approx((100, 50), rel=0.06)

    def test_black_print_and_a_red_table_across_the_seal(self):
        page = stamped(Stamp())
        print_lines(page, "ABCDEFGJKL ABCDEFGJKLPQ", 790)
        cv2.rectangle(page, (60, 300), (840, 692), (90, 90, 170), 2)
        cv2.line(page, (60, 500), (840, 500), (90, 90, 170), 2)
        region = only(seals.find(page))
        assert region.centre == pytest.approx((560, 800), abs=3)

    def test_seal_on_a_page_on_a_red_desk(self):
        grain = np.random.default_rng(3).normal(0.0, 18.0, (1500, 1)).cumsum(axis=0) / 6.0
        desk = np.clip(np.array([40, 60, 130]) + np.sin(grain)[..., None] * 25.0, 0, 255)
        photo = np.broadcast_to(desk, (1500, 1200, 3)).astype(np.uint8).copy()
        photo[150:1350, 150:1050] = stamped(Stamp())
        assert only(seals.find(photo)).centre == pytest.approx((710, 950), abs=3)

    def test_two_seals_the_surest_first(self):
        page = stamped(Stamp())
        press(page, ring_ink(Stamp(arc="PQRTUVYZ", turn=30.0)), 240, 300, RED, 0.4)
        first, second = seals.find(page)
        assert first.confidence >= second.confidence
        assert {round(first.centre[0], -1), round(second.centre[0], -1)} == {560, 240}

    def test_large_photograph_in_its_own_pixels(self):
        page = cv2.resize(stamped(Stamp()), None, fx=3.0, fy=3.0, interpolation=cv2.INTER_CUBIC)
        region = only(seals.find(page))
        assert region.centre == pytest.approx((1680, 2400), abs=6)
        assert region.axes == pytest.approx((330, 330), rel=0.04)


def square_ink(turn: float = 0.0) -> np.ndarray:
    ink = np.zeros((300, 300), np.float32)
    cv2.rectangle(ink, (50, 100), (250, 200), 1.0, 4, cv2.LINE_AA)
    line_of(ink, "ABCDEF", 150, 130, 24)
    line_of(ink, "GJK", 150, 172, 24)
    return cv2.warpAffine(ink, cv2.getRotationMatrix2D((150, 150), -turn, 1.0), (300, 300))


class TestFindsCopies:
    def test_a_page_without_colour_has_a_grey_seal(self):
        page = stamped(Stamp())
        print_lines(page, "ABCDEF", 800)
        grey = cv2.cvtColor(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        region = only(seals.find(grey))
        assert (region.colour, region.shape) == ("grey", "round")
        assert math.dist(region.centre, (560, 800)) < 4
        assert region.axes[0] == pytest.approx(110, abs=4)

    def test_rings_without_text_and_print_are_no_copies(self):
        page = blank()
        cv2.circle(page, (300, 300), 90, BLACK, 4, cv2.LINE_AA)
        cv2.circle(page, (600, 300), 60, BLACK, -1, cv2.LINE_AA)
        for y in range(500, 1100, 60):
            print_lines(page, "ABCDEFGJKLPQ", y)
        assert seals.find(page) == ()


class TestFindsCutOff:
    @pytest.mark.parametrize("hidden", [0.2, 0.3])
    def test_a_seal_over_the_edge_of_the_picture(self, hidden):
        page = stamped(Stamp(straight="PQRT"))
        cut = np.ascontiguousarray(page[:, : 560 + round((1.0 - 2.0 * hidden) * 110)])
        region = only(seals.find(cut))
        assert math.dist(region.centre, (560, 800)) < 6


class TestFindsNothing:
    def test_emblem_of_a_card(self):
        page = blank((225, 235, 225))
        cv2.circle(page, (200, 200), 60, RED, 5, cv2.LINE_AA)
        cv2.circle(page, (200, 200), 34, (190, 190, 235), -1, cv2.LINE_AA)
        cv2.polylines(page, [np.array([[200, 162], [166, 222], [234, 222]])], True, RED, 5, cv2.LINE_AA)
        assert seals.find(page) == ()

    def test_red_disc_and_star(self):
        page = blank()
        cv2.circle(page, (300, 300), 90, RED, -1, cv2.LINE_AA)
        press(page, ring_ink(Stamp(arc="A", star=True, radius=100)), 600, 800, RED)
        assert seals.find(page) == ()

    @pytest.mark.parametrize("colour", [RED, BLUE])
    def test_coloured_titles_and_labels(self, colour):
        page = blank()
        print_lines(page, "ABC DEF", 150, 60, colour)
        print_lines(page, "AB", 400, 30, colour)
        print_lines(page, "JKLPQR", 600, 20, colour)
        assert seals.find(page) == ()

    def test_portrait_with_red_clothes(self):
        page = blank((225, 235, 225))
        cv2.rectangle(page, (500, 200), (700, 460), (250, 235, 225), -1)
        cv2.ellipse(page, (600, 460), (85, 120), 0, 180, 360, (45, 35, 120), -1)
        cv2.circle(page, (600, 300), 50, (150, 185, 225), -1)
        assert seals.find(page) == ()

    def test_blue_handwriting_and_an_app_header(self):
        page = blank()
        page[:260] = (230, 130, 50)
        rng = np.random.default_rng(5)
        for y in (400, 520, 640):
            steps = rng.normal(0.0, 14.0, (60, 2)).cumsum(axis=0) * (0.3, 0.2) + np.linspace((200, y), (600, y), 60)
            cv2.polylines(page, [steps.round().astype(np.int32)], False, BLUE, 3, cv2.LINE_AA)
        assert seals.find(page) == ()

    def test_red_table_with_black_text(self):
        page = blank()
        for x in (100, 400, 800):
            cv2.line(page, (x, 200), (x, 800), (60, 60, 170), 2)
        for y in (200, 350, 500, 650, 800):
            cv2.line(page, (100, y), (800, y), (60, 60, 170), 2)
            print_lines(page, "ABCDEF", y + 75)
        assert seals.find(page) == ()

    @pytest.mark.parametrize("shape", [(40, 40, 3), (60, 900, 3), (1200, 900, 3)])
    def test_blank_pages_of_any_size(self, shape):
        assert seals.find(np.full(shape, 250, np.uint8)) == ()


class TestRead:
    @pytest.mark.parametrize("turn", [0.0, 20.0, -25.0, 95.0, 180.0])
    def test_arc_reads_clockwise_from_after_the_opening(self, turn):
        page = stamped(Stamp(turn=turn))
        engine = TemplateEngine()
        reading = seals.read(page, only(seals.find(page)), engine)
        assert reading.text == "ABCDEFGJKL"
        assert reading.score > 0.7

    @pytest.mark.parametrize("turn", [0.0, 14.0, -17.0, 90.0])
    def test_straight_line_follows_the_arc(self, turn):
        page = stamped(Stamp(straight="PQRTU", turn=turn))
        reading = seals.read(page, only(seals.find(page)), TemplateEngine())
        assert reading.text == "ABCDEFGJKLPQRTU"

    def test_registration_number_is_no_text(self):
        page = stamped(Stamp(number="ABCDEFGJKLPQ"))
        assert seals.read(page, only(seals.find(page)), TemplateEngine()).text == "ABCDEFGJKL"

    def test_blue_seal(self):
        page = stamped(Stamp(), colour=BLUE)
        assert seals.read(page, only(seals.find(page)), TemplateEngine()).text == "ABCDEFGJKL"

    def test_black_print_is_suppressed(self):
        page = stamped(Stamp())
        print_lines(page, "ZYVUTSRQPL ZYVUTSRQPLKJ", 760)
        print_lines(page, "ZYVUTSRQPL ZYVUTSRQPLKJ", 850)
        assert seals.read(page, only(seals.find(page)), TemplateEngine()).text == "ABCDEFGJKL"

    def test_photographed_seal_is_made_round_again(self):
        page = tilted(shaded(stamped(Stamp(straight="PQRTU", turn=-10.0))))
        assert seals.read(page, only(seals.find(page)), TemplateEngine()).text == "ABCDEFGJKLPQRTU"

    def test_oval_seal_with_its_line_in_the_middle(self):
        page = stamped(Stamp(arc="ABCDEFG", flat=0.7, star=False, straight="JKLP"))
        assert seals.read(page, only(seals.find(page)), TemplateEngine()).text == "ABCDEFGJKLP"

    def test_square_seal_row_by_row(self):
        page = blank()
        press(page, square_ink(turn=6.0), 400, 500, RED)
        assert seals.read(page, only(seals.find(page)), TemplateEngine()).text == "ABCDEFGJK"

    def test_strips_are_black_on_white_48_pixels_tall(self):
        page = stamped(Stamp(straight="PQRTU"), paper=(205, 230, 245))
        engine = TemplateEngine()
        seals.read(page, only(seals.find(page)), engine)
        assert engine.strips
        for strip in engine.strips:
            assert (strip.shape[0], strip.shape[2], strip.dtype) == (48, 3, np.uint8)
            assert np.percentile(strip, 30) > 240
            assert strip.min() < 80

    def test_letters_stand_evenly_in_the_strip(self):
        page = stamped(Stamp(arc="LLLLLLLL"))
        engine = TemplateEngine()
        seals.read(page, only(seals.find(page)), engine)
        dark = (engine.strips[0][..., 0] < 128).any(axis=0).astype(np.int8)
        starts = np.flatnonzero(np.diff(dark, prepend=0) == 1)
        assert len(starts) == 8
        steps = [b - a for a, b in pairwise(starts.tolist())]
        assert max(steps) - min(steps) <= 4

    def test_seal_at_the_edge_of_the_page(self):
        page = stamped(Stamp())[:, :690]
        assert seals.read(page, only(seals.find(page)), TemplateEngine()).text == "ABCDEFGJKL"

    def test_nothing_to_read(self):
        page = blank()
        cv2.circle(page, (400, 400), 110, RED, 4, cv2.LINE_AA)
        region = seals.SealRegion(
            box=((290.0, 290.0), (510.0, 290.0), (510.0, 510.0), (290.0, 510.0)),
            colour="red", shape="round", centre=(400.0, 400.0), axes=(110.0, 110.0), angle=0.0, confidence=1.0,
        )  # fmt: skip
        assert seals.read(page, region, ClosedEngine()) == seals.SealText(text="", score=0.0)

    def test_trouble_of_the_engine_is_passed_on(self):
        class Slow(TemplateEngine):
            def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
                raise EngineTimeoutError

        page = stamped(Stamp())
        with pytest.raises(EngineTimeoutError):
            seals.read(page, only(seals.find(page)), Slow())


class TestRemoveRed:
    @pytest.mark.parametrize("paper", [WHITE, (225, 240, 230)])
    @pytest.mark.parametrize("change", [lambda p: p, shaded], ids=["flat", "shaded"])
    def test_print_under_a_seal_comes_back(self, paper, change):
        clean = blank(paper)
        print_lines(clean, "ABCDEFGJKL ABCDEFGJKLPQ", 790)
        page = clean.copy()
        press(page, ring_ink(Stamp()), 560, 800, RED)
        cleaned = seals.remove_red(change(page)).astype(int)
        wanted = change(clean).astype(int)
        area = (slice(690, 910), slice(450, 670))
        before = np.abs(change(page)[area].astype(int) - wanted[area]).mean()
        assert np.abs(cleaned[area] - wanted[area]).mean() < 0.15 * before
        black = wanted[area].max(axis=2) < 70
        assert np.median(cleaned[area].max(axis=2)[black]) < 100

    def test_no_red_is_left(self):
        cleaned = seals.remove_red(noisy(stamped(Stamp()))).astype(int)
        redness = cleaned[..., 2] - np.maximum(cleaned[..., 0], cleaned[..., 1])
        assert np.percentile(redness, 99.9) < 25

    def test_the_rest_of_the_page_is_untouched(self):
        page = stamped(Stamp())
        print_lines(page, "ABCDEFGJKL", 200, colour=BLUE)
        cleaned = seals.remove_red(page)
        assert np.array_equal(cleaned[:600], page[:600])

    def test_a_page_without_red_stays_as_it_is(self):
        page = blank((225, 240, 230))
        print_lines(page, "ABCDEFGJKL", 300)
        cleaned = seals.remove_red(page)
        assert np.array_equal(cleaned, page)
        assert cleaned is not page

    def test_a_red_desk_does_not_tell_for_the_seal(self):
        photo = np.full((1500, 1200, 3), (50, 60, 110), np.uint8)
        photo[:, ::3] = (40, 45, 100)
        page = stamped(Stamp())
        print_lines(page, "ABCDEFGJKL ABCDEFGJKLPQ", 790)
        photo[150:1350, 150:1050] = page
        alone, together = seals.remove_red(page), seals.remove_red(photo)[150:1350, 150:1050]
        area = (slice(690, 910), slice(450, 670))
        assert np.abs(alone[area].astype(int) - together[area].astype(int)).mean() < 3.0
