"""Applicants' own way to an account: a code to their phone, then a password; the same way when it was forgotten.

A number with an account and one without answer the same, in the same time: every step does the same work, and what differs
is sent after the answer.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas.case import Role
from schemas.events import EventType
from verifier.errors import AuthError
from verifier.services import identity, passwords, phones, sessions, throttle
from verifier.services.context import Services, reading, writing
from verifier.services.messages import Template, TextMessage
from verifier.services.sealing import Use, keyed_hash
from verifier.services.throttle import Quota
from verifier.store import audit
from verifier.store.people_tables import AccountRow, ChallengeRow, Purpose, Stage

CODE_DIGITS = 6
CODE_MINUTES = 10
TRIES = 5

PER_PHONE_MINUTE = Quota("sms-minute", 1, timedelta(minutes=1))
PER_PHONE_DAY = Quota("sms-day", 10, timedelta(days=1))
PER_ADDRESS = Quota("sms-address", 30, timedelta(hours=1))


@dataclass(frozen=True)
class Asked:
    """`challenge` goes into the next form; `message` is to be sent when the answer is out, None when nobody gets one."""

    challenge: str
    message: TextMessage | None


def ask(services: Services, purpose: Purpose, phone: str, address: str) -> Asked:
    """Begin: a code for this number, good for ten minutes and five tries.

    Raises AccountError account.bad_phone, InputError request.too_many.
    """
    number = phones.parse(phone)
    throttle.spend(services, PER_ADDRESS, address)
    throttle.spend(services, PER_PHONE_MINUTE, number)
    throttle.spend(services, PER_PHONE_DAY, number)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    challenge = secrets.token_urlsafe(24)
    index = phones.index_of(services, number)
    now = services.clock()
    with writing(services) as session:
        session.execute(delete(ChallengeRow).where(ChallengeRow.expires_at <= now))
        # a new code ends the one before
        session.execute(delete(ChallengeRow).where(ChallengeRow.phone_index == index, ChallengeRow.purpose == purpose))
        session.add(
            ChallengeRow(
                id=challenge,
                purpose=purpose,
                phone_index=index,
                phone_sealed=phones.sealed(services, number),
                code_hash=_hash(services, challenge, code),
                created_at=now,
                expires_at=now + timedelta(minutes=CODE_MINUTES),
            )
        )
        known = session.scalar(select(AccountRow.id).where(AccountRow.phone_index == index)) is not None
    return Asked(challenge, _message(services, purpose, number, code, known=known))


def join(services: Services, challenge: str, code: str, password: str, agent: str) -> sessions.Started:
    """The code came back: an account with this password, signed in.

    Raises AccountError account.password_refused, AuthError auth.code_refused.
    """
    number = _number(services, challenge)
    passwords.check(password, (number,))
    hashed = passwords.hash_of(password)
    now = services.clock()
    _try(services, Purpose.JOIN, challenge, code)
    try:
        with writing(services) as session:
            row = _use(session, challenge, now)
            public_id = services.new_id()
            account = AccountRow(
                public_id=public_id,
                name=f"applicant-{public_id[:12]}",
                role=Role.APPLICANT,
                phone_index=row.phone_index,
                phone_sealed=row.phone_sealed,
                password_hash=hashed,
                password_at=now,
                created_at=now,
            )
            session.add(account)
            session.flush()
            details = {"name": account.name, "role": account.role.value}
            audit.record(session, at=now, type=EventType.ACCOUNT_CREATED, actor=account.name, details=details)
            return sessions.start(services, session, account, Stage.FULL, agent)
    except IntegrityError as error:
        # the number has an account: its owner was told by message, nobody else learns it
        raise AuthError("auth.code_refused") from error


def recover(services: Services, challenge: str, code: str, password: str, agent: str) -> sessions.Started:
    """The same for a password that was forgotten: a new one, every session ended, signed in."""
    number = _number(services, challenge)
    passwords.check(password, (number,))
    hashed = passwords.hash_of(password)
    now = services.clock()
    _try(services, Purpose.RECOVER, challenge, code)
    with writing(services) as session:
        row = _use(session, challenge, now)
        account = session.scalar(select(AccountRow).where(AccountRow.phone_index == row.phone_index).with_for_update())
        if account is None or account.locked_at is not None:
            raise AuthError("auth.code_refused")
        account.password_hash, account.password_at = hashed, now
        sessions.end_all(session, account.id, at=now, actor=account.name)
        audit.record(session, at=now, type=EventType.PASSWORD_CHANGED, actor=account.name, details={"by": "message"})
        stage = identity.stage_for(services, account, strong=False)
        started = sessions.start(services, session, account, stage, agent)
    throttle.forgive(services, throttle.LOGIN, row.phone_index, wholly=True)
    return started


def masked_number(services: Services, challenge: str) -> str:
    """The number a code was sent to, as a page may show it. Raises AuthError auth.code_refused."""
    with reading(services) as session:
        row = session.get(ChallengeRow, challenge)
        if row is None:
            raise AuthError("auth.code_refused")
        return phones.masked(services, row.phone_sealed)


def _number(services: Services, challenge: str) -> str:
    with reading(services) as session:
        row = session.get(ChallengeRow, challenge)
        if row is None:
            raise AuthError("auth.code_refused")
        return phones.opened(services, row.phone_sealed)


def _try(services: Services, purpose: Purpose, challenge: str, code: str) -> None:
    """Count the try, in a transaction of its own, and raise AuthError auth.code_refused unless it is right."""
    now = services.clock()
    with writing(services) as session:
        row = session.scalar(select(ChallengeRow).where(ChallengeRow.id == challenge).with_for_update())
        open_still = (
            row is not None
            and row.purpose is purpose
            and row.used_at is None
            and row.expires_at > now
            and row.tries < TRIES
        )
        good = False
        if row is not None and open_still:
            row.tries += 1
            good = hmac.compare_digest(row.code_hash, _hash(services, challenge, code.strip()))
    if not good:
        raise AuthError("auth.code_refused")


def _use(session: Session, challenge: str, now: datetime) -> ChallengeRow:
    """Take the challenge for good, so that two at once do not both have it."""
    row = session.scalar(
        select(ChallengeRow)
        .where(ChallengeRow.id == challenge)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or row.used_at is not None:
        raise AuthError("auth.code_refused")
    row.used_at = now
    return row


def _message(services: Services, purpose: Purpose, number: str, code: str, *, known: bool) -> TextMessage | None:
    if purpose is Purpose.JOIN:
        template = Template.ALREADY_JOINED if known else Template.JOIN_CODE
    else:
        template = Template.RECOVER_CODE
        if not known:
            return None
    values = {} if template is Template.ALREADY_JOINED else {"code": code}
    return TextMessage(services.new_id(), number, template, values)


def _hash(services: Services, challenge: str, code: str) -> str:
    return keyed_hash(services, Use.CODE, f"{challenge}:{code}")
