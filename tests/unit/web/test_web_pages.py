"""The list and the case: what they show, what they must not show, and that looking is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from fastapi.testclient import TestClient

from schemas.case import CaseState, DocumentState, Role
from schemas.events import EventType
from schemas.finding import Finding, Outcome, Severity
from tests.support.cases import NO, advised, filled, returned, submitted
from tests.support.factories import BLURRED, EXAM, ID_CARD, PERMIT, Clock, Judge, finding, form
from tests.support.status_page import Seeded, house
from tests.support.web import Api, open_client, sign_in
from verifier.compare.ids import id_problem
from verifier.services import process, queries, submit
from verifier.services.context import Services
from verifier.web.pages import words
from verifier.web.pages.listing import ROWS
from verifier.web.pages.masking import mask_text, mask_value


@pytest.fixture
def client(api: Api) -> TestClient:
    sign_in(api.client, api.tokens[Role.REVIEWER])
    return api.client


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    built = house(tmp_path_factory.mktemp("seeded"))
    yield built
    built.services.sessions.kw["bind"].dispose()


def text_of(page: str) -> str:
    """A page as it is read: no tags, no runs of white space."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_no_page_shows_anybody(seeded: Seeded) -> None:
    client = open_client(seeded.services)
    sign_in(client, seeded.tokens[Role.AUDITOR])
    pages = [client.get("/")] + [client.get(f"/cases/{number}") for number in seeded.numbers]
    assert len(seeded.secrets) > 40
    for page in pages:
        assert page.status_code == 200
        read = text_of(page.text)
        assert [secret for secret in seeded.secrets if secret in page.text or secret in read] == []
        assert [number for number in re.findall(r"\d{17}[\dXx]", page.text) if id_problem(number) is None] == []
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", page.text), page.url


def test_the_secrets_would_be_found(seeded: Seeded) -> None:
    """Without the masks the test above fails: the interface answers every one of them."""
    api = Api(open_client(seeded.services), seeded.tokens)
    answers = "".join(api.get(f"/api/v1/applications/{number}").text for number in seeded.numbers)
    assert [secret for secret in seeded.secrets if secret not in answers] == []


def test_the_list(seeded: Seeded) -> None:
    client = open_client(seeded.services)
    sign_in(client, seeded.tokens[Role.REVIEWER])
    page = client.get("/").text
    assert re.findall(r'class="row-link" href="/cases/(\w+)"', page) == list(reversed(seeded.numbers))
    read = text_of(page)
    for state in (
        CaseState.APPROVED,
        CaseState.ACCEPTED,
        CaseState.RETURNED,
        CaseState.ADVISED_PASS,
        CaseState.READING,
    ):
        assert words.STATES[state].text in read
    assert "人工核对 3" in read, "the findings of the case that holds another person's form, by severity"
    assert "居住证 · 4 分钟前" in read
    assert "演示-reviewer" in read


def test_the_list_by_state(client: TestClient, services: Services) -> None:
    submitted(services, f"{NO}-1")
    filled(services, f"{NO}-2")
    page = client.get("/?state=draft").text
    assert re.findall(r'href="/cases/([\w-]+)"', page) == [f"{NO}-2"]
    filters = re.findall(r'href="([^"]+)"( aria-current="true")?>(\S+) <span class="count">(\d+)', page)
    assert filters == [
        ("/", "", "全部", "2"),
        ("/?state=draft", ' aria-current="true"', "草稿", "1"),
        ("/?state=submitted", "", "已提交", "1"),
    ]
    assert "没有状态为“已归档”的申请" in client.get("/?state=archived").text


def test_the_list_page_by_page(client: TestClient, services: Services) -> None:
    for place in range(ROWS + 1):
        submit.create_application(services, form(application_no=f"{NO}-{place:03d}"), "importer")
    first = client.get("/").text
    assert "回到最新" not in first
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = client.get(unescape(following)).text
    assert re.findall(r'href="/cases/([\w-]+)"', second) == [f"{NO}-000"]
    assert "更早的申请" not in second
    assert "回到最新" in second


