"""Every route with every role, with no token, a wrong one and a revoked one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from schemas.case import Role
from tests.support.cases import NO, filled
from tests.support.factories import ID_CARD
from tests.support.web import BASE, Api, sign_in
from verifier.services import queries, tokens
from verifier.services.context import Services
from verifier.web.app import API, PAGES

INTEGRATION, REVIEWER, ADMIN, AUDITOR = Role.INTEGRATION, Role.REVIEWER, Role.ADMIN, Role.AUDITOR
EVERYBODY = frozenset(Role)

MAY: dict[tuple[str, str], frozenset[Role] | None] = {
    ("POST", BASE): frozenset({INTEGRATION, ADMIN}),
    ("GET", BASE): EVERYBODY,
    ("GET", f"{BASE}/{NO}"): EVERYBODY,
    ("PUT", f"{BASE}/{NO}/documents/{ID_CARD}"): frozenset({INTEGRATION, ADMIN}),
    ("POST", f"{BASE}/{NO}/submit"): frozenset({INTEGRATION, ADMIN}),
    ("POST", f"{BASE}/{NO}/claim"): frozenset({REVIEWER, ADMIN}),
    ("POST", f"{BASE}/{NO}/release"): frozenset({REVIEWER, ADMIN}),
    ("POST", f"{BASE}/{NO}/decision"): frozenset({REVIEWER}),
    ("GET", "/api/v1/stats"): EVERYBODY,
    ("GET", "/livez"): None,
    ("GET", "/readyz"): None,
    ("GET", "/metrics"): None,
    ("GET", "/api/docs"): None,
    ("GET", "/sign-in"): None,
    ("POST", "/sign-in"): None,
    ("POST", "/sign-out"): None,
}
"""Who may call what; None for everybody without a token. Pages that ask for a session have tests of their own."""

PAGES_WITH_A_SESSION = {("GET", "/"), ("GET", f"/cases/{NO}")}

GUARDED = [(method, path) for (method, path), roles in MAY.items() if roles]
REFUSED = ("auth.missing", "auth.forbidden")


def routes() -> Iterator[tuple[str, str]]:
    for router in (*API, *PAGES):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            path = route.path.replace("{application_no}", NO).replace("{slot}", ID_CARD)
            for method in sorted(route.methods or ()):
                yield method, path


def code(answer: Any) -> str | None:
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.json()["code"] if is_problem else None


def test_every_route_is_in_the_table() -> None:
    assert set(routes()) == set(MAY) | PAGES_WITH_A_SESSION


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("role", list(Role))
def test_roles(api: Api, services: Services, method: str, path: str, role: Role) -> None:
    filled(services)
    answer = api.call(method, path, by=role)
    if role in (MAY[method, path] or ()):
        assert code(answer) not in REFUSED
    else:
        assert (answer.status_code, code(answer)) == (403, "auth.forbidden")


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_without_a_token_that_is_good(api: Api, services: Services, method: str, path: str) -> None:
    filled(services)
    events = len(queries.events_of(services, NO))
    tokens.revoke(services, ADMIN.value, "test")
    attempts: list[dict[str, Any]] = [
        {"by": None},
        {"by": ADMIN},
        *(
            {"by": None, "headers": {"Authorization": value}}
            for value in ("Bearer nonsense", "Basic YTpi", "Bearer", "")
        ),
    ]
    for given in attempts:
        answer = api.call(method, path, **given)
        assert (answer.status_code, code(answer)) == (401, "auth.missing")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert len(queries.events_of(services, NO)) == events


@pytest.mark.parametrize(("method", "path"), [key for key, roles in MAY.items() if roles is None])
def test_what_needs_no_token(api: Api, method: str, path: str) -> None:
    assert api.client.request(method, path).status_code != 401


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_a_cookie_opens_no_interface(api: Api, services: Services, method: str, path: str) -> None:
    filled(services)
    assert sign_in(api.client, api.tokens[ADMIN]).status_code == 303
    assert api.client.cookies
    assert code(api.call(method, path, by=None)) == "auth.missing"
