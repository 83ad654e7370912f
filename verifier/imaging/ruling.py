"""The ruled lines of a page and the cells between them: tables as they are drawn, with merged cells as they are.

A rule is dark, thin and long. The picture is smoothed along a direction, which fills dots, dashes and worn places and
quiets noise; what is then darker than its neighbours across that direction (a black-hat) and goes on for a while is a
piece of a rule. Pieces on one line are joined, ends are carried on to the rule they nearly meet, and every area
that the rules enclose is a cell. Nothing is assumed about a regular grid: forms merge cells as they please.
Images are BGR, uint8; coordinates are (x, y) in pixels of the image that went in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.imaging.ruled_cells import SAME_EDGE, SMALLEST, Cell, Segment, areas_between, extent, placed, tables_of
from verifier.ocr.engine import Image

Grey = NDArray[np.uint8]
_SIDE = 1600
"""Longest side, in pixels, at which rules are looked for: a hairline of A4 is still a pixel wide there."""
_THICKEST = 9
"""Pixels at that size: what is thicker is no rule (a bar of a bar code, a photo's edge, bold print)."""
_SMOOTH = 7
"""Pixels averaged along the rule: as long as the gaps of a dotted rule, short for a rule that slants."""
_STEEPEST = 0.09
"""Slope of a rule on a page that was photographed from the side and not flattened."""
_CONTRAST = 7.0
"""Grey levels a rule is darker than what stands beside it, at least; grey and worn rules have 15 to 60."""
_SHORTEST = 26
"""Pixels: a piece of a rule is about as long as a character is wide."""
_BESIDE = (5, 7)
"""Pixels from a rule's middle to where paper must be: beside a stroke of a character stand other strokes."""
_CLEAR, _CLEAR_RUN = 0.7, 40
"""Share of a piece's length with paper close beside it, or else pixels of it in one go, that make it no stroke of a text.

A rule may run along a photo or through a signature, but then it goes on without them.
"""
_GAP = 60
"""Pixels that two pieces of one rule may lie apart: a seal, a signature or a worn place between them."""
_OFF = 3.5
"""Pixels by which the one piece may miss the other's line, at the gap."""
_REACH = 12
"""Pixels from a rule's end to the rule it is meant to meet."""
_INKED = 0.6
"""Share of its length, between two crossings, that a rule must be seen."""
_SHORT, _AT_ENDS = 90, 8
"""Pixels: between crossings closer than the first, a rule must be seen well on the second, from either of them.

A tall character between two rules covers as much of the way as a worn rule does, but not the ends of the way.
"""
_PAST_ONE_END, _PAST_BOTH_ENDS = 170, 45
"""Pixels that a line may run past the rules it crosses, at one end or at each: a streak of a scanner, a fold and the
edge of a sheet behind run on, rules end where their table does."""
_ALIGNED, _SIDE_FROM = 6.0, 3
"""Ends of so many rules that lie on one upright line, within so many pixels, show a side that has no rule of its own."""


@dataclass(frozen=True)
class _Seen:
    """Where marks are, 0 or 1: `mask` with dots and worn places filled along the rule, `fine` as they stand."""

    mask: Grey
    fine: Grey


@dataclass(frozen=True)
class Ruling:
    """What is ruled on a page. Segments and boxes are in pixels of the image; cells stand in reading order."""

    horizontal: tuple[Segment, ...]
    vertical: tuple[Segment, ...]
    cells: tuple[Cell, ...]


NO_RULING = Ruling((), (), ())


def find(image: Image) -> Ruling:
    """The rules and cells of a flat page that stands upright, slanting by three degrees or so.

    A page without a closed cell has none: lines to write on are rules, but hold nothing.
    """
    height, width = image.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else grey
    work = np.asarray(small, dtype=np.uint8)
    # The same eyes for both directions: transposed, a vertical rule is a horizontal one.
    side = np.ascontiguousarray(work.T)
    across, seen_across = _pieces(work)
    down, seen_down = _pieces(side)
    across, down = _joined(across), _joined(down)
    down.extend(_open_sides(across, down, seen_down))
    horizontal, vertical = _closed(across, down, seen_across, seen_down)
    turned = [(y0, x0, y1, x1) for x0, y0, x1, y1 in vertical]
    tables = tables_of(areas_between(work.shape, horizontal, turned))
    return Ruling(
        horizontal=tuple(_scaled(segment, scale) for segment in _of_tables(horizontal, tables)),
        vertical=tuple(_scaled(segment, scale) for segment in _of_tables(turned, tables)),
        cells=tuple(cell for number, table in enumerate(tables) for cell in placed(number, table, scale)),
    )


def _pieces(grey: Grey) -> tuple[list[Segment], _Seen]:
    """Straight thin dark pieces that run from left to right, and the marks they were found among."""
    mask = _valleys(cv2.blur(grey, (_SMOOTH, 1)))
    runs = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, _SHORTEST), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs)
    dark = _darkness(grey)
    found: list[Segment] = []
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[label])
        if height > _THICKEST + _STEEPEST * width or area / width > _THICKEST:
            continue
        own = labels[top : top + height, left : left + width] == label
        xs = np.arange(width, dtype=np.float64)
        # The middle of the piece in each column, then the straight line through these middles.
        weight = own.sum(axis=0)
        middles = (own * np.arange(height)[:, None]).sum(axis=0) / np.maximum(weight, 1)
        slope, offset = _line_through(xs[weight > 0], middles[weight > 0])
        if abs(slope) > _STEEPEST or float(np.abs(middles - (slope * xs + offset))[weight > 0].mean()) > 2.0:
            continue
        if _crowded(dark, left + xs, top + offset + slope * xs):
            continue
        start, end = top + offset, top + offset + slope * (width - 1)
        found.append((float(left), start, float(left + width - 1), end))
    return found, _Seen(mask, _valleys(cv2.blur(grey, (3, 1))))


