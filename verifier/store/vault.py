"""The installation's key in its row, and all data keys wrapped anew by a new master key (verifier.store.keyring)."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from verifier.errors import StorageError
from verifier.store import cipher
from verifier.store.keyring import INSTALLATION, Keyring, Masters, Wrapped
from verifier.store.tables import CaseKeyRow, CaseRow, InstallationKeyRow

ROW = 1
BATCH = 500
"""Keys wrapped anew in one transaction: some milliseconds."""


def open_keyring(engine: Engine, masters: Masters) -> Keyring:
    """The keyring of a migrated database; its installation's key is made when there is none yet.

    Raises ConfigError when the master key is not the one of this database, StorageError.
    """
    try:
        with Session(engine) as session:
            row = session.get(InstallationKeyRow, ROW)
            if row is None:
                wrapped = masters.wrap(secrets.token_bytes(cipher.KEY_BYTES), INSTALLATION)
                session.add(InstallationKeyRow(id=ROW, master=wrapped.master, wrapped=wrapped.data))
                try:
                    session.commit()
                except IntegrityError:
                    session.rollback()  # another process was first
                row = session.get_one(InstallationKeyRow, ROW, populate_existing=True)
            return Keyring(masters, masters.unwrap(Wrapped(row.master, row.wrapped), INSTALLATION))
    except DBAPIError as error:
        raise StorageError("database.unavailable") from error


@dataclass(frozen=True)
class KeyUse:
    """How many data keys a master key wraps."""

    master: str
    keys: int
    current: bool


def in_use(session: Session, masters: Masters) -> tuple[KeyUse, ...]:
    """The master keys that wrap something, and the one in force whether it does or not."""
    counted = Counter({masters.current_id: 0})
    for master, count in session.execute(select(CaseKeyRow.master, func.count()).group_by(CaseKeyRow.master)):
        counted[master] += count
    counted.update(session.scalars(select(InstallationKeyRow.master)))
    return tuple(KeyUse(master, keys, master == masters.current_id) for master, keys in sorted(counted.items()))


def rewrap(session: Session, masters: Masters, limit: int = BATCH) -> int:
    """Wrap up to `limit` data keys that another master key wraps with the one in force; how many, 0 when none is left.

    What is interrupted goes on where it was. Raises ConfigError when the master key of one of them was not given.
    """
    installation = session.get(InstallationKeyRow, ROW, with_for_update=True)
    done = 0
    if installation is not None and installation.master != masters.current_id:
        wrapped = _again(masters, Wrapped(installation.master, installation.wrapped), INSTALLATION)
        installation.master, installation.wrapped = wrapped.master, wrapped.data
        done = 1
    others = session.scalars(select(CaseKeyRow.master).where(CaseKeyRow.master != masters.current_id).distinct()).all()
    # by name, so that the index leads to what is left and not past what is done
    rows = session.execute(
        select(CaseKeyRow.case_id, CaseKeyRow.master, CaseKeyRow.wrapped, CaseRow.application_no)
        .join(CaseRow, CaseRow.id == CaseKeyRow.case_id)
        .where(CaseKeyRow.master.in_(others))
        .limit(limit)
        .with_for_update(skip_locked=True, of=CaseKeyRow)
    ).all()
    wrapped_anew = []
    for case_id, master, data, application_no in rows:
        wrapped = _again(masters, Wrapped(master, data), application_no)
        wrapped_anew.append({"case_id": case_id, "master": wrapped.master, "wrapped": wrapped.data})
    if wrapped_anew:
        session.execute(update(CaseKeyRow), wrapped_anew)
    return done + len(rows)


def _again(masters: Masters, wrapped: Wrapped, whose: str) -> Wrapped:
    return masters.wrap(masters.unwrap(wrapped, whose), whose)
