"""Dead letters: seen, counted, tried again by a person, and what that does to their case."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from schemas.case import AttemptState, CaseState, DecisionAction, DocumentState
from schemas.events import EventType
from schemas.finding import Severity
from tests.support.cases import NO, advised, send_all, state_of, submitted
from tests.support.factories import EXAM, ID_CARD, Clock, Judge, finding, picture, read_of, with_settings
from tests.support.threads import together
from verifier.errors import InputError, StateError
from verifier.services import attempts, outbox, process, queries, reconcile, retries, review, submit, withdraw
from verifier.services.attempts import AttemptView
from verifier.services.context import Services, reading
from verifier.store.tables import OutboxRow


def given_up(services: Services, number: str = NO, code: str = "engine.timeout") -> AttemptView:
    """A case whose first document was given up while the others were read; its dead attempt."""
    once = with_settings(services, max_tries=1)
    submitted(services, number)
    first, *rest = send_all(services)
    process.begin(once, first, "worker-1")
    process.fail(once, first, code, transient=True)
    for attempt_id in rest:
        process.begin(services, attempt_id, "worker-1")
        process.finish(services, attempt_id, read_of())
    (dead,) = attempts.list_attempts(services, application_no=number, state=AttemptState.DEAD).items
    return dead


def read(services: Services, attempt_id: str) -> None:
    send_all(services)
    assert process.begin(services, attempt_id, "worker-2") is not None
    assert process.finish(services, attempt_id, read_of()).accepted


def rules_of(services: Services) -> list[str]:
    result = queries.case_view(services, NO).result
    assert result is not None
    return [finding.rule for finding in result.findings]


def test_a_dead_attempt_is_seen_with_its_reason(services: Services) -> None:
    dead = given_up(services)
    assert (dead.error_code, dead.slot, dead.case_state) == ("engine.timeout", ID_CARD, CaseState.NEEDS_REVIEW)
    assert dead.retryable
    done = attempts.list_attempts(services, state=AttemptState.DONE).items
    assert len(done) == 2
    assert not any(item.retryable for item in done)


def test_the_list_is_filtered_and_paged(services: Services, clock: Clock) -> None:
    for number in range(3):
        given_up(services, f"HD2026A00010{number}", "engine.timeout" if number else "engine.crashed")
        clock.tick(seconds=1)
    timeouts = attempts.list_attempts(services, error_code="engine.timeout").items
    assert [item.application_no for item in timeouts] == ["HD2026A000102", "HD2026A000101"]
    assert attempts.list_attempts(services, queue="interactive").items == ()
    seen, cursor = [], None
    while True:
        page = attempts.list_attempts(services, cursor=cursor, limit=2)
        seen += [item.id for item in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert len(seen) == len(set(seen)) == 9
    assert seen == [item.id for item in attempts.list_attempts(services).items]


@pytest.mark.parametrize("cursor", ["", "x", "YTE6eDp5", "YzE6NDI", "YTE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5Ong"])
def test_a_strange_cursor_is_refused(services: Services, cursor: str) -> None:
    with pytest.raises(InputError) as refused:
        attempts.list_attempts(services, cursor=cursor)
    assert refused.value.details["where"] == "cursor"


def test_a_retried_document_is_read_and_the_case_advised_anew(services: Services, clock: Clock) -> None:
    dead = given_up(services)
    assert rules_of(services) == ["document.not_read"]
    clock.tick(minutes=1)
    done = retries.retry(services, dead.id, "admin-1")
    # with its person until it is read
    assert state_of(services) == CaseState.NEEDS_REVIEW
    assert queries.case_view(services, NO).documents[0].state == DocumentState.QUEUED
    clock.tick(minutes=1)
    read(services, done.attempt_id)
    assert state_of(services) == CaseState.ADVISED_PASS
    assert rules_of(services) == []
    (event,) = [one for one in queries.events_of(services, NO) if one.type == EventType.ATTEMPT_RETRIED]
    assert event.actor == "admin-1"
    assert event.details == {
        "slot": "resident_id_card", "attempt": dead.id, "code": "engine.timeout", "replaced_by": done.attempt_id,
    }  # fmt: skip
    old, new = (
        next(item for item in attempts.list_attempts(services).items if item.id == id)
        for id in (dead.id, done.attempt_id)
    )
    assert (old.state, old.retryable) == (AttemptState.DEAD, False)
    assert (new.no, new.tries, new.queue) == (2, 1, "interactive")


def test_a_retry_that_fails_again_leaves_the_case_as_it_was(services: Services, clock: Clock) -> None:
    dead = given_up(services)
    clock.tick(minutes=1)
    done = retries.retry(services, dead.id, "admin-1")
    send_all(services)
    process.begin(services, done.attempt_id, "worker-2")
    process.fail(services, done.attempt_id, "file.broken", transient=False)
    assert state_of(services) == CaseState.NEEDS_REVIEW
    given = [one for one in queries.events_of(services, NO) if one.type == EventType.ADVICE_GIVEN]
    assert len(given) == 1
    (again,) = attempts.list_attempts(services, state=AttemptState.FAILED).items
    assert again.retryable


def test_two_retries_of_a_case_are_advised_on_once(services: Services, clock: Clock) -> None:
    once = with_settings(services, max_tries=1)
    submitted(services)
    for attempt_id in send_all(services):
        process.begin(once, attempt_id, "worker-1")
        process.fail(once, attempt_id, "engine.timeout", transient=True)
    clock.tick(minutes=1)
    assert retries.retry_all(services, "engine.timeout", "admin-1").retried == 3
    first, second, third = send_all(services)
    clock.tick(minutes=1)
    for attempt_id in (first, second):
        process.begin(services, attempt_id, "worker-2")
        process.finish(services, attempt_id, read_of())
        assert state_of(services) == CaseState.NEEDS_REVIEW
    process.begin(once, third, "worker-2")
    process.fail(once, third, "engine.crashed", transient=True)
    given = [one for one in queries.events_of(services, NO) if one.type == EventType.ADVICE_GIVEN]
    assert len(given) == 2
    assert rules_of(services) == ["document.not_read"]


def test_what_a_reviewer_looks_at_does_not_change_under_their_hands(services: Services, clock: Clock) -> None:
    dead = given_up(services)
    review.claim(services, NO, "reviewer-1")
    clock.tick(minutes=1)
    done = retries.retry(services, dead.id, "admin-1")
    read(services, done.attempt_id)
    assert state_of(services) == CaseState.IN_REVIEW
    assert rules_of(services) == ["document.not_read"]
    assert queries.case_view(services, NO).documents[0].state == DocumentState.READ
    review.release(services, NO, "reviewer-1")
    assert state_of(services) == CaseState.ADVISED_PASS
    assert rules_of(services) == []


def test_a_lapsed_claim_is_advised_anew_too(services: Services, clock: Clock, judge: Judge) -> None:
    dead = given_up(services)
    review.claim(services, NO, "reviewer-1")
    clock.tick(minutes=1)
    read(services, retries.retry(services, dead.id, "admin-1").attempt_id)
    judge.findings = (finding(severity=Severity.CORRECT),)
    clock.tick(hours=1)
    reconcile.sweep(services, set, "reconciler-1", clock.now)
    assert state_of(services) == CaseState.NEEDS_CORRECTION


def test_what_cannot_be_retried_says_so(services: Services, clock: Clock) -> None:
    with pytest.raises(InputError, match=r"attempt\.not_found"):
        retries.retry(services, "nothing", "admin-1")
    dead = given_up(services)
    done = attempts.list_attempts(services, state=AttemptState.DONE).items[0]
    with pytest.raises(StateError, match=r"attempt\.not_retryable"):
        retries.retry(services, done.id, "admin-1")
    retries.retry(services, dead.id, "admin-1")
    with pytest.raises(StateError, match=r"attempt\.not_retryable"):
        retries.retry(services, dead.id, "admin-1")


def test_a_decided_case_is_left_alone(services: Services) -> None:
    dead = given_up(services)
    review.claim(services, NO, "reviewer-1")
    review.decide(services, NO, DecisionAction.ACCEPT, "reviewer-1")
    assert not attempts.list_attempts(services, state=AttemptState.DEAD).items[0].retryable
    with pytest.raises(StateError, match=r"attempt\.not_retryable"):
        retries.retry(services, dead.id, "admin-1")
    assert retries.preview(services, "engine.timeout").matched == 0


def test_a_replaced_document_is_left_alone(services: Services) -> None:
    dead = given_up(services)
    review.claim(services, NO, "reviewer-1")
    review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", ["照片模糊"], slots=(ID_CARD,))
    submit.put_document(services, NO, ID_CARD, [picture(9)], "importer")
    submit.submit(services, NO, "importer")
    with pytest.raises(StateError, match=r"attempt\.not_retryable"):
        retries.retry(services, dead.id, "admin-1")


def test_a_withdrawn_case_is_left_alone(services: Services) -> None:
    dead = given_up(services)
    withdraw.withdraw(services, NO, "importer")
    with pytest.raises(StateError, match=r"attempt\.not_retryable"):
        retries.retry(services, dead.id, "admin-1")


def test_by_reason_with_a_preview_and_in_portions(services: Services) -> None:
    numbers = [f"HD2026A00010{number}" for number in range(3)]
    for number in numbers:
        given_up(services, number)
    given_up(services, "HD2026A000199", "engine.crashed")
    counted = retries.preview(services, "engine.timeout")
    assert (counted.matched, counted.retried, counted.left) == (3, 0, 3)
    assert outbox.unsent(services) == 0
    done = retries.retry_all(services, "engine.timeout", "admin-1", at_most=2)
    assert (done.matched, done.retried, done.left) == (3, 2, 1)
    done = retries.retry_all(services, "engine.timeout", "admin-1", at_most=2)
    assert (done.matched, done.retried, done.left) == (1, 1, 0)
    with reading(services) as session:
        queues = session.scalars(select(OutboxRow.queue).where(OutboxRow.sent_at.is_(None))).all()
    assert queues == ["bulk"] * 3
    with pytest.raises(InputError):
        retries.retry_all(services, "no.such_code", "admin-1")


def test_two_people_who_retry_at_once_open_one_attempt(services: Services) -> None:
    dead = given_up(services)

    def one() -> bool:
        try:
            retries.retry(services, dead.id, "admin-1")
        except StateError:
            return False
        return True

    assert sorted(together([one, one])) == [False, True]
    assert outbox.unsent(services) == 1


def test_an_advised_case_is_not_advised_again_by_itself(services: Services, clock: Clock, judge: Judge) -> None:
    judge.findings = (finding(document=EXAM),)
    advised(services)
    clock.tick(minutes=1)
    review.claim(services, NO, "reviewer-1")
    review.release(services, NO, "reviewer-1")
    assert state_of(services) == CaseState.NEEDS_CORRECTION
    assert len(judge.asked) == 1
