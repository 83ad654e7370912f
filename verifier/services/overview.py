"""What becomes of the cases, for those who run the batch: the statutory clock, shares, reviewers, what is found most."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from schemas.base import Model
from schemas.case import CaseState, DecisionAction
from schemas.finding import Outcome
from schemas.review import FindingAction
from verifier.rules.workdays import workdays_left
from verifier.services import deadlines
from verifier.services.context import Services, reading
from verifier.store.review_tables import FindingDecisionRow, FindingRow
from verifier.store.tables import CaseRow, DecisionRow

DAYS = 30
"""The span that shares and reviewers are counted over."""

TOP = 10
"""Rules shown."""

WITH_BUREAU = (
    CaseState.SUBMITTED,
    CaseState.RESUBMITTED,
    CaseState.READING,
    CaseState.ADVISED_PASS,
    CaseState.NEEDS_CORRECTION,
    CaseState.NEEDS_REVIEW,
    CaseState.IN_REVIEW,
    CaseState.AWAITING_SECOND,
    CaseState.ACCEPTED,
)
"""States in which the law's clock runs against the bureau."""

FIRST = (DecisionAction.ACCEPT, DecisionAction.RETURN, DecisionAction.NOT_ACCEPT)


class Due(Model):
    """Cases with the bureau by working days left; `later` have four or more."""

    overdue: int
    today: int
    soon: int
    """One to three working days."""
    later: int


class Shares(Model):
    """First decisions of the span: how many, and of them those accepted at once on a machine's pass, and returned."""

    decided: int
    straight_through: int
    returned: int


class ReviewerFigures(Model):
    """What one person decided in the span, and how often they dismissed a finding or kept it."""

    name: str
    decided: int
    returned: int
    confirmed: int
    dismissed: int


class RuleCount(Model):
    """How many findings of a rule wait for a person now."""

    rule: str
    findings: int


class Overview(Model):
    at: datetime
    days: int
    due: Due
    shares: Shares
    reviewers: tuple[ReviewerFigures, ...]
    rules: tuple[RuleCount, ...]


def overview(services: Services, days: int = DAYS) -> Overview:
    """The cases as they stand, and the decisions of the last `days`. Raises StorageError database.unavailable."""
    now = services.clock()
    since = now - timedelta(days=days)
    with reading(services) as session:
        return Overview(
            at=now,
            days=days,
            due=_due(session, deadlines.today(now)),
            shares=_shares(session, since),
            reviewers=_reviewers(session, since),
            rules=_rules(session),
        )


def _due(session: Session, today: date) -> Due:
    """Grouped by day first: there are few days and many cases."""
    days = session.execute(
        select(CaseRow.due_on, func.count()).where(CaseRow.state.in_(WITH_BUREAU)).group_by(CaseRow.due_on)
    )
    counts = {"overdue": 0, "today": 0, "soon": 0, "later": 0}
    for due_on, count in days:
        if due_on is None:
            continue  # put back to a state without a day
        left = workdays_left(today, due_on)
        name = "overdue" if left < 0 else "today" if left == 0 else "soon" if left <= 3 else "later"
        counts[name] += count
    return Due(**counts)


def _shares(session: Session, since: datetime) -> Shares:
    at_once = (
        (DecisionRow.action == DecisionAction.ACCEPT) & (DecisionRow.round == 0) & (CaseRow.outcome == Outcome.PASS)
    )
    decided, through, returned = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((at_once, 1), else_=0)), 0),
            func.coalesce(func.sum(case((DecisionRow.action == DecisionAction.RETURN, 1), else_=0)), 0),
        )
        .select_from(DecisionRow)
        .join(CaseRow, CaseRow.id == DecisionRow.case_id)
        .where(DecisionRow.at > since, DecisionRow.action.in_(FIRST))
    ).one()
    return Shares(decided=decided, straight_through=through, returned=returned)


def _reviewers(session: Session, since: datetime) -> tuple[ReviewerFigures, ...]:
    """By name: this is no league table."""
    decided = {
        name: (count, returned)
        for name, count, returned in session.execute(
            select(
                DecisionRow.actor,
                func.count(),
                func.coalesce(func.sum(case((DecisionRow.action == DecisionAction.RETURN, 1), else_=0)), 0),
            )
            .where(DecisionRow.at > since)
            .group_by(DecisionRow.actor)
        )
    }
    judged = {
        (name, action): count
        for name, action, count in session.execute(
            select(FindingDecisionRow.actor, FindingDecisionRow.action, func.count())
            .where(FindingDecisionRow.at > since)
            .group_by(FindingDecisionRow.actor, FindingDecisionRow.action)
        )
    }
    names = sorted(decided.keys() | {name for name, _ in judged})
    return tuple(
        ReviewerFigures(
            name=name,
            decided=decided.get(name, (0, 0))[0],
            returned=decided.get(name, (0, 0))[1],
            confirmed=judged.get((name, FindingAction.CONFIRM), 0),
            dismissed=judged.get((name, FindingAction.DISMISS), 0),
        )
        for name in names
    )


def _rules(session: Session) -> tuple[RuleCount, ...]:
    count = func.count()
    rows = session.execute(
        select(FindingRow.rule, count)
        .where(FindingRow.open)
        .group_by(FindingRow.rule)
        .order_by(count.desc(), FindingRow.rule)
        .limit(TOP)
    )
    return tuple(RuleCount(rule=rule, findings=found) for rule, found in rows)
