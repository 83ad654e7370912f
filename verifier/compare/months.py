"""Arithmetic on months written `YYYY-MM` (insured months of social insurance)."""

from __future__ import annotations

import re
from collections.abc import Collection

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def _ordinal(month: str) -> int:
    match = _MONTH.fullmatch(month)
    if match is None:
        raise ValueError("a month is written YYYY-MM")
    return int(match[1]) * 12 + int(match[2]) - 1


def _written(ordinal: int) -> str:
    year, month = divmod(ordinal, 12)
    if not 0 <= year <= 9999:
        raise ValueError("the month is outside the years 0 to 9999")
    return f"{year:04d}-{month + 1:02d}"


def expand(start: str, end: str) -> frozenset[str]:
    """Every month from `start` to `end`, both included; none when the end is before the start.

    Raises ValueError for a month not written YYYY-MM.
    """
    return frozenset(_written(ordinal) for ordinal in range(_ordinal(start), _ordinal(end) + 1))


def add_months(month: str, n: int) -> str:
    """The month `n` months later, or earlier for a negative `n`.

    Raises ValueError for a month not written YYYY-MM.
    """
    return _written(_ordinal(month) + n)


def longest_run_ending(months: Collection[str], last: str) -> int:
    """How many months without a gap end exactly with `last`; 0 when `last` is not among them.

    Raises ValueError for a month not written YYYY-MM.
    """
    present = {_ordinal(month) for month in months}
    end = _ordinal(last)
    run = 0
    while end - run in present:
        run += 1
    return run
