"""The reviewers' desk over HTTP: the queue, one case from claim to notice, sign-off, history, packet, and who may only look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from schemas.case import CaseState, Role
from schemas.events import EventType
from tests.support import people
from tests.support.factories import Clock
from tests.support.review_house import fill, open_review_house
from tests.support.web import Answer, form_token, open_client
from verifier.services import labels, queries, review
from verifier.services.context import Services
from verifier.web.pages.comparing import marked

OTHER, EXPIRED, PASS = "HD2026A000001", "HD2026A000002", "HD2026A000003"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_review_house(tmp_path, Clock())
    fill(opened, ["other_person", "expired", "pass"])
    for name, role in (
        ("ming", Role.REVIEWER),
        ("hua", Role.REVIEWER),
        ("si", Role.SECOND_REVIEWER),
        ("shen", Role.AUDITOR),
    ):
        people.account(opened, name, role)
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def client(services: Services) -> TestClient:
    return open_client(services)


def be(client: TestClient, services: Services, name: str) -> None:
    people.visit(client, people.session_of(services, name))


def post(client: TestClient, path: str, page: str | None = None, **fields: str) -> Answer:
    """A form of a page, with the page's own tokens."""
    text = client.get(page or "/review").text
    seen = re.search(r'name="seen" value="([^"]*)"', text)
    data = {"form_token": form_token(text), **({"seen": seen[1]} if seen else {}), **fields}
    return client.post(path, data=data)


def state(services: Services, number: str) -> CaseState:
    return queries.case_view(services, number).state


def test_a_case_from_the_queue_to_the_notice(client: TestClient, services: Services) -> None:
    be(client, services, "ming")
    queue = client.get("/review").text
    assert queue.index(OTHER) < queue.index(EXPIRED)
    assert PASS not in queue
    opened = post(client, "/review/next")
    assert opened.headers["location"] == f"/review/{OTHER}"
    path = f"/review/{OTHER}"
    page = client.get(path).text
    assert "<mark>" in page
    assert "viewBox=" in page
    for finding in range(page.count("data-item")):
        dismissed = post(client, f"{path}/findings/{finding}", path, action="dismiss")
        assert dismissed.status_code == 422
        assert "排除一项发现须说明理由" in dismissed.text
    confirmed = post(client, f"{path}/findings/0", path, action="confirm")
    assert confirmed.headers["location"].startswith(f"{path}?at=")
    refused = post(client, f"{path}/decide", path, action="accept")
    assert refused.status_code == 409
    assert "不能受理" in refused.text
    draft = client.get(f"{path}/notice").text
    assert draft.count("<fieldset") == 2
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', draft))
    preview = client.post(
        f"{path}/notice", data={**fields, "keep0": "on", "text0": "请上传本人的体检表。", "step": "preview"}
    )
    assert preview.text.count("请上传本人的体检表。") == 2
    empty = client.post(f"{path}/notice", data={**fields, "step": "send"})
    assert empty.status_code == 422
    sent = client.post(
        f"{path}/notice", data={**fields, "keep0": "on", "text0": "请上传本人的体检表。", "step": "send"}
    )
    assert sent.headers["location"] == f"/review/{EXPIRED}"
    assert state(services, OTHER) is CaseState.RETURNED
    history = client.get(f"{path}/history").text
    assert "退回补正" in history


def test_values_are_masked_until_somebody_asks_with_a_reason(client: TestClient, services: Services) -> None:
    be(client, services, "ming")
    form = queries.case_view(services, OTHER).form
    path = f"/review/{OTHER}"
    assert form.applicant.id_number not in client.get(path).text
    shown = post(client, f"{path}/unmask", path, why="compare")
    assert form.applicant.id_number in shown.text
    last = queries.events_of(services, OTHER)[-1]
    assert (last.type, last.details) == (EventType.FIELD_UNMASKED, {"field": "all", "reason": "compare"})
    assert form.applicant.id_number not in client.get(path).text


