"""The invariants see what they are there for: a house in order passes, and each kind of loss is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from schemas.case import AttemptState, CaseState, DecisionAction, DocumentState
from schemas.events import EventType
from tests.chaos.invariants import Expected, check, is_quiet
from tests.chaos.load import Decision, Ledger, Upload
from tests.support.cases import SLOTS, read_all, returned, send_all, submitted
from tests.support.factories import EXAM, mutable_events, open_test_services, picture
from verifier.services import submit
from verifier.services.context import Services, reading, writing
from verifier.services.withdraw import withdraw
from verifier.store import audit
from verifier.store.tables import AttemptRow, CaseRow, DecisionRow, DocumentRow, EventRow, FileRow

MENDED, TAKEN_BACK = "CHAOS-00001", "CHAOS-00002"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_test_services(tmp_path)
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def expected(services: Services) -> Expected:
    """One case returned, mended and read again, one withdrawn."""
    returned(services, EXAM, number=MENDED)
    submit.put_document(services, MENDED, EXAM, [picture(7)], "chaos")
    submit.submit(services, MENDED, "chaos")
    read_all(services)
    submitted(services, TAKEN_BACK)
    withdraw(services, TAKEN_BACK, "chaos")
    send_all(services)
    with reading(services) as session:
        uploads = [
            Upload(row.document.case.application_no, row.document.slot, row.sha256)
            for row in session.scalars(select(FileRow))
        ]
    ledger = Ledger(
        uploads=uploads,
        submitted=[(MENDED, 0), (MENDED, 1), (TAKEN_BACK, 0)],
        decisions=[Decision(MENDED, DecisionAction.RETURN, "reviewer-1")],
        withdrawn=[TAKEN_BACK],
        over=[MENDED, TAKEN_BACK],
    )
    return Expected(ledger, Counter({MENDED: 2, TAKEN_BACK: 1}), ())


def broken(services: Services, expected: Expected) -> set[str]:
    return {one.name for one in check(services, expected) if not one.holds}


def test_a_house_in_order_passes_and_something_was_looked_at(services: Services, expected: Expected) -> None:
    checks = check(services, expected)
    assert [one.line() for one in checks if not one.holds] == []
    counts = {one.name: one.looked_at for one in checks}
    assert counts["every attempt closed"] == 2 * len(SLOTS) + 1
    assert counts["no acknowledged upload lost"] == 2 * len(SLOTS) + 1
    assert counts["no decision lost or doubled"] == 1
    assert is_quiet(services)


def attempt_left_open(session: Session) -> None:
    session.execute(update(AttemptRow).where(AttemptRow.no == 1).values(state=AttemptState.QUEUED))


def attempt_dead(session: Session) -> None:
    session.execute(update(AttemptRow).where(AttemptRow.id == "id000001").values(state=AttemptState.DEAD))


def case_left_reading(session: Session) -> None:
    session.execute(update(CaseRow).where(CaseRow.application_no == MENDED).values(state=CaseState.READING))


def advice_twice(session: Session) -> None:
    at = session.scalars(select(EventRow.at)).first()
    assert at is not None
    audit.record(session, at=at, type=EventType.ADVICE_GIVEN, actor="verifier", application_no=MENDED)


def event_twice(session: Session) -> None:
    event = session.scalars(select(EventRow).where(EventRow.type == EventType.DOCUMENT_READ)).first()
    assert event is not None
    audit.record(
        session,
        at=event.at,
        type=event.type,
        actor=event.actor,
        application_no=event.application_no,
        details=event.details,
    )


def event_changed(session: Session) -> None:
    with mutable_events(session):
        session.execute(update(EventRow).where(EventRow.seq == 2).values(actor="somebody else"))


def upload_lost(session: Session) -> None:
    session.execute(delete(FileRow).where(FileRow.id == 1))


def decision_lost(session: Session) -> None:
    session.execute(delete(DecisionRow))


def submission_lost(session: Session) -> None:
    session.execute(update(CaseRow).where(CaseRow.application_no == MENDED).values(round=0))


def withdrawal_lost(session: Session) -> None:
    session.execute(update(CaseRow).where(CaseRow.application_no == TAKEN_BACK).values(state=CaseState.NEEDS_REVIEW))


def unread_document(session: Session) -> None:
    session.execute(update(DocumentRow).where(DocumentRow.id == 1).values(state=DocumentState.NOT_READ))


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (attempt_left_open, "every attempt closed"),
        (attempt_dead, "dead only where cursed, none failed"),
        (case_left_reading, "no case stuck on its way"),
        (advice_twice, "every case advised once per submission"),
        (event_twice, "no duplicate event"),
        (event_changed, "the chain of events verifies"),
        (upload_lost, "no acknowledged upload lost"),
        (decision_lost, "no decision lost or doubled"),
        (submission_lost, "no acknowledged submission lost"),
        (withdrawal_lost, "withdrawn cases stay withdrawn, no other is"),
        (unread_document, "every read document read by one attempt"),
    ],
)
def test_damage_is_named(services: Services, expected: Expected, damage: Callable[[Session], None], name: str) -> None:
    with writing(services) as session:
        damage(session)
    assert name in broken(services, expected)


def test_a_file_that_is_gone_or_damaged_is_named(services: Services, expected: Expected) -> None:
    with reading(services) as session:
        services.files.delete(session.scalars(select(FileRow.stored)).all()[0])
    assert broken(services, expected) == {"every file opens and matches its hash"}


def test_what_nobody_sends_is_named(services: Services, expected: Expected) -> None:
    submitted(services, "CHAOS-00003")
    assert "outbox empty" in broken(services, expected)


def test_complaints_and_unfinished_stories_are_named(services: Services, expected: Expected) -> None:
    expected.ledger.complaints.append("GET /: 500")
    expected.ledger.over.remove(MENDED)
    assert broken(services, expected) == {"people were answered to the end"}


def test_a_cursed_document_must_be_given_up(services: Services, expected: Expected) -> None:
    cursed = replace(expected, cursed={(MENDED, EXAM)})
    assert broken(services, cursed) == {"cursed documents given up, their cases with a person"}