def _valleys(grey: Grey | cv2.typing.MatLike) -> Grey:
    """Where a thin mark lies between lighter rows: 0 or 1."""
    upright = np.ones((_THICKEST + 2, 1), np.uint8)
    valley = cv2.subtract(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, upright), grey)
    # Noise has valleys too: a rule stands out from what this page has everywhere.
    limit = max(_CONTRAST, 2.5 * float(np.median(valley[::4, ::4])))
    # A slanted rule steps from row to row: a little height joins the steps before runs are measured.
    return np.asarray(cv2.dilate((valley > limit).astype(np.uint8), np.ones((3, 1), np.uint8)), dtype=np.uint8)


def _darkness(grey: Grey) -> Grey:
    """How much darker than the paper around it each pixel is."""
    size = 3 * _THICKEST
    paper = cv2.morphologyEx(cv2.blur(grey, (3, 3)), cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return np.asarray(cv2.subtract(paper, grey), dtype=np.uint8)


def _line_through(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset of the straight line closest to the points."""
    x, y = float(xs.mean()), float(ys.mean())
    spread = float(((xs - x) ** 2).sum())
    slope = float(((xs - x) * (ys - y)).sum()) / spread if spread > 0 else 0.0
    return slope, y - slope * x


def _crowded(dark: Grey, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> bool:
    """Whether print stands close above or below the piece wherever one looks: then it is a stroke of the text."""
    places = ys + np.array([0.0, *(sign * away for sign in (-1, 1) for away in _BESIDE)])[:, None]
    own, *beside = _at(dark, xs.astype(np.intp), places)
    clear = np.max(beside, axis=0) <= max(16.0, 0.4 * float(np.median(own)))
    return float(clear.mean()) < _CLEAR and _longest_run(clear) < _CLEAR_RUN


def _longest_run(flags: NDArray[np.bool_]) -> int:
    """The most flags in a row that are set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _at(plane: Grey, columns: NDArray[np.intp], ys: NDArray[np.float64]) -> Grey:
    # numpy's clip costs more than the look-up for arrays as short as these.
    rows = np.minimum(np.maximum(np.rint(ys), 0), plane.shape[0] - 1).astype(np.intp)
    return np.asarray(plane[rows, np.minimum(np.maximum(columns, 0), plane.shape[1] - 1)], dtype=np.uint8)


def _joined(pieces: Iterable[Segment]) -> list[Segment]:
    """Pieces that lie on one line with a small gap between them, made one."""
    open_ends: list[Segment] = []
    for piece in sorted(pieces):
        best: int | None = None
        for at, (x0, y0, x1, y1) in enumerate(open_ends):
            gap = piece[0] - x1
            if gap > _GAP or piece[2] <= x1:
                continue
            slope = _common_slope((x0, y0, x1, y1), piece)
            meets = y1 + slope * gap
            if abs(meets - piece[1]) <= _OFF and (best is None or x1 > open_ends[best][2]):
                best = at
        if best is None:
            open_ends.append(piece)
        else:
            x0, y0, _, _ = open_ends[best]
            open_ends[best] = (x0, y0, piece[2], piece[3])
    return open_ends


def _common_slope(first: Segment, second: Segment) -> float:
    """The slope of two pieces, each weighed by its length."""
    one, other = first[2] - first[0], second[2] - second[0]
    return ((first[3] - first[1]) + (second[3] - second[1])) / max(one + other, 1.0)


def _open_sides(across: Sequence[Segment], down: Sequence[Segment], seen: _Seen) -> list[Segment]:
    """Sides that only the ends of level rules show, transposed: a table open at its sides, a photo pasted on the rule.

    What is added is drawn into `seen`, for no page shows it.
    """
    added: list[Segment] = []
    for end in (0, 2):
        free = sorted(
            (rule[end], rule[end + 1])
            for rule in across
            if rule[2] - rule[0] >= _SHORT and not any(_is_near(rule[end], rule[end + 1], other) for other in down)
        )
        groups: list[list[tuple[float, float]]] = []
        for x, y in free:
            if groups and x - groups[-1][-1][0] <= _ALIGNED:
                groups[-1].append((x, y))
            else:
                groups.append([(x, y)])
        for group in groups:
            if len(group) < _SIDE_FROM:
                continue
            ys, xs = np.array([y for _, y in group]), np.array([x for x, _ in group])
            slope, offset = _line_through(ys, xs)
            ends = float(ys.min()), float(ys.max())
            if _is_crossed(across, float(xs.mean()), ends) or not _has_upright(down, group, end):
                continue
            top, bottom = _next_rule(across, xs.mean(), ends[0], -1), _next_rule(across, xs.mean(), ends[1], 1)
            side = (top, offset + slope * top, bottom, offset + slope * bottom)
            added.append(side)
            for plane in (seen.mask, seen.fine):
                cv2.line(plane, (round(side[0]), round(side[1])), (round(side[2]), round(side[3])), 1, 3)
    return added


def _is_crossed(across: Sequence[Segment], x: float, ends: tuple[float, float]) -> bool:
    """Whether a level rule goes on through a side that stands at x between two heights: lines to write on do."""
    return any(
        x0 + _REACH < x < x1 - _REACH and ends[0] + _REACH < (y0 + y1) / 2 < ends[1] - _REACH
        for x0, y0, x1, y1 in across
    )


def _has_upright(down: Sequence[Segment], group: Sequence[tuple[float, float]], end: int) -> bool:
    """Whether an upright rule of the table crosses the heights of at least two of the ends, on the table's side of them."""
    x = sum(each for each, _ in group) / len(group)
    return any(
        (x_top > x if end == 0 else x_top < x) and sum(top - _REACH <= y <= bottom + _REACH for _, y in group) >= 2
        for top, x_top, bottom, _ in down
    )


def _is_near(x: float, y: float, upright: Segment) -> bool:
    """Whether an upright rule, given transposed, passes the point."""
    top, x_top, bottom, x_bottom = upright
    lean = (x_bottom - x_top) / max(bottom - top, 1.0)
    return top - _REACH <= y <= bottom + _REACH and abs(x_top + lean * (y - top) - x) <= _REACH


def _next_rule(across: Sequence[Segment], x: float, y: float, way: int) -> float:
    """Where the side that ends at (x, y) meets the next level rule that passes over it, up (-1) or down (1); else y."""
    met = [
        at
        for x0, y0, x1, y1 in across
        if x0 + _REACH < x < x1 - _REACH
        and 0 < way * ((at := y0 + (y1 - y0) / max(x1 - x0, 1.0) * (x - x0)) - y) <= 2 * _SHORT
    ]
    return min(met, key=lambda at: abs(at - y), default=y)


def _closed(
    across: Sequence[Segment], down: Sequence[Segment], seen_across: _Seen, seen_down: _Seen
) -> tuple[list[Segment], list[Segment]]:
    """What is left when every piece that does not run from one crossing rule to another is taken away.

    `down` and its marks are transposed, here and in the answer. Ends are carried on to the rule they nearly meet.
    """
    rules = [rule for rule in across if not _runs_on(rule, down)]
    others = [rule for rule in down if not _runs_on(rule, across)]
    while True:
        kept = [part for rule in rules for part in _between_crossings(rule, others, seen_across)]
        kept_others = [part for rule in others for part in _between_crossings(rule, kept, seen_down)]
        if len(kept) == len(rules) and len(kept_others) == len(others):
            return kept, kept_others
        rules, others = kept, kept_others


def _between_crossings(rule: Segment, crossing: Sequence[Segment], seen: _Seen) -> list[Segment]:
    """The parts of a rule that are seen from one crossing rule to the next; neighbouring parts are one.

    `rule` runs along x in `seen`; `crossing` rules run along y and are transposed: (y0, x0, y1, x1).
    """
    x0, y0, x1, y1 = rule
    slope = (y1 - y0) / max(x1 - x0, 1.0)
    places = _crossings(rule, crossing)
    parts: list[Segment] = []
    for left, right in pairwise(places):
        xs = np.arange(left + 3, right - 2, dtype=np.float64)
        columns, ys = xs.astype(np.intp), y0 + slope * (xs - x0)
        if not _is_seen(_at(seen.mask, columns, ys) > 0, _at(seen.fine, columns, ys) > 0):
            continue
        if parts and parts[-1][2] == left:
            parts[-1] = (parts[-1][0], parts[-1][1], right, y0 + slope * (right - x0))
        else:
            parts.append((left, y0 + slope * (left - x0), right, y0 + slope * (right - x0)))
    return [part for part in parts if part[2] - part[0] >= SMALLEST]


def _crossings(rule: Segment, crossing: Sequence[Segment]) -> list[float]:
    """Where a rule along x meets rules along y (transposed), from left to right."""
    x0, y0, x1, y1 = rule
    slope = (y1 - y0) / max(x1 - x0, 1.0)
    places: list[float] = []
    for top, x_top, bottom, x_bottom in crossing:
        lean = (x_bottom - x_top) / max(bottom - top, 1.0)
        y = y0 + slope * (x_top - x0)
        x = x_top + lean * (y - top)
        y = y0 + slope * (x - x0)
        if top - _REACH <= y <= bottom + _REACH and x0 - _REACH <= x <= x1 + _REACH:
            places.append(x)
    return sorted(places)


def _runs_on(rule: Segment, crossing: Sequence[Segment]) -> bool:
    """Whether a line goes on far past the first and the last rule it crosses."""
    places = _crossings(rule, [other for other in crossing if other[2] - other[0] >= _SHORT])
    if len(places) < 2:
        return False
    before, after = places[0] - rule[0], rule[2] - places[-1]
    return max(before, after) > _PAST_ONE_END or min(before, after) > _PAST_BOTH_ENDS


def _is_seen(flags: NDArray[np.bool_], fine: NDArray[np.bool_]) -> bool:
    """Whether a rule is seen on the way from one crossing to the next, given where on the way there is a mark."""
    if len(flags) <= SMALLEST:
        return True
    if float(flags.mean()) < _INKED:
        return False
    return len(flags) > _SHORT or bool(min(fine[:_AT_ENDS].mean(), fine[-_AT_ENDS:].mean()) >= _INKED)


def _scaled(segment: Segment, scale: float) -> Segment:
    x0, y0, x1, y1 = (round(value / scale, 1) for value in segment)
    return (x0, y0, x1, y1)


def _of_tables(segments: Iterable[Segment], tables: Sequence[Sequence[Quad]]) -> list[Segment]:
    """The segments that belong to a table: their middles lie on it."""
    extents = [extent(table) for table in tables]
    return [
        (x0, y0, x1, y1)
        for x0, y0, x1, y1 in segments
        if any(
            -SAME_EDGE <= (x0 + x1) / 2 - left <= width + SAME_EDGE
            and -SAME_EDGE <= (y0 + y1) / 2 - top <= height + SAME_EDGE
            for left, top, width, height in extents
        )
    ]