def test_a_refusal_takes_two_and_a_stale_page_is_refused(client: TestClient, services: Services) -> None:
    path = f"/review/{OTHER}"
    be(client, services, "ming")
    post(client, f"{path}/claim", path)
    old = client.get(path).text
    post(client, f"{path}/findings/1", path, action="dismiss", reason="同一人")
    seen = re.search(r'name="seen" value="([^"]*)"', old)
    assert seen is not None
    stale = client.post(
        f"{path}/findings/0", data={"form_token": form_token(old), "seen": seen[1], "action": "confirm"}
    )
    assert stale.status_code == 409
    post(client, f"{path}/decide", path, action="not_accept", reason="不是本人材料")
    assert state(services, OTHER) is CaseState.AWAITING_SECOND
    be(client, services, "hua")
    assert "ming 提出" in client.get(path).text
    post(client, f"{path}/claim", path)
    post(client, f"{path}/decide", path, action="not_accept", reason="同意")
    assert state(services, OTHER) is CaseState.NOT_ACCEPTED
    assert post(client, f"{path}/decide", path, action="reopen", reason="x").status_code == 403
    be(client, services, "si")
    assert post(client, f"{path}/decide", path, action="reopen", reason=" ").status_code == 422
    post(client, f"{path}/decide", path, action="reopen", reason="申请人补充了说明")
    assert state(services, OTHER) is CaseState.NEEDS_REVIEW


def test_holding_keeps_the_case_and_names_the_next_one(client: TestClient, services: Services) -> None:
    be(client, services, "ming")
    post(client, "/review/next")
    held = post(client, f"/review/{OTHER}/hold", f"/review/{OTHER}").json()
    assert held["next"] == f"/review/{EXPIRED}"
    assert len(held["pages"]) == 5
    assert client.get(held["pages"][0]).headers["content-type"] == "image/jpeg"
    assert post(client, f"/review/{OTHER}/skip", f"/review/{OTHER}").headers["location"] == f"/review/{EXPIRED}"
    assert state(services, OTHER) is CaseState.NEEDS_REVIEW
    assert post(client, f"/review/{EXPIRED}/leave", f"/review/{EXPIRED}").headers["location"] == "/review"
    assert state(services, EXPIRED) is CaseState.NEEDS_CORRECTION


def test_passes_are_ticked_and_those_drawn_must_be_opened(tmp_path: Path) -> None:
    house = open_review_house(tmp_path, Clock())
    services = replace(house, draw=lambda text: 0.0 if text == "open HD2026A000002 0" else 1.0)
    fill(services, ["pass", "pass"])
    people.account(services, "ming", Role.REVIEWER)
    client = open_client(services)
    be(client, services, "ming")
    page = client.get("/review/passes").text
    assert page.count('type="checkbox"') == 1
    assert page.count('class="crop"') >= 4
    numbers = ["HD2026A000001", "HD2026A000002"]
    answer = client.post("/review/passes", data={"form_token": form_token(page), "numbers": numbers})
    assert "请打开这件申请" in answer.text
    assert [state(services, number) for number in numbers] == [CaseState.ACCEPTED, CaseState.ADVISED_PASS]
    client.get("/review/HD2026A000002")
    client.post("/review/passes", data={"form_token": form_token(page), "numbers": numbers[1:]})
    assert state(services, numbers[1]) is CaseState.ACCEPTED
    house.sessions.kw["bind"].dispose()


def test_an_auditor_reads_all_and_changes_nothing(client: TestClient, services: Services) -> None:
    be(client, services, "shen")
    path = f"/review/{OTHER}"
    page = client.get(path).text
    for form in re.findall(r'<form method="post" action="([^"]+)"', page):
        assert form.endswith("/sign-out")
    for action in ("claim", "hold", "leave", "skip", "decide", "findings/0", "notice"):
        answer = post(client, f"{path}/{action}", action="confirm" if action == "findings/0" else "accept")
        assert answer.status_code == 403, action
    before = len(queries.events_of(services, OTHER))
    assert client.get(f"{path}/history").status_code == 200
    assert len(queries.events_of(services, OTHER)) == before