def test_an_empty_house(client: TestClient) -> None:
    page = text_of(client.get("/").text)
    assert "还没有申请" in page
    assert "没有进程在读取" in page


def test_the_figures(client: TestClient, services: Services, clock: Clock) -> None:
    submitted(services)
    clock.tick(seconds=75)
    process.beat(services, "unit1:bulk", "bulk")
    page = text_of(client.get("/").text)
    assert "待读取 Waiting 3 最久 1 分钟" in page
    assert "读取进程 Workers 1 正常" in page


@pytest.mark.parametrize("query", ["state=nowhere", "cursor=!", "cursor=" + "A" * 30])
def test_a_wrong_question_is_answered_with_a_page(client: TestClient, query: str) -> None:
    answer = client.get(f"/?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "请求内容有误" in answer.text


def test_an_unknown_case_is_answered_with_a_page(client: TestClient) -> None:
    for number in ("HD2026A999999", "<script>alert(1)</script>", "x"):
        answer = client.get(f"/cases/{number}", headers={"Accept": "text/html"})
        assert answer.status_code == 404
        assert "没有找到该申请" in answer.text or "没有这个地址" in answer.text
        assert "alert(1)" not in answer.text


def test_looking_at_a_case_is_an_event(client: TestClient, services: Services) -> None:
    submitted(services)
    client.get("/")
    before = len(queries.events_of(services, NO))
    client.get(f"/cases/{NO}")
    events = queries.events_of(services, NO)
    assert len(events) == before + 1
    assert (events[-1].type, events[-1].actor) == (EventType.CASE_VIEWED, Role.REVIEWER.value)


def test_looking_again_and_again_is_one_line(client: TestClient, services: Services) -> None:
    submitted(services)
    for _ in range(3):
        page = client.get(f"/cases/{NO}").text
    assert "查看申请 × 3" in text_of(page)


def test_findings_come_gravest_first(client: TestClient, services: Services, judge: Judge) -> None:
    judge.findings = tuple(finding(f"a.{severity.value}", severity) for severity in Severity)
    advised(services)
    page = client.get(f"/cases/{NO}").text
    assert re.findall(r"<code>(a\.\w+)</code>", page) == ["a.refuse_ground", "a.review", "a.correct", "a.info"]
    for severity in Severity:
        assert words.SEVERITIES[severity].text in page


def test_a_finding_shows_both_sides_masked(client: TestClient, services: Services, judge: Judge) -> None:
    applicant = form().applicant
    judge.findings = (
        Finding(
            rule="id_number.mismatch", severity=Severity.REVIEW, document=EXAM, field="id_number",
            expected=applicant.id_number, found="440114199608120014", message="给申请人",
            reviewer_message=f"{applicant.name}的号码 {applicant.id_number} 不是 440114199608120014,电话 13800138000",
        ),
        Finding(
            rule="current_address.differs", severity=Severity.INFO, document=PERMIT, field="current_address",
            expected="广东省广州市花都区测试街道1号", found="广东省广州市花都区测试街道2号", message="地址写法不同",
        ),
    )  # fmt: skip
    advised(services)
    page = text_of(client.get(f"/cases/{NO}").text)
    assert "证件号码与申请表不一致" in page
    assert "440114********0006" in page
    assert "440114********0014" in page
    assert "欧**试的号码" in page
    assert "138****8000" in page
    assert "给申请人" not in page
    assert "不同之处在隐去的部分" in page
    for secret in (
        applicant.name,
        applicant.id_number,
        "440114199608120014",
        "13800138000",
        "测试街道1号",
        "测试街道2号",
    ):
        assert secret not in page


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("uscc", "12440114398259791R", "12440114398259791R"),
        ("uscc", "440114199608120006", "440114********0006"),
        ("hospital", "花都区人民医院 13800138000", "花都区人民医院 138****8000"),
        ("employer_phone", "020-86881234", "020*****1234"),
        ("exam_date", "2026-09-15", "2026-09-15"),
    ],
)
def test_values_by_field(field: str, value: str, shown: str) -> None:
    assert mask_value(field, value) == shown


