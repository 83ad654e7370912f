"""The same paper in two applications: the very same file, or a paper that shows the same.

One applicant's papers may come again (a second application, a copy of a card in two slots); what is told here is a paper
that answers for two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.application import Applicant, Application
from schemas.document import TITLES_ZH, DocumentType
from schemas.reading import DocumentReading, Signal, SignalKind
from verifier.compare.fingerprint import NEAR, distance, values_fingerprint
from verifier.compare.ids import id_problem, normalise_id

MOST_SIGNALS = 10
"""Of one document; more say nothing new."""

_SHARED_BY_A_FAMILY = frozenset({DocumentType.HOUSEHOLD_REGISTER})
"""Papers that answer for several people: only the very same file is told."""


@dataclass(frozen=True)
class Marks:
    """What a document is known by again: its files (SHA-256), its pages (fingerprints, '' for none), the measurements on
    it ('' for too few), and the sound identity number it shows."""

    application_no: str
    slot: DocumentType
    files: tuple[str, ...]
    pages: tuple[str, ...]
    values: str
    number: str | None


def marks_of(application_no: str, reading: DocumentReading) -> Marks:
    read = reading.fields.get("id_number")
    number = normalise_id(read.text) if read is not None else ""
    return Marks(
        application_no=application_no,
        slot=reading.slot,
        files=reading.file_hashes,
        pages=reading.page_hashes,
        values=values_fingerprint(reading.fields),
        number=number if id_problem(number) is None else None,
    )


def person_of(applicant: Applicant) -> str:
    """What tells whether two applications are of one person."""
    return normalise_id(applicant.id_number)


def resemblances(reading: DocumentReading, others: Iterable[Marks]) -> tuple[Signal, ...]:
    """What a document has in common with documents of other people's applications. The caller leaves the same person's out.

    One signal for each of the others: the same file, else the same measurements, else a page that looks alike.
    """
    own = marks_of("", reading)
    found = [signal for other in others if (signal := _resemblance(own, reading, other)) is not None]
    return tuple(found[:MOST_SIGNALS])


class Known:
    """The documents of the cases read so far, where there is no database to ask."""

    def __init__(self) -> None:
        self._marks: list[tuple[str, Marks]] = []

    def meet(
        self, application: Application, readings: Mapping[DocumentType, DocumentReading]
    ) -> dict[DocumentType, DocumentReading]:
        """The readings with what they have in common with other people's cases met before, which they join."""
        person = person_of(application.applicant)
        others = [marks for whose, marks in self._marks if whose != person]
        found = {slot: with_signals(reading, resemblances(reading, others)) for slot, reading in readings.items()}
        self._marks += [(person, marks_of(application.application_no, reading)) for reading in readings.values()]
        return found


def with_signals(reading: DocumentReading, signals: Sequence[Signal]) -> DocumentReading:
    return reading.model_copy(update={"signals": (*reading.signals, *signals)})


def _resemblance(own: Marks, reading: DocumentReading, other: Marks) -> Signal | None:
    where = f"申请 {other.application_no} 的《{TITLES_ZH[other.slot]}》"
    for position, sha256 in enumerate(own.files):
        if sha256 in other.files:
            return Signal(kind=SignalKind.SAME_FILE, file=_name(reading, position), detail=where, strong=True)
    if own.slot in _SHARED_BY_A_FAMILY or own.slot is not other.slot:
        return None
    if own.values and own.values == other.values:
        return Signal(kind=SignalKind.LOOKALIKE, detail=f"{where}(各项测量值完全相同)", strong=True)
    if own.number and other.number and own.number != other.number:
        # Papers of colleagues come near each other; each shows its own person.
        return None
    for page, fingerprint in enumerate(own.pages):
        if fingerprint and any(distance(fingerprint, its) <= NEAR for its in other.pages if its):
            file = reading.pages[page].file if page < len(reading.pages) else None
            return Signal(kind=SignalKind.LOOKALIKE, file=file, page=page, detail=where, strong=True)
    return None


def _name(reading: DocumentReading, position: int) -> str | None:
    names: Sequence[str] = tuple(dict.fromkeys(page.file for page in reading.pages))
    return names[position] if position < len(names) else None
