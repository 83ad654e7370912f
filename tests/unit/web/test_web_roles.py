"""The authorisation walk: every route of the application with every role, without a login, with an ended session, and with
another applicant's ids. What may be is read from the expected table here, never from the program's own.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from schemas.case import TOKEN_ROLES, Role
from tests.support import people
from tests.support.cases import NO, filled
from tests.support.factories import ID_CARD, PERMIT, form
from tests.support.web import BASE, Api, open_client
from verifier.services import accounts, queries, sessions, submit, tokens
from verifier.services.access import TABLE, Action
from verifier.services.context import Services
from verifier.store.people_tables import Stage
from verifier.web import cookies
from verifier.web.app import API, PAGES, UnguardedRouteError, _require_guarded
from verifier.web.auth import Allowed, AtStage, Open, policy_of

INTEGRATION, REVIEWER, SECOND, ADMIN, AUDITOR, APPLICANT = (
    Role.INTEGRATION, Role.REVIEWER, Role.SECOND_REVIEWER, Role.ADMIN, Role.AUDITOR, Role.APPLICANT,
)  # fmt: skip
STAFF = frozenset({REVIEWER, SECOND, ADMIN, AUDITOR})
EVERYBODY = STAFF | {INTEGRATION, APPLICANT}
WITH_A_SESSION = STAFF | {APPLICANT}
OPEN: frozenset[Role] = frozenset()
"""Marks a route that asks for no login."""
HANDING_IN = frozenset({INTEGRATION, ADMIN, APPLICANT})
CLAIMING = frozenset({REVIEWER, SECOND, ADMIN})

OTHERS = "HD2026A000777"
"""An application of another applicant."""
OWN = "HD2026A000888"
NOBODYS = "HD2026A000999"

WITHOUT_LOGIN = (
    "GET /livez", "GET /readyz", "GET /metrics", "GET /api/docs", "GET /sign-in", "POST /sign-in", "POST /sign-out",
    "GET /sign-in/one-time", "POST /sign-in/one-time", "GET /join", "POST /join", "POST /join/code", "GET /recover",
    "POST /recover", "POST /recover/code",
)  # fmt: skip

MAY: dict[tuple[str, str], frozenset[Role] | Stage] = {
    ("POST", BASE): HANDING_IN,
    ("GET", BASE): EVERYBODY,
    ("GET", f"{BASE}/{{application_no}}"): EVERYBODY,
    ("PUT", f"{BASE}/{{application_no}}/documents/{{slot}}"): HANDING_IN,
    ("GET", f"{BASE}/{{application_no}}/documents/{{slot}}/pages/{{page}}.jpg"): STAFF | {APPLICANT},
    ("GET", "/cases/{application_no}/documents/{slot}/pages/{page}.jpg"): STAFF | {APPLICANT},
    ("POST", f"{BASE}/{{application_no}}/submit"): HANDING_IN,
    ("POST", f"{BASE}/{{application_no}}/withdraw"): HANDING_IN,
    ("POST", f"{BASE}/{{application_no}}/by-hand"): CLAIMING,
    ("POST", f"{BASE}/{{application_no}}/claim"): CLAIMING,
    ("POST", f"{BASE}/{{application_no}}/release"): CLAIMING,
    ("POST", f"{BASE}/{{application_no}}/decision"): frozenset({REVIEWER, SECOND}),
    ("GET", "/api/v1/worklist"): STAFF,
    ("GET", "/api/v1/worklist/counts"): STAFF,
    ("POST", "/api/v1/worklist/next"): CLAIMING,
    ("GET", f"{BASE}/{{application_no}}/review"): STAFF,
    ("POST", f"{BASE}/{{application_no}}/findings/{{position}}"): frozenset({REVIEWER, SECOND}),
    ("GET", f"{BASE}/{{application_no}}/packet.json"): STAFF,
    ("GET", f"{BASE}/{{application_no}}/packet.pdf"): STAFF,
    ("GET", "/review"): STAFF,
    ("POST", "/review/next"): CLAIMING,
    ("POST", "/review/find"): STAFF,
    ("POST", "/review/views"): STAFF,
    ("POST", "/review/views/remove"): STAFF,
    ("GET", "/review/passes"): frozenset({REVIEWER, SECOND}),
    ("POST", "/review/passes"): frozenset({REVIEWER, SECOND}),
    ("GET", "/review/{application_no}"): STAFF,
    ("POST", "/review/{application_no}/unmask"): CLAIMING,
    ("POST", "/review/{application_no}/claim"): CLAIMING,
    ("POST", "/review/{application_no}/hold"): CLAIMING,
    ("POST", "/review/{application_no}/leave"): CLAIMING,
    ("POST", "/review/{application_no}/skip"): CLAIMING,
    ("POST", "/review/{application_no}/findings/{position}"): frozenset({REVIEWER, SECOND}),
    ("POST", "/review/{application_no}/decide"): frozenset({REVIEWER, SECOND}),
    ("GET", "/review/{application_no}/notice"): frozenset({REVIEWER, SECOND}),
    ("POST", "/review/{application_no}/notice"): frozenset({REVIEWER, SECOND}),
    ("GET", "/review/{application_no}/history"): STAFF,
    ("POST", "/review/{application_no}/packet"): STAFF,
    ("GET", "/api/v1/stats"): STAFF | {INTEGRATION},
    ("GET", "/api/v1/attempts"): frozenset({ADMIN}),
    ("POST", "/api/v1/attempts/{attempt_id}/retry"): frozenset({ADMIN}),
    ("POST", "/api/v1/attempts/retry"): frozenset({ADMIN}),
    ("GET", "/api/v1/events"): frozenset({ADMIN, AUDITOR}),
    ("POST", f"{BASE}/{{application_no}}/unmask"): frozenset({REVIEWER, SECOND, ADMIN}),
    ("GET", f"{BASE}/{{application_no}}/export"): frozenset({ADMIN, APPLICANT}),
    ("POST", f"{BASE}/{{application_no}}/corrections"): frozenset({ADMIN, APPLICANT}),
    ("GET", f"{BASE}/{{application_no}}/corrections"): frozenset({INTEGRATION, *STAFF, APPLICANT}),
    ("GET", "/api/v1/queues"): frozenset({ADMIN}),
    ("POST", "/api/v1/queues/{queue}/pause"): frozenset({ADMIN}),
    ("POST", "/api/v1/queues/{queue}/resume"): frozenset({ADMIN}),
    ("GET", "/api/v1/workers"): frozenset({ADMIN}),
    ("POST", "/api/v1/workers/{worker}/drain"): frozenset({ADMIN}),
    ("POST", "/api/v1/workers/{worker}/resume"): frozenset({ADMIN}),
    ("GET", "/"): WITH_A_SESSION,
    ("GET", "/cases/{application_no}"): STAFF,
    ("GET", "/my"): WITH_A_SESSION,
    ("GET", "/apply"): frozenset({ADMIN, APPLICANT}),
    ("GET", "/apply/check"): frozenset({ADMIN, APPLICANT}),
    ("POST", "/apply/check"): frozenset({ADMIN, APPLICANT}),
    ("POST", "/apply/discard"): frozenset({ADMIN, APPLICANT}),
    ("GET", "/apply/{step}"): frozenset({ADMIN, APPLICANT}),
    ("POST", "/apply/{step}"): frozenset({ADMIN, APPLICANT}),
    ("GET", "/my/{application_no}"): frozenset({ADMIN, APPLICANT}),
    ("GET", "/my/{application_no}/documents/{slot}"): frozenset({ADMIN, APPLICANT}),
    ("POST", "/my/{application_no}/documents/{slot}"): frozenset({ADMIN, APPLICANT}),
    ("POST", "/my/{application_no}/submit"): frozenset({ADMIN, APPLICANT}),
    ("POST", "/my/{application_no}/withdraw"): frozenset({ADMIN, APPLICANT}),
    ("GET", "/account"): WITH_A_SESSION,
    ("POST", "/account/password"): WITH_A_SESSION,
    ("GET", "/account/second-factor"): WITH_A_SESSION,
    ("POST", "/account/second-factor"): WITH_A_SESSION,
    ("POST", "/account/sessions/end-others"): WITH_A_SESSION,
    ("POST", "/account/sessions/{session}/end"): WITH_A_SESSION,
    ("GET", "/operations"): STAFF,
    ("GET", "/operations/attempts"): frozenset({ADMIN}),
    ("POST", "/operations/attempts/{attempt_id}/retry"): frozenset({ADMIN}),
    ("POST", "/operations/retry"): frozenset({ADMIN}),
    ("POST", "/operations/queues/{queue}/pause"): frozenset({ADMIN}),
    ("POST", "/operations/queues/{queue}/resume"): frozenset({ADMIN}),
    ("POST", "/operations/workers/{worker}/drain"): frozenset({ADMIN}),
    ("POST", "/operations/workers/{worker}/resume"): frozenset({ADMIN}),
    ("GET", "/operations/{table}.csv"): STAFF,
    ("GET", "/people"): frozenset({ADMIN}),
    ("POST", "/people"): frozenset({ADMIN}),
    ("GET", "/people/{account}"): frozenset({ADMIN}),
    ("POST", "/people/{account}/role"): frozenset({ADMIN}),
    ("POST", "/people/{account}/lock"): frozenset({ADMIN}),
    ("POST", "/people/{account}/unlock"): frozenset({ADMIN}),
    ("POST", "/people/{account}/reset"): frozenset({ADMIN}),
    ("POST", "/people/{account}/sessions/end"): frozenset({ADMIN}),
    ("POST", "/people/{account}/sessions/{session}/end"): frozenset({ADMIN}),
    ("GET", "/sign-in/code"): Stage.SECOND_FACTOR,
    ("POST", "/sign-in/code"): Stage.SECOND_FACTOR,
    ("GET", "/sign-in/second-factor"): Stage.ENROL,
    ("POST", "/sign-in/second-factor"): Stage.ENROL,
    **{(line.split()[0], line.split()[1]): OPEN for line in WITHOUT_LOGIN},
}
"""Who may call what. A new route belongs here, or the walk fails."""

BODIES: dict[str, dict[str, Any]] = {
    f"POST {BASE}": {"json": form(application_no=None).model_dump(mode="json", exclude_none=True)},
    f"PUT {BASE}/{{application_no}}/documents/{{slot}}": {
        "files": [("files", ("1.jpg", b"\xff\xd8\xff\xe0x", "image/jpeg"))]
    },
    "POST /api/v1/worklist/next": {"json": {}},
    f"POST {BASE}/{{application_no}}/findings/{{position}}": {"json": {"action": "confirm"}},
    f"POST {BASE}/{{application_no}}/decision": {"json": {"action": "return", "reasons": ["x"]}},
    f"POST {BASE}/{{application_no}}/unmask": {"json": {"field": "applicant.name", "reason": "compare"}},
    f"POST {BASE}/{{application_no}}/corrections": {"json": {"field": "applicant.name", "text": "x"}},
    "POST /api/v1/queues/{queue}/pause": {"json": {}},
    "POST /api/v1/attempts/retry": {"json": {"error_code": "worker.killed"}},
}


@dataclass
class Walk:
    """What was tried, and what was wrong with it."""

    routes: set[tuple[str, str]] = field(default_factory=set)
    callers: set[str] = field(default_factory=set)
    tried: int = 0
    leaks: list[str] = field(default_factory=list)

    def note(self, route: APIRoute, method: str, caller: str, answer: Any, *, good: bool) -> None:
        self.routes.add((method, route.path))
        self.callers.add(caller)
        self.tried += 1
        if not good or answer.status_code >= 500:
            self.leaks.append(f"{method} {route.path} by {caller}: {answer.status_code} {answer.text[:120]}")


def routes() -> Iterator[tuple[APIRoute, str]]:
    for router in (*API, *PAGES):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods or ()):
                yield route, method


def is_interface(path: str) -> bool:
    return path.startswith("/api/")


def code(answer: Any) -> str | None:
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.json()["code"] if is_problem else None


def is_led_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


class House:
    """Somebody of every role, two applicants with an application each, and fresh sessions for every call."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.client: TestClient = open_client(services)
        self.tokens = {role: tokens.create(services, f"token-{role.value}", role, "test") for role in TOKEN_ROLES}
        for role in WITH_A_SESSION:
            people.account(services, f"person-{role.value}", role, phone="13800138000" if role is APPLICANT else None)
        people.account(services, "applicant-other", APPLICANT, phone="13900139000")
        people.account(services, "spare-admin", ADMIN)
        people.account(services, "target", REVIEWER)
        filled(services)
        for number, owner in ((OTHERS, "applicant-other"), (OWN, f"person-{APPLICANT.value}")):
            owner_id = people.row_of(services, owner).id
            submit.create_application(services, form(application_no=number), owner, owner_id)
            for slot in (ID_CARD, PERMIT):
                submit.put_document(services, number, slot, [b"\xff\xd8\xff\xe0mine"], owner)

    def call(self, route: APIRoute, method: str, number: str, **given: Any) -> Any:
        target = people.row_of(self.services, "target")
        theirs = sessions.of_account(self.services, target.id)
        path = (
            route.path.replace("{application_no}", number)
            .replace("{slot}", ID_CARD.value)
            .replace("{page}", "1")
            .replace("{position}", "0")
            .replace("{step}", "route")
            .replace("{account}", target.public_id)
            .replace("{session}", theirs[0].id if theirs else "none")
        )
        body = BODIES.get(f"{method} {route.path}", {} if is_interface(path) or method == "GET" else {"data": {}})
        return self.client.request(method, path, **{**body, **given})

    def by_session(self, route: APIRoute, method: str, number: str, secret: str) -> Any:
        """As the pages of ours do: the cookie and the form's token."""
        self.client.cookies.clear()
        people.visit(self.client, secret)
        try:
            return self.call(route, method, number, headers={cookies.HEADER: cookies.form_token(secret)})
        finally:
            self.client.cookies.clear()

    def as_person(self, route: APIRoute, method: str, number: str, name: str, stage: Stage = Stage.FULL) -> Any:
        return self.by_session(route, method, number, people.session_of(self.services, name, stage))


