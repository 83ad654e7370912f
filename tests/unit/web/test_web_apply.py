"""The applicants' pages without scripts: the form in steps, an upload, handing in."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from schemas.case import CaseState, Role
from tests.support import people
from tests.support.factories import ID_CARD, form, picture
from tests.support.web import form_token, open_client
from verifier.compare.ids import check_character
from verifier.errors import StorageError
from verifier.services import drafts, queries, submit
from verifier.services.context import Services

NAME = "阿卜杜热西提·测试䶮"
BODY = "44011419960812000"
"""A number nobody has, but for its check character."""
STEPS: dict[str, dict[str, str]] = {
    "route": {"route": "residence_permit"},
    "name": {"name": "阿卜杜热西提•测试䶮"},
    "identity": {"id_type": "resident_id", "id_number": f"{BODY[:6]} {BODY[6:14]} {BODY[14:]}{check_character(BODY)}"},
    "person": {"ethnicity": "维吾尔族"},
    "contact": {"phone": "13800138000"},
    "qualification": {"type": "junior_middle", "subject": "语文"},
    "residence": {"district": "花都区", "town": "新华街道", "detail": "测试路1号"},
    "employment": {"employer": "", "uscc": "", "start_date": "", "employer_address": ""},
}


WRONG = BODY + next(mark for mark in "0123456789X" if mark != check_character(BODY))


class Visit:
    """An applicant's browser."""

    def __init__(self, services: Services, name: str = "applicant-1") -> None:
        self.account_id = people.account(services, name, Role.APPLICANT, phone="13800138000")
        self.client: TestClient = open_client(services)
        people.visit(self.client, people.session_of(services, name))
        self.token = form_token(self.client.get("/my").text)

    def post(self, path: str, **data: str) -> Any:
        return self.client.post(path, data={**data, "form_token": self.token})

    def fill(self, **instead: dict[str, str]) -> None:
        for step, given in {**STEPS, **instead}.items():
            answer = self.post(f"/apply/{step}", **given)
            assert answer.status_code == 303, (step, answer.text)

    def put(self, number: str, slot: str, data: bytes, **headers: str) -> Any:
        files = [("files", ("1.jpg", data, "image/jpeg"))]
        sent = {"sec-fetch-site": "same-origin", "origin": "http://testserver", **headers}
        return self.client.post(f"/my/{number}/documents/{slot}", files=files, headers=sent)


@pytest.fixture
def visit(services: Services) -> Visit:
    return Visit(services)


def test_from_the_first_question_to_handing_in(visit: Visit, services: Services) -> None:
    assert visit.client.get("/apply").headers["location"] == "/apply/route"
    visit.fill()
    assert visit.client.get("/apply").headers["location"] == "/apply/check"
    assert NAME in visit.client.get("/apply/check").text
    made = visit.post("/apply/check")
    number = made.headers["location"].removeprefix("/my/")
    assert visit.client.get("/my/" + number).status_code == 200
    refused = visit.post(f"/my/{number}/submit")
    assert refused.status_code == 422
    assert "还缺少材料" in refused.text
    for slot in ("resident_id_card", "residence_permit", "medical_exam_form"):
        assert visit.put(number, slot, picture()).status_code == 303
        assert "可以读取" in visit.client.get(f"/my/{number}/documents/{slot}").text
    for _ in range(2):
        assert visit.post(f"/my/{number}/submit").status_code == 303
    assert queries.case_view(services, number).state is CaseState.SUBMITTED
    assert visit.put(number, "resident_id_card", picture()).status_code == 409


def test_the_pages_make_what_the_interface_makes(visit: Visit, services: Services) -> None:
    visit.fill()
    number = visit.post("/apply/check").headers["location"].removeprefix("/my/")
    made = queries.case_view(services, number).form
    same = submit.create_application(services, made.model_copy(update={"application_no": None}), "program")
    assert queries.case_view(services, same.application_no).form == made.model_copy(
        update={"application_no": same.application_no}
    )
    assert made.applicant.name == NAME
    assert (made.applicant.sex, made.applicant.birth_date) == (form().applicant.sex, form().applicant.birth_date)
    assert made.applicant.ethnicity == "维吾尔"
    assert made.residence.current_address == "广东省广州市花都区新华街道测试路1号"


