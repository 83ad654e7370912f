"""The straight line of a seal: 体检专用章 and the like under the star, or in the middle of an oval seal."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.ink import Plane
from verifier.imaging.seal_arc import Band, inside, runs, sector
from verifier.imaging.seal_disc import Disc
from verifier.imaging.seal_shapes import Ellipse

_INKED = 0.35
"""Share of full ink from which a pixel counts as inked."""
_LEAST_INK = 0.0004
"""Share of the disc's picture that must be inked inside the arc for a straight line to be looked for."""
_SWING = 27.0
"""Degrees to both sides of the expected direction that are tried: the arc's opening tells it to about 20."""
_LINE, _SHORT = 1.7, 1.1
"""Least width over height of a line, and of one below another: (2)."""
_NUMBER_REACH = 0.85
"""A registration number lies nearer to the ring than this share of the depth of the characters of the arc."""
_SLANT = 3.0
"""The same where the seal's star or oval tells the direction."""


@dataclass(frozen=True)
class StraightLine:
    """A level crop of the line, as `Disc.ink` and `Disc.detail`, and where it was in the disc (of the disc's shape)."""

    ink: Plane
    detail: Plane
    whole: Plane
    """As `Disc.mended`, evenly to both sides of the seal's middle and with what of the arc stands there: a long line's ends
    may reach where characters of the arc were supposed."""
    mask: NDArray[np.bool_]


def level(disc: Disc, band: Band, expected: float, *, sure: bool) -> float | None:
    """By how many degrees the straight line is turned clockwise; None when there is none.

    `expected` is the seal's turn: `sure` when its shape told it, for lines are set level to a few degrees.
    """
    core = np.where(inside(disc, band.inner), disc.ink, np.float32(0.0))
    if float((core > _INKED).mean()) < _LEAST_INK:
        return None
    turn = _level(core, disc.ring, expected, _SLANT if sure else _SWING)
    return turn if _rows(_rotated(core, disc.ring, turn), min(disc.ring.a, disc.ring.b)) else None


def find_lines(disc: Disc, band: Band, turn: float) -> tuple[StraightLine, ...]:
    """The straight lines inside a seal from top to bottom. `band` tells where the arc's text stands, `turn` as `level`."""
    ring = disc.ring
    radius = min(ring.a, ring.b)
    core = _rotated(np.where(inside(disc, band.inner), disc.ink, np.float32(0.0)), ring, turn)
    free = inside(disc, 0.5 * band.outer) & ~sector(disc, band)
    field = _rotated(np.where(free, disc.ink, np.float32(0.0)), ring, turn)
    detail = _rotated(np.where(free, disc.detail, np.float32(0.0)), ring, turn)
    everything = _rotated(np.where(inside(disc, 0.5 * band.outer), disc.mended, np.float32(0.0)), ring, turn)
    lines: list[StraightLine] = []
    rows_of_text = _rows(core, radius)
    if rows_of_text:
        lowest = ring.y + radius - _NUMBER_REACH * band.inner
        rows_of_text += _row_below(field, rows_of_text[-1], round(ring.x), round(0.13 * radius), lowest)
    for at, rows in enumerate(rows_of_text):
        top, bottom = _whole_rows(field, *rows)
        left, right = _columns(field[top:bottom])
        # a star or an emblem makes a row as well, about twice as wide as tall
        if right - left < (_SHORT if at else _LINE) * (bottom - top):
            continue
        pad = max(2, round(0.12 * (bottom - top)))
        place = (slice(max(0, top - pad), bottom + pad), slice(max(0, left - pad), right + pad))
        mask = np.zeros(disc.ink.shape, np.float32)
        mask[place] = 1.0
        half = max(ring.x - left, right - ring.x, 1.0) + pad
        if _goes_on(everything[top:bottom], left, right):
            half += bottom - top
        level_place = (place[0], slice(max(0, round(ring.x - half)), round(ring.x + half)))
        own = (_rotated(mask, ring, -turn) > 0.5) & free
        lines.append(StraightLine(field[place], detail[place], everything[level_place], own))
    return tuple(lines)


def erase(disc: Disc, lines: tuple[StraightLine, ...]) -> Disc:
    """The seal without the lines; characters of the arc that reach into a line's rows stay."""
    gone = np.zeros(disc.ink.shape, np.bool_)
    for line in lines:
        gone |= line.mask
    return disc.without(gone)