@pytest.fixture
def place(services: Services) -> House:
    built = House(services)
    people.session_of(services, "target")
    return built


def test_the_walk(place: House, capsys: pytest.CaptureFixture[str]) -> None:
    walk = Walk()
    for route, method in routes():
        allowed = MAY[method, route.path]
        for caller, answer, good in _visits(place, route, method, allowed):
            walk.note(route, method, caller, answer, good=good)
            _put_right(place)
    line = f"{len(walk.routes)} routes x {len(walk.callers)} callers = {walk.tried} tried, {len(walk.leaks)} leaks"
    with capsys.disabled():
        print(f"\nauthorisation walk: {line}")  # noqa: T201 - what the run must say
    assert walk.leaks == []
    assert walk.tried > 600


def _put_right(place: House) -> None:
    """What an allowed caller changed for the next."""
    for name in [f"person-{role.value}" for role in WITH_A_SESSION] + ["target", "spare-admin"]:
        accounts.unlock(place.services, name, "test")
    target = people.row_of(place.services, "target")
    if not sessions.of_account(place.services, target.id):
        people.session_of(place.services, "target")


def _visits(
    place: House, route: APIRoute, method: str, allowed: frozenset[Role] | Stage
) -> Iterator[tuple[str, Any, bool]]:
    interface, names_a_case = is_interface(route.path), "{application_no}" in route.path
    is_open = allowed == OPEN and not isinstance(allowed, Stage)
    roles = allowed if isinstance(allowed, frozenset) else OPEN

    def nobody(answer: Any) -> bool:
        if is_open:
            return answer.status_code != 401 or route.path == "/sign-in"
        return code(answer) == "auth.missing" if interface else is_led_to_sign_in(answer)

    def role_is_right(role: Role, answer: Any, number: str) -> bool:
        if is_open:
            return True
        if role is APPLICANT and names_a_case and (number == OTHERS or role not in roles):
            return code(answer) == "case.not_found"
        if role in roles:
            return code(answer) not in ("auth.missing", "auth.forbidden", "request.form_expired") and not (
                is_led_to_sign_in(answer)
            )
        if isinstance(allowed, Stage):
            return answer.status_code == 303
        return (answer.status_code, code(answer)) == (403, "auth.forbidden")

    # nobody, nonsense, and logins that are over
    yield "nobody", (answer := place.call(route, method, OTHERS)), nobody(answer)
    for value in ("Bearer nonsense", "Basic YTpi", "Bearer", ""):
        answer = place.call(route, method, OTHERS, headers={"Authorization": value})
        yield f"header {value}", answer, nobody(answer)
    ended = people.session_of(place.services, "spare-admin")
    sessions.end(place.services, ended)
    yield "ended session", (answer := place.by_session(route, method, OTHERS, ended)), nobody(answer)
    revoked = tokens.create(place.services, "revoked", ADMIN, "test")
    tokens.revoke(place.services, "revoked", "test")
    answer = place.call(route, method, OTHERS, headers={"Authorization": f"Bearer {revoked}"})
    yield "revoked token", answer, nobody(answer)

    # a cookie without the form's token: no interface, and no change by a page
    secret = people.session_of(place.services, "spare-admin")
    people.visit(place.client, secret)
    answer = place.call(route, method, OTHERS)
    place.client.cookies.clear()
    stopped = code(answer) == ("auth.missing" if interface else "request.form_expired")
    looked = not interface and method == "GET"
    yield "cookie alone", answer, is_open or looked or stopped or isinstance(allowed, Stage)

    # half-way through signing in
    for stage in (Stage.SECOND_FACTOR, Stage.ENROL):
        answer = place.as_person(route, method, OTHERS, f"person-{ADMIN.value}", stage)
        at_its_step = allowed is stage and answer.status_code != 303
        yield f"at {stage.value}", answer, is_open or at_its_step or nobody(answer)

    # every role, with a session and with a token
    for role in sorted(WITH_A_SESSION):
        for number in (OTHERS, OWN, NO) if names_a_case else (OTHERS,):
            if role is APPLICANT and number == NO:
                continue
            answer = place.as_person(route, method, number, f"person-{role.value}")
            yield f"{role.value} with a session", answer, role_is_right(role, answer, number)
    for role in TOKEN_ROLES:
        headers = {"Authorization": f"Bearer {place.tokens[role]}"}
        answer = place.call(route, method, OTHERS, headers=headers)
        yield f"{role.value} with a token", answer, role_is_right(role, answer, OTHERS) if interface else nobody(answer)


