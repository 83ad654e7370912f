"""Papers that come with two people's applications: kept when read, found when the second case is judged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from schemas.application import ApplicationForm
from schemas.case import CaseState
from schemas.document import DocumentType
from schemas.reading import DocumentReading, SignalKind
from tests.support.cases import SLOTS, send_all
from tests.support.factories import EXAM, ID_CARD, Judge, form, picture, read_of
from verifier.compare.ids import check_character
from verifier.pipeline import Read
from verifier.services import process, queries, submit
from verifier.services.context import Services, reading
from verifier.store.tables import FingerprintRow

FIRST, SECOND = "HD2026A000001", "HD2026A000002"
PAGE, NEAR, FAR = "ffff0000ffff0000", "ffff0000ffff007f", "ffff0000ffff00ff"
MEASUREMENTS = {"blood_pressure": "118/76", "heart_rate": "72", "height_cm": "165", "weight_kg": "55", "alt": "18"}


@dataclass
class SeenSignals(Judge):
    """Remembers the signals of the last case it judged."""

    def __call__(self, application, reads):  # type: ignore[no-untyped-def]
        self.signals = {slot: read.reading.signals for slot, read in reads.items()}
        return super().__call__(application, reads)


@pytest.fixture
def judge() -> SeenSignals:
    return SeenSignals()


def of(number: str, person: str) -> ApplicationForm:
    plain = form(application_no=number)
    return plain.model_copy(update={"applicant": plain.applicant.model_copy(update={"id_number": person})})


def person(position: int) -> str:
    body = f"4401141996081200{position}"
    return body + check_character(body)


def handed_in(
    services: Services,
    number: str,
    whose: str,
    readings: dict[DocumentType, DocumentReading] | None = None,
    seed: int = 0,
) -> None:
    """A case whose documents were read so; its files are the pictures `seed` and up."""
    submit.create_application(services, of(number, whose), "importer")
    for position, slot in enumerate(SLOTS):
        submit.put_document(services, number, slot, [picture(seed + position)], "importer")
    submit.submit(services, number, "importer")
    finished(services, readings or {})


def finished(services: Services, readings: dict[DocumentType, DocumentReading]) -> None:
    for attempt_id in send_all(services):
        work = process.begin(services, attempt_id, "worker-1")
        assert work is not None
        reading = readings.get(work.slot, read_of(work.slot).reading)
        hashes = tuple(hashlib.sha256(file.data).hexdigest() for file in process.load_files(services, work))
        process.finish(services, attempt_id, Read(reading.model_copy(update={"file_hashes": hashes}), 1, 1))


def shown(slot: DocumentType, *pages: str, **values: str) -> dict[DocumentType, DocumentReading]:
    return {slot: read_of(slot, **values).reading.model_copy(update={"page_hashes": pages})}


def kinds(judge: SeenSignals, slot: DocumentType) -> list[SignalKind]:
    return [signal.kind for signal in judge.signals[slot]]


def test_the_same_file_of_another_person(services: Services, judge: SeenSignals) -> None:
    handed_in(services, FIRST, person(0))
    assert kinds(judge, ID_CARD) == []
    handed_in(services, SECOND, person(1), seed=1)
    assert kinds(judge, ID_CARD) == [SignalKind.SAME_FILE]
    assert judge.signals[ID_CARD][0].detail == f"申请 {FIRST} 的《体格检查表》"
    assert kinds(judge, EXAM) == [SignalKind.SAME_FILE]


def test_the_same_file_of_the_same_person(services: Services, judge: SeenSignals) -> None:
    handed_in(services, FIRST, person(0))
    handed_in(services, SECOND, person(0))
    assert not any(judge.signals.values())


@pytest.mark.parametrize(("page", "found"), [(PAGE, True), (NEAR, True), (FAR, False), ("", False)])
def test_a_page_that_looks_alike(services: Services, judge: SeenSignals, page: str, found: bool) -> None:
    handed_in(services, FIRST, person(0), shown(EXAM, "", PAGE))
    handed_in(services, SECOND, person(1), shown(EXAM, page), seed=10)
    assert kinds(judge, EXAM) == [SignalKind.LOOKALIKE] * found
    assert kinds(judge, ID_CARD) == []


def test_the_same_measurements(services: Services, judge: SeenSignals) -> None:
    handed_in(services, FIRST, person(0), shown(EXAM, id_number=person(0), **MEASUREMENTS))
    handed_in(services, SECOND, person(1), shown(EXAM, id_number=person(1), **MEASUREMENTS), seed=10)
    assert kinds(judge, EXAM) == [SignalKind.LOOKALIKE]


def test_a_draft_is_nobodys_application_yet(services: Services, judge: SeenSignals) -> None:
    submit.create_application(services, of(FIRST, person(0)), "importer")
    submit.put_document(services, FIRST, ID_CARD, [picture(0)], "importer")
    handed_in(services, SECOND, person(1))
    assert kinds(judge, ID_CARD) == []


def test_reading_a_document_again_keeps_one_set(services: Services, judge: SeenSignals) -> None:
    handed_in(services, FIRST, person(0), shown(EXAM, PAGE, **MEASUREMENTS))
    with reading(services) as session:
        rows = session.execute(select(FingerprintRow.page, FingerprintRow.hash)).all()
        documents = session.scalar(select(func.count(FingerprintRow.document_id.distinct())))
    assert {page for page, _ in rows} == {0, None}
    assert (0, PAGE) in [tuple(row) for row in rows]
    assert documents == 1


def test_what_was_found_is_not_kept_with_the_reading(services: Services, judge: SeenSignals) -> None:
    handed_in(services, FIRST, person(0))
    handed_in(services, SECOND, person(1))
    view = queries.case_view(services, SECOND)
    assert view.state is CaseState.ADVISED_PASS
    assert view.result is not None
    assert all(document.signals == () for document in view.result.documents)
