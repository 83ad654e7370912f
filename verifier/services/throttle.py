"""Slows guessing down: a growing delay after failures, and a quota for what costs money or patience.

Rows are found by a keyed hash of a login, a phone number or an address, so that the table says nothing about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from verifier.errors import AuthError, InputError
from verifier.services.context import Services, reading, writing
from verifier.services.sealing import Use, keyed_hash
from verifier.store.people_tables import ThrottleRow

FORGET = timedelta(days=1)
"""Failures older than this are no sign of anything."""


@dataclass(frozen=True)
class Brake:
    """After `free` failures the next try waits `first_s`, then twice as long each time, `most_s` at the most."""

    kind: str
    free: int
    first_s: int
    most_s: int

    def delay(self, failures: int) -> timedelta:
        over = failures - self.free
        return timedelta(seconds=0 if over < 0 else min(self.most_s, self.first_s * 2 ** min(over, 20)))


@dataclass(frozen=True)
class Quota:
    """At most `most` within `per`."""

    kind: str
    most: int
    per: timedelta


LOGIN = Brake("login", free=5, first_s=30, most_s=900)
"""Guessing one person's password: about a hundred tries a day at most, and nobody is locked out for good by a stranger."""
ADDRESS = Brake("address", free=30, first_s=30, most_s=900)
"""A whole office may share one address."""
SECOND_FACTOR = Brake("second", free=5, first_s=60, most_s=3600)


def begin(services: Services, brake: Brake, value: str) -> None:
    """Count a try before it is judged, so that tries at the same moment count too; `forgive` takes it back.

    Raises AuthError auth.throttled with the seconds to wait.
    """
    now = services.clock()
    with writing(services) as session:
        row = _row(session, _key(services, brake.kind, value), now)
        if row.blocked_until is not None and row.blocked_until > now:
            raise AuthError("auth.throttled", seconds=_seconds(row.blocked_until - now))
        if now - row.touched_at > FORGET:
            row.count = 0
        row.count += 1
        row.touched_at = now
        delay = brake.delay(row.count)
        row.blocked_until = now + delay if delay else None


def forgive(services: Services, brake: Brake, value: str, *, wholly: bool) -> None:
    """After a success: forget all failures (`wholly`), or only the try that was counted for it."""
    with writing(services) as session:
        row = session.get(ThrottleRow, _key(services, brake.kind, value), with_for_update=True)
        if row is not None:
            row.count = 0 if wholly else max(0, row.count - 1)
            row.blocked_until = None


def spend(services: Services, quota: Quota, value: str, amount: int = 1) -> None:
    """So much of a quota; the last that is given may go over it. Raises InputError request.too_many with the seconds until
    there is more."""
    now = services.clock()
    with writing(services) as session:
        row = _row(session, _key(services, quota.kind, value), now)
        if now - row.since >= quota.per:
            row.since, row.count = now, 0
        if row.count >= quota.most:
            raise InputError("request.too_many", seconds=_seconds(row.since + quota.per - now))
        row.count += amount
        row.touched_at = now


def require_left(services: Services, quota: Quota, value: str) -> None:
    """Whether anything is left of a quota, without taking it. Raises InputError request.too_many."""
    now = services.clock()
    with reading(services) as session:
        row = session.get(ThrottleRow, _key(services, quota.kind, value))
        if row is not None and now - row.since < quota.per and row.count >= quota.most:
            raise InputError("request.too_many", seconds=_seconds(row.since + quota.per - now))


def clear_old(session: Session, now: datetime) -> None:
    """Take away what nobody needs any more."""
    session.execute(delete(ThrottleRow).where(ThrottleRow.touched_at <= now - 2 * FORGET))


def _key(services: Services, kind: str, value: str) -> str:
    return f"{kind}:{keyed_hash(services, Use.THROTTLE, f'{kind}:{value}')[:40]}"


def _row(session: Session, key: str, now: datetime) -> ThrottleRow:
    """The row, locked; made when it is not there."""
    locked = select(ThrottleRow).where(ThrottleRow.key == key).with_for_update()
    row = session.scalar(locked)
    if row is not None:
        return row
    try:
        with session.begin_nested():
            row = ThrottleRow(key=key, count=0, since=now, touched_at=now)
            session.add(row)
    except IntegrityError:
        # another request made it in between
        return session.scalars(locked).one()
    return row


def _seconds(span: timedelta) -> int:
    return max(1, round(span.total_seconds()))
