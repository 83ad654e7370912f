"""The rows of the contract's table: create, upload, submit, read, list, claim, decide."""

from __future__ import annotations

import pytest

from schemas.case import TOKEN_ROLES, Role
from schemas.document import DocumentType
from schemas.events import EventType
from schemas.finding import Severity
from tests.support.cases import NO, SLOTS, advised, filled, in_review, read_all, submitted
from tests.support.factories import BLURRED, EXAM, ID_CARD, PERMIT, Clock, Judge, finding, form, picture
from tests.support.web import BASE, Api
from verifier.services import queries
from verifier.services.context import Services


def test_the_whole_way_of_a_case(api: Api, services: Services, judge: Judge) -> None:
    judge.findings = (finding("permit.expired", document=PERMIT),)
    created = api.create()
    assert (created.status_code, created.json()) == (201, {"application_no": NO})
    assert created.headers["location"] == f"{BASE}/{NO}"
    for slot in SLOTS:
        assert api.upload(NO, slot).status_code == 201
    done = api.submit(NO)
    assert (done.status_code, done.json()) == (202, {"application_no": NO, "state": "submitted", "queued": 3})
    read_all(services)
    case = api.get(f"{BASE}/{NO}").json()
    assert case["state"] == "needs_correction"
    assert {document["slot"]: document["state"] for document in case["documents"]} == dict.fromkeys(SLOTS, "read")
    assert case["result"]["outcome"] == "correct"
    assert case["result"]["findings"][0]["rule"] == "permit.expired"
    assert set(case["result"]) == {"application_no", "outcome", "documents", "findings", "engine", "timings_ms"}
    claimed = api.call("POST", f"{BASE}/{NO}/claim", by=Role.REVIEWER)
    assert claimed.json() == {"application_no": NO, "holder": "reviewer", "until": "2026-10-20T01:30:00Z"}
    decided = api.call(
        "POST", f"{BASE}/{NO}/decision", by=Role.REVIEWER,
        json={"action": "return", "reasons": ["permit.expired"], "note": "请签注后重新上传"},
    )  # fmt: skip
    assert decided.json() == {"application_no": NO, "state": "returned", "slots": ["residence_permit"]}
    assert api.upload(NO, ID_CARD).json()["code"] == "case.locked"
    assert api.upload(NO, PERMIT, picture(7)).status_code == 201
    assert api.submit(NO).json()["state"] == "resubmitted"


def test_the_same_application_again_changes_nothing(api: Api, services: Services) -> None:
    assert api.create().status_code == 201
    again = api.create()
    assert (again.status_code, again.json()) == (200, {"application_no": NO})
    assert len(queries.events_of(services, NO)) == 1


def test_other_content_under_a_taken_number(api: Api) -> None:
    api.create()
    refused = api.create(submitted_on=form().submitted_on.replace(day=21))
    assert (refused.status_code, refused.json()["code"]) == (409, "case.exists")


def test_a_number_is_given(api: Api) -> None:
    number = api.create(application_no=None).json()["application_no"]
    assert number.startswith("HD2026")
    assert api.get(f"{BASE}/{number}").status_code == 200


def test_an_unknown_batch(api: Api) -> None:
    assert api.create(batch="1999-spring").json()["code"] == "case.unknown_batch"


def test_a_form_with_documents_is_not_a_form(api: Api) -> None:
    body = {**form().model_dump(mode="json"), "documents": []}
    assert api.call("POST", BASE, json=body).json()["where"] == "body.documents"


def test_a_capture_is_measured_at_once(api: Api) -> None:
    api.create()
    capture = api.upload(NO, EXAM, picture(1), BLURRED)
    assert capture.status_code == 201
    assert capture.json()["acceptable"] is False
    assert [problem["kind"] for problem in capture.json()["problems"]] == ["blurred"]
    assert [page["quality"]["acceptable"] for page in capture.json()["pages"]] == [True, False]


def test_an_upload_replaces_the_slot(api: Api) -> None:
    api.create()
    api.upload(NO, EXAM, picture(1), picture(2))
    api.upload(NO, EXAM, picture(3))
    (document,) = api.get(f"{BASE}/{NO}").json()["documents"]
    assert (document["revision"], len(document["files"])) == (2, 1)


