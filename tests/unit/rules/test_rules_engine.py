"""The engine: order, switches of a batch, which documents are compared at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.application import QualificationType, Route
from schemas.batch import Requirement, RuleSwitch
from schemas.document import CaptureProblem, DocumentType
from schemas.finding import Outcome, Severity, advice
from tests.support.rule_cases import (
    CARD,
    CERTIFICATE,
    EXAM,
    INSURANCE,
    NUMBER,
    OTHER_NUMBER,
    PERMIT,
    Case,
    bad_number,
    consistent,
    page,
)
from verifier.rules.engine import judge


def spoiled() -> Case:
    """A case with findings of every severity on several documents."""
    return (
        consistent()
        .with_field(EXAM, "conclusion", "unqualified")
        .with_field(EXAM, "id_number", OTHER_NUMBER)
        .with_field(CARD, "valid_to", "2026-01-01")
        .with_field(CARD, "ethnicity", "土家")
        .with_field(PERMIT, "name", "林小满")
        .with_seals(CERTIFICATE)
    )


def test_findings_come_in_order_of_severity_then_slot_then_field() -> None:
    findings = spoiled().judge()
    ranks = [finding.severity.rank for finding in findings]
    assert ranks == sorted(ranks, reverse=True)
    review = [(finding.document, finding.field) for finding in findings if finding.severity is Severity.REVIEW]
    slots = [list(DocumentType).index(document) for document, _ in review]
    assert slots == sorted(slots)
    assert findings[0].rule == "conclusion.unqualified"
    assert findings[-1].severity is Severity.INFO


def test_the_order_in_which_documents_came_does_not_matter() -> None:
    case = spoiled()
    turned = replace(
        case,
        readings=dict(reversed(case.readings.items())),
        application=case.application.model_copy(update={"documents": case.application.documents[::-1]}),
    )
    assert turned.judge() == case.judge()


def test_a_disabled_rule_is_silent() -> None:
    case = consistent().with_field(EXAM, "conclusion", "unqualified")
    off = case.with_batch(rules={"conclusion.unqualified": RuleSwitch(enabled=False)})
    assert case.fired("conclusion.unqualified")
    assert not off.fired("conclusion.unqualified")


def test_a_batch_changes_how_severe_a_rule_is() -> None:
    case = consistent().with_field(CARD, "valid_to", "2026-01-01")
    case = case.with_batch(rules={"id_card.expired": RuleSwitch(severity=Severity.REVIEW)})
    assert [finding.severity for finding in case.judge() if finding.rule == "id_card.expired"] == [Severity.REVIEW]


def test_nothing_of_a_document_of_the_wrong_type_is_compared() -> None:
    case = spoiled().with_reading(EXAM, detected_type=DocumentType.HOSPITAL_REPORT)
    assert {finding.rule for finding in case.judge() if finding.document is EXAM} == {"type.wrong_slot"}


def test_swapped_documents_each_get_their_finding_and_can_be_mended() -> None:
    case = consistent().with_reading(CARD, detected_type=CERTIFICATE).with_reading(CERTIFICATE, detected_type=CARD)
    findings = case.judge()
    assert {(finding.rule, finding.document) for finding in findings} == {
        ("type.wrong_slot", CARD),
        ("type.wrong_slot", CERTIFICATE),
    }
    assert advice(findings) is Outcome.CORRECT


def test_a_blurred_document_is_asked_for_again_and_not_accused_of_anything_else() -> None:
    case = (
        consistent()
        .without_fields(EXAM, "name", "id_number", "conclusion")
        .with_seals(EXAM)
        .with_field(EXAM, "hospital", "广州市花都×医院", 0.6)
        .with_field(EXAM, "sex", "male", 0.5)
        .with_reading(EXAM, pages=(page(CaptureProblem.BLURRED, CaptureProblem.CROPPED),))
    )
    findings = case.judge()
    assert {finding.rule for finding in findings} == {"quality.blurred", "quality.cropped"}
    assert advice(findings) is Outcome.CORRECT


def test_what_is_read_surely_on_a_bad_page_still_counts() -> None:
    case = (
        consistent()
        .with_field(EXAM, "id_number", OTHER_NUMBER, 0.98)
        .with_reading(EXAM, pages=(page(CaptureProblem.GLARE),))
    )
    assert case.fired("id_number.mismatch") == {(EXAM, "id_number")}


def test_only_the_page_that_is_bad_makes_its_fields_doubtful() -> None:
    case = consistent().with_reading(EXAM, pages=(page(), page(CaptureProblem.GLARE)))
    first, second = case.with_field(EXAM, "sex", "male", 0.7, page=0), case.with_field(EXAM, "sex", "male", 0.7, page=1)
    assert first.fired("sex.mismatch") == {(EXAM, "sex")}
    assert second.fired("sex.mismatch") == set()


def test_one_finding_for_a_problem_on_several_pages() -> None:
    case = consistent().with_reading(EXAM, pages=(page(CaptureProblem.BLURRED), page(CaptureProblem.BLURRED)))
    assert [finding.rule for finding in case.judge() if finding.field == "quality"] == ["quality.blurred"]


def test_a_paper_of_another_person_is_found_by_name_and_number() -> None:
    case = consistent().with_field(EXAM, "name", "林小满").with_field(EXAM, "id_number", OTHER_NUMBER)
    rules = {finding.rule for finding in case.judge()}
    assert rules == {"name.mismatch", "id_number.mismatch"}


def test_employment_evidence_switched_off_is_not_looked_at() -> None:
    case = (
        consistent()
        .with_field(CERTIFICATE, "name", "林小满")
        .with_field(INSURANCE, "id_number", bad_number(NUMBER))
        .with_batch(employment_evidence=Requirement.OFF)
    )
    assert case.judge() == ()


def test_employment_evidence_is_asked_of_nobody_else_than_the_two_routes_that_need_it() -> None:
    case = consistent().without(CERTIFICATE).without(INSURANCE).with_batch(employment_evidence=Requirement.REQUIRED)
    assert case.fired("slot.missing") == {(CERTIFICATE, "file"), (INSURANCE, "file")}
    assert case.with_application(route=Route.STUDENT).fired("slot.missing") == {
        (DocumentType.STUDENT_STATUS_REPORT, "file")
    }


def test_a_file_that_was_refused_before_the_rules_is_neither_missing_nor_unread() -> None:
    case = consistent().unread(CARD)
    findings = judge(case.application, case.readings, case.batch, spoken_for=frozenset({CARD}))
    assert findings == ()


def test_the_kindergarten_items_are_asked_of_kindergarten_applicants_only() -> None:
    case = consistent().kindergarten().without_fields(EXAM, "trichomonas", "candida", "gonococcus", "syphilis")
    assert len(case.fired("exam_item.kindergarten_missing")) == 4
    qualification = case.application.qualification.model_copy(update={"type": QualificationType.PRIMARY})
    assert not case.with_application(qualification=qualification).fired("exam_item.kindergarten_missing")


@pytest.mark.parametrize("value", ["qualified", "unqualified", "other", ""])
def test_no_number_on_the_form_makes_a_conclusion(value: str) -> None:
    """The engine never says 不合格 of its own: only a conclusion that reads so is a ground."""
    case = consistent().with_field(EXAM, "conclusion", value).with_field(EXAM, "blood_pressure", "220/130")
    grounds = [finding.rule for finding in case.judge() if finding.severity is Severity.REFUSE_GROUND]
    assert grounds == (["conclusion.unqualified"] if value == "unqualified" else [])


def test_a_finding_carries_the_full_values_and_its_messages_do_not() -> None:
    case = consistent().with_field(EXAM, "id_number", OTHER_NUMBER)
    (finding,) = (each for each in case.judge() if each.rule == "id_number.mismatch")
    assert (finding.expected, finding.found) == (NUMBER, OTHER_NUMBER)
    assert OTHER_NUMBER not in finding.message + finding.reviewer_message
    assert f"末四位 {OTHER_NUMBER[-4:]}" in finding.message
    assert OTHER_NUMBER[:14] not in finding.message


def test_the_name_message_is_the_one_of_the_matrix() -> None:
    case = consistent().with_field(CARD, "name", "林小满")
    (finding,) = (each for each in case.judge() if each.rule == "name.mismatch")
    assert finding.message.startswith("您上传的《居民身份证》姓名“林小满”与申请表“欧阳靖雯”不一致")


def test_staff_are_told_when_the_picture_may_say_what_was_expected() -> None:
    case = consistent().with_field(PERMIT, "name", "林小满")
    (plain,) = (each for each in case.judge() if each.field == "name")
    reading = case.readings[PERMIT]
    doubtful = reading.fields["name"].model_copy(update={"others": (str(plain.expected), "林水满")})
    doubted = case.with_reading(PERMIT, fields={**reading.fields, "name": doubtful})
    (told,) = (each for each in doubted.judge() if each.field == "name")
    assert told.reviewer_message is not None and plain.reviewer_message is not None
    assert told.reviewer_message.startswith(plain.reviewer_message)
    assert f"也可能读作“{plain.expected}”" in told.reviewer_message
    assert told.model_copy(update={"reviewer_message": plain.reviewer_message}) == plain, "nothing else changes"
