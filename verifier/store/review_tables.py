"""The tables of the reviewers' desk: findings one by one, what people made of them, and the lists people keep.

Beside verifier.store.tables, whose types and lock order they share. A finding's words stay in the case's advice; its row has
codes only, so that queues can be narrowed by rule.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schemas.document import DocumentType
from schemas.finding import Severity
from schemas.review import FindingAction
from verifier.store.tables import Base, CaseRow, Id, open_value, seal_value


class FindingRow(Base):
    """One finding of one advice; `position` counts from 0 in the advice."""

    __tablename__ = "findings"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    round: Mapped[int]
    position: Mapped[int]
    rule: Mapped[str] = mapped_column(String(80))
    severity: Mapped[Severity]
    document: Mapped[DocumentType]
    field: Mapped[str] = mapped_column(String(60))
    open: Mapped[bool]
    """The case waits for a person, on this advice."""
    current: Mapped[bool]
    """Of the newest advice; a case that is read or handed in again keeps the findings of the earlier ones."""

    decisions: Mapped[list[FindingDecisionRow]] = relationship(order_by="FindingDecisionRow.id")

    __table_args__ = (
        Index(None, "case_id", "current"),
        Index(None, "open", "rule", "case_id"),
    )


class FindingDecisionRow(Base):
    """What a named person made of a finding. Append-only: the newest counts, earlier ones stay."""

    __tablename__ = "finding_decisions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), index=True)
    action: Mapped[FindingAction]
    said_sealed: Mapped[bytes | None]
    """The reason, and a corrected reading: it may be somebody's number. NULL once the case was erased."""
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(index=True)
    rules: Mapped[str] = mapped_column(String(80))
    """The version of the rules that found it."""

    @staticmethod
    def seal_said(case: CaseRow, reason: str, value: str | None) -> bytes:
        """Raises as CaseRow.key."""
        return seal_value(case, {"reason": reason, "value": value}, "finding_decisions.said")

    def said(self, case: CaseRow) -> dict[str, Any]:
        """`reason` and `value`. Raises as CaseRow.key."""
        return cast("dict[str, Any]", open_value(case, self.said_sealed, "finding_decisions.said") or _NOTHING_SAID)


_NOTHING_SAID = {"reason": "", "value": None}


class SavedViewRow(Base):
    """A named filter of somebody's queue, as the query of its address."""

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(String(400))

    __table_args__ = (UniqueConstraint("owner", "name"),)
