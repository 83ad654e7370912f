"""Examples of the rules on registers, permits of Hong Kong, Macao and Taiwan residents, contracts and student papers."""

from __future__ import annotations

from datetime import date

from schemas.application import Route, Student
from schemas.reading import CellState
from tests.support.rule_cases import (
    CERTIFICATE,
    CONTRACT,
    EMPLOYER,
    HMT,
    HOME,
    INSURANCE,
    REGISTER,
    REPORT,
    STUDENT_CARD,
    TODAY,
    Case,
    contracted,
    hmt_resident,
    household,
    id_number,
    seal,
    studying,
)
from tests.support.rule_examples import Edit, Example, all_of, fires, on, silent

BAIYUN = "广东省广州市白云区人和镇蚌湖路199号"
NOWHERE = "新华路43号"
ELSEWHERE = "广州市花都区童心幼儿园"
DISPATCH = "广州市众信劳务派遣有限公司"


def of_household(*edits: Edit) -> Edit:
    return lambda _: all_of(*edits)(household())


def stamped(text: str, *, page: int = 0) -> Edit:
    """A stamp on a page of the register; all of its fields stand on page 0."""
    return lambda case: case.with_seals(REGISTER, seal(text).model_copy(update={"page": page}))


def torn(*names: str, sealed: bool = False, unread: tuple[str, ...] = ()) -> Edit:
    """The contract without these fields, of some of which the place was found."""

    def edit(case: Case) -> Case:
        states = dict.fromkeys(unread, CellState.INKED)
        case = case.without_fields(CONTRACT, *names).with_reading(CONTRACT, unread=states)
        return case if sealed else case.with_seals(CONTRACT)

    return edit


def of_hmt(*edits: Edit) -> Edit:
    return lambda _: all_of(*edits)(hmt_resident())


def of_contract(*edits: Edit) -> Edit:
    return lambda _: all_of(*edits)(contracted())


def of_student(*edits: Edit) -> Edit:
    return lambda _: all_of(*edits)(studying())


def on_route(route: Route) -> Edit:
    return lambda case: case.with_application(route=route)


def submitted(day: date) -> Edit:
    return lambda case: case.with_application(submitted_on=day)


def at_school(name: str) -> Edit:
    def apply(case: Case) -> Case:
        assert case.application.student is not None
        return case.with_application(student=case.application.student.model_copy(update={"school": name}))

    return apply


def card_only(case: Case) -> Case:
    return case.without(REPORT)


def insured_by(employer: str) -> Edit:
    def apply(case: Case) -> Case:
        rows = case.readings[INSURANCE].fields["rows"].value
        assert isinstance(rows, tuple)
        changed = tuple(row.model_copy(update={"employer": employer}) for row in rows)
        return case.with_field(INSURANCE, "rows", changed)

    return apply


HOUSEHOLD: list[Example] = [
    fires("household.other_district", of_household(on(REGISTER, "address", BAIYUN)), (REGISTER, "address")),
    silent("household.other_district", of_household(on(REGISTER, "address", "花都区新华街道新华路43号"))),
    silent("household.other_district", of_household(on(REGISTER, "address", BAIYUN), on_route(Route.RESIDENCE_PERMIT))),
    fires(
        "household.district_unclear",
        of_household(on(REGISTER, "address", "工业大道7号")),
        (REGISTER, "address"),
    ),
    silent("household.district_unclear", of_household(on(REGISTER, "address", NOWHERE))),
    silent("household.district_unclear", of_household(on(REGISTER, "address", BAIYUN))),
    fires(
        "household.address_differs",
        of_household(on(REGISTER, "address", "广东省广州市花都区新华街道公益路9号")),
        (REGISTER, "address"),
    ),
    silent("household.address_differs", of_household(on(REGISTER, "address", BAIYUN))),
    silent("household.address_differs", of_household(on(REGISTER, "address", "花都区新华街道新华路43号"))),
    fires("household.cancelled", of_household(stamped("注销")), (REGISTER, "seal")),
    fires("household.cancelled", of_household(stamped("户口注销")), (REGISTER, "seal")),
    silent("household.cancelled", of_household(stamped("广州市公安局花都区分局户口专用章"))),
    silent("household.cancelled", of_household(stamped("注销", page=1))),
    fires("household.other_head", of_household(on(REGISTER, "relation", "户主")), (REGISTER, "head_name")),
    silent("household.other_head", of_household()),
    silent(
        "household.other_head",
        of_household(on(REGISTER, "relation", "户主"), on(REGISTER, "head_name", "欧阳靖雯")),
    ),
    fires(
        "pages.incomplete",
        of_household(
            lambda case: case.without_fields(REGISTER, "household_type", "head_name", "household_no", "address")
        ),
        (REGISTER, "pages"),
    ),
    silent("pages.incomplete", of_household(lambda case: case.without_fields(REGISTER, "address"))),
    fires(
        "field.unsure",
        of_household(lambda case: case.with_field(REGISTER, "address", "广东省广州市花都区花城街道公益路9号", 0.5)),
        (REGISTER, "address"),
    ),
    silent("field.unsure", of_household(lambda case: case.with_field(REGISTER, "address", HOME, 0.5))),
]

