"""Applicants sign up and recover, administrators handle people: through the pages, without scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from schemas.case import Role
from tests.support.factories import Clock, with_settings
from tests.support.people import OTHER_PASSWORD, PASSWORD, account, row_of, session_of, visit
from tests.support.web import form_token, open_client
from verifier.errors import MessageError
from verifier.services import sessions
from verifier.services.context import Services
from verifier.services.messages import TextMessage
from verifier.web.agents import label_of

PHONE = "13800138000"
OTHER = "13900139000"


@dataclass
class Outbox:
    sent: list[TextMessage] = field(default_factory=list)
    broken: bool = False

    def send(self, message: TextMessage) -> None:
        if self.broken:
            raise MessageError
        self.sent.append(message)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def client(services: Services, outbox: Outbox) -> TestClient:
    return open_client(replace(services, sender=outbox))


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def ask(client: TestClient, phone: str, way: str = "/join") -> Any:
    return client.post(way, data={"phone": phone, "form_token": form_token(client.get(way).text)})


def answer(client: TestClient, asked: Any, code: str, way: str = "/join", password: str = PASSWORD) -> Any:
    return client.post(f"{way}/code", data={**hidden(asked.text), "code": code, "password": password})


def test_from_a_phone_number_to_a_password_and_back_in(client: TestClient, outbox: Outbox, clock: Clock) -> None:
    asked = ask(client, "138 0013 8000")
    assert "138****8000" in asked.text
    assert PHONE not in asked.text
    wrong = answer(client, asked, "abc")
    assert (wrong.status_code, "验证码不正确" in wrong.text) == (422, True)
    weak = answer(client, asked, outbox.sent[0].values["code"], password="password123456")
    assert (weak.status_code, "过于常见" in weak.text) == (422, True)
    assert "password123456" not in weak.text
    done = answer(client, asked, outbox.sent[0].values["code"])
    assert (done.status_code, done.headers["location"]) == (303, "/my")
    assert "我的申请" in client.get("/my").text
    client.post("/sign-out", data={"form_token": form_token(client.get("/account").text)})

    clock.tick(minutes=1)
    again = ask(client, PHONE, "/recover")
    done = answer(client, again, outbox.sent[1].values["code"], "/recover", OTHER_PASSWORD)
    assert done.headers["location"] == "/my"
    assert len(outbox.sent) == 2


@pytest.mark.parametrize("way", ["/join", "/recover"])
def test_known_and_unknown_numbers_answer_the_same(services: Services, outbox: Outbox, way: str) -> None:
    """But for what is random and the stars of the number itself."""
    account(services, "applicant-1", Role.APPLICANT, phone=PHONE)
    seen = []
    for phone in (PHONE, OTHER):
        client = open_client(replace(services, sender=outbox))
        asked = ask(client, phone, way)
        text = re.sub(r'value="[\w-]+"|1\d\d\*{4}\d{4}', "", asked.text)
        refused = answer(client, asked, "not a code", way)
        after = re.sub(r'value="[\w-]+"|1\d\d\*{4}\d{4}', "", refused.text)
        names = sorted(name for name in asked.headers if name != "x-request-id")
        seen.append((asked.status_code, text, names, refused.status_code, after))
    assert seen[0] == seen[1]
    assert {message.to for message in outbox.sent} == ({PHONE, OTHER} if way == "/join" else {PHONE})


def test_a_message_that_cannot_be_sent_changes_no_answer(client: TestClient, outbox: Outbox) -> None:
    outbox.broken = True
    assert ask(client, PHONE).status_code == 200


@pytest.mark.parametrize("phone", ["", "12345", "13800138000 or so"])
def test_what_is_no_number(client: TestClient, outbox: Outbox, phone: str) -> None:
    asked = ask(client, phone)
    assert (asked.status_code, "手机号码有误" in asked.text) == (422, True)
    assert outbox.sent == []


def test_codes_are_rationed(client: TestClient, outbox: Outbox) -> None:
    ask(client, PHONE)
    again = ask(client, PHONE)
    assert (again.status_code, again.headers["retry-after"]) == (429, "60")
    assert len(outbox.sent) == 1


def test_a_step_that_is_gone_begins_again(client: TestClient) -> None:
    asked = ask(client, PHONE)
    gone = {**hidden(asked.text), "challenge": "x", "code": "123456", "password": PASSWORD}
    answer_ = client.post("/join/code", data=gone)
    assert (answer_.status_code, 'name="phone"' in answer_.text) == (422, True)


def test_forms_of_others_do_nothing(client: TestClient, outbox: Outbox) -> None:
    for path, data in (("/join", {"phone": PHONE}), ("/recover", {"phone": PHONE}), ("/join/code", {"code": "1"})):
        assert client.post(path, data={**data, "form_token": "0" * 64}).status_code == 403
    assert outbox.sent == []


def test_where_applicants_come_through_another_system(services: Services) -> None:
    client = open_client(with_settings(services, applicant_accounts=False))
    for path in ("/join", "/recover"):
        assert client.get(path).status_code == 404
    assert "/join" not in client.get("/sign-in").text


# an administrator


@pytest.fixture
def admin(client: TestClient, services: Services) -> TestClient:
    account(services, "li.admin", Role.ADMIN)
    visit(client, session_of(services, "li.admin"))
    return client


def press(client: TestClient, path: str, **fields: str) -> Any:
    return client.post(path, data={"form_token": form_token(client.get("/people").text), **fields})


def test_an_administrator_makes_an_account(admin: TestClient, services: Services) -> None:
    made = press(admin, "/people", name=" Zhang.Min", role="second_reviewer")
    (code,) = re.findall(r"<code class=\"secret\">([A-Z2-9-]{19})</code>", made.text)
    assert row_of(services, "zhang.min").role is Role.SECOND_REVIEWER
    assert "待首次登录" in admin.get("/people").text
    assert code not in admin.get("/people").text
    assert press(admin, "/people", name="zhang.min", role="auditor").status_code == 409
    assert press(admin, "/people", name="x y", role="auditor").status_code == 422
    for role in ("applicant", "integration"):
        assert press(admin, "/people", name="other", role=role).status_code == 403
    assert press(admin, "/people", name="other", role="god").status_code == 422


def test_an_administrator_mends_an_account(admin: TestClient, services: Services) -> None:
    number = account(services, "zhang.min", second_factor=True)
    session_of(services, "zhang.min")
    at = f"/people/{row_of(services, 'zhang.min').public_id}"
    (info,) = sessions.of_account(services, number)
    assert press(admin, f"{at}/sessions/{info.id}/end").headers["location"] == at
    assert sessions.of_account(services, number) == ()
    session_of(services, "zhang.min")
    assert press(admin, f"{at}/lock").status_code == 303
    assert "已停用" in admin.get(at).text
    assert sessions.of_account(services, number) == ()
    assert press(admin, f"{at}/unlock").status_code == 303
    assert press(admin, f"{at}/role", role="auditor").status_code == 303
    assert row_of(services, "zhang.min").role is Role.AUDITOR
    shown = press(admin, f"{at}/reset").text
    assert re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){3}", shown)
    assert row_of(services, "zhang.min").totp_at is None
    assert press(admin, f"{at}/sessions/end").status_code == 303


def test_an_administrator_cannot_shut_everybody_out(admin: TestClient, services: Services) -> None:
    me = f"/people/{row_of(services, 'li.admin').public_id}"
    for path, fields in ((f"{me}/lock", {}), (f"{me}/role", {"role": "reviewer"})):
        answer_ = press(admin, path, **fields)
        assert (answer_.status_code, "最后一位" in answer_.text) == (409, True)


def test_nobody_by_that_name(admin: TestClient) -> None:
    for path in ("lock", "unlock", "reset", "sessions/end"):
        assert press(admin, f"/people/nobody/{path}").status_code == 404
    assert admin.get("/people/nobody").status_code == 404


def test_an_administrator_sees_no_applicants_number(admin: TestClient, services: Services) -> None:
    account(services, "applicant-1", Role.APPLICANT, phone=PHONE)
    for path in ("/people", f"/people/{row_of(services, 'applicant-1').public_id}"):
        page = admin.get(path).text
        assert "applicant-1" in page
        assert PHONE not in page
    assert press(admin, f"/people/{row_of(services, 'applicant-1').public_id}/reset").status_code == 404


# one's own account


def test_ones_own_sessions_and_password(client: TestClient, services: Services) -> None:
    number = account(services, "zhang.min")
    others = [session_of(services, "zhang.min") for _ in range(2)]
    visit(client, session_of(services, "zhang.min"))
    page = client.get("/account").text
    assert page.count("本次") == 1
    token = form_token(page)
    client.post("/account/sessions/end-others", data={"form_token": token})
    assert len(sessions.of_account(services, number)) == 1
    assert others
    wrong = client.post("/account/password", data={"form_token": token, "old": "x", "new": OTHER_PASSWORD})
    assert (wrong.status_code, "登录信息不正确" in wrong.text) == (401, True)
    done = client.post("/account/password", data={"form_token": token, "old": PASSWORD, "new": OTHER_PASSWORD})
    assert done.headers["location"] == "/account"
    fresh = form_token(client.get("/account").text)
    assert fresh != token, "a form of before is worth nothing"
    (info,) = sessions.of_account(services, number)
    assert client.post(f"/account/sessions/{info.id}/end", data={"form_token": fresh}).status_code == 303
    assert client.get("/account").status_code == 303


# around everything


def test_behind_tls_browsers_are_told_to_insist(services: Services) -> None:
    plain = open_client(services).get("/livez").headers
    assert "strict-transport-security" not in plain
    strict = open_client(with_settings(services, public_url="https://testserver")).get("/sign-in").headers
    assert strict["strict-transport-security"] == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize(
    "host, path, status",
    [
        ("verifier.example", "/sign-in", 200),
        ("verifier.example:8443", "/sign-in", 200),
        ("also.example", "/sign-in", 200),
        ("evil.example", "/sign-in", 421),
        ("verifier.example.evil.example", "/sign-in", 421),
        ("[::1", "/sign-in", 421),
        ("evil.example", "/api/v1/stats", 421),
        ("10.0.0.7:8080", "/livez", 200),
    ],
)
def test_only_our_own_hosts(services: Services, host: str, path: str, status: int) -> None:
    ours = {"public_url": "http://verifier.example", "allowed_hosts": "also.example, third.example"}
    answer_ = open_client(with_settings(services, **ours)).get(path, headers={"Host": host})
    assert answer_.status_code == status
    assert "evil" not in answer_.text


def test_no_form_page_has_inline_script_or_style(client: TestClient, services: Services) -> None:
    account(services, "li.admin", Role.ADMIN)
    pages = [client.get(path).text for path in ("/sign-in", "/sign-in/one-time", "/join", "/recover")]
    visit(client, session_of(services, "li.admin"))
    pages += [client.get(path).text for path in ("/account", "/account/second-factor", "/people")]
    for page in pages:
        assert not re.search(r"<script>|<style|style=|onclick=|javascript:", page)
        assert page.count("<form") == page.count('name="form_token"'), "every form carries a token"
        for name in re.findall(r'<(?:input|select) id="(\w+)"', page):
            assert f'<label for="{name}"' in page


@pytest.mark.parametrize(
    "agent, label",
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile Safari/604",
            "Safari · iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16; X) AppleWebKit/537 Chrome/140 Mobile Safari/537 MicroMessenger/8",
            "微信 · Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge · Windows"),
        ("curl/8", "其他"),
        ("", "其他"),
    ],
)
def test_kinds_of_browsers(agent: str, label: str) -> None:
    assert label_of(agent) == label
