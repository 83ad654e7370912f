"""The reviewers' desk in a real browser: ten flagged cases by keyboard alone, the viewer, no scripts, axe-core, an office screen."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from schemas.case import CaseState
from tests.support import axe, people
from tests.support.factories import with_settings
from tests.support.review_house import fill, open_review_house, reviewers
from tests.support.server import serving
from verifier.services import queries, worklist
from verifier.services.context import Services
from verifier.services.worklist import WorkFilter
from verifier.web import cookies
from verifier.web.app import create_app

pytestmark = pytest.mark.browser

WAIT_MS = 20_000
OFFICE = {"width": 1366, "height": 768}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
CASES = 10


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package chromium or name one in CHROMIUM")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = with_settings(open_review_house(tmp_path), second_factor="off")
    for name, role in reviewers():
        people.account(opened, name, role)
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    with serving(create_app(services)) as where:
        yield where


def open_page(
    browser: Browser, address: str, services: Services, name: str = "reviewer", *, scripts: bool = True
) -> Page:
    """A page on an office screen, signed in, that must not complain."""
    context = browser.new_context(base_url=address, viewport=OFFICE, locale="zh-CN", java_script_enabled=scripts)  # type: ignore[arg-type]
    context.add_cookies([{"name": cookies.SESSION, "value": people.session_of(services, name), "url": address}])
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def clear_by_keyboard(page: Page) -> tuple[list[str], list[float]]:
    """Decide every case of the queue with keys: what is wrong is returned, what is unsure is dismissed and accepted. The
    numbers in order, and the milliseconds from the last key of each to the next page."""
    page.goto("/review")
    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/review/HD"))
    cleared: list[str] = []
    turns: list[float] = []
    while "/review/HD" in page.url:
        number = re.search(r"/review/(HD\w+)", page.url)
        assert number is not None
        cleared.append(number[1])
        grave = page.locator("[data-item] .badge.tone-look").count() > 0
        for _ in range(page.locator("[data-item][data-open]").count()):
            before = page.locator("input[name=seen]").first.get_attribute("value")
            page.locator("[data-item].current").wait_for()
            if grave:
                page.keyboard.press("Enter")
                page.keyboard.press("1")
            else:
                page.keyboard.press("x")
            page.wait_for_function("old => document.querySelector('input[name=seen]')?.value !== old", arg=before)
        begun = time.perf_counter()
        if grave:
            page.keyboard.press("a")
        else:
            page.keyboard.press("r")
            page.wait_for_url(re.compile("/notice"))
            begun = time.perf_counter()
            page.keyboard.press("r")
        page.wait_for_url(lambda url, old=number[1]: f"/review/{old}" not in url)
        turns.append((time.perf_counter() - begun) * 1000)
    return cleared, turns


def test_ten_flagged_cases_by_keyboard_alone(browser: Browser, address: str, services: Services) -> None:
    fill(services, ("other_person", "expired") * (CASES // 2))
    page = open_page(browser, address, services)
    cleared, turns = clear_by_keyboard(page)
    assert len(cleared) == len(set(cleared)) == CASES
    states = {queries.case_view(services, number).state for number in cleared}
    assert states == {CaseState.ACCEPTED, CaseState.RETURNED}
    assert worklist.page(services, WorkFilter()).items == ()
    assert statistics.median(turns) < 2000
    page.context.close()


def test_the_viewer_and_the_words_point_at_each_other(browser: Browser, address: str, services: Services) -> None:
    fill(services, ["other_person"])
    page = open_page(browser, address, services)
    page.goto("/review")
    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/review/HD"))
    picture = page.locator(".sheet:not([hidden]) .sheet-picture")
    zoomed = picture.get_attribute("viewBox")
    assert zoomed != "0 0 1000 700", "the first finding is zoomed to"
    expect(page.locator(".spot.lit")).to_have_count(1)
    page.get_by_role("button", name="整页").click()
    expect(picture).to_have_attribute("viewBox", "0.0 0.0 1000.0 700.0")
    page.keyboard.press("z")
    expect(picture).to_have_attribute("viewBox", zoomed or "")
    page.keyboard.press("t")
    expect(picture).to_have_attribute("viewBox", "0.0 0.0 700.0 1000.0")
    where = page.locator("[data-where]")
    expect(where).to_contain_text("(2/5)")
    page.keyboard.press("]")
    expect(where).to_contain_text("(3/5)")
    page.keyboard.press("j")
    expect(page.locator("[data-item].current")).to_have_attribute("id", re.compile("finding-"))
    page.locator(".saying a", has_text="居民身份证").first.click()
    expect(where).to_contain_text("居民身份证")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.context.close()


def test_the_next_case_is_fetched_ahead(browser: Browser, address: str, services: Services) -> None:
    fill(services, ["other_person", "other_person"])
    page = open_page(browser, address, services)
    page.goto("/review")
    with page.expect_response(re.compile("HD2026A000002/documents/.*jpg")):
        page.keyboard.press("n")
    held = queries.case_view(services, "HD2026A000002").claim
    assert held is not None and held.holder == "reviewer"
    page.context.close()


def test_without_scripts(browser: Browser, address: str, services: Services) -> None:
    fill(services, ["expired"])
    page = open_page(browser, address, services, scripts=False)
    page.goto("/review")
    page.get_by_role("button", name="领取下一件").click()
    expect(page.locator(".sheet-picture")).to_have_count(5)
    first = page.locator("[data-item]").first
    first.get_by_text("排除", exact=False).first.click()
    first.get_by_role("button", name="写法不同").click()
    expect(page.locator(".badge", has_text="已排除").first).to_be_visible()
    page.get_by_role("link", name="退回补正").click()
    expect(page.get_by_role("heading", name="申请人看到的样子")).to_be_visible()
    page.context.close()


def test_an_auditor_looks_and_finds_nothing_to_press(browser: Browser, address: str, services: Services) -> None:
    (number,) = fill(services, ["other_person"])
    page = open_page(browser, address, services, "auditor")
    page.goto(f"/review/{number}")
    expect(page.get_by_role("region", name="决定")).to_contain_text("只能查看")
    expect(page.get_by_role("button", name="属实")).to_have_count(0)
    for key in ("x", "a", "r", "s"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(f"/review/{number}$"))
    page.context.close()


def test_an_office_screen_shows_the_bench_without_scrolling(browser: Browser, address: str, services: Services) -> None:
    fill(services, ["other_person"])
    page = open_page(browser, address, services)
    page.goto("/review")
    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/review/HD"))
    assert page.evaluate("document.documentElement.scrollWidth") <= OFFICE["width"]
    assert page.evaluate("document.documentElement.scrollHeight") <= OFFICE["height"]
    expect(page.get_by_role("button", name="受理", exact=False).first).to_be_in_viewport()
    page.context.close()


def test_axe_finds_nothing(
    browser: Browser, address: str, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    source = axe.script()
    if isinstance(source, str):
        pytest.skip(source)
    flagged, passed = fill(services, ["other_person", "pass"])
    page = open_page(browser, address, services)
    found: list[str] = []

    def look(what: str) -> None:
        found.extend(f"{what}: {line}" for line in axe.violations(page, source))

    page.goto("/review")
    look("queue")
    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/review/HD"))
    look("bench")
    page.keyboard.press("Enter")
    look("bench with reasons")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look("help")
    for path in (f"/review/{flagged}/notice", "/review/passes", f"/review/{flagged}/history", f"/review/{passed}"):
        page.goto(path)
        look(path)
    page.emulate_media(color_scheme="dark")
    for path in (f"/review/{flagged}", "/review"):
        page.goto(path)
        look(f"dark {path}")
    with capsys.disabled():
        print(f"\naxe-core {axe.VERSION}: 10 pages, {len(found)} violations")  # noqa: T201 - what the run must say
    assert found == []
    page.context.close()
