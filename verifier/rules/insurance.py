"""The social insurance certificate: enough months without a gap, printed lately, in the right city (DOMAIN.md 3.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from schemas.document import DocumentType
from schemas.finding import Severity
from schemas.reading import InsuredRow
from verifier.compare.employers import EmployerMatch, compare_employers
from verifier.compare.months import add_months, expand, longest_run_ending
from verifier.compare.text import squeeze
from verifier.rules.days import span
from verifier.rules.employer import INSURANCE, last_row
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

_MONTH = re.compile(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])", re.ASCII)


def _is_sound(row: InsuredRow) -> bool:
    well_written = _MONTH.fullmatch(row.start_month) and _MONTH.fullmatch(row.end_month)
    return bool(well_written) and row.start_month <= row.end_month


def insured_months(rows: tuple[InsuredRow, ...]) -> frozenset[str]:
    """Every month the sound rows cover, each counted once."""
    return frozenset[str]().union(*(expand(row.start_month, row.end_month) for row in rows if _is_sound(row)))


def _total(facts: Facts) -> int | None:
    value = facts.text(INSURANCE, "months_paid")
    return int(value) if value is not None and re.fullmatch(r"\d{1,4}", value, re.ASCII) else None


def total_fits(facts: Facts, slot: DocumentType) -> bool:
    """Whether the printed total is the number of months the rows cover: two readings confirm each other."""
    rows = facts.rows(slot)
    return slot is INSURANCE and bool(rows) and _total(facts) == len(insured_months(rows))


def _run(facts: Facts, rows: tuple[InsuredRow, ...]) -> int | None:
    """Months without a gap up to the print-out, or up to the posting lag before it; None when it cannot be counted."""
    printed = span(facts.text(INSURANCE, "printed_on"))
    if (
        printed is None
        or printed.last.year < 1900
        or not rows
        or not all(_is_sound(row) for row in facts.rows(INSURANCE))
    ):
        return None
    months = insured_months(rows)
    printed_month = printed.last.isoformat()[:7]
    lags = range(facts.batch.insurance.posting_lag_months + 1)
    return max(longest_run_ending(months, add_months(printed_month, -lag)) for lag in lags)


def _short_run(facts: Facts, *, gap: bool) -> Iterator[Hit]:
    rows, wanted = facts.rows(INSURANCE), facts.batch.insurance.months
    run = _run(facts, rows)
    if run is None or run >= wanted:
        return
    enough_in_all = len(insured_months(rows)) >= wanted
    if enough_in_all is gap:
        yield Hit(INSURANCE, "rows", str(wanted), str(run), {"run": str(run), "wanted": str(wanted)})


def _too_few(facts: Facts) -> Iterator[Hit]:
    return _short_run(facts, gap=False)


def _gap(facts: Facts) -> Iterator[Hit]:
    return _short_run(facts, gap=True)


def _total_too_few(facts: Facts) -> Iterator[Hit]:
    total, wanted = _total(facts), facts.batch.insurance.months
    if total is not None and total < wanted and facts.is_sure(INSURANCE, "months_paid"):
        yield Hit(INSURANCE, "months_paid", str(wanted), str(total), {"total": str(total), "wanted": str(wanted)})


def _total_differs(facts: Facts) -> Iterator[Hit]:
    total, rows = _total(facts), facts.rows(INSURANCE)
    if total is None or not rows or not all(_is_sound(row) for row in rows):
        return
    counted = len(insured_months(rows))
    if counted != total and facts.is_sure(INSURANCE, "months_paid") and facts.is_sure(INSURANCE, "rows"):
        yield Hit(INSURANCE, "months_paid", str(counted), str(total), {"total": str(total), "counted": str(counted)})


def _rows_unclear(facts: Facts) -> Iterator[Hit]:
    for number, row in enumerate(facts.rows(INSURANCE), start=1):
        if not _is_sound(row):
            found = f"{row.start_month}/{row.end_month}"
            yield Hit(INSURANCE, "rows", found=found, details={"number": str(number)})


def _employer_changed(facts: Facts) -> Iterator[Hit]:
    """Enough months, but not with the present employer alone: earlier batches asked for the employing unit's own."""
    row, wanted = last_row(facts), facts.batch.insurance.months
    if row is None:
        return
    rows = facts.rows(INSURANCE)
    own = tuple(each for each in rows if compare_employers(row.employer, each.employer) is not EmployerMatch.DIFFERENT)
    run, run_of_own = _run(facts, rows), _run(facts, own)
    if run is not None and run_of_own is not None and run >= wanted > run_of_own:
        yield Hit(INSURANCE, "rows", str(wanted), str(run_of_own), {"run": str(run_of_own), "wanted": str(wanted)})


def _printed_long_ago(facts: Facts) -> Iterator[Hit]:
    printed, days = span(facts.text(INSURANCE, "printed_on")), facts.batch.insurance.printed_within_days
    if printed is not None and facts.today - printed.last > timedelta(days=days):
        read = facts.text(INSURANCE, "printed_on")
        yield Hit(INSURANCE, "printed_on", facts.today.isoformat(), read, {"days": str(days)})


