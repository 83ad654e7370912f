"""The applicant's side: state an application, put documents into its slots, submit it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas.application import Application, ApplicationForm
from schemas.batch import Batch
from schemas.case import AttemptState, CaseState, DocumentState
from schemas.document import TITLES_ZH, DocumentType, Page, QualityProblem
from schemas.events import EventType
from verifier.errors import InputError, StateError, StorageError
from verifier.pipeline import NamedFile
from verifier.rules.facts import Facts
from verifier.rules.slots import required_sets
from verifier.services import advise, deadlines, files, outbox
from verifier.services.cases import (
    application_of,
    current_documents,
    find_case,
    form_of,
    keep_form,
    lock_case,
    move_case,
)
from verifier.services.context import Services, reading, writing
from verifier.services.queue_names import BULK, INTERACTIVE
from verifier.store import audit
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow, FileRow, OutboxRow

SMALL_CASE_PAGES = 3
"""A case of fewer pages is read within seconds and may pass the long ones."""

NUMBER_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of application numbers: no I and no O, which people take for 1 and 0."""

_NUMBER_TRIES = 20


@dataclass(frozen=True)
class Created:
    """`created` is False when the very same application was there already."""

    application_no: str
    created: bool


@dataclass(frozen=True)
class Capture:
    """How good the upload is. It is kept either way; the applicant may replace it."""

    acceptable: bool
    problems: tuple[QualityProblem, ...]
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Submitted:
    """`queued` documents wait to be read; 0 when this call changed nothing or nothing was left to read."""

    application_no: str
    state: CaseState
    queued: int


def create_application(services: Services, form: ApplicationForm, actor: str, owner_id: int | None = None) -> Created:
    """Keep an application as a draft; a number is given when the form has none. `owner_id` is an applicant's account.

    Raises InputError case.unknown_batch, StateError case.exists when the number is taken by other content.
    """
    services.load_batch(form.batch)
    if form.application_no is not None:
        return _create_numbered(services, form, form.application_no, actor, owner_id)
    for _ in range(_NUMBER_TRIES):
        number = new_number(services.clock(), services.new_id())
        try:
            return _create_numbered(services, form, number, actor, owner_id)
        except StateError:
            continue  # taken by another application: draw again
    raise StorageError("database.unavailable")


def new_number(now: datetime, seed: str) -> str:
    """`HD<year><letter><6 digits>`, drawn from `seed`: 24 million a year, not countable from outside."""
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
    letter, digits = NUMBER_LETTERS[drawn % len(NUMBER_LETTERS)], drawn // len(NUMBER_LETTERS) % 1_000_000
    return f"HD{now.year}{letter}{digits:06d}"


def _create_numbered(
    services: Services, form: ApplicationForm, number: str, actor: str, owner_id: int | None
) -> Created:
    content = form.model_copy(update={"application_no": number})
    try:
        with writing(services) as session:
            if _same_content(session, number, content):
                return Created(application_no=number, created=False)
            now = services.clock()
            case = CaseRow(
                application_no=number,
                batch=form.batch,
                route=form.route,
                state=CaseState.DRAFT,
                round=0,
                created_at=now,
                updated_at=now,
                returned_slots=[],
                owner_id=owner_id,
            )
            keep_form(services, session, case, content)
            session.flush()
            audit.record(session, at=now, type=EventType.CASE_CREATED, actor=actor, application_no=number)
    except IntegrityError:
        # another request created the same number between the look and the insert
        with reading(services) as session:
            if not _same_content(session, number, content):
                raise
        return Created(application_no=number, created=False)
    return Created(application_no=number, created=True)


def _same_content(session: Session, number: str, content: ApplicationForm) -> bool:
    """Whether the number is taken by the same content. Raises StateError case.exists when by other content."""
    case = session.scalar(select(CaseRow).where(CaseRow.application_no == number))
    if case is None:
        return False
    if form_of(case) != content:
        raise StateError("case.exists")
    return True


