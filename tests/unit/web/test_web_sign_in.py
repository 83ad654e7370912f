"""Signing in and out: a password, a second factor for staff, one cookie, forms that nobody else can send."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from schemas.case import Role
from tests.support.cases import NO, filled
from tests.support.factories import Clock, with_settings
from tests.support.people import (
    OTHER_PASSWORD,
    PASSWORD,
    account,
    code_now,
    row_of,
    session_of,
    visit,
)
from tests.support.web import Api, form_token, open_client
from verifier.services import accounts, sessions
from verifier.services.context import Services
from verifier.store.people_tables import Stage
from verifier.web.cookies import FORM, SESSION

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@pytest.fixture
def client(services: Services) -> TestClient:
    return open_client(services)


def fill_in(client: TestClient, login: str, password: str = PASSWORD, **more: Any) -> Any:
    """The sign-in form, as a browser fills it in."""
    page = client.get("/sign-in", params={"next": more.pop("to", "/")})
    hidden = dict(re.findall(r'name="(form_token|next)" value="([^"]*)"', page.text))
    return client.post("/sign-in", data={**hidden, "login": login, "password": password}, **more)


def send(client: TestClient, path: str, **fields: str) -> Any:
    return client.post(path, data={"form_token": form_token(client.get(path).text), **fields})


def cookie_line(answer: Any, name: str) -> str:
    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    return str(line)


def where(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("location", "")


def test_staff_set_up_a_second_factor_before_anything_else(client: TestClient, services: Services) -> None:
    account(services, "zhang.min")
    first = fill_in(client, "zhang.min")
    assert where(first) == (303, "/sign-in/second-factor")
    for path in ("/", "/account", "/sign-in/code"):
        assert where(client.get(path)) == (303, "/sign-in/second-factor"), path
    page = client.get("/sign-in/second-factor").text
    assert "<svg" in page
    assert "style=" not in page
    refused = send(client, "/sign-in/second-factor", code="000000")
    assert (refused.status_code, "验证码不正确" in refused.text) == (422, True)
    before = client.cookies[SESSION]
    shown = send(client, "/sign-in/second-factor", code=code_now(services, "zhang.min"))
    assert len(re.findall(r"<li><code>([A-Z2-9-]{19})</code>", shown.text)) == 10
    assert client.cookies[SESSION] != before
    assert client.get("/").status_code == 200
    assert where(client.get("/sign-in/second-factor")) == (303, "/")


def test_then_it_is_asked_every_time(client: TestClient, services: Services) -> None:
    account(services, "zhang.min", second_factor=True)
    assert where(fill_in(client, "Zhang.Min ", to="/account")) == (303, "/sign-in/code?next=/account")
    assert where(client.get("/")) == (303, "/sign-in/code")
    before = client.cookies[SESSION]
    answer = send(client, "/sign-in/code", code=code_now(services, "zhang.min"), next="/account")
    assert where(answer) == (303, "/account")
    assert client.cookies[SESSION] != before, "who knew the half-way cookie has nothing now"
    visit(client, before)
    assert where(client.get("/account"))[1].startswith("/sign-in")


def test_a_code_is_taken_once(client: TestClient, services: Services, clock: Clock) -> None:
    account(services, "zhang.min", second_factor=True)
    code = code_now(services, "zhang.min")
    fill_in(client, "zhang.min")
    assert send(client, "/sign-in/code", code=code).status_code == 303
    other = open_client(services)
    fill_in(other, "zhang.min")
    assert send(other, "/sign-in/code", code=code).status_code == 422
    clock.tick(seconds=30)
    assert send(other, "/sign-in/code", code=code).status_code == 422, "nor in the next step"
    assert send(other, "/sign-in/code", code=code_now(services, "zhang.min")).status_code == 303


def test_a_recovery_code_is_taken_once(client: TestClient, services: Services) -> None:
    account(services, "zhang.min")
    fill_in(client, "zhang.min")
    client.get("/sign-in/second-factor")
    shown = send(client, "/sign-in/second-factor", code=code_now(services, "zhang.min")).text
    code = re.findall(r"<code>([A-Z2-9-]{19})</code>", shown)[3]
    for typed, status in ((code.lower().replace("-", " "), 303), (code, 422)):
        visitor = open_client(services)
        fill_in(visitor, "zhang.min")
        assert send(visitor, "/sign-in/code", code=typed).status_code == status


def test_second_factors_cannot_be_guessed(client: TestClient, services: Services) -> None:
    account(services, "zhang.min", second_factor=True)
    fill_in(client, "zhang.min")
    answers = [send(client, "/sign-in/code", code="000000").status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2
    assert send(client, "/sign-in/code", code=code_now(services, "zhang.min")).status_code == 429


def test_without_a_second_factor_where_it_is_off(services: Services) -> None:
    client = open_client(with_settings(services, second_factor="off"))
    account(services, "zhang.min")
    assert where(fill_in(client, "zhang.min")) == (303, "/")
    assert client.get("/").status_code == 200


def test_applicants_sign_in_with_their_phone(client: TestClient, services: Services) -> None:
    account(services, "applicant-1", Role.APPLICANT, phone="13800138000")
    assert where(fill_in(client, "138 0013 8000")) == (303, "/")
    assert where(client.get("/")) == (303, "/my")
    page = client.get("/my").text
    assert "还没有申请" in page
    assert "13800138000" not in page


def test_the_cookie(services: Services) -> None:
    client = open_client(with_settings(services, second_factor="off"))
    account(services, "zhang.min")
    line = cookie_line(fill_in(client, "zhang.min"), SESSION)
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= set(line.split("; "))
    assert "Secure" not in line
    assert "Domain" not in line


def test_behind_tls_the_cookies_are_the_hosts_own(services: Services) -> None:
    settings = {"second_factor": "off", "public_url": "https://testserver"}
    client = open_client(with_settings(services, **settings))
    client.base_url = "https://testserver"  # type: ignore[assignment]
    account(services, "zhang.min")
    assert "Secure" in cookie_line(client.get("/sign-in"), f"__Host-{FORM}")
    answer = fill_in(client, "zhang.min")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie_line(answer, f"__Host-{SESSION}").split("; "))
    assert client.get("/").status_code == 200
    bare = open_client(with_settings(services, **settings))
    bare.cookies.set(SESSION, client.cookies[f"__Host-{SESSION}"])
    assert where(bare.get("/"))[1].startswith("/sign-in"), "a cookie without the prefix counts for nothing"


@pytest.mark.parametrize("login", ["zhang.min", "nobody", "13800138000", "13900139000", "", "Ω" * 200])
def test_what_is_wrong_is_not_told(client: TestClient, services: Services, login: str) -> None:
    account(services, "zhang.min", second_factor=True)
    account(services, "applicant-1", Role.APPLICANT, phone="13800138000")
    answer = fill_in(client, login, "not the password")
    assert answer.status_code == 401
    assert "登录信息不正确" in answer.text
    assert "not the password" not in answer.text
    assert SESSION not in client.cookies


def test_guessing_is_slowed_down_and_the_owner_comes_back(client: TestClient, services: Services, clock: Clock) -> None:
    account(services, "zhang.min", second_factor=True)
    answers = [fill_in(client, "zhang.min", "wrong") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "30"
    assert fill_in(client, "zhang.min").status_code == 429, "nor the right password, while it lasts"
    clock.tick(seconds=31)
    assert fill_in(client, "zhang.min", "wrong").status_code == 401
    assert fill_in(client, "zhang.min").headers["retry-after"] == "60", "twice as long"
    clock.tick(seconds=61)
    assert fill_in(client, "zhang.min").status_code == 303
    assert fill_in(open_client(services), "zhang.min", "wrong").status_code == 401, "and all is forgotten"


def test_names_that_nobody_has_are_slowed_down_the_same(client: TestClient) -> None:
    assert [fill_in(client, "nobody", "wrong").status_code for _ in range(6)] == [401] * 5 + [429]


def test_one_address_cannot_try_everybody(client: TestClient, services: Services) -> None:
    answers = [fill_in(client, f"name{number}", "wrong").status_code for number in range(32)]
    assert answers == [401] * 30 + [429] * 2


def test_a_locked_account(client: TestClient, services: Services) -> None:
    account(services, "zhang.min")
    account(services, "li.admin", Role.ADMIN)
    accounts.lock(services, "zhang.min", "li.admin")
    assert fill_in(client, "zhang.min").status_code == 403
    assert fill_in(client, "zhang.min", "wrong").status_code == 401, "who does not know the password learns nothing"
    accounts.unlock(services, "zhang.min", "li.admin")
    assert fill_in(client, "zhang.min").status_code == 303


def test_a_one_time_code(client: TestClient, services: Services, clock: Clock) -> None:
    code = accounts.create(services, "zhang.min", Role.REVIEWER, "cli").code
    assert code is not None
    given = {"login": "zhang.min", "code": code}
    assert send(client, "/sign-in/one-time", **given, password="short").status_code == 422
    assert send(client, "/sign-in/one-time", **{**given, "code": "AAAA-AAAA"}, password=PASSWORD).status_code == 422
    assert where(send(client, "/sign-in/one-time", **given, password=PASSWORD)) == (303, "/sign-in")
    assert send(client, "/sign-in/one-time", **given, password=OTHER_PASSWORD).status_code == 422, "once"
    assert fill_in(client, "zhang.min").status_code == 303
    late = accounts.reset(services, "zhang.min", "cli")
    clock.tick(hours=24)
    assert (
        send(open_client(services), "/sign-in/one-time", login="zhang.min", code=late, password=PASSWORD).status_code
        == 422
    )


def test_a_hash_of_older_parameters_is_renewed(client: TestClient, services: Services) -> None:
    from argon2 import PasswordHasher

    account(services, "zhang.min")
    with services.sessions.begin() as session:
        old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
        session.merge(row_of(services, "zhang.min")).password_hash = old
    assert fill_in(client, "zhang.min").status_code == 303
    renewed = row_of(services, "zhang.min").password_hash
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert fill_in(open_client(services), "zhang.min").status_code == 303


@pytest.mark.parametrize("path", ["/", "/?state=draft", f"/cases/{NO}", "/account", "/people", "/my"])
def test_who_is_not_signed_in_is_led_there_and_back(services: Services, path: str) -> None:
    client = open_client(with_settings(services, second_factor="off"))
    filled(services)
    account(services, "li.admin", Role.ADMIN)
    away = client.get(path)
    assert away.status_code == 303
    assert away.headers["location"].startswith("/sign-in?next=%2F")
    hidden = dict(re.findall(r'name="(form_token|next)" value="([^"]*)"', client.get(away.headers["location"]).text))
    back = client.post("/sign-in", data={**hidden, "login": "li.admin", "password": PASSWORD})
    assert back.headers["location"] == path


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/cases/../x", "/api/docs", "x", "",
     "/?a=b\nSet-Cookie: x=1", "/cases/HD2026A000123/..//evil", "/people/../x", "/my/x"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(services: Services, wanted: str) -> None:
    client = open_client(with_settings(services, second_factor="off"))
    account(services, "li.admin", Role.ADMIN)
    assert where(fill_in(client, "li.admin", to=wanted)) == (303, "/")
    assert client.get("/sign-in", params={"next": wanted}).headers["location"] == "/"


def test_a_form_of_somebody_else_signs_nobody_in(client: TestClient, services: Services) -> None:
    account(services, "zhang.min")
    good = {"login": "zhang.min", "password": PASSWORD, "form_token": form_token(client.get("/sign-in").text)}
    stranger = open_client(services)
    refused = [
        stranger.post("/sign-in", data=good),
        client.post("/sign-in", data={**good, "form_token": "0" * 64}),
        client.post("/sign-in", data={**good, "form_token": ""}),
        *(client.post("/sign-in", data=good, headers={"Sec-Fetch-Site": site}) for site in ("cross-site", "same-site")),
        *(
            client.post("/sign-in", data=good, headers={"Origin": origin})
            for origin in ("https://evil.example", "null")
        ),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (403, "request.form_expired")
        assert SESSION not in answer.cookies
    assert client.post("/sign-in", data=good, headers={"Origin": "http://testserver"}).status_code == 303


def test_signing_out(api: Api, services: Services) -> None:
    account(services, "li.admin", Role.ADMIN)
    visit(api.client, session_of(services, "li.admin"))
    kept = api.client.cookies[SESSION]
    answer = api.client.post("/sign-out", data={"form_token": form_token(api.client.get("/").text)})
    assert where(answer) == (303, "/sign-in")
    assert "cache" in answer.headers["clear-site-data"]
    visit(api.client, kept)
    assert api.client.get("/").status_code == 303, "the session is gone, not only its cookie"


def test_a_form_of_somebody_else_signs_nobody_out(client: TestClient, services: Services) -> None:
    account(services, "li.admin", Role.ADMIN)
    visit(client, session_of(services, "li.admin"))
    for token in ("", "0" * 64):
        answer = client.post("/sign-out", data={"form_token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "request.form_expired")
    assert client.get("/").status_code == 200


def test_signing_out_without_a_session(client: TestClient) -> None:
    assert client.post("/sign-out").headers["location"] == "/sign-in"


def test_a_session_ends_when_idle_and_at_its_end(client: TestClient, services: Services, clock: Clock) -> None:
    account(services, "zhang.min")
    visit(client, session_of(services, "zhang.min"))
    for _ in range(24):
        clock.tick(minutes=29)
        assert client.get("/").status_code == 200
    clock.tick(minutes=25)
    assert client.get("/").status_code == 303, "twelve hours are over"
    visit(client, session_of(services, "zhang.min"))
    clock.tick(minutes=30)
    assert client.get("/").status_code == 303, "half an hour of nothing"


def test_a_step_of_signing_in_lasts_ten_minutes(client: TestClient, services: Services, clock: Clock) -> None:
    account(services, "zhang.min", second_factor=True)
    visit(client, session_of(services, "zhang.min", Stage.SECOND_FACTOR))
    page = client.get("/sign-in/code").text
    clock.tick(minutes=10)
    fields = {"form_token": form_token(page), "code": code_now(services, "zhang.min")}
    assert where(client.post("/sign-in/code", data=fields))[1].startswith("/sign-in?")


def test_a_cookie_nobody_was_given(client: TestClient) -> None:
    client.cookies.set(SESSION, "x" * 43)
    answer = client.get("/")
    assert answer.status_code == 303
    assert "Max-Age=0" in cookie_line(answer, SESSION)


def test_a_form_that_is_too_long(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"password": "x" * 201})
    assert (answer.status_code, answer.json()["where"]) == (422, "body.password")


def test_sessions_are_told_apart_by_the_kind_of_browser(services: Services) -> None:
    client = open_client(with_settings(services, second_factor="off"))
    number = account(services, "zhang.min")
    fill_in(client, "zhang.min", headers={"User-Agent": BROWSER})
    assert [info.agent for info in sessions.of_account(services, number)] == ["Chrome · Windows"]
