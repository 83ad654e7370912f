"""Dates of fields: `YYYY-MM-DD`, or `YYYY-MM` when the page prints only year and month."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

_WRITTEN = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)


@dataclass(frozen=True)
class Span:
    """The days a written date may mean: one day, or every day of a month. Both ends included."""

    first: date
    last: date


def span(value: str | None) -> Span | None:
    """The days a field's value may mean; None for `long_term` and for what is no date."""
    match = _WRITTEN.fullmatch(value or "")
    if match is None:
        return None
    year, month = int(match[1]), int(match[2])
    try:
        if match[3] is not None:
            exact = date(year, month, int(match[3]))
            return Span(exact, exact)
        return Span(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    except (ValueError, calendar.IllegalMonthError):
        return None


def day(value: str | None) -> date | None:
    """The last day a field's value may mean: a paper valid to a month is valid to its end."""
    found = span(value)
    return None if found is None else found.last


def months_between(earlier: date, later: date) -> int:
    """Whole months from one day to another; negative when `later` comes first."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (later.day < earlier.day)


def years_between(earlier: date, later: date) -> int:
    """Age in whole years."""
    return months_between(earlier, later) // 12