def test_submitting_twice_changes_nothing(api: Api, services: Services) -> None:
    filled(services)
    assert api.submit(NO).json()["queued"] == 3
    events = len(queries.events_of(services, NO))
    again = api.submit(NO)
    assert (again.status_code, again.json()["queued"]) == (202, 0)
    assert len(queries.events_of(services, NO)) == events


def test_missing_slots_are_listed(api: Api) -> None:
    api.create()
    api.upload(NO, ID_CARD)
    refused = api.submit(NO)
    assert (refused.status_code, refused.json()["code"]) == (422, "case.slots_missing")
    assert refused.json()["missing"] == ["medical_exam_form", "residence_permit", "household_register"]
    assert refused.json()["missing_any_of"] == [["medical_exam_form"], ["residence_permit", "household_register"]]
    assert "体格检查表" in refused.json()["detail"]


def test_a_submitted_case_takes_no_files(api: Api, services: Services) -> None:
    submitted(services)
    refused = api.upload(NO, ID_CARD)
    assert (refused.status_code, refused.json()["code"]) == (409, "case.locked")


@pytest.mark.parametrize("number", ["HD2026A999999", "x", "a b", "一二三四", "A" * 41, "%00%00%00%00"])
def test_an_unknown_application(api: Api, number: str) -> None:
    answers = (
        api.get(f"{BASE}/{number}"),
        api.submit(number),
        api.upload(number, ID_CARD),
        api.call("POST", f"{BASE}/{number}/claim", by=Role.REVIEWER),
        api.call("POST", f"{BASE}/{number}/release", by=Role.REVIEWER),
        api.call("POST", f"{BASE}/{number}/decision", by=Role.REVIEWER, json={"action": "accept"}),
    )
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "case.not_found")


def test_the_list_is_paged_and_filtered(api: Api, services: Services) -> None:
    for place in range(3):
        filled(services, f"{NO}-{place}")
    submitted(services, f"{NO}-3")
    first = api.get(f"{BASE}?limit=2").json()
    assert [item["application_no"] for item in first["items"]] == [f"{NO}-3", f"{NO}-2"]
    second = api.get(f"{BASE}?limit=2&cursor={first['next_cursor']}").json()
    assert [item["application_no"] for item in second["items"]] == [f"{NO}-1", f"{NO}-0"]
    assert second["next_cursor"] is None
    assert [item["state"] for item in api.get(f"{BASE}?state=submitted").json()["items"]] == ["submitted"]


def test_the_list_masks_names_and_counts_findings(api: Api, services: Services, judge: Judge) -> None:
    judge.findings = (finding(severity=Severity.REVIEW), finding("b.b"), finding("c.c"))
    advised(services)
    answer = api.get(BASE)
    (item,) = answer.json()["items"]
    assert (item["applicant"], item["findings"]) == ("欧**试", {"review": 1, "correct": 2})
    assert form().applicant.name not in answer.text
    assert form().applicant.id_number not in answer.text


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("state=nowhere", "query.state"),
        ("limit=0", "query.limit"),
        ("limit=201", "query.limit"),
        ("limit=many", "query.limit"),
        ("cursor=!!!", "cursor"),
        ("cursor=YzI6MQ", "cursor"),
        ("cursor=" + "A" * 200, "query.cursor"),
        ("cursor=YzE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "query.cursor"),
    ],
)
def test_a_wrong_question_names_the_field(api: Api, query: str, where: str) -> None:
    answer = api.get(f"{BASE}?{query}")
    assert (answer.status_code, answer.json()["where"]) == (422, where)


def test_the_farthest_cursor_finds_nothing_below(api: Api, services: Services) -> None:
    filled(services)
    assert len(api.get(f"{BASE}?cursor=YzE6OTk5OTk5OTk5OTk5OTk5").json()["items"]) == 1


