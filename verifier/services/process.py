"""A worker's side: take an attempt, keep its lease, hand in what was read or why it failed.

Delivery is at least once and a worker's child may outlive it, so every write names the state it expects: whoever comes
second changes nothing and is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, exists, select, update
from sqlalchemy.orm import Session

from schemas.case import AttemptState, CaseState, DocumentState
from schemas.document import DocumentType
from schemas.events import EventType
from verifier.pipeline import NamedFile, Read
from verifier.services import advise, files, holds, leases, lookalikes, outbox
from verifier.services.cases import MACHINE, find_case, lock_case_of, move_case
from verifier.services.context import Services, reading, writing
from verifier.services.withdraw import cancel
from verifier.store import audit
from verifier.store.tables import AttemptRow, HoldRow, LeaseRow

BACKOFF_S = (10, 60, 300, 1800)
"""Seconds before the 2nd, 3rd, … try after a transient error; the last one repeats (ANCHORS B3)."""


@dataclass(frozen=True)
class StoredFile:
    """`name` is the logical one of the case, `documents/<slot>-<n>.<ext>`."""

    name: str
    stored: str
    """Its name in the file store."""


@dataclass(frozen=True)
class Work:
    """An attempt that is now this worker's until `lease_until`. `tries` counts this run."""

    attempt_id: str
    application_no: str
    slot: DocumentType
    files: tuple[StoredFile, ...]
    pages: int
    tries: int
    lease_until: datetime


@dataclass(frozen=True)
class Finished:
    """`accepted` is False when the attempt was no longer this worker's: its reading was dropped.

    `case_state` is the state the case ended in.
    """

    accepted: bool
    case_state: CaseState | None = None


@dataclass(frozen=True)
class FailureOutcome:
    """What a failure led to: another try in `retry_in_s` seconds, or `closed`: no more tries.

    `dead` says that it is closed because the tries were used up. All three are empty when the attempt was no longer
    this worker's.
    """

    retry_in_s: int | None = None
    closed: bool = False
    dead: bool = False


def begin(services: Services, attempt_id: str, worker: str, lease_s: int | None = None) -> Work | None:
    """Start an attempt: None, quietly, when it is not queued (taken, done, replaced, cancelled or unknown), or when its
    queue is paused: then it waits for its relay again.

    `lease_s` defaults to the setting. The case of a first document moves on to `reading`.
    """
    now = services.clock()
    lease_until = now + timedelta(seconds=lease_s or services.settings.lease_s)
    with writing(services) as session:
        mine = _move_attempt(
            session,
            attempt_id,
            AttemptState.QUEUED,
            ~exists().where(HoldRow.queue == AttemptRow.queue),
            state=AttemptState.RUNNING,
            worker=worker,
            started_at=now,
            lease_until=lease_until,
            tries=AttemptRow.tries + 1,
        )
        if not mine:
            holds.put_off(session, attempt_id)
            return None
        attempt = session.scalars(select(AttemptRow).where(AttemptRow.id == attempt_id)).one()
        attempt.wait_ms = max(0, _milliseconds(attempt.queued_at, now))
        document = attempt.document
        case = lock_case_of(session, document)
        if case.state == CaseState.WITHDRAWN:
            cancel(attempt, now)
            return None
        document.state = DocumentState.READING
        if case.state in (CaseState.SUBMITTED, CaseState.RESUBMITTED):
            move_case(session, case, CaseState.READING, at=now, actor=MACHINE)
        return Work(
            attempt_id=attempt_id,
            application_no=case.application_no,
            slot=document.slot,
            files=tuple(StoredFile(name=row.name, stored=row.stored) for row in document.files),
            pages=len(document.pages),
            tries=attempt.tries,
            lease_until=lease_until,
        )


def load_files(services: Services, work: Work) -> tuple[NamedFile, ...]:
    """The bytes of the work's files. Raises StorageError storage.unavailable or storage.lost."""
    with reading(services) as session:
        key = find_case(session, work.application_no).key
    return tuple(NamedFile(name=file.name, data=files.load(services, key, file.stored)) for file in work.files)


def renew_lease(services: Services, attempt_id: str, worker: str, lease_s: int | None = None) -> bool:
    """Keep the attempt for another `lease_s` seconds. False when it is no longer this worker's: stop working on it."""
    until = services.clock() + timedelta(seconds=lease_s or services.settings.lease_s)
    with writing(services) as session:
        return _rows(
            session,
            update(AttemptRow)
            .where(AttemptRow.id == attempt_id, AttemptRow.state == AttemptState.RUNNING, AttemptRow.worker == worker)
            .values(lease_until=until),
        )


