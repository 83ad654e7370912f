"""Until when the bureau must have done its next step: dates, kept in the case's row so that queues are ordered by them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from verifier.rules.workdays import workday_after

CHINA = timezone(timedelta(hours=8))
"""China keeps one time all year; periods end with its day."""

TO_ACCEPT = 5
"""Working days to say once everything that is missing, else the application counts as accepted (administrative licensing
law Art. 32)."""

TO_RECOGNISE = 20
"""Working days from acceptance to the decision (administrative licensing law Art. 42)."""


def today(now: datetime) -> date:
    return now.astimezone(CHINA).date()


def to_accept(now: datetime) -> date:
    """The last day to accept, return or refuse what was handed in or taken up again at `now`."""
    return workday_after(today(now), TO_ACCEPT)


def to_recognise(now: datetime) -> date:
    """The last day to recognise or deny what was accepted at `now`."""
    return workday_after(today(now), TO_RECOGNISE)


def to_answer(now: datetime, workdays: int) -> date:
    """The last day to answer a correction notice sent at `now`."""
    return workday_after(today(now), workdays)
