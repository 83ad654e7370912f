"""The people's side: claim a case for a while, decide it, give it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.case import READING_DONE, CaseState, DecisionAction
from schemas.document import DocumentType
from schemas.events import EventType
from schemas.finding import Finding, Severity
from schemas.privacy import UnmaskReason
from schemas.review import Notice
from verifier.errors import InputError, StateError
from verifier.services import advise, deadlines, findings, queries
from verifier.services.cases import MACHINE, current_documents, lock_case, move_case, require_claim
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

REFUSALS = frozenset({DecisionAction.NOT_ACCEPT, DecisionAction.DENY})
"""Take two people: the first proposes, another decides the same."""

HELD_AS_THEY_ARE = (CaseState.IN_REVIEW, CaseState.AWAITING_SECOND, CaseState.ACCEPTED)
"""States in which a case may be held without moving."""

REOPENED_FROM = (CaseState.ACCEPTED, CaseState.NOT_ACCEPTED, CaseState.APPROVED, CaseState.DENIED)

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


def claim(services: Services, application_no: str, actor: str, minutes: int | None = None) -> Claim:
    """Take a case for `claim_minutes` (or `minutes`), or keep it for as long again.

    A case the machine has advised on moves to `in_review`; an accepted one stays accepted and is held for the second
    decision. A claim that ran out may be taken over. Raises InputError case.not_found, StateError case.claimed while
    another holds it, case.locked in any other state.
    """
    with writing(services) as session:
        return take(services, session, lock_case(session, application_no), actor, minutes)


def take(services: Services, session: Session, case: CaseRow, actor: str, minutes: int | None = None) -> Claim:
    """The same for a case whose lock the caller holds, for `minutes` instead."""
    now = services.clock()
    held_by_another = case.claimed_by not in (None, actor) and case.claim_until is not None and case.claim_until > now
    if held_by_another:
        raise StateError("case.claimed")
    if case.state == CaseState.IN_REVIEW and case.claimed_by != actor:
        put_back(services, session, case, at=now, actor=MACHINE, why="lapsed")
    if case.state in READING_DONE:
        move_case(session, case, CaseState.IN_REVIEW, at=now, actor=actor)
    elif case.state not in HELD_AS_THEY_ARE:
        raise StateError("case.locked", state=case.state.value)
    until = now + timedelta(minutes=minutes or services.settings.claim_minutes)
    is_held = case.claimed_by == actor and case.claim_until is not None and case.claim_until > now
    case.claimed_by, case.claim_until = actor, until
    if not is_held:
        _record(session, EventType.CASE_CLAIMED, now, actor, case.application_no)
    return Claim(application_no=case.application_no, holder=actor, until=until)


def release(services: Services, application_no: str, actor: str) -> None:
    """Give a case back undecided. Raises InputError case.not_found, StateError case.not_claimed."""
    with writing(services) as session:
        case = lock_case(session, application_no)
        now = services.clock()
        require_claim(case, actor, now)
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
    *,
    seen: str | None = None,
    notice: Notice | None = None,
    whole: bool = False,
) -> Decided:
    """A named person's decision; the claim ends with it.

    A refusal, and the acceptance of a case drawn for a second look, is a proposal: the case awaits a second person. When
    that one decides the same, it is done; when they decide otherwise, both decisions stay and the case goes back to review.

    `reasons` are rule ids or sentences. What a return asks for again is `slots`; when None, the slots of the notice or of
    the findings whose rule id is among the reasons, else of all findings of severity `correct` or above, else every slot.
    `seen` is the ReviewView's that the person decided on. `whole` asks that every finding was decided before acceptance.
    Raises InputError case.not_found, request.invalid (reasons missing or too long); StateError case.not_claimed,
    case.locked, case.same_person, case.changed, case.findings_undecided, case.findings_confirmed.
    """
    _check_words(action, reasons, note)
    with writing(services) as session:
        case = lock_case(session, application_no)
        now = services.clock()
        require_claim(case, actor, now)
        findings.require_seen(session, case, seen)
        source, target = case.state, _target(session, case, action, actor)
        _require_findings(session, case, action, whole=whole)
        asked = _asked_again(session, case, reasons, slots, notice) if target is CaseState.RETURNED else ()
        proposed = case.proposed
        move_case(session, case, target, at=now, actor=actor)
        case.returned_slots = [slot.value for slot in asked]
        case.claimed_by = case.claim_until = None
        made = findings.made_of(session, case)
        sent = None if notice is None or target is not CaseState.RETURNED else notice.model_dump(mode="json")
        session.add(
            DecisionRow(
                case_id=case.id,
                round=case.round,
                action=action,
                slots=[slot.value for slot in asked],
                findings=made,
                actor=actor,
                at=now,
                from_state=source,
                to_state=target,
                words_sealed=DecisionRow.seal_words(case, reasons=list(reasons), note=note, notice=sent),
            )
        )
        _after(session, case, target, action, actor, now)
        details = {"action": action.value, "reasons": len(reasons)}
        type = EventType.DECISION_MADE
        if target is CaseState.AWAITING_SECOND:
            type = EventType.DECISION_PROPOSED
        elif target is CaseState.NEEDS_REVIEW:
            type = EventType.DECISION_DISPUTED
            details |= {"proposed": proposed.value if proposed else ""}
        _record(session, type, now, actor, application_no, **details)
        return Decided(application_no=application_no, state=target, slots=asked)


def _target(session: Session, case: CaseRow, action: DecisionAction, actor: str) -> CaseState:
    """Where a decision leads. Raises StateError case.same_person, case.locked."""
    if case.state is CaseState.AWAITING_SECOND:
        if case.proposed_by == actor:
            raise StateError("case.same_person")
        if action is case.proposed:
            return TARGETS[action]
        if (action in BY_ANOTHER) != (case.proposed in BY_ANOTHER):
            raise StateError("case.locked", state=case.state.value)
        return CaseState.NEEDS_REVIEW
    if case.state is (CaseState.IN_REVIEW if action in BY_ANOTHER else CaseState.ACCEPTED):
        raise StateError("case.locked", state=case.state.value)
    if action in BY_ANOTHER and _accepted_by(session, case) == actor:
        raise StateError("case.same_person")
    if action in REFUSALS or (action is DecisionAction.ACCEPT and case.second_look):
        return CaseState.AWAITING_SECOND
    return TARGETS[action]


def _require_findings(session: Session, case: CaseRow, action: DecisionAction, *, whole: bool) -> None:
    if action is not DecisionAction.ACCEPT:
        return
    views = findings.view_of(session, case).findings
    standing = sum(view.stands and view.finding.severity.rank > Severity.INFO.rank for view in views)
    if standing:
        raise StateError("case.findings_confirmed", count=standing)
    undecided = sum(view.must_be_decided for view in views)
    if whole and undecided:
        raise StateError("case.findings_undecided", count=undecided)


def _after(
    session: Session, case: CaseRow, target: CaseState, action: DecisionAction, actor: str, now: datetime
) -> None:
    """What a decision leaves in the case's row: who proposed, and until when somebody must act next."""
    is_proposal = target is CaseState.AWAITING_SECOND
    case.proposed, case.proposed_by = (action, actor) if is_proposal else (None, None)
    if is_proposal:
        return
    if target is CaseState.NEEDS_REVIEW:
        case.advised_state = CaseState.NEEDS_REVIEW
        return
    case.due_on = deadlines.to_recognise(now) if target is CaseState.ACCEPTED else None
    findings.close(session, case)


