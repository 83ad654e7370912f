"""The queue: its order, its filters and counts, pages by key, views people keep, and claims that never meet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest

from schemas.case import CaseState, DecisionAction
from schemas.finding import Severity
from tests.support.cases import NO, advised
from tests.support.factories import Clock, Judge, finding
from tests.support.threads import together
from verifier.errors import InputError, StateError
from verifier.rules.workdays import is_workday, workday_after, workdays_left
from verifier.services import review, worklist
from verifier.services.context import Services
from verifier.services.worklist import WorkFilter

REVIEW = (finding(severity=Severity.REVIEW),)


def numbers(page: worklist.WorkPage) -> list[str]:
    return [item.application_no[-2:] for item in page.items]


def flagged(services: Services, judge: Judge, *names: str, severity: Severity = Severity.REVIEW) -> None:
    judge.findings = (finding(severity=severity),)
    for name in names:
        advised(services, f"{NO}-{name}")


def test_periods_count_working_days_with_the_state_councils_make_up_days() -> None:
    assert not is_workday(date(2026, 10, 1))
    assert is_workday(date(2026, 10, 10))  # a Saturday that makes up for the holiday
    assert workday_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert workdays_left(date(2026, 9, 30), date(2026, 10, 8)) == 1
    assert workdays_left(date(2026, 10, 8), date(2026, 9, 30)) == -1
    assert is_workday(date(2099, 1, 5)) and not is_workday(date(2099, 1, 4))
    with pytest.raises(ValueError, match="backwards"):
        workday_after(date(2026, 9, 30), -1)


def test_the_queue_is_ordered_by_days_left_then_gravity(services: Services, judge: Judge, clock: Clock) -> None:
    flagged(services, judge, "a1")
    flagged(services, judge, "a2", severity=Severity.CORRECT)
    flagged(services, judge, "a3", severity=Severity.REFUSE_GROUND)
    clock.tick(days=1)
    flagged(services, judge, "b1", severity=Severity.REFUSE_GROUND)
    page = worklist.page(services, WorkFilter())
    assert numbers(page) == ["a3", "a1", "a2", "b1"]
    assert [item.workdays_left for item in page.items] == [4, 4, 4, 5]
    assert [item.worst for item in page.items][:1] == [Severity.REFUSE_GROUND]
    clock.tick(days=14)
    assert worklist.page(services, WorkFilter()).items[0].workdays_left == -6
    assert worklist.counts(services).overdue == 4


def test_pages_follow_each_other_across_states(services: Services, judge: Judge) -> None:
    for place in range(7):
        severity = Severity.CORRECT if place % 2 else Severity.REVIEW
        flagged(services, judge, f"n{place}", severity=severity)
    whole = numbers(worklist.page(services, WorkFilter()))
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = worklist.page(services, WorkFilter(), cursor, 3)
        found += numbers(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == whole == ["n0", "n2", "n4", "n6", "n1", "n3", "n5"]
    for wrong in ("!", "dzE6MQ", "c1"):
        with pytest.raises(InputError):
            worklist.page(services, WorkFilter(), wrong)


def test_filters_and_counts(services: Services, judge: Judge, clock: Clock) -> None:
    judge.findings = (finding("a.a", Severity.REVIEW), finding("b.b"))
    advised(services, f"{NO}-x1")
    clock.tick(days=3)
    judge.findings = (finding("b.b"),)
    advised(services, f"{NO}-x2")
    judge.findings = ()
    advised(services, f"{NO}-x3")
    assert numbers(worklist.page(services, WorkFilter(rule="a.a"))) == ["x1"]
    assert numbers(worklist.page(services, WorkFilter(rule="b.b"))) == ["x1", "x2"]
    assert numbers(worklist.page(services, WorkFilter(severity=Severity.CORRECT))) == ["x2"]
    assert numbers(worklist.page(services, WorkFilter(older_than_days=2))) == ["x1"]
    assert numbers(worklist.page(services, WorkFilter(number=f"{NO}-x2"))) == ["x2"]
    assert numbers(worklist.page(services, WorkFilter(batch="other"))) == []
    assert numbers(worklist.page(services, WorkFilter(states=(CaseState.ADVISED_PASS,)))) == ["x3"]
    counts = worklist.counts(services)
    assert counts.rules == {"a.a": 1, "b.b": 2}
    assert counts.states == {CaseState.NEEDS_REVIEW: 1, CaseState.NEEDS_CORRECTION: 1, CaseState.ADVISED_PASS: 1}
    review.claim(services, f"{NO}-x2", "reviewer-1")
    mine = WorkFilter(states=(CaseState.IN_REVIEW,), claimed_by="reviewer-1")
    assert numbers(worklist.page(services, mine)) == ["x2"]
    review.decide(services, f"{NO}-x2", DecisionAction.RETURN, "reviewer-1", ["b.b"])
    assert worklist.counts(services).rules == {"a.a": 1, "b.b": 1}


def test_the_next_case_is_the_most_urgent_and_the_one_claimed_ahead_comes_next(
    services: Services, judge: Judge
) -> None:
    flagged(services, judge, "c1", "c2", "c3")
    first = worklist.claim_next(services, "reviewer-1")
    assert first is not None and first.application_no.endswith("c1")
    ahead = worklist.claim_ahead(services, first.application_no, "reviewer-1")
    assert ahead is not None and ahead.application_no.endswith("c2")
    other = worklist.claim_next(services, "reviewer-2")
    assert other is not None and other.application_no.endswith("c3")
    review.decide(services, first.application_no, DecisionAction.ACCEPT, "reviewer-1")
    following = worklist.claim_next(services, "reviewer-1")
    assert following is not None and following.application_no == ahead.application_no
    with pytest.raises(StateError):
        worklist.claim_ahead(services, other.application_no, "reviewer-1")


def test_a_skipped_case_comes_after_those_behind_it(services: Services, judge: Judge) -> None:
    flagged(services, judge, "d1", "d2")
    seen = []
    skipped: str | None = None
    for _ in range(3):
        claim = worklist.claim_next(services, "reviewer-1", after=skipped)
        assert claim is not None
        skipped = claim.application_no
        seen.append(skipped[-2:])
        review.release(services, skipped, "reviewer-1")
    assert seen == ["d1", "d2", "d1"]


def test_a_hold_runs_out_and_the_case_comes_back(services: Services, judge: Judge, clock: Clock) -> None:
    flagged(services, judge, "e1")
    first = worklist.claim_next(services, "reviewer-1", minutes=worklist.HOLD_MINUTES)
    assert first is not None
    assert worklist.claim_next(services, "reviewer-2") is None
    clock.tick(minutes=worklist.HOLD_MINUTES)
    second = worklist.claim_next(services, "reviewer-2", WorkFilter(states=(CaseState.IN_REVIEW,)))
    assert second is not None and second.holder == "reviewer-2"


def test_a_proposer_is_not_offered_their_own_proposal(services: Services, judge: Judge) -> None:
    flagged(services, judge, "f1")
    claim = worklist.claim_next(services, "reviewer-1")
    assert claim is not None
    review.decide(services, claim.application_no, DecisionAction.NOT_ACCEPT, "reviewer-1", ["x"])
    second = WorkFilter(states=(CaseState.AWAITING_SECOND,))
    assert worklist.claim_next(services, "reviewer-1", second) is None
    assert worklist.claim_next(services, "reviewer-2", second) is not None


def test_threads_never_hold_one_case_together(services: Services, judge: Judge) -> None:
    flagged(services, judge, *(f"t{place}" for place in range(8)))

    def clear(reviewer: str) -> list[str]:
        done = []
        while (claim := worklist.claim_next(services, reviewer)) is not None:
            review.decide(services, claim.application_no, DecisionAction.ACCEPT, reviewer)
            done.append(claim.application_no)
        return done

    answers = together([lambda n=n: clear(f"reviewer-{n}") for n in range(4)])
    cleared = Counter(number for answer in answers for number in answer)
    assert len(cleared) == 8
    assert set(cleared.values()) == {1}


CLEAR = """
import json, sys
from pathlib import Path
from schemas.case import DecisionAction
from tests.support.factories import settings_for
from verifier.services import review, worklist
from verifier.services.context import open_services
services = open_services(settings_for(Path(sys.argv[1]), database_url=sys.argv[2]))
done = []
while (claim := worklist.claim_next(services, sys.argv[3])) is not None:
    review.decide(services, claim.application_no, DecisionAction.ACCEPT, sys.argv[3])
    done.append(claim.application_no)
