"""Abbreviated path data as PDF operators: GB/T 33190-2016, 9.1 (S M L Q B A C)."""

from __future__ import annotations

import math

from verifier.errors import InputError
from verifier.intake.ofd_values import number

Point = tuple[float, float]

_WANTED = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}


def path_operators(text: str) -> bytes:
    """The path, not painted. Raises InputError `file.broken` for anything but the seven commands with their numbers."""
    parts = text.split()
    out: list[str] = []
    here = start = (0.0, 0.0)
    at = 0
    while at < len(parts):
        command = parts[at]
        count = _WANTED.get(command)
        if count is None or at + count >= len(parts) + (count == 0):
            raise InputError("file.broken")
        values = [number(part, 0.0) for part in parts[at + 1 : at + 1 + count]]
        at += 1 + count
        if command == "C":
            # Closing what was never begun is an error in PDF.
            out.append("h\n" if out else "")
            here = start
            continue
        if command not in "SM" and not out:
            out.append(_operator("m", here))
        end = (values[-2], values[-1])
        if command in "SM":
            out.append(_operator("m", end))
            start = end
        elif command == "L":
            out.append(_operator("l", end))
        elif command == "Q":
            out.append(_quadratic(here, (values[0], values[1]), end))
        elif command == "B":
            out.append(_operator("c", (values[0], values[1]), (values[2], values[3]), end))
        else:
            out.append(_arc(here, values, end))
        here = end
    return "".join(out).encode("ascii")


def _operator(name: str, *points: Point) -> str:
    return " ".join(f"{x:.4f} {y:.4f}" for x, y in points) + f" {name}\n"


def _quadratic(start: Point, control: Point, end: Point) -> str:
    first, second = ((p[0] + (control[0] - p[0]) * 2 / 3, p[1] + (control[1] - p[1]) * 2 / 3) for p in (start, end))
    return _operator("c", first, second, end)


def _arc(start: Point, values: list[float], end: Point) -> str:
    """An elliptical arc as cubic curves of at most a quarter turn (SVG 2, appendix B.2.4: the same seven numbers)."""
    rx, ry = abs(values[0]), abs(values[1])
    if not rx or not ry or start == end:
        return _operator("l", end)
    turn = math.radians(values[2])
    cos, sin = math.cos(turn), math.sin(turn)
    half_x, half_y = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    # Halfway between the ends, in the axes of the ellipse, as shares of its radii.
    x, y = (cos * half_x + sin * half_y) / rx, (cos * half_y - sin * half_x) / ry
    reach = x * x + y * y
    if reach == 0.0:
        return _operator("l", end)
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
    out = []
    for piece in range(pieces):
        a, b = first + piece * step, first + (piece + 1) * step
        out.append(
            _operator(
                "c",
                placed(math.cos(a) - bulge * math.sin(a), math.sin(a) + bulge * math.cos(a)),
                placed(math.cos(b) + bulge * math.sin(b), math.sin(b) - bulge * math.cos(b)),
                end if piece == pieces - 1 else placed(math.cos(b), math.sin(b)),
            )
        )
    return "".join(out)
