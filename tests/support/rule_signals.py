"""Examples of the rules about signals and codes."""

from __future__ import annotations

from schemas.document import CaptureProblem, DocumentType
from schemas.reading import CodeReading, Signal, SignalKind
from tests.support.rule_cases import BOX, CARD, EXAM, NUMBER, OTHER_NUMBER, Case, page, studying
from tests.support.rule_examples import Edit, Example, all_of, fires, on, silent

REPORT = DocumentType.STUDENT_STATUS_REPORT


def told(slot: DocumentType, kind: SignalKind, strong: bool) -> Edit:
    signal = Signal(kind=kind, page=0, detail="说明", strong=strong)
    return lambda case: case.with_reading(slot, signals=(signal,))


def coded(slot: DocumentType, *texts: str) -> Edit:
    codes = tuple(CodeReading(format="QRCode", text=text, page=0, box=BOX) for text in texts)
    return lambda case: case.with_reading(slot, codes=codes)


def _pair(rule: str, kind: SignalKind, strong: bool) -> list[Example]:
    """Fires for the signal of that strength; silent for the other strength of the same kind."""
    return [
        fires(f"signals.{rule}", told(CARD, kind, strong), (CARD, "file")),
        silent(f"signals.{rule}", told(CARD, kind, not strong)),
    ]


def _capture(rule: str, problem: CaptureProblem) -> list[Example]:
    return [
        fires(
            f"signals.{rule}",
            lambda case: case.with_reading(EXAM, pages=(page(problem, acceptable=True),)),
            (EXAM, "file"),
        ),
        silent(f"signals.{rule}", lambda case: case.with_reading(EXAM, pages=(page(problem),))),
    ]


def of_student(edit: Edit) -> Edit:
    return lambda _: edit(studying())


def _report_code(case: Case) -> str:
    return case.readings[REPORT].fields["verify_code"].text


def _own_code(case: Case) -> Case:
    return coded(REPORT, f"https://example.org/report?vcode={_report_code(case)}")(case)


SIGNALS: list[Example] = [
    *_pair("same_file", SignalKind.SAME_FILE, True),
    *_pair("lookalike", SignalKind.LOOKALIKE, True),
    *_pair("edited", SignalKind.EDITED, True),
    *_pair("annotated", SignalKind.EDITED, False),
    *_pair("updated", SignalKind.UPDATED, True),
    *_pair("versions", SignalKind.UPDATED, False),
    *_pair("attachment", SignalKind.ATTACHMENT, False),
    *_pair("signature_broken", SignalKind.SIGNATURE, True),
    *_pair("signature_unverified", SignalKind.SIGNATURE, False),
    *_pair("hidden_text", SignalKind.HIDDEN_TEXT, True),
    *_pair("text_layer", SignalKind.HIDDEN_TEXT, False),
    *_capture("reshot", CaptureProblem.MOIRE),
    *_capture("photocopy", CaptureProblem.PHOTOCOPY),
    fires("codes.disagrees", coded(CARD, OTHER_NUMBER), (CARD, "id_number")),
    fires("codes.disagrees", coded(CARD, f"姓名:李四;身份证号:{NUMBER}"), (CARD, "name")),
    fires("codes.disagrees", coded(CARD, '{"name": "李四"}'), (CARD, "name")),
    fires("codes.disagrees", coded(CARD, "https://example.org/?xm=%E6%9D%8E%E5%9B%9B"), (CARD, "name")),
    fires(
        "codes.disagrees",
        of_student(coded(REPORT, "https://example.org/report?vcode=ZZZZ9999XXXX8888")),
        (REPORT, "verify_code"),
    ),
    fires("codes.disagrees", told(EXAM, SignalKind.CODE_DISAGREES, True), (EXAM, "file")),
    silent("codes.disagrees", coded(CARD, NUMBER, "HD20260001234", "https://example.org/v?c=1234", "[1, 2]", "{}")),
    silent("codes.disagrees", coded(CARD, OTHER_NUMBER[:-1] + "Z", "9" + OTHER_NUMBER, "http://[bad")),
    silent("codes.disagrees", all_of(coded(CARD, OTHER_NUMBER), on(CARD, "id_number", NUMBER, 0.4))),
    silent("codes.disagrees", of_student(_own_code)),
]
