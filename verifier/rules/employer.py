"""The employment certificate: whose it is, the credit code, the place, the dates (DOMAIN.md 2.7, 3.2, 3.8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

from schemas.document import DocumentType
from schemas.finding import Severity
from schemas.reading import InsuredRow
from verifier.compare.addresses import in_district
from verifier.compare.employers import EmployerMatch, compare_employers, is_dispatch_agency
from verifier.compare.ids import IdProblem
from verifier.compare.uscc import normalise_uscc, uscc_problem
from verifier.rules.days import span
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule
from verifier.rules.seals import is_sealed_by

CERTIFICATE = DocumentType.EMPLOYMENT_CERTIFICATE
INSURANCE = DocumentType.SOCIAL_INSURANCE_CERTIFICATE
_EMPLOYED = (CERTIFICATE, DocumentType.LABOR_CONTRACT)
"""Documents that name an employer and may print its credit code."""


class Same(StrEnum):
    """Whether two employers are one, by name and by credit code."""

    SAME = "same"
    CLOSE = "close"
    DIFFERENT = "different"


def last_row(facts: Facts) -> InsuredRow | None:
    """The row of the insurance certificate that reaches furthest: who insures the applicant now."""
    rows = facts.rows(INSURANCE)
    return max(rows, key=lambda row: (row.end_month, row.start_month)) if rows else None


def _sound_code(code: str | None) -> str | None:
    code = normalise_uscc(code) if code else None
    return code if code is not None and uscc_problem(code) is None else None


def _match(facts: Facts, slot: DocumentType) -> tuple[Same, str, str] | None:
    """How the employer a document names stands to the application's; None when one of them names none."""
    stated, read = facts.application.employment, facts.text(slot, "employer")
    if stated is None or read is None:
        return None
    match = compare_employers(stated.employer, read)
    own, shown = _sound_code(stated.uscc), _sound_code(facts.text(slot, "uscc"))
    if match is EmployerMatch.CLOSE and own is not None and own == shown:
        return Same.SAME, stated.employer, read
    return Same(match.value), stated.employer, read


def _stated(facts: Facts, kind: Same) -> Iterator[Hit]:
    for slot in _EMPLOYED:
        match = _match(facts, slot)
        if match is not None and match[0] is kind:
            yield Hit(slot, "employer", match[1], match[2])


def _mismatch(facts: Facts) -> Iterator[Hit]:
    return _stated(facts, Same.DIFFERENT)


def _close(facts: Facts) -> Iterator[Hit]:
    return _stated(facts, Same.CLOSE)


def _insured_elsewhere(facts: Facts) -> Iterator[Hit]:
    """Against the application; without an employer there, the certificate's is the one to compare with."""
    row, employment = last_row(facts), facts.application.employment
    stated = employment.employer if employment is not None else None
    if row is None or stated is None or is_dispatch_agency(row.employer):
        return
    if compare_employers(stated, row.employer) is EmployerMatch.DIFFERENT:
        yield Hit(INSURANCE, "rows", stated, row.employer)


def _documents_differ(facts: Facts) -> Iterator[Hit]:
    row, read = last_row(facts), facts.text(CERTIFICATE, "employer")
    if row is None or read is None or is_dispatch_agency(row.employer):
        return
    if compare_employers(read, row.employer) is EmployerMatch.DIFFERENT:
        yield Hit(CERTIFICATE, "employer", row.employer, read)


def _dispatch(facts: Facts) -> Iterator[Hit]:
    row, employment = last_row(facts), facts.application.employment
    stated = employment.employer if employment is not None else facts.text(CERTIFICATE, "employer")
    if row is None or stated is None or not is_dispatch_agency(row.employer):
        return
    if compare_employers(stated, row.employer) is not EmployerMatch.SAME:
        yield Hit(INSURANCE, "rows", stated, row.employer)


