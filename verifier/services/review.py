"""The people's side: claim a case for a while, decide it, give it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from schemas.case import READING_DONE, CaseState, DecisionAction
from schemas.document import DocumentType
from schemas.events import EventType
from schemas.finding import Finding, Severity
from verifier.errors import InputError, StateError
from verifier.services import advise, queries
from verifier.services.cases import MACHINE, current_documents, lock_case, move_case
from verifier.services.context import Services, writing
from verifier.store import audit
from verifier.store.tables import CaseRow, DecisionRow

TARGETS: dict[DecisionAction, CaseState] = {
    DecisionAction.ACCEPT: CaseState.ACCEPTED,
    DecisionAction.RETURN: CaseState.RETURNED,
    DecisionAction.NOT_ACCEPT: CaseState.NOT_ACCEPTED,
    DecisionAction.APPROVE: CaseState.APPROVED,
    DecisionAction.DENY: CaseState.DENIED,
}

NEEDS_REASONS = frozenset({DecisionAction.RETURN, DecisionAction.NOT_ACCEPT, DecisionAction.DENY})
"""What burdens the applicant must say why (administrative licensing law Art. 32, 38)."""

BY_ANOTHER = frozenset({DecisionAction.APPROVE, DecisionAction.DENY})
"""Recognition is decided by another person than the one who accepted the case."""

NOTE_MAX = 2000
REASON_MAX = 500
REASONS_MAX = 50


@dataclass(frozen=True)
class Claim:
    application_no: str
    holder: str
    until: datetime


@dataclass(frozen=True)
class Decided:
    """`slots` are those a return asks for again."""

    application_no: str
    state: CaseState
    slots: tuple[DocumentType, ...] = ()


def claim(services: Services, application_no: str, actor: str) -> Claim:
    """Take a case for `claim_minutes`, or keep it for as long again.

    A case the machine has advised on moves to `in_review`; an accepted one stays accepted and is held for the second
    decision. A claim that ran out may be taken over. Raises InputError case.not_found, StateError case.claimed while
    another holds it, case.locked in any other state.
    """
    with writing(services) as session:
        return _claim(services, session, lock_case(session, application_no), actor)


def claim_next(services: Services, actor: str, states: Sequence[CaseState] = (CaseState.NEEDS_REVIEW,)) -> Claim | None:
    """Claim the longest waiting case in one of `states` that nobody holds; None when there is none.

    Two reviewers who ask at once get two cases.
    """
    now = services.clock()
    with writing(services) as session:
        case = session.scalar(
            select(CaseRow)
            .where(CaseRow.state.in_(states), or_(CaseRow.claim_until.is_(None), CaseRow.claim_until <= now))
            .order_by(CaseRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return None if case is None else _claim(services, session, case, actor)


def _claim(services: Services, session: Session, case: CaseRow, actor: str) -> Claim:
    now = services.clock()
    held_by_another = case.claimed_by not in (None, actor) and case.claim_until is not None and case.claim_until > now
    if held_by_another:
        raise StateError("case.claimed")
    if case.state == CaseState.IN_REVIEW and case.claimed_by != actor:
        put_back(services, session, case, at=now, actor=MACHINE, why="lapsed")
    if case.state in READING_DONE:
        move_case(session, case, CaseState.IN_REVIEW, at=now, actor=actor)
    elif case.state not in (CaseState.IN_REVIEW, CaseState.ACCEPTED):
        raise StateError("case.locked", state=case.state.value)
    until = now + timedelta(minutes=services.settings.claim_minutes)
    case.claimed_by, case.claim_until = actor, until
    _record(session, EventType.CASE_CLAIMED, now, actor, case.application_no)
    return Claim(application_no=case.application_no, holder=actor, until=until)


def release(services: Services, application_no: str, actor: str) -> None:
    """Give a case back undecided. Raises InputError case.not_found, StateError case.not_claimed."""
    with writing(services) as session:
        case = lock_case(session, application_no)
        now = services.clock()
        _require_claim(case, actor, now)
        put_back(services, session, case, at=now, actor=actor, why="released")


def put_back(services: Services, session: Session, case: CaseRow, *, at: datetime, actor: str, why: str) -> None:
    """End a claim: a case in review returns to where the advice had put it, and is advised anew when something was read
    meanwhile. The caller holds the case's lock."""
    case.claimed_by = case.claim_until = None
    if case.state == CaseState.IN_REVIEW:
        move_case(session, case, case.advised_state or CaseState.NEEDS_REVIEW, at=at, actor=actor, why=why)
    _record(session, EventType.CASE_RELEASED, at, actor, case.application_no, why=why)
    advise.settle(services, session, case, at)


