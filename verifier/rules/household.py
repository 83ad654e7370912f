"""The household register: an address in the district, pages of one household (DOMAIN.md 2.5; matrix row 9)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.application import Route
from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.compare.addresses import AddressMatch, compare_addresses, in_district
from verifier.compare.names import NameMatch, compare_names
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

REGISTER = DocumentType.HOUSEHOLD_REGISTER

VOIDED = re.compile(r"注销|作废|失效")
"""Words of stamps that end the validity of a register's page."""

_HEAD = frozenset({"户主", "本人"})
_SAME_PLACE = frozenset({AddressMatch.EQUAL, AddressMatch.CLOSE})


def address_confirmed(facts: Facts, slot: DocumentType) -> bool:
    """Whether the address read is the one the application states for the household."""
    stated, read = facts.application.residence.hukou_address, facts.text(slot, "address")
    return stated is not None and read is not None and compare_addresses(stated, read) in _SAME_PLACE


def _district(facts: Facts) -> tuple[str, bool | None] | None:
    """The register's address and whether it lies in the district; None where the register is not the ground."""
    read = facts.text(REGISTER, "address")
    if read is None or facts.application.route is not Route.HOUSEHOLD:
        return None
    return read, in_district(read, facts.batch.district_name)


def _other_district(facts: Facts) -> Iterator[Hit]:
    found, district = _district(facts), facts.batch.district_name
    if found is not None and found[1] is False:
        yield Hit(REGISTER, "address", district, found[0], {"district": district})


def _district_unclear(facts: Facts) -> Iterator[Hit]:
    found, district = _district(facts), facts.batch.district_name
    if found is None or found[1] is not None:
        return
    stated = facts.application.residence.hukou_address
    if stated is None or not in_district(stated, district) or not address_confirmed(facts, REGISTER):
        yield Hit(REGISTER, "address", district, found[0], {"district": district})


def _address_differs(facts: Facts) -> Iterator[Hit]:
    stated, read = facts.application.residence.hukou_address, facts.text(REGISTER, "address")
    if stated is None or read is None or any(_other_district(facts)):
        return
    if compare_addresses(stated, read) not in (AddressMatch.EQUAL, AddressMatch.UNKNOWN):
        yield Hit(REGISTER, "address", stated, read)


def _other_head(facts: Facts) -> Iterator[Hit]:
    """The applicant's page says head of the household, the first page names somebody else."""
    head, own = facts.text(REGISTER, "head_name"), facts.text(REGISTER, "name")
    if head is None or own is None or facts.text(REGISTER, "relation") not in _HEAD:
        return
    if compare_names(head, own) is NameMatch.DIFFERENT:
        yield Hit(REGISTER, "head_name", own, head)


def _cancelled(facts: Facts) -> Iterator[Hit]:
    """A stamp that voids a page whose fields were taken. One on another member's page is that member's affair."""
    if not facts.is_right_type(REGISTER):
        return
    reading = facts.readings[REGISTER]
    pages = {found.page for found in reading.fields.values()}
    for seal in reading.seals:
        if seal.present and VOIDED.search(seal.text) and (seal.page in pages or not pages):
            yield Hit(REGISTER, "seal", found=seal.text)
            return


_GROUND = "《教师资格条例》第十三条(户籍所在地);广州市各区认定公告(本区户籍人员)"
_REGISTRATION = "《户口登记条例》第四条、第五条(户口簿登记的事项具有证明公民身份的效力)"

RULES: tuple[Rule, ...] = (
    Rule(
        id="household.other_district",
        title="户口簿住址不在本区",
        legal_basis=_GROUND,
        severity=Severity.REVIEW,
        documents=(REGISTER,),
        inputs=("application.route", "household_register.address", "batch.district_name"),
        applicant_message="户口簿地址不在{district},请核对是否应选择其他认定机构。",
        reviewer_message="以户籍为认定依据,但户口簿住址不在{district}。",
        check=_other_district,
    ),
    Rule(
        id="household.district_unclear",
        title="户口簿住址看不出所在区",
        legal_basis=_GROUND,
        severity=Severity.REVIEW,
        documents=(REGISTER,),
        inputs=("application.route", "household_register.address", "application.residence.hukou_address"),
        applicant_message="系统未能从户口簿住址判断所在区,将由工作人员核对。",
        reviewer_message="从户口簿住址看不出是否在{district},且与申请表户籍地址对不上,请查看原件。",
        check=_district_unclear,
    ),
    Rule(
        id="household.address_differs",
        title="户口簿住址与申请表户籍地址写法不同",
        legal_basis=_REGISTRATION,
        severity=Severity.INFO,
        documents=(REGISTER,),
        inputs=("application.residence.hukou_address", "household_register.address"),
        applicant_message="户口簿住址与申请表上的户籍地址写法不完全相同,无需处理。",
        reviewer_message="户口簿住址与申请表上的户籍地址不完全相同。",
        check=_address_differs,
    ),
    Rule(
        id="household.cancelled",
        title="户口簿页面已注销",
        legal_basis=f"{_REGISTRATION};《户口登记条例》第八条、第十条(死亡、迁出时注销户口)",
        severity=Severity.REVIEW,
        documents=(REGISTER,),
        inputs=("household_register.seals",),
        applicant_message="《{doc}》的页面上盖有“{b}”字样的印章,将由工作人员核对。",
        reviewer_message="《{doc}》上有“{b}”章,该页可能已经失效,请对照原件并核对现户籍。",
        check=_cancelled,
    ),
    Rule(
        id="household.other_head",
        title="首页户主与本人页不符",
        legal_basis=_REGISTRATION,
        severity=Severity.REVIEW,
        documents=(REGISTER,),
        inputs=("household_register.head_name", "household_register.name", "household_register.relation"),
        applicant_message="户口簿本人页登记为户主,但首页户主姓名是“{b}”,请确认首页与本人页属于同一本户口簿。",
        reviewer_message="本人页登记“{a}”为户主,首页户主姓名为“{b}”,可能不是同一本户口簿。",
        check=_other_head,
    ),
)
