"""Accounts as administrators handle them: made, listed, given a role, locked, reset with a one-time code."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas.case import STAFF, Role
from schemas.events import EventType
from verifier.errors import AccountError, AuthError
from verifier.services import passwords, sessions, throttle
from verifier.services.context import Services, reading, writing
from verifier.services.sealing import Use, keyed_hash
from verifier.store import audit
from verifier.store.people_tables import AccountRow

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of one-time codes: nothing that people take for something else."""
CODE_LENGTH = 16
"""80 bits."""
RESET_HOURS = 24

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,39}")
"""Begins with a letter, so that it is never taken for a phone number."""


@dataclass(frozen=True)
class AccountInfo:
    """`id` is what addresses call it. `has_password` is False until a one-time code was used."""

    id: str
    account_id: int
    name: str
    role: Role
    has_password: bool
    second_factor: bool
    locked: bool
    demo: bool
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True)
class Made:
    """`code` is the only copy of the one-time code the person signs in with first; None when a password was given."""

    info: AccountInfo
    code: str | None


def create(
    services: Services, name: str, role: Role, actor: str, *, password: str | None = None, demo: bool = False
) -> Made:
    """An account of a member of staff, with a one-time code unless a password is given.

    Raises AccountError account.bad_name, account.exists, account.password_refused; AuthError auth.forbidden for a role
    that is not staff's.
    """
    if not _LOGIN.fullmatch(name):
        raise AccountError("account.bad_name")
    _require_staff(role)
    if password is not None:
        passwords.check(password, (name,))
    now = services.clock()
    try:
        with writing(services) as session:
            row = AccountRow(public_id=services.new_id(), name=name, role=role, created_at=now, demo=demo)
            if password is not None:
                row.password_hash, row.password_at = passwords.hash_of(password), now
            session.add(row)
            session.flush()
            code = _give_code(services, row, now) if password is None else None
            details = {"name": name, "role": role.value}
            audit.record(session, at=now, type=EventType.ACCOUNT_CREATED, actor=actor, details=details)
            return Made(_info(row), code)
    except IntegrityError as error:
        raise AccountError("account.exists") from error


def reset(services: Services, account: str, actor: str) -> str:
    """A one-time code for a new password and a new second factor; the old ones and every session end at once.

    Raises AccountError account.not_found, also for an applicant, who gets a code by telephone.
    """
    now = services.clock()
    with writing(services) as session:
        row = find(session, account)
        _require_of_staff(row)
        row.password_hash = row.totp_sealed = row.totp_at = row.totp_step = None
        row.recovery_codes.clear()
        sessions.end_all(session, row.id, at=now, actor=actor)
        audit.record(session, at=now, type=EventType.ACCOUNT_RESET, actor=actor, details={"name": row.name})
        code, name = _give_code(services, row, now), row.name
    throttle.forgive(services, throttle.LOGIN, name, wholly=True)
    return code


def use_reset_code(services: Services, name: str, code: str, password: str, address: str) -> None:
    """Choose a password with a one-time code. Raises AccountError account.password_refused; AuthError
    auth.code_refused (unknown name, wrong or old code: not said which), auth.throttled.
    """
    passwords.check(password, (name,))
    throttle.begin(services, throttle.ADDRESS, address)
    throttle.begin(services, throttle.LOGIN, name)
    now = services.clock()
    digest = keyed_hash(services, Use.CODE, plain_code(code))
    hashed = passwords.hash_of(password)
    with writing(services) as session:
        row = session.scalar(select(AccountRow).where(AccountRow.name == name).with_for_update())
        good = (
            row is not None
            and row.reset_hash is not None
            and row.reset_until is not None
            and row.reset_until > now
            and hmac.compare_digest(row.reset_hash, digest)
        )
        if row is None or not good:
            raise AuthError("auth.code_refused")
        row.reset_hash = row.reset_until = None
        row.password_hash, row.password_at = hashed, now
        audit.record(session, at=now, type=EventType.PASSWORD_CHANGED, actor=row.name, details={"by": "code"})
    throttle.forgive(services, throttle.LOGIN, name, wholly=True)
    throttle.forgive(services, throttle.ADDRESS, address, wholly=False)


def change_password(services: Services, account_id: int, old: str, new: str, secret: str) -> sessions.Started:
    """A new password for somebody who is signed in and knows the old one; all their other sessions end, this one goes on
    under a new secret. Raises AccountError account.password_refused; AuthError auth.refused, auth.throttled, auth.missing.
    """
    now = services.clock()
    with reading(services) as session:
        row = session.get_one(AccountRow, account_id)
        name, stored = row.name, row.password_hash
    throttle.begin(services, throttle.LOGIN, name)
    if not passwords.matches(stored, old):
        raise AuthError("auth.refused")
    throttle.forgive(services, throttle.LOGIN, name, wholly=True)
    passwords.check(new, (name,))
    hashed = passwords.hash_of(new)
    with writing(services) as session:
        here = sessions.live(session, secret, now)
        here.account.password_hash, here.account.password_at = hashed, now
        audit.record(session, at=now, type=EventType.PASSWORD_CHANGED, actor=name, details={"by": "password"})
        sessions.end_all(session, account_id, at=now, actor=name, keep=here.public_id)
        return sessions.replace(services, session, here, here.stage)


