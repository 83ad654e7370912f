"""Signing in and out: one cookie, forms that nobody else can send, and no way out of the house."""

from __future__ import annotations

import re
from typing import Any

import pytest

from schemas.case import Role
from tests.support.cases import NO, filled
from tests.support.factories import Clock
from tests.support.web import Api, open_client, sign_in
from verifier.services import tokens, web_sessions
from verifier.services.context import Services
from verifier.web.pages.sign_in import FORM_COOKIE, SESSION_COOKIE


def cookie_line(answer: Any, name: str) -> str:
    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    return str(line)


def form_token(text: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', text)
    assert found is not None
    return found[1]


def test_the_cookie(api: Api) -> None:
    answer = sign_in(api.client, api.tokens[Role.REVIEWER])
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    line = cookie_line(answer, SESSION_COOKIE)
    assert {"HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={web_sessions.SESSION_HOURS * 3600}"} <= set(
        line.split("; ")
    )
    assert "Secure" not in line
    assert api.tokens[Role.REVIEWER] not in line
    assert api.client.get("/").status_code == 200


def test_over_tls_the_cookies_stay_there(api: Api, services: Services) -> None:
    client = open_client(services)
    client.base_url = "https://testserver"
    assert "Secure" in cookie_line(client.get("/sign-in"), FORM_COOKIE)
    assert "Secure" in cookie_line(sign_in(client, api.tokens[Role.ADMIN]), SESSION_COOKIE)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_look(api: Api, role: Role) -> None:
    sign_in(api.client, api.tokens[role])
    assert role.value in api.client.get("/").text


@pytest.mark.parametrize("token", ["", "nonsense", " ", "Ω"])
def test_a_token_that_is_no_good(api: Api, token: str) -> None:
    answer = sign_in(api.client, token)
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert SESSION_COOKIE not in api.client.cookies
    assert "nonsense" not in answer.text
    assert api.client.get("/").status_code == 303


def test_after_a_wrong_token_the_right_one(api: Api) -> None:
    sign_in(api.client, "nonsense")
    assert sign_in(api.client, f" {api.tokens[Role.ADMIN]} ").status_code == 303


@pytest.mark.parametrize("path", ["/", "/?state=draft", f"/cases/{NO}"])
def test_who_is_not_signed_in_is_led_there_and_back(api: Api, services: Services, path: str) -> None:
    filled(services)
    away = api.client.get(path)
    assert away.status_code == 303
    assert away.headers["location"].startswith("/sign-in?next=%2F")
    page = api.client.get(away.headers["location"])
    hidden = dict(re.findall(r'name="(form_token|next)" value="([^"]*)"', page.text))
    back = api.client.post("/sign-in", data={**hidden, "token": api.tokens[Role.ADMIN]})
    assert back.headers["location"] == path


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/cases/../x", "/api/docs", "x", "",
     "/?a=b\nSet-Cookie: x=1", "/cases/HD2026A000123/..//evil"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(api: Api, wanted: str) -> None:
    answer = sign_in(api.client, api.tokens[Role.ADMIN], to=wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert api.client.get("/sign-in", params={"next": wanted}).headers["location"] == "/"


def test_a_form_of_somebody_else_signs_nobody_in(api: Api, services: Services) -> None:
    page = api.client.get("/sign-in")
    good = {"token": api.tokens[Role.ADMIN], "form_token": form_token(page.text)}
    stranger = open_client(services)
    refused = [
        stranger.post("/sign-in", data=good),
        api.client.post("/sign-in", data={**good, "form_token": "0" * 64}),
        api.client.post("/sign-in", data={"token": good["token"]}),
        api.client.post("/sign-in", data=good, headers={"Sec-Fetch-Site": "cross-site"}),
        api.client.post("/sign-in", data=good, headers={"Sec-Fetch-Site": "same-site"}),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (403, "request.form_expired")
        assert SESSION_COOKIE not in answer.cookies
    assert api.client.post("/sign-in", data=good, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_signing_out(api: Api) -> None:
    sign_in(api.client, api.tokens[Role.ADMIN])
    kept = api.client.cookies[SESSION_COOKIE]
    answer = api.client.post("/sign-out", data={"form_token": form_token(api.client.get("/").text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert SESSION_COOKIE not in api.client.cookies
    api.client.cookies.set(SESSION_COOKIE, kept)
    assert api.client.get("/").status_code == 303, "the session is gone, not only its cookie"


def test_a_form_of_somebody_else_signs_nobody_out(api: Api) -> None:
    sign_in(api.client, api.tokens[Role.ADMIN])
    for token in ("", "0" * 64):
        answer = api.client.post("/sign-out", data={"form_token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "request.form_expired")
    assert api.client.get("/").status_code == 200


def test_signing_out_without_a_session(api: Api) -> None:
    assert api.client.post("/sign-out").headers["location"] == "/sign-in"


def test_a_session_ends_with_its_token_and_its_time(api: Api, services: Services, clock: Clock) -> None:
    sign_in(api.client, api.tokens[Role.ADMIN])
    tokens.revoke(services, Role.ADMIN.value, "test")
    assert api.client.get("/").status_code == 303
    sign_in(api.client, api.tokens[Role.AUDITOR])
    assert api.client.get("/").status_code == 200
    clock.tick(hours=web_sessions.SESSION_HOURS)
    assert api.client.get("/").status_code == 303


def test_a_cookie_nobody_was_given(api: Api) -> None:
    api.client.cookies.set(SESSION_COOKIE, "x" * 43)
    answer = api.client.get("/")
    assert answer.status_code == 303
    assert "Max-Age=0" in cookie_line(answer, SESSION_COOKIE)


def test_a_form_that_is_too_long(api: Api) -> None:
    answer = api.client.post("/sign-in", data={"token": "x" * 201})
    assert (answer.status_code, answer.json()["where"]) == (422, "body.token")
