"""Cases that go to a person before they were read, and life without workers and without Redis."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from schemas.case import CaseState, DecisionAction, DocumentState
from schemas.document import DocumentType
from schemas.events import EventType
from tests.support.cases import NO, advised, draft, read_all, send_all, state_of, submitted
from tests.support.factories import EXAM, ID_CARD, PERMIT, Clock, Judge, picture, read_of, with_settings
from verifier.errors import QueueError, StateError
from verifier.services import by_hand, process, queries, reconcile, review, submit
from verifier.services.context import Services


def documents(services: Services) -> dict[DocumentType, tuple[DocumentState, str | None]]:
    return {row.slot: (row.state, row.error_code) for row in queries.case_view(services, NO).documents}


def events(services: Services, type: EventType) -> list[tuple[str, dict[str, object]]]:
    return [(event.actor, dict(event.details)) for event in queries.events_of(services, NO) if event.type == type]


def no_queue(_: Collection[str]) -> set[str]:
    raise QueueError


def test_a_person_takes_a_case_that_waits(services: Services) -> None:
    submitted(services)
    assert by_hand.take(services, NO, "reviewer-1") == CaseState.NEEDS_REVIEW
    assert documents(services) == dict.fromkeys((ID_CARD, EXAM, PERMIT), (DocumentState.NOT_READ, "queue.by_hand"))
    view = queries.case_view(services, NO)
    assert view.by_hand_at == services.clock()
    assert view.result is not None
    assert [finding.rule for finding in view.result.findings] == ["document.not_read"] * 3
    assert events(services, EventType.CASE_BY_HAND) == [("reviewer-1", {"documents": 3, "why": "asked"})]
    assert by_hand.take(services, NO, "reviewer-2") == CaseState.NEEDS_REVIEW
    assert len(events(services, EventType.CASE_BY_HAND)) == 1
    assert review.claim(services, NO, "reviewer-1").holder == "reviewer-1"


def test_what_was_read_by_then_is_judged(services: Services, judge: Judge) -> None:
    submitted(services)
    first = send_all(services)[0]
    process.begin(services, first, "worker-1")
    process.finish(services, first, read_of())
    by_hand.take(services, NO, "reviewer-1")
    assert documents(services)[ID_CARD] == (DocumentState.READ, None)
    assert events(services, EventType.CASE_BY_HAND) == [("reviewer-1", {"documents": 2, "why": "asked"})]
    assert len(judge.asked) == 1


def test_what_is_read_later_is_kept_and_moves_nothing(services: Services, clock: Clock) -> None:
    submitted(services)
    first, *rest = send_all(services)
    process.begin(services, first, "worker-1")
    by_hand.take(services, NO, "reviewer-1")
    clock.tick(minutes=1)
    assert process.finish(services, first, read_of()).accepted
    for attempt_id in rest:
        assert process.begin(services, attempt_id, "worker-1") is not None
        assert process.finish(services, attempt_id, read_of()).accepted
    assert state_of(services) == CaseState.NEEDS_REVIEW
    assert {state for state, _ in documents(services).values()} == {DocumentState.READ}
    assert len(events(services, EventType.ADVICE_GIVEN)) == 1
    review.claim(services, NO, "reviewer-1")
    review.release(services, NO, "reviewer-1")
    assert state_of(services) == CaseState.NEEDS_REVIEW


def test_the_next_submission_is_read_as_ever(services: Services, clock: Clock) -> None:
    submitted(services)
    send_all(services)
    by_hand.take(services, NO, "reviewer-1")
    review.claim(services, NO, "reviewer-1")
    review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", ["照片模糊"], slots=(ID_CARD,))
    clock.tick(minutes=1)
    submit.put_document(services, NO, ID_CARD, [picture(9)], "importer")
    submit.submit(services, NO, "importer")
    assert queries.case_view(services, NO).by_hand_at is None
    read_all(services)
    assert state_of(services) == CaseState.NEEDS_REVIEW, "the other two were never read"


def test_only_what_waits_to_be_read_can_be_taken(services: Services) -> None:
    draft(services)
    with pytest.raises(StateError, match=r"case\.locked"):
        by_hand.take(services, NO, "reviewer-1")
    advised(services, "HD2026A000124")
    with pytest.raises(StateError, match=r"case\.locked"):
        by_hand.take(services, "HD2026A000124", "reviewer-1")


def test_without_workers_and_without_redis_a_case_reaches_a_person(services: Services, clock: Clock) -> None:
    """Nothing but the database and the files: it is uploaded, submitted, waits, and is reviewed by hand."""
    submitted(services)
    clock.tick(hours=services.settings.by_hand_after_h - 1)
    assert reconcile.sweep(services, no_queue, "reconciler-1", clock.now).by_hand == 0
    clock.tick(hours=1)
    assert reconcile.sweep(services, no_queue, "reconciler-1", clock.now).by_hand == 1
    assert state_of(services) == CaseState.NEEDS_REVIEW
    assert events(services, EventType.CASE_BY_HAND) == [("verifier", {"documents": 3, "why": "waited"})]
    review.claim(services, NO, "reviewer-1")
    review.decide(services, NO, DecisionAction.ACCEPT, "reviewer-1")
    assert state_of(services) == CaseState.ACCEPTED


def test_a_site_may_let_cases_wait(services: Services, clock: Clock) -> None:
    submitted(services)
    clock.tick(days=30)
    assert reconcile.sweep(with_settings(services, by_hand_after_h=0), set, "reconciler-1", clock.now).by_hand == 0
    assert state_of(services) == CaseState.SUBMITTED


def test_waiting_is_counted_from_the_last_submission(services: Services, clock: Clock) -> None:
    advised(services)
    clock.tick(days=9)
    assert reconcile.sweep(services, set, "reconciler-1", clock.now).by_hand == 0
