"""Abbreviated path data as PDF operators: GB/T 33190-2016, 9.1 (S M L Q B A C)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from verifier.errors import InputError
from verifier.intake.ofd_values import Matrix, number
from verifier.intake.pdf_write import joined

Point = tuple[float, float]
Segment = tuple[str, tuple[Point, ...]]
"""A PDF operator (m, l, c, h) and its points."""

_WANTED = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}


def path_operators(text: str, *moved: Matrix | None) -> bytes:
    """The path as PDF operators, not painted, each of `moved` applied in turn.

    Raises InputError `file.broken` for anything but the seven commands with their numbers.
    """
    out = []
    for name, points in _segments(text):
        for matrix in moved:
            if matrix is not None:
                a, b, c, d, e, f = matrix
                points = tuple((a * x + c * y + e, b * x + d * y + f) for x, y in points)
        out.append(joined(*(value for point in points for value in point)) + f" {name}\n".encode("ascii"))
    return b"".join(out)


def _segments(text: str) -> Iterator[Segment]:
    parts = text.split()
    here = start = (0.0, 0.0)
    begun = False
    at = 0
    while at < len(parts):
        command = parts[at]
        count = _WANTED.get(command, -1)
        if count < 0 or at + count >= len(parts):
            raise InputError("file.broken")
        values = [number(part, 0.0) for part in parts[at + 1 : at + 1 + count]]
        at += 1 + count
        if command not in "SM" and not begun:
            # PDF has no path without a beginning.
            yield "m", (here,)
        begun = True
        if command == "C":
            yield "h", ()
            here = start
            continue
        end = (values[-2], values[-1])
        if command in "SM":
            yield "m", (end,)
            start = end
        elif command == "L":
            yield "l", (end,)
        elif command == "Q":
            yield _quadratic(here, (values[0], values[1]), end)
        elif command == "B":
            yield "c", ((values[0], values[1]), (values[2], values[3]), end)
        else:
            yield from _arc(here, values, end)
        here = end


def _quadratic(start: Point, control: Point, end: Point) -> Segment:
    first, second = ((p[0] + (control[0] - p[0]) * 2 / 3, p[1] + (control[1] - p[1]) * 2 / 3) for p in (start, end))
    return "c", (first, second, end)


def _arc(start: Point, values: list[float], end: Point) -> Iterator[Segment]:
    """An elliptical arc as cubic curves of at most a quarter turn (SVG 2, appendix B.2.4: the same seven numbers)."""
    rx, ry = abs(values[0]), abs(values[1])
    if not rx or not ry or start == end:
        yield "l", (end,)
        return
    turn = math.radians(values[2])
    cos, sin = math.cos(turn), math.sin(turn)
    half_x, half_y = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    # Halfway between the ends, in the axes of the ellipse, as shares of its radii.
    x, y = (cos * half_x + sin * half_y) / rx, (cos * half_y - sin * half_x) / ry
    reach = x * x + y * y
    if reach == 0.0:
        yield "l", (end,)
        return
    if reach > 1.0:
        rx, ry = rx * math.sqrt(reach), ry * math.sqrt(reach)
        x, y = x / math.sqrt(reach), y / math.sqrt(reach)
        reach = 1.0
    away = math.sqrt(1.0 / reach - 1.0) * (-1.0 if bool(values[3]) == bool(values[4]) else 1.0)
    centre_x, centre_y = away * y, -away * x
    first = math.atan2(y - centre_y, x - centre_x)
    sweep = math.atan2(-y - centre_y, -x - centre_x) - first
    if values[4] and sweep < 0:
        sweep += 2 * math.pi
    elif not values[4] and sweep > 0:
        sweep -= 2 * math.pi
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)

    def placed(unit_x: float, unit_y: float) -> Point:
        u, v = (centre_x + unit_x) * rx, (centre_y + unit_y) * ry
        return middle[0] + cos * u - sin * v, middle[1] + sin * u + cos * v

    pieces = max(1, math.ceil(abs(sweep) / (math.pi / 2) - 1e-9))
    step = sweep / pieces
    bulge = 4 / 3 * math.tan(step / 4)
    for piece in range(pieces):
        a, b = first + piece * step, first + (piece + 1) * step
        yield (
            "c",
            (
                placed(math.cos(a) - bulge * math.sin(a), math.sin(a) + bulge * math.cos(a)),
                placed(math.cos(b) + bulge * math.sin(b), math.sin(b) - bulge * math.cos(b)),
                end if piece == pieces - 1 else placed(math.cos(b), math.sin(b)),
            ),
        )
