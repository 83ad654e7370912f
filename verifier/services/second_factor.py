"""Time-based one-time passwords (RFC 6238) and recovery codes: setting them up, and taking each once only."""

from __future__ import annotations

import hmac
import io
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy.orm import Session

from schemas.events import EventType
from verifier.errors import AuthError
from verifier.services import sessions, throttle
from verifier.services.accounts import new_code, plain_code
from verifier.services.context import Services, writing
from verifier.services.sealing import Use, keyed_hash, seal, unseal
from verifier.store import audit
from verifier.store.people_tables import AccountRow, RecoveryCodeRow, SessionRow, Stage

ISSUER = "零跑腿核验"
STEP_S = 30
STEPS_AROUND = 1
"""Clocks may differ by this many steps."""
RECOVERY_CODES = 10


@dataclass(frozen=True)
class Enrolment:
    """What the person scans or types; `svg` is the address as a QR code, an inline picture without style."""

    secret: str
    svg: str


@dataclass(frozen=True)
class Enrolled:
    """`recovery_codes` are shown once and kept as hashes."""

    session: sessions.Started
    recovery_codes: tuple[str, ...]


def begin(services: Services, secret: str) -> Enrolment:
    """The key that is being set up by whoever the cookie's `secret` belongs to, made when there is none yet.

    Raises AuthError auth.missing; auth.forbidden when a second factor is there already: an administrator's reset
    takes it away.
    """
    with writing(services) as session:
        account = sessions.live(session, secret, services.clock()).account
        if account.totp_at is not None:
            raise AuthError("auth.forbidden")
        if account.totp_sealed is None:
            account.totp_sealed = seal(services, Use.TOTP, pyotp.random_base32())
        key, name = unseal(services, Use.TOTP, account.totp_sealed), account.name
    address = pyotp.TOTP(key, interval=STEP_S).provisioning_uri(name=name, issuer_name=ISSUER)
    return Enrolment(secret=key, svg=_picture(address))


def confirm(services: Services, secret: str, code: str) -> Enrolled:
    """The first code proves that the key was taken over: from now on it is asked.

    Raises AuthError auth.code_refused, auth.throttled, auth.missing.
    """
    _brake(services, secret)
    now = services.clock()
    with writing(services) as session:
        row = sessions.live(session, secret, now)
        account = _locked(session, row)
        if account.totp_at is not None or account.totp_sealed is None:
            raise AuthError("auth.forbidden")
        _take_step(services, account, code)
        account.totp_at = now
        codes = tuple(new_code() for _ in range(RECOVERY_CODES))
        account.recovery_codes.clear()
        account.recovery_codes.extend(RecoveryCodeRow(hash=_hash(services, one)) for one in codes)
        audit.record(session, at=now, type=EventType.SECOND_FACTOR_SET, actor=account.name)
        sessions.end_all(session, account.id, at=now, actor=account.name, keep=row.public_id)
        enrolled = Enrolled(sessions.replace(services, session, row, Stage.FULL), codes)
    _forgive(services, account)
    return enrolled


def answer(services: Services, secret: str, code: str) -> sessions.Started:
    """The second step of signing in: a code of the app, or a recovery code.

    Raises AuthError auth.code_refused, auth.throttled, auth.missing.
    """
    _brake(services, secret)
    now = services.clock()
    with writing(services) as session:
        row = sessions.live(session, secret, now)
        account = _locked(session, row)
        if row.stage is not Stage.SECOND_FACTOR or account.totp_at is None:
            raise AuthError("auth.missing")
        plain = plain_code(code)
        if plain.isdigit() and len(plain) == 6:
            _take_step(services, account, plain)
        else:
            _take_recovery_code(services, session, account, plain)
        started = sessions.replace(services, session, row, Stage.FULL)
    _forgive(services, account)
    return started


def _take_step(services: Services, account: AccountRow, code: str) -> None:
    """Raises AuthError auth.code_refused for a wrong code, and for one of a step that was used or passed already."""
    if account.totp_sealed is None:
        raise AuthError("auth.code_refused")
    totp = pyotp.TOTP(unseal(services, Use.TOTP, account.totp_sealed), interval=STEP_S)
    here = int(services.clock().timestamp()) // STEP_S
    steps = range(here - STEPS_AROUND, here + STEPS_AROUND + 1)
    plain = plain_code(code).encode()
    good = [step for step in steps if hmac.compare_digest(totp.at(step * STEP_S).encode(), plain)]
    if not good or (account.totp_step is not None and good[-1] <= account.totp_step):
        raise AuthError("auth.code_refused")
    account.totp_step = good[-1]


def _take_recovery_code(services: Services, session: Session, account: AccountRow, plain: str) -> None:
    digest = _hash(services, plain)
    for row in account.recovery_codes:
        if row.used_at is None and hmac.compare_digest(row.hash, digest):
            row.used_at = services.clock()
            left = sum(1 for other in account.recovery_codes if other.used_at is None)
            details = {"left": left}
            audit.record(
                session, at=row.used_at, type=EventType.RECOVERY_CODE_USED, actor=account.name, details=details
            )
            return
    raise AuthError("auth.code_refused")


def _locked(session: Session, row: SessionRow) -> AccountRow:
    """The account, so that one code is not taken twice at the same moment."""
    return session.get_one(AccountRow, row.account_id, with_for_update=True, populate_existing=True)


def _brake(services: Services, secret: str) -> None:
    throttle.begin(services, throttle.SECOND_FACTOR, sessions.current(services, secret).principal.name)


def _forgive(services: Services, account: AccountRow) -> None:
    throttle.forgive(services, throttle.SECOND_FACTOR, account.name, wholly=True)


def _hash(services: Services, code: str) -> str:
    return keyed_hash(services, Use.CODE, f"recovery:{plain_code(code)}")


def _picture(address: str) -> str:
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=4, border=4, xmldecl=False, svgns=False, omitsize=False, svgclass="qr", lineclass=None
    )
    return out.getvalue().decode()
