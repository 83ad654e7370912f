"""Working days in China: weekdays and make-up days, without the public holidays the State Council announces each year.

Periods of the administrative licensing law are counted in working days (Art. 82), from the day after (civil code Art. 201).
"""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar

SATURDAY = 5


def is_workday(day: date) -> bool:
    """Whether offices work. A year whose holidays are not announced yet has weekdays and weekends only."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < SATURDAY


def workday_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`. Raises ValueError for a negative count."""
    if count < 0:
        raise ValueError("a period does not run backwards")
    while count:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day


def workdays_left(today: date, due: date) -> int:
    """Working days after `today` up to and with `due`; 0 on the last day, negative by those that passed since."""
    first, last, sign = (today, due, 1) if due >= today else (due, today, -1)
    days = (first + timedelta(days=offset) for offset in range(1, (last - first).days + 1))
    return sign * sum(1 for day in days if is_workday(day))
