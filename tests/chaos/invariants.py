"""What must be true when it is over, asked of SQL and the file store: not of what anybody remembers."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.case import AttemptState, CaseState, DocumentState
from schemas.document import DocumentType
from schemas.events import EventType
from tests.chaos.load import Ledger
from verifier.errors import StorageError
from verifier.services import files, outbox
from verifier.services.context import Services, reading
from verifier.store import audit
from verifier.store.tables import AttemptRow, CaseRow, DecisionRow, DocumentRow, EventRow, FileRow

ATTEMPTS_OPEN = (AttemptState.QUEUED, AttemptState.RUNNING)
CASES_ON_THEIR_WAY = (CaseState.SUBMITTED, CaseState.RESUBMITTED, CaseState.READING)
SHOWN = 5
"""Of what broke an invariant; the JSON holds all of it."""


@dataclass(frozen=True)
class Expected:
    """What was meant to happen and what was promised."""

    ledger: Ledger
    submissions: Counter[str]
    """How often each case was to be handed in."""
    cursed: Collection[tuple[str, DocumentType]]


@dataclass(frozen=True)
class Check:
    """`looked_at` counts what was looked at: an invariant of nothing proves nothing."""

    name: str
    looked_at: int
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.broken

    def line(self) -> str:
        verdict = "holds " if self.holds else "BROKEN"
        why = f": {'; '.join(self.broken[:SHOWN])}" if self.broken else ""
        return f"{verdict} {self.name} ({self.looked_at}){why}"


Found = tuple[int, Iterable[str]]


def check(services: Services, expected: Expected) -> list[Check]:
    """Every invariant, in one reading of the database."""
    with reading(services) as session:
        return [
            Check(name, looked_at, tuple(broken))
            for name, (looked_at, broken) in (
                (name, look(services, session, expected)) for name, look in _INVARIANTS.items()
            )
        ]


def is_quiet(services: Services) -> bool:
    """Whether nothing is left to read: no attempt open and no case on its way. Raises StorageError."""
    with reading(services) as session:
        return not session.scalar(
            select(func.count()).select_from(AttemptRow).where(AttemptRow.state.in_(ATTEMPTS_OPEN))
        ) and not session.scalar(select(func.count()).select_from(CaseRow).where(CaseRow.state.in_(CASES_ON_THEIR_WAY)))


def _answered(services: Services, session: Session, expected: Expected) -> Found:
    """People were answered what they may expect, each story to its end."""
    unfinished = sorted(set(expected.submissions) - set(expected.ledger.over))
    return len(expected.submissions), [*expected.ledger.complaints, *(f"{number} unfinished" for number in unfinished)]


def _advised_once(services: Services, session: Session, expected: Expected) -> Found:
    """One piece of advice for every time a case was handed in; a withdrawn one may have gone without."""
    advice = _events(session, EventType.ADVICE_GIVEN)
    handed_in = _events(session, EventType.CASE_SUBMITTED)
    withdrawn = set(expected.ledger.withdrawn)
    return len(expected.submissions), [
        f"{number}: {handed_in[number]} submissions of {wanted}, {advice[number]} times advised"
        for number, wanted in expected.submissions.items()
        if handed_in[number] != wanted or not (advice[number] == wanted or (number in withdrawn and not advice[number]))
    ]


def _attempts_closed(services: Services, session: Session, expected: Expected) -> Found:
    rows = session.execute(select(AttemptRow.id, AttemptRow.state)).all()
    return len(rows), [f"{id} {state.value}" for id, state in rows if state in ATTEMPTS_OPEN]


def _no_case_stuck(services: Services, session: Session, expected: Expected) -> Found:
    rows = session.execute(select(CaseRow.application_no, CaseRow.state)).all()
    return len(rows), [f"{number} {state.value}" for number, state in rows if state in CASES_ON_THEIR_WAY]


def _read_once(services: Services, session: Session, expected: Expected) -> Found:
    """Every document that is read has one attempt that is done, and no other has any."""
    done = Counter(session.scalars(select(AttemptRow.document_id).where(AttemptRow.state == AttemptState.DONE)).all())
    rows = session.execute(select(DocumentRow.id, DocumentRow.state, DocumentRow.current)).all()
    return len(rows), [
        f"document {id} {state.value}: {done[id]} attempts done"
        for id, state, _ in rows
        if done[id] != (1 if state == DocumentState.READ else 0)
    ]


def _no_duplicate_event(services: Services, session: Session, expected: Expected) -> Found:
    """By type, case and what the event is about: the attempt, the round, or the revision of a slot."""
    seen: Counter[tuple[str, ...]] = Counter()
    count = 0
    for event in session.scalars(select(EventRow).where(EventRow.application_no.is_not(None))):
        count += 1
        about = [
            f"{key}={event.details[key]}" for key in ("attempt", "round", "revision", "slot") if key in event.details
        ]
        if about or event.type == EventType.CASE_CREATED:
            seen[(event.type.value, event.application_no or "", *about)] += 1
    return count, [" ".join(key) for key, times in seen.items() if times > 1]


def _chain_whole(services: Services, session: Session, expected: Expected) -> Found:
    report = audit.verify_chain(session)
    return report.events, [] if report.whole else [f"broken at {report.broken_at}"]


def _files_open(services: Services, session: Session, expected: Expected) -> Found:
    """Every file that a row names opens, and is what its row says."""
    rows = session.scalars(select(FileRow).order_by(FileRow.id)).all()
    return len(rows), list(_unreadable(services, rows))


def _unreadable(services: Services, rows: Iterable[FileRow]) -> Iterator[str]:
    for row in rows:
        try:
            data = files.load(services, row.document.case.key, row.stored)
            if hashlib.sha256(data).hexdigest() != row.sha256:
                yield f"{row.stored} other content"
        except StorageError as error:
            yield f"{row.stored} {error.code}"


def _uploads_kept(services: Services, session: Session, expected: Expected) -> Found:
    """Every upload that was answered with 201 stands in its slot."""
    rows = session.scalars(select(FileRow)).all()
    kept = {(row.document.case.application_no, row.document.slot, row.sha256) for row in rows}
    return len(expected.ledger.uploads), [
        f"{upload.number} {upload.slot.value}"
        for upload in expected.ledger.uploads
        if (upload.number, upload.slot, upload.sha256) not in kept
    ]


def _submissions_kept(services: Services, session: Session, expected: Expected) -> Found:
    rounds = dict(session.execute(select(CaseRow.application_no, CaseRow.round)).all())
    return len(expected.ledger.submitted), [
        f"{number} round {round_no}"
        for number, round_no in expected.ledger.submitted
        if rounds.get(number, -1) < round_no
    ]


def _decisions_once(services: Services, session: Session, expected: Expected) -> Found:
    """Every decision that was answered stands once, and no other does."""
    rows = session.execute(
        select(CaseRow.application_no, DecisionRow.action, DecisionRow.actor).join(
            CaseRow, CaseRow.id == DecisionRow.case_id
        )
    ).all()
    stand = Counter((number, action.value, actor) for number, action, actor in rows)
    made = Counter((one.number, one.action.value, one.actor) for one in expected.ledger.decisions)
    return made.total(), [
        f"{' '.join(key)}: {stand[key]} for {made[key]}" for key in sorted(stand | made) if stand[key] != made[key]
    ]


def _withdrawn_stay(services: Services, session: Session, expected: Expected) -> Found:
    states = dict(session.execute(select(CaseRow.application_no, CaseRow.state)).all())
    withdrawn = set(expected.ledger.withdrawn)
    return len(withdrawn), [
        f"{number} {state.value}"
        for number, state in states.items()
        if (state == CaseState.WITHDRAWN) != (number in withdrawn)
    ]


def _dead_only_if_cursed(services: Services, session: Session, expected: Expected) -> Found:
    """What was given up is what kills its readers; nothing failed for good."""
    rows = session.execute(
        select(CaseRow.application_no, DocumentRow.slot, AttemptRow.state, AttemptRow.error_code)
        .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
        .join(CaseRow, CaseRow.id == DocumentRow.case_id)
        .where(AttemptRow.state.in_((AttemptState.DEAD, AttemptState.FAILED)))
    ).all()
    return len(rows), [
        f"{number} {slot.value} {state.value} {code}"
        for number, slot, state, code in rows
        if state == AttemptState.FAILED or (number, slot) not in expected.cursed
    ]


def _cursed_given_up(services: Services, session: Session, expected: Expected) -> Found:
    """A document that kills its readers is not read, and its case went to a person."""
    rows = session.execute(
        select(CaseRow.application_no, DocumentRow.slot, DocumentRow.state, CaseRow.state).join(
            CaseRow, CaseRow.id == DocumentRow.case_id
        )
    ).all()
    states = {(number, slot): (document, case) for number, slot, document, case in rows}
    wanted = (DocumentState.NOT_READ, CaseState.NEEDS_REVIEW)
    return len(expected.cursed), [
        f"{number} {slot.value}: {states.get((number, slot))}"
        for number, slot in sorted(expected.cursed)
        if states.get((number, slot)) != wanted
    ]


def _outbox_empty(services: Services, session: Session, expected: Expected) -> Found:
    """Everything that was to be sent was."""
    unsent = outbox.unsent(services)
    attempts = session.scalar(select(func.count()).select_from(AttemptRow)) or 0
    return attempts, [f"{unsent} rows"] if unsent else []


def _events(session: Session, type: EventType) -> Counter[str]:
    return Counter(
        session.scalars(
            select(EventRow.application_no).where(EventRow.type == type, EventRow.application_no.is_not(None))
        ).all()
    )


_INVARIANTS: dict[str, Callable[[Services, Session, Expected], Found]] = {
    "people were answered to the end": _answered,
    "every case advised once per submission": _advised_once,
    "every attempt closed": _attempts_closed,
    "no case stuck on its way": _no_case_stuck,
    "every read document read by one attempt": _read_once,
    "no duplicate event": _no_duplicate_event,
    "the chain of events verifies": _chain_whole,
    "every file opens and matches its hash": _files_open,
    "no acknowledged upload lost": _uploads_kept,
    "no acknowledged submission lost": _submissions_kept,
    "no decision lost or doubled": _decisions_once,
    "withdrawn cases stay withdrawn, no other is": _withdrawn_stay,
    "dead only where cursed, none failed": _dead_only_if_cursed,
    "cursed documents given up, their cases with a person": _cursed_given_up,
    "outbox empty": _outbox_empty,
}