def set_role(services: Services, account: str, role: Role, actor: str) -> None:
    """Another role from now on: every session ends, so that none keeps what the old one opened.

    Raises AccountError account.not_found, account.last_admin.
    """
    _require_staff(role)
    now = services.clock()
    with writing(services) as session:
        row = find(session, account)
        _require_of_staff(row)
        if row.role is role:
            return
        _require_another_admin(session, row)
        details = {"name": row.name, "from": row.role.value, "to": role.value}
        row.role = role
        sessions.end_all(session, row.id, at=now, actor=actor)
        audit.record(session, at=now, type=EventType.ROLE_CHANGED, actor=actor, details=details)


def lock(services: Services, account: str, actor: str) -> None:
    """Nobody signs in to it any more; its sessions end. Raises AccountError account.not_found, account.last_admin."""
    now = services.clock()
    with writing(services) as session:
        row = find(session, account)
        if row.locked_at is not None:
            return
        _require_another_admin(session, row)
        row.locked_at = now
        sessions.end_all(session, row.id, at=now, actor=actor)
        audit.record(session, at=now, type=EventType.ACCOUNT_LOCKED, actor=actor, details={"name": row.name})


def unlock(services: Services, account: str, actor: str) -> None:
    """Undo `lock`, and the delay after wrong passwords. Raises AccountError account.not_found."""
    now = services.clock()
    with writing(services) as session:
        row = find(session, account)
        name = row.name
        if row.locked_at is not None:
            row.locked_at = None
            audit.record(session, at=now, type=EventType.ACCOUNT_UNLOCKED, actor=actor, details={"name": name})
    throttle.forgive(services, throttle.LOGIN, name, wholly=True)


def listed(services: Services, *, applicants: bool = False) -> tuple[AccountInfo, ...]:
    """Accounts of staff, or of applicants (the newest 200), by name."""
    query = select(AccountRow).order_by(AccountRow.name)
    if applicants:
        query = select(AccountRow).where(AccountRow.role == Role.APPLICANT).order_by(AccountRow.id.desc()).limit(200)
    else:
        query = query.where(AccountRow.role.in_(STAFF))
    with reading(services) as session:
        return tuple(_info(row) for row in session.scalars(query))


def info_of(services: Services, account: str) -> AccountInfo:
    """By public id or by name. Raises AccountError account.not_found."""
    with reading(services) as session:
        return _info(find(session, account, lock=False))


def has_demo(services: Services) -> bool:
    """Whether an account of a demo is left that somebody could sign in to."""
    with reading(services) as session:
        query = select(func.count()).select_from(AccountRow).where(AccountRow.demo, AccountRow.locked_at.is_(None))
        return bool(session.scalar(query))


def find(session: Session, account: str, *, lock: bool = True) -> AccountRow:
    """By public id or by name. Raises AccountError account.not_found."""
    query = select(AccountRow).where((AccountRow.public_id == account) | (AccountRow.name == account))
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise AccountError("account.not_found")
    return row


def new_code(length: int = CODE_LENGTH) -> str:
    """Random letters and digits in groups of four."""
    plain = "".join(secrets.choice(CODE_LETTERS) for _ in range(length))
    return "-".join(plain[place : place + 4] for place in range(0, length, 4))


def plain_code(code: str) -> str:
    """A code as it was made, however it was typed."""
    return re.sub(r"[\s-]", "", code).upper()


def _give_code(services: Services, row: AccountRow, now: datetime) -> str:
    code = new_code()
    row.reset_hash = keyed_hash(services, Use.CODE, plain_code(code))
    row.reset_until = now + timedelta(hours=RESET_HOURS)
    return code


def _require_staff(role: Role) -> None:
    if role not in STAFF:
        raise AuthError("auth.forbidden")


def _require_of_staff(row: AccountRow) -> None:
    if row.role not in STAFF:
        raise AccountError("account.not_found")


def _require_another_admin(session: Session, row: AccountRow) -> None:
    if row.role is not Role.ADMIN or row.locked_at is not None:
        return
    others = session.scalars(
        select(AccountRow.id).where(
            AccountRow.role == Role.ADMIN, AccountRow.locked_at.is_(None), AccountRow.id != row.id
        )
    ).all()
    if not others:
        raise AccountError("account.last_admin")


def _info(row: AccountRow) -> AccountInfo:
    return AccountInfo(
        id=row.public_id,
        account_id=row.id,
        name=row.name,
        role=row.role,
        has_password=row.password_hash is not None,
        second_factor=row.totp_at is not None,
        locked=row.locked_at is not None,
        demo=row.demo,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )
