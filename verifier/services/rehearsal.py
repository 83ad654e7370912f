"""What a work-horse does with rows, done once before it is forked, and undone.

A forked process inherits what its parent has compiled: mappers, and the text of every statement. Without this each of them
compiles thirty statements anew for a document, which takes longer than running them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from schemas.application import (
    Applicant,
    Application,
    ApplicationForm,
    IdType,
    Qualification,
    QualificationType,
    Route,
    Sex,
)
from schemas.case import CaseState, DocumentState
from schemas.document import DocumentType, Page, PageQuality
from schemas.finding import Outcome
from schemas.reading import DocumentReading
from schemas.result import CaseResult, EngineInfo, Timings
from verifier.pipeline import Read
from verifier.services import process, submit
from verifier.services.cases import keep_form
from verifier.services.context import Services
from verifier.services.queue_names import BULK
from verifier.store.tables import CaseRow, DocumentRow, FileRow

SLOT = DocumentType.RESIDENT_ID_CARD
NUMBER = "rehearsal"
FILE = f"documents/{SLOT.value}-1.jpg"


def rehearse(services: Services) -> None:
    """Begin and finish an imagined document in a transaction that is rolled back. Raises StorageError, ConfigError."""
    engine: Engine = services.sessions.kw["bind"]
    with engine.connect() as connection, connection.begin() as whole:
        # what commits inside ends a savepoint only
        sessions = sessionmaker(
            **{**services.sessions.kw, "bind": connection, "join_transaction_mode": "create_savepoint"}
        )
        alone = replace(services, sessions=sessions, judge=_judge)
        attempt_id = _queued(alone)
        process.begin(alone, attempt_id, NUMBER)
        process.renew_lease(alone, attempt_id, NUMBER)
        process.finish(alone, attempt_id, _read(), NUMBER)
        whole.rollback()


def _queued(services: Services) -> str:
    """An attempt at the only document of a case of nobody's."""
    now = services.clock()
    form = ApplicationForm(
        application_no=NUMBER,
        batch=NUMBER,
        submitted_on=date(2026, 1, 1),
        route=Route.RESIDENCE_PERMIT,
        applicant=Applicant(
            name="无",
            id_type=IdType.RESIDENT_ID,
            id_number="110101199001010007",
            sex=Sex.MALE,
            birth_date=date(1990, 1, 1),
        ),
        qualification=Qualification(type=QualificationType.JUNIOR_MIDDLE, subject="无"),
    )
    with services.sessions.begin() as session:
        case = CaseRow(
            application_no=NUMBER, batch=NUMBER, route=form.route, state=CaseState.SUBMITTED, round=0, created_at=now,
            updated_at=now, submitted_at=now, returned_slots=[],
        )  # fmt: skip
        keep_form(services, session, case, form)
        session.flush()
        document = DocumentRow(
            case_id=case.id, slot=SLOT, revision=1, current=True, state=DocumentState.QUEUED, pages=[], created_at=now
        )
        document.files.append(
            FileRow(position=1, name=FILE, size=0, media_type="image/jpeg", **FileRow.names(case, "0" * 64))
        )
        session.add(document)
        session.flush()
        return submit.open_attempt(services, session, document, queue=BULK, now=now).id


def _read() -> Read:
    page = Page(file=FILE, page=1, width=1, height=1, quality=PageQuality(acceptable=True))
    reading = DocumentReading(
        slot=SLOT, detected_type=SLOT, type_confidence=1.0, pages=(page,), fields={}, page_hashes=("0" * 16,)
    )
    return Read(reading=reading, total_ms=0, ocr_ms=0)


def _judge(application: Application, reads: Mapping[DocumentType, Read]) -> CaseResult:
    return CaseResult(
        application_no=application.application_no,
        outcome=Outcome.PASS,
        documents=tuple(read.reading for read in reads.values()),
        findings=(),
        engine=EngineInfo(ocr="", rules=""),
        timings_ms=Timings(total=0, ocr=0),
    )