def test_every_route_is_in_the_table() -> None:
    assert {(method, route.path) for route, method in routes()} == set(MAY)


def test_every_route_says_who_may_call_it() -> None:
    for route, method in routes():
        policy, allowed = policy_of(route), MAY[method, route.path]
        if isinstance(policy, Allowed):
            assert allowed, route.path
            assert not isinstance(allowed, Stage)
            if route.path == "/" or is_interface(route.path) or INTEGRATION not in TABLE[policy.action]:
                here = (
                    set(TABLE[policy.action]) if is_interface(route.path) else set(TABLE[policy.action]) - {INTEGRATION}
                )
                assert here == allowed, route.path
        elif isinstance(policy, AtStage):
            assert policy.stage is allowed
        else:
            assert isinstance(policy, Open)
            assert policy.why
            assert allowed == OPEN


def test_a_route_that_nobody_guarded_does_not_start() -> None:
    router = APIRouter()
    router.add_api_route("/forgotten", lambda: "everybody's")
    with pytest.raises(UnguardedRouteError, match="/forgotten"):
        _require_guarded(router)


def test_every_action_is_decided() -> None:
    assert set(TABLE) == set(Action)


@pytest.mark.parametrize("method, path", sorted(key for key in MAY if "{application_no}" in key[1]))
def test_what_is_anothers_does_not_exist(place: House, method: str, path: str) -> None:
    """Byte for byte the answer of a number that nobody has, but for the request's id; and nothing happens."""
    (route,) = [one for one, name in routes() if (name, one.path) == (method, path)]
    before = len(queries.events_of(place.services, OTHERS))
    bodies = []
    for number in (OTHERS, NOBODYS):
        answer = place.as_person(route, method, number, f"person-{APPLICANT.value}")
        assert answer.status_code == 404
        same = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
        text = re.sub(r'"request_id":"\w+"', "", answer.text)
        bodies.append((text, json.dumps(same, sort_keys=True)))
    assert bodies[0] == bodies[1]
    assert len(queries.events_of(place.services, OTHERS)) == before


