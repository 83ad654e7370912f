"""Signing in to the pages with a bearer token: a secret in a cookie, its hash here, gone with its token or its time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from schemas.events import EventType
from verifier.errors import AuthError
from verifier.services.context import Services, reading, writing
from verifier.services.tokens import Principal, digest_of, live_token
from verifier.store import audit
from verifier.store.tables import WebSessionRow

SESSION_HOURS = 10
"""A working day: nobody is signed out over lunch, nobody stays signed in overnight."""

SECRET_BYTES = 32


@dataclass(frozen=True)
class Started:
    """`secret` is the only copy of what the cookie holds."""

    secret: str
    expires_at: datetime
    principal: Principal


def start(services: Services, token: str) -> Started:
    """Sign in. Sessions that ran out are cleared on the way. Raises AuthError auth.missing for a token that is no good."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    now = services.clock()
    expires_at = now + timedelta(hours=SESSION_HOURS)
    with writing(services) as session:
        row = live_token(session, token)
        session.execute(delete(WebSessionRow).where(WebSessionRow.expires_at <= now))
        session.add(WebSessionRow(token_id=row.id, sha256=digest_of(secret), created_at=now, expires_at=expires_at))
        audit.record(session, at=now, type=EventType.SIGNED_IN, actor=row.name, details={"role": row.role.value})
        return Started(secret=secret, expires_at=expires_at, principal=Principal(name=row.name, role=row.role))


def principal_of(services: Services, secret: str) -> Principal:
    """Who is signed in. Raises AuthError auth.missing when the session is unknown, has run out or lost its token."""
    now = services.clock()
    with reading(services) as session:
        row = session.scalar(
            select(WebSessionRow)
            .where(WebSessionRow.sha256 == digest_of(secret))
            .options(joinedload(WebSessionRow.token))
        )
        if row is None or row.expires_at <= now or row.token.revoked_at is not None:
            raise AuthError("auth.missing")
        return Principal(name=row.token.name, role=row.token.role)


def end(services: Services, secret: str) -> None:
    """Sign out; nothing happens when the session is gone already."""
    with writing(services) as session:
        row = session.scalar(
            select(WebSessionRow)
            .where(WebSessionRow.sha256 == digest_of(secret))
            .options(joinedload(WebSessionRow.token))
        )
        if row is None:
            return
        session.delete(row)
        audit.record(session, at=services.clock(), type=EventType.SIGNED_OUT, actor=row.token.name)
