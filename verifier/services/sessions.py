"""Who is signed in: a secret in a cookie, its hash here, with an idle and an absolute end, listed and revocable.

The secret changes at every step up (password, second factor, new password), so that one that was known before is worth
nothing after.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from schemas.case import Role
from schemas.events import EventType
from verifier.errors import AccountError, AuthError
from verifier.services import throttle
from verifier.services.context import Services, reading, writing
from verifier.services.tokens import Principal, digest_of
from verifier.settings import Settings
from verifier.store import audit
from verifier.store.people_tables import AccountRow, SessionRow, Stage

SECRET_BYTES = 32
STEP_MINUTES = 10
"""For the second factor, or for setting one up."""
SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is kept this exactly: not every request must write."""
AGENT_MAX = 60


@dataclass(frozen=True)
class Started:
    """`secret` is the only copy of what the cookie holds."""

    secret: str
    stage: Stage
    expires_at: datetime


@dataclass(frozen=True)
class Current:
    """Who a cookie belongs to. `session` is the session's public id."""

    principal: Principal
    session: str
    stage: Stage


@dataclass(frozen=True)
class SessionInfo:
    id: str
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def spans(settings: Settings, role: Role) -> tuple[timedelta, timedelta]:
    """How long a session of a role may be idle, and how long it lasts at the most."""
    if role is Role.APPLICANT:
        return timedelta(minutes=settings.applicant_idle_minutes), timedelta(hours=settings.applicant_session_hours)
    return timedelta(minutes=settings.staff_idle_minutes), timedelta(hours=settings.staff_session_hours)


def start(services: Services, session: Session, account: AccountRow, stage: Stage, agent: str) -> Started:
    """A new session in the caller's transaction; those that ran out are cleared on the way."""
    now = services.clock()
    throttle.clear_old(session, now)
    session.execute(delete(SessionRow).where((SessionRow.expires_at <= now) | (SessionRow.idle_until <= now)))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    idle, whole = spans(services.settings, account.role)
    if stage is not Stage.FULL:
        idle = whole = timedelta(minutes=STEP_MINUTES)
    else:
        account.signed_in_at = now
        details = {"role": account.role.value}
        audit.record(session, at=now, type=EventType.SIGNED_IN, actor=account.name, details=details)
    row = SessionRow(
        public_id=services.new_id(),
        account_id=account.id,
        sha256=digest_of(secret),
        stage=stage,
        agent=agent[:AGENT_MAX],
        created_at=now,
        seen_at=now,
        idle_until=now + min(idle, whole),
        expires_at=now + whole,
    )
    session.add(row)
    return Started(secret=secret, stage=stage, expires_at=row.expires_at)


def replace(services: Services, session: Session, old: SessionRow, stage: Stage) -> Started:
    """The same person one step further under a new secret; the old session is gone."""
    account, agent = old.account, old.agent
    session.delete(old)
    session.flush()
    return start(services, session, account, stage, agent)


def current(services: Services, secret: str) -> Current:
    """Who is signed in. Raises AuthError auth.missing when the session is unknown or over, or its account is locked."""
    now = services.clock()
    with reading(services) as session:
        row = live(session, secret, now)
        account = row.account
        found = Current(
            principal=Principal(name=account.name, role=account.role, account_id=account.id),
            session=row.public_id,
            stage=row.stage,
        )
        stale = row.stage is Stage.FULL and now - row.seen_at >= SEEN_EVERY
    if stale:
        _seen(services, secret, now)
    return found


def _seen(services: Services, secret: str, now: datetime) -> None:
    with writing(services) as session:
        row = session.scalar(select(SessionRow).where(SessionRow.sha256 == digest_of(secret)).with_for_update())
        if row is not None:
            idle, _ = spans(services.settings, row.account.role)
            row.seen_at, row.idle_until = now, min(now + idle, row.expires_at)


def live(session: Session, secret: str, now: datetime) -> SessionRow:
    """The row of a session that is good. Raises AuthError auth.missing."""
    row = session.scalar(
        select(SessionRow).where(SessionRow.sha256 == digest_of(secret)).options(joinedload(SessionRow.account))
    )
    if row is None or row.expires_at <= now or row.idle_until <= now or row.account.locked_at is not None:
        raise AuthError("auth.missing")
    return row


def end(services: Services, secret: str) -> None:
    """Sign out; nothing happens when the session is gone already."""
    with writing(services) as session:
        row = session.scalar(
            select(SessionRow).where(SessionRow.sha256 == digest_of(secret)).options(joinedload(SessionRow.account))
        )
        if row is None:
            return
        session.delete(row)
        audit.record(session, at=services.clock(), type=EventType.SIGNED_OUT, actor=row.account.name)


def of_account(services: Services, account_id: int) -> tuple[SessionInfo, ...]:
    """The sessions of an account that still open something, the one used last first."""
    now = services.clock()
    with reading(services) as session:
        rows = session.scalars(
            select(SessionRow)
            .where(SessionRow.account_id == account_id, SessionRow.stage == Stage.FULL)
            .where(SessionRow.expires_at > now, SessionRow.idle_until > now)
            .order_by(SessionRow.seen_at.desc(), SessionRow.id.desc())
        )
        return tuple(
            SessionInfo(
                id=row.public_id,
                agent=row.agent,
                created_at=row.created_at,
                seen_at=row.seen_at,
                expires_at=row.expires_at,
            )
            for row in rows
        )


def revoke(services: Services, account_id: int, session_id: str, actor: str) -> None:
    """End one session of an account. Raises AccountError account.not_found for one it does not have."""
    with writing(services) as session:
        row = session.scalar(
            select(SessionRow).where(SessionRow.public_id == session_id, SessionRow.account_id == account_id)
        )
        if row is None:
            raise AccountError("account.not_found")
        name = row.account.name
        session.delete(row)
        details: dict[str, str | int] = {"name": name, "sessions": 1}
        audit.record(session, at=services.clock(), type=EventType.SESSION_REVOKED, actor=actor, details=details)


def revoke_all(services: Services, account_id: int, actor: str, keep: str | None = None) -> int:
    """End every session of an account, but for the one with the public id `keep`; how many there were."""
    with writing(services) as session:
        return end_all(session, account_id, at=services.clock(), actor=actor, keep=keep)


def end_all(session: Session, account_id: int, *, at: datetime, actor: str, keep: str | None = None) -> int:
    """The same within the caller's transaction."""
    rows = session.scalars(select(SessionRow).where(SessionRow.account_id == account_id)).all()
    gone = [row for row in rows if row.public_id != keep]
    for row in gone:
        session.delete(row)
    if gone:
        details: dict[str, str | int] = {"name": gone[0].account.name, "sessions": len(gone)}
        audit.record(session, at=at, type=EventType.SESSION_REVOKED, actor=actor, details=details)
    return len(gone)