def test_an_applicant_sees_their_own_and_nothing_else(place: House) -> None:
    (route,) = [one for one, name in routes() if (name, one.path) == ("GET", BASE)]
    answer = place.as_person(route, "GET", "", f"person-{APPLICANT.value}")
    assert [item["application_no"] for item in answer.json()["items"]] == [OWN]
    (page,) = [one for one, name in routes() if (name, one.path) == ("GET", "/my")]
    text = place.as_person(page, "GET", "", f"person-{APPLICANT.value}").text
    assert OWN in text
    assert not any(number in text for number in (OTHERS, NO))


def test_an_applicant_cannot_choose_a_number(place: House) -> None:
    secret = people.session_of(place.services, f"person-{APPLICANT.value}")
    people.visit(place.client, secret)
    headers = {cookies.HEADER: cookies.form_token(secret)}
    for number in (OTHERS, NOBODYS):
        body = form(application_no=number).model_dump(mode="json", exclude_none=True)
        answer = place.client.post(BASE, json=body, headers=headers)
        assert (answer.status_code, answer.json()["where"]) == (422, "body.application_no")
    made = place.client.post(
        BASE, json=form(application_no=None).model_dump(mode="json", exclude_none=True), headers=headers
    )
    assert made.status_code == 201
    number = made.json()["application_no"]
    assert place.client.get(f"{BASE}/{number}", headers=headers).json()["application_no"] == number


