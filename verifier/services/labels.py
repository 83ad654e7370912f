"""What people decided about findings, as labelled data: dismissed findings and corrected readings, to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from schemas.document import DocumentType
from schemas.events import EventType
from schemas.finding import Finding
from schemas.review import FindingAction
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.review_tables import FindingDecisionRow, FindingRow
from verifier.store.tables import CaseRow, DocumentRow

SLICE = 500
"""Rows read in one transaction."""


def labels(services: Services, actor: str) -> Iterator[dict[str, Any]]:
    """One record for each finding whose newest decision dismissed or corrected it, oldest first. It holds what the machine
    read and what a person reads: personal data. Asking is an event.
    """
    with writing(services) as session:
        audit.record(session, at=services.clock(), type=EventType.LABELS_EXPORTED, actor=actor)
    after = 0
    while True:
        with reading(services) as session:
            findings = (
                session.scalars(
                    select(FindingRow)
                    .where(FindingRow.id > after, FindingRow.decisions.any())
                    .order_by(FindingRow.id)
                    .limit(SLICE)
                    .options(joinedload(FindingRow.decisions))
                )
                .unique()
                .all()
            )
            records = [
                _record(row, decision, session.get_one(CaseRow, row.case_id), _read(session, row))
                for row in findings
                if (decision := row.decisions[-1]).action is not FindingAction.CONFIRM
            ]
        yield from records
        if len(findings) < SLICE:
            return
        after = findings[-1].id


def _read(session: Any, row: FindingRow) -> dict[str, Any]:
    """The field the finding is about as the machine read it at that time; empty for what is no field."""
    document = session.scalar(
        select(DocumentRow)
        .where(DocumentRow.case_id == row.case_id, DocumentRow.slot == DocumentType(row.document))
        .order_by(DocumentRow.revision.desc())
        .limit(1)
    )
    fields = ((document.reading or {}) if document is not None else {}).get("fields", {})
    found: dict[str, Any] = fields.get(row.field, {})
    return found


def _record(row: FindingRow, decision: FindingDecisionRow, case: CaseRow, read: dict[str, Any]) -> dict[str, Any]:
    said = [Finding.model_validate(item) for item in (case.advice or {}).get("findings", ())]
    # the advice of an earlier round went with it: its findings keep their codes only
    finding = said[row.position] if row.current and row.position < len(said) else None
    words = decision.said(case)
    return {
        "application_no": case.application_no,
        "round": row.round,
        "rule": row.rule,
        "severity": row.severity.value,
        "document": row.document.value,
        "field": row.field,
        "expected": None if finding is None else finding.expected,
        "found": None if finding is None else finding.found,
        "read": {name: read.get(name) for name in ("value", "raw", "confidence", "page", "box") if name in read},
        "label": decision.action.value,
        "reason": words["reason"],
        "value": words["value"],
        "rules": decision.rules,
        "by": decision.actor,
        "at": decision.at.isoformat(),
    }
