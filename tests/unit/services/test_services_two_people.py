"""What takes two people, what one made of single findings, and what was seen: refusals, drawn passes, reopening, conflicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.case import CaseState, DecisionAction
from schemas.events import EventType
from schemas.finding import Severity
from schemas.review import FindingAction
from tests.support.cases import NO, advised, in_review, state_of
from tests.support.factories import EXAM, Clock, Judge, finding
from verifier.errors import InputError, StateError
from verifier.services import findings, queries, review
from verifier.services.context import Services

ONE, TWO, THREE = "reviewer-1", "reviewer-2", "reviewer-3"


def decide(services: Services, action: DecisionAction, actor: str) -> CaseState:
    review.claim(services, NO, actor)
    return review.decide(services, NO, action, actor, ["理由"]).state


def refused(services: Services, code: str, action: DecisionAction, actor: str) -> None:
    with pytest.raises(StateError) as refusal:
        decide(services, action, actor)
    assert refusal.value.code == code


def types(services: Services) -> list[EventType]:
    return [event.type for event in queries.events_of(services, NO)]


def test_a_refusal_is_completed_by_another_person_only(services: Services) -> None:
    advised(services)
    assert decide(services, DecisionAction.NOT_ACCEPT, ONE) == CaseState.AWAITING_SECOND
    refused(services, "case.same_person", DecisionAction.NOT_ACCEPT, ONE)
    review.release(services, NO, ONE)
    assert state_of(services) == CaseState.AWAITING_SECOND
    assert decide(services, DecisionAction.NOT_ACCEPT, TWO) == CaseState.NOT_ACCEPTED
    assert [row.actor for row in queries.case_view(services, NO).decisions] == [ONE, TWO]
    assert EventType.DECISION_PROPOSED in types(services)


def test_a_denial_too(services: Services) -> None:
    advised(services)
    decide(services, DecisionAction.ACCEPT, ONE)
    assert decide(services, DecisionAction.DENY, TWO) == CaseState.AWAITING_SECOND
    refused(services, "case.locked", DecisionAction.NOT_ACCEPT, THREE)
    assert review.decide(services, NO, DecisionAction.DENY, THREE, ["理由"]).state == CaseState.DENIED


def test_two_who_disagree_leave_both_decisions_and_a_case_to_review(services: Services) -> None:
    advised(services)
    decide(services, DecisionAction.NOT_ACCEPT, ONE)
    assert decide(services, DecisionAction.ACCEPT, TWO) == CaseState.NEEDS_REVIEW
    assert [row.action for row in queries.case_view(services, NO).decisions] == [
        DecisionAction.NOT_ACCEPT,
        DecisionAction.ACCEPT,
    ]
    assert types(services)[-1] == EventType.DECISION_DISPUTED


def test_a_drawn_pass_takes_two(services: Services) -> None:
    drawn = replace(services, draw=lambda text: 0.0 if text.startswith("second look") else 1.0)
    advised(drawn)
    assert decide(drawn, DecisionAction.ACCEPT, ONE) == CaseState.AWAITING_SECOND
    assert decide(drawn, DecisionAction.ACCEPT, TWO) == CaseState.ACCEPTED


def test_a_flagged_case_is_not_drawn(services: Services, judge: Judge) -> None:
    judge.findings = (finding(severity=Severity.REVIEW),)
    drawn = replace(services, draw=lambda _text: 0.0)
    advised(drawn)
    assert decide(drawn, DecisionAction.ACCEPT, ONE) == CaseState.ACCEPTED


def test_reopening_needs_a_reason_and_keeps_the_decision(services: Services) -> None:
    advised(services)
    decide(services, DecisionAction.ACCEPT, ONE)
    with pytest.raises(InputError) as refusal:
        review.reopen(services, NO, TWO, "  ")
    assert refusal.value.code == "case.needs_reason"
    review.reopen(services, NO, TWO, "收到单位更正")
    assert state_of(services) == CaseState.NEEDS_REVIEW
    assert [row.action for row in queries.case_view(services, NO).decisions] == [
        DecisionAction.ACCEPT,
        DecisionAction.REOPEN,
    ]
    with pytest.raises(StateError):
        review.reopen(services, NO, TWO, "again")


def test_a_finding_is_confirmed_dismissed_or_corrected(services: Services, judge: Judge) -> None:
    judge.findings = (finding(), finding("b.b", Severity.REVIEW), finding("c.c", Severity.INFO))
    in_review(services)
    with pytest.raises(InputError) as without:
        findings.decide_finding(services, NO, 0, FindingAction.DISMISS, ONE)
    assert without.value.code == "finding.needs_reason"
    with pytest.raises(InputError) as empty:
        findings.decide_finding(services, NO, 0, FindingAction.CORRECT, ONE, value=" ")
    assert empty.value.code == "finding.needs_value"
    with pytest.raises(InputError) as none:
        findings.decide_finding(services, NO, 7, FindingAction.CONFIRM, ONE)
    assert none.value.code == "finding.not_found"
    findings.decide_finding(services, NO, 0, FindingAction.DISMISS, ONE, reason="印章遮挡")
    view = findings.decide_finding(services, NO, 1, FindingAction.CORRECT, ONE, value="欧阳靖雯")
    decision = view.findings[1].decision
    assert decision is not None
    assert (decision.value, decision.actor, decision.rules) == ("欧阳靖雯", ONE, "2026-autumn@1")
    assert view.findings[1].finding == judge.findings[1]
    with pytest.raises(StateError) as stranger:
        findings.decide_finding(services, NO, 0, FindingAction.CONFIRM, TWO)
    assert stranger.value.code == "case.not_claimed"
    assert review.decide(services, NO, DecisionAction.ACCEPT, ONE, whole=True).state == CaseState.ACCEPTED


def test_what_is_undecided_or_confirmed_is_not_accepted(services: Services, judge: Judge) -> None:
    judge.findings = (finding(),)
    in_review(services)
    for code in ("case.findings_undecided", "case.findings_confirmed"):
        with pytest.raises(StateError) as refusal:
            review.decide(services, NO, DecisionAction.ACCEPT, ONE, whole=True)
        assert refusal.value.code == code
        findings.decide_finding(services, NO, 0, FindingAction.CONFIRM, ONE)


def test_a_decision_on_an_old_page_is_refused(services: Services, judge: Judge, clock: Clock) -> None:
    judge.findings = (finding(),)
    in_review(services)
    seen = findings.review_view(services, NO).seen
    clock.tick(minutes=1)
    review.claim(services, NO, ONE)
    assert findings.review_view(services, NO).seen == seen
    findings.decide_finding(services, NO, 0, FindingAction.CONFIRM, ONE, seen=seen)
    for act in (
        lambda: review.decide(services, NO, DecisionAction.RETURN, ONE, ["x"], seen=seen),
        lambda: findings.decide_finding(services, NO, 0, FindingAction.CONFIRM, ONE, seen=seen),
    ):
        with pytest.raises(StateError) as refusal:
            act()
        assert refusal.value.code == "case.changed"


def test_the_second_persons_view_shows_who_decided_otherwise(services: Services, judge: Judge) -> None:
    judge.findings = (finding(document=EXAM),)
    in_review(services)
    findings.decide_finding(services, NO, 0, FindingAction.CONFIRM, ONE)
    review.decide(services, NO, DecisionAction.NOT_ACCEPT, ONE, ["理由"])
    review.claim(services, NO, TWO)
    view = findings.decide_finding(services, NO, 0, FindingAction.DISMISS, TWO, reason="同一人")
    assert view.findings[0].is_disputed
    assert [decision.actor for decision in view.findings[0].decisions] == [ONE, TWO]