def _printed_later(facts: Facts) -> Iterator[Hit]:
    printed = span(facts.text(INSURANCE, "printed_on"))
    if printed is not None and printed.first > facts.today:
        yield Hit(INSURANCE, "printed_on", facts.today.isoformat(), facts.text(INSURANCE, "printed_on"))


def _plain_city(text: str) -> str:
    return squeeze(text).removeprefix("广东省").removesuffix("市")


def _other_city(facts: Facts) -> Iterator[Hit]:
    read, wanted = facts.text(INSURANCE, "city"), facts.batch.insurance.city
    if read is not None and _plain_city(read) != _plain_city(wanted):
        yield Hit(INSURANCE, "city", wanted, read)


_MONTHS = "本批次认定公告(社会保险由聘用单位连续缴纳);《教师资格条例》第十三条(任教学校所在地)"

RULES: tuple[Rule, ...] = (
    Rule(
        id="insurance.too_few_months",
        title="连续参保月数不足",
        legal_basis=_MONTHS,
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("social_insurance_certificate.rows", "social_insurance_certificate.printed_on", "batch.insurance"),
        applicant_message="参保证明显示最近连续缴费 {run} 个月,少于要求的 {wanted} 个月,请核对或补充材料。",
        reviewer_message="截至打印月(含入账滞后)连续参保 {run} 个月,要求 {wanted} 个月。",
        check=_too_few,
    ),
    Rule(
        id="insurance.gap",
        title="参保记录中断",
        legal_basis=_MONTHS,
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("social_insurance_certificate.rows", "social_insurance_certificate.printed_on", "batch.insurance"),
        applicant_message="参保证明显示最近连续缴费 {run} 个月(之前有中断),少于要求的 {wanted} 个月,请核对或补充材料。",
        reviewer_message="参保总月数足够,但中断后至打印月只连续 {run} 个月,要求 {wanted} 个月;缓缴、补缴请人工判断。",
        check=_gap,
    ),
    Rule(
        id="insurance.total_too_few",
        title="累计参保月数不足",
        legal_basis=_MONTHS,
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("social_insurance_certificate.months_paid", "batch.insurance.months"),
        applicant_message="参保证明显示累计缴费 {total} 个月,少于要求的 {wanted} 个月,请核对或补充材料。",
        reviewer_message="参保证明累计 {total} 个月,要求 {wanted} 个月。",
        check=_total_too_few,
    ),
    Rule(
        id="insurance.total_differs",
        title="累计月数与各行不符",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("social_insurance_certificate.months_paid", "social_insurance_certificate.rows"),
        applicant_message="参保证明上的累计月数与各行记录不符,将由工作人员核对。",
        reviewer_message="参保证明累计 {total} 个月,各行合计 {counted} 个月,可能误读、中断或被改动,请查看原件。",
        check=_total_differs,
    ),
    Rule(
        id="insurance.rows_unclear",
        title="参保起止月份读得不合理",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("social_insurance_certificate.rows",),
        applicant_message="参保证明上的部分起止月份不够清晰,将由工作人员核对。",
        reviewer_message="第 {number} 行起止月份读作 {b},不合理,请查看原件。",
        check=_rows_unclear,
    ),
    Rule(
        id="insurance.employer_changed",
        title="连续参保跨越不同单位",
        legal_basis=_MONTHS,
        severity=Severity.INFO,
        documents=(INSURANCE,),
        inputs=(
            "social_insurance_certificate.rows",
            "social_insurance_certificate.printed_on",
            "batch.insurance.months",
        ),
        applicant_message="您在现单位的连续参保为 {run} 个月,其余在其他单位,无需处理。",
        reviewer_message="现单位连续参保 {run} 个月,连同之前单位才满 {wanted} 个月。",
        check=_employer_changed,
    ),
    Rule(
        id="insurance.printed_long_ago",
        title="参保证明打印过久",
        legal_basis="本批次认定公告(参保证明打印期限)",
        severity=Severity.CORRECT,
        documents=(INSURANCE,),
        inputs=(
            "social_insurance_certificate.printed_on",
            "application.submitted_on",
            "batch.insurance.printed_within_days",
        ),
        applicant_message="参保证明打印于 {b},请上传近 {days} 日内打印的参保证明。",
        reviewer_message="参保证明打印日期 {b},提交日 {a},超过 {days} 天。",
        check=_printed_long_ago,
    ),
    Rule(
        id="insurance.printed_later",
        title="参保证明打印日期晚于提交日期",
        legal_basis="《行政许可法》第三十一条(申请人对材料的真实性负责)",
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("social_insurance_certificate.printed_on", "application.submitted_on"),
        applicant_message="参保证明的打印日期晚于提交日期,将由工作人员核对。",
        reviewer_message="参保证明打印日期 {b} 晚于提交日 {a},可能误读。",
        check=_printed_later,
    ),
    Rule(
        id="insurance.other_city",
        title="参保城市不符",
        legal_basis=_MONTHS,
        severity=Severity.REVIEW,
        documents=(INSURANCE,),
        inputs=("social_insurance_certificate.city", "batch.insurance.city"),
        applicant_message="参保证明由“{b}”出具,本批次要求“{a}”的参保证明,请核对。",
        reviewer_message="参保城市为“{b}”,要求“{a}”。",
        check=_other_city,
    ),
)
