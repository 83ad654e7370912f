"""What the rules look at: one case, with the values that may not be compared already out of sight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from schemas.application import Application, IdType
from schemas.batch import Batch, Requirement
from schemas.document import DocumentType
from schemas.reading import CellState, DocumentReading, InsuredRow, ReadField

EMPLOYMENT_EVIDENCE: frozenset[DocumentType] = frozenset(
    {
        DocumentType.EMPLOYMENT_CERTIFICATE,
        DocumentType.LABOR_CONTRACT,
        DocumentType.SOCIAL_INSURANCE_CERTIFICATE,
    }
)
"""Slots a batch may switch off altogether (`employment_evidence`)."""

TRUSTED_ON_A_BAD_PAGE = 0.9
"""A page that must be captured again still proves what was read on it with this confidence; less is noise."""

IDENTITY_SLOTS: Mapping[IdType, DocumentType] = {
    IdType.RESIDENT_ID: DocumentType.RESIDENT_ID_CARD,
    IdType.HMT_RESIDENCE_PERMIT: DocumentType.HMT_RESIDENCE_PERMIT,
    # The passes have no slot with fields of their own; the health form is the paper every applicant brings.
    IdType.HK_MACAO_PASS: DocumentType.MEDICAL_EXAM_FORM,
    IdType.TAIWAN_PASS: DocumentType.MEDICAL_EXAM_FORM,
}


@dataclass(frozen=True)
class Facts:
    """A case as the checks see it. `readings` are keyed by slot and kept in the order of `DocumentType`."""

    application: Application
    batch: Batch
    readings: Mapping[DocumentType, DocumentReading]
    spoken_for: frozenset[DocumentType] = frozenset()
    """Slots whose files were refused before the rules ran: a finding says so already."""

    @classmethod
    def of(
        cls,
        application: Application,
        readings: Mapping[DocumentType, DocumentReading],
        batch: Batch,
        spoken_for: frozenset[DocumentType] = frozenset(),
    ) -> Facts:
        """Drop the slots this batch does not look at; the order in which documents came is forgotten."""
        off = EMPLOYMENT_EVIDENCE if batch.employment_evidence is Requirement.OFF else frozenset()
        kept = {slot: readings[slot] for slot in DocumentType if slot in readings and slot not in off}
        return cls(application, batch, kept, spoken_for)

    @property
    def today(self) -> date:
        """The day every date rule counts from: the day of submission, never the wall clock."""
        return self.application.submitted_on

    @property
    def identity_slot(self) -> DocumentType:
        """The slot that findings about the application's own personal data are filed under."""
        return IDENTITY_SLOTS[self.application.applicant.id_type]

    def is_acceptable(self, slot: DocumentType) -> bool:
        """Whether every page of the slot was captured well enough to be read."""
        return all(page.quality.acceptable for page in self.readings[slot].pages)

    def is_right_type(self, slot: DocumentType) -> bool:
        return slot in self.readings and self.readings[slot].detected_type is slot

    @property
    def comparable(self) -> Iterator[DocumentType]:
        """Slots that hold the type of document they ask for: only their fields are compared."""
        return (slot for slot in self.readings if self.is_right_type(slot))

    @property
    def readable(self) -> Iterator[DocumentType]:
        """Comparable slots with acceptable pages and at least one field: what is absent there was looked for."""
        return (slot for slot in self.comparable if self.is_acceptable(slot) and self.readings[slot].fields)

    def field(self, slot: DocumentType, name: str) -> ReadField | None:
        """A field that may be compared, or None: absent, of a wrong document, or doubtful on a bad page."""
        if not self.is_right_type(slot):
            return None
        reading = self.readings[slot]
        found = reading.fields.get(name)
        if found is None or found.confidence >= TRUSTED_ON_A_BAD_PAGE:
            return found
        pages = reading.pages
        bad = not pages[found.page].quality.acceptable if 0 <= found.page < len(pages) else not self.is_acceptable(slot)
        return None if bad else found

    def text(self, slot: DocumentType, name: str) -> str | None:
        """The value of a field when it is text and not blank."""
        found = self.field(slot, name)
        if found is None or not isinstance(found.value, str):
            return None
        return found.value.strip() or None

    def is_blank(self, slot: DocumentType, name: str) -> bool:
        """Whether the place of the field was found and nothing stands there."""
        found = self.field(slot, name)
        if found is not None:
            return isinstance(found.value, str) and not found.value.strip()
        return self._state(slot, name) is CellState.EMPTY

    def is_inked(self, slot: DocumentType, name: str) -> bool:
        """Whether something stands in the place of a field that was not read."""
        return self.field(slot, name) is None and self._state(slot, name) is CellState.INKED

    def _state(self, slot: DocumentType, name: str) -> CellState | None:
        """What the picture shows in the place of a field; None on a page too bad to tell an empty place."""
        if not self.is_right_type(slot) or not self.is_acceptable(slot):
            return None
        return self.readings[slot].unread.get(name)

    def rows(self, slot: DocumentType, name: str = "rows") -> tuple[InsuredRow, ...]:
        found = self.field(slot, name)
        return found.value if found is not None and isinstance(found.value, tuple) else ()

    def is_sure(self, slot: DocumentType, name: str) -> bool:
        """Whether the field was read with the confidence this batch asks for. False for a field not read."""
        found = self.field(slot, name)
        return found is not None and found.confidence >= self.batch.confidence_threshold

    def texts(self, name: str) -> Iterator[tuple[DocumentType, str]]:
        """The field on every document that shows it, in slot order."""
        for slot in self.comparable:
            value = self.text(slot, name)
            if value is not None:
                yield slot, value
