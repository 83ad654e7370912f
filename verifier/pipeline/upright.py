"""Which way up a page lies, decided by reading it: text read the wrong way scores badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas.reading import Line
from verifier.geometry import Homography, centre
from verifier.ocr.engine import Engine, Image

_TALL = 1.5
"""A line box this much taller than wide is text that runs down or up the picture."""
READ_WELL = 0.75
"""Upright text of these documents scores above 0.9 on average; text on its head below 0.6 (measured on synthetic sets)."""
_PROBES = 6

LONG = 2.6
"""Longer by shorter side of an image that is read in pieces: a phone's screen has up to 2.2."""
LONG_PIXELS = 1600
"""… when it is longer than this; a shorter one is hardly shrunk."""
PIECE = 2.0
"""Longer by shorter side of a piece."""
OVERLAP = 0.2
"""What neighbouring pieces share, as a part of the shorter side: several lines."""


@dataclass(frozen=True)
class Upright:
    """A page turned upright; `to_source` maps its pixels to those of the image that went in."""

    image: Image
    lines: tuple[Line, ...]
    to_source: Homography
    quarter_turns: int
    """Counter-clockwise quarter turns that were applied."""


def read_upright(image: Image, engine: Engine, *, deadline_s: float) -> Upright:
    """Read a page, and read it again turned when its text lies on its side or stands on its head."""
    first = Upright(image, read_whole(image, engine, deadline_s=deadline_s), np.eye(3), 0)
    if not first.lines:
        return first
    if is_sideways(first.lines):
        # Engines turn tall boxes counter-clockwise before recognising: read well means the page wants the same turn.
        turns = (1, 3) if reading_score(first.lines) >= READ_WELL else (3, 1)
        best = first
        for turn in turns:
            turned = _turned(image, turn)
            tried = Upright(turned, read_whole(turned, engine, deadline_s=deadline_s), _back(image, turn), turn)
            if reading_score(tried.lines) >= READ_WELL:
                return tried
            best = max(best, tried, key=lambda candidate: reading_score(candidate.lines))
        return best
    if reading_score(first.lines) < READ_WELL and _better_on_its_head(image, first.lines, engine, deadline_s):
        turned = _turned(image, 2)
        tried = Upright(turned, read_whole(turned, engine, deadline_s=deadline_s), _back(image, 2), 2)
        return max(first, tried, key=lambda candidate: reading_score(candidate.lines))
    return first


def read_whole(image: Image, engine: Engine, *, deadline_s: float) -> tuple[Line, ...]:
    """All lines of an image. A long narrow one (screens pasted together) is read in pieces: shrunk as a whole for the
    engine its text would be too small. Pieces overlap, and each gives the lines whose middle is nearest to its own."""
    height, width = image.shape[:2]
    long, short = max(height, width), min(height, width)
    if long <= LONG * short or long <= LONG_PIXELS:
        return engine.read(image, deadline_s=deadline_s)
    count = int(np.ceil((long - OVERLAP * short) / ((PIECE - OVERLAP) * short)))
    size = PIECE * short
    starts = np.linspace(0, long - size, count)
    borders = [-np.inf, *(starts[:-1] + size + starts[1:]) / 2, np.inf]
    lines: list[Line] = []
    for at, start in enumerate(starts):
        own = slice(int(start), int(np.ceil(start + size)))
        dx, dy = (0, own.start) if height > width else (own.start, 0)
        piece = image[own] if height > width else image[:, own]
        for line in engine.read(np.ascontiguousarray(piece), deadline_s=deadline_s):
            moved = line.model_copy(update={"box": tuple((x + dx, y + dy) for x, y in line.box)})
            middle = centre(moved.box)[1 if height > width else 0]
            if borders[at] <= middle < borders[at + 1]:
                lines.append(moved)
    return tuple(lines)


def reading_score(lines: Sequence[Line]) -> float:
    """Mean score of the lines, long lines counting more; 0 for none. A line without text counts as one character."""
    weights = [max(1, len(line.text)) for line in lines]
    return sum(w * line.score for w, line in zip(weights, lines, strict=True)) / sum(weights) if lines else 0.0


def is_sideways(lines: Sequence[Line]) -> bool:
    """Whether most of the text runs down or up the picture."""
    tall = wide = 0.0
    for line in lines:
        width, height = _extent(line)
        if height > _TALL * width:
            tall += height
        elif width > _TALL * height:
            wide += width
    return tall > wide


def length_by_height(line: Line) -> float:
    """How many times longer than high a line's box is, whichever way it runs."""
    (x0, y0), (x1, y1), _, (x3, y3) = line.box
    along, across = np.hypot(x1 - x0, y1 - y0), np.hypot(x3 - x0, y3 - y0)
    return float(max(along, across) / max(1.0, min(along, across)))


def _extent(line: Line) -> tuple[float, float]:
    """Width and height of a line's box along the picture's axes, in pixels."""
    xs = [p[0] for p in line.box]
    ys = [p[1] for p in line.box]
    return max(xs) - min(xs), max(ys) - min(ys)


def _better_on_its_head(image: Image, lines: Sequence[Line], engine: Engine, deadline_s: float) -> bool:
    """Recognise the widest lines as they are and turned by 180 degrees."""
    widest = sorted(lines, key=lambda line: -_extent(line)[0])[:_PROBES]
    crops = [crop for line in widest if (crop := _crop(image, line)).size]
    if not crops:
        return False
    turned = [np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops]
    answers = engine.recognise([*crops, *turned], deadline_s=deadline_s)
    upright = sum(answer.score for answer in answers[: len(crops)])
    upside_down = sum(answer.score for answer in answers[len(crops) :])
    return upside_down > upright * 1.1


def _crop(image: Image, line: Line) -> Image:
    xs = [p[0] for p in line.box]
    ys = [p[1] for p in line.box]
    left, right = max(0, int(min(xs))), int(max(xs)) + 1
    top, bottom = max(0, int(min(ys))), int(max(ys)) + 1
    return np.ascontiguousarray(image[top:bottom, left:right])


def _turned(image: Image, quarter_turns: int) -> Image:
    return np.ascontiguousarray(np.rot90(image, quarter_turns))


def _back(image: Image, quarter_turns: int) -> Homography:
    """Maps pixels of the turned image to pixels of the image itself."""
    height, width = image.shape[:2]
    if quarter_turns == 1:  # counter-clockwise: (x, y) here was (w - 1 - y, x) there
        return np.array([[0, -1, width - 1], [1, 0, 0], [0, 0, 1]], dtype=np.float64)
    if quarter_turns == 2:
        return np.array([[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1]], dtype=np.float64)
    if quarter_turns == 3:
        return np.array([[0, 1, 0], [-1, 0, height - 1], [0, 0, 1]], dtype=np.float64)
    return np.eye(3)
