"""Stating, filling and submitting an application."""

from __future__ import annotations

import hashlib
import re

import pytest
from sqlalchemy import select

from schemas.application import Route
from schemas.case import AttemptState, CaseState, DocumentState
from schemas.document import DocumentType
from schemas.events import EventType
from tests.support.cases import NO, SLOTS, advised, contents, draft, filled, returned, send_all, state_of, submitted
from tests.support.factories import BLURRED, BROKEN, EXAM, ID_CARD, PDF, PERMIT, Judge, form, picture, with_settings
from tests.support.threads import together
from verifier.errors import InputError, StateError
from verifier.services import outbox, queries, submit
from verifier.services.context import Services, reading
from verifier.store.tables import AttemptRow, DocumentRow, OutboxRow


def event_types(services: Services, number: str = NO) -> list[EventType]:
    return [event.type for event in queries.events_of(services, number)]


def test_an_application_becomes_a_draft(services: Services) -> None:
    created = submit.create_application(services, form(), "importer")
    assert created == submit.Created(application_no=NO, created=True)
    view = queries.case_view(services, NO)
    assert view.state == CaseState.DRAFT
    assert view.form == form()
    assert event_types(services) == [EventType.CASE_CREATED]


def test_the_same_application_again_changes_nothing(services: Services) -> None:
    draft(services)
    assert submit.create_application(services, form(), "importer").created is False
    assert event_types(services) == [EventType.CASE_CREATED]


def test_other_content_under_the_same_number_is_refused(services: Services) -> None:
    draft(services)
    with pytest.raises(StateError) as refusal:
        submit.create_application(services, form(route=Route.GARRISON), "importer")
    assert refusal.value.code == "case.exists"


def test_a_number_is_given_when_the_form_has_none(services: Services) -> None:
    numbers = [
        submit.create_application(services, form(application_no=None), "importer").application_no for _ in range(50)
    ]
    assert len(set(numbers)) == 50
    assert all(re.fullmatch(r"HD2026[A-HJ-NP-Z]\d{6}", number) for number in numbers)
    assert queries.case_view(services, numbers[0]).form.application_no == numbers[0]


def test_a_drawn_number_that_is_taken_is_drawn_again(services: Services) -> None:
    first = submit.create_application(services, form(application_no=None), "importer").application_no
    ids = iter(["id000001", "another"])
    again = Services(**{**vars(services), "new_id": lambda: next(ids)})
    other = submit.create_application(again, form(application_no=None, route=Route.GARRISON), "importer")
    assert other.created
    assert other.application_no != first


def test_an_unknown_batch_is_refused(services: Services) -> None:
    with pytest.raises(InputError) as refusal:
        submit.create_application(services, form(batch="2031-spring"), "importer")
    assert refusal.value.code == "case.unknown_batch"


def test_one_application_sent_twice_at_once_is_one_case(services: Services) -> None:
    answers = together([lambda: submit.create_application(services, form(), "importer")] * 4)
    assert sorted(answer.created for answer in answers) == [False, False, False, True]


def test_a_document_is_measured_named_and_kept(services: Services) -> None:
    draft(services)
    capture = submit.put_document(services, NO, EXAM, [picture(1), PDF], "importer")
    assert capture.acceptable
    assert [page.file for page in capture.pages] == [
        "documents/medical_exam_form-1.jpg",
        "documents/medical_exam_form-2.pdf",
    ]
    (document,) = queries.case_view(services, NO).documents
    assert (document.slot, document.state, document.revision) == (EXAM, DocumentState.UPLOADED, 1)
    assert [(file.name, file.media_type, file.size) for file in document.files] == [
        ("documents/medical_exam_form-1.jpg", "image/jpeg", len(picture(1))),
        ("documents/medical_exam_form-2.pdf", "application/pdf", len(PDF)),
    ]
    assert [file.sha256 for file in document.files] == [hashlib.sha256(data).hexdigest() for data in (picture(1), PDF)]
    assert contents(services) == [picture(1), PDF]


def test_a_poor_capture_is_kept_and_said_to_be_poor(services: Services) -> None:
    draft(services)
    capture = submit.put_document(services, NO, EXAM, [picture(1), BLURRED], "importer")
    assert not capture.acceptable
    assert [problem.kind.value for problem in capture.problems] == ["blurred"]
    assert len(queries.case_view(services, NO).documents) == 1


def test_putting_again_replaces_the_slot(services: Services) -> None:
    draft(services)
    submit.put_document(services, NO, ID_CARD, [picture(1), picture(2)], "importer")
    submit.put_document(services, NO, ID_CARD, [picture(3)], "importer")
    (document,) = queries.case_view(services, NO).documents
    assert document.revision == 2
    assert len(document.files) == 1
    with reading(services) as session:
        assert session.scalars(select(DocumentRow.current).order_by(DocumentRow.id)).all() == [False, True]


def test_putting_the_same_bytes_again_changes_nothing(services: Services) -> None:
    draft(services)
    for _ in range(2):
        submit.put_document(services, NO, ID_CARD, [picture(1)], "importer")
    assert queries.case_view(services, NO).documents[0].revision == 1
    assert event_types(services).count(EventType.DOCUMENT_UPLOADED) == 1


def test_two_uploads_to_one_slot_at_once_leave_one_current(services: Services) -> None:
    draft(services)
    together([lambda n=n: submit.put_document(services, NO, ID_CARD, [picture(n)], "importer") for n in range(4)])
    (document,) = queries.case_view(services, NO).documents
    assert document.revision == 4


