"""What the picture of a page denies of its file's text: another number, date or name in the same place.

Two lines that share a label agree for the most part however much their values differ, so values are compared one by one.
A misreading is no denial: numbers with a check digit count only when both are sound, others when several digits differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from schemas.reading import Line
from verifier.compare.dates import read_date
from verifier.compare.ids import id_problem
from verifier.compare.text import HAN, half_width, squeeze
from verifier.compare.uscc import uscc_problem
from verifier.pipeline.same_place import in_place

SURE = 0.9
"""Score from which a line of the picture is a witness."""

_NUMBER = re.compile(r"(?<![0-9A-Z])(?:[0-9][0-9A-Z]{16}[0-9A-Z]|[0-9]{6,}X?)(?![0-9A-Z])")
_NAME = re.compile(
    rf"姓名:?(?P<name>[{HAN}]{{2,4}}?)(?=$|[^{HAN}]|性别|身份|证件|公民|民族|出生|社会|社保|个人|参保|单位|联系|电话)"
)

_MISREAD_DIGITS = 2
"""Digits that a reading of a number without check digit may have wrong."""
_MISREAD_DATE = 1
_MISREAD_NAME = 1


@dataclass(frozen=True)
class Denial:
    """A line of the file's text that the picture denies; `of_number`: for a number, which no misreading explains."""

    line: Line
    of_number: bool


def denials(layer: Sequence[Line], picture: Sequence[Line]) -> tuple[Denial, ...]:
    """The lines of `layer` with a value that the picture denies, in order; boxes of both in pixels of one image.

    A value is denied when the picture surely shows another one there, does not show it anywhere, and the layer nowhere
    says what the picture shows: rows that slipped are no denial.
    """
    found: list[Denial] = []
    for line in layer:
        there = [other for other in in_place(line, picture) if other.score >= SURE]
        if not there:
            continue
        number = _denied(_numbers([line]), _numbers(there), _numbers(layer), _numbers(picture), _are_two_numbers)
        if (
            number
            or _denied(_dates([line]), _dates(there), _dates(layer), _dates(picture), _are_two_dates)
            or _denied(_names([line]), _names(there), _names(layer), _names(picture), _are_two_names)
        ):
            found.append(Denial(line, number))
    return tuple(found)


def _denied(
    said: Iterable[str],
    there: Iterable[str],
    layer: frozenset[str],
    picture: frozenset[str],
    differ: Callable[[str, str], bool],
) -> bool:
    rivals = [value for value in there if value not in layer]
    return any(
        value not in picture and bool(rivals) and all(differ(value, rival) for rival in _alike(value, rivals))
        for value in said
    )
