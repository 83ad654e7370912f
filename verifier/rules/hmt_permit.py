"""The residence permit of Hong Kong, Macao and Taiwan residents: its number, its pass, its term, its place (DOMAIN.md 2.6).

That it is in date is told by the rules of identity papers (`id_card`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from schemas.application import Route
from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.compare.addresses import AddressMatch, compare_addresses, in_district
from verifier.rules.days import day
from verifier.rules.facts import Facts
from verifier.rules.person import sound_number
from verifier.rules.rule import Hit, Rule

HMT = DocumentType.HMT_RESIDENCE_PERMIT

TERM_YEARS = 5
"""The permit is good for five years (国办发〔2018〕81号)."""

PASS_LETTERS: Mapping[str, str] = {"810000": "H", "820000": "M", "830000": ""}
"""Region code of the permit's number, and the letter of the pass its holder entered with; Taiwan's passes have none."""


def _due_end(start: date) -> date | None:
    try:
        return start.replace(year=start.year + TERM_YEARS)
    except ValueError:  # issued on 29 February: the papers differ on its last day
        return None


def term_fits(facts: Facts, slot: DocumentType) -> bool:
    """Whether the end of validity lies five years after its start: two readings confirm each other."""
    start, end = day(facts.text(slot, "valid_from")), day(facts.text(slot, "valid_to"))
    return start is not None and end is not None and _due_end(start) == end


def _term(facts: Facts) -> Iterator[Hit]:
    start, end = day(facts.text(HMT, "valid_from")), day(facts.text(HMT, "valid_to"))
    due = _due_end(start) if start is not None else None
    if due is not None and end is not None and due != end:
        yield Hit(HMT, "valid_to", due.isoformat(), end.isoformat())


def _number_region(facts: Facts) -> Iterator[Hit]:
    number = sound_number(facts, HMT)
    if number is not None and number[:6] not in PASS_LETTERS:
        yield Hit(HMT, "id_number", found=number)


def _pass_differs(facts: Facts) -> Iterator[Hit]:
    number, read = sound_number(facts, HMT), facts.text(HMT, "pass_number")
    if number is None or read is None or not facts.is_sure(HMT, "pass_number"):
        return
    letter = PASS_LETTERS.get(number[:6])
    if letter is not None and letter != ("" if read[0].isdigit() else read[0]):
        yield Hit(HMT, "pass_number", found=read)


def _other_district(facts: Facts) -> Iterator[Hit]:
    read, district = facts.text(HMT, "address"), facts.batch.district_name
    if facts.application.route is Route.HMT_RESIDENCE and read is not None and in_district(read, district) is False:
        yield Hit(HMT, "address", district, read, {"district": district})


def _address_differs(facts: Facts) -> Iterator[Hit]:
    stated, read = facts.application.residence.current_address, facts.text(HMT, "address")
    if stated is None or read is None or any(_other_district(facts)):
        return
    if compare_addresses(stated, read) not in (AddressMatch.EQUAL, AddressMatch.UNKNOWN):
        yield Hit(HMT, "address", stated, read)


_MEASURES = "《港澳台居民居住证申领发放办法》(国办发〔2018〕81号)"

RULES: tuple[Rule, ...] = (
    Rule(
        id="hmt_permit.number_region",
        title="港澳台居民居住证号码开头不符",
        legal_basis=f"{_MEASURES}第三条(香港810000、澳门820000、台湾830000)",
        severity=Severity.REVIEW,
        documents=(HMT,),
        inputs=("hmt_residence_permit.id_number",),
        applicant_message="《{doc}》上的号码(末四位 {tail})不是港澳台居民居住证的号码,请核对是否上传了其他证件。",
        reviewer_message="《{doc}》上的号码(末四位 {tail})成立,但不以 810000、820000、830000 开头,请查看原件。",
        check=_number_region,
    ),
    Rule(
        id="hmt_permit.pass_differs",
        title="通行证号码与居住证号码的地区不符",
        legal_basis=f"{_MEASURES}第三条;《行政许可法》第三十四条",
        severity=Severity.REVIEW,
        documents=(HMT,),
        inputs=("hmt_residence_permit.id_number", "hmt_residence_permit.pass_number"),
        applicant_message="《{doc}》上的通行证号码(末四位 {tail})与证件号码所属地区不符,将由工作人员核对。",
        reviewer_message="《{doc}》上的通行证号码(末四位 {tail})与证件号码所属地区(香港H、澳门M、台湾无字母)不符,请对照原件。",
        check=_pass_differs,
    ),
    Rule(
        id="hmt_permit.term",
        title="港澳台居民居住证有效期限不是五年",
        legal_basis=f"{_MEASURES}(有效期限五年)",
        severity=Severity.INFO,
        documents=(HMT,),
        inputs=("hmt_residence_permit.valid_from", "hmt_residence_permit.valid_to"),
        applicant_message="《{doc}》的有效期限将由系统记录,无需处理。",
        reviewer_message="《{doc}》有效期至 {b},按起始日期应至 {a},可能误读。",
        check=_term,
    ),
    Rule(
        id="hmt_permit.other_district",
        title="港澳台居民居住证住址不在本区",
        legal_basis=f"教师厅〔2019〕1号(居住证所在地);{_MEASURES}第二条;本批次认定公告",
        severity=Severity.REVIEW,
        documents=(HMT,),
        inputs=("application.route", "hmt_residence_permit.address", "batch.district_name"),
        applicant_message="居住证住址不在{district},请核对是否应选择其他认定机构。",
        reviewer_message="以港澳台居民居住证为认定依据,但证上住址不在{district}。",
        check=_other_district,
    ),
    Rule(
        id="hmt_permit.address_differs",
        title="港澳台居民居住证住址与申请表写法不同",
        legal_basis=f"{_MEASURES}第三条(居住地住址为登载内容)",
        severity=Severity.INFO,
        documents=(HMT,),
        inputs=("application.residence.current_address", "hmt_residence_permit.address"),
        applicant_message="居住证住址与申请表上的现居住地址写法不完全相同,无需处理。",
        reviewer_message="居住证住址与申请表上的现居住地址不完全相同。",
        check=_address_differs,
    ),
)
