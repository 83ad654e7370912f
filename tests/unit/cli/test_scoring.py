"""The sums of `verifier evaluate`, and the pages and tables made of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from schemas.application import Application, SlotFiles
from schemas.document import DocumentType, Page, PageQuality
from schemas.finding import Finding, Outcome, Severity
from schemas.reading import DocumentReading, ReadField, SealReading
from schemas.result import CaseResult, EngineInfo, Timings
from schemas.truth import Planted, Truth
from tests.support import factories
from verifier.cli.evaluation_page import write_page
from verifier.cli.evaluation_tables import report, tables
from verifier.cli.folder import CaseFolder
from verifier.cli.scoring import Tally, add_case, caught, same_value
from verifier.geometry import quad_from_bounds

FORM = DocumentType.MEDICAL_EXAM_FORM
CARD = DocumentType.RESIDENT_ID_CARD
BOX = quad_from_bounds(40.0, 40.0, 160.0, 60.0)


def _field(value: str, confidence: float) -> ReadField:
    return ReadField(value=value, raw=f"raw {value}", confidence=confidence, page=0, box=BOX)


def _result(fields: dict[str, ReadField], seal: str = "", findings: tuple[Finding, ...] = ()) -> CaseResult:
    page = Page(file="documents/a.png", page=1, width=300, height=200, quality=PageQuality(acceptable=True))
    reading = DocumentReading(
        slot=FORM,
        detected_type=FORM,
        type_confidence=1.0,
        pages=(page,),
        fields=fields,
        seals=(SealReading(text=seal, page=0, box=BOX),) if seal else (),
    )
    return CaseResult(
        application_no="A1",
        outcome=Outcome.REVIEW if findings else Outcome.PASS,
        documents=(reading,),
        findings=findings,
        engine=EngineInfo(ocr="drawn", rules="r@1"),
        timings_ms=Timings(total=3000, ocr=2000),
    )


def _finding(document: DocumentType, name: str, severity: Severity = Severity.REVIEW) -> Finding:
    return Finding(rule="x.y", severity=severity, document=document, field=name, message="m")


def _truth(**changes: object) -> Truth:
    values = {
        "expected_outcome": "pass",
        "documents": {FORM: {"name": "林海", "alt": "11", "conclusion": "qualified"}},
        "seals": {FORM: "广州市花都区人民医院体检专用章"},
        "capture": {FORM: "photo"},
    }
    return Truth.model_validate(values | changes)


@pytest.fixture
def tally() -> Tally:
    sums = Tally()
    fields = {"name": _field("林每", 0.93), "conclusion": _field("qualified", 0.995), "phone": _field("1", 0.5)}
    flag = _finding(FORM, "name")
    add_case(sums, "one", _result(fields, "广州市花都区人民医院", (flag,)), _truth())
    return sums


def test_fields_are_counted_by_document_field_and_capture(tally: Tally) -> None:
    assert tally.total == {(FORM, name, "photo"): 1 for name in ("name", "alt", "conclusion")}
    assert [key for key, right in tally.right.items() if right] == [(FORM, "conclusion", "photo")]
    assert {(miss.field, miss.found) for miss in tally.misses} == {("name", "林每"), ("alt", None)}
    assert tally.extra[FORM] == 1


def test_reliability_holds_what_was_said_against_what_was_right(tally: Tally) -> None:
    assert tally.reliability == {"0.9-0.95": (0, 1, 0.93), ">=0.99": (1, 1, 0.995)}


def test_seals_and_false_flags_are_counted(tally: Tally) -> None:
    assert (tally.seals_right[FORM], tally.seals_total[FORM]) == (0, 1)
    assert [miss.found for miss in tally.seal_misses] == [("广州市花都区人民医院",)]
    assert tally.consistent == 1
    assert tally.consistent_passed == 0
    assert [flag.case for flag in tally.false_flags] == ["one"]


def test_a_planted_case_has_no_false_flags_and_says_what_was_missed() -> None:
    sums = Tally()
    planted = {"document": CARD, "field": "id_number", "kind": "other_person"}
    add_case(sums, "two", _result({}, "", (_finding(FORM, "name"),)), _truth(planted=[planted]))
    assert (sums.consistent, sums.false_flags) == (0, [])
    assert sums.planted["other_person"] == 1
    assert [item.case for item in sums.uncaught] == ["two"]


@pytest.mark.parametrize(
    ("document", "name", "severity", "is_caught"),
    [
        (CARD, "id_number", Severity.CORRECT, True),
        (FORM, "id_number", Severity.REVIEW, True),
        (FORM, "name", Severity.REVIEW, True),
        (FORM, "sex", Severity.REVIEW, False),
        (CARD, "id_number", Severity.INFO, False),
        (DocumentType.STUDENT_CARD, "id_number", Severity.REVIEW, False),
    ],
)
def test_what_catches_a_planted_discrepancy(
    document: DocumentType, name: str, severity: Severity, is_caught: bool
) -> None:
    planted = Planted(document=CARD, field="id_number", kind="k", other=FORM, field_any=("name",))
    assert caught(planted, (_finding(document, name, severity),)) is is_caught


def test_only_spaces_of_addresses_are_forgiven() -> None:
    assert same_value("current_address", "花都区 新华街道", "花都区新华街道")
    assert not same_value("name", "林 海", "林海")


def test_plain_data_and_tables_tell_the_same(tally: Tally) -> None:
    data = report(tally)
    assert data["reliability"][">=0.99"] == {"right": 1, "total": 1, "mean_confidence": 0.995}
    assert data["seals"]["by_document"] == {"medical_exam_form": [0, 1]}
    assert sum(row["total"] for row in data["fields"]) == 3
    console = Console(width=200)
    with console.capture() as capture:
        for table in tables(tally, misses=True):
            console.print(table)
    shown = capture.get()
    assert "1/3 33.3%" in shown
    assert "林每" in shown


def test_the_page_shows_the_crop_of_every_error(tally: Tally, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    (folder / "documents").mkdir(parents=True)
    cv2.imwrite(str(folder / "documents" / "a.png"), np.full((200, 300, 3), 255, dtype=np.uint8))
    slot = SlotFiles(slot=FORM, files=("documents/a.png",))
    application = Application.model_validate({**factories.form().model_dump(), "documents": (slot,)})
    case = CaseFolder(folder, application)
    page = tmp_path / "report.html"
    write_page(page, tally, {"one": case}, "drawn")
    html = page.read_text(encoding="utf-8")
    assert html.count('src="data:image/jpeg;base64,') == 3  # the name, the page on which ALT was not read, the seal
    assert "林每" in html
    assert "x.y" in html