@pytest.mark.parametrize(
    "number", ["440114199608120006", "44011419960812000X", "4401 1419 9608 1200 06", "440114960812001"]
)
def test_numbers_in_sentences(number: str) -> None:
    assert mask_text(f"号码{number}不符").count("*") >= 5
    assert number not in mask_text(f"号码{number}不符")


def test_markup_in_a_document_stays_text(client: TestClient, services: Services, judge: Judge) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    judge.findings = (
        Finding(
            rule="a.b",
            severity=Severity.REVIEW,
            document=EXAM,
            field="hospital",
            expected=evil,
            found=evil,
            message=evil,
        ),
    )
    advised(services)
    page = client.get(f"/cases/{NO}").text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_document_that_could_not_be_read(seeded: Seeded) -> None:
    client = open_client(seeded.services)
    sign_in(client, seeded.tokens[Role.REVIEWER])
    page = text_of(client.get(f"/cases/{seeded.numbers[8]}").text)
    assert "未能读取" in page
    assert "file.broken" in page


def test_confidence_is_a_word_and_a_number(seeded: Seeded) -> None:
    client = open_client(seeded.services)
    sign_in(client, seeded.tokens[Role.REVIEWER])
    page = text_of(client.get(f"/cases/{seeded.numbers[9]}").text)
    assert "高 0.97" in page
    assert "中 0.62" in page


@pytest.mark.parametrize(
    ("confidence", "word"), [(1.0, "高"), (0.9, "高"), (0.89, "良"), (0.8, "良"), (0.5, "中"), (0.0, "低")]
)
def test_grades(confidence: float, word: str) -> None:
    assert words.grade(confidence).text == word


def test_a_bad_capture_says_so(client: TestClient, services: Services) -> None:
    filled(services)
    submit.put_document(services, NO, EXAM, [BLURRED], "importer")
    assert "第 1 页:照片模糊,请重新拍摄。" in text_of(client.get(f"/cases/{NO}").text)


def test_what_was_asked_again(client: TestClient, services: Services) -> None:
    returned(services, PERMIT, ID_CARD)
    page = text_of(client.get(f"/cases/{NO}").text)
    assert "请申请人重新提交:居民身份证、广东省居住证" in page
    assert "照片模糊" in page, "the reason"


def test_every_code_has_its_word() -> None:
    for codes, titles in (
        (CaseState, words.STATES),
        (Outcome, words.OUTCOMES),
        (Severity, words.SEVERITIES),
        (DocumentState, words.DOCUMENT_STATES),
        (EventType, words.EVENTS),
        (Role, words.ROLES),
    ):
        assert set(titles) == set(codes)


@pytest.mark.parametrize("path", ["/", f"/cases/{NO}", "/sign-in", "/api/docs"])
def test_pages_are_well_made(api: Api, services: Services, path: str) -> None:
    advised(services)
    if path != "/sign-in":
        sign_in(api.client, api.tokens[Role.ADMIN])
    page = api.client.get(path).text
    assert '<html lang="zh-CN">' in page
    assert page.count("<main") == page.count("</main>") == 1
    assert page.count("<h1") == 1
    assert 'class="skip" href="#main"' in page
    assert re.search(r"<title>[^<]+ · 零跑腿核验</title>", page)
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        assert "<caption" in table
        assert 'scope="col"' in table
        assert 'scope="row"' in table
    for field in re.findall(r"<input(?![^>]*type=\"hidden\")[^>]*>", page):
        (name,) = re.findall(r'id="([^"]+)"', field)
        assert f'<label for="{name}"' in page
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", page)