def reopen(services: Services, application_no: str, actor: str, reason: str) -> None:
    """Take a decided case up again, with a reason; the decisions stay in the record.

    Raises InputError case.not_found, case.needs_reason, request.invalid; StateError case.locked.
    """
    reason = reason.strip()
    if not reason:
        raise InputError("case.needs_reason")
    if len(reason) > REASON_MAX:
        raise InputError("request.invalid", where="reason", why=f"不超过 {REASON_MAX} 字")
    with writing(services) as session:
        case = lock_case(session, application_no)
        if case.state not in REOPENED_FROM:
            raise StateError("case.locked", state=case.state.value)
        now, source = services.clock(), case.state
        move_case(session, case, CaseState.NEEDS_REVIEW, at=now, actor=actor, why="reopened")
        case.claimed_by = case.claim_until = None
        case.proposed = case.proposed_by = None
        case.advised_state, case.due_on = CaseState.NEEDS_REVIEW, deadlines.to_accept(now)
        findings.open_again(session, case)
        session.add(
            DecisionRow(
                case_id=case.id,
                round=case.round,
                action=DecisionAction.REOPEN,
                words_sealed=DecisionRow.seal_words(case, reasons=[reason], note="", notice=None),
                slots=[],
                findings=findings.made_of(session, case),
                actor=actor,
                at=now,
                from_state=source,
                to_state=case.state,
            )
        )
        _record(session, EventType.CASE_REOPENED, now, actor, application_no, was=source.value)


def open_case(
    services: Services, application_no: str, actor: str, unmask: UnmaskReason | None = None
) -> queries.CaseView:
    """A case with its full numbers, for a person: looking at it is an event, and so is the reason for showing them.

    Raises InputError case.not_found.
    """
    view = queries.case_view(services, application_no)
    with writing(services) as session:
        now = services.clock()
        _record(session, EventType.CASE_VIEWED, now, actor, application_no)
        if unmask is not None:
            _record(session, EventType.FIELD_UNMASKED, now, actor, application_no, field="all", reason=unmask.value)
    return view


def _check_words(action: DecisionAction, reasons: Sequence[str], note: str) -> None:
    if action in NEEDS_REASONS and not any(reason.strip() for reason in reasons):
        raise InputError("request.invalid", where="reasons", why="须说明理由")
    if len(reasons) > REASONS_MAX or any(len(reason) > REASON_MAX for reason in reasons):
        raise InputError("request.invalid", where="reasons", why=f"最多 {REASONS_MAX} 条,每条不超过 {REASON_MAX} 字")
    if len(note) > NOTE_MAX:
        raise InputError("request.invalid", where="note", why=f"不超过 {NOTE_MAX} 字")


def _accepted_by(session: Session, case: CaseRow) -> str | None:
    return session.scalar(
        select(DecisionRow.actor)
        .where(DecisionRow.case_id == case.id, DecisionRow.action == DecisionAction.ACCEPT)
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )


def _asked_again(
    session: Session,
    case: CaseRow,
    reasons: Sequence[str],
    slots: Collection[DocumentType] | None,
    notice: Notice | None,
) -> tuple[DocumentType, ...]:
    if slots is not None:
        if not slots:
            raise InputError("request.invalid", where="slots", why="须指明需要补正的材料")
        chosen = set(slots)
    elif notice is not None:
        chosen = {item.slot for item in notice.items}
    else:
        found = [Finding.model_validate(item) for item in (case.advice or {}).get("findings", ())]
        named = {finding.document for finding in found if finding.rule in reasons}
        grave = {finding.document for finding in found if finding.severity.rank >= Severity.CORRECT.rank}
        chosen = named or grave or {row.slot for row in current_documents(session, case)}
    return tuple(slot for slot in DocumentType if slot in chosen)


def _record(
    session: Session, type: EventType, at: datetime, actor: str, application_no: str, **details: str | int
) -> None:
    audit.record(session, at=at, type=type, actor=actor, application_no=application_no, details=details)