def test_ones_own_sessions_only(place: House) -> None:
    theirs = sessions.of_account(place.services, people.row_of(place.services, "target").id)[0].id
    (route,) = [one for one, name in routes() if one.path == "/account/sessions/{session}/end"]
    answer = place.as_person(route, "POST", "", f"person-{ADMIN.value}")
    assert answer.status_code == 404
    left = sessions.of_account(place.services, people.row_of(place.services, "target").id)
    assert [info.id for info in left] == [theirs]


def test_confirming_is_the_second_reviewers_and_a_reviewers_token(place: House) -> None:
    (route,) = [one for one, name in routes() if one.path.endswith("/decision")]
    for action in ("approve", "deny"):
        BODIES["approving"] = {"json": {"action": action, "reasons": ["x"]}}
        given = BODIES["approving"]
        secret = {role: people.session_of(place.services, f"person-{role.value}") for role in (REVIEWER, SECOND)}
        answers = {}
        for role in (REVIEWER, SECOND):
            people.visit(place.client, secret[role])
            headers = {cookies.HEADER: cookies.form_token(secret[role])}
            answers[role] = code(place.call(route, "POST", NO, headers=headers, **given))
            place.client.cookies.clear()
        assert answers == {REVIEWER: "auth.forbidden", SECOND: "case.not_claimed"}
        headers = {"Authorization": f"Bearer {place.tokens[REVIEWER]}"}
        assert code(place.call(route, "POST", NO, headers=headers, **given)) == "case.not_claimed"


