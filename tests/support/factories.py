"""Things tests need, made of synthetic people: forms, readings, batches, and services on a real SQLite file."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session

from schemas.application import (
    Applicant,
    Application,
    ApplicationForm,
    IdType,
    Qualification,
    QualificationType,
    Residence,
    Route,
    Sex,
)
from schemas.batch import Batch, ExamSettings, Hospital, InsuranceSettings, RequiredSlot, Requirement
from schemas.document import CaptureProblem, DocumentType, Page, PageQuality, QualityProblem
from schemas.finding import Finding, Severity, advice
from schemas.reading import DocumentReading, ReadField
from schemas.result import CaseResult, EngineInfo, Timings
from verifier.errors import InputError
from verifier.intake import Limits, sniff
from verifier.pipeline import NamedFile, Read
from verifier.services.context import Services
from verifier.settings import Settings
from verifier.store import append_only, audit, database
from verifier.store.files import open_files
from verifier.store.keyring import Keyring, masters_of
from verifier.store.tables import Base, EventHeadRow

ID_CARD = DocumentType.RESIDENT_ID_CARD
EXAM = DocumentType.MEDICAL_EXAM_FORM
PERMIT = DocumentType.RESIDENCE_PERMIT

JPEG = b"\xff\xd8\xff\xe0"
PDF = b"%PDF-1.7\n"
BLURRED = JPEG + b"blurred"
"""A capture the measuring stand-in finds unacceptable."""
BROKEN = JPEG + b"broken"
"""A file it refuses."""

START = datetime(2026, 10, 20, 1, 0, tzinfo=UTC)


def picture(seed: int = 0) -> bytes:
    """Bytes that start like a JPEG and differ by `seed`; only stand-ins can decode them."""
    return JPEG + f"picture {seed}".encode()


@dataclass
class Clock:
    """A clock that stands still until told."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **span: float) -> datetime:
        """Forward by `timedelta(**span)`; the new moment."""
        self.now += timedelta(**span)
        return self.now


def form(**changes: object) -> ApplicationForm:
    """A form of an imagined applicant on the residence permit route of the batch `2026-autumn`."""
    plain = ApplicationForm(
        application_no="HD2026A000123",
        batch="2026-autumn",
        submitted_on=date(2026, 10, 20),
        route=Route.RESIDENCE_PERMIT,
        applicant=Applicant(
            name="欧阳测试",
            id_type=IdType.RESIDENT_ID,
            id_number="440114199608120006",
            sex=Sex.FEMALE,
            birth_date=date(1996, 8, 12),
            ethnicity="汉",
        ),
        qualification=Qualification(type=QualificationType.JUNIOR_MIDDLE, subject="语文"),
        residence=Residence(current_address="广东省广州市花都区测试街道1号"),
    )
    return plain.model_copy(update=changes)


def batch(code: str = "2026-autumn", **changes: object) -> Batch:
    """A batch whose residence permit route asks for ID card, exam form, and a permit or a household register."""
    slots = ((ID_CARD,), (EXAM,), (PERMIT, DocumentType.HOUSEHOLD_REGISTER))
    plain = Batch(
        code=code,
        version=1,
        title="测试批次",
        district_code="440114",
        district_name="花都区",
        city_name="广州市",
        province_name="广东省",
        window_start=date(2026, 10, 1),
        window_end=date(2026, 12, 31),
        exam=ExamSettings(window_start=date(2026, 8, 1), window_end=date(2026, 12, 31), valid_days=180),
        insurance=InsuranceSettings(months=6, printed_within_days=60),
        employment_evidence=Requirement.OPTIONAL,
        hospitals=(Hospital(name="广州市花都区人民医院"),),
        schools=(),
        required={
            Route.RESIDENCE_PERMIT: tuple(RequiredSlot(slots=group, legal_basis="测试依据") for group in slots),
            Route.GARRISON: (),
        },
    )
    return plain.model_copy(update=changes)


def load_batch(code: str) -> Batch:
    """The one batch there is. Raises InputError case.unknown_batch for any other."""
    if code != "2026-autumn":
        raise InputError("case.unknown_batch", batch=code)
    return batch(code)


def page(file: str = "documents/resident_id_card-1.jpg", number: int = 1, blurred: bool = False) -> Page:
    problem = QualityProblem(kind=CaptureProblem.BLURRED, severity=0.8, message="照片模糊,请重新拍摄。")
    quality = PageQuality(acceptable=not blurred, problems=(problem,) if blurred else ())
    return Page(file=file, page=number, width=1000, height=700, quality=quality)


def measure(files: Sequence[NamedFile]) -> tuple[Page, ...]:
    """One page a file; refuses BROKEN and finds fault with BLURRED."""
    if any(file.data == BROKEN for file in files):
        raise InputError("file.broken")
    return tuple(page(file.name, blurred=file.data == BLURRED) for file in files)


