"""Proving who somebody is, and what happens then: the seam for single sign-on.

A provider only proves; it knows no session, role or second factor. `admit` does the rest for every provider alike, so a
bureau's own sign-in (OpenID Connect, SAML) is one more `IdentityProvider` and one route that calls `admit`: the account is
found by name, and its role stays what an administrator gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select

from schemas.case import Role
from schemas.events import EventType
from verifier.errors import AuthError
from verifier.services import passwords, phones, sessions, throttle
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.people_tables import AccountRow, Stage

UNKNOWN = "unknown"
"""The actor of a failed sign-in to an account there is not: what was typed may be anything, even a password."""


@dataclass(frozen=True)
class Claim:
    """What somebody says of themselves. `address` is where the request came from, for the brake only; never kept."""

    login: str
    password: str
    address: str


@dataclass(frozen=True)
class Proven:
    """`strong` when the provider asked for two factors itself."""

    account_id: int
    strong: bool = False


class IdentityProvider(Protocol):
    def prove(self, services: Services, claim: Claim) -> Proven:
        """Raises AuthError auth.refused for what does not prove anything, without saying why, or auth.throttled."""


class Passwords:
    """Login name or phone number with a password. `of` narrows it to staff or to applicants."""

    def __init__(self, *, applicants: bool) -> None:
        self._applicants = applicants

    def prove(self, services: Services, claim: Claim) -> Proven:
        """See IdentityProvider. An unknown login takes the same time as a wrong password."""
        key = self._key(services, claim.login)
        throttle.begin(services, throttle.ADDRESS, claim.address)
        throttle.begin(services, throttle.LOGIN, key)
        with reading(services) as session:
            column = AccountRow.phone_index if self._applicants else AccountRow.name
            row = session.scalar(select(AccountRow).where(column == key))
            if row is not None and (row.role is Role.APPLICANT) is not self._applicants:
                row = None
        good = passwords.matches(None if row is None else row.password_hash, claim.password)
        if row is None or not good:
            _failed(services, UNKNOWN if row is None else row.name)
            raise AuthError("auth.refused")
        throttle.forgive(services, throttle.LOGIN, key, wholly=True)
        throttle.forgive(services, throttle.ADDRESS, claim.address, wholly=False)
        if row.password_hash is not None and passwords.is_outdated(row.password_hash):
            _rehash(services, row.id, claim.password)
        return Proven(account_id=row.id)

    def _key(self, services: Services, login: str) -> str:
        return phones.index_of(services, login) if self._applicants else login.strip().casefold()


def admit(services: Services, proven: Proven, agent: str) -> sessions.Started:
    """A session at the stage that is due: staff need a second factor unless the provider had one.

    Raises AuthError auth.locked for an account that an administrator locked.
    """
    with writing(services) as session:
        row = session.get_one(AccountRow, proven.account_id)
        if row.locked_at is not None:
            raise AuthError("auth.locked")
        stage = stage_for(services, row, strong=proven.strong)
        return sessions.start(services, session, row, stage, agent)


def stage_for(services: Services, row: AccountRow, *, strong: bool) -> Stage:
    """What is asked next of somebody whose first factor was good."""
    if row.totp_at is not None and not strong:
        return Stage.SECOND_FACTOR
    if row.role is Role.APPLICANT or strong or services.settings.second_factor == "off":
        return Stage.FULL
    return Stage.ENROL


def _failed(services: Services, actor: str) -> None:
    with writing(services) as session:
        audit.record(session, at=services.clock(), type=EventType.SIGN_IN_FAILED, actor=actor)


def _rehash(services: Services, account_id: int, password: str) -> None:
    hashed = passwords.hash_of(password)
    with writing(services) as session:
        session.get_one(AccountRow, account_id).password_hash = hashed
