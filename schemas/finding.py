"""What a rule found, and the advice that follows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from schemas.base import Model
from schemas.document import DocumentType


class Severity(StrEnum):
    """From a note to a ground on which a person may refuse. The order is the contract's."""

    INFO = "info"
    CORRECT = "correct"
    REVIEW = "review"
    REFUSE_GROUND = "refuse_ground"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Outcome(StrEnum):
    """The machine's advice. None of these refuses: only a named person does (PIPL Art. 24)."""

    PASS = "pass"
    CORRECT = "correct"
    REVIEW = "review"


class Finding(Model):
    """One disagreement, defect or note.

    `field` names a field of the document's type, or `seal`, `quality`, `type`, `pages`, `file`. `message` is the
    Chinese sentence for the applicant, `reviewer_message` the one for staff; neither carries a full ID number.
    """

    rule: str
    severity: Severity
    document: DocumentType
    field: str
    expected: str | None = None
    found: str | None = None
    message: str
    reviewer_message: str = ""


def advice(findings: Iterable[Finding]) -> Outcome:
    """Pass when nothing is above info, correct when the worst is correct, else review (CONTRACT.md section 2)."""
    worst = max((finding.severity.rank for finding in findings), default=0)
    if worst <= Severity.INFO.rank:
        return Outcome.PASS
    return Outcome.CORRECT if worst == Severity.CORRECT.rank else Outcome.REVIEW
