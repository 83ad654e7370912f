"""The labour contract: its term, its place, and whether the other papers name the same employer (matrix rows 14, 15, 17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from schemas.document import TITLES_ZH, DocumentType
from schemas.finding import Severity
from verifier.compare.addresses import in_district
from verifier.compare.employers import EmployerMatch, compare_employers, is_dispatch_agency
from verifier.rules.days import day, span
from verifier.rules.employer import CERTIFICATE, INSURANCE, last_row
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

CONTRACT = DocumentType.LABOR_CONTRACT


def _term(facts: Facts) -> tuple[date | None, date | None]:
    """The first and the last day; the last is None also for a contract without a fixed term."""
    start = span(facts.text(CONTRACT, "term_start"))
    return (start.first if start else None), day(facts.text(CONTRACT, "term_end"))


def _is_turned(start: date | None, end: date | None) -> bool:
    return start is not None and end is not None and end < start


def _expired(facts: Facts) -> Iterator[Hit]:
    start, end = _term(facts)
    if end is not None and end < facts.today and not _is_turned(start, end):
        yield Hit(CONTRACT, "term_end", facts.today.isoformat(), end.isoformat())


def _not_started(facts: Facts) -> Iterator[Hit]:
    start, end = _term(facts)
    if start is not None and start > facts.today and not _is_turned(start, end):
        yield Hit(CONTRACT, "term_start", facts.today.isoformat(), start.isoformat())


def _turned(facts: Facts) -> Iterator[Hit]:
    start, end = _term(facts)
    if start is not None and end is not None and _is_turned(start, end):
        yield Hit(CONTRACT, "term_end", start.isoformat(), end.isoformat())


def _signed_later(facts: Facts) -> Iterator[Hit]:
    signed = span(facts.text(CONTRACT, "sign_date"))
    if signed is not None and signed.first > facts.today:
        yield Hit(CONTRACT, "sign_date", facts.today.isoformat(), facts.text(CONTRACT, "sign_date"))


def _workplace(facts: Facts) -> Iterator[Hit]:
    read, district = facts.text(CONTRACT, "workplace"), facts.batch.district_name
    if read is not None and in_district(read, district) is False:
        yield Hit(CONTRACT, "workplace", district, read, {"district": district})


def _other_employers(facts: Facts) -> Iterator[tuple[DocumentType, str]]:
    certified, row = facts.text(CERTIFICATE, "employer"), last_row(facts)
    if certified is not None:
        yield CERTIFICATE, certified
    if row is not None:
        yield INSURANCE, row.employer


def _employer_differs(facts: Facts) -> Iterator[Hit]:
    """Against the letter and the insurance; one that differs from the application has its finding already."""
    read, employment = facts.text(CONTRACT, "employer"), facts.application.employment
    if read is None or is_dispatch_agency(read):
        return
    if employment is not None and compare_employers(employment.employer, read) is EmployerMatch.DIFFERENT:
        return
    for slot, other in _other_employers(facts):
        if not is_dispatch_agency(other) and compare_employers(other, read) is EmployerMatch.DIFFERENT:
            yield Hit(CONTRACT, "employer", other, read, {"other": TITLES_ZH[slot]})
            return


_PARTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("写有双方信息的首页", ("id_number", "uscc"), ("name", "employer")),
    ("写有合同期限的一页", ("term_start", "term_end"), ()),
    ("签字盖章页", ("sign_date",), ()),
)
"""Parts a contract is looked at for (DOMAIN.md 2.8). Each is there when any of its first fields was read or their place
was found, or all of its last ones were read; one page may show them all."""

SIGNATURES = _PARTS[-1][0]


def missing_parts(facts: Facts) -> tuple[str, ...]:
    """Parts of the contract that are certainly not among its pages; none when a page may hide one."""
    if CONTRACT not in facts.readable:
        return ()
    reading = facts.readings[CONTRACT]
    known = reading.fields.keys() | reading.unread.keys()
    return tuple(
        part
        for part, any_of, all_of in _PARTS
        if known.isdisjoint(any_of)
        and not (all_of and reading.fields.keys() >= set(all_of))
        and not (part == SIGNATURES and any(seal.present for seal in reading.seals))
    )


def is_not_sent(facts: Facts, name: str) -> bool:
    """Whether a field stands in a part of the contract that is missing."""
    missing = missing_parts(facts)
    return any(part in missing and name in (*any_of, *all_of) for part, any_of, all_of in _PARTS)


def _pages_missing(facts: Facts) -> Iterator[Hit]:
    missing = missing_parts(facts)
    if missing:
        yield Hit(CONTRACT, "pages", details={"parts": "、".join(missing)})


_WORKPLACE = "《教师资格条例》第十三条(任教学校所在地);本批次认定公告"
_TRUTH = "《行政许可法》第三十一条(申请人对材料的真实性负责)"

RULES: tuple[Rule, ...] = (
    Rule(
        id="contract.pages_missing",
        title="劳动合同缺页",
        legal_basis="《劳动合同法》第十六条(双方签字或者盖章生效)、第十七条(必备条款);《行政许可法》第三十二条",
        severity=Severity.CORRECT,
        documents=(CONTRACT,),
        inputs=("reading.fields", "reading.unread", "reading.seals"),
        applicant_message="《{doc}》缺少{parts},请把首页、写有合同期限的一页和签字盖章页一并上传。",
        reviewer_message="《{doc}》的各页上没有找到{parts}的任何内容。",
        check=_pages_missing,
    ),
    Rule(
        id="contract.expired",
        title="劳动合同已到期",
        legal_basis="《劳动合同法》第四十四条第一项(合同期满终止);《行政许可法》第三十二条",
        severity=Severity.CORRECT,
        documents=(CONTRACT,),
        inputs=("labor_contract.term_start", "labor_contract.term_end", "application.submitted_on"),
        applicant_message="劳动合同已到期({b}),请上传续签页。",
        reviewer_message="劳动合同终止日期为 {b},提交日为 {a}。",
        check=_expired,
    ),
    Rule(
        id="contract.not_started",
        title="劳动合同期限尚未开始",
        legal_basis="《劳动合同法》第十七条(劳动合同期限为必备条款)",
        severity=Severity.REVIEW,
        documents=(CONTRACT,),
        inputs=("labor_contract.term_start", "application.submitted_on"),
        applicant_message="劳动合同自 {b} 起,晚于提交日期,请核对。",
        reviewer_message="劳动合同起始日期 {b} 晚于提交日 {a},可能误读。",
        check=_not_started,
    ),
    Rule(
        id="contract.term_order",
        title="劳动合同起止日期颠倒",
        legal_basis="《劳动合同法》第十七条(劳动合同期限为必备条款)",
        severity=Severity.REVIEW,
        documents=(CONTRACT,),
        inputs=("labor_contract.term_start", "labor_contract.term_end"),
        applicant_message="系统读到的劳动合同起止日期前后颠倒,将由工作人员核对。",
        reviewer_message="劳动合同读作 {a} 起、{b} 止,前后颠倒,可能误读,请对照原件。",
        check=_turned,
    ),
    Rule(
        id="contract.signed_later",
        title="劳动合同签订日期晚于提交日期",
        legal_basis=_TRUTH,
        severity=Severity.REVIEW,
        documents=(CONTRACT,),
        inputs=("labor_contract.sign_date", "application.submitted_on"),
        applicant_message="劳动合同的签订日期({b})晚于提交日期,请核对。",
        reviewer_message="劳动合同签订日期 {b} 晚于提交日 {a},可能误读或填错。",
        check=_signed_later,
    ),
    Rule(
        id="contract.workplace_elsewhere",
        title="劳动合同工作地点不在本区",
        legal_basis=_WORKPLACE,
        severity=Severity.REVIEW,
        documents=(CONTRACT,),
        inputs=("labor_contract.workplace", "batch.district_name"),
        applicant_message="劳动合同的工作地点不在{district},请补充在{district}任教的证明。",
        reviewer_message="劳动合同的工作地点不在{district},请核对任教地点。",
        check=_workplace,
    ),
    Rule(
        id="contract.employer_differs",
        title="劳动合同与在职证明、参保证明单位不一致",
        legal_basis=f"{_WORKPLACE};{_TRUTH}",
        severity=Severity.REVIEW,
        documents=(CONTRACT,),
        inputs=("labor_contract.employer", "employment_certificate.employer", "social_insurance_certificate.rows"),
        applicant_message="劳动合同的单位“{b}”与《{other}》上的“{a}”不一致,请由单位说明或重新开具。",
        reviewer_message="劳动合同单位为“{b}”,《{other}》上为“{a}”。",
        check=_employer_differs,
    ),
)