@pytest.mark.parametrize(
    ("uploads", "code"),
    [
        ([], "file.empty"),
        ([b""], "file.empty"),
        ([b"GIF89a"], "file.type_not_allowed"),
        ([picture(1), BROKEN], "file.broken"),
        ([picture(n) for n in range(21)], "file.too_many"),
    ],
)
def test_a_refused_upload_leaves_no_document_but_an_event(services: Services, uploads: list[bytes], code: str) -> None:
    draft(services)
    with pytest.raises(InputError) as refusal:
        submit.put_document(services, NO, ID_CARD, uploads, "importer")
    assert refusal.value.code == code
    assert queries.case_view(services, NO).documents == ()
    last = queries.events_of(services, NO)[-1]
    assert last.type == EventType.DOCUMENT_REFUSED
    assert last.details == {"slot": "resident_id_card", "code": code}


def test_the_limit_of_files_is_a_setting(services: Services) -> None:
    draft(services)
    with pytest.raises(InputError) as refusal:
        submit.put_document(with_settings(services, max_files=1), NO, ID_CARD, [picture(1), picture(2)], "importer")
    assert refusal.value.details == {"limit": 1}


def test_nothing_is_put_into_a_submitted_case(services: Services) -> None:
    submitted(services)
    with pytest.raises(StateError) as refusal:
        submit.put_document(services, NO, ID_CARD, [picture(9)], "importer")
    assert refusal.value.details == {"state": "submitted"}


def test_an_unknown_case_is_said_to_be_unknown(services: Services) -> None:
    for call in (
        lambda: submit.put_document(services, "HD2026A999999", ID_CARD, [picture()], "importer"),
        lambda: submit.submit(services, "HD2026A999999", "importer"),
    ):
        with pytest.raises(InputError) as refusal:
            call()
        assert refusal.value.code == "case.not_found"


def test_submitting_queues_each_document_once(services: Services) -> None:
    filled(services)
    first = submit.submit(services, NO, "importer")
    again = submit.submit(services, NO, "importer")
    assert (first.state, first.queued) == (CaseState.SUBMITTED, 3)
    assert (again.state, again.queued) == (CaseState.SUBMITTED, 0)
    with reading(services) as session:
        attempts = session.scalars(select(AttemptRow)).all()
        assert [(row.state, row.no, row.tries) for row in attempts] == [(AttemptState.QUEUED, 1, 0)] * 3
        assert {row.attempt_id for row in session.scalars(select(OutboxRow))} == {row.id for row in attempts}
    assert {document.state for document in queries.case_view(services, NO).documents} == {DocumentState.QUEUED}
    assert event_types(services).count(EventType.CASE_SUBMITTED) == 1


def test_submitted_twice_at_once_is_submitted_once(services: Services) -> None:
    filled(services)
    answers = together([lambda: submit.submit(services, NO, "importer")] * 4)
    assert sorted(answer.queued for answer in answers) == [0, 0, 0, 3]
    assert len(outbox.take(services, 100)) == 3


def test_missing_slots_are_named(services: Services) -> None:
    filled(services, slots=(ID_CARD,))
    with pytest.raises(InputError) as refusal:
        submit.submit(services, NO, "importer")
    assert refusal.value.code == "case.slots_missing"
    assert refusal.value.details["missing"] == "medical_exam_form,residence_permit|household_register"
    assert "体格检查表、广东省居住证或居民户口簿" in refusal.value.message
    assert state_of(services) == CaseState.DRAFT
    assert outbox.take(services, 10) == ()


def test_either_document_of_a_group_answers_it(services: Services) -> None:
    filled(services, slots=(ID_CARD, EXAM, DocumentType.HOUSEHOLD_REGISTER))
    assert submit.submit(services, NO, "importer").queued == 3


def test_a_case_with_nothing_to_read_is_judged_at_once(services: Services, judge: Judge) -> None:
    submit.create_application(services, form(route=Route.GARRISON), "importer")
    assert submit.submit(services, NO, "importer").state == CaseState.ADVISED_PASS
    assert len(judge.asked) == 1


@pytest.mark.parametrize(
    ("round_no", "pages", "queue"), [(0, 2, "interactive"), (0, 3, "bulk"), (1, 30, "interactive"), (0, 30, "bulk")]
)
def test_small_cases_and_resubmissions_pass_the_long_ones(round_no: int, pages: int, queue: str) -> None:
    assert submit.choose_queue(round_no, pages) == queue


def test_only_returned_slots_take_a_new_document(services: Services) -> None:
    returned(services, EXAM)
    submit.put_document(services, NO, EXAM, [picture(9)], "importer")
    with pytest.raises(StateError):
        submit.put_document(services, NO, PERMIT, [picture(9)], "importer")


def test_a_returned_case_is_resubmitted_when_every_returned_slot_was_mended(services: Services, judge: Judge) -> None:
    returned(services, EXAM, PERMIT)
    submit.put_document(services, NO, EXAM, [picture(9)], "importer")
    with pytest.raises(InputError) as refusal:
        submit.submit(services, NO, "importer")
    assert refusal.value.details["missing"] == "residence_permit"
    submit.put_document(services, NO, PERMIT, [picture(8)], "importer")
    answer = submit.submit(services, NO, "importer")
    assert (answer.state, answer.queued) == (CaseState.RESUBMITTED, 2)
    view = queries.case_view(services, NO)
    assert view.round == 1
    assert view.result is None
    assert {document.slot: document.state for document in view.documents} == {
        ID_CARD: DocumentState.READ,
        EXAM: DocumentState.QUEUED,
        PERMIT: DocumentState.QUEUED,
    }
    assert {message.queue for message in outbox.take(services, 10)} == {"interactive"}


def test_an_advised_case_stays_where_it_is_when_submitted_again(services: Services) -> None:
    advised(services)
    assert submit.submit(services, NO, "importer").state == CaseState.ADVISED_PASS
    assert send_all(services) == ()
    assert len(queries.case_view(services, NO).documents) == len(SLOTS)