def test_a_claim_belongs_to_one(api: Api, services: Services) -> None:
    in_review(services, reviewer="somebody")
    refused = api.call("POST", f"{BASE}/{NO}/claim", by=Role.REVIEWER)
    assert (refused.status_code, refused.json()["code"]) == (409, "case.claimed")
    refused = api.call("POST", f"{BASE}/{NO}/release", by=Role.REVIEWER)
    assert refused.json()["code"] == "case.not_claimed"


def test_a_claim_is_given_back(api: Api, services: Services) -> None:
    in_review(services, reviewer="reviewer")
    answer = api.call("POST", f"{BASE}/{NO}/release", by=Role.REVIEWER)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"{BASE}/{NO}").json()["claim"] is None


def test_nobody_decides_without_the_claim(api: Api, services: Services, clock: Clock) -> None:
    in_review(services, reviewer="reviewer")
    clock.tick(minutes=30)
    refused = api.call("POST", f"{BASE}/{NO}/decision", by=Role.REVIEWER, json={"action": "accept"})
    assert (refused.status_code, refused.json()["code"]) == (409, "case.not_claimed")


def test_recognition_takes_a_second_person(api: Api, services: Services) -> None:
    in_review(services, reviewer="reviewer")
    decide = f"{BASE}/{NO}/decision"
    assert api.call("POST", decide, by=Role.REVIEWER, json={"action": "accept"}).json()["state"] == "accepted"
    api.call("POST", f"{BASE}/{NO}/claim", by=Role.REVIEWER)
    refused = api.call("POST", decide, by=Role.REVIEWER, json={"action": "approve"})
    assert (refused.status_code, refused.json()["code"]) == (409, "case.same_person")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"action": "burn"}, "body.action"),
        ({}, "body.action"),
        ({"action": "return"}, "reasons"),
        ({"action": "return", "reasons": ["x"], "slots": []}, "slots"),
        ({"action": "return", "reasons": ["x"], "slots": ["passport"]}, "body.slots.0"),
        ({"action": "accept", "note": "x" * 2001}, "note"),
        ({"action": "accept", "colour": 1}, "body.colour"),
    ],
)
def test_a_wrong_decision_names_the_field(api: Api, services: Services, body: dict[str, object], where: str) -> None:
    in_review(services, reviewer="reviewer")
    answer = api.call("POST", f"{BASE}/{NO}/decision", by=Role.REVIEWER, json=body)
    assert (answer.status_code, answer.json()["where"]) == (422, where)


@pytest.mark.parametrize("role", TOKEN_ROLES)
def test_people_who_see_full_numbers_are_recorded(api: Api, services: Services, role: Role) -> None:
    submitted(services)
    api.get(f"{BASE}/{NO}", by=role)
    last = queries.events_of(services, NO)[-1]
    if role is Role.INTEGRATION:
        assert last.type != EventType.CASE_VIEWED
    else:
        assert (last.type, last.actor) == (EventType.CASE_VIEWED, role.value)


def test_every_slot_has_its_address(api: Api) -> None:
    api.create()
    for slot in DocumentType:
        assert api.upload(NO, slot).status_code == 201


def test_a_suspicion_is_for_staff_only(api: Api, services: Services, judge: Judge) -> None:
    suspicion = finding("signals.same_file", Severity.REVIEW).model_copy(
        update={"message": "将由工作人员人工核对。", "reviewer_message": "与申请 HD2026A000009 是同一个文件"}
    )
    plain = finding("name.mismatch").model_copy(update={"reviewer_message": "姓名不同"})
    judge.findings = (suspicion, plain)
    advised(services)
    for_programs = api.get(f"{BASE}/{NO}", by=Role.INTEGRATION).json()["result"]
    assert "HD2026A000009" not in str(for_programs)
    words = [(told["rule"], told["message"], told["reviewer_message"]) for told in for_programs["findings"]]
    assert words == [
        ("signals.same_file", "将由工作人员人工核对。", ""),
        ("name.mismatch", "姓名不一致。", "姓名不同"),
    ]
    for_staff = api.get(f"{BASE}/{NO}", by=Role.REVIEWER).json()["result"]
    assert for_staff["findings"][0]["reviewer_message"] == "与申请 HD2026A000009 是同一个文件"
