"""Reading a seal: the text on the arc, then the straight line under the star.

The ink is separated from paper and black print, a tilted circle made round again, the band of text unwrapped to a
straight strip and given to the recogniser; the straight line is turned level and recognised after it. Square seals are
read row by row. Every line is recognised in two ways, and in another when the two disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from verifier.compare.text import squeeze
from verifier.imaging.ink import Plane
from verifier.imaging.seal_arc import Band, even_ends, find_band, fit_characters, perimeter, text_towards, unwrap
from verifier.imaging.seal_disc import Disc, Source, flatten_ink
from verifier.imaging.seal_frame import frame_rows, in_reading_order
from verifier.imaging.seal_line import StraightLine, erase, find_lines, level
from verifier.imaging.seal_shapes import Ellipse, SealRegion
from verifier.imaging.seal_turn import turn_by_shape
from verifier.imaging.seal_vote import chosen, is_settled
from verifier.ocr.engine import Engine, Image, Recognition

_HEIGHT = 48
"""Height of the strips, in pixels: what PP-OCR recognises at."""
_WIDE, _NARROW = 0.9, 0.6
"""Widths at which the arc is recognised, as shares of what it would be in print."""
_STANDS, _FREE = 0.65, 0.3
"""Shares of the place of the bottom that hold characters of the arc: from the first it is no bottom, up to the second it is."""
_BLUR = 3.0
"""Pixels of a seal made `RADIUS` large over which strokes are blurred."""
_LEAST_SCORE = 0.5
"""Readings below are no text: worn ornaments, a table's rule across the seal."""


def arc_strip(plane: Plane, ring: Ellipse, band: Band, *, widen: float = 1.0, margin: float = 0.08) -> Image:
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


@dataclass(frozen=True)
class SealText:
    """What a seal says: the arc, then its straight lines; the score is the mean over the characters."""

    text: str
    score: float
    unread: bool = False
    """Whether a part of it could not be read: its purpose may be missing."""


@dataclass(frozen=True)
class _Part:
    """One line of text of a seal: the strips recognised at once, and those for when they leave it unsure."""

    first: tuple[Image, ...]
    second: tuple[Image, ...]


def read(
    image: Image, region: SealRegion, engine: Engine, *, source: Source | None = None, known: Sequence[str] = ()
) -> SealText:
    """The text on the arc followed by the straight lines; empty with score 0 when the seal holds no legible text.

    `region` is one of `find(image)`; with `source` the seal is taken from the picture the page was made from. `known`
    are texts of the page, which often prints the name the seal bears: they only help to choose among readings. One
    call to `engine.recognise`, a second one when readings disagree. Raises what the engine raises.
    """
    if region.shape == "square":
        parts = [_row_part(row) for row in frame_rows(image, region, source)]
    else:
        parts = _ring_parts(image, region, source)
    if not parts:
        return SealText(text="", score=0.0)
    names = [squeeze(name) for name in known]
    readings = _recognised(engine, [part.first for part in parts])
    unsure = [at for at, said in enumerate(readings) if parts[at].second and not is_settled(said)]
    if unsure:
        more = _recognised(engine, [parts[at].second for at in unsure])
        for at, said in zip(unsure, more, strict=True):
            readings[at] = [*readings[at], *said]
    return _joined([chosen(said, names) for said in readings], squared=region.shape == "square")


def _recognised(engine: Engine, strips: Sequence[tuple[Image, ...]]) -> list[list[Recognition]]:
    answers = iter(engine.recognise([strip for ways in strips for strip in ways]))
    return [[next(answers) for _ in ways] for ways in strips]


def _joined(parts: Sequence[Recognition], *, squared: bool) -> SealText:
    legible = [part for part in parts if part.score >= _LEAST_SCORE and part.text]
    length = sum(len(part.text) for part in legible)
    score = sum(len(part.text) * part.score for part in legible) / length if length else 0.0
    texts = [part.text for part in legible]
    text = in_reading_order(texts) if squared else "".join(texts)
    return SealText(text, min(1.0, score), unread=len(legible) < len(parts))


