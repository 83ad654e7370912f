"""Every table. Types are those SQLite and PostgreSQL share; a later change is an Alembic revision beside this file.

Lock order, kept by every transaction so that PostgreSQL never meets a deadlock: attempt, case, lock of the files, head of
the event chain.
Indexes are the ones the queries of verifier.services use; a query without one is a defect.
"""

from __future__ import annotations

import enum
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, object_session, relationship
from sqlalchemy.types import TypeDecorator

from schemas.application import Route
from schemas.case import AttemptState, CaseState, DecisionAction, DocumentState, Role
from schemas.document import DocumentType
from schemas.events import EventType
from schemas.finding import Outcome
from verifier.errors import ConfigError, StateError
from verifier.store.keyring import KEY_SETTING, CaseKey, Keyring, Wrapped

KEYRING = "verifier.keyring"
"""Where a session carries its Keyring: rows open with it what is sealed in them."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, always UTC. SQLite has no zones, so there it is stored as naive UTC text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone must not reach the database")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer(), "sqlite")
"""Row numbers. SQLite counts up by itself only in a column it calls INTEGER."""

Json = JSON(none_as_null=True)
"""Python None is SQL NULL, never the JSON word null."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime(),
        # Text with the member's value, no native enum and no CHECK: a new member must not need a migration.
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=False,
            length=40,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


NOTHING_FOUND = 4
"""The gravity of a case without findings."""


