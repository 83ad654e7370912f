"""The application by itself: its own number, age, and the ground of jurisdiction it claims."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from schemas.application import Route, Sex
from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.compare.addresses import in_district
from verifier.compare.ids import id_birth_date, id_problem, id_sex, normalise_id
from verifier.compare.text import squeeze
from verifier.rules.days import months_between, years_between
from verifier.rules.facts import Facts
from verifier.rules.person import NUMBERS_LIKE_RESIDENT_IDS, PASS_SHAPES
from verifier.rules.rule import Hit, Rule

ADULT = 18

RETIREMENT = {Sex.MALE: (60, date(1965, 1, 1)), Sex.FEMALE: (55, date(1970, 1, 1))}
"""Age at retirement before 2025 (women: as staff) and the first birthday it rises for: a month for every four months,
at most 36 (decision on raising the retirement age gradually, in force 2025-01-01; DOMAIN.md 1.1)."""

_JURISDICTION = "《教师资格条例》第十三条(由户籍所在地或者任教学校所在地的教育行政部门认定)"


def _own_number(facts: Facts) -> str | None:
    """The application's number when it is a sound one under GB 11643."""
    applicant = facts.application.applicant
    number = normalise_id(applicant.id_number)
    return number if applicant.id_type in NUMBERS_LIKE_RESIDENT_IDS and id_problem(number) is None else None


def _id_number(facts: Facts) -> Iterator[Hit]:
    applicant = facts.application.applicant
    number = normalise_id(applicant.id_number)
    if applicant.id_type in NUMBERS_LIKE_RESIDENT_IDS:
        sound = id_problem(number) is None
    else:
        sound = PASS_SHAPES[applicant.id_type].fullmatch(number) is not None
    if not sound:
        yield Hit(facts.identity_slot, "id_number", found=number)


def _birth_date(facts: Facts) -> Iterator[Hit]:
    number, stated = _own_number(facts), facts.application.applicant.birth_date
    if number is not None and id_birth_date(number) != stated:
        yield Hit(facts.identity_slot, "birth_date", id_birth_date(number).isoformat(), stated.isoformat())


def _sex(facts: Facts) -> Iterator[Hit]:
    number, stated = _own_number(facts), facts.application.applicant.sex
    if number is not None and id_sex(number) is not stated:
        yield Hit(facts.identity_slot, "sex", id_sex(number).value, stated.value)