def finish(services: Services, attempt_id: str, read: Read, engine_version: str | None = None) -> Finished:
    """Keep a reading. With the last document of its case the rules run and the case moves on, in this transaction."""
    now = services.clock()
    with writing(services) as session:
        if not _move_attempt(
            session,
            attempt_id,
            AttemptState.RUNNING,
            state=AttemptState.DONE,
            finished_at=now,
            lease_until=None,
            error_code=None,
            engine_version=engine_version,
        ):
            return Finished(accepted=False)
        attempt = _closed_attempt(session, attempt_id, now)
        document = attempt.document
        case = lock_case_of(session, document)
        document.state = DocumentState.READ
        document.error_code = None
        document.reading = read.reading.model_dump(mode="json")
        document.total_ms, document.ocr_ms, document.read_at = read.total_ms, read.ocr_ms, now
        lookalikes.remember(session, document, read.reading)
        audit.record(
            session,
            at=now,
            type=EventType.DOCUMENT_READ,
            actor=attempt.worker or MACHINE,
            application_no=case.application_no,
            details={
                "slot": document.slot.value,
                "revision": document.revision,
                "attempt": attempt_id,
                "engine": engine_version,
            },
        )
        advise.settle(services, session, case, now)
        return Finished(accepted=True, case_state=case.state)


def fail(services: Services, attempt_id: str, code: str, transient: bool) -> FailureOutcome:
    """Hand in an error code of verifier.errors.

    A transient one queues the same attempt again after a back-off, until `max_tries` runs; then it is dead. Its outbox
    row is opened again in the same transaction and waits there for its time. Any other closes it as failed. A document
    given up is `not_read` and the case goes on to a person.
    """
    now = services.clock()
    with writing(services) as session:
        tries = session.scalar(select(AttemptRow.tries).where(AttemptRow.id == attempt_id)) or 0
        if transient and tries < services.settings.max_tries:
            wait_s = BACKOFF_S[min(max(tries, 1), len(BACKOFF_S)) - 1]
            if not _move_attempt(
                session,
                attempt_id,
                AttemptState.RUNNING,
                state=AttemptState.QUEUED,
                queued_at=now + timedelta(seconds=wait_s),
                lease_until=None,
                error_code=code,
            ):
                return FailureOutcome()
            outbox.reopen(session, attempt_id)
            attempt = session.scalars(select(AttemptRow).where(AttemptRow.id == attempt_id)).one()
            lock_case_of(session, attempt.document)
            attempt.document.state = DocumentState.QUEUED
            return FailureOutcome(retry_in_s=wait_s)
        state = AttemptState.DEAD if transient else AttemptState.FAILED
        if not _move_attempt(
            session,
            attempt_id,
            AttemptState.RUNNING,
            state=state,
            finished_at=now,
            lease_until=None,
            error_code=code,
        ):
            return FailureOutcome()
        give_up(services, session, _closed_attempt(session, attempt_id, now), code, now)
        return FailureOutcome(closed=True, dead=state == AttemptState.DEAD)


def give_up(services: Services, session: Session, attempt: AttemptRow, code: str, now: datetime) -> None:
    """The document of a closed attempt will not be read: a person will, and the case goes on when it was the last."""
    document = attempt.document
    case = lock_case_of(session, document)
    document.state = DocumentState.NOT_READ
    document.error_code = code
    audit.record(
        session,
        at=now,
        type=EventType.DOCUMENT_NOT_READ,
        actor=attempt.worker or MACHINE,
        application_no=case.application_no,
        details={"slot": document.slot.value, "revision": document.revision, "attempt": attempt.id, "code": code},
    )
    advise.settle(services, session, case, now)


def beat(services: Services, worker: str, queue: str, lease_s: int | None = None) -> None:
    """A worker says that it lives; statistics show it until the lease runs out, busy or idle."""
    until = services.clock() + timedelta(seconds=lease_s or services.settings.lease_s)
    with writing(services) as session:
        leases.hold(session, holds.WORKER_LEASE + worker, owner=queue, until=until)


def living_workers(services: Services) -> dict[str, str]:
    """The queues of the workers that say that they live, by the workers' names."""
    with reading(services) as session:
        return living(session, services.clock())


def living(session: Session, now: datetime) -> dict[str, str]:
    rows = session.scalars(select(LeaseRow).where(LeaseRow.name.startswith(holds.WORKER_LEASE), LeaseRow.until > now))
    return {row.name.removeprefix(holds.WORKER_LEASE): row.owner for row in rows}


def _move_attempt(
    session: Session, attempt_id: str, expected: AttemptState, *where: ColumnElement[bool], **values: Any
) -> bool:
    """Change an attempt only if it is in the expected state: the one guard against two runs of one attempt."""
    return _rows(
        session,
        update(AttemptRow)
        .where(AttemptRow.id == attempt_id, AttemptRow.state == expected, *where)
        .values(**values)
        .execution_options(synchronize_session=False),
    )


def _closed_attempt(session: Session, attempt_id: str, now: datetime) -> AttemptRow:
    attempt = session.scalars(
        select(AttemptRow).where(AttemptRow.id == attempt_id).execution_options(populate_existing=True)
    ).one()
    if attempt.started_at is not None:
        attempt.run_ms = max(0, _milliseconds(attempt.started_at, now))
    return attempt


def _rows(session: Session, statement: Any) -> bool:
    result = session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount > 0


def _milliseconds(start: datetime, end: datetime) -> int:
    return int((end - start) / timedelta(milliseconds=1))