class CaseRow(Base):
    """One application. `version` counts every change of the row, so that two writers never overwrite each other."""

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    application_no: Mapped[str] = mapped_column(String(40), unique=True)
    batch: Mapped[str] = mapped_column(String(61))
    route: Mapped[Route]
    form_sealed: Mapped[bytes | None]
    """See `form`."""
    id_index: Mapped[str | None] = mapped_column(String(64), index=True)
    """The blind index of the applicant's ID number; of their phone below."""
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    state: Mapped[CaseState]
    version: Mapped[int] = mapped_column()
    round: Mapped[int] = mapped_column(default=0)
    """0 until the first submission is answered, plus one with every resubmission."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    advised_state: Mapped[CaseState | None]
    """Where the machine's advice put the case: a claim given back or lapsed returns it there."""
    outcome: Mapped[Outcome | None]
    advice_sealed: Mapped[bytes | None] = mapped_column(deferred=True)
    """See `advice`; a list does not load it."""
    finding_counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict, server_default=text("'{}'"))
    """How many findings of each severity the advice holds, so that a list needs not open it."""
    advised_at: Mapped[datetime | None]
    by_hand_at: Mapped[datetime | None]
    """Since when a person reads what no machine has read yet; until the next submission."""
    returned_slots: Mapped[list[str]] = mapped_column(Json, default=list)
    """Slots the last correction notice asks for again."""
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    claim_until: Mapped[datetime | None]
    due_on: Mapped[date | None]
    """The last statutory working day for what a person must do next; None while nobody must."""
    gravity: Mapped[int] = mapped_column(SmallInteger, default=NOTHING_FOUND, server_default=str(NOTHING_FOUND))
    """The worst finding, 0 the gravest (a ground for refusal), 4 none: what orders cases of one day."""
    second_look: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Drawn: accepting it takes two people."""
    must_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Drawn: a pass that is not signed off from a list."""
    proposed: Mapped[DecisionAction | None]
    """What the first of two people decided; the case awaits the second."""
    proposed_by: Mapped[str | None] = mapped_column(String(80))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    """The applicant's account; NULL for a case that came through a program."""
    erased_at: Mapped[datetime | None]
    """When what it held of the applicant was deleted; the number, the state and the dates stay."""

    data_key: Mapped[CaseKeyRow | None] = relationship(back_populates="case")
    documents: Mapped[list[DocumentRow]] = relationship(back_populates="case", order_by="DocumentRow.id")
    decisions: Mapped[list[DecisionRow]] = relationship(back_populates="case", order_by="DecisionRow.id")

    @property
    def key(self) -> CaseKey:
        """What seals this case. Raises StateError case.erased when it was destroyed, ConfigError, StorageError."""
        if self.data_key is None:
            raise StateError("case.erased")
        wrapped = Wrapped(master=self.data_key.master, data=self.data_key.wrapped)
        return keyring_of(self).case_key(wrapped, self.application_no)

    @property
    def form(self) -> dict[str, Any]:
        """ApplicationForm as JSON, with its number. Raises as `key`."""
        if self.form_sealed is None:
            raise StateError("case.erased")
        return cast("dict[str, Any]", open_value(self, self.form_sealed, "cases.form"))

    @form.setter
    def form(self, value: dict[str, Any]) -> None:
        self.form_sealed = seal_value(self, value, "cases.form")

    @property
    def advice(self) -> dict[str, Any] | None:
        """CaseResult as JSON without its documents, which stand in their own rows. Raises as `key`."""
        return cast("dict[str, Any] | None", open_value(self, self.advice_sealed, "cases.advice"))

    @advice.setter
    def advice(self, value: dict[str, Any] | None) -> None:
        self.advice_sealed = None if value is None else seal_value(self, value, "cases.advice")
        self.finding_counts = dict(Counter(finding["severity"] for finding in (value or {}).get("findings", ())))

    __table_args__ = (
        Index(None, "state", "id"),
        # the reviewers' queue is read along it
        Index(None, "state", "due_on", "gravity", "id"),
        Index(None, "claimed_by", "state"),
        # counted for the queue's filters without opening a row
        Index(None, "state", "batch"),
        Index(None, "state", "submitted_at"),
        # what is due to be deleted is found along it
        Index(None, "batch", "state", "updated_at"),
        Index(None, "claim_until"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CaseKeyRow(Base):
    """A case's key, wrapped by a master key. Deleting the row destroys what it sealed, in backups of the files too."""

    __tablename__ = "case_keys"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    master: Mapped[str] = mapped_column(String(16), index=True)
    """The id of the master key that wraps it."""
    wrapped: Mapped[bytes]

    case: Mapped[CaseRow] = relationship(back_populates="data_key")


class InstallationKeyRow(Base):
    """The key of what belongs to no case, wrapped by a master key: a single row."""

    __tablename__ = "installation_key"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    master: Mapped[str] = mapped_column(String(16))
    wrapped: Mapped[bytes]


def keyring_of(row: Base) -> Keyring:
    """The keyring of the session a row belongs to. Raises ConfigError when it was opened without."""
    session = object_session(row)
    keyring = None if session is None else session.info.get(KEYRING)
    if keyring is None:
        raise ConfigError(name=KEY_SETTING, why="is needed to open what is sealed")
    return cast("Keyring", keyring)


def seal_value(case: CaseRow, value: Any, place: str) -> bytes:
    """A JSON value sealed under the case's key, bound to the case and to `place`: table and column, and what tells rows of one
    case apart. Raises as CaseRow.key."""
    return case.key.seal(value, f"{place}/{case.application_no}")


def open_value(case: CaseRow, sealed: bytes | None, place: str) -> Any:
    """What was sealed; None of NULL. Raises as CaseRow.key."""
    return None if sealed is None else case.key.open(sealed, f"{place}/{case.application_no}")


class DocumentRow(Base):
    """One slot of a case at one revision; only the newest revision is `current`."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    slot: Mapped[DocumentType]
    revision: Mapped[int]
    current: Mapped[bool]
    state: Mapped[DocumentState]
    error_code: Mapped[str | None] = mapped_column(String(60))
    """Why it could not be read."""
    pages: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Page models as JSON, measured when the files came in."""
    reading_sealed: Mapped[bytes | None]
    """See `reading`."""
    total_ms: Mapped[int | None]
    ocr_ms: Mapped[int | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    case: Mapped[CaseRow] = relationship(back_populates="documents")
    files: Mapped[list[FileRow]] = relationship(back_populates="document", order_by="FileRow.position")

    @property
    def reading(self) -> dict[str, Any] | None:
        """DocumentReading as JSON. Raises as CaseRow.key."""
        return cast("dict[str, Any] | None", open_value(self.case, self.reading_sealed, self._place))

    @reading.setter
    def reading(self, value: dict[str, Any] | None) -> None:
        self.reading_sealed = None if value is None else seal_value(self.case, value, self._place)

    @property
    def _place(self) -> str:
        return f"documents.reading/{self.slot.value}/{self.revision}"

    __table_args__ = (UniqueConstraint("case_id", "slot", "revision"), Index(None, "case_id", "current"))


class FileRow(Base):
    """One uploaded file. `name` is ours (`documents/<slot>-<n>.<ext>`): the applicant's own may hold personal data."""

    __tablename__ = "files"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    position: Mapped[int]
    """From 1, in page order."""
    name: Mapped[str] = mapped_column(String(80))
    stored: Mapped[str] = mapped_column(String(64), index=True, server_default=text("''"))
    """Its name in the file store (CaseKey.file_name)."""
    mark: Mapped[str] = mapped_column(String(64), index=True, server_default=text("''"))
    """The blind index of its content: the same bytes in another case have the same (Keyring.file_marks)."""
    sha256_sealed: Mapped[bytes] = mapped_column(server_default=text("''"))
    """See `sha256`."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes, as they were sent."""
    media_type: Mapped[str] = mapped_column(String(40))

    document: Mapped[DocumentRow] = relationship(back_populates="files")

    @property
    def sha256(self) -> str:
        """Of the content. Sealed: whoever has a guess of a page that a program printed could try it. Raises as CaseRow.key."""
        return cast("str", open_value(self.document.case, self.sha256_sealed, f"files.sha256/{self.stored}"))

    @staticmethod
    def names(case: CaseRow, sha256: str) -> dict[str, Any]:
        """The columns that stand for a file's content in a case. Raises as CaseRow.key."""
        stored, [mark] = case.key.file_name(sha256), keyring_of(case).file_marks([sha256])
        return {"stored": stored, "mark": mark, "sha256_sealed": seal_value(case, sha256, f"files.sha256/{stored}")}

    __table_args__ = (UniqueConstraint("document_id", "position"),)


class FingerprintRow(Base):
    """What a read document is known by again (verifier.compare.fingerprint): one row a page, one for its measurements.

    Looked up by eight bands of eight bits: two pages that differ in at most seven bits agree in one of them.
    """

    __tablename__ = "fingerprints"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    page: Mapped[int | None]
    """From 0 over the document; NULL for the row of the measurements."""
    hash: Mapped[str] = mapped_column(String(16), index=True)
    """Hexadecimal digits."""
    band0: Mapped[int] = mapped_column(SmallInteger, index=True)
    band1: Mapped[int] = mapped_column(SmallInteger, index=True)
    band2: Mapped[int] = mapped_column(SmallInteger, index=True)
    band3: Mapped[int] = mapped_column(SmallInteger, index=True)
    band4: Mapped[int] = mapped_column(SmallInteger, index=True)
    band5: Mapped[int] = mapped_column(SmallInteger, index=True)
    band6: Mapped[int] = mapped_column(SmallInteger, index=True)
    band7: Mapped[int] = mapped_column(SmallInteger, index=True)


class AttemptRow(Base):
    """One try to read a document: the truth about the queue (DESIGN.md D1)."""

    __tablename__ = "attempts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Letters, digits, `_` and `-` only: it becomes a job id."""
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    no: Mapped[int]
    """1 for the first attempt at the document, plus one each time a lost one is replaced."""
    state: Mapped[AttemptState]
    queue: Mapped[str] = mapped_column(String(40))
    tries: Mapped[int] = mapped_column(default=0)
    """Runs begun for this document, carried over from the attempt it replaces."""
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime]
    """Since when it may run; lies ahead during a back-off."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    wait_ms: Mapped[int | None]
    run_ms: Mapped[int | None]
    error_code: Mapped[str | None] = mapped_column(String(60))
    worker: Mapped[str | None] = mapped_column(String(80))
    engine_version: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]

    document: Mapped[DocumentRow] = relationship()

    __table_args__ = (
        UniqueConstraint("document_id", "no"),
        Index(None, "state", "queued_at"),
        Index(None, "state", "lease_until"),
        Index(None, "finished_at"),
        Index(None, "started_at", "worker"),
        Index(None, "created_at", "id"),
        Index(None, "state", "created_at", "id"),
        Index(None, "error_code", "created_at", "id"),
    )


class OutboxRow(Base):
    """An attempt that must reach its queue; written in the transaction that opens the attempt.

    The index holds only what waits, in the order it is sent, however many were sent before.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(ForeignKey("attempts.id"), unique=True)
    queue: Mapped[str] = mapped_column(String(40))
    turn: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    """0 for what was there before: a try after an error, or in the place of a lost one. It goes ahead of the rest."""
    created_at: Mapped[datetime]
    taken_until: Mapped[datetime | None]
    """While a relay is sending it no other takes it."""
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "queue",
            "turn",
            "id",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )


class EventRow(Base):
    """Append-only. `hash` covers the row and `prev_hash`, so that a changed, dropped or added row shows."""

    __tablename__ = "events"

    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    """From 1 without gaps."""
    at: Mapped[datetime]
    type: Mapped[EventType]
    actor: Mapped[str] = mapped_column(String(80))
    application_no: Mapped[str | None] = mapped_column(String(40))
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index(None, "application_no", "seq"),
        Index(None, "type", "seq"),
        Index(None, "actor", "seq"),
        Index(None, "at"),
    )


