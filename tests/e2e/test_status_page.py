"""The status page in a real browser: sign in, look through the cases, open one, sign out; on a desk and on a phone."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from schemas.case import STAFF, Role
from tests.support.cases import draft
from tests.support.factories import with_settings
from tests.support.people import PASSWORD, account
from tests.support.server import serving
from tests.support.status_page import Seeded, house
from verifier.services import process, queries
from verifier.web.app import create_app

pytestmark = pytest.mark.browser

WAIT_MS = 20_000
PHONE = {"width": 390, "height": 800}

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
"""A container has neither the rights of the sandbox, nor a graphics card, nor much of /dev/shm."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package chromium or name one in CHROMIUM")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    built = house(tmp_path_factory.mktemp("house"))
    process.beat(built.services, "unit1:interactive", "interactive")
    for role in STAFF:
        account(built.services, login_of(role), role)
    yield built
    built.services.sessions.kw["bind"].dispose()


@pytest.fixture(scope="module")
def address(seeded: Seeded) -> Iterator[str]:
    with serving(create_app(with_settings(seeded.services, second_factor="off"))) as where:
        yield where


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page of a fresh visitor that must not complain, nor ask anybody but the server."""
    context = browser.new_context(base_url=address, locale="zh-CN")
    opened = context.new_page()
    opened.set_default_timeout(WAIT_MS)
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    strangers: list[str] = []
    host = urlsplit(address).netloc
    opened.on(
        "request", lambda request: strangers.append(request.url) if urlsplit(request.url).netloc != host else None
    )
    yield opened
    context.close()
    assert strangers == []
    expected = ("401", "404")
    assert [line for line in complaints if not any(status in line for status in expected)] == []


def login_of(role: Role) -> str:
    return f"演示-{role.value}"


def sign_in(page: Page, login: str, password: str = PASSWORD) -> None:
    page.get_by_label("手机号码或登录名").fill(login)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_a_visit_from_sign_in_to_sign_out(page: Page, seeded: Seeded) -> None:
    number = seeded.numbers[4]
    page.goto(f"/cases/{number}")
    expect(page).to_have_url(re.compile("/sign-in"))

    sign_in(page, login_of(Role.REVIEWER), "nonsense")
    expect(page.get_by_role("alert")).to_contain_text("登录信息不正确")
    sign_in(page, login_of(Role.REVIEWER))
    expect(page).to_have_url(re.compile(f"/cases/{number}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)

    page.get_by_role("navigation", name="主要页面").get_by_role("link", name="申请").click()
    rows = page.get_by_role("row")
    expect(rows).to_have_count(len(seeded.numbers) + 1)
    page.get_by_role("navigation", name="按状态筛选").get_by_role("link", name="待人工核对").click()
    expect(page.get_by_role("rowheader")).to_have_count(2)

    page.get_by_role("link", name=number).click()
    finding = page.get_by_role("listitem").filter(has_text="id_number.mismatch")
    expect(finding).to_contain_text("********")
    id_card = page.locator("details", has=page.get_by_role("heading", name="居民身份证"))
    expect(id_card.get_by_role("table")).to_be_hidden()
    id_card.locator("summary").click()
    expect(id_card.get_by_role("row", name="证件号码")).to_contain_text("高 0.97")
    assert [secret for secret in seeded.secrets if secret in page.content()] == []

    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_with_the_keyboard_alone(page: Page, seeded: Seeded) -> None:
    page.goto("/sign-in")
    expect(page.get_by_label("手机号码或登录名")).to_be_focused()
    page.keyboard.insert_text(login_of(Role.AUDITOR))
    page.keyboard.press("Tab")
    page.keyboard.insert_text(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("申请")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_list_refreshes_itself(page: Page, seeded: Seeded, address: str) -> None:
    page.goto("/sign-in")
    page.clock.install()
    sign_in(page, login_of(Role.ADMIN))
    link = page.get_by_role("rowheader").first.get_by_role("link")
    expect(link).to_have_text(seeded.numbers[-1])
    link.focus()
    draft(seeded.services, "HD2026A900001")
    with page.expect_response(f"{address}/"):
        page.clock.run_for(11_000)
    expect(page.get_by_role("rowheader").first).to_contain_text("HD2026A900001")
    expect(page.get_by_role("link", name=seeded.numbers[-1])).to_be_focused()


def test_without_scripts(browser: Browser, address: str, seeded: Seeded) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto("/")
    sign_in(page, login_of(Role.REVIEWER))
    page.get_by_role("link", name=seeded.numbers[4]).click()
    page.locator("summary").first.click()
    expect(page.get_by_role("row", name="签发机关")).to_be_visible()
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    context.close()


@pytest.mark.parametrize("path", ["/", "case", "/sign-in", "/api/docs"])
def test_a_phone_shows_it_without_sideways_scrolling(page: Page, seeded: Seeded, path: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    if path != "/sign-in":
        page.goto("/sign-in")
        sign_in(page, login_of(Role.REVIEWER))
        expect(page.get_by_role("heading", level=1)).to_contain_text("申请")
    page.goto(f"/cases/{seeded.numbers[4]}" if path == "case" else path)
    if path == "/api/docs":
        expect(page.locator("details").first).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for name in ("退出", "登录"):
        button = page.get_by_role("button", name=name)
        if button.count():
            box = button.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 24, "target size (WCAG 2.5.8)"


def test_the_reference_is_drawn(page: Page) -> None:
    page.goto("/api/docs")
    operation = page.locator("details.operation", has_text="/decision")
    operation.locator("summary").click()
    expect(operation).to_contain_text("角色:reviewer")
    expect(operation.get_by_role("row", name="409")).to_contain_text("case.same_person")
    operation.get_by_role("link", name="DecisionRequest").first.click()
    expect(page.locator("#schema-DecisionRequest")).to_contain_text("reasons")


def test_visits_are_recorded(page: Page, seeded: Seeded) -> None:
    page.goto("/sign-in")
    sign_in(page, login_of(Role.AUDITOR))
    page.get_by_role("link", name=seeded.numbers[0]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(seeded.numbers[0])
    last = queries.events_of(seeded.services, seeded.numbers[0])[-1]
    assert (last.type, last.actor) == ("case_viewed", "演示-auditor")
