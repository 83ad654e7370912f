"""What is kept of every document so that it is known again, and the search for it when another case is judged."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, selectinload

from schemas.document import DocumentType
from schemas.reading import DocumentReading, Signal
from verifier.compare.fingerprint import NEAR, bands, distance
from verifier.pipeline import Marks, marks_of, person_of, resemblances
from verifier.services.cases import form_of
from verifier.store.tables import CaseRow, DocumentRow, FileRow, FingerprintRow, keyring_of

MOST_DOCUMENTS = 50
"""Other documents that are looked at for one of this case; a file that everybody sends is not worth more."""


_MOST_IDS = 500
"""In one statement; databases bound its parameters."""


def remember(session: Session, document: DocumentRow, reading: DocumentReading) -> None:
    """Keep the fingerprints of a document that was read. An earlier reading of the same document is forgotten."""
    session.execute(delete(FingerprintRow).where(FingerprintRow.document_id == document.id))
    marks = marks_of("", reading)
    kept = [(page, fingerprint) for page, fingerprint in enumerate(marks.pages) if fingerprint]
    for page, fingerprint in (*kept, *([(None, marks.values)] if marks.values else [])):
        parts = {f"band{number}": part for number, part in enumerate(bands(fingerprint))}
        session.add(FingerprintRow(document_id=document.id, page=page, hash=fingerprint, **parts))


def find(
    session: Session, case: CaseRow, readings: Mapping[DocumentType, DocumentReading]
) -> dict[DocumentType, tuple[Signal, ...]]:
    """Resemblances of each document with documents of other people's applications that were handed in before.

    Every revision counts: a paper that was withdrawn in time is still the same paper.
    """
    person = person_of(form_of(case).applicant)
    return {slot: resemblances(reading, _others(session, case, person, reading)) for slot, reading in readings.items()}


def _others(session: Session, case: CaseRow, person: str, reading: DocumentReading) -> list[Marks]:
    ids = _with_the_same_file(session, case, reading) | _with_a_near_page(session, reading)
    if not ids:
        return []
    rows = session.scalars(
        select(DocumentRow)
        .join(CaseRow, CaseRow.id == DocumentRow.case_id)
        .where(
            DocumentRow.id.in_(sorted(ids)[:_MOST_IDS]),
            DocumentRow.case_id != case.id,
            CaseRow.submitted_at.is_not(None),
            CaseRow.erased_at.is_(None),
        )
        .order_by(DocumentRow.id)
        .limit(MOST_DOCUMENTS)
        .options(selectinload(DocumentRow.files), selectinload(DocumentRow.case))
    )
    return [_marks(row) for row in rows if person_of(form_of(row.case).applicant) != person]


def _marks(row: DocumentRow) -> Marks:
    files = tuple(file.sha256 for file in row.files)
    kept = row.reading
    if kept is None:
        return Marks(row.case.application_no, row.slot, files, pages=(), values="", number=None)
    return marks_of(row.case.application_no, DocumentReading.model_validate(kept))


def _with_the_same_file(session: Session, case: CaseRow, reading: DocumentReading) -> set[int]:
    if not reading.file_hashes:
        return set()
    marks = keyring_of(case).file_marks(reading.file_hashes)
    return set(session.scalars(select(FileRow.document_id).where(FileRow.mark.in_(marks))))


def _with_a_near_page(session: Session, reading: DocumentReading) -> set[int]:
    """Documents with a page within NEAR bits of one of these, or with the same measurements."""
    near: set[int] = set()
    marks = marks_of("", reading)
    for fingerprint in filter(None, marks.pages):
        rows = session.execute(
            select(FingerprintRow.document_id, FingerprintRow.hash).where(
                FingerprintRow.page.is_not(None),
                or_(
                    *(
                        getattr(FingerprintRow, f"band{number}") == part
                        for number, part in enumerate(bands(fingerprint))
                    )
                ),
            )
        )
        near.update(document for document, other in rows if distance(fingerprint, other) <= NEAR)
    if marks.values:
        near.update(
            session.scalars(
                select(FingerprintRow.document_id).where(
                    FingerprintRow.page.is_(None), FingerprintRow.hash == marks.values
                )
            )
        )
    return near
