"""Attempts: begun by one, kept by a lease, finished once, retried with patience, given up with a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from schemas.case import AttemptState, CaseState, DocumentState
from schemas.events import EventType
from schemas.finding import Finding, Severity
from schemas.result import CaseResult
from tests.support.cases import NO, draft, filled, read_all, send_all, state_of, submitted
from tests.support.factories import EXAM, ID_CARD, PERMIT, START, Clock, Judge, finding, picture, read_of, with_settings
from tests.support.threads import together
from verifier.errors import StorageError
from verifier.services import advise, process, queries, stats, submit
from verifier.services.context import Services, reading
from verifier.services.process import FailureOutcome, Work
from verifier.store.tables import AttemptRow


def attempt(services: Services, attempt_id: str) -> AttemptRow:
    with reading(services) as session:
        return session.scalars(select(AttemptRow).where(AttemptRow.id == attempt_id)).one()


def begin(services: Services, attempt_id: str, worker: str = "worker-1") -> Work:
    work = process.begin(services, attempt_id, worker)
    assert work is not None
    return work


def result_of(services: Services) -> CaseResult:
    result = queries.case_view(services, NO).result
    assert result is not None
    return result


def test_begin_hands_over_what_the_worker_needs(services: Services, clock: Clock) -> None:
    submitted(services)
    first = send_all(services)[0]
    clock.tick(seconds=2.5)
    work = begin(services, first)
    assert (work.application_no, work.slot, work.pages, work.tries) == (NO, ID_CARD, 1, 1)
    assert work.lease_until == clock.now + timedelta(seconds=services.settings.lease_s)
    assert [(file.name, file.data) for file in process.load_files(services, work)] == [
        ("documents/resident_id_card-1.jpg", picture(0))
    ]
    row = attempt(services, first)
    assert (row.state, row.worker, row.wait_ms) == (AttemptState.RUNNING, "worker-1", 2500)
    assert state_of(services) == CaseState.READING


def test_an_attempt_begins_once(services: Services) -> None:
    submitted(services)
    first = send_all(services)[0]
    begin(services, first)
    assert process.begin(services, first, "worker-2") is None
    assert process.begin(services, "unknown", "worker-2") is None
    assert attempt(services, first).worker == "worker-1"


def test_of_many_begins_at_once_one_wins(services: Services) -> None:
    submitted(services)
    first = send_all(services)[0]
    answers = together([lambda n=n: process.begin(services, first, f"worker-{n}") for n in range(6)])
    assert sum(answer is not None for answer in answers) == 1


def test_lost_bytes_are_an_error_of_the_store(services: Services) -> None:
    submitted(services)
    work = begin(services, send_all(services)[0])
    services.files.delete(work.files[0].stored)
    with pytest.raises(StorageError) as error:
        process.load_files(services, work)
    assert error.value.code == "storage.lost"


def test_a_lease_is_renewed_by_its_holder_only(services: Services, clock: Clock) -> None:
    submitted(services)
    first = send_all(services)[0]
    begin(services, first)
    clock.tick(seconds=30)
    assert process.renew_lease(services, first, "worker-1")
    assert not process.renew_lease(services, first, "worker-2")
    assert attempt(services, first).lease_until == clock.now + timedelta(seconds=services.settings.lease_s)
    process.finish(services, first, read_of())
    assert not process.renew_lease(services, first, "worker-1")


def test_a_reading_is_kept_and_the_last_one_brings_advice(services: Services, clock: Clock, judge: Judge) -> None:
    submitted(services)
    ids = send_all(services)
    for attempt_id in ids[:2]:
        begin(services, attempt_id)
        clock.tick(seconds=3)
        answer = process.finish(services, attempt_id, read_of(), "engine 1")
        assert answer == process.Finished(accepted=True, case_state=CaseState.READING)
    assert judge.asked == []
    work = begin(services, ids[2])
    assert process.finish(services, ids[2], read_of(work.slot)).case_state == CaseState.ADVISED_PASS
    row = attempt(services, ids[0])
    assert (row.state, row.run_ms, row.engine_version, row.lease_until) == (AttemptState.DONE, 3000, "engine 1", None)
    (application,) = judge.asked
    assert [(answer.slot, answer.files) for answer in application.documents] == [
        (slot, (f"documents/{slot.value}-1.jpg",)) for slot in (ID_CARD, EXAM, PERMIT)
    ]
    assert result_of(services).timings_ms.total == 3600
    assert len(result_of(services).documents) == 3


def test_a_reading_handed_in_twice_counts_once(services: Services) -> None:
    submitted(services)
    first = send_all(services)[0]
    begin(services, first)
    process.finish(services, first, read_of(name="甲"))
    assert process.finish(services, first, read_of(name="乙")) == process.Finished(accepted=False)
    read_all(services)
    document = next(d for d in queries.case_view(services, NO).documents if d.slot == ID_CARD)
    assert document.state == DocumentState.READ
    events = [event.type for event in queries.events_of(services, NO)]
    assert events.count(EventType.DOCUMENT_READ) == 1


def test_documents_that_finish_together_bring_advice_once(services: Services, judge: Judge) -> None:
    submitted(services)
    works = [begin(services, attempt_id, f"worker-{attempt_id}") for attempt_id in send_all(services)]
    together([lambda work=work: process.finish(services, work.attempt_id, read_of(work.slot)) for work in works])
    assert len(judge.asked) == 1
    assert state_of(services) == CaseState.ADVISED_PASS
    events = [event.type for event in queries.events_of(services, NO)]
    assert events.count(EventType.ADVICE_GIVEN) == 1
    assert events.count(EventType.DOCUMENT_READ) == 3


@pytest.mark.parametrize(
    ("severity", "state"),
    [
        (Severity.INFO, CaseState.ADVISED_PASS),
        (Severity.CORRECT, CaseState.NEEDS_CORRECTION),
        (Severity.REVIEW, CaseState.NEEDS_REVIEW),
        (Severity.REFUSE_GROUND, CaseState.NEEDS_REVIEW),
    ],
)
def test_the_worst_finding_decides_where_the_case_goes(
    services: Services, judge: Judge, severity: Severity, state: CaseState
) -> None:
    judge.findings = (finding(severity=Severity.INFO), finding(severity=severity))
    submitted(services)
    read_all(services)
    assert state_of(services) == state
    assert result_of(services).findings == judge.findings


def test_a_transient_error_is_tried_again_with_growing_patience(services: Services, clock: Clock) -> None:
    submitted(services)
    first = send_all(services)[0]
    waits = []
    for _ in range(4):
        begin(services, first)
        clock.tick(seconds=1)
        outcome = process.fail(services, first, "engine.timeout", transient=True)
        waits.append(outcome.retry_in_s)
        row = attempt(services, first)
        assert (row.state, row.error_code) == (AttemptState.QUEUED, "engine.timeout")
        assert row.queued_at == clock.now + timedelta(seconds=outcome.retry_in_s or 0)
    assert waits == [10, 60, 300, 1800]
    begin(services, first)
    assert process.fail(services, first, "engine.timeout", transient=True) == FailureOutcome(closed=True, dead=True)
    assert attempt(services, first).state == AttemptState.DEAD


def test_the_last_wait_repeats_when_more_tries_are_allowed(services: Services) -> None:
    patient = with_settings(services, max_tries=7)
    submitted(services)
    first = send_all(services)[0]
    waits = []
    for _ in range(6):
        begin(services, first)
        waits.append(process.fail(patient, first, "engine.crashed", transient=True).retry_in_s)
    assert waits == [10, 60, 300, 1800, 1800, 1800]


def test_a_success_after_a_failure_leaves_no_error(services: Services) -> None:
    submitted(services)
    first = send_all(services)[0]
    begin(services, first)
    process.fail(services, first, "engine.timeout", transient=True)
    assert begin(services, first, "worker-2").tries == 2
    process.finish(services, first, read_of())
    row = attempt(services, first)
    assert (row.state, row.error_code, row.worker, row.tries) == (AttemptState.DONE, None, "worker-2", 2)


def test_a_permanent_error_closes_the_attempt_at_once(services: Services) -> None:
    submitted(services)
    first = send_all(services)[0]
    begin(services, first)
    assert process.fail(services, first, "file.broken", transient=False) == FailureOutcome(closed=True)
    assert attempt(services, first).state == AttemptState.FAILED
    document = queries.case_view(services, NO).documents[0]
    assert (document.state, document.error_code) == (DocumentState.NOT_READ, "file.broken")


def test_a_document_that_was_not_read_sends_the_case_to_a_person(services: Services, judge: Judge) -> None:
    submitted(services)
    ids = send_all(services)
    begin(services, ids[0])
    process.fail(services, ids[0], "file.broken", transient=False)
    for attempt_id in ids[1:]:
        work = begin(services, attempt_id)
        process.finish(services, attempt_id, read_of(work.slot))
    assert state_of(services) == CaseState.NEEDS_REVIEW
    (only,) = result_of(services).findings
    assert (only.rule, only.document, only.field) == (advise.NOT_READ_RULE, ID_CARD, "file")
    assert [reading.slot for reading in result_of(services).documents] == [EXAM, PERMIT]
    assert len(judge.asked) == 1


def test_the_rules_own_finding_for_an_unread_document_is_not_doubled(services: Services, judge: Judge) -> None:
    own = Finding(
        rule=advise.NOT_READ_RULE, severity=Severity.REVIEW, document=ID_CARD, field="file", message="未能读取。"
    )
    judge.findings = (own,)
    submitted(services)
    first = send_all(services)
    begin(services, first[0])
    process.fail(services, first[0], "file.broken", transient=False)
    for attempt_id in first[1:]:
        process.finish(services, begin(services, attempt_id).attempt_id, read_of())
    assert result_of(services).findings == (own,)


def test_rules_that_break_lose_nothing_and_send_the_case_to_a_person(services: Services, judge: Judge) -> None:
    judge.error = ZeroDivisionError("a defect of a rule")
    submitted(services)
    read_all(services)
    assert state_of(services) == CaseState.NEEDS_REVIEW
    assert [item.rule for item in result_of(services).findings] == [advise.NOT_JUDGED_RULE]
    assert len(result_of(services).documents) == 3


def test_what_a_worker_hands_in_after_it_lost_the_attempt_is_dropped(services: Services) -> None:
    submitted(services)
    first = send_all(services)[0]
    begin(services, first)
    process.fail(services, first, "file.broken", transient=False)
    assert process.fail(services, first, "engine.timeout", transient=True) == FailureOutcome()
    assert process.fail(services, first, "file.broken", transient=False) == FailureOutcome()
    assert process.finish(services, first, read_of()) == process.Finished(accepted=False)
    assert attempt(services, first).state == AttemptState.FAILED


def test_a_failure_that_rolls_back_leaves_the_attempt_running(services: Services, judge: Judge) -> None:
    submitted(services)
    first = send_all(services)[0]
    begin(services, first)
    broken = Services(**{**vars(services), "clock": lambda: START.replace(tzinfo=None)})
    with pytest.raises(StatementError, match="time zone"):
        process.finish(broken, first, read_of())
    assert attempt(services, first).state == AttemptState.RUNNING
    assert process.finish(services, first, read_of()).accepted


def test_an_idle_worker_that_says_it_lives_is_seen(services: Services, clock: Clock) -> None:
    process.beat(services, "worker-1", "bulk")
    process.beat(services, "worker-1", "bulk")
    (worker,) = stats.stats(services).workers
    assert (worker.name, worker.alive, worker.queue, worker.running) == ("worker-1", True, "bulk", 0)
    clock.tick(seconds=91)
    assert stats.stats(services).workers == ()


def test_a_case_moves_to_reading_once(services: Services) -> None:
    filled(services)
    submit.submit(services, NO, "importer")
    for attempt_id in send_all(services):
        begin(services, attempt_id)
    moves = [
        (event.details["from"], event.details["to"])
        for event in queries.events_of(services, NO)
        if event.type == EventType.STATE_CHANGED
    ]
    assert moves == [("draft", "submitted"), ("submitted", "reading")]


def test_a_draft_is_never_settled(services: Services, clock: Clock, judge: Judge) -> None:
    draft(services)
    assert state_of(services) == CaseState.DRAFT
    assert judge.asked == []
