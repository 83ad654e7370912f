"""Reading a seal: the text on the arc, then the straight line under the star.

The ink is separated from paper and black print, a tilted circle made round again, the band of text unwrapped to a
straight strip and given to the recogniser; the straight line is turned level and recognised after it. A worn seal
leaves room where its text begins, so a few ways to cut it are recognised together and the best taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from verifier.imaging.ink import Plane, coloured_ink, densities, paper
from verifier.imaging.seal_arc import Band, Disc, find_band, fit_characters, flatten_ink, perimeter, runs, unwrap
from verifier.imaging.seal_line import StraightLine, erase, find_lines, level
from verifier.imaging.seal_shapes import Ellipse, SealRegion
from verifier.ocr.engine import Engine, Image, Recognition

_HEIGHT = 48
"""Height of the strips, in pixels: what PP-OCR recognises at."""
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
    scaled = cv2.resize(ink, (width, _HEIGHT), interpolation=cv2.INTER_AREA if ink.shape[0] > _HEIGHT else cv2.INTER_CUBIC)
    return _black_on_white(np.asarray(scaled, dtype=np.float32))


def _black_on_white(ink: Plane) -> Image:
    """Ink black on white paper, whatever the strength of the stamp, with white to both sides."""
    full = max(float(np.percentile(ink, 98)), 0.2)
    grey = np.clip(255.0 - 255.0 / full * ink, 0.0, 255.0).astype(np.uint8)
    framed = cv2.copyMakeBorder(grey, 0, 0, _HEIGHT // 2, _HEIGHT // 2, cv2.BORDER_CONSTANT, value=(255,))
    return np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


@dataclass(frozen=True)
class _Cut:
    """One way to take a seal apart: strips of the arc, and of the straight lines from top to bottom."""

    arcs: tuple[Image, ...]
    lines: tuple[Image, ...]


def read(image: Image, region: SealRegion, engine: Engine) -> Recognition:
    """The text on the arc followed by the straight line; empty with score 0 when the seal holds no legible text.

    `region` is one of `find(image)`. One call to `engine.recognise`; the score is the mean over the characters.
    Raises what the engine raises.
    """
    cuts = _frame_cuts(image, region) if region.shape == "square" else _ring_cuts(image, region)
    strips = [strip for cut in cuts for strip in (*cut.arcs, *cut.lines)]
    if not strips:
        return Recognition(text="", score=0.0)
    answers = iter(engine.recognise(strips))
    readings: list[list[Recognition]] = []
    for cut in cuts:
        arcs = [next(answers) for _ in cut.arcs]
        lines = [next(answers) for _ in cut.lines]
        readings.append([*([max(arcs, key=lambda r: r.score)] if arcs else []), *lines])
    return _joined(max(readings, key=_legible))


def _legible(parts: list[Recognition]) -> float:
    """How much was read: a cut through characters loses some of them or reads them badly."""
    return sum(part.score * len(part.text) for part in parts if part.score >= _LEAST_SCORE)


def _joined(parts: list[Recognition]) -> Recognition:
    good = [part for part in parts if part.text and part.score >= _LEAST_SCORE]
    text = "".join(squeezed for part in good if (squeezed := "".join(part.text.split())))
    weight = sum(len(part.text) for part in good)
    score = sum(part.score * len(part.text) for part in good) / weight if weight else 0.0
    return Recognition(text=text, score=min(1.0, score))


def _ring_cuts(image: Image, region: SealRegion) -> list[_Cut]:
    disc = flatten_ink(image, region)
    band = find_band(disc)
    if band is None:
        return []
    turn = level(disc, band)
    if turn is None:
        return [_cut(disc, band, ())]
    bands = fit_characters(disc, band, turn - 90.0)
    if bands is not None:
        return [_cut(disc, fitted, find_lines(disc, fitted, turn)) for fitted in bands]
    lines = find_lines(disc, band, turn)
    rest = find_band(erase(disc, lines), number_possible=not lines)
    return [_cut(disc, rest or band, lines)]


def _cut(disc: Disc, band: Band, lines: tuple[StraightLine, ...]) -> _Cut:
    rest = erase(disc, lines)
    arcs = tuple(arc_strip(plane, rest.ring, band) for plane in (rest.detail, rest.ink))
    return _Cut(arcs, tuple(line_strip(line.ink) for line in lines))


def _frame_cuts(image: Image, region: SealRegion) -> list[_Cut]:
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
    lines: list[Image] = []
    for top, bottom in runs(profile > 0.02):
        if bottom - top >= 0.12 * size[1]:
            pad = round(0.12 * (bottom - top))
            lines.append(line_strip(inner[max(0, top - pad) : bottom + pad] / np.float32(strong)))
    return [_Cut((), tuple(lines))] if lines else []
