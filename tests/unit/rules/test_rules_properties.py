"""Whatever stands on a page, the engine answers, in a fixed order, and no message shows a full number."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.application import IdType, Sex
from schemas.document import FIELDS, PSEUDO_FIELDS, CaptureProblem, DocumentType
from schemas.reading import DocumentReading, InsuredRow, ReadField
from tests.support.rule_cases import BOX, CARD, EXAM, NUMBER, Case, consistent, id_number, page, seal
from verifier.rules.catalogue import RULES

PIECES = st.sampled_from(
    [
        NUMBER, NUMBER[:-1], id_number("11010519900101123"), "2026-10-20", "2026-02-30", "9999-12-31", "0000-00", "0001-01",
        "2026-13", "long_term", "male", "female", "qualified", "unqualified", "广州市花都区人民医院", "广东省广州市花都区新华街道1号",
        "12440114123456789", "120/80", "0", "5.0", "-1", "1e9", "阳性(+)", "未检", "孕", "/", " ", "", "林小满", "欧阳靖雯", "٣٤٥",
    ]
)  # fmt: skip
TEXTS = PIECES | st.text(max_size=12) | st.lists(PIECES, min_size=2, max_size=3).map("".join)
ROWS = st.lists(
    st.builds(InsuredRow, employer=TEXTS, start_month=TEXTS | st.just("2025-01"), end_month=TEXTS | st.just("2026-09")),
    max_size=4,
).map(tuple)
CONFIDENCES = st.sampled_from([0.0, 0.5, 0.85, 0.95, 1.0])


@st.composite
def documents(draw: st.DrawFn, slot: DocumentType) -> DocumentReading:
    names = draw(st.sets(st.sampled_from(FIELDS[slot]))) if FIELDS[slot] else set()
    fields = {
        name: ReadField(
            value=draw(ROWS if name == "rows" else TEXTS),
            raw="",
            confidence=draw(CONFIDENCES),
            page=draw(st.integers(-1, 3)),
            box=BOX,
        )
        for name in sorted(names)
    }
    problems = draw(st.sets(st.sampled_from(CaptureProblem), max_size=2))
    return DocumentReading(
        slot=slot,
        detected_type=draw(st.just(slot) | st.sampled_from(DocumentType)),
        type_confidence=draw(CONFIDENCES),
        pages=draw(st.sampled_from([(), (page(),), (page(*problems),), (page(), page(*problems))])),
        page_types=draw(st.sampled_from([(), (slot,), (slot, EXAM)])),
        fields=fields,
        seals=tuple(seal(text, draw(CONFIDENCES)) for text in draw(st.lists(TEXTS, max_size=2))),
        file_hashes=draw(st.sampled_from([(), ("a",), ("a", "a"), ("a", "b"), (slot.value,)])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    slots = draw(st.sets(st.sampled_from(DocumentType), max_size=7))
    base = consistent()
    case = replace(base, readings={slot: draw(documents(slot)) for slot in sorted(slots)})
    stated = TEXTS.filter(lambda text: text.strip() != "")
    return case.with_applicant(
        name=draw(st.just("欧阳靖雯") | stated),
        id_type=draw(st.sampled_from(IdType)),
        id_number=draw(st.just(NUMBER) | stated),
        sex=draw(st.sampled_from(Sex)),
        ethnicity=draw(st.none() | stated),
        phone=draw(st.none() | stated),
    )


@settings(max_examples=80, deadline=None)
@given(cases())
def test_the_engine_answers_whatever_the_pages_show(case: Case) -> None:
    for finding in case.judge():
        assert finding.rule in RULES
        assert finding.message
        assert finding.reviewer_message
        assert finding.field in (*FIELDS[finding.document], *PSEUDO_FIELDS)


@settings(max_examples=30, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_documents_never_matters(case: Case, random: object) -> None:
    slots = list(case.readings)
    random.shuffle(slots)  # type: ignore[attr-defined]
    assert replace(case, readings={slot: case.readings[slot] for slot in slots}).judge() == case.judge()


NUMBERS = st.builds(
    lambda region, day, sequence: id_number(f"{region}199{day}{sequence:03d}"),
    st.sampled_from(["440114", "110105", "430104"]),
    st.sampled_from(["00101", "50612", "91231"]),
    st.integers(0, 999),
)


@settings(max_examples=50, deadline=None)
@given(NUMBERS, NUMBERS, st.sampled_from(sorted(FIELDS[EXAM])), st.sampled_from(sorted(FIELDS[CARD])))
def test_no_message_shows_a_full_number_wherever_it_stands(
    own: str, other: str, exam_field: str, card_field: str
) -> None:
    case = (
        consistent()
        .with_applicant(id_number=own, name=f"某{own}")
        .with_field(EXAM, "id_number", other)
        .with_field(EXAM, exam_field, other)
        .with_field(CARD, card_field, f"号{other}")
        .with_seals(EXAM, seal(f"医院{other}"))
    )
    findings = case.judge()
    assert findings
    for finding in findings:
        for text in (finding.message, finding.reviewer_message):
            assert own not in text
            assert other not in text


@given(st.text(alphabet="0123456789X", min_size=1, max_size=30), st.sampled_from([0.3, 0.99]))
def test_a_number_is_never_both_sound_and_unsound(number: str, confidence: float) -> None:
    case = consistent().with_field(EXAM, "id_number", number, confidence)
    verdicts = ("id_number.checksum", "id_number.unreadable", "id_number.mismatch")
    fired = [rule for rule in verdicts if case.fired(rule)]
    assert len(fired) == (0 if number == NUMBER else 1)
