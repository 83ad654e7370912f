"""What every use case needs, in one frozen value: rows, files, time, ids, and the seams to the other rooms."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session, sessionmaker

from schemas.application import Application
from schemas.batch import Batch
from schemas.document import DocumentType, Page
from schemas.result import CaseResult
from verifier import pipeline
from verifier.errors import ConfigError, StorageError
from verifier.intake import FileKind, Limits, sniff
from verifier.pipeline import NamedFile, Read
from verifier.rules import batches
from verifier.sandbox import IN_PROCESS, Bounds, Reader, sandbox_of
from verifier.services.messages import Console, Sender, sender_of
from verifier.services.pictures import Pictures
from verifier.settings import Settings
from verifier.store import database, vault
from verifier.store.files import FileStore, open_files
from verifier.store.keyring import Keyring, masters_of


@dataclass(frozen=True)
class Services:
    """Shared by threads: nothing in it is changed after it was built.

    `clock` answers an aware UTC datetime, `new_id` a fresh id of letters and digits. `sniff` names a file's kind by its
    content, `measure` decodes and measures files, `judge` runs the rules over a
    whole case, `load_batch` finds a batch by its code; the first, second and fourth raise InputError for what an
    applicant can mend. `sender` hands messages to people's phones. `reader` opens strangers' files,
    `pictures` keeps what was drawn of them for a while. `draw`
    answers the lot of a text, from 0 up to 1: always the same for the same text, and nobody can tell it beforehand.
    """

    sessions: sessionmaker[Session]
    keyring: Keyring
    files: FileStore
    """Holds sealed bytes; verifier.services.files seals and opens them."""
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    batches_dir: Path | None
    limits: Limits
    settings: Settings
    sniff: Callable[[bytes], FileKind]
    measure: Callable[[Sequence[NamedFile]], tuple[Page, ...]]
    judge: Callable[[Application, Mapping[DocumentType, Read]], CaseResult]
    load_batch: Callable[[str], Batch]
    sender: Sender = field(default_factory=Console)
    reader: Reader = IN_PROCESS
    pictures: Pictures = field(default_factory=Pictures)
    draw: Callable[[str], float] = lambda _text: 1.0


@contextmanager
def writing(services: Services) -> Iterator[Session]:
    """A writing transaction: committed at the end, events and all, rolled back by any exception.

    Raises StorageError database.unavailable when the database cannot be reached or refuses.
    """
    with database.transaction(services.sessions) as session:
        yield session


@contextmanager
def reading(services: Services) -> Iterator[Session]:
    """A transaction that only reads. Raises StorageError database.unavailable."""
    with database.transaction(services.sessions, read_only=True) as session:
        yield session


def after_fork(services: Services) -> None:
    """Call first in a forked child: it gets connections of its own and leaves the parent's alone."""
    bind = services.sessions.kw["bind"]
    bind.dispose(close=False)


def require_files(services: Services) -> None:
    """Asked once by programs that keep or read files, so that a wrong setting shows at the start.

    Raises ConfigError naming the setting, StorageError when the store itself is in trouble.
    """
    services.files.check()


def utc_now() -> datetime:
    return datetime.now(UTC)


def drawing(seed: bytes) -> Callable[[str], float]:
    """Lots that can be drawn again for an inspection, and not be guessed without the seed: HMAC-SHA-256, its first 53 bits."""

    def draw(text: str) -> float:
        digest = hmac.new(seed, text.encode(), hashlib.sha256).digest()
        return (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)

    return draw


def random_id() -> str:
    """32 hexadecimal digits."""
    return uuid4().hex


def limits_of(settings: Settings) -> Limits:
    """What the settings let through intake."""
    from verifier.intake import Limits

    return Limits(
        max_bytes=settings.max_file_mb * 1024 * 1024,
        max_pixels=settings.max_pixels,
        max_pages=settings.max_pages,
        min_side=settings.min_side,
        pdf_dpi=settings.pdf_dpi,
        fonts_dir=settings.models_dir / "fonts",
    )


def bounds_of(settings: Settings) -> Bounds:
    """What the settings let a process have that opens a stranger's file."""
    return Bounds(
        memory_mb=settings.sandbox_memory_mb,
        deadline_s=settings.sandbox_deadline_s,
        children=settings.sandbox_children,
        fonts_dir=settings.models_dir / "fonts",
    )


def open_services(settings: Settings) -> Services:
    """Services as programs use them: the database of the settings (which must be migrated), files, pipeline, batches.

    Raises StorageError database.unavailable or database.not_migrated, ConfigError for a URL that cannot be used.
    """
    engine = database.open_engine(settings.database_url)
    try:
        database.require_current(engine)
        keyring = vault.open_keyring(engine, masters_of(settings))
    except (StorageError, ConfigError):
        engine.dispose()
        raise
    limits = limits_of(settings)
    reader = sandbox_of(bounds_of(settings))

    def load_batch(code: str) -> Batch:
        return batches.load(code, settings.batches_dir)

    def judge(application: Application, reads: Mapping[DocumentType, Read]) -> CaseResult:
        return pipeline.judge_case(application, reads, load_batch(application.batch), settings.model_name)

    return Services(
        sessions=database.open_sessions(engine, keyring),
        keyring=keyring,
        files=open_files(settings),
        clock=utc_now,
        new_id=random_id,
        batches_dir=settings.batches_dir,
        limits=limits,
        settings=settings,
        sniff=sniff,
        measure=lambda files: pipeline.measure_capture(files, limits=limits, reader=reader),
        judge=judge,
        load_batch=load_batch,
        sender=sender_of(settings),
        reader=reader,
        draw=drawing(settings.master_key.get_secret_value().encode() if settings.master_key else b""),
    )
