"""The tables of people: accounts, what they sign in with, their sessions, and what slows guessing down.

Beside verifier.store.tables, whose types and lock order they share: account before case, throttle on its own.
"""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schemas.case import Role
from verifier.store.tables import Base, Id


class Stage(enum.StrEnum):
    """How far somebody has come in signing in. Only `full` opens anything but the next step."""

    FULL = "full"
    SECOND_FACTOR = "second_factor"
    """The password was right; the second factor is asked."""
    ENROL = "enrol"
    """The password was right; a second factor must be set up first."""


class Purpose(enum.StrEnum):
    """What a code that was sent is good for."""

    JOIN = "join"
    RECOVER = "recover"


class AccountRow(Base):
    """Somebody who signs in: staff by a login name, an applicant by a phone number."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    """What addresses and events call it: random, says nothing."""
    name: Mapped[str] = mapped_column(String(80), unique=True)
    """The actor of events: the login name of staff, a number of an applicant."""
    role: Mapped[Role]
    phone_index: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Applicants only: the blind index of the phone number they sign in with."""
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """argon2id; NULL until the first one is chosen with a one-time code."""
    password_at: Mapped[datetime | None]
    totp_sealed: Mapped[str | None] = mapped_column(Text)
    totp_at: Mapped[datetime | None]
    """When the second factor was confirmed; a sealed secret without it is one that is being set up."""
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code that was taken: it and earlier ones are not taken again."""
    reset_hash: Mapped[str | None] = mapped_column(String(64))
    """The keyed hash of an administrator's one-time code."""
    reset_until: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    """Locked by an administrator; nobody signs in."""
    demo: Mapped[bool] = mapped_column(default=False)
    """Of `verifier up --demo`, with a password that was printed: production refuses to start with one."""
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]

    recovery_codes: Mapped[list[RecoveryCodeRow]] = relationship(
        cascade="all, delete-orphan", order_by="RecoveryCodeRow.id"
    )


class RecoveryCodeRow(Base):
    """Stands in for the second factor once. 80 random bits: a keyed hash is enough."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class SessionRow(Base):
    """Somebody signed in. The cookie's secret is kept as its SHA-256; nothing here says who they are or where."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    stage: Mapped[Stage]
    agent: Mapped[str] = mapped_column(String(60))
    """The kind of browser and system, such as `Chrome · Windows`, so that people tell their sessions apart."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    account: Mapped[AccountRow] = relationship()


class ChallengeRow(Base):
    """A code that was sent to a phone, and what it will be good for when it comes back."""

    __tablename__ = "challenges"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Random; the form carries it from step to step."""
    purpose: Mapped[Purpose]
    phone_index: Mapped[str] = mapped_column(String(64))
    phone_sealed: Mapped[str] = mapped_column(Text)
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "phone_index", "purpose"),)


class DraftRow(Base):
    """Answers an account gave before they make an application; `sealed` holds them as JSON, bound to the account."""

    __tablename__ = "drafts"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class ThrottleRow(Base):
    """How often something was tried by a login, a phone or an address; `key` is a keyed hash of it."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]
