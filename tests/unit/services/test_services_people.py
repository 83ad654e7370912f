"""Passwords, brakes, sealing, accounts, applicants' registration, and messages to phones."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from schemas.case import Role
from schemas.events import EventType
from tests.support.factories import Clock, with_settings
from tests.support.people import OTHER_PASSWORD, PASSWORD, account, code_now, row_of, session_of
from verifier.errors import AccountError, AuthError, InputError, MessageError, StorageError, VerifierError
from verifier.services import accounts, identity, passwords, phones, registration, second_factor, sessions, throttle
from verifier.services.context import Services, reading
from verifier.services.messages import Console, Gateway, Template, TextMessage, deliver, sender_of
from verifier.services.sealing import Use, keyed_hash, seal, unseal
from verifier.store.people_tables import AccountRow, ChallengeRow, Purpose, SessionRow, Stage, ThrottleRow
from verifier.store.tables import Base, EventRow

PHONE = "13800138000"
OTHER_PHONE = "13900139000"
HERE = "192.0.2.7"


def refusal(call: Any) -> str:
    """The code of what a call raises."""
    with pytest.raises(VerifierError) as error:
        call()
    return error.value.code


def events(services: Services) -> list[tuple[EventType, str]]:
    with reading(services) as session:
        return [(row.type, row.actor) for row in session.scalars(select(EventRow).order_by(EventRow.seq))]


# passwords


@pytest.mark.parametrize(
    "password, why",
    [
        ("short", "须为"),
        ("x" * 129, "须为"),
        ("password123456", "过于常见"),
        ("Password!2026", "过于常见"),
        ("passwordpassword", "过于常见"),
        ("qwertyqwerty12", "过于常见"),
        ("123456789012", "过于常见"),
        ("890123456789", "过于常见"),
        ("lkjihgfedcba", "过于常见"),
        ("aaaaaaaaaaaa", "过于常见"),
        ("1111222233334444", "过于常见"),
        ("1q2w3e4r5t6y", "过于常见"),
        ("ｐａｓｓｗｏｒｄ１２３４５６", "过于常见"),
        ("zhang.min-2026", "与登录名"),
        ("13800138000xq", "与登录名"),
    ],
)
def test_refused_passwords(password: str, why: str) -> None:
    with pytest.raises(AccountError) as error:
        passwords.check(password, ("zhang.min", PHONE))
    assert error.value.message.split(":")[1].startswith(why)
    assert password not in str(error.value)


@pytest.mark.parametrize(
    "password", [PASSWORD, "一二三四五六七八九十甲乙", "correct battery stable", "x7-lamp!river", "a1b2c3d4e5f6" * 10]
)
def test_passwords_of_any_kind_of_characters(password: str) -> None:
    passwords.check(password, ("zhang.min",))
    stored = passwords.hash_of(password)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(stored, password)
    assert not passwords.matches(stored, password + " ")
    assert not passwords.is_outdated(stored)


def test_one_password_from_two_keyboards() -> None:
    assert passwords.matches(passwords.hash_of("ｌａｍｐ　ｒｉｖｅｒ　１２"), "lamp river 12")


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$broken"])
def test_no_password_matches_nobody(stored: str | None) -> None:
    assert not passwords.matches(stored, "nobody has this password")


# sealing


def test_what_is_sealed(services: Services) -> None:
    sealed = seal(services, Use.PHONE, PHONE)
    assert PHONE not in sealed
    assert seal(services, Use.PHONE, PHONE) != sealed
    assert unseal(services, Use.PHONE, sealed) == PHONE
    changed = ("A" if sealed[30] != "A" else "B").join((sealed[:30], sealed[31:]))
    for use, text in ((Use.TOTP, sealed), (Use.PHONE, changed)):
        with pytest.raises(StorageError):
            unseal(services, use, text)
    other = replace(services, keyring=replace(services.keyring, installation=bytes(32)))
    with pytest.raises(StorageError):
        unseal(other, Use.PHONE, sealed)
    assert keyed_hash(services, Use.PHONE, PHONE) != keyed_hash(other, Use.PHONE, PHONE)
    assert keyed_hash(services, Use.PHONE, PHONE) != keyed_hash(services, Use.CODE, PHONE)


@pytest.mark.parametrize(
    "text", ["", "1380013800", "12800138000", "138001380000", "１３８００１３８０００", "13800138000x"]
)
def test_what_is_no_phone(services: Services, text: str) -> None:
    assert refusal(lambda: phones.parse(text)) == "account.bad_phone"
    assert phones.index_of(services, text) != phones.index_of(services, PHONE)


# brakes and quotas


def test_the_delay_grows_to_a_limit() -> None:
    delays = [throttle.LOGIN.delay(failures).total_seconds() for failures in (0, 4, 5, 6, 7, 9, 10, 11, 50, 10**6)]
    assert delays == [0, 0, 30, 60, 120, 480, 900, 900, 900, 900]


def test_tries_at_the_same_moment_all_count(services: Services) -> None:
    outcomes: list[str] = []

    def guess() -> None:
        try:
            throttle.begin(services, throttle.LOGIN, "zhang.min")
            outcomes.append("let")
        except AuthError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["auth.throttled"] * 7 + ["let"] * 5


def test_failures_are_forgotten_after_a_day(services: Services, clock: Clock) -> None:
    for _ in range(5):
        throttle.begin(services, throttle.LOGIN, "x")
    assert refusal(lambda: throttle.begin(services, throttle.LOGIN, "x")) == "auth.throttled"
    clock.tick(hours=25)
    for _ in range(5):
        throttle.begin(services, throttle.LOGIN, "x")


def test_a_quota_comes_back(services: Services, clock: Clock) -> None:
    quota = throttle.Quota("test", 3, timedelta(minutes=10))
    for _ in range(3):
        throttle.spend(services, quota, HERE)
    with pytest.raises(InputError) as error:
        throttle.spend(services, quota, HERE)
    assert error.value.details == {"seconds": 600}
    throttle.spend(services, quota, "192.0.2.8")
    clock.tick(minutes=10)
    throttle.spend(services, quota, HERE)


def test_rows_say_nothing_and_go_away(services: Services, clock: Clock) -> None:
    account(services, "zhang.min")
    throttle.begin(services, throttle.ADDRESS, HERE)
    with reading(services) as session:
        (key,) = session.scalars(select(ThrottleRow.key))
    assert HERE not in key
    assert hashlib.sha256(HERE.encode()).hexdigest()[:20] not in key
    clock.tick(hours=48)
    session_of(services, "zhang.min")
    with reading(services) as session:
        assert session.scalar(select(func.count()).select_from(ThrottleRow)) == 0


# accounts


def test_an_account_is_made_with_a_code(services: Services) -> None:
    made = accounts.create(services, "zhang.min", Role.REVIEWER, "li.admin")
    assert made.code is not None
    assert made.code not in str(vars(row_of(services, "zhang.min")))
    assert events(services) == [(EventType.ACCOUNT_CREATED, "li.admin")]
    accounts.use_reset_code(services, "zhang.min", made.code, PASSWORD, HERE)
    assert accounts.info_of(services, "zhang.min").has_password


@pytest.mark.parametrize(
    "name", ["", "ab", "Zhang", "1zhang", "zhang min", "张敏", "z" * 41, "13800138000", "zhang/min"]
)
def test_names_that_cannot_be(services: Services, name: str) -> None:
    assert refusal(lambda: accounts.create(services, name, Role.REVIEWER, "x")) == "account.bad_name"


def test_names_are_taken_once(services: Services) -> None:
    accounts.create(services, "zhang.min", Role.REVIEWER, "x")
    assert refusal(lambda: accounts.create(services, "zhang.min", Role.ADMIN, "x")) == "account.exists"
    for role in (Role.APPLICANT, Role.INTEGRATION):
        assert refusal(lambda role=role: accounts.create(services, "other", role, "x")) == "auth.forbidden"


def test_a_reset_takes_everything_away(services: Services) -> None:
    number = account(services, "zhang.min", second_factor=True)
    session_of(services, "zhang.min")
    code = accounts.reset(services, "zhang.min", "li.admin")
    row = row_of(services, "zhang.min")
    assert (row.password_hash, row.totp_sealed, row.totp_at, row.totp_step) == (None, None, None, None)
    assert sessions.of_account(services, number) == ()
    assert (EventType.ACCOUNT_RESET, "li.admin") in events(services)
    claim = identity.Claim("zhang.min", PASSWORD, HERE)
    assert refusal(lambda: identity.Passwords(applicants=False).prove(services, claim)) == "auth.refused"
    accounts.use_reset_code(services, "zhang.min", code.lower(), OTHER_PASSWORD, HERE)


def test_codes_cannot_be_guessed(services: Services) -> None:
    accounts.create(services, "zhang.min", Role.REVIEWER, "x")
    codes = [refusal(lambda: accounts.use_reset_code(services, "zhang.min", "AAAA", PASSWORD, HERE)) for _ in range(6)]
    assert codes == ["auth.code_refused"] * 5 + ["auth.throttled"]


def test_the_last_administrator_stays(services: Services) -> None:
    account(services, "li.admin", Role.ADMIN)
    assert refusal(lambda: accounts.lock(services, "li.admin", "x")) == "account.last_admin"
    assert refusal(lambda: accounts.set_role(services, "li.admin", Role.AUDITOR, "x")) == "account.last_admin"
    account(services, "wang.admin", Role.ADMIN)
    accounts.lock(services, "li.admin", "x")
    assert refusal(lambda: accounts.lock(services, "wang.admin", "x")) == "account.last_admin"


def test_another_role_ends_every_session(services: Services) -> None:
    account(services, "zhang.min")
    secret = session_of(services, "zhang.min")
    accounts.set_role(services, "zhang.min", Role.REVIEWER, "li.admin")
    assert sessions.current(services, secret).principal.role is Role.REVIEWER, "no change, no harm"
    accounts.set_role(services, "zhang.min", Role.AUDITOR, "li.admin")
    assert refusal(lambda: sessions.current(services, secret)) == "auth.missing"
    assert (EventType.ROLE_CHANGED, "li.admin") in events(services)


def test_locking_ends_every_session(services: Services) -> None:
    account(services, "zhang.min")
    secret = session_of(services, "zhang.min")
    accounts.lock(services, "zhang.min", "li.admin")
    assert refusal(lambda: sessions.current(services, secret)) == "auth.missing"


def test_a_new_password_ends_the_other_sessions_and_renews_this_one(services: Services) -> None:
    number = account(services, "zhang.min")
    here, there = session_of(services, "zhang.min"), session_of(services, "zhang.min")
    assert refusal(lambda: accounts.change_password(services, number, "wrong", OTHER_PASSWORD, here)) == "auth.refused"
    assert (
        refusal(lambda: accounts.change_password(services, number, PASSWORD, "short", here))
        == "account.password_refused"
    )
    started = accounts.change_password(services, number, PASSWORD, OTHER_PASSWORD, here)
    for old in (here, there):
        assert refusal(lambda old=old: sessions.current(services, old)) == "auth.missing"
    assert sessions.current(services, started.secret).principal.name == "zhang.min"
    claim = identity.Claim("zhang.min", OTHER_PASSWORD, HERE)
    assert identity.Passwords(applicants=False).prove(services, claim).account_id == number


def test_a_provider_that_asked_for_two_factors_asks_for_no_third(services: Services) -> None:
    """The seam for single sign-on: who was proven elsewhere is admitted with the role an administrator gave."""
    number = account(services, "zhang.min", Role.AUDITOR, second_factor=True)
    for strong, stage in ((True, Stage.FULL), (False, Stage.SECOND_FACTOR)):
        started = identity.admit(services, identity.Proven(number, strong=strong), "test")
        assert started.stage is stage
    assert sessions.current(services, started.secret).principal.role is Role.AUDITOR


def test_only_hashes_are_kept(services: Services) -> None:
    account(services, "zhang.min")
    secret = session_of(services, "zhang.min", Stage.ENROL)
    enrolment = second_factor.begin(services, secret)
    done = second_factor.confirm(services, secret, code_now(services, "zhang.min"))
    text = _everything(services)
    for hidden in (secret, done.session.secret, enrolment.secret, PASSWORD, *done.recovery_codes):
        assert hidden not in text
        assert hidden.replace("-", "") not in text


def _everything(services: Services) -> str:
    """Every row of every table as text."""
    with reading(services) as session:
        return "\n".join(str(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table)))


def test_a_second_factor_is_not_replaced_in_passing(services: Services) -> None:
    account(services, "zhang.min", second_factor=True)
    secret = session_of(services, "zhang.min")
    assert refusal(lambda: second_factor.begin(services, secret)) == "auth.forbidden"
    assert refusal(lambda: second_factor.confirm(services, secret, "123456")) == "auth.forbidden"


# applicants


@dataclass
class Outbox:
    """Stands in for a gateway and remembers."""

    sent: list[TextMessage] = field(default_factory=list)

    def send(self, message: TextMessage) -> None:
        self.sent.append(message)


def code_of(asked: registration.Asked) -> str:
    assert asked.message is not None
    return str(asked.message.values["code"])


def joined(services: Services, phone: str = PHONE) -> str:
    asked = registration.ask(services, Purpose.JOIN, phone, HERE)
    return registration.join(services, asked.challenge, code_of(asked), PASSWORD, "test").secret


def test_joining(services: Services) -> None:
    asked = registration.ask(services, Purpose.JOIN, "+86 138-0013-8000", HERE)
    assert asked.message is not None
    assert (asked.message.to, asked.message.template) == (PHONE, Template.JOIN_CODE)
    assert re.fullmatch(r"\d{6}", code_of(asked))
    assert registration.masked_number(services, asked.challenge) == "138****8000"
    started = registration.join(services, asked.challenge, f" {code_of(asked)} ", PASSWORD, "test")
    who = sessions.current(services, started.secret).principal
    assert who.role is Role.APPLICANT
    assert PHONE not in who.name
    assert PHONE not in _everything(services)
    assert code_of(asked) not in _everything(services)
    assert identity.Passwords(applicants=True).prove(services, identity.Claim(PHONE, PASSWORD, HERE)).account_id


def test_a_code_is_good_once_for_ten_minutes_and_five_tries(services: Services, clock: Clock) -> None:
    def finish(asked: registration.Asked, code: str) -> str:
        return refusal(lambda: registration.join(services, asked.challenge, code, PASSWORD, "test"))

    late = registration.ask(services, Purpose.JOIN, PHONE, HERE)
    clock.tick(minutes=10)
    assert finish(late, code_of(late)) == "auth.code_refused"

    guessed = registration.ask(services, Purpose.JOIN, PHONE, HERE)
    wrong = "000000" if code_of(guessed) != "000000" else "111111"
    assert [finish(guessed, wrong) for _ in range(5)] == ["auth.code_refused"] * 5
    assert finish(guessed, code_of(guessed)) == "auth.code_refused", "five tries are over"

    clock.tick(minutes=1)
    good = registration.ask(services, Purpose.JOIN, PHONE, HERE)
    recovering = refusal(lambda: registration.recover(services, good.challenge, code_of(good), PASSWORD, "test"))
    assert recovering == "auth.code_refused", "a code is good for what it was asked for"
    registration.join(services, good.challenge, code_of(good), PASSWORD, "test")
    assert finish(good, code_of(good)) == "auth.code_refused", "once"


def test_a_weak_password_costs_no_try(services: Services) -> None:
    asked = registration.ask(services, Purpose.JOIN, PHONE, HERE)
    for _ in range(6):
        call = lambda: registration.join(services, asked.challenge, code_of(asked), "short", "test")  # noqa: E731
        assert refusal(call) == "account.password_refused"
    registration.join(services, asked.challenge, code_of(asked), PASSWORD, "test")


def test_a_new_code_ends_the_old_one(services: Services, clock: Clock) -> None:
    first = registration.ask(services, Purpose.JOIN, PHONE, HERE)
    clock.tick(minutes=1)
    registration.ask(services, Purpose.JOIN, PHONE, HERE)
    call = lambda: registration.join(services, first.challenge, code_of(first), PASSWORD, "test")  # noqa: E731
    assert refusal(call) == "auth.code_refused"


def test_codes_are_rationed(services: Services, clock: Clock) -> None:
    registration.ask(services, Purpose.JOIN, PHONE, HERE)
    assert refusal(lambda: registration.ask(services, Purpose.RECOVER, PHONE, HERE)) == "request.too_many"
    for _ in range(9):
        clock.tick(minutes=1)
        registration.ask(services, Purpose.JOIN, PHONE, HERE)
    clock.tick(minutes=1)
    assert refusal(lambda: registration.ask(services, Purpose.JOIN, PHONE, HERE)) == "request.too_many", "ten a day"
    for number in range(18):
        registration.ask(services, Purpose.JOIN, f"139{number:08d}", HERE)
    assert refusal(lambda: registration.ask(services, Purpose.JOIN, "13700137000", HERE)) == "request.too_many"


def test_a_number_with_an_account_is_told_so_on_the_phone_only(services: Services, clock: Clock) -> None:
    joined(services)
    clock.tick(minutes=1)
    again = registration.ask(services, Purpose.JOIN, PHONE, HERE)
    assert again.message is not None
    assert again.message.template is Template.ALREADY_JOINED
    assert not any(character.isdigit() for character in again.message.text)
    for code in ("000000", "999999"):
        call = lambda code=code: registration.join(services, again.challenge, code, OTHER_PASSWORD, "x")  # noqa: E731
        assert refusal(call) == "auth.code_refused"
    nobody = registration.ask(services, Purpose.RECOVER, OTHER_PHONE, HERE)
    assert nobody.message is None
    assert len(nobody.challenge) == len(again.challenge)


def test_two_who_join_with_one_number_at_once(services: Services) -> None:
    """The second finds the number taken by the first and learns nothing of it."""
    asked = registration.ask(services, Purpose.JOIN, PHONE, HERE)
    account(services, "applicant-first", Role.APPLICANT, phone=PHONE)
    call = lambda: registration.join(services, asked.challenge, code_of(asked), OTHER_PASSWORD, "test")  # noqa: E731
    assert refusal(call) == "auth.code_refused"


def test_recovering(services: Services, clock: Clock) -> None:
    before = joined(services)
    clock.tick(minutes=1)
    for _ in range(5):
        call = lambda: identity.Passwords(applicants=True).prove(services, identity.Claim(PHONE, "wrong", HERE))  # noqa: E731
        assert refusal(call) == "auth.refused"
    asked = registration.ask(services, Purpose.RECOVER, PHONE, HERE)
    after = registration.recover(services, asked.challenge, code_of(asked), OTHER_PASSWORD, "test")
    assert refusal(lambda: sessions.current(services, before)) == "auth.missing"
    assert sessions.current(services, after.secret).principal.role is Role.APPLICANT
    claim = identity.Claim(PHONE, OTHER_PASSWORD, HERE)
    identity.Passwords(applicants=True).prove(services, claim)


def test_recovering_passes_no_second_factor(services: Services) -> None:
    account(services, "applicant-1", Role.APPLICANT, phone=PHONE, second_factor=True)
    asked = registration.ask(services, Purpose.RECOVER, PHONE, HERE)
    started = registration.recover(services, asked.challenge, code_of(asked), OTHER_PASSWORD, "test")
    assert started.stage is Stage.SECOND_FACTOR


def test_recovering_opens_no_locked_account(services: Services) -> None:
    account(services, "applicant-1", Role.APPLICANT, phone=PHONE)
    accounts.lock(services, "applicant-1", "li.admin")
    asked = registration.ask(services, Purpose.RECOVER, PHONE, HERE)
    call = lambda: registration.recover(services, asked.challenge, code_of(asked), OTHER_PASSWORD, "x")  # noqa: E731
    assert refusal(call) == "auth.code_refused"


def test_challenges_that_ran_out_are_cleared(services: Services, clock: Clock) -> None:
    registration.ask(services, Purpose.JOIN, PHONE, HERE)
    clock.tick(minutes=10)
    registration.ask(services, Purpose.JOIN, OTHER_PHONE, HERE)
    with reading(services) as session:
        assert session.scalar(select(func.count()).select_from(ChallengeRow)) == 1


# sessions


def test_sessions_that_ran_out_are_cleared_by_the_next(services: Services, clock: Clock) -> None:
    account(services, "zhang.min")
    for _ in range(3):
        session_of(services, "zhang.min")
    clock.tick(minutes=30)
    session_of(services, "zhang.min")
    with reading(services) as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 1


@pytest.mark.parametrize("secret", ["", "x", "Ω", "a" * 10_000])
def test_a_secret_nobody_was_given(services: Services, secret: str) -> None:
    assert refusal(lambda: sessions.current(services, secret)) == "auth.missing"
    sessions.end(services, secret)


def test_coming_and_going_are_events(services: Services) -> None:
    account(services, "zhang.min")
    secret = session_of(services, "zhang.min")
    for _ in range(2):
        sessions.end(services, secret)
    assert events(services) == [(EventType.SIGNED_IN, "zhang.min"), (EventType.SIGNED_OUT, "zhang.min")]


def test_failed_sign_ins_are_events_without_what_was_typed(services: Services) -> None:
    account(services, "zhang.min")
    provider = identity.Passwords(applicants=False)
    for name in ("zhang.min", "my password by mistake"):
        claim = identity.Claim(name, "wrong", HERE)
        assert refusal(lambda claim=claim: provider.prove(services, claim)) == "auth.refused"
    assert events(services) == [(EventType.SIGN_IN_FAILED, "zhang.min"), (EventType.SIGN_IN_FAILED, "unknown")]
    assert "mistake" not in _everything(services)
    assert HERE not in _everything(services)


def test_staff_and_applicants_do_not_mix(services: Services) -> None:
    account(services, "zhang.min")
    account(services, "applicant-1", Role.APPLICANT, phone=PHONE)
    claim = identity.Claim("applicant-1", PASSWORD, HERE)
    assert refusal(lambda: identity.Passwords(applicants=False).prove(services, claim)) == "auth.refused"


# messages


MESSAGE = TextMessage("id1", PHONE, Template.JOIN_CODE, {"code": "123456"})


def test_a_message_hides_its_number_and_values() -> None:
    assert PHONE not in repr(MESSAGE)
    assert "123456" not in repr(MESSAGE)


def test_the_console_writes_for_its_owner(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "data" / "messages.txt"
    Console(file).send(MESSAGE)
    assert file.read_text().startswith("138****8000 验证码 123456,")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert capfd.readouterr() == ("", ""), "what is no terminal may be a log"
    (tmp_path / "file").write_text("")
    assert refusal(lambda: Console(tmp_path / "file" / "x").send(MESSAGE)) == "message.unavailable"


@dataclass
class SmsGateway:
    """A gateway that answers with each status of `answers` in turn, then 200."""

    answers: list[int]
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0


@contextmanager
def gateway(*answers: int) -> Iterator[SmsGateway]:
    state = SmsGateway(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(state.answers.pop(0) if state.answers else 200)
            self.send_header("Location", "http://192.0.2.1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sender_to(port: int, slept: list[float] | None = None) -> Gateway:
    waits = slept if slept is not None else []
    return Gateway(f"http://127.0.0.1:{port}/send?v=1", b"shared", 5.0, clock=lambda: 1.9, sleep=waits.append)


def test_the_gateway_gets_signed_json() -> None:
    with gateway() as state:
        sender_to(state.port).send(MESSAGE)
    ((path, headers, body),) = state.got
    assert path == "/send?v=1"
    assert headers["content-type"] == "application/json"
    assert headers["x-verifier-signature"] == "sha256=" + hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    assert json.loads(body) == {
        "id": "id1", "to": PHONE, "template": "join_code", "values": {"code": "123456"}, "text": MESSAGE.text, "at": 1,
    }  # fmt: skip


def test_the_gateway_is_asked_three_times() -> None:
    slept: list[float] = []
    with gateway(503, 500) as state:
        sender_to(state.port, slept).send(MESSAGE)
    assert (len(state.got), slept) == (3, [0.5, 2.0])
    assert len({body for _, _, body in state.got}) == 1, "the same id: it knows it has it already"
    with gateway(500, 302, 400) as state:
        assert refusal(lambda: sender_to(state.port).send(MESSAGE)) == "message.unavailable"
    assert len(state.got) == 3, "a redirect is not followed"


def test_a_gateway_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    with gateway() as state:
        port = state.port
    with caplog.at_level(logging.DEBUG):
        assert refusal(lambda: sender_to(port).send(MESSAGE)) == "message.unavailable"
        deliver(sender_to(port), MESSAGE)
    assert PHONE not in caplog.text
    assert "123456" not in caplog.text


def test_who_sends_is_a_setting(services: Services) -> None:
    assert isinstance(sender_of(services.settings), Console)
    named = with_settings(services, sms_url="https://sms.example/send").settings
    assert isinstance(sender_of(named), Gateway)


def test_a_message_that_nobody_took_is_no_error_of_the_answer() -> None:
    class Broken:
        def send(self, message: TextMessage) -> None:
            raise MessageError

    deliver(Broken(), MESSAGE)


def test_senders_are_swapped(services: Services) -> None:
    outbox = Outbox()
    deliver(replace(services, sender=outbox).sender, MESSAGE)
    assert outbox.sent == [MESSAGE]


def test_accounts_by_kind(services: Services) -> None:
    account(services, "zhang.min")
    joined(services)
    assert [info.name for info in accounts.listed(services)] == ["zhang.min"]
    assert [info.role for info in accounts.listed(services, applicants=True)] == [Role.APPLICANT]
    with reading(services) as session:
        assert session.scalar(select(func.count()).select_from(AccountRow)) == 2
