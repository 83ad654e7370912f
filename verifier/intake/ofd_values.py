"""The simple types of OFD as Python values: GB/T 33190-2016, 7.3 (basic types), 8.3 (colours), 11.3 (offsets)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from verifier.errors import InputError

Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f: x' = a x + c y + e, y' = b x + d y + f, as in PDF."""

_LARGEST = 1e6
"""Millimetres; no page is a kilometre wide, and arithmetic stays finite below it."""


@dataclass(frozen=True)
class Box:
    """Left, top, width and height in millimetres."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Colour:
    """Components 0..1: one is grey, three are RGB, four are CMYK."""

    components: tuple[float, ...]
    alpha: float = 1.0


BLACK = Colour((0.0,))


def number(text: str | None, default: float) -> float:
    """Raises InputError `file.broken` for what is no number, or one out of all proportion."""
    if text is None or not text.strip():
        return default
    try:
        value = float(text)
    except ValueError as error:
        raise InputError("file.broken") from error
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise InputError("file.broken")
    return value


def whole(text: str | None, default: int) -> int:
    return int(number(text, default))


def numbers(text: str | None) -> tuple[float, ...]:
    """Numbers between spaces (ST_Array)."""
    return tuple(number(part, 0.0) for part in (text or "").replace(",", " ").split())


def flag(text: str | None, default: bool) -> bool:
    return default if text is None else text.strip().lower() in ("true", "1")


def box(text: str | None) -> Box | None:
    """ST_Box; None when there is none."""
    values = numbers(text)
    if not values:
        return None
    if len(values) != 4:
        raise InputError("file.broken")
    return Box(*values)


def matrix(text: str | None) -> Matrix | None:
    values = numbers(text)
    if not values:
        return None
    if len(values) != 6:
        raise InputError("file.broken")
    a, b, c, d, e, f = values
    return a, b, c, d, e, f


def offsets(text: str | None, count: int) -> tuple[float, ...] | None:
    """`count` distances from each character to the next; None when none are given.

    `g n d` stands for n times d. Files in use give too few: the last one then counts for the rest.
    """
    if text is None or not text.strip():
        return None
    given = tuple(itertools.islice(_unfolded(text.split()), count))
    last = given[-1] if given else 0.0
    return given + (last,) * (count - len(given))


def _unfolded(parts: list[str]) -> Iterator[float]:
    at = 0
    while at < len(parts):
        if parts[at] == "g":
            if at + 2 >= len(parts):
                raise InputError("file.broken")
            yield from itertools.repeat(number(parts[at + 2], 0.0), max(0, whole(parts[at + 1], 0)))
            at += 3
        else:
            yield number(parts[at], 0.0)
            at += 1


def colour(element: Element | None) -> Colour | None:
    """A colour of 8 bits a component. A gradient becomes the mean of its colours; None for a pattern: its background is
    not what it looks like, and unpainted paper hides nothing."""
    if element is None or element.find("Pattern") is not None:
        return None
    alpha = min(max(number(element.get("Alpha"), 255.0), 0.0), 255.0) / 255.0
    stops = [stop for stop in element.iter("Color") if stop.get("Value")]
    if stops:
        found = [_components(stop.get("Value", "")) for stop in stops]
        alike = [values for values in found if len(values) == len(found[0])]
        return Colour(tuple(sum(column) / len(alike) for column in zip(*alike, strict=True)), alpha)
    return Colour(_components(element.get("Value") or "0"), alpha)


def _components(text: str) -> tuple[float, ...]:
    values = tuple(_component(part) for part in text.split()[:5])
    if len(values) not in (1, 3, 4):
        raise InputError("file.broken")
    return values


def _component(part: str) -> float:
    if not part.startswith("#"):
        return min(max(number(part, 0.0), 0.0), 255.0) / 255.0
    try:
        return min(int(part[1:], 16), 255) / 255.0
    except ValueError as error:
        raise InputError("file.broken") from error