def put_document(
    services: Services, application_no: str, slot: DocumentType, uploads: Sequence[bytes], actor: str
) -> Capture:
    """Replace what answers a slot by `uploads`, files in page order; the earlier revision stays in the record.

    Allowed in a draft, and for the slots a correction notice names while the case is returned. The same bytes put again
    change nothing. Raises InputError case.not_found, file.empty, file.too_many or what decoding a file says; StateError
    case.locked; StorageError.
    """
    with reading(services) as session:
        case = find_case(session, application_no)
        _require_open_slot(case, slot)
        key = case.key
    try:
        names, pages = _measure(services, slot, uploads)
    except InputError as refusal:
        _record_refusal(services, application_no, slot, refusal.code, actor)
        raise
    kept = files.keep(services, key, uploads)
    with writing(services) as session:
        case = lock_case(session, application_no)
        _require_open_slot(case, slot)
        old = next((row for row in current_documents(session, case) if row.slot == slot), None)
        if not _is_same_upload(old, [file.stored for file in kept]):
            files.secure(services, session, kept)
            now = services.clock()
            document = _new_revision(session, case, slot, old, pages, now)
            session.add(document)
            for position, (name, file, data) in enumerate(zip(names, kept, uploads, strict=True), start=1):
                media_type = services.sniff(data).media_type
                content = FileRow.names(case, file.sha256)
                document.files.append(
                    FileRow(position=position, name=name, size=len(data), media_type=media_type, **content)
                )
            case.updated_at = now
            details: dict[str, str | int] = {
                "slot": slot.value,
                "revision": document.revision,
                "files": len(kept),
                "pages": len(pages),
            }
            _record(session, EventType.DOCUMENT_UPLOADED, now, actor, application_no, details)
    problems = tuple(problem for page in pages for problem in page.quality.problems)
    return Capture(acceptable=all(page.quality.acceptable for page in pages), problems=problems, pages=pages)


def _measure(
    services: Services, slot: DocumentType, uploads: Sequence[bytes]
) -> tuple[tuple[str, ...], tuple[Page, ...]]:
    if not uploads:
        raise InputError("file.empty")
    if len(uploads) > services.settings.max_files:
        raise InputError("file.too_many", limit=services.settings.max_files)
    names = tuple(
        f"documents/{slot.value}-{position}.{services.sniff(data).extension}"
        for position, data in enumerate(uploads, start=1)
    )
    files = tuple(NamedFile(name=name, data=data) for name, data in zip(names, uploads, strict=True))
    return names, services.measure(files)


def _require_open_slot(case: CaseRow, slot: DocumentType) -> None:
    returned = case.state == CaseState.RETURNED and slot.value in case.returned_slots
    if case.state != CaseState.DRAFT and not returned:
        raise StateError("case.locked", state=case.state.value)


def _is_same_upload(old: DocumentRow | None, names: Sequence[str]) -> bool:
    return (
        old is not None and old.state == DocumentState.UPLOADED and [file.stored for file in old.files] == list(names)
    )


def _new_revision(
    session: Session, case: CaseRow, slot: DocumentType, old: DocumentRow | None, pages: Sequence[Page], now: datetime
) -> DocumentRow:
    if old is not None:
        old.current = False
    newest = session.scalar(
        select(func.max(DocumentRow.revision)).where(DocumentRow.case_id == case.id, DocumentRow.slot == slot)
    )
    return DocumentRow(
        case=case,
        slot=slot,
        revision=(newest or 0) + 1,
        current=True,
        state=DocumentState.UPLOADED,
        pages=[page.model_dump(mode="json") for page in pages],
        created_at=now,
    )


def _record_refusal(services: Services, application_no: str, slot: DocumentType, code: str, actor: str) -> None:
    with writing(services) as session:
        details: dict[str, str | int] = {"slot": slot.value, "code": code}
        _record(session, EventType.DOCUMENT_REFUSED, services.clock(), actor, application_no, details)


