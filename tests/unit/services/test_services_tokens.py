"""Bearer tokens: shown once, never kept, revoked by name."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from schemas.case import Role
from tests.support.factories import Clock
from verifier.errors import AuthError, InputError
from verifier.services import tokens
from verifier.services.context import Services, reading
from verifier.store.tables import EventRow, TokenRow


def test_a_token_says_who_is_calling(services: Services) -> None:
    token = tokens.create(services, "bureau", Role.INTEGRATION, "admin")
    assert tokens.authenticate(services, token) == tokens.Principal(name="bureau", role=Role.INTEGRATION)


def test_only_its_hash_is_kept(services: Services) -> None:
    token = tokens.create(services, "bureau", Role.INTEGRATION, "admin")
    assert len(token) >= 43
    with reading(services) as session:
        row = session.scalars(select(TokenRow)).one()
        assert token not in (row.sha256, row.name)
        assert len(row.sha256) == 64
        assert [event.details for event in session.scalars(select(EventRow))] == [
            {"name": "bureau", "role": "integration"}
        ]


@pytest.mark.parametrize("token", ["", "x", "Ω", "a" * 10_000])
def test_an_unknown_token_is_refused(services: Services, token: str) -> None:
    tokens.create(services, "bureau", Role.INTEGRATION, "admin")
    with pytest.raises(AuthError) as refusal:
        tokens.authenticate(services, token)
    assert refusal.value.code == "auth.missing"


def test_a_name_may_hold_two_tokens_and_loses_both(services: Services, clock: Clock) -> None:
    pair = [tokens.create(services, "bureau", Role.REVIEWER, "admin") for _ in range(2)]
    other = tokens.create(services, "other", Role.ADMIN, "admin")
    assert tokens.revoke(services, "bureau", "admin") == 2
    assert tokens.revoke(services, "bureau", "admin") == 0
    for token in pair:
        with pytest.raises(AuthError):
            tokens.authenticate(services, token)
    assert tokens.authenticate(services, other).name == "other"
    assert [(info.name, info.revoked_at) for info in tokens.list_tokens(services)] == [
        ("other", None),
        ("bureau", clock.now),
        ("bureau", clock.now),
    ]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_has_bounds(services: Services, name: str) -> None:
    with pytest.raises(InputError):
        tokens.create(services, name, Role.ADMIN, "admin")