print(json.dumps(done))
"""


def test_nor_do_processes(services: Services, judge: Judge, clock: Clock, tmp_path: object) -> None:
    flagged(services, judge, *(f"p{place:02}" for place in range(12)))
    url = services.settings.database_url
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CLEAR, str(tmp_path), url, f"reviewer-{place}"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for place in range(3)
    ]
    answers = [json.loads(process.communicate(timeout=120)[0]) for process in started]
    cleared = Counter(number for answer in answers for number in answer)
    assert len(cleared) == 12
    assert set(cleared.values()) == {1}


def test_saved_views_are_ones_own(services: Services) -> None:
    worklist.save_view(services, "reviewer-1", " 补正 ", "state=needs_correction")
    worklist.save_view(services, "reviewer-1", "补正", "state=needs_review")
    assert worklist.saved_views(services, "reviewer-1") == (
        worklist.SavedView(name="补正", query="state=needs_review"),
    )
    assert worklist.saved_views(services, "reviewer-2") == ()
    worklist.remove_view(services, "reviewer-1", "补正")
    worklist.remove_view(services, "reviewer-1", "补正")
    assert worklist.saved_views(services, "reviewer-1") == ()
    for name in ("", "长" * 41):
        with pytest.raises(InputError):
            worklist.save_view(services, "reviewer-1", name, "")
    for place in range(worklist.VIEWS_MAX):
        worklist.save_view(services, "reviewer-1", f"v{place}", "")
    with pytest.raises(InputError):
        worklist.save_view(services, "reviewer-1", "one more", "")
