"""The chain of events: whole when left alone, broken at the right number when touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from schemas.events import Event, EventType
from tests.support.factories import mutable_events
from tests.support.threads import together
from verifier.errors import StorageError
from verifier.store import audit, database
from verifier.store.audit import ChainReport
from verifier.store.tables import EventHeadRow, EventRow

AT = datetime(2026, 10, 20, 12, 0, 0, 5, tzinfo=UTC)


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    url = f"sqlite:///{tmp_path}/verifier.db"
    database.migrate(url)
    engine = database.open_engine(url)
    yield database.open_sessions(engine)
    engine.dispose()


def append(sessions: sessionmaker[Session], *numbers: int) -> None:
    """One transaction with an event per number."""
    with database.transaction(sessions) as session:
        for number in numbers:
            audit.record(
                session,
                at=AT,
                type=EventType.CASE_VIEWED,
                actor="审核员",
                application_no="HD2026A000123",
                details={"number": number, "nothing": None, "text": "字"},
            )


def check(sessions: sessionmaker[Session]) -> ChainReport:
    with database.transaction(sessions, read_only=True) as session:
        return audit.verify_chain(session)


def test_an_empty_chain_is_whole(sessions: sessionmaker[Session]) -> None:
    assert check(sessions) == ChainReport(events=0, broken_at=None)


def test_events_are_chained_across_transactions(sessions: sessionmaker[Session]) -> None:
    append(sessions, 1, 2)
    append(sessions, 3)
    assert check(sessions) == ChainReport(events=3, broken_at=None)
    with database.transaction(sessions, read_only=True) as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.seq)).all()
        assert [row.seq for row in rows] == [1, 2, 3]
        assert [row.prev_hash for row in rows] == [audit.GENESIS, rows[0].hash, rows[1].hash]


def test_writers_at_once_keep_one_chain(sessions: sessionmaker[Session]) -> None:
    together([lambda n=n: append(sessions, n, n) for n in range(8)])
    assert check(sessions) == ChainReport(events=16, broken_at=None)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "jemand"},
        {"at": AT.replace(microsecond=6)},
        {"type": EventType.CASE_CLAIMED},
        {"application_no": "HD2026A000124"},
        {"application_no": None},
        {"details": {"number": 9}},
        {"prev_hash": "0" * 64},
        {"hash": "f" * 64},
    ],
)
def test_a_changed_event_breaks_the_chain_there(sessions: sessionmaker[Session], change: dict[str, object]) -> None:
    append(sessions, 1, 2, 3, 4)
    with database.transaction(sessions) as session, mutable_events(session):
        session.execute(update(EventRow).where(EventRow.seq == 3).values(change))
    assert check(sessions) == ChainReport(events=2, broken_at=3)


@pytest.mark.parametrize(("gone", "report"), [(2, ChainReport(1, 2)), (4, ChainReport(3, 4)), (1, ChainReport(0, 1))])
def test_a_missing_event_breaks_the_chain_there(
    sessions: sessionmaker[Session], gone: int, report: ChainReport
) -> None:
    append(sessions, 1, 2, 3, 4)
    with database.transaction(sessions) as session, mutable_events(session):
        session.execute(delete(EventRow).where(EventRow.seq == gone))
    assert check(sessions) == report


def test_an_event_rewritten_with_its_own_hash_breaks_the_next(sessions: sessionmaker[Session]) -> None:
    append(sessions, 1, 2, 3)
    with database.transaction(sessions) as session, mutable_events(session):
        row = session.scalars(select(EventRow).where(EventRow.seq == 2)).one()
        forged = Event(at=row.at, type=row.type, actor="forger", application_no=None, details={})
        row.actor, row.application_no, row.details = "forger", None, {}
        row.hash = audit.event_hash(2, forged, row.prev_hash)
    assert check(sessions) == ChainReport(events=2, broken_at=3)


def test_an_event_slipped_in_behind_the_head_shows(sessions: sessionmaker[Session]) -> None:
    append(sessions, 1)
    with database.transaction(sessions) as session:
        head = session.scalars(select(EventHeadRow)).one()
        event = Event(at=AT, type=EventType.CASE_VIEWED, actor="x", application_no=None, details={})
        digest = audit.event_hash(2, event, head.hash)
        session.add(EventRow(seq=2, at=AT, type=event.type, actor="x", details={}, prev_hash=head.hash, hash=digest))
    assert check(sessions) == ChainReport(events=2, broken_at=3)


def test_a_chain_without_its_head_is_broken_and_takes_no_event(sessions: sessionmaker[Session]) -> None:
    append(sessions, 1)
    with database.transaction(sessions) as session, mutable_events(session):
        session.execute(delete(EventHeadRow))
    assert not check(sessions).whole
    with pytest.raises(StorageError) as error:
        append(sessions, 2)
    assert error.value.code == "database.not_migrated"


def test_a_hash_never_changes_its_meaning() -> None:
    event = Event(at=AT, type=EventType.CASE_VIEWED, actor="审核员", application_no="HD1", details={"b": 1, "a": None})
    assert audit.event_hash(7, event, audit.GENESIS) == audit.event_hash(
        7, event.model_copy(update={"details": {"a": None, "b": 1}}), audit.GENESIS
    )
    # chains already written stand on this very number
    assert (
        audit.event_hash(7, event, audit.GENESIS) == "8e4e76dacc7e12bcf3581224dd7e2f22c67682d99c769b7bf7cb1c896d63e72a"
    )
