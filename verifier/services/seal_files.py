"""Files an older version kept in the open are sealed, once, after the migration that sealed the rows which name them.

Each is read under its old name (the SHA-256 of its content), sealed under its case's key, and put under its new one; the old ones go
when every row has its own. What is interrupted goes on where it was. Nothing else may run meanwhile.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from verifier.errors import StorageError
from verifier.services.context import Services, reading, writing
from verifier.store.keyring import CaseKey
from verifier.store.tables import DocumentRow, FileRow, LeaseRow

UNSEALED = "files.unsealed"
"""The lease row that says so, written by the migration."""
AT_ONCE = 200


@dataclass(frozen=True)
class Sealed:
    files: int = 0
    """Sealed now."""
    removed: int = 0
    """Taken away in the open."""
    lost: int = 0
    """Named by a row, and in the store under neither name."""


def is_due(services: Services) -> bool:
    """Whether files of an older version lie in the open."""
    with reading(services) as session:
        return session.get(LeaseRow, UNSEALED) is not None


def seal_files(services: Services) -> Sealed:
    """Raises StorageError storage.unavailable: call it again."""
    if not is_due(services):
        return Sealed()
    files = lost = after = 0
    plain: set[str] = set()
    while rows := _rows(services, after):
        for row_id, stored, sha256, key in rows:
            plain.add(sha256)
            after = row_id
            if services.files.exists(stored):
                continue
            try:
                data = services.files.get(sha256)
            except StorageError as error:
                if error.code != "storage.lost":
                    raise
                lost += 1
                continue
            if hashlib.sha256(data).hexdigest() != sha256:
                lost += 1
                continue
            services.files.put(stored, key.seal_file(data, stored))
            files += 1
    removed = 0
    for sha256 in sorted(plain):
        if services.files.exists(sha256):
            services.files.delete(sha256)
            removed += 1
    with writing(services) as session:
        session.execute(delete(LeaseRow).where(LeaseRow.name == UNSEALED))
    return Sealed(files, removed, lost)


def _rows(services: Services, after: int) -> list[tuple[int, str, str, CaseKey]]:
    query = (
        select(FileRow)
        .where(FileRow.id > after)
        .order_by(FileRow.id)
        .limit(AT_ONCE)
        .options(joinedload(FileRow.document).joinedload(DocumentRow.case))
    )
    with reading(services) as session:
        return [(row.id, row.stored, row.sha256, row.document.case.key) for row in session.scalars(query)]