def is_employer_known_by_seal(facts: Facts) -> bool:
    """Whether the letter's employer was not read, while its seal is the seal of the application's employer."""
    stated = facts.application.employment
    if stated is None or not facts.is_right_type(CERTIFICATE) or facts.field(CERTIFICATE, "employer") is not None:
        return False
    return is_sealed_by(facts, CERTIFICATE, stated.employer)


def _by_seal(facts: Facts) -> Iterator[Hit]:
    employment = facts.application.employment
    if employment is not None and is_employer_known_by_seal(facts):
        yield Hit(CERTIFICATE, "employer", employment.employer)


def _codes(facts: Facts) -> Iterator[tuple[DocumentType, str]]:
    for slot in _EMPLOYED:
        read = facts.text(slot, "uscc")
        if read is not None:
            yield slot, normalise_uscc(read)


def _code_unsound(facts: Facts) -> Iterator[Hit]:
    employment = facts.application.employment
    stated = normalise_uscc(employment.uscc) if employment is not None and employment.uscc else None
    for slot, code in _codes(facts):
        if uscc_problem(code) is IdProblem.CHECKSUM:
            yield Hit(slot, "uscc", stated, code)


def _code_unreadable(facts: Facts) -> Iterator[Hit]:
    for slot, code in _codes(facts):
        if uscc_problem(code) not in (None, IdProblem.CHECKSUM):
            yield Hit(slot, "uscc", found=code)


def _code_mismatch(facts: Facts) -> Iterator[Hit]:
    employment = facts.application.employment
    stated = _sound_code(employment.uscc) if employment is not None else None
    for slot, code in _codes(facts):
        if stated is not None and uscc_problem(code) is None and code != stated:
            yield Hit(slot, "uscc", stated, code)


def _stated_code(facts: Facts) -> Iterator[Hit]:
    employment = facts.application.employment
    if employment is None or not employment.uscc or CERTIFICATE not in facts.readings:
        return
    if _sound_code(employment.uscc) is None:
        yield Hit(CERTIFICATE, "uscc", found=normalise_uscc(employment.uscc))


def _address(facts: Facts) -> Iterator[Hit]:
    district, employment = facts.batch.district_name, facts.application.employment
    read = facts.text(CERTIFICATE, "employer_address")
    if read is None and facts.is_right_type(CERTIFICATE) and employment is not None:
        read = employment.employer_address
    if read is not None and in_district(read, district) is False:
        yield Hit(CERTIFICATE, "employer_address", district, read, {"district": district})


def _issued_later(facts: Facts) -> Iterator[Hit]:
    issued = span(facts.text(CERTIFICATE, "issue_date"))
    if issued is not None and issued.first > facts.today:
        yield Hit(CERTIFICATE, "issue_date", facts.today.isoformat(), facts.text(CERTIFICATE, "issue_date"))


def _issued_long_ago(facts: Facts) -> Iterator[Hit]:
    issued, days = span(facts.text(CERTIFICATE, "issue_date")), facts.batch.employment_issued_within_days
    if issued is not None and facts.today - issued.last > timedelta(days=days):
        read = facts.text(CERTIFICATE, "issue_date")
        yield Hit(CERTIFICATE, "issue_date", facts.today.isoformat(), read, {"days": str(days)})


def _start_differs(facts: Facts) -> Iterator[Hit]:
    employment, read = facts.application.employment, span(facts.text(CERTIFICATE, "start_date"))
    stated = employment.start_date if employment is not None else None
    if stated is not None and read is not None and not read.first <= stated <= read.last:
        yield Hit(CERTIFICATE, "start_date", stated.isoformat(), facts.text(CERTIFICATE, "start_date"))


_WORKPLACE = "《教师资格条例》第十三条(任教学校所在地);本批次认定公告"
_TRUTH = "《行政许可法》第三十一条(申请人对材料的真实性负责)"

