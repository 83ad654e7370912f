"""Claims and decisions: one holder, named reasons, four eyes, and every move in the table and no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.case import TRANSITIONS, CaseState, DecisionAction
from schemas.document import DocumentType
from schemas.events import EventType
from schemas.finding import Severity
from tests.support.cases import NO, advised, filled, in_review, returned, state_of, submitted
from tests.support.factories import EXAM, ID_CARD, PERMIT, START, Clock, Judge, finding
from tests.support.threads import together
from verifier.errors import InputError, StateError
from verifier.services import queries, review, worklist
from verifier.services.cases import lock_case, move_case
from verifier.services.context import Services, writing


def put_into(services: Services, state: CaseState, number: str = NO) -> None:
    """Write a state past the table: only tests of the table may."""
    with writing(services) as session:
        lock_case(session, number).state = state


def accepted(services: Services, reviewer: str = "reviewer-1") -> None:
    in_review(services, reviewer=reviewer)
    review.decide(services, NO, DecisionAction.ACCEPT, reviewer)


@pytest.mark.parametrize("source", list(CaseState))
def test_every_move_of_the_table_is_allowed_and_no_other(services: Services, source: CaseState) -> None:
    filled(services)
    for target in CaseState:
        put_into(services, source)
        with writing(services) as session:
            case = lock_case(session, NO)
            if target in TRANSITIONS[source]:
                move_case(session, case, target, at=START, actor="test")
                assert case.state == target
            else:
                with pytest.raises(StateError) as refusal:
                    move_case(session, case, target, at=START, actor="test")
                assert refusal.value.details == {"state": source.value}
    moves = [event for event in queries.events_of(services, NO) if event.type == EventType.STATE_CHANGED]
    assert len(moves) == len(TRANSITIONS[source])


def test_a_claim_is_held_for_half_an_hour(services: Services, clock: Clock) -> None:
    advised(services)
    claim = review.claim(services, NO, "reviewer-1")
    assert claim == review.Claim(application_no=NO, holder="reviewer-1", until=START + timedelta(minutes=30))
    view = queries.case_view(services, NO)
    assert view.state == CaseState.IN_REVIEW
    assert view.claim == queries.ClaimView(holder="reviewer-1", until=claim.until)
    clock.tick(minutes=30)
    assert queries.case_view(services, NO).claim is None


def test_claiming_again_holds_it_longer(services: Services, clock: Clock) -> None:
    in_review(services)
    clock.tick(minutes=20)
    assert review.claim(services, NO, "reviewer-1").until == clock.now + timedelta(minutes=30)


def test_another_cannot_claim_until_the_claim_runs_out(services: Services, clock: Clock) -> None:
    in_review(services)
    with pytest.raises(StateError) as refusal:
        review.claim(services, NO, "reviewer-2")
    assert refusal.value.code == "case.claimed"
    clock.tick(minutes=30)
    assert review.claim(services, NO, "reviewer-2").holder == "reviewer-2"
    with pytest.raises(StateError) as late:
        review.decide(services, NO, DecisionAction.ACCEPT, "reviewer-1")
    assert late.value.code == "case.not_claimed"


def test_of_reviewers_claiming_at_once_one_holds_it(services: Services) -> None:
    advised(services)

    def attempt(reviewer: str) -> bool:
        try:
            review.claim(services, NO, reviewer)
        except StateError:
            return False
        return True

    answers = together([lambda n=n: attempt(f"reviewer-{n}") for n in range(5)])
    assert sum(answers) == 1


def test_reviewers_asking_for_the_next_case_get_different_ones(services: Services, judge: Judge) -> None:
    judge.findings = (finding(severity=Severity.REVIEW),)
    numbers = [f"{NO}-{n}" for n in range(3)]
    for number in numbers:
        advised(services, number)
    answers = together([lambda n=n: worklist.claim_next(services, f"reviewer-{n}") for n in range(4)])
    claimed = [answer.application_no for answer in answers if answer is not None]
    assert sorted(claimed) == numbers
    assert answers.count(None) == 1


def test_the_next_case_is_the_one_that_waits_longest(services: Services) -> None:
    for n in range(2):
        advised(services, f"{NO}-{n}")
    claim = worklist.claim_next(services, "reviewer-1", worklist.WorkFilter(states=(CaseState.ADVISED_PASS,)))
    assert claim is not None
    assert claim.application_no == f"{NO}-0"
    assert worklist.claim_next(services, "reviewer-2") is None


@pytest.mark.parametrize("state", [CaseState.DRAFT, CaseState.SUBMITTED, CaseState.RETURNED, CaseState.APPROVED])
def test_a_case_that_is_not_with_the_reviewers_cannot_be_claimed(services: Services, state: CaseState) -> None:
    filled(services)
    put_into(services, state)
    with pytest.raises(StateError) as refusal:
        review.claim(services, NO, "reviewer-1")
    assert refusal.value.details == {"state": state.value}


@pytest.mark.parametrize("severity", [Severity.INFO, Severity.CORRECT, Severity.REVIEW])
def test_a_case_given_back_goes_where_it_came_from(services: Services, judge: Judge, severity: Severity) -> None:
    judge.findings = (finding(severity=severity),)
    advised(services)
    before = state_of(services)
    review.claim(services, NO, "reviewer-1")
    review.release(services, NO, "reviewer-1")
    assert state_of(services) == before
    with pytest.raises(StateError) as refusal:
        review.release(services, NO, "reviewer-1")
    assert refusal.value.code == "case.not_claimed"


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (DecisionAction.ACCEPT, CaseState.ACCEPTED),
        (DecisionAction.RETURN, CaseState.RETURNED),
    ],
)
def test_the_holder_decides(services: Services, clock: Clock, action: DecisionAction, state: CaseState) -> None:
    in_review(services)
    decided = review.decide(services, NO, action, "reviewer-1", ["理由"], "备注")
    assert decided.state == state
    view = queries.case_view(services, NO)
    assert (view.state, view.claim) == (state, None)
    (decision,) = view.decisions
    assert (decision.action, decision.reasons, decision.note, decision.actor) == (
        action,
        ("理由",),
        "备注",
        "reviewer-1",
    )
    last = queries.events_of(services, NO)[-1]
    assert (last.type, last.actor, last.details) == (
        EventType.DECISION_MADE,
        "reviewer-1",
        {"action": action.value, "reasons": 1},
    )


@pytest.mark.parametrize("action", [DecisionAction.RETURN, DecisionAction.NOT_ACCEPT, DecisionAction.DENY])
@pytest.mark.parametrize("reasons", [[], ["  "]])
def test_what_burdens_the_applicant_needs_a_reason(
    services: Services, action: DecisionAction, reasons: list[str]
) -> None:
    in_review(services)
    with pytest.raises(InputError) as refusal:
        review.decide(services, NO, action, "reviewer-1", reasons)
    assert refusal.value.details["where"] == "reasons"
    assert state_of(services) == CaseState.IN_REVIEW


@pytest.mark.parametrize(
    ("reasons", "note", "where"),
    [(["x"] * 51, "", "reasons"), (["x" * 501], "", "reasons"), (["x"], "x" * 2001, "note")],
)
def test_words_have_bounds(services: Services, reasons: list[str], note: str, where: str) -> None:
    in_review(services)
    with pytest.raises(InputError) as refusal:
        review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", reasons, note)
    assert refusal.value.details["where"] == where


def test_nobody_decides_without_the_claim(services: Services, clock: Clock) -> None:
    in_review(services)
    for reviewer, minutes in (("reviewer-2", 0), ("reviewer-1", 30)):
        clock.tick(minutes=minutes)
        with pytest.raises(StateError) as refusal:
            review.decide(services, NO, DecisionAction.ACCEPT, reviewer)
        assert refusal.value.code == "case.not_claimed"


@pytest.mark.parametrize("action", [DecisionAction.APPROVE, DecisionAction.DENY])
def test_recognition_is_decided_by_another_person(services: Services, action: DecisionAction) -> None:
    accepted(services)
    review.claim(services, NO, "reviewer-1")
    with pytest.raises(StateError) as refusal:
        review.decide(services, NO, action, "reviewer-1", ["理由"])
    assert refusal.value.code == "case.same_person"
    review.release(services, NO, "reviewer-1")
    assert state_of(services) == CaseState.ACCEPTED
    review.claim(services, NO, "reviewer-2")
    by_two = action is DecisionAction.DENY
    decided = review.decide(services, NO, action, "reviewer-2", ["理由"])
    assert decided.state == (CaseState.AWAITING_SECOND if by_two else review.TARGETS[action])


def test_recognition_cannot_be_decided_before_acceptance(services: Services) -> None:
    in_review(services)
    with pytest.raises(StateError) as refusal:
        review.decide(services, NO, DecisionAction.APPROVE, "reviewer-1")
    assert refusal.value.details == {"state": "in_review"}


def test_a_decision_remembers_the_advice_it_was_made_on(services: Services, judge: Judge) -> None:
    judge.findings = (finding(),)
    returned(services, EXAM)
    with writing(services) as session:
        (decision,) = lock_case(session, NO).decisions
        assert decision.words["advice"] is not None
        assert decision.words["advice"]["findings"][0]["rule"] == "name.mismatch"


def test_a_return_asks_for_the_slots_of_the_reasons(services: Services, judge: Judge) -> None:
    judge.findings = (finding("a.a", document=EXAM), finding("b.b", document=PERMIT))
    in_review(services)
    assert review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", ["b.b"]).slots == (PERMIT,)
    assert queries.case_view(services, NO).returned_slots == (PERMIT,)


def test_a_return_in_free_words_asks_for_what_the_findings_name(services: Services, judge: Judge) -> None:
    judge.findings = (finding("a.a", document=PERMIT), finding("b.b", Severity.INFO, EXAM))
    in_review(services)
    assert review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", ["请重拍"]).slots == (PERMIT,)


def test_a_return_without_findings_asks_for_everything(services: Services) -> None:
    in_review(services)
    decided = review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", ["请重拍"])
    assert decided.slots == (ID_CARD, EXAM, PERMIT)


def test_a_return_may_name_slots_never_filled_but_not_none(services: Services) -> None:
    in_review(services)
    with pytest.raises(InputError) as refusal:
        review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", ["x"], slots=())
    assert refusal.value.details["where"] == "slots"
    slots = (DocumentType.LABOR_CONTRACT,)
    assert review.decide(services, NO, DecisionAction.RETURN, "reviewer-1", ["x"], slots=slots).slots == slots


def test_opening_a_case_is_an_event(services: Services) -> None:
    submitted(services)
    view = review.open_case(services, NO, "reviewer-1")
    assert view == queries.case_view(services, NO)
    last = queries.events_of(services, NO)[-1]
    assert (last.type, last.actor, last.details) == (EventType.CASE_VIEWED, "reviewer-1", {})
