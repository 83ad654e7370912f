"""Accounts and sessions for tests: made in the database at once, without the pages' forms and without hashing a password."""

from __future__ import annotations

from functools import cache

import pyotp
from fastapi.testclient import TestClient
from sqlalchemy import select

from schemas.case import Role
from verifier.services import passwords, sessions
from verifier.services.context import Services, reading, writing
from verifier.services.sealing import Use, keyed_hash, seal, unseal
from verifier.store.people_tables import AccountRow, Stage
from verifier.web import cookies

PASSWORD = "lamp river moss 47"
OTHER_PASSWORD = "chalk window pear 12"


@cache
def _hash(password: str) -> str:
    return passwords.hash_of(password)


def account(
    services: Services,
    name: str,
    role: Role = Role.REVIEWER,
    *,
    phone: str | None = None,
    second_factor: bool = False,
    password: str = PASSWORD,
) -> int:
    """An account with a password, made when it is not there; its row number."""
    with writing(services) as session:
        row = session.scalar(select(AccountRow).where(AccountRow.name == name))
        if row is None:
            now = services.clock()
            row = AccountRow(public_id=f"acc{services.new_id()}", name=name, role=role, created_at=now)
            row.password_hash, row.password_at = _hash(password), now
            if phone is not None:
                row.phone_index = keyed_hash(services, Use.PHONE, phone)
                row.phone_sealed = seal(services, Use.PHONE, phone)
            if second_factor:
                row.totp_sealed, row.totp_at = seal(services, Use.TOTP, pyotp.random_base32()), now
            session.add(row)
            session.flush()
        return row.id


def row_of(services: Services, name: str) -> AccountRow:
    with reading(services) as session:
        return session.scalars(select(AccountRow).where(AccountRow.name == name)).one()


def code_now(services: Services, name: str) -> str:
    """What the person's authenticator shows at this moment."""
    sealed = row_of(services, name).totp_sealed
    assert sealed is not None
    return pyotp.TOTP(unseal(services, Use.TOTP, sealed)).at(services.clock())


def session_of(services: Services, name: str, stage: Stage = Stage.FULL) -> str:
    """The secret of a new session of an account."""
    with writing(services) as session:
        row = session.scalars(select(AccountRow).where(AccountRow.name == name)).one()
        return sessions.start(services, session, row, stage, "test").secret


def visit(client: TestClient, secret: str) -> None:
    """Give a client the session's cookie, instead of any it had."""
    client.cookies.clear()
    client.cookies.set(cookies.SESSION, secret)
