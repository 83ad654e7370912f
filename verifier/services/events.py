"""The events of everything, for the auditor: page by page, as lines of JSON, and whether the chain is whole."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from schemas.base import Model
from schemas.events import EventType
from verifier.errors import InputError
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.tables import EventHeadRow, EventRow

PAGE_MAX = 200
EXPORT_AT_ONCE = 1000


class EventView(Model):
    """An event as it stands in the chain. It holds no personal data: names of accounts, codes and counts."""

    seq: int
    at: datetime
    type: EventType
    actor: str
    application_no: str | None
    details: dict[str, str | int | None]
    prev_hash: str
    hash: str


class EventPage(Model):
    items: tuple[EventView, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Which:
    """A filter; None takes any. `since` belongs to it, `until` no longer does."""

    type: EventType | None = None
    actor: str | None = None
    application_no: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def narrow(self, query: Select[EventRow]) -> Select[EventRow]:
        for column, wanted in (
            (EventRow.type, self.type),
            (EventRow.actor, self.actor),
            (EventRow.application_no, self.application_no),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if self.since is not None:
            query = query.where(EventRow.at >= self.since)
        if self.until is not None:
            query = query.where(EventRow.at < self.until)
        return query


def list_events(services: Services, which: Which, cursor: str | None = None, limit: int = 50) -> EventPage:
    """Events, newest first. Raises InputError request.invalid for a cursor this did not give or a limit outside 1..200."""
    if not 1 <= limit <= PAGE_MAX:
        raise InputError("request.invalid", where="limit", why=f"须在 1 到 {PAGE_MAX} 之间")
    query = which.narrow(select(EventRow)).order_by(EventRow.seq.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(EventRow.seq < _read_cursor(cursor))
    with reading(services) as session:
        rows = session.scalars(query).all()
    more = len(rows) > limit
    return EventPage(
        items=tuple(_view(row) for row in rows[:limit]),
        next_cursor=_write_cursor(rows[limit - 1].seq) if more else None,
    )


def export_events(services: Services, which: Which, actor: str) -> Iterator[str]:
    """Events, oldest first, one JSON document each. Taking them is an event itself, recorded first."""
    with writing(services) as session:
        details = {
            "type": which.type.value if which.type else None,
            "since": which.since.isoformat() if which.since else None,
            "until": which.until.isoformat() if which.until else None,
        }
        audit.record(session, at=services.clock(), type=EventType.EVENTS_EXPORTED, actor=actor, details=details)
    after = 0
    while True:
        query = which.narrow(select(EventRow)).where(EventRow.seq > after).order_by(EventRow.seq).limit(EXPORT_AT_ONCE)
        with reading(services) as session:
            rows = session.scalars(query).all()
        yield from (_view(row).model_dump_json() for row in rows)
        if len(rows) < EXPORT_AT_ONCE:
            return
        after = rows[-1].seq


@dataclass(frozen=True)
class Verified:
    """`broken_at` is the first event that does not fit, `why` what is wrong there; both None when the chain is whole."""

    events: int
    broken_at: int | None
    why: str | None
    head: str
    """The hash of the newest event: written down elsewhere, it proves later that nothing before it was rewritten."""


def verify(services: Services, expected: tuple[int, str] | None = None) -> Verified:
    """Walk the chain. `expected` is a number and hash written down before: the event of that number must still have it."""
    with reading(services) as session:
        report = audit.verify_chain(session)
        head = session.scalar(select(EventHeadRow.hash).where(EventHeadRow.id == audit.HEAD_ID)) or ""
        if report.whole and expected is not None:
            seq, wanted = expected
            found = session.scalar(select(EventRow.hash).where(EventRow.seq == seq))
            if found != wanted:
                return Verified(report.events, seq, "rewritten" if found else "cut off", head)
    return Verified(report.events, report.broken_at, report.why, head)


def _view(row: EventRow) -> EventView:
    return EventView(
        seq=row.seq,
        at=row.at,
        type=row.type,
        actor=row.actor,
        application_no=row.application_no,
        details=row.details,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )


def _write_cursor(seq: int) -> str:
    return base64.urlsafe_b64encode(f"e1:{seq}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        kind, _, number = text.partition(":")
        if kind != "e1":
            raise ValueError(kind)
        return min(int(number), 2**62)
    except (ValueError, binascii.Error):
        raise InputError("request.invalid", where="cursor", why="不是本接口给出的游标") from None
