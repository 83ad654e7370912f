"""Bearer tokens: shown once, kept as a hash, never renewed, revoked by name."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.case import TOKEN_ROLES, Role
from schemas.events import EventType
from verifier.errors import AuthError, InputError
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.tables import TokenRow

TOKEN_BYTES = 32
NAME_MAX = 80


@dataclass(frozen=True)
class Principal:
    """Who is calling: `name` is the actor of the events that follow, `account_id` None for a bearer token."""

    name: str
    role: Role
    account_id: int | None = None

    @property
    def by_token(self) -> bool:
        return self.account_id is None


@dataclass(frozen=True)
class TokenInfo:
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None


def create(services: Services, name: str, role: Role, actor: str) -> str:
    """A new token, as the only copy of its secret. A name may hold several, so that one can be rolled over.

    Raises InputError request.invalid for a name that is blank or longer than 80 characters, and for a role that only
    people with an account have.
    """
    if role not in TOKEN_ROLES:
        raise InputError("request.invalid", where="role", why="该角色没有访问令牌")
    if not name.strip() or len(name) > NAME_MAX:
        raise InputError("request.invalid", where="name", why=f"须为 1 到 {NAME_MAX} 个字符")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = services.clock()
    with writing(services) as session:
        session.add(TokenRow(name=name, role=role, sha256=digest_of(token), created_at=now))
        audit.record(
            session, at=now, type=EventType.TOKEN_CREATED, actor=actor, details={"name": name, "role": role.value}
        )
    return token


def authenticate(services: Services, token: str) -> Principal:
    """Raises AuthError auth.missing for a token that is unknown or revoked, and does not say which."""
    with reading(services) as session:
        row = live_token(session, token)
        return Principal(name=row.name, role=row.role)


def live_token(session: Session, token: str) -> TokenRow:
    """The row of a token that is good. Raises AuthError auth.missing for one that is unknown or revoked."""
    digest = digest_of(token)
    row = session.scalar(select(TokenRow).where(TokenRow.sha256 == digest))
    # The index finds by the hash of a random secret, which leaks nothing useful; comparing in constant time costs
    # nothing and keeps that true whatever the database compares by.
    if row is None or row.revoked_at is not None or not hmac.compare_digest(row.sha256, digest):
        raise AuthError("auth.missing")
    return row


def revoke(services: Services, name: str, actor: str) -> int:
    """Revoke every live token of a name; how many there were."""
    now = services.clock()
    with writing(services) as session:
        rows = session.scalars(select(TokenRow).where(TokenRow.name == name, TokenRow.revoked_at.is_(None))).all()
        for row in rows:
            row.revoked_at = now
        if rows:
            audit.record(
                session, at=now, type=EventType.TOKEN_REVOKED, actor=actor, details={"name": name, "tokens": len(rows)}
            )
        return len(rows)


def list_tokens(services: Services) -> tuple[TokenInfo, ...]:
    """All tokens ever made, newest first, without their secrets."""
    with reading(services) as session:
        rows = session.scalars(select(TokenRow).order_by(TokenRow.id.desc()))
        return tuple(
            TokenInfo(name=row.name, role=row.role, created_at=row.created_at, revoked_at=row.revoked_at)
            for row in rows
        )


def digest_of(secret: str) -> str:
    """SHA-256, lower-case hexadecimal: what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
