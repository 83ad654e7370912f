"""Reading a seal: the text on the arc, then the straight line under the star.

The ink is separated from paper and black print, a tilted circle made round again, the band of text unwrapped to a
straight strip and given to the recogniser; the straight line is turned level and recognised after it. A worn seal
leaves room where its text begins, so a few ways to cut it are recognised together and the best taken.
"""

from __future__ import annotations

import cv2
import numpy as np

from verifier.imaging.ink import Plane, coloured_ink, densities, paper
from verifier.imaging.seal_arc import Band, Disc, find_band, fit_characters, flatten_ink, perimeter, runs, unwrap
from verifier.imaging.seal_line import StraightLine, erase, find_lines, level
from verifier.imaging.seal_shapes import Ellipse, SealRegion
from verifier.ocr.engine import Engine, Image, Recognition

_HEIGHT = 48
"""Height of the strips, in pixels: what PP-OCR recognises at."""
_EDGE_DIRT = "。.,，、·:：;；'\"‘’“”`-—_|/\\《》<>…!！"
"""What specks at the ends of a strip are read as; no seal's text begins or ends with it."""
_CHARACTER = 0.025
"""What another character is worth as score."""
_WHOLE_LINE = 0.1
"""What a final 章 is worth as score: the straight line of nearly every seal ends in 专用章."""
_FRAME_SIDE = 400
"""Long side in pixels of a square seal turned level."""
_LEAST_SCORE = 0.5
"""Readings below are no text: worn ornaments, a table's rule across the seal."""


def arc_strip(plane: Plane, ring: Ellipse, band: Band, *, widen: float = 1.0, margin: float = 0.12) -> Image:
    """The band of text as an upright black-on-white strip, `_HEIGHT` pixels tall."""
    tall = band.inner - band.outer
    way = perimeter(ring)
    spare = 0.3 * tall / way
    places_from, places_to = band.start - spare, band.start + band.length + spare
    # the circle through the middle of the text is shorter than the ring
    inner_way = way * (1.0 - (band.inner + band.outer) / (ring.a + ring.b))
    height = tall * (1.0 + 2.0 * margin)
    width = round(widen * _HEIGHT / height * inner_way * (places_to - places_from))
    depths = np.linspace(band.outer - margin * tall, band.inner + margin * tall, _HEIGHT)
    return _black_on_white(unwrap(plane, ring, depths, np.linspace(places_from, places_to, max(width, _HEIGHT))))


def line_strip(ink: Plane) -> Image:
    """A level crop of ink as a black-on-white strip, `_HEIGHT` pixels tall."""
    width = max(_HEIGHT, round(ink.shape[1] * _HEIGHT / ink.shape[0]))
    scaled = cv2.resize(
        ink, (width, _HEIGHT), interpolation=cv2.INTER_AREA if ink.shape[0] > _HEIGHT else cv2.INTER_CUBIC
    )
    return _black_on_white(np.asarray(scaled, dtype=np.float32))


def _black_on_white(ink: Plane) -> Image:
    """Ink black on white paper, whatever the strength of the stamp, with white to both sides."""
    full = max(float(np.percentile(ink, 98)), 0.2)
    grey = np.clip(255.0 - 255.0 / full * ink, 0.0, 255.0).astype(np.uint8)
    framed = cv2.copyMakeBorder(grey, 0, 0, _HEIGHT // 2, _HEIGHT // 2, cv2.BORDER_CONSTANT, value=(255,))
    return np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def read(image: Image, region: SealRegion, engine: Engine) -> Recognition:
    """The text on the arc followed by the straight line; empty with score 0 when the seal holds no legible text.

    `region` is one of `find(image)`. One call to `engine.recognise`; the score is the mean over the characters.
    Raises what the engine raises.
    """
    lines = _frame_strips(image, region) if region.shape == "square" else _ring_strips(image, region)
    strips = [strip for ways in lines for strip in ways]
    if not strips:
        return Recognition(text="", score=0.0)
    answers = iter(engine.recognise(strips))
    return _joined([max((next(answers) for _ in ways), key=_plausibility) for ways in lines])


def _plausibility(reading: Recognition) -> float:
    """The score, and a little for what a cut through characters takes away: their number, and the final 章."""
    return reading.score + _CHARACTER * len(reading.text) + (_WHOLE_LINE if reading.text.endswith("章") else 0.0)


def _joined(parts: list[Recognition]) -> Recognition:
    texts = [("".join(part.text.split()).strip(_EDGE_DIRT), part.score) for part in parts if part.score >= _LEAST_SCORE]
    length = sum(len(text) for text, _ in texts)
    score = sum(len(text) * score for text, score in texts) / length if length else 0.0
    return Recognition(text="".join(text for text, _ in texts), score=min(1.0, score))


def _ring_strips(image: Image, region: SealRegion) -> list[tuple[Image, ...]]:
    disc = flatten_ink(image, region)
    band = find_band(disc)
    if band is None:
        return []
    turn = level(disc, band)
    if turn is None:
        return [_arc_ways(disc, band)]
    bands = fit_characters(disc, band, turn - 90.0) if region.shape == "round" else None
    if bands is None:
        lines = find_lines(disc, band, turn)
        rest = erase(disc, lines)
        found = find_band(rest, number_possible=not lines)
        return [_arc_ways(rest, found or band), *(_line_ways(line) for line in lines)]
    lines, shorter = (find_lines(disc, fitted, turn) for fitted in bands)
    ways = [_line_ways(line) for line in lines]
    if len(lines) == len(shorter):
        # a long line's ends may stand where a character of the arc was supposed
        ways = [(*first, *_line_ways(other)) for first, other in zip(ways, shorter, strict=True)]
    elif not lines:
        ways = [_line_ways(line) for line in shorter]
    return [_arc_ways(erase(disc, lines), bands[0]), *ways]


def _arc_ways(disc: Disc, band: Band) -> tuple[Image, ...]:
    return (
        arc_strip(disc.detail, disc.ring, band),
        arc_strip(disc.ink, disc.ring, band),
        # characters of a seal are cut wide apart: narrower they look more like print
        arc_strip(disc.detail, disc.ring, band, widen=0.7),
    )


def _line_ways(line: StraightLine) -> tuple[Image, ...]:
    return (line_strip(line.detail), line_strip(line.ink))


def _frame_strips(image: Image, region: SealRegion) -> list[tuple[Image, ...]]:
    """A square seal turned level, its rows of text from top to bottom."""
    corners = np.array(region.box, dtype=np.float32)
    across, down = (2.0 * axis for axis in region.axes)
    if min(across, down) < 1.0:
        return []
    scale = _FRAME_SIDE / max(across, down)
    size = (round(across * scale), round(down * scale))
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float32)
    flat = cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners, target), size, flags=cv2.INTER_CUBIC)
    flat = np.asarray(flat, dtype=np.uint8)
    density = densities(flat, paper(flat, reach_px=0.2 * _FRAME_SIDE))
    ink = coloured_ink(density, region.colour, under_pen=True)
    margin = round(0.06 * min(size))
    inner = ink[margin : size[1] - margin, margin : size[0] - margin]
    strong = max(float(np.percentile(inner, 99.0)), 1e-3)
    profile = (inner > 0.35 * strong).mean(axis=1)
    lines: list[tuple[Image, ...]] = []
    for top, bottom in runs(profile > 0.02):
        if bottom - top >= 0.12 * size[1]:
            pad = round(0.12 * (bottom - top))
            lines.append((line_strip(inner[max(0, top - pad) : bottom + pad] / np.float32(strong)),))
    return lines