def test_multipart_needs_the_browsers_word(place: House, services: Services) -> None:
    """A page takes files only from a form of its own; without a token, silence of the browser is a refusal."""
    secret = people.session_of(services, f"person-{ADMIN.value}")
    people.visit(place.client, secret)
    (route,) = [one for one, name in routes() if (name, one.path) == ("POST", "/people")]
    parts = {"files": [("name", (None, "wang.fang")), ("role", (None, "auditor"))]}
    origins: list[dict[str, str]] = [
        {}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
    ]  # fmt: skip
    for headers in origins:
        assert code(place.call(route, "POST", "", headers=headers, **{"data": None, **parts})) == "request.form_expired"
    good = {"Origin": "http://testserver"}
    assert place.call(route, "POST", "", headers=good, **{"data": None, **parts}).status_code == 200


def test_a_token_cannot_be_swapped_between_sessions(place: House, services: Services) -> None:
    first, second = (people.session_of(services, f"person-{ADMIN.value}") for _ in range(2))
    people.visit(place.client, first)
    headers = {cookies.HEADER: cookies.form_token(second)}
    assert code(place.client.get(BASE, headers=headers)) == "request.form_expired"
    assert code(place.client.post("/people", data={}, headers=headers)) == "request.form_expired"


def test_a_bad_token_is_not_made_good_by_a_cookie(place: House, services: Services) -> None:
    secret = people.session_of(services, f"person-{ADMIN.value}")
    people.visit(place.client, secret)
    own = {cookies.HEADER: cookies.form_token(secret)}
    assert place.client.get(BASE, headers=own).status_code == 200
    for value in ("Bearer nonsense", "Basic YTpi", ""):
        assert code(place.client.get(BASE, headers={**own, "Authorization": value})) == "auth.missing"


def test_all_roles_and_actions_stand_in_the_document() -> None:
    """docs/security.md prints the table as it is."""
    from pathlib import Path

    text = (Path(__file__).parents[3] / "docs" / "security.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|$", text, re.MULTILINE))
    for action, role in itertools.product(Action, Role):
        reach = TABLE[action].get(role)
        said = re.search(rf"`{role.value}`( \(own\))?(?:,|$)", rows[action.value])
        assert bool(said) == (reach is not None), (action, role)
        assert reach is None or bool(said and said[1]) == (reach == "own"), (action, role)


def test_bearer_tokens_have_no_account(api: Api) -> None:
    assert api.client.get("/account", headers={"Authorization": f"Bearer {api.tokens[ADMIN]}"}).status_code == 303
