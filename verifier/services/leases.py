"""Named leases in the database: one holder at a time, until a moment, then anybody's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from verifier.store.tables import LeaseRow


def acquire(session: Session, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
    """Take the lease, or keep it when it is ours. False while another holds it."""
    free = or_(LeaseRow.owner == owner, LeaseRow.until <= now)
    taken = session.execute(update(LeaseRow).where(LeaseRow.name == name, free).values(owner=owner, until=until))
    if isinstance(taken, CursorResult) and taken.rowcount > 0:
        return True
    if session.scalar(select(LeaseRow.name).where(LeaseRow.name == name)) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(LeaseRow(name=name, owner=owner, until=until))
    except IntegrityError:
        return False  # another was first
    return True


def hold(session: Session, name: str, *, owner: str, until: datetime) -> None:
    """Write the lease whoever held it: for names that belong to one process."""
    session.merge(LeaseRow(name=name, owner=owner, until=until))


def forget(session: Session, *, before: datetime) -> None:
    """Remove leases that ran out before a moment."""
    session.execute(delete(LeaseRow).where(LeaseRow.until < before))


def release(session: Session, name: str, *, owner: str) -> None:
    """Give it back; nothing happens when it is not ours."""
    session.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.owner == owner))


def drop(session: Session, name: str) -> None:
    """Remove it whoever holds it: for names that belong to one process that is gone."""
    session.execute(delete(LeaseRow).where(LeaseRow.name == name))
