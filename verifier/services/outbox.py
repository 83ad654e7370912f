"""What the relay takes from the database to the queue. A row is taken by one relay at a time and marked once sent.

A retry after a back-off is the same row, opened again by the failure and due at the attempt's `queued_at`: the database
is the only clock, whatever becomes of the queue meanwhile.

A relay that dies between sending and marking leaves the row to be sent again after `outbox_take_s`: the queue refuses
a second job of the same id, and a second run of an attempt ends at its first statement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from schemas.case import AttemptState
from verifier.services.context import Services, reading, writing
from verifier.services.queue_names import QUEUES
from verifier.store.tables import AttemptRow, DocumentRow, HoldRow, OutboxRow

AHEAD = 0
IN_TURN = 1
"""Values of `OutboxRow.turn`: before what was never sent, and with it."""


@dataclass(frozen=True)
class Message:
    """`id` is the outbox row; `pages` of the document say how long its job may take. `again` says that it was sent
    before: a try after an error, or in the place of a lost one."""

    id: int
    attempt_id: str
    queue: str
    pages: int
    again: bool = False


def take(services: Services, limit: int, room: Mapping[str, int] | None = None) -> tuple[Message, ...]:
    """Unsent rows that are due and that no other relay holds, up to `limit` of each queue; held for `outbox_take_s`
    seconds. Of a queue those that were sent before come first, then the oldest; none of one that is paused.

    `room` says how many more each queue takes; all there is by default. Rows whose attempt is no longer queued are marked
    sent on the way: there is nothing to do for them.
    """
    now = services.clock()
    with writing(services) as session:
        held = set(session.scalars(select(HoldRow.queue)))
        places = {queue: min(limit, most) for queue, most in (room or dict.fromkeys(QUEUES, limit)).items()}
        rows = [
            row
            for queue, most in places.items()
            if queue not in held and most > 0
            for row in session.scalars(_waiting(queue, now).limit(most))
        ]
        found = session.execute(
            select(AttemptRow.id, AttemptRow.state, DocumentRow.pages)
            .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
            .where(AttemptRow.id.in_([row.attempt_id for row in rows]))
        )
        queued = {id: len(pages) for id, state, pages in found if state == AttemptState.QUEUED}
        messages = []
        for row in rows:
            if row.attempt_id not in queued:
                row.sent_at = now
                continue
            row.taken_until = now + timedelta(seconds=services.settings.outbox_take_s)
            messages.append(
                Message(
                    id=row.id,
                    attempt_id=row.attempt_id,
                    queue=row.queue,
                    pages=queued[row.attempt_id],
                    again=row.turn == AHEAD,
                )
            )
        return tuple(messages)


def _waiting(queue: str, now: datetime) -> Select[OutboxRow]:
    return (
        select(OutboxRow)
        .join(AttemptRow, AttemptRow.id == OutboxRow.attempt_id)
        .where(
            OutboxRow.queue == queue,
            OutboxRow.sent_at.is_(None),
            or_(OutboxRow.taken_until.is_(None), OutboxRow.taken_until <= now),
            AttemptRow.queued_at <= now,
        )
        .order_by(OutboxRow.turn, OutboxRow.id)
        .with_for_update(skip_locked=True, of=OutboxRow)
    )


def reopen(session: Session, attempt_id: str) -> None:
    """The attempt waits for its relay again, ahead of those that were never sent."""
    session.execute(
        update(OutboxRow).where(OutboxRow.attempt_id == attempt_id).values(sent_at=None, taken_until=None, turn=AHEAD)
    )


def mark_sent(services: Services, ids: Collection[int]) -> None:
    """These reached the queue.

    A row nobody holds any more is left alone: its attempt has already run and failed, and the row is open for its next
    try.
    """
    with writing(services) as session:
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id.in_(ids), OutboxRow.sent_at.is_(None), OutboxRow.taken_until.is_not(None))
            .values(sent_at=services.clock(), taken_until=None)
        )


def give_back(services: Services, ids: Collection[int]) -> None:
    """These did not reach the queue (it was down): the next `take` may have them at once."""
    with writing(services) as session:
        session.execute(
            update(OutboxRow).where(OutboxRow.id.in_(ids), OutboxRow.sent_at.is_(None)).values(taken_until=None)
        )


def unsent(services: Services) -> int:
    """How many rows wait for a relay."""
    with reading(services) as session:
        return session.scalar(unsent_now(services.clock())) or 0


def unsent_now(now: datetime) -> Select[int]:
    """Counts the rows that wait for a relay; those whose time has not come wait for nobody."""
    return (
        select(func.count())
        .select_from(OutboxRow)
        .join(AttemptRow, AttemptRow.id == OutboxRow.attempt_id)
        .where(OutboxRow.sent_at.is_(None), AttemptRow.queued_at <= now)
    )
