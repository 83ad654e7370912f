"""From the last document read to advice: the rules run over the whole case, once per submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from schemas.application import Application
from schemas.case import CaseState, DocumentState
from schemas.document import TITLES_ZH, DocumentType
from schemas.events import EventType
from schemas.finding import Finding, Outcome, Severity, advice
from schemas.reading import DocumentReading
from schemas.result import CaseResult, EngineInfo, Timings
from verifier.errors import VerifierError
from verifier.pipeline import Read, with_signals
from verifier.services import findings, lookalikes
from verifier.services.cases import MACHINE, application_of, current_documents, is_settled, move_case
from verifier.services.context import Services
from verifier.store import audit
from verifier.store.tables import CaseRow, DocumentRow

NOT_READ_RULE = "document.not_read"
"""The finding for a document no machine could read: a person reads it instead."""

NOT_JUDGED_RULE = "case.not_judged"
"""The finding for a case whose rules could not be run: a person compares it by hand."""

STATE_FOR: dict[Outcome, CaseState] = {
    Outcome.PASS: CaseState.ADVISED_PASS,
    Outcome.CORRECT: CaseState.NEEDS_CORRECTION,
    Outcome.REVIEW: CaseState.NEEDS_REVIEW,
}

_AWAITING_ADVICE = (CaseState.SUBMITTED, CaseState.RESUBMITTED, CaseState.READING)

log = structlog.get_logger(__name__)


def settle(services: Services, session: Session, case: CaseRow, now: datetime) -> CaseResult | None:
    """Advise on the case when every document is read or given up; None when something is still to be read, or when the
    advice was given before.

    It is given anew when a person had a document tried again and it was read; not while somebody holds the case (what
    they look at does not change under their hands), nor for a case that was taken to a person before it was read.

    The caller holds the case's lock: of two documents that finish together the later one sees the earlier one's row,
    and the state that the first advice leaves behind keeps a second from being given.
    """
    session.flush()
    documents = current_documents(session, case)
    if not all(is_settled(row) for row in documents):
        return None
    if case.state == CaseState.NEEDS_REVIEW and _is_outdated(case, documents):
        move_case(session, case, CaseState.READING, at=now, actor=MACHINE, why="retried")
    if case.state not in _AWAITING_ADVICE:
        return None
    if case.state != CaseState.READING:
        move_case(session, case, CaseState.READING, at=now, actor=MACHINE)
    result = _judge(services, case, documents, _readings(session, case, documents))
    case.outcome = result.outcome
    case.advice = result.model_dump(mode="json", exclude={"documents"})
    case.advised_at = now
    case.advised_state = STATE_FOR[result.outcome]
    findings.record(session, case, result.findings)
    _draw_lots(services, case)
    audit.record(
        session,
        at=now,
        type=EventType.ADVICE_GIVEN,
        actor=MACHINE,
        application_no=case.application_no,
        details={
            "outcome": result.outcome.value,
            "findings": len(result.findings),
            "ocr": result.engine.ocr,
            "rules": result.engine.rules,
        },
    )
    move_case(session, case, case.advised_state, at=now, actor=MACHINE)
    return result


def _is_outdated(case: CaseRow, documents: Sequence[DocumentRow]) -> bool:
    """Whether something was read after the advice."""
    given = case.advised_at
    return (
        given is not None
        and case.by_hand_at is None
        and any(row.read_at is not None and row.read_at > given for row in documents)
    )


def _draw_lots(services: Services, case: CaseRow) -> None:
    """A pass may be drawn for a second look, and for being opened: by lot, at the batch's shares."""
    is_pass = case.outcome is Outcome.PASS
    try:
        batch = services.load_batch(case.batch)
    except VerifierError:
        # whose batch cannot be read any more takes two people
        case.second_look = case.must_open = is_pass
        return
    lot = f"{case.application_no} {case.round}"
    case.second_look = is_pass and services.draw(f"second look {lot}") < batch.second_look_share
    case.must_open = is_pass and services.draw(f"open {lot}") < batch.opened_share


def _readings(session: Session, case: CaseRow, documents: Sequence[DocumentRow]) -> dict[DocumentType, DocumentReading]:
    """What was read, with what it has in common with other people's applications among its signals."""
    readings = {
        row.slot: DocumentReading.model_validate(row.reading) for row in documents if row.state == DocumentState.READ
    }
    shared = lookalikes.find(session, case, readings)
    return {slot: with_signals(reading, shared[slot]) for slot, reading in readings.items()}


def _judge(
    services: Services,
    case: CaseRow,
    documents: Sequence[DocumentRow],
    readings: Mapping[DocumentType, DocumentReading],
) -> CaseResult:
    application = application_of(case, list(documents))
    reads = {
        row.slot: Read(reading=readings[row.slot], total_ms=row.total_ms or 0, ocr_ms=row.ocr_ms or 0)
        for row in documents
        if row.slot in readings
    }
    try:
        result = services.judge(application, reads)
    except Exception as error:
        # A defect of a rule or a batch must neither lose what was read nor stop the case: a person takes it over.
        code = error.code if isinstance(error, VerifierError) else "internal.unexpected"
        log.exception("rules could not be run", application_no=case.application_no, code=code)
        result = _not_judged(application, {slot: read.reading for slot, read in reads.items()}, case.batch)
    not_read = [row.slot for row in documents if row.state == DocumentState.NOT_READ]
    known = {finding.document for finding in result.findings if finding.rule == NOT_READ_RULE}
    found = result.findings + tuple(_not_read_finding(slot) for slot in not_read if slot not in known)
    return result.model_copy(update={"findings": found, "outcome": advice(found)})


def _not_read_finding(slot: DocumentType) -> Finding:
    title = TITLES_ZH[slot]
    return Finding(
        rule=NOT_READ_RULE,
        severity=Severity.REVIEW,
        document=slot,
        field="file",
        message=f"您上传的《{title}》系统未能自动读取,将由工作人员人工核对,您暂时不需要处理。",
        reviewer_message=f"《{title}》未能自动读取,请对照原件人工核对。",
    )


def _not_judged(application: Application, readings: dict[DocumentType, DocumentReading], batch: str) -> CaseResult:
    slot = application.documents[0].slot if application.documents else DocumentType.OTHER
    finding = Finding(
        rule=NOT_JUDGED_RULE,
        severity=Severity.REVIEW,
        document=slot,
        field="file",
        message="系统未能自动核对您的材料,将由工作人员人工核对,您暂时不需要处理。",
        reviewer_message="核对规则未能运行,请人工核对全部材料,并通知管理员查看日志。",
    )
    return CaseResult(
        application_no=application.application_no,
        outcome=Outcome.REVIEW,
        documents=tuple(readings.values()),
        findings=(finding,),
        engine=EngineInfo(ocr="", rules=batch),
        timings_ms=Timings(total=0, ocr=0),
    )
