"""Plain values for a reason, the applicant's copy and corrections, and what goes when it is no longer needed."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from schemas.batch import RetentionSettings
from schemas.case import CaseState, DecisionAction
from schemas.events import EventType
from schemas.privacy import UnmaskReason
from tests.support.cases import NO, advised, contents, draft, filled, in_review, returned, send_all, submitted
from tests.support.factories import EXAM, ID_CARD, Clock, Judge, finding, form, load_batch, picture, read_of
from verifier.errors import InputError, StateError, VerifierError
from verifier.services import own_data, process, queries, retention, review, submit, unmask
from verifier.services.cases import find_case
from verifier.services.context import Services, reading
from verifier.services.retention import Kind
from verifier.services.withdraw import withdraw
from verifier.store import audit
from verifier.store.tables import CaseKeyRow, CaseRow, EventRow, FileRow, FingerprintRow
from workers.retention import Deleter


@pytest.fixture
def services(services: Services) -> Services:
    settings = RetentionSettings(draft_days=30, closed_days=240, approved_days=1000, working_days=90)
    return replace(services, load_batch=lambda code: load_batch(code).model_copy(update={"retention": settings}))


def details(services: Services, type: EventType) -> list[dict[str, object]]:
    with reading(services) as session:
        return [dict(row.details) for row in session.scalars(select(EventRow).where(EventRow.type == type))]


def count(services: Services, column: object) -> int:
    with reading(services) as session:
        return session.scalar(select(func.count(column))) or 0  # type: ignore[arg-type]


def code_of(error: pytest.ExceptionInfo[VerifierError]) -> str:
    return error.value.code


def refused(services: Services, *, number: str = NO) -> None:
    in_review(services, number)
    for reviewer in ("reviewer-1", "reviewer-2"):
        review.claim(services, number, reviewer)
        review.decide(services, number, DecisionAction.NOT_ACCEPT, reviewer, reasons=["缺材料"], note="问过单位")


def test_a_plain_value_is_shown_with_its_event(services: Services) -> None:
    submitted(services)
    for attempt_id in send_all(services):
        work = process.begin(services, attempt_id, "w")
        assert work is not None
        process.finish(services, attempt_id, read_of(work.slot, name="欧阳静雯"))
    stated = form()
    assert (
        unmask.unmask(services, NO, "applicant.id_number", UnmaskReason.CONTACT, "li.na") == stated.applicant.id_number
    )
    read = unmask.unmask(services, NO, f"{ID_CARD.value}.name", UnmaskReason.COMPARE, "li.na")
    assert read == "欧阳静雯"
    assert details(services, EventType.FIELD_UNMASKED) == [
        {"field": "applicant.id_number", "reason": "contact"},
        {"field": f"{ID_CARD.value}.name", "reason": "compare"},
    ]
    for field in ("applicant.sex", "applicant", "x.y", f"{ID_CARD.value}.nothing", "", "state"):
        with pytest.raises(InputError) as error:
            unmask.unmask(services, NO, field, UnmaskReason.COMPARE, "li.na")
        assert code_of(error) == "case.field_not_found"
    assert len(details(services, EventType.FIELD_UNMASKED)) == 2


def test_a_copy_holds_everything_and_is_an_event(services: Services) -> None:
    advised(services)
    own_data.ask_correction(services, NO, " applicant.name ", "应为欧阳静雯", "applicant-1")
    parts = list(own_data.export(services, NO, "applicant-1"))
    assert len(parts) > 5
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    assert json.loads(held["application.json"])["applicant"]["id_number"] == form().applicant.id_number
    assert json.loads(held["corrections.json"])[0]["text"] == "应为欧阳静雯"
    assert len(json.loads(held["read.json"])["documents"]) == 3
    assert {event["type"] for event in json.loads(held["events.json"])} >= {"case_created", "correction_asked"}
    assert sorted(held[name] for name in held if name.startswith("documents/")) == sorted(contents(services))
    assert details(services, EventType.DATA_EXPORTED) == [{"files": 3}]
    assert details(services, EventType.CORRECTION_ASKED) == [{}]


@pytest.mark.parametrize(("field", "text"), [("", "x"), ("x", " "), ("x" * 81, "x"), ("x", "x" * 1001)])
def test_a_correction_says_what_and_how(services: Services, field: str, text: str) -> None:
    draft(services)
    with pytest.raises(InputError):
        own_data.ask_correction(services, NO, field, text, "applicant-1")
    assert own_data.corrections(services, NO) == ()


def test_a_plan_changes_nothing_and_names_what_is_due(services: Services, clock: Clock) -> None:
    filled(services)
    refused(services, number="HD2026A000200")
    assert retention.plan(services) == ()
    clock.tick(hours=24 * 30)
    [due] = retention.plan(services)
    assert (due.application_no, due.kind, due.files) == (NO, Kind.DRAFT, 3)
    assert due.size == sum(len(data) for data in contents(services))
    assert retention.plan(services, limit=0) == ()
    clock.tick(hours=24 * 210)
    assert [(due.application_no, due.kind) for due in retention.plan(services)] == [
        (NO, Kind.DRAFT),
        ("HD2026A000200", Kind.CLOSED),
    ]
    assert count(services, FileRow.id) == 6


def test_a_case_goes_whole_and_leaves_a_record(services: Services, clock: Clock) -> None:
    refused(services)
    own_data.ask_correction(services, NO, "applicant.name", "x", "applicant-1")
    with reading(services) as session:
        key = find_case(session, NO).key
        sealed = find_case(session, NO).form_sealed
    clock.tick(hours=24 * 241)
    [gone] = retention.run(services, "schedule")
    assert (gone.application_no, gone.kind, gone.files) == (NO, Kind.CLOSED, 3)
    assert list(services.files.walk()) == []
    counted = [count(services, column) for column in (FileRow.id, CaseKeyRow.case_id, FingerprintRow.id)]
    assert counted == [0, 0, 0]
    with reading(services) as session:
        [case] = session.scalars(select(CaseRow))
        assert (case.state, case.erased_at) == (CaseState.ARCHIVED, clock.now)
        assert [case.form_sealed, case.advice_sealed, case.id_index, case.phone_index, case.owner_id] == [None] * 5
        assert [document.reading_sealed for document in case.documents] == [None] * 3
        assert case.decisions[0].words["reasons"] == []
        assert (case.decisions[0].action, case.decisions[0].actor) == (DecisionAction.NOT_ACCEPT, "reviewer-1")
        assert audit.verify_chain(session).whole
    [record] = details(services, EventType.DATA_DELETED)
    assert (record["kind"], record["files"], record["bytes"]) == ("closed", 3, gone.size)
    assert len(str(record["sha256"])) == 64
    assert retention.run(services, "schedule") == ()
    # the backup of a row is of no use without the key that went
    assert sealed is not None
    assert key.open(sealed, f"cases.form/{NO}")["applicant"]["name"] == form().applicant.name
    assert queries.list_cases(services).items[0].applicant == queries.ERASED
    assert queries.find_by_id_number(services, form().applicant.id_number) == ()
    for call in (
        lambda: queries.case_view(services, NO),
        lambda: own_data.export(services, NO, "x"),
        lambda: unmask.unmask(services, NO, "applicant.name", UnmaskReason.APPEAL, "x"),
        lambda: submit.create_application(services, form(), "x"),
    ):
        with pytest.raises(StateError) as error:
            call()
        assert code_of(error) == "case.erased"


def test_earlier_revisions_go_when_the_case_is_decided(services: Services, judge: Judge, clock: Clock) -> None:
    judge.findings = (finding(),)
    returned(services, EXAM)
    submit.put_document(services, NO, EXAM, [picture(7)], "applicant-1")
    assert count(services, FileRow.id) == 4
    clock.tick(hours=24 * 91)
    assert retention.plan(services) == ()
    withdraw(services, NO, "applicant-1")
    clock.tick(hours=24 * 91)
    [gone] = retention.run(services, "schedule")
    assert (gone.kind, gone.files) == (Kind.WORKING, 1)
    assert count(services, FileRow.id) == 3
    assert len(contents(services)) == 3
    assert picture(7) in contents(services)
    assert queries.case_view(services, NO).form == form()


def test_a_case_somebody_touched_after_the_plan_stays(services: Services, clock: Clock) -> None:
    draft(services)
    clock.tick(hours=24 * 31)
    [due] = retention.plan(services)
    submit.put_document(services, NO, ID_CARD, [picture(1)], "applicant-1")
    assert not retention._delete(services, due, "schedule")
    assert queries.case_view(services, NO).state is CaseState.DRAFT


def test_the_schedule_goes_over_it_once_a_day_a_few_at_a_time(
    services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(3):
        draft(services, f"HD2026A00010{number}")
    clock.tick(hours=24 * 31)
    deleter = Deleter(services)
    left = []
    for _ in range(4):
        deleter.step()
        left.append(len(retention.plan(services)))
    assert left == [1, 0, 0, 0]
    draft(services, "HD2026A000109")
    clock.tick(hours=23)
    Deleter(services).step()
    by_hand = replace(services, settings=services.settings.model_copy(update={"retention": "by_hand"}))
    clock.tick(hours=24 * 31)
    Deleter(by_hand).step()
    assert len(retention.plan(services)) == 1
    Deleter(services).step()
    assert retention.plan(services) == ()
