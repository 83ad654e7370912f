"""Findings one by one: kept as rows when advice is given, confirmed, dismissed or corrected by the reviewer who holds the case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from schemas.base import Model
from schemas.events import EventType
from schemas.finding import Finding, Severity
from schemas.review import FindingAction
from verifier.errors import InputError, StateError
from verifier.services.cases import find_case, lock_case, require_claim
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.review_tables import FindingDecisionRow, FindingRow
from verifier.store.tables import NOTHING_FOUND, CaseRow

REASON_MAX = 500
VALUE_MAX = 200


class FindingDecisionView(Model):
    """`value` is a corrected reading: it may be personal."""

    action: FindingAction
    reason: str
    value: str | None
    actor: str
    at: datetime
    rules: str


class FindingView(Model):
    """A finding with what people made of it: the newest decision counts. `position` names it within the case's round."""

    position: int
    finding: Finding
    decisions: tuple[FindingDecisionView, ...]

    @property
    def decision(self) -> FindingDecisionView | None:
        return self.decisions[-1] if self.decisions else None

    @property
    def stands(self) -> bool:
        """Whether a person confirmed it. A corrected reading is no defect of the applicant's."""
        return self.decision is not None and self.decision.action is FindingAction.CONFIRM

    @property
    def must_be_decided(self) -> bool:
        return self.finding.severity.rank > Severity.INFO.rank and self.decision is None

    @property
    def is_disputed(self) -> bool:
        """Two people decided it differently."""
        return (
            len({decision.actor for decision in self.decisions}) > 1
            and len({decision.action for decision in _last_of_each(self.decisions)}) > 1
        )


class ReviewView(Model):
    """`seen` stands for what a reviewer was shown: an action that brings an old one is refused."""

    findings: tuple[FindingView, ...]
    seen: str
    round: int


def _last_of_each(decisions: Sequence[FindingDecisionView]) -> list[FindingDecisionView]:
    return list({decision.actor: decision for decision in decisions}.values())


def record(session: Session, case: CaseRow, found: Sequence[Finding]) -> None:
    """Keep the advice's findings as rows of the case's round. The caller holds the case's lock."""
    session.execute(
        update(FindingRow).where(FindingRow.case_id == case.id, FindingRow.current).values(current=False, open=False)
    )
    for position, finding in enumerate(found):
        session.add(
            FindingRow(
                case_id=case.id,
                round=case.round,
                position=position,
                rule=finding.rule,
                severity=finding.severity,
                document=finding.document,
                field=finding.field,
                open=True,
                current=True,
            )
        )
    worst = max((finding.severity.rank for finding in found), default=None)
    case.gravity = NOTHING_FOUND if worst is None else Severity.REFUSE_GROUND.rank - worst


def close(session: Session, case: CaseRow) -> None:
    """Nobody waits for a decision on them any more."""
    session.execute(update(FindingRow).where(FindingRow.case_id == case.id, FindingRow.open).values(open=False))


def open_again(session: Session, case: CaseRow) -> None:
    session.execute(update(FindingRow).where(FindingRow.case_id == case.id, FindingRow.current).values(open=True))


def review_view(services: Services, application_no: str) -> ReviewView:
    """The findings of the case's present advice. Raises InputError case.not_found."""
    with reading(services) as session:
        case = find_case(session, application_no)
        return view_of(session, case)


def view_of(session: Session, case: CaseRow) -> ReviewView:
    rows = _rows(session, case)
    said = [Finding.model_validate(item) for item in (case.advice or {}).get("findings", ())]
    return ReviewView(
        findings=tuple(
            FindingView(
                position=row.position,
                finding=said[row.position],
                decisions=tuple(_decision_view(case, decision) for decision in row.decisions),
            )
            for row in rows
            if row.position < len(said)
        ),
        seen=_seen(case, rows),
        round=case.round,
    )


def require_seen(session: Session, case: CaseRow, seen: str | None) -> None:
    """Raises StateError case.changed when somebody decided something since `seen` was shown; None asks for nothing."""
    if seen is not None and seen != _seen(case, _rows(session, case)):
        raise StateError("case.changed")


def decide_finding(
    services: Services,
    application_no: str,
    position: int,
    action: FindingAction,
    actor: str,
    *,
    reason: str = "",
    value: str | None = None,
    seen: str | None = None,
) -> ReviewView:
    """What the holder of the case makes of one finding. A corrected `value` is kept beside the machine's reading, which
    stays as it is.

    Raises InputError case.not_found, finding.not_found, finding.needs_reason, finding.needs_value, request.invalid;
    StateError case.not_claimed, case.changed.
    """
    reason, value = reason.strip(), (value or "").strip()
    if action is FindingAction.DISMISS and not reason:
        raise InputError("finding.needs_reason")
    if action is FindingAction.CORRECT and not value:
        raise InputError("finding.needs_value")
    for where, text, most in (("reason", reason, REASON_MAX), ("value", value, VALUE_MAX)):
        if len(text) > most:
            raise InputError("request.invalid", where=where, why=f"不超过 {most} 字")
    with writing(services) as session:
        case = lock_case(session, application_no)
        now = services.clock()
        require_claim(case, actor, now)
        require_seen(session, case, seen)
        row = session.scalar(
            select(FindingRow).where(FindingRow.case_id == case.id, FindingRow.current, FindingRow.position == position)
        )
        if row is None:
            raise InputError("finding.not_found")
        row.decisions.append(
            FindingDecisionRow(
                action=action,
                said_sealed=FindingDecisionRow.seal_said(
                    case, reason, value if action is FindingAction.CORRECT else None
                ),
                actor=actor,
                at=now,
                rules=rules_of(case),
            )
        )
        case.updated_at = now
        audit.record(
            session,
            at=now,
            type=EventType.FINDING_DECIDED,
            actor=actor,
            application_no=application_no,
            details={"rule": row.rule, "slot": row.document.value, "field": row.field, "made": action.value},
        )
        session.flush()
        return view_of(session, case)


def rules_of(case: CaseRow) -> str:
    """The version of the rules that gave the case's advice; empty before there is any."""
    return str(((case.advice or {}).get("engine") or {}).get("rules", ""))[:80]


def made_of(session: Session, case: CaseRow) -> dict[str, Any]:
    """What had been made of the findings when somebody decided the case: codes only."""
    return {
        "rules": rules_of(case),
        "items": [
            {
                "position": row.position,
                "rule": row.rule,
                "document": row.document.value,
                "field": row.field,
                "made": row.decisions[-1].action.value if row.decisions else None,
                "by": row.decisions[-1].actor if row.decisions else None,
            }
            for row in _rows(session, case)
        ],
    }


def _rows(session: Session, case: CaseRow) -> Sequence[FindingRow]:
    return session.scalars(
        select(FindingRow)
        .where(FindingRow.case_id == case.id, FindingRow.current)
        .order_by(FindingRow.position)
        .options(selectinload(FindingRow.decisions))
    ).all()


def _seen(case: CaseRow, rows: Sequence[FindingRow]) -> str:
    """Changes with every decision and every new round, not with a claim that is held longer."""
    newest = max((row.decisions[-1].id for row in rows if row.decisions), default=0)
    decided = case.decisions[-1].id if case.decisions else 0
    return f"{case.round}-{newest}-{decided}"


def _decision_view(case: CaseRow, row: FindingDecisionRow) -> FindingDecisionView:
    said = row.said(case)
    return FindingDecisionView(
        action=row.action,
        reason=said["reason"],
        value=said["value"],
        actor=row.actor,
        at=row.at,
        rules=row.rules,
    )
