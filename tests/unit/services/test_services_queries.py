"""What can be asked about cases."""

from __future__ import annotations

import pytest

from schemas.case import CaseState
from tests.support.cases import NO, advised, draft, filled, read_all, submitted
from tests.support.factories import EXAM, Judge, finding, form
from verifier.errors import InputError
from verifier.services import queries
from verifier.services.context import Services


def numbers(page: queries.CasePage) -> list[str]:
    return [item.application_no for item in page.items]


def test_a_case_that_is_not_there(services: Services) -> None:
    for ask in (queries.case_view, queries.events_of):
        with pytest.raises(InputError) as refusal:
            ask(services, "HD2026A999999")
        assert refusal.value.code == "case.not_found"


def test_a_case_without_advice_has_no_result(services: Services) -> None:
    submitted(services)
    view = queries.case_view(services, NO)
    assert view.result is None
    assert view.submitted_at is not None
    assert [page.file for document in view.documents for page in document.pages] == [
        "documents/resident_id_card-1.jpg",
        "documents/medical_exam_form-1.jpg",
        "documents/residence_permit-1.jpg",
    ]


def test_a_result_survives_the_database_unchanged(services: Services, judge: Judge) -> None:
    judge.findings = (finding(), finding("b.b", document=EXAM))
    advised(services)
    view = queries.case_view(services, NO)
    assert view.result is not None
    assert view.result.findings == judge.findings
    assert view.result.engine.rules == "2026-autumn@1"
    assert [reading.slot for reading in view.result.documents] == [document.slot for document in view.documents]
    assert queries.CaseView.model_validate_json(view.model_dump_json()) == view


def test_cases_are_listed_newest_first_in_pages(services: Services) -> None:
    for n in range(5):
        draft(services, f"{NO}-{n}")
    first = queries.list_cases(services, limit=2)
    assert numbers(first) == [f"{NO}-4", f"{NO}-3"]
    draft(services, f"{NO}-5")
    second = queries.list_cases(services, cursor=first.next_cursor, limit=2)
    assert numbers(second) == [f"{NO}-2", f"{NO}-1"]
    last = queries.list_cases(services, cursor=second.next_cursor, limit=2)
    assert numbers(last) == [f"{NO}-0"]
    assert last.next_cursor is None


def test_a_full_last_page_leads_nowhere(services: Services) -> None:
    for n in range(2):
        draft(services, f"{NO}-{n}")
    assert queries.list_cases(services, limit=2).next_cursor is None
    assert queries.list_cases(services, limit=1).next_cursor is not None


def test_cases_are_listed_by_state(services: Services) -> None:
    draft(services, f"{NO}-0")
    submitted(services, f"{NO}-1")
    assert numbers(queries.list_cases(services, state=CaseState.SUBMITTED)) == [f"{NO}-1"]
    assert numbers(queries.list_cases(services, state=CaseState.APPROVED)) == []
    assert queries.count_by_state(services) == {CaseState.DRAFT: 1, CaseState.SUBMITTED: 1}


def test_a_list_names_nobody(services: Services) -> None:
    filled(services)
    text = queries.list_cases(services).model_dump_json()
    assert form().applicant.name not in text
    assert form().applicant.id_number not in text


@pytest.mark.parametrize("cursor", ["", "x", "zzzz", "YzI6MQ", "YzE6eA", "ÿÿ"])
def test_a_cursor_that_is_not_ours_is_refused(services: Services, cursor: str) -> None:
    with pytest.raises(InputError) as refusal:
        queries.list_cases(services, cursor=cursor)
    assert refusal.value.details["where"] == "cursor"


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_limit_has_bounds(services: Services, limit: int) -> None:
    with pytest.raises(InputError) as refusal:
        queries.list_cases(services, limit=limit)
    assert refusal.value.details["where"] == "limit"


def test_events_hold_no_personal_data(services: Services) -> None:
    submitted(services)
    read_all(services)
    text = "".join(event.model_dump_json() for event in queries.events_of(services, NO))
    assert form().applicant.name not in text
    assert form().applicant.id_number not in text
