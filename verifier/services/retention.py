"""What is no longer needed is deleted, as the batch says, with a record of what went (PIPL Art. 19, 47; DOMAIN 5.9).

A case that is due loses everything personal: form, readings, advice, words, files, and its key, which makes all of it in old backups
unreadable too. Its number, state, dates and events stay. Earlier revisions of documents go sooner, once the case is decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.orm import Session

from schemas.batch import RetentionSettings
from schemas.case import CaseState
from schemas.events import EventType
from verifier.errors import VerifierError
from verifier.services import leases
from verifier.services.cases import lock_case, move_case
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.review_tables import FindingDecisionRow, FindingRow
from verifier.store.tables import CaseRow, CorrectionRow, DocumentRow, FileRow, FingerprintRow

PASS = "retention.ran"
"""The lease that tells when the next pass may begin."""
EVERY = timedelta(hours=24)
AT_ONCE = 20
"""Cases deleted in one go of the schedule."""

APPROVED = (CaseState.APPROVED,)
CLOSED = (CaseState.NOT_ACCEPTED, CaseState.DENIED, CaseState.WITHDRAWN, CaseState.EXPIRED, CaseState.ARCHIVED)


class Kind(StrEnum):
    DRAFT = "draft"
    """Never handed in."""
    CLOSED = "closed"
    """Not accepted, denied, withdrawn or expired."""
    APPROVED = "approved"
    WORKING = "working"
    """Earlier revisions of a decided case's documents."""


@dataclass(frozen=True)
class Due:
    """What would go. `since` is the last change of the case; `size` in bytes."""

    application_no: str
    batch: str
    kind: Kind
    since: datetime
    files: int
    size: int


def plan(services: Services, at: datetime | None = None, limit: int | None = None) -> tuple[Due, ...]:
    """What would be deleted at a moment (now, when not given), longest due first. Nothing is changed."""
    now = at or services.clock()
    found: list[Due] = []
    with reading(services) as session:
        for batch in session.scalars(select(CaseRow.batch).distinct().order_by(CaseRow.batch)).all():
            settings = _settings(services, batch)
            for kind in Kind:
                query = (
                    select(CaseRow)
                    .where(CaseRow.batch == batch, CaseRow.erased_at.is_(None), *_is_due(kind, settings, now))
                    .order_by(CaseRow.updated_at)
                )
                found += [_due(session, case, kind) for case in session.scalars(query.limit(limit))]
    # a case that goes whole is not told for its earlier revisions, too
    whole = {due.application_no for due in found if due.kind is not Kind.WORKING}
    left = [due for due in found if due.kind is not Kind.WORKING or due.application_no not in whole]
    return tuple(sorted(left, key=lambda due: due.since)[:limit])


def run(services: Services, actor: str, limit: int | None = None) -> tuple[Due, ...]:
    """Delete what is due now, each case in a transaction of its own; what went. Raises StorageError: what went until then is
    recorded, the rest is due still."""
    return tuple(due for due in plan(services, limit=limit) if _delete(services, due, actor))


def begin_pass(services: Services) -> bool:
    """Whether a scheduled pass is due: true for one process, once a day."""
    now = services.clock()
    with writing(services) as session:
        return leases.acquire(session, PASS, owner=services.new_id(), now=now, until=now + EVERY)


def _settings(services: Services, batch: str) -> RetentionSettings:
    try:
        return services.load_batch(batch).retention
    except VerifierError:
        # a batch whose file is gone is kept as long as the defaults say
        return RetentionSettings()


