"""Which way up a page lies, decided by reading it: text read the wrong way scores badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas.reading import Line
from verifier.geometry import Homography
from verifier.ocr.engine import Engine, Image

_TALL = 1.5
"""A line box this much taller than wide is text that runs down or up the picture."""
_GOOD = 0.75
"""Upright text of these documents scores above 0.9 on average; text on its head below 0.6 (measured on synthetic sets)."""
_PROBES = 6


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
    first = Upright(image, engine.read(image, deadline_s=deadline_s), np.eye(3), 0)
    if not first.lines:
        return first
    if _sideways(first.lines):
        # Engines turn tall boxes counter-clockwise before recognising: read well means the page wants the same turn.
        turns = (1, 3) if reading_score(first.lines) >= _GOOD else (3, 1)
        best = first
        for turn in turns:
            turned = _turned(image, turn)
            tried = Upright(turned, engine.read(turned, deadline_s=deadline_s), _back(image, turn), turn)
            if reading_score(tried.lines) >= _GOOD:
                return tried
            best = max(best, tried, key=lambda candidate: reading_score(candidate.lines))
        return best
    if reading_score(first.lines) < _GOOD and _better_on_its_head(image, first.lines, engine, deadline_s):
        turned = _turned(image, 2)
        tried = Upright(turned, engine.read(turned, deadline_s=deadline_s), _back(image, 2), 2)
        return max(first, tried, key=lambda candidate: reading_score(candidate.lines))
    return first


def reading_score(lines: Sequence[Line]) -> float:
    """Mean score of the lines, long lines counting more; 0 for none. A line without text counts as one character."""
    weights = [max(1, len(line.text)) for line in lines]
    return sum(w * line.score for w, line in zip(weights, lines, strict=True)) / sum(weights) if lines else 0.0


def _sideways(lines: Sequence[Line]) -> bool:
    tall = wide = 0.0
    for line in lines:
        width, height = _extent(line)
        if height > _TALL * width:
            tall += height
        elif width > _TALL * height:
            wide += width
    return tall > wide


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
