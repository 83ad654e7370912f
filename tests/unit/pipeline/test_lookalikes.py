"""One paper in two applications, as cases meet without a database."""

from __future__ import annotations

from schemas.application import Application, SlotFiles
from schemas.document import DocumentType
from schemas.reading import DocumentReading, SignalKind
from tests.support.factories import form, read_of
from verifier.compare.ids import check_character
from verifier.pipeline import Known

EXAM = DocumentType.MEDICAL_EXAM_FORM
CARD = DocumentType.RESIDENT_ID_CARD
REGISTER = DocumentType.HOUSEHOLD_REGISTER
ONE, OTHER = (body + check_character(body) for body in ("44011419960812000", "44011419951123001"))
MEASUREMENTS = {"blood_pressure": "118/76", "heart_rate": "72", "height_cm": "165", "weight_kg": "55", "alt": "18"}


def application(number: str, person: str, slot: DocumentType = CARD) -> Application:
    plain = form(application_no=number)
    applicant = plain.applicant.model_copy(update={"id_number": person})
    return Application(
        **{**dict(plain), "applicant": applicant}, documents=(SlotFiles(slot=slot, files=("documents/a.jpg",)),)
    )


def document(
    slot: DocumentType = CARD, *, files: tuple[str, ...] = (), pages: tuple[str, ...] = (), **values: str
) -> DocumentReading:
    return read_of(slot, **values).reading.model_copy(update={"file_hashes": files, "page_hashes": pages})


def meeting(first: DocumentReading, second: DocumentReading, *, person: str = OTHER) -> list[tuple[SignalKind, str]]:
    """What is told of the second document when it comes after the first."""
    known = Known()
    known.meet(application("HD2026A000001", ONE, first.slot), {first.slot: first})
    met = known.meet(application("HD2026A000002", person, second.slot), {second.slot: second})
    return [(signal.kind, signal.detail) for signal in met[second.slot].signals]


def test_the_same_file() -> None:
    found = meeting(document(files=("a", "b")), document(EXAM, files=("b",)))
    assert found == [(SignalKind.SAME_FILE, "申请 HD2026A000001 的《居民身份证》")]


def test_a_persons_own_papers_may_come_again() -> None:
    assert meeting(document(files=("a",)), document(files=("a",)), person=ONE) == []


def test_a_page_that_looks_alike() -> None:
    first, near, far = "ffff0000ffff0000", "ffff0000ffff007f", "ffff0000ffff00ff"
    assert [kind for kind, _ in meeting(document(pages=(first,)), document(pages=("", near)))] == [SignalKind.LOOKALIKE]
    assert meeting(document(pages=(first,)), document(pages=("", far))) == []
    assert meeting(document(pages=("",)), document(pages=("",))) == []


def test_papers_of_colleagues_show_their_own_person() -> None:
    page = ("ffff0000ffff0000",)
    assert meeting(document(pages=page, id_number=ONE), document(pages=page, id_number=OTHER)) == []
    assert len(meeting(document(pages=page, id_number=ONE), document(pages=page, id_number=ONE))) == 1


def test_papers_of_another_kind_are_not_compared() -> None:
    page = ("ffff0000ffff0000",)
    assert meeting(document(CARD, pages=page), document(EXAM, pages=page)) == []


def test_the_same_measurements_under_another_name() -> None:
    first = document(EXAM, id_number=ONE, **MEASUREMENTS)
    found = meeting(first, document(EXAM, id_number=OTHER, **MEASUREMENTS))
    assert [kind for kind, _ in found] == [SignalKind.LOOKALIKE]
    assert meeting(first, document(EXAM, id_number=OTHER, **{**MEASUREMENTS, "alt": "19"})) == []


def test_a_family_shares_its_register() -> None:
    page = ("ffff0000ffff0000",)
    assert meeting(document(REGISTER, pages=page), document(REGISTER, pages=page)) == []
    assert len(meeting(document(REGISTER, files=("a",)), document(REGISTER, files=("a",)))) == 1