class EventHeadRow(Base):
    """The end of the chain: a single row. Who appends locks it first, so concurrent writers keep one chain."""

    __tablename__ = "event_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class TokenRow(Base):
    """A bearer token; only its SHA-256 is kept. 256 random bits need no slow hash."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    role: Mapped[Role]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class DecisionRow(Base):
    """What a named person decided, and why."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    round: Mapped[int]
    action: Mapped[DecisionAction]
    words_sealed: Mapped[bytes | None]
    """See `words`; NULL once the case was erased."""
    slots: Mapped[list[str]] = mapped_column(Json, default=list)
    """What a return asks for again."""
    findings: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What had been made of each finding, and the version of the rules: `{"rules": …, "items": [{position, rule, action}]}`."""
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(index=True)
    from_state: Mapped[CaseState]
    to_state: Mapped[CaseState]

    case: Mapped[CaseRow] = relationship(back_populates="decisions")

    @staticmethod
    def seal_words(case: CaseRow, *, reasons: list[str], note: str, notice: dict[str, Any] | None) -> bytes:
        """What was said, the correction notice as it was sent (schemas.review.Notice), and the machine's advice as it stands when
        the person decides. Raises as CaseRow.key."""
        words = {"reasons": reasons, "note": note, "notice": notice, "advice": case.advice}
        return seal_value(case, words, "decisions.words")

    @property
    def words(self) -> dict[str, Any]:
        """`reasons`, `note`, `notice` and `advice`; empty ones once the case was erased. Raises as CaseRow.key."""
        kept = open_value(self.case, self.words_sealed, "decisions.words")
        return cast("dict[str, Any]", kept or {"reasons": [], "note": "", "notice": None, "advice": None})


class HoldRow(Base):
    """A queue that somebody paused: nothing of it is sent or begun until the row is gone."""

    __tablename__ = "queue_holds"

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(200), default="")


class DrainRow(Base):
    """A worker that somebody asked to stop after its present job, and not to start again until the row is gone."""

    __tablename__ = "worker_drains"

    worker: Mapped[str] = mapped_column(String(120), primary_key=True)
    queue: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When its unit last said that it keeps the worker stopped; a unit that is gone leaves the row behind."""


class CorrectionRow(Base):
    """What an applicant says is wrong in what is kept of them."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    said_sealed: Mapped[bytes]


class LeaseRow(Base):
    """Who may do a thing that only one process may do at a time, or who was alive when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    owner: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]