def decide(
    services: Services,
    application_no: str,
    action: DecisionAction,
    actor: str,
    reasons: Sequence[str] = (),
    note: str = "",
    slots: Collection[DocumentType] | None = None,
) -> Decided:
    """A named person's decision; the claim ends with it.

    `reasons` are rule ids or sentences. What a return asks for again is `slots`; when None, the slots of the findings
    whose rule id is among the reasons, else of all findings of severity `correct` or above, else every slot.
    Raises InputError case.not_found, request.invalid (reasons missing or too long); StateError case.not_claimed,
    case.locked, case.same_person.
    """
    _check_words(action, reasons, note)
    with writing(services) as session:
        case = lock_case(session, application_no)
        now = services.clock()
        source, target = case.state, TARGETS[action]
        _require_claim(case, actor, now)
        if action in BY_ANOTHER and _accepted_by(session, case) == actor:
            raise StateError("case.same_person")
        move_case(session, case, target, at=now, actor=actor)
        asked = _asked_again(session, case, reasons, slots) if action == DecisionAction.RETURN else ()
        case.returned_slots = [slot.value for slot in asked]
        case.claimed_by = case.claim_until = None
        session.add(
            DecisionRow(
                case_id=case.id,
                round=case.round,
                action=action,
                reasons=list(reasons),
                note=note,
                slots=[slot.value for slot in asked],
                actor=actor,
                at=now,
                from_state=source,
                to_state=target,
                advice=case.advice,
            )
        )
        _record(session, EventType.DECISION_MADE, now, actor, application_no, action=action.value, reasons=len(reasons))
        return Decided(application_no=application_no, state=target, slots=asked)


def open_case(services: Services, application_no: str, actor: str) -> queries.CaseView:
    """A case with its full numbers, for a person: looking at it is an event. Raises InputError case.not_found."""
    view = queries.case_view(services, application_no)
    with writing(services) as session:
        _record(session, EventType.CASE_VIEWED, services.clock(), actor, application_no)
    return view


def _check_words(action: DecisionAction, reasons: Sequence[str], note: str) -> None:
    if action in NEEDS_REASONS and not any(reason.strip() for reason in reasons):
        raise InputError("request.invalid", where="reasons", why="须说明理由")
    if len(reasons) > REASONS_MAX or any(len(reason) > REASON_MAX for reason in reasons):
        raise InputError("request.invalid", where="reasons", why=f"最多 {REASONS_MAX} 条,每条不超过 {REASON_MAX} 字")
    if len(note) > NOTE_MAX:
        raise InputError("request.invalid", where="note", why=f"不超过 {NOTE_MAX} 字")


def _require_claim(case: CaseRow, actor: str, now: datetime) -> None:
    if case.claimed_by != actor or case.claim_until is None or case.claim_until <= now:
        raise StateError("case.not_claimed")


def _accepted_by(session: Session, case: CaseRow) -> str | None:
    return session.scalar(
        select(DecisionRow.actor)
        .where(DecisionRow.case_id == case.id, DecisionRow.action == DecisionAction.ACCEPT)
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )


def _asked_again(
    session: Session, case: CaseRow, reasons: Sequence[str], slots: Collection[DocumentType] | None
) -> tuple[DocumentType, ...]:
    if slots is not None:
        if not slots:
            raise InputError("request.invalid", where="slots", why="须指明需要补正的材料")
        chosen = set(slots)
    else:
        findings = [Finding.model_validate(item) for item in (case.advice or {}).get("findings", ())]
        named = {finding.document for finding in findings if finding.rule in reasons}
        grave = {finding.document for finding in findings if finding.severity.rank >= Severity.CORRECT.rank}
        chosen = named or grave or {row.slot for row in current_documents(session, case)}
    return tuple(slot for slot in DocumentType if slot in chosen)


def _record(
    session: Session, type: EventType, at: datetime, actor: str, application_no: str, **details: str | int
) -> None:
    audit.record(session, at=at, type=type, actor=actor, application_no=application_no, details=details)