HMT_PERMIT: list[Example] = [
    fires("hmt_permit.number_region", of_hmt(on(HMT, "id_number", id_number("44011419960812342"))), (HMT, "id_number")),
    silent("hmt_permit.number_region", of_hmt(on(HMT, "id_number", id_number("83000019960812342")))),
    silent("hmt_permit.number_region", of_hmt(on(HMT, "id_number", "810000199608123420"))),
    fires("hmt_permit.pass_differs", of_hmt(on(HMT, "pass_number", "M12345678")), (HMT, "pass_number")),
    fires("hmt_permit.pass_differs", of_hmt(on(HMT, "pass_number", "35581894")), (HMT, "pass_number")),
    silent("hmt_permit.pass_differs", of_hmt(on(HMT, "pass_number", "M12345678", 0.5))),
    silent(
        "hmt_permit.pass_differs",
        of_hmt(on(HMT, "pass_number", "35581894"), on(HMT, "id_number", id_number("83000019960812342"))),
    ),
    fires("hmt_permit.term", of_hmt(on(HMT, "valid_to", "2033-09-02")), (HMT, "valid_to")),
    silent("hmt_permit.term", of_hmt(on(HMT, "valid_from", "2024-02-29"))),
    fires("hmt_permit.other_district", of_hmt(on(HMT, "address", BAIYUN)), (HMT, "address")),
    silent("hmt_permit.other_district", of_hmt(on(HMT, "address", NOWHERE))),
    silent("hmt_permit.other_district", of_hmt(on(HMT, "address", BAIYUN), on_route(Route.HMT_PASS))),
    fires(
        "hmt_permit.address_differs",
        of_hmt(on(HMT, "address", "广东省广州市花都区新华街道公益路9号")),
        (HMT, "address"),
    ),
    silent("hmt_permit.address_differs", of_hmt(on(HMT, "address", BAIYUN))),
    fires("field.unsure", of_hmt(lambda case: case.with_field(HMT, "valid_to", "2029-09-02", 0.5)), (HMT, "valid_to")),
    silent("field.unsure", of_hmt(lambda case: case.with_field(HMT, "valid_to", "2028-09-02", 0.5))),
]

