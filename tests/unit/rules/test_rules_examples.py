"""Every rule with cases that make it fire and cases in which it stays silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from schemas.application import IdType, Route, Sex, Student
from schemas.batch import Requirement
from schemas.document import CaptureProblem, DocumentType
from schemas.finding import Outcome, advice
from schemas.reading import CellState, DocumentReading, InsuredRow
from tests.support.rule_cases import (
    CARD,
    CERTIFICATE,
    EMPLOYER,
    EXAM,
    HOME,
    INSURANCE,
    MALE_NUMBER,
    NUMBER,
    OTHER_CODE,
    OTHER_NUMBER,
    PERMIT,
    ROWS,
    TODAY,
    Case,
    bad_number,
    consistent,
    contracted,
    hmt_resident,
    household,
    id_number,
    page,
    reading,
    seal,
    student,
    studying,
)
from tests.support.rule_evidence import EVIDENCE
from tests.support.rule_examples import Edit, Example, all_of, fires, on, silent, unread
from tests.support.rule_signals import SIGNALS
from verifier.rules.catalogue import RULES

CONTRACT = DocumentType.LABOR_CONTRACT
REGISTER = DocumentType.HOUSEHOLD_REGISTER
REPORT = DocumentType.STUDENT_STATUS_REPORT
SLIP = DocumentType.RESIDENCE_REGISTRATION_SLIP
OTHER = DocumentType.OTHER


def row(start: str, end: str, employer: str = EMPLOYER) -> InsuredRow:
    return InsuredRow(employer=employer, start_month=start, end_month=end)


def insured(*rows: InsuredRow, total: str) -> Edit:
    return lambda case: case.with_field(INSURANCE, "rows", rows).with_field(INSURANCE, "months_paid", total)


def wrong_type(slot: DocumentType, detected: DocumentType, confidence: float = 0.98) -> Edit:
    return lambda case: case.with_reading(slot, detected_type=detected, type_confidence=confidence)


def captured(slot: DocumentType, *problems: CaptureProblem, acceptable: bool | None = None) -> Edit:
    return lambda case: case.with_reading(slot, pages=(page(*problems, acceptable=acceptable),))


def unextracted(slot: DocumentType) -> DocumentReading:
    return reading(slot, {})


def _quality_examples() -> list[Example]:
    examples = []
    photocopy = "quality.photocopy"
    examples.append(fires(photocopy, captured(EXAM, CaptureProblem.PHOTOCOPY, acceptable=True), (EXAM, "quality")))
    examples.append(silent(photocopy, captured(EXAM, CaptureProblem.BLURRED)))
    examples.append(fires("pages.blank", captured(EXAM, CaptureProblem.BLANK, acceptable=True), (EXAM, "pages")))
    examples.append(silent("pages.blank", captured(EXAM, CaptureProblem.BLANK)))
    for kind in sorted(set(CaptureProblem) - {CaptureProblem.PHOTOCOPY}):
        examples.append(fires(f"quality.{kind.value}", captured(EXAM, kind), (EXAM, "quality")))
        examples.append(silent(f"quality.{kind.value}", captured(EXAM, kind, acceptable=True)))
    return examples


def no_employment(case: Case) -> Case:
    return case.with_application(employment=None)


SLOTS = [
    fires("slot.missing", lambda case: case.without(PERMIT), (PERMIT, "file")),
    fires(
        "slot.missing",
        lambda case: case.without(CERTIFICATE).with_batch(employment_evidence=Requirement.REQUIRED),
        (CERTIFICATE, "file"),
    ),
    silent("slot.missing", lambda case: case.without(CERTIFICATE)),
    silent(
        "slot.missing",
        lambda case: (
            case.without(CERTIFICATE)
            .with_document(unextracted(CONTRACT))
            .with_batch(employment_evidence=Requirement.REQUIRED)
        ),
    ),
    silent("slot.missing", lambda case: student()),
    silent("slot.missing", wrong_type(PERMIT, SLIP)),
    fires("document.not_read", lambda case: case.unread(CARD), (CARD, "file")),
    silent("document.not_read", lambda case: case.without(CARD)),
    silent(
        "document.not_read",
        lambda case: case.unread(CERTIFICATE).with_batch(employment_evidence=Requirement.OFF),
    ),
    fires("document.by_hand", lambda case: case.with_document(unextracted(CONTRACT)), (CONTRACT, "file")),
    fires("document.by_hand", lambda case: case.with_reading(EXAM, fields={}), (EXAM, "file")),
    silent(
        "document.by_hand",
        lambda case: case.with_document(reading(CONTRACT, {"name": "欧阳靖雯", "employer": EMPLOYER})),
    ),
    silent(
        "document.by_hand",
        all_of(lambda case: case.with_reading(EXAM, fields={}), captured(EXAM, CaptureProblem.BLURRED)),
    ),
    fires(
        "type.wrong_slot",
        all_of(wrong_type(CARD, CERTIFICATE), wrong_type(CERTIFICATE, CARD)),
        (CARD, "type"),
        (CERTIFICATE, "type"),
    ),
    fires("type.wrong_slot", wrong_type(EXAM, DocumentType.HOSPITAL_REPORT), (EXAM, "type")),
    fires("type.wrong_slot", wrong_type(EXAM, SLIP), (EXAM, "type")),
    silent("type.wrong_slot", wrong_type(PERMIT, SLIP)),
    silent("type.wrong_slot", wrong_type(CARD, CERTIFICATE, 0.2)),
    silent("type.wrong_slot", wrong_type(CARD, OTHER)),
    fires("type.registration_slip", wrong_type(PERMIT, SLIP), (PERMIT, "type")),
    silent("type.registration_slip", wrong_type(PERMIT, DocumentType.LEASE_CONTRACT)),
    fires("type.unrecognised", wrong_type(CARD, OTHER), (CARD, "type")),
    fires("type.unrecognised", wrong_type(CARD, CERTIFICATE, 0.2), (CARD, "type")),
    silent("type.unrecognised", all_of(wrong_type(CARD, OTHER), captured(CARD, CaptureProblem.BLURRED))),
    silent("type.unrecognised", lambda case: case.with_document(unextracted(OTHER))),
    fires("type.mixed_pages", lambda case: case.with_reading(CARD, page_types=(CARD, EXAM)), (CARD, "type")),
    silent("type.mixed_pages", lambda case: case.with_reading(CARD, page_types=(CARD, OTHER))),
    fires("document.several_people", lambda case: case.with_reading(CARD, people=2), (CARD, "pages")),
    silent("document.several_people", lambda case: case.with_reading(CARD, people=1)),
    fires(
        "file.same_in_two_slots",
        lambda case: case.with_reading(CARD, file_hashes=("a", "b")).with_reading(EXAM, file_hashes=("b",)),
        (CARD, "file"),
        (EXAM, "file"),
    ),
    silent("file.same_in_two_slots", lambda case: case.with_reading(CARD, file_hashes=("a", "a"))),
    fires(
        "pages.repeated",
        lambda case: case.with_reading(CARD, page_hashes=("00000000000000ff", "", "00000000000000fe")),
        (CARD, "pages"),
    ),
    silent(
        "pages.repeated", lambda case: case.with_reading(CARD, page_hashes=("00000000000000ff", "ffffffff00000000"))
    ),
    silent("pages.repeated", lambda case: case.with_reading(CARD, page_hashes=("", ""))),
    fires("file.repeated", lambda case: case.with_reading(CARD, file_hashes=("a", "a")), (CARD, "file")),
    silent("file.repeated", lambda case: case.with_reading(CARD, file_hashes=("a", "b"))),
]

PORTRAIT = ("name", "sex", "ethnicity", "birth_date", "address", "id_number")
EMBLEM = ("issuing_authority", "valid_from", "valid_to")

CAPTURE = [
    *_quality_examples(),
    fires("quality.unusable", captured(EXAM, acceptable=False), (EXAM, "quality")),
    silent("quality.unusable", captured(EXAM, CaptureProblem.GLARE)),
    fires("pages.incomplete", lambda case: case.without_fields(CARD, *EMBLEM), (CARD, "pages")),
    fires("pages.incomplete", lambda case: case.without_fields(CARD, *PORTRAIT), (CARD, "pages")),
    fires(
        "pages.incomplete",
        lambda case: case.without_fields(PERMIT, "current_address", "issuing_authority", "issue_date", "valid_to"),
        (PERMIT, "pages"),
    ),
    # a page with glare that still shows the portrait side is not the missing emblem side
    fires(
        "pages.incomplete",
        all_of(lambda case: case.without_fields(CARD, *EMBLEM), captured(CARD, CaptureProblem.GLARE)),
        (CARD, "pages"),
    ),
    silent("pages.incomplete", lambda case: case.without_fields(CARD, "valid_from", "valid_to")),
    silent("pages.incomplete", lambda case: case.with_reading(CARD, fields={})),
    # the second page may be the side nobody could read
    silent(
        "pages.incomplete", lambda case: case.without_fields(CARD, *EMBLEM).with_reading(CARD, pages=(page(), page()))
    ),
    silent(
        "pages.incomplete",
        lambda case: case.without_fields(CARD, *EMBLEM).with_reading(
            CARD, pages=(page(), page(CaptureProblem.BLURRED))
        ),
    ),
    fires("field.not_read", lambda case: case.without_fields(EXAM, "conclusion"), (EXAM, "conclusion")),
    fires("field.not_read", lambda case: case.without_fields(INSURANCE, "rows"), (INSURANCE, "rows")),
    fires("field.not_read", on(CARD, "name", " "), (CARD, "name")),
    fires(
        "field.not_read",
        lambda case: case.without_fields(CERTIFICATE, "employer").with_seals(
            CERTIFICATE, seal("广州市花都区童心幼儿园")
        ),
        (CERTIFICATE, "employer"),
    ),
    silent("field.not_read", lambda case: case.without_fields(CERTIFICATE, "employer")),
    silent("field.not_read", lambda case: case.without_fields(CARD, *EMBLEM)),
    silent("field.not_read", lambda case: case.without_fields(CERTIFICATE, "id_number", "uscc")),
    silent(
        "field.not_read",
        all_of(lambda case: case.without_fields(EXAM, "conclusion"), captured(EXAM, CaptureProblem.CROPPED)),
    ),
    silent("field.not_read", on(EXAM, "conclusion", "")),
    silent("field.not_read", lambda case: case.without_fields(EXAM, "hospital")),
    fires(
        "field.not_read",
        lambda case: case.without_fields(EXAM, "hospital").with_seals(EXAM, seal("广州市番禺区中心医院")),
        (EXAM, "hospital"),
    ),
    silent("field.not_read", lambda case: case.with_reading(EXAM, fields={})),
    fires("field.unsure", on(EXAM, "conclusion", "qualified", 0.5), (EXAM, "conclusion")),
    fires("field.unsure", on(PERMIT, "valid_to", "2027-05-14", 0.5), (PERMIT, "valid_to")),
    fires(
        "field.unsure",
        lambda case: case.with_field(CARD, "valid_to", "2030-06-07", 0.5).without_fields(CARD, "valid_from"),
        (CARD, "valid_to"),
    ),
    fires(
        "field.unsure",
        lambda case: case.with_field(INSURANCE, "rows", ROWS, 0.5).without_fields(INSURANCE, "months_paid"),
        (INSURANCE, "rows"),
    ),
    # something else confirms it
    silent("field.unsure", on(CARD, "valid_to", "2030-06-07", 0.5)),
    silent("field.unsure", on(PERMIT, "current_address", HOME, 0.5)),
    silent("field.unsure", on(CERTIFICATE, "employer", EMPLOYER, 0.5)),
    silent("field.unsure", on(EXAM, "name", "欧阳靖雯", 0.5)),
    silent("field.unsure", lambda case: case.with_field(INSURANCE, "rows", ROWS, 0.5)),
    silent("field.unsure", on(EXAM, "chest_xray", "未见异常", 0.3)),
]

APPLICATION = [
    fires("application.id_number", lambda case: case.with_applicant(id_number=bad_number(NUMBER)), (CARD, "id_number")),
    fires(
        "application.id_number",
        lambda case: case.with_applicant(id_type=IdType.HK_MACAO_PASS, id_number="X12345678"),
        (EXAM, "id_number"),
    ),
    silent(
        "application.id_number", lambda case: case.with_applicant(id_type=IdType.HK_MACAO_PASS, id_number="h1234567801")
    ),
    silent("application.id_number", lambda case: case.with_applicant(id_type=IdType.TAIWAN_PASS, id_number="12345678")),
    fires(
        "application.birth_date", lambda case: case.with_applicant(birth_date=date(1996, 8, 13)), (CARD, "birth_date")
    ),
    silent(
        "application.birth_date",
        lambda case: case.with_applicant(birth_date=date(1996, 8, 13), id_number=bad_number(NUMBER)),
    ),
    fires("application.sex", lambda case: case.with_applicant(sex=Sex.MALE), (CARD, "sex")),
    silent("application.sex", lambda case: case.with_applicant(sex=Sex.MALE, id_number=MALE_NUMBER)),
    fires(
        "application.retirement_age",
        lambda case: case.with_applicant(birth_date=date(1969, 12, 31)),
        (CARD, "birth_date"),
    ),
    # born in September 1971 she retires at 55 years and 6 months
    silent("application.retirement_age", lambda case: case.with_applicant(birth_date=date(1971, 9, 1))),
    fires(
        "application.under_age", lambda case: case.with_applicant(birth_date=date(2008, 10, 21)), (CARD, "birth_date")
    ),
    silent("application.under_age", lambda case: case.with_applicant(birth_date=date(2008, 10, 20))),
    fires(
        "application.current_address_elsewhere",
        lambda case: case.with_residence(current_address="广东省广州市白云区石井街道庆丰路1号"),
        (PERMIT, "current_address"),
    ),
    silent(
        "application.current_address_elsewhere",
        lambda case: student().with_residence(current_address="广东省广州市白云区石井街道庆丰路1号"),
    ),
    silent(
        "application.current_address_elsewhere", lambda case: case.with_residence(current_address="新华街道新华路43号")
    ),
    fires(
        "application.hukou_elsewhere",
        lambda case: case.with_application(route=Route.HOUSEHOLD),
        (REGISTER, "address"),
    ),
    silent("application.hukou_elsewhere", lambda case: case),
    silent(
        "application.hukou_elsewhere",
        lambda case: case.with_application(route=Route.HOUSEHOLD).with_residence(hukou_address=HOME),
    ),
    fires(
        "application.school_not_listed",
        lambda case: student().with_application(student=Student(school="中山大学")),
        (REPORT, "school"),
    ),
    silent("application.school_not_listed", lambda case: student()),
    silent("application.school_not_listed", lambda case: case.with_application(student=Student(school="中山大学"))),
]


def doubtful(slot: DocumentType, name: str, *others: str, confidence: float = 0.5) -> Edit:
    """A name that was hardly read, and what a second reading saw in its place."""

    def edit(case: Case) -> Case:
        field = case.with_field(slot, "name", name, confidence).readings[slot].fields["name"]
        fields = {**case.readings[slot].fields, "name": field.model_copy(update={"others": others})}
        return case.with_reading(slot, fields=fields)

    return edit


OTHER_PERSON = all_of(on(EXAM, "name", "林小满"), on(EXAM, "id_number", OTHER_NUMBER))

PERSON = [
    fires("name.mismatch", OTHER_PERSON, (EXAM, "name")),
    fires("name.mismatch", on(CARD, "name", "林小满"), (CARD, "name")),
    silent("name.mismatch", on(CARD, "name", "欧 阳 靖 雯")),
    silent("name.mismatch", all_of(OTHER_PERSON, wrong_type(EXAM, CARD))),
    fires("name.close", on(CARD, "name", "欧阳靖霏"), (CARD, "name")),
    silent("name.close", on(CARD, "name", "林小满")),
    silent("name.close", doubtful(EXAM, "欧阳靖霏", "欧阳靖雯")),
    fires("name.doubtful_reading", doubtful(EXAM, "欧阳靖霏", "欧阳靖雯"), (EXAM, "name")),
    fires("name.doubtful_reading", doubtful(EXAM, "欧旧靖霏", "欧阳靖雯"), (EXAM, "name")),
    # one of the three is missing: the doubt, the number, the second reading
    silent("name.doubtful_reading", doubtful(EXAM, "欧阳靖霏", "欧阳靖雯", confidence=0.97)),
    silent("name.doubtful_reading", doubtful(EXAM, "欧阳靖霏", "欧阳靖霞")),
    silent(
        "name.doubtful_reading", all_of(doubtful(EXAM, "欧阳靖霏", "欧阳靖雯"), on(EXAM, "id_number", OTHER_NUMBER))
    ),
    fires(
        "name.close",
        all_of(doubtful(EXAM, "欧阳靖霏", "欧阳靖雯"), on(EXAM, "id_number", OTHER_NUMBER)),
        (EXAM, "name"),
    ),
    fires(
        "name.partial",
        lambda case: (
            case.with_applicant(name="阿卜杜拉·买买提")
            .everywhere("name", "阿卜杜拉·买买提")
            .with_field(EXAM, "name", "阿卜杜拉")
        ),
        (EXAM, "name"),
    ),
    silent(
        "name.partial", lambda case: case.with_applicant(name="阿卜杜拉·买买提").everywhere("name", "阿卜杜拉•买买提")
    ),
    fires(
        "name.traditional",
        lambda case: (
            case.with_applicant(name="叶云")
            .everywhere("name", "叶云")
            .with_field(EXAM, "name", "葉雲")
            .without_fields(EXAM, "id_number")
        ),
        (EXAM, "name"),
    ),
    fires(
        "name.traditional",
        lambda case: (
            case.with_applicant(name="叶云", id_type=IdType.HMT_RESIDENCE_PERMIT)
            .everywhere("name", "叶云")
            .with_field(EXAM, "name", "葉雲")
        ),
        (EXAM, "name"),
    ),
    silent("name.traditional", lambda case: case.with_applicant(name="葉雲").everywhere("name", "葉雲")),
    fires(
        "name.traditional_confirmed",
        lambda case: case.with_applicant(name="叶云").everywhere("name", "叶云").with_field(EXAM, "name", "葉雲"),
        (EXAM, "name"),
    ),
    silent(
        "name.traditional_confirmed",
        lambda case: (
            case.with_applicant(name="叶云")
            .everywhere("name", "叶云")
            .with_field(EXAM, "name", "葉雲")
            .with_field(EXAM, "id_number", OTHER_NUMBER)
        ),
    ),
    fires(
        "name.rare_character",
        lambda case: case.with_applicant(name="王㛃").everywhere("name", "王㛃").with_field(EXAM, "name", "王□"),
        (EXAM, "name"),
    ),
    silent("name.rare_character", lambda case: case.with_applicant(name="王㛃").everywhere("name", "王㛃")),
    fires(
        "name.lookalike",
        lambda case: case.with_applicant(name="王昊").everywhere("name", "王昊").with_field(EXAM, "name", "王吴"),
        (EXAM, "name"),
    ),
    silent(
        "name.lookalike",
        lambda case: (
            case.with_applicant(name="王昊")
            .everywhere("name", "王昊")
            .with_field(EXAM, "name", "王吴")
            .with_field(EXAM, "id_number", OTHER_NUMBER)
        ),
    ),
    fires("id_number.checksum", on(PERMIT, "id_number", bad_number(NUMBER)), (PERMIT, "id_number")),
    fires("id_number.checksum", on(PERMIT, "id_number", "430104199602302429"), (PERMIT, "id_number")),
    silent("id_number.checksum", on(PERMIT, "id_number", OTHER_NUMBER)),
    fires("id_number.unreadable", on(EXAM, "id_number", NUMBER[:-1]), (EXAM, "id_number")),
    silent("id_number.unreadable", on(EXAM, "id_number", bad_number(NUMBER))),
    fires("id_number.mismatch", on(EXAM, "id_number", OTHER_NUMBER), (EXAM, "id_number")),
    fires(
        "id_number.mismatch",
        lambda case: (
            case.with_applicant(id_type=IdType.HK_MACAO_PASS, id_number="H12345678")
            .everywhere("id_number", "H12345678")
            .with_field(EXAM, "id_number", "H12345679")
        ),
        (EXAM, "id_number"),
    ),
    silent(
        "id_number.mismatch",
        lambda case: case.with_applicant(id_type=IdType.HK_MACAO_PASS, id_number="H12345678").everywhere(
            "id_number", "H1234567801"
        ),
    ),
    silent("id_number.mismatch", on(EXAM, "id_number", bad_number(NUMBER))),
    fires("sex.mismatch", on(EXAM, "sex", "male"), (EXAM, "sex")),
    silent("sex.mismatch", on(EXAM, "sex", "不清")),
    fires("sex.own_number", on(EXAM, "id_number", MALE_NUMBER), (EXAM, "sex")),
    silent("sex.own_number", on(EXAM, "sex", "male")),
    fires("birth_date.mismatch", on(EXAM, "birth_date", "1996-08-21"), (EXAM, "birth_date")),
    fires("birth_date.mismatch", on(EXAM, "birth_date", "1996-09"), (EXAM, "birth_date")),
    silent("birth_date.mismatch", on(EXAM, "birth_date", "1996-08")),
    silent("birth_date.mismatch", on(EXAM, "birth_date", "30岁")),
    fires("birth_date.own_number", on(EXAM, "id_number", id_number("43010419970812342")), (EXAM, "birth_date")),
    silent("birth_date.own_number", on(EXAM, "birth_date", "1996-08-21")),
    fires("ethnicity.mismatch", on(CARD, "ethnicity", "土家"), (CARD, "ethnicity")),
    silent("ethnicity.mismatch", on(CARD, "ethnicity", "汉族")),
    fires(
        "ethnicity.documents_differ",
        lambda case: case.with_applicant(ethnicity=None).with_field(PERMIT, "ethnicity", "土家"),
        (PERMIT, "ethnicity"),
    ),
    silent("ethnicity.documents_differ", on(PERMIT, "ethnicity", "土家")),
    fires("phone.mismatch", on(EXAM, "phone", "13900139000"), (EXAM, "phone")),
    silent("phone.mismatch", on(EXAM, "phone", "138-0013-8000")),
    fires("application.differs_from_documents", lambda case: case.with_applicant(name="林小满"), (CARD, "name")),
    fires(
        "application.differs_from_documents",
        lambda case: case.with_applicant(id_number=OTHER_NUMBER),
        (CARD, "id_number"),
    ),
    silent("application.differs_from_documents", on(CARD, "name", "林小满")),
]

DATES = [
    fires("id_card.expired", on(CARD, "valid_to", "2026-10-19"), (CARD, "valid_to")),
    silent("id_card.expired", on(CARD, "valid_to", "2026-10-20")),
    silent("id_card.expired", on(CARD, "valid_to", "long_term")),
    fires(
        "id_card.expires_soon",
        lambda case: case.with_field(CARD, "valid_to", "2026-11-01").with_batch(id_card_expiry_notice_days=30),
        (CARD, "valid_to"),
    ),
    silent("id_card.expires_soon", on(CARD, "valid_to", "2026-11-01")),
    fires("id_card.not_yet_valid", on(CARD, "valid_from", "2026-10-21"), (CARD, "valid_from")),
    silent("id_card.not_yet_valid", on(CARD, "valid_from", "2026-10-20")),
    fires("id_card.term", on(CARD, "valid_to", "2040-06-07"), (CARD, "valid_to")),
    silent(
        "id_card.term",
        lambda case: case.with_field(CARD, "valid_from", "2024-01-15").with_field(CARD, "valid_to", "2044-01-15"),
    ),
    silent("id_card.term", lambda case: case.with_field(CARD, "valid_from", "2020-02-29")),
    fires("permit.expired", on(PERMIT, "valid_to", "2026-10-19"), (PERMIT, "valid_to")),
    silent("permit.expired", on(PERMIT, "valid_to", "2026-10")),
    fires("permit.expires_soon", on(PERMIT, "valid_to", "2026-11-10"), (PERMIT, "valid_to")),
    silent("permit.expires_soon", on(PERMIT, "valid_to", "2026-11-19")),
    fires("permit.issued_later", on(PERMIT, "issue_date", "2026-11-14"), (PERMIT, "issue_date")),
    silent("permit.issued_later", on(PERMIT, "issue_date", "2026-10-20")),
]

BAIYUN = "广东省广州市白云区石井街道庆丰路1号"

RESIDENCE = [
    fires("permit.other_district", on(PERMIT, "current_address", BAIYUN), (PERMIT, "current_address")),
    silent("permit.other_district", on(PERMIT, "current_address", "广州市花者区新华街道新华路43号")),
    silent(
        "permit.other_district",
        lambda case: student().with_document(reading(PERMIT)).with_field(PERMIT, "current_address", BAIYUN),
    ),
    fires("permit.district_unclear", on(PERMIT, "current_address", "幸福小区7栋"), (PERMIT, "current_address")),
    silent("permit.district_unclear", on(PERMIT, "current_address", "新华街道新华路43号")),
    fires(
        "permit.hukou_in_province",
        on(PERMIT, "hukou_address", "广东省揭阳市揭西县新民街216号"),
        (PERMIT, "hukou_address"),
    ),
    fires(
        "permit.hukou_in_province",
        lambda case: case.without_fields(PERMIT, "hukou_address").with_residence(
            hukou_address="广东省揭阳市揭西县新民街216号"
        ),
        (PERMIT, "hukou_address"),
    ),
    silent("permit.hukou_in_province", all_of(on(PERMIT, "hukou_address", "广东省揭阳市"), wrong_type(PERMIT, SLIP))),
    fires(
        "current_address.differs",
        on(PERMIT, "current_address", "广东省广州市花都区新华街道公益路200号"),
        (PERMIT, "current_address"),
    ),
    silent("current_address.differs", on(PERMIT, "current_address", "广州市花都区新华街新华路43号")),
    fires(
        "current_address.other_district",
        lambda case: case.with_residence(current_address=BAIYUN),
        (PERMIT, "current_address"),
    ),
    silent("current_address.other_district", on(PERMIT, "current_address", BAIYUN)),
    fires(
        "hukou_address.differs", on(PERMIT, "hukou_address", "湖北省武汉市江岸区中山大道9号"), (PERMIT, "hukou_address")
    ),
    silent("hukou_address.differs", lambda case: case.with_residence(hukou_address=None)),
]

EXAMINATION = [
    fires("exam.left_blank", on(EXAM, "conclusion", ""), (EXAM, "conclusion")),
    fires("exam.left_blank", unread(EXAM, "chief_physician", CellState.EMPTY), (EXAM, "chief_physician")),
    silent("exam.left_blank", lambda case: case.without_fields(EXAM, "conclusion")),
    silent("exam.left_blank", unread(EXAM, "conclusion", CellState.INKED)),
    silent(
        "exam.left_blank", all_of(unread(EXAM, "conclusion", CellState.EMPTY), captured(EXAM, CaptureProblem.GLARE))
    ),
    fires("exam.physician_not_read", unread(EXAM, "chief_physician", CellState.INKED), (EXAM, "chief_physician")),
    silent("exam.physician_not_read", unread(EXAM, "chief_physician", None)),
    fires("exam.physician_not_found", unread(EXAM, "chief_physician", None), (EXAM, "chief_physician")),
    silent("exam.physician_not_found", unread(EXAM, "chief_physician", CellState.INKED)),
    silent("exam.physician_not_found", unread(EXAM, "chief_physician", CellState.EMPTY)),
    silent("exam.physician_not_read", on(EXAM, "chief_physician", "")),
    fires("conclusion.unqualified", on(EXAM, "conclusion", "unqualified"), (EXAM, "conclusion")),
    silent("conclusion.unqualified", on(EXAM, "conclusion", "other")),
    fires("conclusion.other", on(EXAM, "conclusion", "other"), (EXAM, "conclusion")),
    silent("conclusion.other", on(EXAM, "conclusion", "unqualified")),
    fires("qualification_type.mismatch", on(EXAM, "qualification_type", "primary"), (EXAM, "qualification_type")),
    silent("qualification_type.mismatch", on(EXAM, "qualification_type", "初中语文")),
    fires("exam_date.in_future", on(EXAM, "exam_date", "2026-10-21"), (EXAM, "exam_date")),
    silent("exam_date.in_future", on(EXAM, "exam_date", "2026-10")),
    fires("exam_date.outside_window", on(EXAM, "exam_date", "2026-07-31"), (EXAM, "exam_date")),
    silent("exam_date.outside_window", on(EXAM, "exam_date", "2026-08-01")),
    silent("exam_date.outside_window", on(EXAM, "exam_date", "2027-02-01")),
    fires("exam_date.too_old", on(EXAM, "exam_date", "2026-04-22"), (EXAM, "exam_date")),
    silent("exam_date.too_old", on(EXAM, "exam_date", "2026-04-23")),
    fires("hospital.not_designated", on(EXAM, "hospital", "广州市番禺区中心医院"), (EXAM, "hospital")),
    fires("hospital.not_designated", on(EXAM, "hospital", "广州市花都区第三人民医院"), (EXAM, "hospital")),
    silent("hospital.not_designated", on(EXAM, "hospital", "花都区人民医院体检中心")),
    silent("hospital.not_designated", on(EXAM, "hospital", "州大人民医院", 0.6)),
    fires(
        "hospital.not_designated",
        all_of(on(EXAM, "hospital", "州大人民医院", 0.6), lambda case: case.with_seals(EXAM, seal("", 0.2))),
        (EXAM, "hospital"),
    ),
    fires("hospital.by_seal", lambda case: case.without_fields(EXAM, "hospital"), (EXAM, "hospital")),
    fires("hospital.by_seal", on(EXAM, "hospital", "州大人民医院", 0.6), (EXAM, "hospital")),
    silent("hospital.by_seal", on(EXAM, "hospital", "")),
    silent("hospital.by_seal", on(EXAM, "hospital", "广州市番禺区中心医院")),
    silent(
        "hospital.by_seal",
        lambda case: case.without_fields(EXAM, "hospital").with_seals(
            EXAM, seal("广州市花都区人民医院"), seal("广州市花都区妇幼保健院")
        ),
    ),
    fires("hospital.nearly_designated", on(EXAM, "hospital", "广州市花都区人氏医院"), (EXAM, "hospital")),
    silent("hospital.nearly_designated", on(EXAM, "hospital", "广州市花都区第二人民医院")),
]


def kindergarten(edit: Edit) -> Edit:
    return lambda case: edit(case.kindergarten())


def drop_items(*names: str) -> Edit:
    return kindergarten(lambda case: case.without_fields(EXAM, *names))


ALL_ITEMS = ("trichomonas", "candida", "gonococcus", "syphilis")

ITEMS = [
    fires("exam_item.not_done", on(EXAM, "chest_xray", "未检"), (EXAM, "chest_xray")),
    fires("exam_item.not_done", on(EXAM, "alt", ""), (EXAM, "alt")),
    fires("exam_item.not_done", unread(EXAM, "alt", CellState.EMPTY), (EXAM, "alt")),
    silent("exam_item.not_done", unread(EXAM, "alt", CellState.INKED)),
    silent("exam_item.not_done", kindergarten(on(EXAM, "syphilis", "未检出"))),
    silent("exam_item.not_done", unread(EXAM, "syphilis", CellState.EMPTY)),
    silent("exam_item.not_done", on(EXAM, "chest_xray", "孕,未检")),
    silent("exam_item.not_done", on(EXAM, "corrected_vision_right", "")),
    fires("exam_item.ambiguous", on(EXAM, "color_vision", "／"), (EXAM, "color_vision")),
    fires("exam_item.ambiguous", on(EXAM, "chest_xray", "(一)"), (EXAM, "chest_xray")),
    silent("exam_item.ambiguous", kindergarten(on(EXAM, "syphilis", "(一)"))),
    silent("exam_item.ambiguous", on(EXAM, "corrected_vision_right", "/")),
    fires("exam_item.ambiguous", on(EXAM, "heart_rate", "√"), (EXAM, "heart_rate")),
    fires("exam_item.ambiguous", on(EXAM, "chest_xray", "免检"), (EXAM, "chest_xray")),
    silent("exam_item.ambiguous", on(EXAM, "syphilis", "/")),
    fires("exam_item.xray_waived", on(EXAM, "chest_xray", "孕,未检"), (EXAM, "chest_xray")),
    silent("exam_item.xray_waived", on(EXAM, "chest_xray", "未检")),
    fires("exam_item.kindergarten_missing", drop_items(*ALL_ITEMS), *((EXAM, name) for name in ALL_ITEMS)),
    fires(
        "exam_item.kindergarten_missing",
        all_of(drop_items(*ALL_ITEMS), lambda case: case.with_applicant(sex=Sex.MALE)),
        (EXAM, "gonococcus"),
        (EXAM, "syphilis"),
    ),
    silent("exam_item.kindergarten_missing", drop_items("syphilis")),
    silent("exam_item.kindergarten_missing", lambda case: case),
    silent("exam_item.kindergarten_missing", all_of(drop_items(*ALL_ITEMS), captured(EXAM, CaptureProblem.CROPPED))),
    fires("exam_item.kindergarten_not_read", drop_items("syphilis"), (EXAM, "syphilis")),
    silent(
        "exam_item.kindergarten_not_read",
        all_of(drop_items("trichomonas", "candida"), lambda case: case.with_applicant(sex=Sex.MALE)),
    ),
    fires("exam_item.positive", kindergarten(on(EXAM, "syphilis", "阳性(+)")), (EXAM, "syphilis")),
    silent("exam_item.positive", kindergarten(on(EXAM, "syphilis", "阴性"))),
    fires("exam_item.colour_contradicts", kindergarten(on(EXAM, "color_vision", "红绿色弱")), (EXAM, "color_vision")),
    silent("exam_item.colour_contradicts", kindergarten(on(EXAM, "color_vision", "无色盲色弱"))),
    silent("exam_item.colour_contradicts", on(EXAM, "color_vision", "红绿色弱")),
    fires("exam_item.contradicts", on(EXAM, "blood_pressure", "168/102"), (EXAM, "blood_pressure")),
    fires("exam_item.contradicts", on(EXAM, "heart_rate", "120"), (EXAM, "heart_rate")),
    fires(
        "exam_item.contradicts",
        all_of(on(EXAM, "corrected_vision_right", "4.6"), on(EXAM, "naked_vision_right", "4.0"),
               on(EXAM, "corrected_vision_left", "4.6"), on(EXAM, "naked_vision_left", "4.0")),
        (EXAM, "corrected_vision_right"),
    ),
    fires(
        "exam_item.contradicts", all_of(on(EXAM, "hearing_right", "1"), on(EXAM, "hearing_left", "1")), (EXAM, "hearing_right")
    ),
    silent("exam_item.contradicts", on(EXAM, "blood_pressure", "168/102", 0.5)),
    silent("exam_item.contradicts", all_of(on(EXAM, "blood_pressure", "168/102"), on(EXAM, "conclusion", "unqualified"))),
    silent("exam_item.contradicts", on(EXAM, "blood_pressure", "12/8")),
    silent("exam_item.contradicts", on(EXAM, "hearing_right", "1")),
    fires("exam_item.implausible", on(EXAM, "height_cm", "16.3"), (EXAM, "height_cm")),
    silent("exam_item.implausible", on(EXAM, "height_cm", "一米六")),
]  # fmt: skip

SEALS = [
    fires("seal.missing", lambda case: case.with_seals(EXAM), (EXAM, "seal")),
    fires("seal.missing", lambda case: case.with_seals(CERTIFICATE, seal("", present=False)), (CERTIFICATE, "seal")),
    silent("seal.missing", all_of(lambda case: case.with_seals(EXAM), captured(EXAM, CaptureProblem.CROPPED))),
    silent("seal.missing", lambda case: case.with_seals(EXAM, seal(""))),
    fires(
        "seal.copied",
        lambda case: case.with_seals(EXAM, seal("广州市花都区人民医院").model_copy(update={"colour": "grey"})),
        (EXAM, "seal"),
    ),
    silent(
        "seal.copied",
        lambda case: case.with_seals(EXAM, seal("广州市花都区人民医院").model_copy(update={"colour": "blue"})),
    ),
    silent(
        "seal.copied",
        lambda case: case.with_seals(
            EXAM,
            seal("广州市花都区人民医院").model_copy(update={"colour": "grey"}),
            seal("广州市花都区人民医院体检专用章").model_copy(update={"colour": "red"}),
        ),
    ),
    fires(
        "seal.issuer_differs",
        lambda case: case.with_seals(EXAM, seal("广州市番禺区中心医院体检专用章")),
        (EXAM, "seal"),
    ),
    fires(
        "seal.issuer_differs",
        lambda case: case.with_seals(EXAM, seal("广州市花都区第二人民医院体检专用章")),
        (EXAM, "seal"),
    ),
    fires(
        "seal.issuer_differs",
        lambda case: case.with_seals(CERTIFICATE, seal("广州市花都区童心幼儿园")),
        (CERTIFICATE, "seal"),
    ),
    silent("seal.issuer_differs", lambda case: case.with_seals(CERTIFICATE, seal("广州市花都区测试第小学"))),
    silent("seal.issuer_differs", lambda case: case.with_seals(CERTIFICATE, seal("广州市番禺区中心小学", 0.4))),
    silent(
        "seal.issuer_differs", lambda case: case.with_seals(CERTIFICATE, seal("广州市花都区童心幼儿园"), seal(EMPLOYER))
    ),
    silent("seal.issuer_differs", lambda case: case.with_seals(EXAM, seal("广州市花都区人民医院健康体检专用章(2)"))),
    fires("seal.unclear", lambda case: case.with_seals(EXAM, seal("")), (EXAM, "seal")),
    fires("seal.unclear", lambda case: case.with_seals(EXAM, seal("州市花丨民医", 0.9)), (EXAM, "seal")),
    silent("seal.unclear", lambda case: case.with_seals(EXAM, seal(""), seal("花都区人民医院"))),
    fires(
        "seal.other_purpose",
        lambda case: case.with_seals(CERTIFICATE, seal(f"{EMPLOYER}人事专用章")),
        (CERTIFICATE, "seal"),
    ),
    silent(
        "seal.other_purpose",
        lambda case: case.with_seals(CERTIFICATE, seal(f"{EMPLOYER}人事专用章"), seal(EMPLOYER)),
    ),
    fires(
        "seal.wrong_kind",
        lambda case: case.with_seals(EXAM, seal("广州市花都区人民医院财务专用章")),
        (EXAM, "seal"),
    ),
    fires(
        "seal.wrong_kind", lambda case: case.with_seals(EXAM, seal("广州市花都区人民医院合同专用章")), (EXAM, "seal")
    ),
    silent("seal.wrong_kind", lambda case: case.with_seals(EXAM, seal("广州市花都区人民医院诊断证明专用章"))),
    silent("seal.wrong_kind", lambda case: case.with_seals(EXAM, seal("广州市花都区人民医院财务专用章", 0.4))),
    silent(
        "seal.wrong_kind",
        lambda case: case.with_seals(
            EXAM, seal("广州市花都区人民医院合同专用章"), seal("广州市花都区人民医院体检专用章")
        ),
    ),
    fires(
        "seal.not_insurance_body",
        lambda case: case.with_seals(INSURANCE, seal("广州市花都区第一小学")),
        (INSURANCE, "seal"),
    ),
    silent("seal.not_insurance_body", lambda case: case.with_seals(INSURANCE, seal("广州市花都区税务局"))),
    silent("seal.not_insurance_body", lambda case: case.with_seals(INSURANCE, seal("业务专用章"))),
]

ELSEWHERE = "广州市花都区童心幼儿园"
DISPATCH = "广州市众信劳务派遣有限公司"

EMPLOYMENT = [
    fires("employer.mismatch", on(CERTIFICATE, "employer", ELSEWHERE), (CERTIFICATE, "employer")),
    silent("employer.mismatch", on(CERTIFICATE, "employer", "花都区测试第一小学")),
    silent("employer.mismatch", all_of(on(CERTIFICATE, "employer", ELSEWHERE), no_employment)),
    fires(
        "employer.close",
        lambda case: case.with_field(CERTIFICATE, "employer", f"{EMPLOYER}东校区").without_fields(CERTIFICATE, "uscc"),
        (CERTIFICATE, "employer"),
    ),
    silent("employer.close", on(CERTIFICATE, "employer", f"{EMPLOYER}东校区")),
    fires("employer.by_seal", lambda case: case.without_fields(CERTIFICATE, "employer"), (CERTIFICATE, "employer")),
    silent(
        "employer.by_seal",
        lambda case: case.without_fields(CERTIFICATE, "employer").with_seals(CERTIFICATE, seal(ELSEWHERE)),
    ),
    silent("employer.by_seal", all_of(lambda case: case.without_fields(CERTIFICATE, "employer"), no_employment)),
    fires(
        "employer.insured_elsewhere",
        insured(row("2024-09", "2026-09", ELSEWHERE), total="25"),
        (INSURANCE, "rows"),
    ),
    silent(
        "employer.insured_elsewhere",
        insured(row("2024-09", "2026-03", ELSEWHERE), row("2026-04", "2026-09"), total="25"),
    ),
    silent("employer.insured_elsewhere", insured(row("2024-09", "2026-09", DISPATCH), total="25")),
    fires(
        "employer.documents_differ",
        all_of(insured(row("2024-09", "2026-09", ELSEWHERE), total="25"), no_employment),
        (CERTIFICATE, "employer"),
    ),
    silent("employer.documents_differ", no_employment),
    fires("employer.dispatch", insured(row("2024-09", "2026-09", DISPATCH), total="25"), (INSURANCE, "rows")),
    silent("employer.dispatch", insured(row("2024-09", "2026-09", ELSEWHERE), total="25")),
    fires(
        "uscc.checksum",
        on(CERTIFICATE, "uscc", OTHER_CODE[:-1] + ("0" if OTHER_CODE[-1] != "0" else "1")),
        (CERTIFICATE, "uscc"),
    ),
    silent("uscc.checksum", on(CERTIFICATE, "uscc", OTHER_CODE)),
    fires("uscc.unreadable", on(CERTIFICATE, "uscc", "12440114"), (CERTIFICATE, "uscc")),
    silent("uscc.unreadable", on(CERTIFICATE, "uscc", OTHER_CODE)),
    fires("uscc.mismatch", on(CERTIFICATE, "uscc", OTHER_CODE), (CERTIFICATE, "uscc")),
    silent("uscc.mismatch", on(CERTIFICATE, "uscc", "12440114")),
    fires("application.uscc", lambda case: case.with_employment(uscc="12440114"), (CERTIFICATE, "uscc")),
    silent("application.uscc", lambda case: case.with_employment(uscc=None)),
    fires(
        "employer_address.other_district",
        on(CERTIFICATE, "employer_address", "广州市白云区石井街道庆丰路1号"),
        (CERTIFICATE, "employer_address"),
    ),
    fires(
        "employer_address.other_district",
        lambda case: case.without_fields(CERTIFICATE, "employer_address").with_employment(
            employer_address="广州市白云区庆丰路1号"
        ),
        (CERTIFICATE, "employer_address"),
    ),
    silent("employer_address.other_district", on(CERTIFICATE, "employer_address", "公益路4号")),
    fires("employment.issued_later", on(CERTIFICATE, "issue_date", "2026-10-21"), (CERTIFICATE, "issue_date")),
    silent("employment.issued_later", on(CERTIFICATE, "issue_date", TODAY.isoformat())),
    fires("employment.issued_long_ago", on(CERTIFICATE, "issue_date", "2026-07-21"), (CERTIFICATE, "issue_date")),
    silent("employment.issued_long_ago", on(CERTIFICATE, "issue_date", "2026-07-22")),
    fires("start_date.differs", on(CERTIFICATE, "start_date", "2023-09"), (CERTIFICATE, "start_date")),
    silent("start_date.differs", on(CERTIFICATE, "start_date", "2024-09")),
]

INSURED = [
    fires("insurance.too_few_months", insured(row("2026-07", "2026-09"), total="3"), (INSURANCE, "rows")),
    silent("insurance.too_few_months", insured(row("2026-04", "2026-09"), total="6")),
    # contributions are posted up to two months late
    silent("insurance.too_few_months", insured(row("2026-03", "2026-08"), total="6")),
    fires(
        "insurance.gap", insured(row("2025-01", "2026-05"), row("2026-07", "2026-09"), total="20"), (INSURANCE, "rows")
    ),
    fires("insurance.gap", insured(row("2024-01", "2026-07"), total="31"), (INSURANCE, "rows")),
    silent("insurance.gap", insured(row("2025-01", "2026-03"), row("2026-04", "2026-09"), total="21")),
    silent("insurance.gap", lambda case: case.without_fields(INSURANCE, "printed_on")),
    fires("insurance.total_too_few", insured(row("2026-07", "2026-09"), total="3"), (INSURANCE, "months_paid")),
    silent("insurance.total_too_few", lambda case: case.with_field(INSURANCE, "months_paid", "5", 0.4)),
    fires("insurance.total_differs", on(INSURANCE, "months_paid", "30"), (INSURANCE, "months_paid")),
    silent("insurance.total_differs", on(INSURANCE, "months_paid", "30", 0.4)),
    silent("insurance.total_differs", on(INSURANCE, "months_paid", "二十五")),
    fires("insurance.rows_unclear", insured(row("2026-09", "2026-01"), total="6"), (INSURANCE, "rows")),
    fires("insurance.rows_unclear", insured(row("202609", "2026-01"), total="6"), (INSURANCE, "rows")),
    silent("insurance.rows_unclear", insured(row("2026-09", "2026-09"), total="1")),
    fires(
        "insurance.employer_changed",
        insured(row("2025-01", "2026-06", ELSEWHERE), row("2026-07", "2026-09"), total="21"),
        (INSURANCE, "rows"),
    ),
    silent("insurance.employer_changed", insured(row("2026-07", "2026-09"), total="3")),
    fires("insurance.printed_long_ago", on(INSURANCE, "printed_on", "2026-08-20"), (INSURANCE, "printed_on")),
    silent("insurance.printed_long_ago", on(INSURANCE, "printed_on", "2026-08-21")),
    fires("insurance.printed_later", on(INSURANCE, "printed_on", "2026-10-21"), (INSURANCE, "printed_on")),
    silent("insurance.printed_later", on(INSURANCE, "printed_on", "2026-10-20")),
    fires("insurance.other_city", on(INSURANCE, "city", "佛山市"), (INSURANCE, "city")),
    silent("insurance.other_city", on(INSURANCE, "city", "广州")),
]

EXAMPLES = [
    *SLOTS, *CAPTURE, *APPLICATION, *PERSON, *DATES, *RESIDENCE, *EXAMINATION, *ITEMS, *SEALS, *EMPLOYMENT, *INSURED,
    *EVIDENCE, *SIGNALS,
]  # fmt: skip


def _name(example: Example) -> str:
    return f"{example.rule}-{'fires' if example.where else 'silent'}"


@pytest.mark.parametrize("example", EXAMPLES, ids=_name)
def test_a_rule_fires_exactly_where_it_should(example: Example) -> None:
    assert example.edit(consistent()).fired(example.rule) == set(example.where)


def test_every_rule_has_a_case_that_makes_it_fire_and_one_that_does_not() -> None:
    firing = {example.rule for example in EXAMPLES if example.where}
    quiet = {example.rule for example in EXAMPLES if not example.where}
    assert firing == set(RULES)
    assert quiet == set(RULES)


def test_a_consistent_case_passes_without_any_finding() -> None:
    assert consistent().judge() == ()


def test_a_consistent_kindergarten_case_passes_without_any_finding() -> None:
    assert consistent().kindergarten().judge() == ()


@pytest.mark.parametrize(
    "case", [student, studying, household, hmt_resident, contracted], ids=lambda make: make.__name__
)
def test_a_consistent_case_of_another_kind_passes_without_any_finding(case: Callable[[], Case]) -> None:
    assert case().judge() == ()


SOFT_NOISE: list[Edit] = [
    on(CARD, "ethnicity", "汊", 0.6),
    on(CARD, "address", "湖南省长沙市岳蔗区中山北路40号", 0.6),
    on(EXAM, "phone", "1380013B000", 0.5),
    on(CERTIFICATE, "position", "语交教师", 0.6),
    on(CERTIFICATE, "employer_address", "广州市花部区新华街道公益路4号", 0.6),
    on(CERTIFICATE, "employer_phone", "020-3680000O", 0.6),
    on(PERMIT, "current_address", "广东省广州市花都区新华街道新华路43弓", 0.7),
    on(PERMIT, "hukou_address", "湖南省长沙市岳麓区中山比路40号6栋2单元301室", 0.7),
    on(EXAM, "blood_pressure", "178/76", 0.6),
    on(EXAM, "heart_rate", "12", 0.6),
    on(EXAM, "weight_kg", "555", 0.6),
    on(EXAM, "alt", "1800", 0.6),
    on(INSURANCE, "months_paid", "75", 0.6),
    on(EXAM, "chest_xray", "心肺隔未见异常", 0.6),
]


@pytest.mark.parametrize("noise", SOFT_NOISE)
def test_noise_in_a_soft_field_is_no_more_than_a_note(noise: Edit) -> None:
    assert advice(noise(consistent()).judge()) is Outcome.PASS