def test_the_packet_holds_everything_and_its_chain_fits(client: TestClient, services: Services) -> None:
    be(client, services, "shen")
    path = f"/review/{OTHER}/history"
    answer = post(client, f"/review/{OTHER}/packet", path, form="json")
    packet = json.loads(answer.content)
    assert packet["case"]["form"]["applicant"]["id_number"]
    assert len(packet["findings"]) == 3
    assert [link["seq"] for link in packet["events"]] == sorted(link["seq"] for link in packet["events"])
    document = post(client, f"/review/{OTHER}/packet", path, form="pdf")
    assert document.content.startswith(b"%PDF-")
    assert document.headers["content-disposition"] == f'attachment; filename="{OTHER}.pdf"'
    assert document.content.count(b"/Subtype /Image") == 5
    assert queries.events_of(services, OTHER)[-1].type == EventType.PAGES_VIEWED


def test_dismissed_and_corrected_findings_are_labels(client: TestClient, services: Services) -> None:
    path = f"/review/{OTHER}"
    be(client, services, "ming")
    post(client, f"{path}/claim", path)
    post(client, f"{path}/findings/0", path, action="dismiss", reason="机器读错")
    post(client, f"{path}/findings/1", path, action="correct", value="1996-08-12")
    post(client, f"{path}/findings/2", path, action="confirm")
    found = list(labels.labels(services, "test"))
    assert [(label["label"], label["value"], label["reason"]) for label in found] == [
        ("dismiss", None, "机器读错"),
        ("correct", "1996-08-12", ""),
    ]
    assert found[0]["read"]["box"]
    assert found[0]["rules"].startswith("2026-autumn@")


def test_somebody_is_found_by_their_id_number(client: TestClient, services: Services) -> None:
    be(client, services, "ming")
    number = queries.case_view(services, EXPIRED).form.applicant.id_number
    assert post(client, "/review/find", id_number=f" {number.lower()}").headers["location"] == f"/review/{EXPIRED}"
    assert post(client, "/review/find", id_number="440114199001010000").headers["location"] == "/review?none=1"


def test_views_are_saved_and_removed(client: TestClient, services: Services) -> None:
    be(client, services, "ming")
    post(client, "/review/views", name="快到期", query="queue=correct&age=3&nonsense=1")
    page = client.get("/review").text
    assert "/review?queue=correct&amp;age=3" in page
    post(client, "/review/views/remove", name="快到期")
    assert "快到期" not in client.get("/review").text


@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [
        ("张玮", "张伟", [("张", False), ("玮", True)]),
        ("欧阳雯", "欧阳靖雯", [("欧阳", False), ("‸", True), ("雯", False)]),
        ("2024-09", "2024-08", [("2024-0", False), ("9", True)]),
    ],
)
def test_differences_are_marked_character_by_character(
    value: str, other: str, expected: list[tuple[str, bool]]
) -> None:
    assert [(piece.text, piece.differs) for piece in marked(value, other)] == expected


def test_stars_are_marked_where_the_numbers_under_them_differ() -> None:
    pieces = marked("440114199608120006", "440114199608120014", "4401**********0006")
    assert [piece.text for piece in pieces if piece.differs] == ["06"]


def test_a_case_another_holds_is_only_looked_at(client: TestClient, services: Services) -> None:
    review.claim(services, OTHER, "hua")
    be(client, services, "ming")
    page = client.get(f"/review/{OTHER}").text
    assert "由 hua 领取,只能查看" in page
    assert 'data-do="confirm"' not in page
    assert post(client, f"/review/{OTHER}/claim", f"/review/{OTHER}").status_code == 409