CONTRACTS: list[Example] = [
    fires("contract.expired", of_contract(on(CONTRACT, "term_end", "2026-10-19")), (CONTRACT, "term_end")),
    silent("contract.expired", of_contract(on(CONTRACT, "term_end", TODAY.isoformat()))),
    silent("contract.expired", of_contract(on(CONTRACT, "term_end", "long_term"))),
    silent("contract.expired", of_contract(on(CONTRACT, "term_end", "2021-08-31"))),
    fires("contract.pages_missing", of_contract(torn("sign_date")), (CONTRACT, "pages")),
    fires("contract.pages_missing", of_contract(torn("term_start", "term_end", sealed=True)), (CONTRACT, "pages")),
    fires("contract.pages_missing", of_contract(torn("name", "id_number", "uscc", sealed=True)), (CONTRACT, "pages")),
    silent("contract.pages_missing", of_contract(torn("sign_date", sealed=True))),
    silent("contract.pages_missing", of_contract(torn("sign_date", unread=("sign_date",)))),
    silent("contract.pages_missing", of_contract(torn("term_start", "term_end", sealed=True, unread=("term_end",)))),
    silent("contract.pages_missing", of_contract(torn("id_number", "uscc", sealed=True))),
    silent("field.not_read", of_contract(torn("term_start", "term_end", sealed=True))),
    fires("contract.not_started", of_contract(on(CONTRACT, "term_start", "2026-11-01")), (CONTRACT, "term_start")),
    silent("contract.not_started", of_contract(on(CONTRACT, "term_start", TODAY.isoformat()))),
    fires("contract.term_order", of_contract(on(CONTRACT, "term_end", "2021-08-31")), (CONTRACT, "term_end")),
    silent("contract.term_order", of_contract(on(CONTRACT, "term_end", "long_term"))),
    fires("contract.signed_later", of_contract(on(CONTRACT, "sign_date", "2026-10-21")), (CONTRACT, "sign_date")),
    silent("contract.signed_later", of_contract(on(CONTRACT, "sign_date", TODAY.isoformat()))),
    fires("contract.workplace_elsewhere", of_contract(on(CONTRACT, "workplace", BAIYUN)), (CONTRACT, "workplace")),
    silent("contract.workplace_elsewhere", of_contract(on(CONTRACT, "workplace", "甲方校区内"))),
    fires("contract.employer_differs", of_contract(on(CERTIFICATE, "employer", ELSEWHERE)), (CONTRACT, "employer")),
    fires("contract.employer_differs", of_contract(insured_by(ELSEWHERE)), (CONTRACT, "employer")),
    silent("contract.employer_differs", of_contract(insured_by(DISPATCH))),
    silent("contract.employer_differs", of_contract(on(CONTRACT, "employer", ELSEWHERE))),
    silent("contract.employer_differs", of_contract(on(CONTRACT, "employer", DISPATCH))),
    fires("employer.mismatch", of_contract(on(CONTRACT, "employer", ELSEWHERE)), (CONTRACT, "employer")),
    fires(
        "field.not_read", of_contract(lambda case: case.without_fields(CONTRACT, "term_end")), (CONTRACT, "term_end")
    ),
    fires(
        "seal.issuer_differs", of_contract(lambda case: case.with_seals(CONTRACT, seal(ELSEWHERE))), (CONTRACT, "seal")
    ),
    silent("seal.issuer_differs", of_contract(lambda case: case.with_seals(CONTRACT, seal(EMPLOYER)))),
]

UNLISTED = "中山大学"
LISTED = "广州城市理工学院"