def test_a_wrong_answer_is_kept_and_told_in_the_words_of_the_rules(visit: Visit) -> None:
    for step in ("route", "name"):
        visit.post(f"/apply/{step}", **STEPS[step])
    answer = visit.post("/apply/identity", id_type="resident_id", id_number=WRONG)
    assert answer.status_code == 422
    assert "不符合编码规则" in answer.text
    assert 'href="#id_number"' in answer.text
    assert f'value="{WRONG}"' in visit.client.get("/apply/identity").text
    assert visit.client.get("/apply").headers["location"] == "/apply/identity"
    blank = visit.post("/apply/name", name=" ")
    assert "请填写或选择此项" in blank.text


def test_pressing_twice_makes_one_application(visit: Visit, services: Services) -> None:
    visit.fill()
    assert visit.post("/apply/check").headers["location"].startswith("/my/")
    assert visit.post("/apply/check").headers["location"] == "/my"
    assert len(queries.list_cases(services, owner_id=visit.account_id).items) == 1


def test_a_number_that_was_drawn_is_used_again(
    visit: Visit, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away between the application and the end of its draft: pressing again makes no second one."""
    visit.fill()

    def gone(*_: object) -> None:
        raise StorageError("database.unavailable")

    with monkeypatch.context() as broken:
        broken.setattr(drafts, "discard", gone)
        assert visit.post("/apply/check").status_code == 503
    (made,) = queries.list_cases(services, owner_id=visit.account_id).items
    assert visit.post("/apply/check").headers["location"] == f"/my/{made.application_no}"
    assert len(queries.list_cases(services, owner_id=visit.account_id).items) == 1


def test_two_tabs_keep_both_answers(visit: Visit, services: Services) -> None:
    visit.post("/apply/route", route="residence_permit")
    visit.post("/apply/contact", phone="13800138000")
    visit.post("/apply/name", name="欧阳测试")
    assert drafts.load(services, visit.account_id).answers == {
        "route": "residence_permit", "phone": "13800138000", "name": "欧阳测试",
    }  # fmt: skip


@pytest.mark.parametrize("route", ["household", "residence_permit", "student", "hmt_residence", "hmt_pass", "garrison"])
def test_only_what_a_route_needs_is_asked(visit: Visit, route: str) -> None:
    visit.post("/apply/route", route=route)
    asked = {step for step in ("household", "residence", "employment", "student")
             if visit.client.get(f"/apply/{step}").status_code == 200}  # fmt: skip
    assert (
        asked
        == {
            "household": {"household", "employment"},
            "residence_permit": {"residence", "employment"},
            "student": {"student"},
            "hmt_residence": {"residence"},
            "hmt_pass": set(),
            "garrison": set(),
        }[route]
    )
    visit.post("/apply/name", name="欧阳测试")
    assert visit.client.get("/apply/identity").status_code == 200


def test_answers_are_sealed_and_go_in_time(visit: Visit, services: Services, clock: Any) -> None:
    visit.post("/apply/route", route="student")
    assert drafts.forget_stale(services) == 0
    clock.now += drafts.KEPT
    assert drafts.forget_stale(services) == 1
    assert drafts.load(services, visit.account_id).saved_at is None


def test_an_empty_file_is_explained_and_changes_nothing(visit: Visit, services: Services) -> None:
    visit.fill()
    number = visit.post("/apply/check").headers["location"].removeprefix("/my/")
    visit.put(number, ID_CARD.value, picture())
    before = queries.case_view(services, number).documents
    answer = visit.put(number, ID_CARD.value, b"")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert queries.case_view(services, number).documents == before


def test_a_page_of_somebody_elses_cannot_upload(visit: Visit) -> None:
    visit.fill()
    number = visit.post("/apply/check").headers["location"].removeprefix("/my/")
    answer = visit.put(number, ID_CARD.value, picture(), **{"sec-fetch-site": "cross-site"})
    assert answer.status_code in (401, 403)


def test_an_application_is_taken_back(visit: Visit, services: Services) -> None:
    visit.fill()
    number = visit.post("/apply/check").headers["location"].removeprefix("/my/")
    assert "确认撤回" in visit.client.get(f"/my/{number}").text
    for _ in range(2):
        assert visit.post(f"/my/{number}/withdraw").status_code == 303
    assert queries.case_view(services, number).state is CaseState.WITHDRAWN
    assert "确认撤回" not in visit.client.get(f"/my/{number}").text
    assert visit.put(number, ID_CARD.value, picture()).status_code == 409