def _rotated(plane: Plane, ring: Ellipse, turn: float) -> Plane:
    matrix = cv2.getRotationMatrix2D((ring.x, ring.y), turn, 1.0)
    return np.asarray(cv2.warpAffine(plane, matrix, plane.shape[::-1], flags=cv2.INTER_LINEAR), dtype=np.float32)


def _level(field: Plane, ring: Ellipse, expected: float, swing: float) -> float:
    """The turn, in degrees, that makes the text level: the one with the sharpest rows."""

    def sharpness(turn: float) -> float:
        upright = _rotated(small, middle, turn)
        lower = upright[round(middle.y - 0.3 * min(middle.a, middle.b)) :]
        rows = lower.sum(axis=1)
        return float((np.diff(rows) ** 2).sum())

    # half the size is enough to tell the angle
    small = np.asarray(cv2.resize(field, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.float32)
    middle = ring.scaled(0.5)
    coarse = max((expected + float(off) for off in np.arange(-swing, swing + 0.1, 3.0)), key=sharpness)
    return max((coarse + float(off) for off in np.arange(-2.0, 2.1, 1.0)), key=sharpness)


def _rows(upright: Plane, radius: float) -> list[tuple[int, int]]:
    """Stretches of rows that hold a line of text: tall enough, and not much weaker than the strongest."""
    profile = cv2.GaussianBlur(upright.sum(axis=1).reshape(-1, 1), (1, 5), 0).ravel()
    stretches = runs(profile > 0.12 * float(profile.max()))
    tall = [(a, b) for a, b in stretches if 0.08 * radius <= b - a <= 0.6 * radius]
    if not tall:
        return []
    strongest = max(float(profile[a:b].sum()) for a, b in tall)
    return [(a, b) for a, b in tall if float(profile[a:b].sum()) > 0.4 * strongest]


def _goes_on(rows: Plane, left: int, right: int) -> bool:
    """Whether there is ink right beside a line: its first or last character was taken for one of the arc."""
    beside = max(2, (rows.shape[0]) // 3)
    sides = rows[:, max(0, left - beside) : left], rows[:, right : right + beside]
    return any(bool((side > _INKED).mean() > 0.08) for side in sides if side.size)


def _row_below(field: Plane, last: tuple[int, int], x: int, reach: int, lowest: float) -> list[tuple[int, int]]:
    """A short second line close under the `last` one, in the opening of the arc: the number of one of several seals.

    A registration number is no line: its middle lies under `lowest`.
    """
    height = last[1] - last[0]
    profile = field[:, max(0, x - reach) : x + reach].sum(axis=1)
    inked = (profile > 0.1 * float(profile[last[0] : last[1]].max())).astype(np.uint8)
    joined = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, np.ones((round(0.2 * height) | 1, 1), np.uint8)).ravel()
    joined[: last[1]] = 0
    for top, bottom in runs(joined > 0):
        if bottom - top > 0.3 * height:
            near = top - last[1] < 0.8 * height and bottom - top <= 1.3 * height
            return [(top, bottom)] if near and (top + bottom) / 2.0 < lowest else []
    return []


def _whole_rows(field: Plane, top: int, bottom: int) -> tuple[int, int]:
    """Rows widened by what is cut off at the edge of a character."""
    height = bottom - top
    profile = field.sum(axis=1)
    faint = 0.05 * float(profile[top:bottom].max())
    for _ in range(round(0.2 * height)):
        top -= int(top > 0 and profile[top - 1] > faint)
        bottom += int(bottom < len(profile) and profile[bottom] > faint)
    return top, bottom


def _columns(rows: Plane) -> tuple[int, int]:
    """Where the line of text in `rows` begins and ends: the widest stretch without a gap of more than a character."""
    height = len(rows)
    inked = ((rows > _INKED).sum(axis=0) >= 2).astype(np.uint8).reshape(1, -1)
    joined = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, np.ones((1, round(1.2 * height) | 1), np.uint8)).ravel()
    stretches = runs(joined > 0)
    return max(stretches, key=lambda s: s[1] - s[0]) if stretches else (0, 0)