RULES: tuple[Rule, ...] = (
    Rule(
        id="employer.mismatch",
        title="单位名称与申请表不一致",
        legal_basis=f"{_WORKPLACE};{_TRUTH}",
        severity=Severity.REVIEW,
        documents=_EMPLOYED,
        inputs=("application.employment.employer", "*.employer", "*.uscc"),
        applicant_message="《{doc}》上的单位“{b}”与申请表“{a}”不一致,请核对,或由单位说明、重新开具。",
        reviewer_message="《{doc}》单位为“{b}”,申请表为“{a}”。",
        check=_mismatch,
    ),
    Rule(
        id="employer.close",
        title="单位名称与申请表相近",
        legal_basis=_WORKPLACE,
        severity=Severity.REVIEW,
        documents=_EMPLOYED,
        inputs=("application.employment.employer", "*.employer", "application.employment.uscc", "*.uscc"),
        applicant_message="《{doc}》上的单位“{b}”与申请表“{a}”写法不同,将由工作人员核对是否同一单位。",
        reviewer_message="《{doc}》单位为“{b}”,申请表为“{a}”,可能是校区、简称或误读,且没有相同的信用代码佐证。",
        check=_close,
    ),
    Rule(
        id="employer.by_seal",
        title="单位名称由印章确认",
        legal_basis=_WORKPLACE,
        severity=Severity.INFO,
        documents=(CERTIFICATE,),
        inputs=("application.employment.employer", "employment_certificate.employer", "employment_certificate.seals"),
        applicant_message="《{doc}》的单位已按印章“{a}”核对,无需处理。",
        reviewer_message="《{doc}》上的单位名称未读到,印章与申请表单位“{a}”一致。",
        check=_by_seal,
    ),
    Rule(
        id="employer.insured_elsewhere",
        title="参保单位与申请表单位不一致",
        legal_basis=f"{_WORKPLACE};《社会保险法》第五十八条(用人单位办理社会保险登记)",
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("application.employment.employer", "social_insurance_certificate.rows"),
        applicant_message="参保证明上最近的参保单位“{b}”与申请表单位“{a}”不一致,请由单位说明或更正申请表。",
        reviewer_message="最近的参保单位为“{b}”,申请表单位为“{a}”。",
        check=_insured_elsewhere,
    ),
    Rule(
        id="employer.documents_differ",
        title="在职证明与参保证明单位不一致",
        legal_basis=f"{_WORKPLACE};{_TRUTH}",
        severity=Severity.REVIEW,
        documents=(CERTIFICATE, INSURANCE),
        inputs=("employment_certificate.employer", "social_insurance_certificate.rows"),
        applicant_message="在职证明单位“{b}”与社保单位“{a}”不一致,请由单位说明或重新开具。",
        reviewer_message="在职证明单位为“{b}”,最近的参保单位为“{a}”。",
        check=_documents_differ,
    ),
    Rule(
        id="employer.dispatch",
        title="由劳务派遣机构参保",
        legal_basis=f"{_WORKPLACE};《劳动合同法》第五十八条、第五十九条(劳务派遣)",
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("application.employment.employer", "social_insurance_certificate.rows"),
        applicant_message="您的社会保险由“{b}”缴纳,与任教单位“{a}”不同,请补充派遣协议等说明材料。",
        reviewer_message="参保单位“{b}”为劳务派遣或人力资源机构,任教单位为“{a}”,请核对派遣协议。",
        check=_dispatch,
    ),
    Rule(
        id="uscc.checksum",
        title="统一社会信用代码校验位不成立",
        legal_basis="GB 32100-2015《法人和其他组织统一社会信用代码编码规则》;《行政许可法》第三十二条",
        severity=Severity.CORRECT,
        documents=_EMPLOYED,
        inputs=("*.uscc", "application.employment.uscc"),
        applicant_message="《{doc}》上的统一社会信用代码(末四位 {tail})不符合编码规则,请单位核对后重新开具。",
        reviewer_message="《{doc}》上的统一社会信用代码(末四位 {tail})校验不通过,可能印错或误读,请对照原件。",
        check=_code_unsound,
    ),
    Rule(
        id="uscc.unreadable",
        title="统一社会信用代码未能读全",
        legal_basis="GB 32100-2015《法人和其他组织统一社会信用代码编码规则》",
        severity=Severity.INFO,
        documents=_EMPLOYED,
        inputs=("*.uscc",),
        applicant_message="《{doc}》上的统一社会信用代码未能读全,无需处理。",
        reviewer_message="《{doc}》上的统一社会信用代码未能读全,请对照原件。",
        check=_code_unreadable,
    ),
    Rule(
        id="uscc.mismatch",
        title="统一社会信用代码与申请表不一致",
        legal_basis=f"GB 32100-2015;{_TRUTH}",
        severity=Severity.REVIEW,
        documents=_EMPLOYED,
        inputs=("application.employment.uscc", "*.uscc"),
        applicant_message="《{doc}》上的统一社会信用代码(末四位 {tail})与申请表不一致,请核对。",
        reviewer_message="《{doc}》上的统一社会信用代码(末四位 {tail})成立但与申请表不同,可能不是同一单位。",
        check=_code_mismatch,
    ),
    Rule(
        id="application.uscc",
        title="申请表统一社会信用代码不成立",
        legal_basis="GB 32100-2015《法人和其他组织统一社会信用代码编码规则》",
        severity=Severity.CORRECT,
        documents=(CERTIFICATE,),
        inputs=("application.employment.uscc",),
        applicant_message="申请表上的统一社会信用代码(末四位 {tail})不符合编码规则,请核对后更正。",
        reviewer_message="申请表上的统一社会信用代码(末四位 {tail})位数、字符或校验位不成立。",
        check=_stated_code,
    ),
    Rule(
        id="employer_address.other_district",
        title="单位地址不在本区",
        legal_basis=_WORKPLACE,
        severity=Severity.REVIEW,
        documents=(CERTIFICATE,),
        inputs=("employment_certificate.employer_address", "application.employment.employer_address"),
        applicant_message="单位地址不在{district},请补充在{district}任教的证明。",
        reviewer_message="单位地址不在{district};注册地在外而校区在{district}的情况常见,请核对任教地点。",
        check=_address,
    ),
    Rule(
        id="employment.issued_later",
        title="在职证明出具日期晚于提交日期",
        legal_basis=_TRUTH,
        severity=Severity.CORRECT,
        documents=(CERTIFICATE,),
        inputs=("employment_certificate.issue_date", "application.submitted_on"),
        applicant_message="在职证明的出具日期({b})晚于提交日期,请核对日期后重新上传。",
        reviewer_message="在职证明出具日期 {b} 晚于提交日 {a},可能误读或填错。",
        check=_issued_later,
    ),
    Rule(
        id="employment.issued_long_ago",
        title="在职证明出具过久",
        legal_basis="本批次认定公告(在职证明出具期限)",
        severity=Severity.CORRECT,
        documents=(CERTIFICATE,),
        inputs=(
            "employment_certificate.issue_date",
            "application.submitted_on",
            "batch.employment_issued_within_days",
        ),
        applicant_message="在职证明出具于 {b},已超过 {days} 天,请由单位重新开具。",
        reviewer_message="在职证明出具日期 {b},提交日 {a},超过 {days} 天。",
        check=_issued_long_ago,
    ),
    Rule(
        id="start_date.differs",
        title="入职日期与申请表不同",
        legal_basis=_TRUTH,
        severity=Severity.INFO,
        documents=(CERTIFICATE,),
        inputs=("application.employment.start_date", "employment_certificate.start_date"),
        applicant_message="在职证明上的入职日期与申请表不同,无需处理。",
        reviewer_message="在职证明入职日期为 {b},申请表为 {a}。",
        check=_start_differs,
    ),
)
