"""Resident identity numbers (GB 11643-1999), also those of Hong Kong, Macao and Taiwan residents (810000 to 830000)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schemas.application import Sex
from verifier.compare.text import half_width, squeeze

LENGTH = 18
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_YEARS = range(1900, 2100)
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
# Look-alikes that printing and OCR confuse with digits; the letter X is a digit only in the last place.
_DIGIT_FOR = str.maketrans("OoDIl|ZzSsBHbGgq", "0001112255846699")
"""The last five are how digits written by hand are misread; like the rest they count only when the number is sound."""
_RUN = re.compile(r"[0-9OoDIl|ZzSsBHbGgq]{17,}[0-9OoDIl|ZzSsBHbGgqXx×]?")
_PLAIN_RUN = re.compile(r"(?<![0-9])[0-9]{17}(?:[Xx]|[0-9](?![0-9]))")
_MIN_TRUE_DIGITS = 14


class IdProblem(StrEnum):
    """Why a number cannot be a sound one."""

    LENGTH = "length"
    CHARACTERS = "characters"
    DATE = "date"
    CHECKSUM = "checksum"


@dataclass(frozen=True)
class Repaired:
    """A number pulled out of text; `repaired` when its characters were not taken exactly as read."""

    value: str
    repaired: bool


def normalise_id(text: str) -> str:
    """Half-width, upper-case, without spaces."""
    return squeeze(text).upper()


def check_character(body: str) -> str:
    """The 18th character for the first 17 digits.

    Raises ValueError unless `body` is 17 digits.
    """
    if not re.fullmatch(r"[0-9]{17}", body):
        raise ValueError("the body of an identity number has 17 digits")
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def id_problem(number: str) -> IdProblem | None:
    """What is wrong with an identity number, or None when it is sound.

    The region is not judged: codes of abolished counties stay on cards.
    """
    if len(number) != LENGTH:
        return IdProblem.LENGTH
    if not _SHAPE.fullmatch(number):
        return IdProblem.CHARACTERS
    if _birth(number) is None:
        return IdProblem.DATE
    return None if check_character(number[:17]) == number[17] else IdProblem.CHECKSUM


def id_birth_date(number: str) -> date:
    """The date of birth in a sound number.

    Raises ValueError for an unsound one.
    """
    _require_sound(number)
    birth = _birth(number)
    if birth is None:  # the soundness check looked at the same digits
        raise ValueError("no date of birth")
    return birth


def id_sex(number: str) -> Sex:
    """The sex in a sound number: the 17th digit is odd for men.

    Raises ValueError for an unsound one.
    """
    _require_sound(number)
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def upgrade_id(number: str) -> str:
    """The 18-character form of a 15-digit number of before 1999 (everybody with one was born in the 1900s).

    Raises ValueError unless the number is 15 digits with a real date.
    """
    if not re.fullmatch(r"[0-9]{15}", number):
        raise ValueError("an old identity number has 15 digits")
    body = f"{number[:6]}19{number[6:]}"
    upgraded = body + check_character(body)
    _require_sound(upgraded)
    return upgraded


def read_id(raw: str) -> Repaired | None:
    """The one identity number in OCR text, whatever label is glued to it.

    A sound number is preferred; look-alike letters become digits only when the result is sound. When no sound number
    can be had, an 18-character number is given exactly as read, so that its defect can be reported. Two different
    numbers of equal standing give None.
    """
    texts = _views(raw)
    plain = {match[0].upper() for text in texts for match in _PLAIN_RUN.finditer(text)}
    runs = {match[0] for text in texts for match in _RUN.finditer(text)}
    for found in (
        {Repaired(number, False) for number in plain if id_problem(number) is None},
        {Repaired(number, True) for number in map(_digits, runs) if id_problem(number) is None},
        {Repaired(number, True) for run in runs for number in _cut_out(run)},
        {Repaired(number, False) for number in plain},
        {Repaired(run.upper(), False) for run in runs if len(run) == LENGTH and _mostly_digits(run)},
    ):
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def mask_id(number: str) -> str:
    """`440114********1234`: first 6 and last 4; of a shorter pass number the first and last 4; else only stars."""
    size = len(number)
    if size >= 15:
        return f"{number[:6]}{'*' * (size - 10)}{number[-4:]}"
    if size >= 8:
        return f"{number[0]}{'*' * (size - 5)}{number[-4:]}"
    return "*" * size


def _require_sound(number: str) -> None:
    problem = id_problem(number)
    if problem is not None:
        raise ValueError(f"unsound identity number: {problem.value}")


def _birth(number: str) -> date | None:
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if year not in _YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _views(raw: str) -> tuple[str, ...]:
    # A number may be written in groups, and another number may follow after a space: both readings are looked at.
    return (*half_width(raw).split(), squeeze(raw))


def _digits(run: str) -> str:
    return (run[:-1] + ("X" if run[-1] in "Xx×" else run[-1])).translate(_DIGIT_FOR)


def _mostly_digits(run: str) -> bool:
    return sum(character.isdigit() for character in run) >= _MIN_TRUE_DIGITS


def _cut_out(run: str) -> Iterator[str]:
    """Sound numbers at either end of a longer run of digits, as when a telephone number is glued on.

    Random digits are sound once in 15 000 times (a date of two centuries and the check character).
    """
    if len(run) > LENGTH:
        for window in (_digits(run[:LENGTH]), _digits(run[-LENGTH:])):
            if id_problem(window) is None:
                yield window
