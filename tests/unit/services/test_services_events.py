"""Events listed and exported, and every kind of tampering found."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from schemas.events import EventType
from tests.support.cases import NO, submitted
from tests.support.factories import Clock, mutable_events
from verifier.errors import InputError
from verifier.services import events
from verifier.services.context import Services, writing
from verifier.services.events import Which
from verifier.store import audit
from verifier.store.tables import EventHeadRow, EventRow


def seqs(page: events.EventPage) -> list[int]:
    return [item.seq for item in page.items]


def test_pages_go_back_in_time_and_are_narrowed(services: Services, clock: Clock) -> None:
    submitted(services)
    first = events.list_events(services, Which(), limit=3)
    rest = events.list_events(services, Which(), first.next_cursor, limit=200)
    assert seqs(first) + seqs(rest) == list(range(first.items[0].seq, 0, -1))
    assert rest.next_cursor is None
    created = events.list_events(services, Which(type=EventType.CASE_CREATED))
    assert [(item.seq, item.application_no) for item in created.items] == [(1, NO)]
    assert seqs(events.list_events(services, Which(actor="nobody"))) == []
    assert seqs(events.list_events(services, Which(until=clock.now))) == []
    assert len(events.list_events(services, Which(since=clock.now, application_no=NO)).items) > 3
    with pytest.raises(InputError):
        events.list_events(services, Which(), cursor="bm90IG91cnM")


def test_an_export_is_whole_in_order_and_an_event_itself(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EXPORT_AT_ONCE", 2)
    submitted(services)
    lines = [json.loads(line) for line in events.export_events(services, Which(), "auditor")]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert (lines[-1]["type"], lines[-1]["actor"]) == ("events_exported", "auditor")
    assert all(later["prev_hash"] == earlier["hash"] for earlier, later in itertools.pairwise(lines))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'x' WHERE seq = 2",
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events",
        "UPDATE event_head SET seq = 1",
        "UPDATE event_head SET hash = 'x'",
        "DELETE FROM event_head",
    ],
)
def test_no_statement_changes_or_removes_an_event(services: Services, statement: str) -> None:
    submitted(services)
    with pytest.raises(DBAPIError, match="append-only"), services.sessions.begin() as session:
        session.execute(text(statement))
    assert events.verify(services).broken_at is None


def changed(session: Session) -> None:
    session.execute(text("UPDATE events SET actor = 'x' WHERE seq = 3"))


def removed(session: Session) -> None:
    session.execute(text("DELETE FROM events WHERE seq = 3"))


def inserted(session: Session) -> None:
    """Between the second and the third; the later ones are moved up, with hashes that fit their content."""
    rows = session.scalars(select(EventRow).where(EventRow.seq >= 3).order_by(EventRow.seq.desc())).all()
    for row in rows:
        session.execute(text("UPDATE events SET seq = seq + 1 WHERE seq = :seq"), {"seq": row.seq})
    before = session.scalars(select(EventRow.hash).where(EventRow.seq == 2)).one()
    session.execute(
        text(
            "INSERT INTO events (seq, at, type, actor, details, prev_hash, hash)"
            " SELECT 3, at, type, 'forger', details, :before, hash FROM events WHERE seq = 2"
        ),
        {"before": before},
    )


def cut_off(session: Session) -> None:
    session.execute(text("DELETE FROM events WHERE seq >= 3"))


@pytest.mark.parametrize("tampering", [changed, removed, inserted, cut_off])
def test_tampering_is_found_where_it_begins(services: Services, tampering: Callable[[Session], None]) -> None:
    submitted(services)
    whole = events.verify(services)
    assert (whole.broken_at, whole.why) == (None, None)
    with services.sessions.begin() as session, mutable_events(session):
        tampering(session)
    found = events.verify(services)
    assert (found.events, found.broken_at) == (2, 3)
    assert found.why


def test_a_chain_rewritten_to_its_end_does_not_have_the_hash_that_was_written_down(services: Services) -> None:
    submitted(services)
    whole = events.verify(services)
    written = (whole.events, whole.head)
    assert events.verify(services, written).broken_at is None
    with services.sessions.begin() as session, mutable_events(session):
        session.execute(text("DELETE FROM events"))
        session.execute(text("UPDATE event_head SET seq = 0, hash = :genesis"), {"genesis": audit.GENESIS})
    assert events.verify(services).broken_at is None
    found = events.verify(services, written)
    assert (found.broken_at, found.why) == (whole.events, "cut off")
    with writing(services) as session:
        assert session.scalars(select(EventHeadRow.seq)).one() == 0