def _is_due(kind: Kind, settings: RetentionSettings, now: datetime) -> Sequence[ColumnElement[bool]]:
    if kind is Kind.WORKING:
        earlier = exists().where(
            and_(DocumentRow.case_id == CaseRow.id, ~DocumentRow.current, FileRow.document_id == DocumentRow.id)
        )
        before = now - timedelta(days=settings.working_days)
        return CaseRow.state.in_((*APPROVED, *CLOSED)), CaseRow.updated_at <= before, earlier
    states, days = {
        Kind.DRAFT: ((CaseState.DRAFT,), settings.draft_days),
        Kind.CLOSED: (CLOSED, settings.closed_days),
        Kind.APPROVED: (APPROVED, settings.approved_days),
    }[kind]
    return CaseRow.state.in_(states), CaseRow.updated_at <= now - timedelta(days=days)


def _documents(session: Session, case: CaseRow, kind: Kind) -> list[DocumentRow]:
    query = select(DocumentRow).where(DocumentRow.case_id == case.id).order_by(DocumentRow.id)
    if kind is Kind.WORKING:
        query = query.where(~DocumentRow.current)
    return list(session.scalars(query))


def _due(session: Session, case: CaseRow, kind: Kind) -> Due:
    rows = [file for document in _documents(session, case, kind) for file in document.files]
    return Due(case.application_no, case.batch, kind, case.updated_at, len(rows), sum(row.size for row in rows))


def _delete(services: Services, due: Due, actor: str) -> bool:
    """Whether it was due still."""
    now = services.clock()
    with writing(services) as session:
        case = lock_case(session, due.application_no)
        if case.erased_at is not None or case.updated_at != due.since:
            return False
        documents = _documents(session, case, due.kind)
        files = [file for document in documents for file in document.files]
        held = [file.stored for file in files]
        digest = _digest(case, documents, files)
        _empty(session, documents)
        if due.kind is not Kind.WORKING:
            _erase(session, case, now, actor)
        still = set(session.scalars(select(FileRow.stored).where(FileRow.stored.in_(held))))
        audit.record(
            session,
            at=now,
            type=EventType.DATA_DELETED,
            actor=actor,
            application_no=case.application_no,
            details={"kind": due.kind.value, "files": due.files, "bytes": due.size, "sha256": digest},
        )
    for name in held:
        # one that the store keeps because it is away is an orphan, unreadable, and collected later
        if name not in still:
            services.files.delete(name)
    return True


def _digest(case: CaseRow, documents: Sequence[DocumentRow], files: Sequence[FileRow]) -> str:
    """SHA-256 over what went, as it lay there, sealed: it says nothing, and a copy can be held against it."""
    parts = [case.form_sealed, case.advice_sealed, *(row.reading_sealed for row in documents)]
    digest = hashlib.sha256()
    for part in (*parts, *(file.stored.encode() for file in files)):
        digest.update(hashlib.sha256(part or b"").digest())
    return digest.hexdigest()


def _empty(session: Session, documents: Sequence[DocumentRow]) -> None:
    for start in range(0, len(documents), 100):
        ids = [document.id for document in documents[start : start + 100]]
        session.execute(delete(FileRow).where(FileRow.document_id.in_(ids)))
        session.execute(delete(FingerprintRow).where(FingerprintRow.document_id.in_(ids)))
    for document in documents:
        document.reading_sealed = None


def _erase(session: Session, case: CaseRow, now: datetime, actor: str) -> None:
    move = partial(move_case, session, case, at=now, actor=actor, why="retention")
    if case.state is CaseState.DRAFT:
        move(CaseState.EXPIRED)
    if case.state is not CaseState.ARCHIVED:
        move(CaseState.ARCHIVED)
    for decision in case.decisions:
        decision.words_sealed = None
    findings = select(FindingRow.id).where(FindingRow.case_id == case.id)
    for made in session.scalars(select(FindingDecisionRow).where(FindingDecisionRow.finding_id.in_(findings))):
        made.said_sealed = None
    session.execute(delete(CorrectionRow).where(CorrectionRow.case_id == case.id))
    case.form_sealed = case.advice_sealed = case.id_index = case.phone_index = None
    case.finding_counts = {}
    case.owner_id = None
    case.erased_at = now
    if case.data_key is not None:
        session.delete(case.data_key)