def submit(services: Services, application_no: str, actor: str) -> Submitted:
    """Hand the case in: its unread documents are queued, one attempt and one outbox row each, in this transaction.

    Idempotent: a case that was handed in already is left alone. A case with nothing to read is judged at once.
    Raises InputError case.not_found or case.slots_missing (`slots` holds the titles, `missing` the slot codes separated
    by commas, alternatives by `|`), StateError case.locked for a case that is over, StorageError.
    """
    with writing(services) as session:
        case = lock_case(session, application_no)
        if case.state in (CaseState.WITHDRAWN, CaseState.EXPIRED, CaseState.ARCHIVED):
            raise StateError("case.locked", state=case.state.value)
        if case.state not in (CaseState.DRAFT, CaseState.RETURNED):
            return Submitted(application_no=application_no, state=case.state, queued=0)
        documents = current_documents(session, case)
        _require_slots(services.load_batch(case.batch), case, documents)
        now = services.clock()
        again = case.state == CaseState.RETURNED
        case.submitted_at = now
        case.due_on = deadlines.to_accept(now)
        if again:
            # the old advice was about the old documents; the decision that returned them keeps it
            case.round += 1
            case.returned_slots = []
            case.by_hand_at = None
            case.outcome = case.advice = case.advised_at = case.advised_state = None
        move_case(session, case, CaseState.RESUBMITTED if again else CaseState.SUBMITTED, at=now, actor=actor)
        unread = [row for row in documents if row.state == DocumentState.UPLOADED]
        queue = choose_queue(case.round, sum(len(row.pages) for row in unread))
        for document in unread:
            document.state = DocumentState.QUEUED
            open_attempt(services, session, document, queue=queue, now=now)
        details: dict[str, str | int] = {"round": case.round, "documents": len(unread), "queue": queue}
        _record(session, EventType.CASE_SUBMITTED, now, actor, application_no, details)
        advise.settle(services, session, case, now)
        return Submitted(application_no=application_no, state=case.state, queued=len(unread))


def choose_queue(round_no: int, pages: int) -> str:
    """`interactive` for a resubmission, whose applicant has waited once already, and for small cases; else `bulk`."""
    return INTERACTIVE if round_no > 0 or pages < SMALL_CASE_PAGES else BULK


def open_attempt(
    services: Services,
    session: Session,
    document: DocumentRow,
    *,
    queue: str,
    now: datetime,
    no: int | None = None,
    tries: int = 0,
    ahead: bool = False,
) -> AttemptRow:
    """A queued attempt at `document` with its outbox row, numbered after the newest one unless `no` says otherwise.
    `ahead`: it takes the place of one that was sent before, and goes before those that were not."""
    if no is None:
        newest = session.scalar(select(func.max(AttemptRow.no)).where(AttemptRow.document_id == document.id))
        no = (newest or 0) + 1
    attempt = AttemptRow(
        id=services.new_id(),
        document_id=document.id,
        no=no,
        state=AttemptState.QUEUED,
        queue=queue,
        tries=tries,
        created_at=now,
        queued_at=now,
    )
    session.add(attempt)
    session.flush()
    turn = outbox.AHEAD if ahead else outbox.IN_TURN
    session.add(OutboxRow(attempt_id=attempt.id, queue=queue, turn=turn, created_at=now))
    return attempt


def missing_slots(batch: Batch, application: Application) -> tuple[tuple[DocumentType, ...], ...]:
    """What the batch asks of the application and is not among its documents: any one slot of each group would do."""
    present = {answer.slot for answer in application.documents}
    groups = required_sets(Facts.of(application, {}, batch))
    return tuple(group for group in groups if present.isdisjoint(group))


def _require_slots(batch: Batch, case: CaseRow, documents: list[DocumentRow]) -> None:
    missing = missing_slots(batch, application_of(case, documents))
    if case.state == CaseState.RETURNED:
        mended = {row.slot for row in documents if row.state == DocumentState.UPLOADED}
        asked = [DocumentType(slot) for slot in case.returned_slots]
        missing += tuple((slot,) for slot in asked if slot not in mended and (slot,) not in missing)
    if missing:
        raise InputError(
            "case.slots_missing",
            slots="、".join("或".join(TITLES_ZH[slot] for slot in group) for group in missing),
            missing=",".join("|".join(slot.value for slot in group) for group in missing),
        )


def _record(
    session: Session, type: EventType, at: datetime, actor: str, application_no: str, details: Mapping[str, str | int]
) -> None:
    audit.record(session, at=at, type=type, actor=actor, application_no=application_no, details=details)
