"""Files and the rows that name them: kept together when an upload lands, and the ones without a row collected later.

A file is written before its row, so an upload that ends in between leaves a file that nothing names. It is an orphan once
it is older than a grace; a collector removes it. An upload may at that very moment name an old orphan again, because
the same bytes of the same case have the same name. So both take one lock, uploads together, a collector alone:

    an upload     writes its files, takes the lock, writes those again that are gone, writes its rows, commits
    a collector   takes the lock, asks once more what is named, removes the rest, commits

Whichever is first, the other sees what it did. Nothing rests on how long an upload takes or what the clocks say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.events import EventType
from verifier.errors import StorageError
from verifier.services import leases
from verifier.services.cases import MACHINE
from verifier.services.context import Services, reading, writing
from verifier.store import audit, database
from verifier.store.files import Stored
from verifier.store.keyring import CaseKey
from verifier.store.tables import FileRow

PASS = "files.collected"
"""The lease that tells when the next pass over the store may begin."""

SLICE = 5_000
"""Names looked at in one go: a second or two, so that a pass over millions keeps nobody waiting."""
ASKED_AT_ONCE = 500
REMOVED_AT_ONCE = 20
"""Files removed while uploads wait for the lock."""


@dataclass(frozen=True)
class Collected:
    """What a slice held. `after` is where the next one begins, None at the end of the store."""

    seen: int = 0
    orphans: int = 0
    """Files that no row names and that are older than the grace: removed, unless only counted."""
    size: int = 0
    """Their bytes."""
    partial: int = 0
    """Leavings of writes that were cut off, removed."""
    after: str | None = None

    def plus(self, other: Collected) -> Collected:
        return Collected(
            seen=self.seen + other.seen,
            orphans=self.orphans + other.orphans,
            size=self.size + other.size,
            partial=self.partial + other.partial,
            after=other.after,
        )


def named(session: Session, names: Collection[str]) -> set[str]:
    """Those of the store's names that some row names. Whoever names files in another column asks for it here."""
    return set(session.scalars(select(FileRow.stored).where(FileRow.stored.in_(names))))


@dataclass(frozen=True)
class Kept:
    """A file that was put. `sha256` of its content; `stored` is its name in the store, `sealed` what lies there."""

    sha256: str
    stored: str
    sealed: bytes


def keep(services: Services, key: CaseKey, uploads: Iterable[bytes]) -> list[Kept]:
    """Seal files of a case and put them into the store, in their order. Raises StorageError."""
    kept = []
    for data in uploads:
        sha256 = hashlib.sha256(data).hexdigest()
        stored = key.file_name(sha256)
        kept.append(Kept(sha256, stored, key.seal_file(data, stored)))
        services.files.put(stored, kept[-1].sealed)
    return kept


def load(services: Services, key: CaseKey, stored: str) -> bytes:
    """What was sent. Raises StorageError storage.lost when it is gone, damaged or of another case, storage.unavailable."""
    return key.open_file(services.files.get(stored), stored)


def secure(services: Services, session: Session, kept: Iterable[Kept]) -> None:
    """Call in the transaction that writes the rows which name `kept`, before the events are recorded: until it commits, no
    collector removes them. Raises StorageError.
    """
    database.lock_together(session, database.FILES_LOCK)
    for file in kept:
        if not services.files.exists(file.stored):
            services.files.put(file.stored, file.sealed)


def begin_pass(services: Services) -> bool:
    """Whether a pass over the store is due: true for one process, once in `collect_every_h` hours."""
    now = services.clock()
    until = now + timedelta(hours=services.settings.collect_every_h)
    with writing(services) as session:
        # an owner nobody else has: the lease is not held by anyone, it only says when
        return leases.acquire(session, PASS, owner=services.new_id(), now=now, until=until)


def collect(
    services: Services, after: str = "", *, actor: str = MACHINE, limit: int = SLICE, remove: bool = True
) -> Collected:
    """Remove the orphans among the next `limit` files behind `after`; without `remove` they are only counted.

    Several may collect at once. Raises StorageError: what was removed until then is recorded.
    """
    before = services.clock() - timedelta(hours=services.settings.orphan_grace_h)
    partial = services.files.drop_partial(before) if remove and not after else 0
    found = list(islice(services.files.walk(after), limit))
    old = [file for file in found if file.put_at < before]
    orphans: list[Stored] = []
    for start in range(0, len(old), ASKED_AT_ONCE):
        orphans += _unnamed(services, old[start : start + ASKED_AT_ONCE])
    if remove:
        removed: list[Stored] = []
        for start in range(0, len(orphans), REMOVED_AT_ONCE):
            removed += _remove(services, orphans[start : start + REMOVED_AT_ONCE], before, actor)
        orphans = removed
    return Collected(
        seen=len(found),
        orphans=len(orphans),
        size=sum(file.size for file in orphans),
        partial=partial,
        after=found[-1].name if len(found) == limit else None,
    )


def _unnamed(services: Services, files: Collection[Stored]) -> list[Stored]:
    with reading(services) as session:
        taken = named(session, [file.name for file in files])
    return [file for file in files if file.name not in taken]


def _remove(services: Services, orphans: Collection[Stored], before: datetime, actor: str) -> list[Stored]:
    removed: list[Stored] = []
    trouble: StorageError | None = None
    with writing(services) as session:
        database.lock_alone(session, database.FILES_LOCK)
        taken = named(session, [file.name for file in orphans])
        try:
            for file in orphans:
                now = services.files.stat(file.name)
                # put again meanwhile, or removed by another collector
                if file.name in taken or now is None or now.put_at >= before:
                    continue
                services.files.delete(file.name)
                removed.append(file)
        except StorageError as error:
            trouble = error
        if removed:
            audit.record(
                session,
                at=services.clock(),
                type=EventType.FILES_COLLECTED,
                actor=actor,
                details={"files": len(removed), "bytes": sum(file.size for file in removed)},
            )
    if trouble is not None:
        raise trouble
    return removed
