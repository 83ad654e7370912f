"""A case's whole record: what was handed in again, and the packet for the archive, as data and as a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from schemas.base import Model
from schemas.document import DocumentType
from schemas.events import EventType
from schemas.reading import DocumentReading
from verifier.services import findings, queries
from verifier.services.cases import find_case
from verifier.services.context import Services, reading, writing
from verifier.services.findings import FindingView
from verifier.services.queries import CaseView
from verifier.store import audit
from verifier.store.tables import DecisionRow, DocumentRow, EventRow

PACKET_VERSION = 1


@dataclass(frozen=True)
class Revision:
    """What one upload of a slot was read as. `values` holds plain fields; personal data."""

    slot: DocumentType
    revision: int
    values: dict[str, str]


class ChainLink(Model):
    """An event with its place in the chain: `hash` covers it and `prev_hash` (verifier.store.audit)."""

    seq: int
    at: datetime
    type: EventType
    actor: str
    details: dict[str, Any]
    prev_hash: str
    hash: str


class PacketDecision(Model):
    """A decision with what it rested on: the rules' version, what had been made of each finding, the notice sent."""

    action: str
    actor: str
    at: datetime
    from_state: str
    to_state: str
    reasons: tuple[str, ...]
    note: str
    slots: tuple[str, ...]
    findings: dict[str, Any] | None
    notice: dict[str, Any] | None


class Packet(Model):
    """Everything kept about a case but the files themselves, which it names by their SHA-256. Personal data in full."""

    version: int
    made_at: datetime
    made_by: str
    case: CaseView
    findings: tuple[FindingView, ...]
    decisions: tuple[PacketDecision, ...]
    events: tuple[ChainLink, ...]


def resubmissions(services: Services, application_no: str) -> list[tuple[Revision, Revision]]:
    """Each revision of a slot that was read, with the one before it. Raises InputError case.not_found."""
    with reading(services) as session:
        case = find_case(session, application_no)
        rows = session.scalars(
            select(DocumentRow)
            .where(DocumentRow.case_id == case.id, DocumentRow.reading_sealed.is_not(None))
            .order_by(DocumentRow.slot, DocumentRow.revision)
        ).all()
        read = [_revision(row) for row in rows]
    return [(one, other) for one, other in pairwise(read) if one.slot == other.slot]


def packet(services: Services, application_no: str, actor: str) -> Packet:
    """The packet as data; making it is an event, which is not in it yet. Raises InputError case.not_found."""
    view = queries.case_view(services, application_no)
    made = findings.review_view(services, application_no)
    with reading(services) as session:
        case = find_case(session, application_no)
        events = session.scalars(
            select(EventRow).where(EventRow.application_no == application_no).order_by(EventRow.seq)
        ).all()
        decisions = session.scalars(
            select(DecisionRow).where(DecisionRow.case_id == case.id).order_by(DecisionRow.id)
        ).all()
        decided = tuple(_decision(row) for row in decisions)
    now = services.clock()
    with writing(services) as session:
        audit.record(session, at=now, type=EventType.PACKET_EXPORTED, actor=actor, application_no=application_no)
    return Packet(
        version=PACKET_VERSION,
        made_at=now,
        made_by=actor,
        case=view,
        findings=made.findings,
        decisions=decided,
        events=tuple(
            ChainLink(
                seq=row.seq,
                at=row.at,
                type=row.type,
                actor=row.actor,
                details=row.details,
                prev_hash=row.prev_hash,
                hash=row.hash,
            )
            for row in events
        ),
    )


def _revision(row: DocumentRow) -> Revision:
    read = DocumentReading.model_validate(row.reading)
    plain = {name: field.value for name, field in read.fields.items() if isinstance(field.value, str)}
    return Revision(slot=row.slot, revision=row.revision, values=plain)


def _decision(row: DecisionRow) -> PacketDecision:
    words = row.words
    return PacketDecision(
        action=row.action.value,
        actor=row.actor,
        at=row.at,
        from_state=row.from_state.value,
        to_state=row.to_state.value,
        reasons=tuple(words["reasons"]),
        note=words["note"],
        slots=tuple(row.slots),
        findings=row.findings,
        notice=words["notice"],
    )
