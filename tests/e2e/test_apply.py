"""The applicants' pages in a real browser at phone size without scripts: from the first question to handing in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Response, ViewportSize, expect, sync_playwright

from schemas.case import CaseState, Role
from tests.support import axe
from tests.support.factories import ID_CARD, picture, with_settings
from tests.support.people import PASSWORD, account, row_of
from tests.support.server import serving
from tests.support.status_page import Seeded, house
from verifier.compare.ids import check_character
from verifier.services import answers, drafts, queries, submit
from verifier.web.app import create_app

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
NUMBER = "13800138000"
FIRST_PAGE_MAX = 150_000
"""Bytes of everything the first page loads."""

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
BODY = "44011419960812000"
SHOTS = os.environ.get("APPLY_SHOTS")
"""A folder for pictures of every page."""


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
    account(built.services, "applicant-1", Role.APPLICANT, phone=NUMBER)
    yield built
    built.services.sessions.kw["bind"].dispose()


@pytest.fixture(scope="module")
def where(seeded: Seeded) -> Iterator[str]:
    with serving(create_app(with_settings(seeded.services, second_factor="off"))) as address:
        yield address


def signed_in(browser: Browser, where: str, *, scripts: bool) -> Page:
    context = browser.new_context(base_url=where, locale="zh-CN", viewport=PHONE, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=login]", NUMBER)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/my")
    return page


def go_on(page: Page, shot: str) -> None:
    look(page, shot)
    page.click("main form.apply-form button[type=submit]")


def look(page: Page, shot: str) -> None:
    """Nothing is wider than the phone; a picture when they are asked for."""
    wide = page.locator("main").bounding_box()
    assert wide is not None
    assert wide["width"] <= PHONE["width"]
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"apply-{shot}.png", full_page=True)


def test_from_the_first_question_to_handing_in(browser: Browser, where: str, seeded: Seeded, tmp_path: Path) -> None:
    page = signed_in(browser, where, scripts=False)
    page.click("text=填写申请")
    page.check("[value=residence_permit]")
    go_on(page, "route")
    page.fill("[name=name]", "阿卜杜热西提·测试䶮")
    go_on(page, "name")
    page.check("[value=resident_id]")
    wrong = "1" if check_character(BODY) == "0" else "0"
    page.fill("[name=id_number]", BODY + wrong)
    page.click("main form.apply-form button[type=submit]")
    expect(page.locator(".apply-summary")).to_contain_text("不符合编码规则")
    expect(page.locator("[name=id_number]")).to_have_value(BODY + wrong)
    look(page, "wrong")
    page.fill("[name=id_number]", BODY + check_character(BODY))
    go_on(page, "identity")
    expect(page.locator("main")).to_contain_text("女")
    page.fill("[name=ethnicity]", "维吾尔")
    go_on(page, "person")
    # the back button shows what was answered, and going on again loses nothing
    page.go_back()
    expect(page.locator("[name=ethnicity]")).to_have_value("维吾尔")
    page.goto("/apply/contact")
    go_on(page, "contact")
    page.check("[value=junior_middle]")
    page.fill("[name=subject]", "语文")
    go_on(page, "qualification")
    page.fill("[name=town]", "新华街道")
    page.fill("[name=detail]", "测试路1号")
    go_on(page, "residence")
    go_on(page, "employment")
    expect(page.locator("main")).to_contain_text("阿卜杜热西提·测试䶮")
    go_on(page, "check")
    page.wait_for_url("**/my/HD*")
    number = page.url.rsplit("/", 1)[1]
    look(page, "checklist")
    file = tmp_path / "page.jpg"
    Image.new("RGB", (1240, 1754), "white").save(file)
    for slot in ("resident_id_card", "residence_permit", "medical_exam_form"):
        page.goto(f"/my/{number}/documents/{slot}")
        page.set_input_files("[name=files]", file)
        page.click("main form.apply-form button[type=submit]")
        expect(page.locator("figcaption")).to_contain_text("第 1 页")
    shown = page.request.get(f"/cases/{number}/documents/medical_exam_form/pages/1.jpg")
    assert (shown.status, shown.headers["content-type"]) == (200, "image/jpeg")
    look(page, "uploaded")
    page.goto(f"/my/{number}")
    go_on(page, "ready")
    expect(page.locator("h1")).to_contain_text("已提交")
    assert queries.case_view(seeded.services, number).state is CaseState.SUBMITTED
    page.context.close()


def test_axe_finds_nothing(browser: Browser, where: str, seeded: Seeded) -> None:
    source = axe.script()
    if isinstance(source, str):
        pytest.skip(source)
    page = signed_in(browser, where, scripts=True)
    given = {
        "route": "residence_permit", "name": "欧阳测试", "id_type": "resident_id", "id_number": BODY + check_character(BODY),
        "ethnicity": "汉", "type": "primary", "district": "花都区", "detail": "测试路1号",
    }  # fmt: skip
    account_id = row_of(seeded.services, "applicant-1").id
    drafts.save(seeded.services, account_id, given)
    found = []
    paths = ["/my", "/apply/check", *(f"/apply/{step}" for step in answers.steps_of(given))]
    for path in paths:
        page.goto(path)
        found += [f"{path}: {line}" for line in axe.violations(page, source)]
    page.goto("/apply/name")
    page.fill("[name=name]", " ")
    page.click("main form.apply-form button[type=submit]")
    expect(page.locator(".apply-summary")).to_be_visible()
    found += [f"wrong: {line}" for line in axe.violations(page, source)]
    drafts.save(seeded.services, account_id, given)
    number = drafts.finish(seeded.services, account_id, "applicant-1", account_id)
    assert number is not None
    submit.put_document(seeded.services, number, ID_CARD, [picture()], "applicant-1")
    for path in (f"/my/{number}", f"/my/{number}/documents/{ID_CARD.value}"):
        page.goto(path)
        found += [f"{path}: {line}" for line in axe.violations(page, source)]
    assert found == []
    page.context.close()


def test_the_first_page_is_small(browser: Browser, where: str) -> None:
    context = browser.new_context(base_url=where, viewport=PHONE)
    page = context.new_page()
    sizes: list[int] = []

    def weigh(response: Response) -> None:
        sizes.append(len(response.body()))

    page.on("response", weigh)
    page.goto("/join", wait_until="networkidle")
    assert 0 < sum(sizes) < FIRST_PAGE_MAX
    context.close()
