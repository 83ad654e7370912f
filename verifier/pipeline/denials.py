"""What the picture of a page denies of its file's text: another number, date or name in the same place.

Two lines that share a label agree for the most part however much their values differ, so values are compared one by one.
A misreading is no denial: numbers with a check digit count only when both are sound, others when several digits differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from schemas.reading import Line
from verifier.compare.dates import read_date
from verifier.compare.ids import id_problem
from verifier.compare.text import HAN, digits_for_letters, half_width, squeeze
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


@dataclass(frozen=True)
class _Kind:
    """A kind of value: how a line says it, and whether two of it are the same value or one misread; None: not comparable."""

    read: Callable[[str], Iterable[str]]
    differ: Callable[[str, str], bool | None]

    def of(self, lines: Iterable[Line]) -> frozenset[str]:
        return frozenset(value for line in lines for value in self.read(line.text))


def _read_numbers(text: str) -> Iterable[str]:
    found = _NUMBER.findall(digits_for_letters(half_width(text)).upper())
    return (value for value in found if value.rstrip("X").isdigit() or uscc_problem(value) is None)


def _read_dates(text: str) -> Iterable[str]:
    found = read_date(text)
    return (found,) if found is not None else ()


def _read_names(text: str) -> Iterable[str]:
    return (match["name"] for match in _NAME.finditer(squeeze(text)))


def _two_numbers(one: str, other: str) -> bool | None:
    if abs(len(one) - len(other)) > 1:
        return None
    if any(problem(one) is None and problem(other) is None for problem in (id_problem, uscc_problem)):
        return True
    return Levenshtein.distance(one, other) > _MISREAD_DIGITS


def _two_dates(one: str, other: str) -> bool:
    return Levenshtein.distance(one, other) > _MISREAD_DATE


def _two_names(one: str, other: str) -> bool:
    return Levenshtein.distance(one, other) > _MISREAD_NAME


_NUMBERS = _Kind(_read_numbers, _two_numbers)
_KINDS = (_NUMBERS, _Kind(_read_dates, _two_dates), _Kind(_read_names, _two_names))


def denials(layer: Sequence[Line], picture: Sequence[Line]) -> tuple[Denial, ...]:
    """The lines of `layer` with a value that the picture denies, in order; boxes of both in pixels of one image.

    A value is denied when the picture surely shows another one there and shows it nowhere, and the layer nowhere says
    what the picture shows: rows that slipped are no denial.
    """
    found: dict[int, Denial] = {}
    for kind in _KINDS:
        said, shown = kind.of(layer), kind.of(picture)
        for at, line in enumerate(layer):
            own = kind.of([line]) - shown
            if at in found or not own:
                continue
            rivals = kind.of(other for other in in_place(line, picture) if other.score >= SURE) - said
            if any(_is_another(value, rivals, kind) for value in own):
                found[at] = Denial(line, of_number=kind is _NUMBERS)
    return tuple(found[at] for at in sorted(found))


def _is_another(value: str, rivals: Iterable[str], kind: _Kind) -> bool:
    """Whether some value can be compared with this one, and each that can is another."""
    verdicts = [differs for rival in rivals if (differs := kind.differ(value, rival)) is not None]
    return bool(verdicts) and all(verdicts)
