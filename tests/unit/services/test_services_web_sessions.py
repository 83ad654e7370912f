"""Signing in to the pages: a secret kept as its hash, ending with its time, its token or the person's wish."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from schemas.case import Role
from schemas.events import EventType
from tests.support.factories import Clock
from verifier.errors import AuthError
from verifier.services import tokens, web_sessions
from verifier.services.context import Services, reading
from verifier.store.tables import EventRow, WebSessionRow


@pytest.fixture
def token(services: Services) -> str:
    return tokens.create(services, "reviewer-1", Role.REVIEWER, "admin")


def rows(services: Services) -> int:
    with reading(services) as session:
        return session.scalar(select(func.count()).select_from(WebSessionRow)) or 0


def events(services: Services) -> list[tuple[EventType, str]]:
    with reading(services) as session:
        return [(row.type, row.actor) for row in session.scalars(select(EventRow).order_by(EventRow.seq))][1:]


def refused(services: Services, secret: str) -> bool:
    try:
        web_sessions.principal_of(services, secret)
    except AuthError as refusal:
        return refusal.code == "auth.missing"
    return False


def test_a_session_says_who_is_there(services: Services, token: str) -> None:
    started = web_sessions.start(services, token)
    assert started.principal == tokens.Principal(name="reviewer-1", role=Role.REVIEWER)
    assert web_sessions.principal_of(services, started.secret) == started.principal


def test_only_its_hash_is_kept(services: Services, token: str) -> None:
    started = web_sessions.start(services, token)
    with reading(services) as session:
        row = session.scalars(select(WebSessionRow)).one()
        assert started.secret not in str(vars(row))
        assert row.sha256 == tokens.digest_of(started.secret)


@pytest.mark.parametrize("wrong", ["", "x", "Ω"])
def test_a_token_that_is_no_good_starts_nothing(services: Services, token: str, wrong: str) -> None:
    with pytest.raises(AuthError):
        web_sessions.start(services, wrong)
    tokens.revoke(services, "reviewer-1", "admin")
    with pytest.raises(AuthError):
        web_sessions.start(services, token)
    assert rows(services) == 0


def test_it_runs_out(services: Services, token: str, clock: Clock) -> None:
    started = web_sessions.start(services, token)
    clock.tick(hours=web_sessions.SESSION_HOURS, seconds=-1)
    assert not refused(services, started.secret)
    clock.tick(seconds=1)
    assert started.expires_at == clock.now
    assert refused(services, started.secret)


def test_it_ends_with_its_token(services: Services, token: str) -> None:
    started = web_sessions.start(services, token)
    tokens.revoke(services, "reviewer-1", "admin")
    assert refused(services, started.secret)


def test_signing_out_ends_this_session_only(services: Services, token: str) -> None:
    first, second = (web_sessions.start(services, token) for _ in range(2))
    assert first.secret != second.secret
    web_sessions.end(services, first.secret)
    assert refused(services, first.secret)
    assert not refused(services, second.secret)


def test_coming_and_going_are_events(services: Services, token: str) -> None:
    started = web_sessions.start(services, token)
    for _ in range(2):
        web_sessions.end(services, started.secret)
    assert events(services) == [(EventType.SIGNED_IN, "reviewer-1"), (EventType.SIGNED_OUT, "reviewer-1")]


def test_sessions_that_ran_out_are_cleared_by_the_next(services: Services, token: str, clock: Clock) -> None:
    for _ in range(3):
        web_sessions.start(services, token)
    clock.tick(hours=web_sessions.SESSION_HOURS)
    web_sessions.start(services, token)
    assert rows(services) == 1


@pytest.mark.parametrize("secret", ["", "x", "Ω", "a" * 10_000])
def test_a_secret_nobody_was_given(services: Services, secret: str) -> None:
    assert refused(services, secret)
    web_sessions.end(services, secret)