def read_of(slot: DocumentType = ID_CARD, *, total_ms: int = 1200, ocr_ms: int = 900, **values: str) -> Read:
    """A document as read, its fields given as plain values."""
    box = ((0.0, 0.0), (10.0, 0.0), (10.0, 5.0), (0.0, 5.0))
    fields = {
        name: ReadField(value=value, raw=value, confidence=0.98, page=0, box=box) for name, value in values.items()
    }
    reading = DocumentReading(
        slot=slot,
        detected_type=slot,
        type_confidence=0.99,
        pages=(page(f"documents/{slot.value}-1.jpg"),),
        fields=fields,
    )
    return Read(reading=reading, total_ms=total_ms, ocr_ms=ocr_ms)


def finding(
    rule: str = "name.mismatch", severity: Severity = Severity.CORRECT, document: DocumentType = EXAM
) -> Finding:
    return Finding(rule=rule, severity=severity, document=document, field="name", message="姓名不一致。")


@dataclass
class Judge:
    """Stands in for the rules: answers `findings` and remembers each application it was asked about."""

    findings: tuple[Finding, ...] = ()
    error: Exception | None = None
    asked: list[Application] = field(default_factory=list)

    def __call__(self, application: Application, reads: Mapping[DocumentType, Read]) -> CaseResult:
        self.asked.append(application)
        if self.error is not None:
            raise self.error
        return CaseResult(
            application_no=application.application_no,
            outcome=advice(self.findings),
            documents=tuple(read.reading for read in reads.values()),
            findings=self.findings,
            engine=EngineInfo(ocr="stub", rules=f"{application.batch}@1"),
            timings_ms=Timings(total=sum(read.total_ms for read in reads.values()), ocr=0),
        )


def counting_ids(prefix: str = "id") -> Callable[[], str]:
    """`id000001`, `id000002`, …, whichever threads ask."""
    numbers: Iterator[int] = itertools.count(1)
    lock = Lock()

    def new_id() -> str:
        with lock:
            return f"{prefix}{next(numbers):06d}"

    return new_id


def settings_for(data: Path, **changes: object) -> Settings:
    """Settings with everything inside `data`, whatever the environment and a `.env` say of these names."""
    given = {
        "database_url": f"sqlite:///{data}/verifier.db",
        "files_url": f"file://{data}/files",
        "redis_url": f"unix://{data}/valkey.sock",
        "master_key": base64.b64encode(bytes(range(32))).decode(),
    }
    return Settings(_env_file=None, data=data, **{**given, **changes})


@cache
def _migrated_database() -> bytes:
    """An empty SQLite file at the newest revision: migrating one for each test would be most of a run's time."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        database.migrate(f"sqlite:///{file}")
        return file.read_bytes()


def _trust_the_disk(connection: DBAPIConnection, _entry: object) -> None:
    # a test's rows need not outlive a power cut
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


def open_test_services(
    data: Path, *, clock: Clock | None = None, judge: Judge | None = None, **changes: object
) -> Services:
    """Services on a migrated database and files under `data`, with stand-ins for measuring, rules and batches.

    The database is a fresh SQLite file unless `changes` name another by `database_url`.
    """
    settings = settings_for(data, **changes)
    if "database_url" in changes:
        database.migrate(settings.database_url)
    else:
        (data / "verifier.db").write_bytes(_migrated_database())
    engine = database.open_engine(settings.database_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _trust_the_disk)
    keyring = Keyring(masters_of(settings), bytes(range(32, 64)))
    return Services(
        sessions=database.open_sessions(engine, keyring),
        keyring=keyring,
        files=open_files(settings),
        clock=clock or Clock(),
        new_id=counting_ids(),
        batches_dir=None,
        limits=Limits(),
        settings=settings,
        sniff=sniff,
        measure=measure,
        judge=judge or Judge(),
        load_batch=load_batch,
    )


@contextmanager
def mutable_events(session: Session) -> Iterator[None]:
    """As whoever owns the database can have it: events that may be changed and removed."""
    dialect = session.get_bind().dialect.name
    for statement in append_only.drop(dialect):
        session.execute(text(statement))
    yield
    session.flush()
    for statement in append_only.create(dialect):
        session.execute(text(statement))


def emptied(services: Services) -> None:
    """Take every row away, so that tests may share an engine: its compiled statements are what costs time."""
    with services.sessions.begin() as session:
        tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
        with mutable_events(session):
            if session.get_bind().dialect.name == "postgresql":
                session.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
            else:
                for table in tables:
                    session.execute(text(f"DELETE FROM {table}"))
        session.add(EventHeadRow(id=audit.HEAD_ID, seq=0, hash=audit.GENESIS))


def with_settings(services: Services, **changes: object) -> Services:
    """The same services under changed settings."""
    return replace(services, settings=services.settings.model_copy(update=changes))