def _retirement(facts: Facts) -> Iterator[Hit]:
    applicant = facts.application.applicant
    age, first = RETIREMENT[applicant.sex]
    rise = min(36, max(0, months_between(first, applicant.birth_date) // 4 + 1))
    if months_between(applicant.birth_date, facts.today) >= age * 12 + rise:
        yield Hit(facts.identity_slot, "birth_date", found=applicant.birth_date.isoformat())


def _under_age(facts: Facts) -> Iterator[Hit]:
    born = facts.application.applicant.birth_date
    if years_between(born, facts.today) < ADULT:
        yield Hit(facts.identity_slot, "birth_date", found=born.isoformat())


def _current_address(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.residence.current_address
    if facts.application.route is not Route.RESIDENCE_PERMIT or stated is None:
        return
    if in_district(stated, facts.batch.district_name) is False:
        yield _elsewhere(facts, DocumentType.RESIDENCE_PERMIT, "current_address", stated)


def _hukou_address(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.residence.hukou_address
    if facts.application.route is not Route.HOUSEHOLD or stated is None:
        return
    if in_district(stated, facts.batch.district_name) is False:
        yield _elsewhere(facts, DocumentType.HOUSEHOLD_REGISTER, "address", stated)


def _elsewhere(facts: Facts, slot: DocumentType, field: str, found: str) -> Hit:
    district = facts.batch.district_name
    return Hit(slot, field, district, found, {"district": district})


def _school(facts: Facts) -> Iterator[Hit]:
    application = facts.application
    if application.route is not Route.STUDENT or application.student is None:
        return
    school = squeeze(application.student.school)
    if school not in {squeeze(listed) for listed in facts.batch.schools}:
        card_only = (
            DocumentType.STUDENT_CARD in facts.readings and DocumentType.STUDENT_STATUS_REPORT not in facts.readings
        )
        slot = DocumentType.STUDENT_CARD if card_only else DocumentType.STUDENT_STATUS_REPORT
        yield Hit(slot, "school", found=school, details={"district": facts.batch.district_name})


RULES: tuple[Rule, ...] = (
    Rule(
        id="application.id_number",
        title="申请表证件号码不成立",
        legal_basis="GB 11643-1999《公民身份号码》;《教师资格条例》第十五条第一项",
        severity=Severity.CORRECT,
        documents=(),
        inputs=("application.applicant.id_type", "application.applicant.id_number"),
        applicant_message="申请表上的证件号码(末四位 {tail})不符合编码规则,请核对后更正。",
        reviewer_message="申请表上的证件号码 {b} 位数、日期或校验位不成立。",
        check=_id_number,
    ),
    Rule(
        id="application.birth_date",
        title="申请表出生日期与证件号码不符",
        legal_basis="GB 11643-1999《公民身份号码》(第7至14位为出生日期)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.birth_date", "application.applicant.id_number"),
        applicant_message="申请表上的出生日期与证件号码不符,请核对。",
        reviewer_message="申请表出生日期为 {b},其证件号码显示为 {a}。",
        check=_birth_date,
    ),
    Rule(
        id="application.sex",
        title="申请表性别与证件号码不符",
        legal_basis="GB 11643-1999《公民身份号码》(第17位单数为男性,双数为女性)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.sex", "application.applicant.id_number"),
        applicant_message="申请表上的性别与证件号码不符,请核对。",
        reviewer_message="申请表性别为“{b}”,其证件号码显示为“{a}”。",
        check=_sex,
    ),
    Rule(
        id="application.retirement_age",
        title="可能已达法定退休年龄",
        legal_basis="《全国人民代表大会常务委员会关于实施渐进式延迟法定退休年龄的决定》(2025年1月1日起施行)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.birth_date", "application.applicant.sex", "application.submitted_on"),
        applicant_message="您的年龄可能已达到法定退休年龄,工作人员将核对。",
        reviewer_message="按出生日期 {b} 推算,申请人可能已达法定退休年龄,请核对。",
        check=_retirement,
    ),
    Rule(
        id="application.under_age",
        title="未满十八周岁",
        legal_basis="《民法典》第十七条、第十八条",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.birth_date", "application.submitted_on"),
        applicant_message="按申请表上的出生日期,您未满十八周岁,请核对出生日期是否填写正确。",
        reviewer_message="按出生日期 {b} 推算,申请人未满十八周岁。",
        check=_under_age,
    ),
    Rule(
        id="application.current_address_elsewhere",
        title="申请表现居住地址不在本区",
        legal_basis=f"{_JURISDICTION};广州市各区认定公告(居住证现居住地址在本区)",
        severity=Severity.REVIEW,
        documents=(DocumentType.RESIDENCE_PERMIT,),
        inputs=("application.route", "application.residence.current_address", "batch.district_name"),
        applicant_message="申请表上的现居住地址不在{district},请核对地址,或核对是否应选择其他认定机构。",
        reviewer_message="以居住证为认定依据,但申请表上的现居住地址不在{district}。",
        check=_current_address,
    ),
    Rule(
        id="application.hukou_elsewhere",
        title="申请表户籍地址不在本区",
        legal_basis=_JURISDICTION,
        severity=Severity.REVIEW,
        documents=(DocumentType.HOUSEHOLD_REGISTER,),
        inputs=("application.route", "application.residence.hukou_address", "batch.district_name"),
        applicant_message="申请表上的户籍地址不在{district},请核对是否应选择其他认定机构。",
        reviewer_message="以户籍为认定依据,但申请表上的户籍地址不在{district}。",
        check=_hukou_address,
    ),
    Rule(
        id="application.school_not_listed",
        title="学校不在本区高校名单内",
        legal_basis="广州市各区认定公告(在本区全日制普通高校就读)",
        severity=Severity.REVIEW,
        documents=(DocumentType.STUDENT_STATUS_REPORT, DocumentType.STUDENT_CARD),
        inputs=("application.route", "application.student.school", "batch.schools"),
        applicant_message="您填写的学校不在{district}高校名单内,请核对学校名称和校区。",
        reviewer_message="以在读学生身份申请,但学校“{b}”不在本批次列出的{district}高校名单内,请核对校区。",
        check=_school,
    ),
)