STUDENTS: list[Example] = [
    fires("student.school_not_listed", of_student(on(REPORT, "school", UNLISTED)), (REPORT, "school")),
    silent("student.school_not_listed", of_student(on(REPORT, "school", LISTED))),
    silent("student.school_not_listed", of_student(on(REPORT, "school", UNLISTED), at_school(UNLISTED))),
    silent("student.school_not_listed", of_student(on(REPORT, "school", "广州工商字院"))),
    fires("student.school_differs", of_student(on(STUDENT_CARD, "school", LISTED)), (STUDENT_CARD, "school")),
    fires("student.school_differs", of_student(on(STUDENT_CARD, "school", "广州商学院")), (STUDENT_CARD, "school")),
    silent("student.school_differs", of_student(on(STUDENT_CARD, "school", "广州工商字院"))),
    silent("student.school_differs", of_student(on(REPORT, "school", LISTED), on_route(Route.HOUSEHOLD))),
    silent(
        "student.school_differs",
        of_student(on(REPORT, "school", LISTED), lambda case: case.with_application(student=None)),
    ),
    fires("student.school_close", of_student(on(REPORT, "school", "广州工商字院")), (REPORT, "school")),
    silent("student.school_close", of_student(on(REPORT, "school", LISTED))),
    fires("student.not_enrolled", of_student(on(REPORT, "status", "不在籍(结业)")), (REPORT, "status")),
    fires("student.not_enrolled", of_student(on(REPORT, "status", "在籍(休学)")), (REPORT, "status")),
    silent("student.not_enrolled", of_student(on(REPORT, "status", "在藉(注册学籍)"))),
    fires("student.study_form", of_student(on(REPORT, "study_form", "非全日制")), (REPORT, "study_form")),
    fires("student.study_form", of_student(on(REPORT, "study_form", "函授")), (REPORT, "study_form")),
    silent("student.study_form", of_student(on(REPORT, "study_form", "普通全目制"))),
    fires("student.category", of_student(on(REPORT, "category", "成人高等教育")), (REPORT, "category")),
    silent("student.category", of_student(on(REPORT, "category", "研究生教育"))),
    fires(
        "student.graduated", of_student(on(REPORT, "expected_graduation", "2026-09")), (REPORT, "expected_graduation")
    ),
    silent("student.graduated", of_student(on(REPORT, "expected_graduation", "2026-10"))),
    fires("student.updated_later", of_student(on(REPORT, "updated_on", "2026-10-21")), (REPORT, "updated_on")),
    silent("student.updated_later", of_student(on(REPORT, "updated_on", TODAY.isoformat()))),
    fires("student.code_expired", of_student(on(REPORT, "updated_on", "2026-04-22")), (REPORT, "verify_code")),
    silent("student.code_expired", of_student(on(REPORT, "updated_on", "2026-04-23"))),
    fires(
        "student.term_old",
        of_student(card_only, on(STUDENT_CARD, "registered_term", "2026年春季")),
        (STUDENT_CARD, "registered_term"),
    ),
    fires(
        "student.term_old",
        of_student(on(REPORT, "status", "不在籍(退学)"), on(STUDENT_CARD, "registered_term", "2025年秋季")),
        (STUDENT_CARD, "registered_term"),
    ),
    silent("student.term_old", of_student(card_only)),
    silent("student.term_old", of_student(on(STUDENT_CARD, "registered_term", "2026年春季"))),
    silent(
        "student.term_old",
        of_student(card_only, submitted(date(2026, 9, 24)), on(STUDENT_CARD, "registered_term", "2026年春季")),
    ),
    silent("student.term_old", of_student(card_only, submitted(date(2027, 3, 20)))),
    fires(
        "student.term_old",
        of_student(card_only, submitted(date(2027, 4, 2))),
        (STUDENT_CARD, "registered_term"),
    ),
    fires(
        "student.term_old_confirmed",
        of_student(on(STUDENT_CARD, "registered_term", "2026年春季")),
        (STUDENT_CARD, "registered_term"),
    ),
    silent("student.term_old_confirmed", of_student(card_only, on(STUDENT_CARD, "registered_term", "2026年春季"))),
    fires(
        "student.term_not_read",
        of_student(card_only, lambda case: case.without_fields(STUDENT_CARD, "registered_term")),
        (STUDENT_CARD, "registered_term"),
    ),
    silent("student.term_not_read", of_student(lambda case: case.without_fields(STUDENT_CARD, "registered_term"))),
    fires("student.details_differ", of_student(on(REPORT, "major", "英语")), (REPORT, "major")),
    fires(
        "student.details_differ", of_student(on(STUDENT_CARD, "enrolled_on", "2024-09")), (STUDENT_CARD, "enrolled_on")
    ),
    silent("student.details_differ", of_student()),
    silent(
        "student.details_differ",
        of_student(
            on(REPORT, "major", "英语"), lambda case: case.with_application(student=Student(school="广州工商学院"))
        ),
    ),
    fires("field.unsure", of_student(on(REPORT, "status", "在籍(注册学籍)", 0.5)), (REPORT, "status")),
]

EVIDENCE: list[Example] = [*HOUSEHOLD, *HMT_PERMIT, *CONTRACTS, *STUDENTS]
