"""The append-only chain of events: each row's hash covers the row and the hash before it (DESIGN.md D10).

Events are collected while a transaction runs and written at its end, in one go: the head of the chain is locked last
and for the shortest time, so it neither serialises transactions nor crosses the lock order of verifier.store.tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.events import Event, EventType
from verifier.errors import StorageError
from verifier.store.tables import EventHeadRow, EventRow

HEAD_ID = 1
GENESIS = "0" * 64
"""What stands before the first event; the first migration writes the head row with it."""

_PENDING = "verifier.audit.pending"

Detail = str | int | None


def record(
    session: Session,
    *,
    at: datetime,
    type: EventType,
    actor: str,
    application_no: str | None = None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Add an event to the transaction; written by `write_pending` when it commits, dropped when it rolls back.

    `details` holds codes and counts, never personal data.
    """
    event = Event(at=at, type=type, actor=actor, application_no=application_no, details=dict(details or {}))
    session.info.setdefault(_PENDING, []).append(event)


def write_pending(session: Session) -> None:
    """Append what the transaction recorded. Raises StorageError database.not_migrated when the head row is missing."""
    pending: list[Event] = session.info.pop(_PENDING, [])
    if not pending:
        return
    head = session.scalar(select(EventHeadRow).where(EventHeadRow.id == HEAD_ID).with_for_update())
    if head is None:
        raise StorageError("database.not_migrated")
    for event in pending:
        seq = head.seq + 1
        digest = event_hash(seq, event, head.hash)
        session.add(
            EventRow(
                seq=seq,
                at=event.at,
                type=event.type,
                actor=event.actor,
                application_no=event.application_no,
                details=dict(event.details),
                prev_hash=head.hash,
                hash=digest,
            )
        )
        head.seq, head.hash = seq, digest


def drop_pending(session: Session) -> None:
    session.info.pop(_PENDING, None)


def event_hash(seq: int, event: Event, prev_hash: str) -> str:
    """SHA-256, lower-case hexadecimal, of the event as canonical JSON (keys sorted, no spaces, UTF-8)."""
    body: dict[str, Any] = {
        "seq": seq,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "type": event.type.value,
        "actor": event.actor,
        "application_no": event.application_no,
        "details": event.details,
        "prev_hash": prev_hash,
    }
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class ChainReport:
    """`broken_at` is the first sequence number that does not fit and `why` says how, None when the chain is whole."""

    events: int
    broken_at: int | None
    why: str | None = field(default=None, compare=False)

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def verify_chain(session: Session) -> ChainReport:
    """Walk the whole chain: a changed, missing, added or cut-off row is found, by number.

    Whoever can rewrite every later row and the head escapes this; print the head's hash elsewhere now and then.
    """
    expected, prev_hash = 1, GENESIS
    with session.scalars(select(EventRow).order_by(EventRow.seq).execution_options(yield_per=1000)) as rows:
        for row in rows:
            why = _misfit(row, expected, prev_hash)
            if why is not None:
                return ChainReport(events=expected - 1, broken_at=expected, why=why)
            expected, prev_hash = expected + 1, row.hash
    head = session.scalar(select(EventHeadRow).where(EventHeadRow.id == HEAD_ID))
    if head is None or head.seq != expected - 1 or head.hash != prev_hash:
        cut = head is not None and head.seq >= expected
        why = (
            "removed: the chain ends here and its head does not"
            if cut
            else "inserted behind the head, or the head is gone"
        )
        return ChainReport(events=expected - 1, broken_at=expected, why=why)
    return ChainReport(events=expected - 1, broken_at=None)


def _misfit(row: EventRow, seq: int, prev_hash: str) -> str | None:
    """Why a row cannot be event `seq` behind the hash before it; None when it is."""
    if row.seq != seq:
        return "removed"
    if row.prev_hash != prev_hash:
        return "changed or inserted, or the one before it rewritten"
    event = Event(at=row.at, type=row.type, actor=row.actor, application_no=row.application_no, details=row.details)
    return None if row.hash == event_hash(row.seq, event, prev_hash) else "changed or inserted"