def _row_part(row: Plane) -> _Part:
    strip = line_strip(_sharpened(row))
    return _Part(first=(strip,), second=(narrowed(strip, 0.75), line_strip(row)))


def _ring_parts(image: Image, region: SealRegion, source: Source | None) -> list[_Part]:
    disc = flatten_ink(image, region, source)
    band = find_band(disc)
    expected, sure = _expected_turn(disc, band)
    if sure:
        band = find_band(disc, top=expected - 90.0) or band
    if band is None:
        return []
    turn = level(disc, band, expected, sure=sure)
    if turn is None and not sure:
        return [_arc_part(disc, band)]
    top = expected if sure or turn is None else turn
    bands = fit_characters(disc, band, top - 90.0)
    if turn is None:
        return [_arc_part(disc, bands[0] if bands else even_ends(disc, band, top - 90.0), band)]
    if bands is None:
        lines = find_lines(disc, band, turn)
        rest = erase(disc, lines)
        found = find_band(rest, number_possible=not lines, top=top - 90.0 if sure else None) or band
        return [_arc_part(rest, even_ends(rest, found, top - 90.0), found), *(_line_part(line) for line in lines)]
    lines, shorter = (find_lines(disc, fitted, turn) for fitted in bands)
    parts = [_line_part(line) for line in lines]
    if len(lines) == len(shorter):
        # a long line's ends may stand where a character of the arc was supposed
        parts = [
            _line_part(first, None if first.ink.shape == other.ink.shape else other)
            for first, other in zip(lines, shorter, strict=True)
        ]
    elif not lines:
        parts = [_line_part(line) for line in shorter]
    return [_arc_part(erase(disc, lines), bands[0]), *parts]


def _expected_turn(disc: Disc, band: Band | None) -> tuple[float, bool]:
    """By how much the seal is turned, and whether its shape tells it or only the opening of its arc, roughly.

    Seals stand about upright on papers: another way only when the arc's text stands where the bottom would be.
    """
    shaped = turn_by_shape(disc)
    upright = shaped or 0.0
    if band is None:
        return upright, shaped is not None
    opening = band.down(disc.ring) - 90.0
    other = opening if shaped is None else turn_by_shape(disc, opening) or 0.0
    stands_there = text_towards(disc, band, upright + 90.0) > _STANDS
    free = text_towards(disc, band, other + 90.0) < _FREE
    return (other if stands_there and free else upright), shaped is not None


def _arc_part(disc: Disc, band: Band, other: Band | None = None) -> _Part:
    """The arc in two widths: characters of a seal are cut wide apart, narrower they look more like print.

    `other` is another place for it, tried when the first is unsure.
    """
    sharp, mended = _sharpened(disc.detail), _sharpened(disc.mended)
    elsewhere = other is not None and abs(other.length - band.length) > 0.02
    return _Part(
        first=(
            arc_strip(sharp, disc.ring, band, widen=_WIDE),
            arc_strip(mended, disc.ring, band, widen=_NARROW),
        ),
        second=(arc_strip(mended, disc.ring, other, widen=_NARROW),) if other is not None and elsewhere else (),
    )


def _line_part(line: StraightLine, other: StraightLine | None = None) -> _Part:
    """A straight line without and with what stands beside it; `other` is another cut of it."""
    strip, whole = line_strip(_sharpened(line.detail)), line_strip(_sharpened(line.whole))
    second = narrowed(strip, 0.75) if other is None else line_strip(_sharpened(other.detail))
    return _Part(first=(strip, whole), second=(second,))


def narrowed(strip: Image, share: float) -> Image:
    """A strip squeezed to `share` of its width."""
    size = (max(_HEIGHT, round(share * strip.shape[1])), strip.shape[0])
    return np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _sharpened(plane: Plane, amount: float = 1.0) -> Plane:
    """Stronger edges: what a camera, a scanner and resampling took from small strokes."""
    soft = np.asarray(cv2.GaussianBlur(plane, (0, 0), _BLUR), dtype=np.float32)
    return np.asarray(np.clip(plane + np.float32(amount) * (plane - soft), 0.0, 1.2), dtype=np.float32)
