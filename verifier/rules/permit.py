"""The residence permit: in date, in the district, held by somebody from another province (DOMAIN.md 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from schemas.application import Route
from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.compare.addresses import AddressMatch, compare_addresses, in_district, province_of
from verifier.rules.days import day, span
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

PERMIT = DocumentType.RESIDENCE_PERMIT

_ENDORSEMENT = "《居住证暂行条例》第十条(每年签注一次;逾期未签注的中止使用功能,补办后恢复)"
_AREA = "《教师资格条例》第十三条;广州市各区认定公告(居住证现居住地址在本区)"


def _is_the_ground(facts: Facts) -> bool:
    """Whether the permit is what gives this district jurisdiction."""
    return facts.application.route is Route.RESIDENCE_PERMIT


def _expired(facts: Facts) -> Iterator[Hit]:
    end = day(facts.text(PERMIT, "valid_to"))
    if end is not None and end < facts.today:
        yield Hit(PERMIT, "valid_to", facts.today.isoformat(), end.isoformat())


def _expires_soon(facts: Facts) -> Iterator[Hit]:
    end = day(facts.text(PERMIT, "valid_to"))
    if end is not None and facts.today <= end < facts.today + timedelta(days=facts.batch.permit_expiry_notice_days):
        yield Hit(PERMIT, "valid_to", found=end.isoformat())


def _issued_later(facts: Facts) -> Iterator[Hit]:
    issued = span(facts.text(PERMIT, "issue_date"))
    if issued is not None and issued.first > facts.today:
        yield Hit(PERMIT, "issue_date", facts.today.isoformat(), facts.text(PERMIT, "issue_date"))


def _stated_is_here(facts: Facts, read: str) -> bool:
    """Whether the address is the one the application states, and that one lies in the district."""
    stated = facts.application.residence.current_address
    if stated is None or not in_district(stated, facts.batch.district_name):
        return False
    return compare_addresses(stated, read) in (AddressMatch.EQUAL, AddressMatch.CLOSE)


def _district(facts: Facts, *, unclear: bool) -> Iterator[Hit]:
    read = facts.text(PERMIT, "current_address")
    if read is None or not _is_the_ground(facts):
        return
    district = facts.batch.district_name
    inside = in_district(read, district)
    if inside is None and unclear and not _stated_is_here(facts, read):
        yield Hit(PERMIT, "current_address", district, read, {"district": district})
    if inside is False and not unclear:
        yield Hit(PERMIT, "current_address", district, read, {"district": district})


def _other_district(facts: Facts) -> Iterator[Hit]:
    return _district(facts, unclear=False)


def _district_unclear(facts: Facts) -> Iterator[Hit]:
    return _district(facts, unclear=True)


def _hukou_in_province(facts: Facts) -> Iterator[Hit]:
    read = facts.text(PERMIT, "hukou_address") or facts.application.residence.hukou_address
    if read is None or not _is_the_ground(facts) or not facts.is_right_type(PERMIT):
        return
    if province_of(read) == facts.batch.province_name:
        yield Hit(PERMIT, "hukou_address", found=read, details={"province": facts.batch.province_name})


def _addresses(facts: Facts, field: str, stated: str | None, kinds: frozenset[AddressMatch]) -> Iterator[Hit]:
    read = facts.text(PERMIT, field)
    if stated is not None and read is not None and compare_addresses(stated, read) in kinds:
        yield Hit(PERMIT, field, stated, read)


_SOFT = frozenset({AddressMatch.CLOSE, AddressMatch.OTHER_PLACE})


def _current_differs(facts: Facts) -> Iterator[Hit]:
    return _addresses(facts, "current_address", facts.application.residence.current_address, _SOFT)


def _current_elsewhere(facts: Facts) -> Iterator[Hit]:
    read = facts.text(PERMIT, "current_address")
    # A permit of another district has its own finding.
    if read is None or in_district(read, facts.batch.district_name) is not False:
        stated = facts.application.residence.current_address
        yield from _addresses(facts, "current_address", stated, frozenset({AddressMatch.OTHER_DISTRICT}))


def _hukou_differs(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.residence.hukou_address
    return _addresses(facts, "hukou_address", stated, _SOFT | {AddressMatch.OTHER_DISTRICT})


RULES: tuple[Rule, ...] = (
    Rule(
        id="permit.expired",
        title="居住证已超过签注(有效)期",
        legal_basis=_ENDORSEMENT,
        severity=Severity.CORRECT,
        documents=(PERMIT,),
        inputs=("residence_permit.valid_to", "application.submitted_on"),
        applicant_message="您的居住证已超过签注/有效期,请先在“粤省事”或“粤居码”办理签注后重新上传。",
        reviewer_message="居住证有效期至 {b},提交日为 {a}。",
        check=_expired,
    ),
    Rule(
        id="permit.expires_soon",
        title="居住证即将到期",
        legal_basis=_ENDORSEMENT,
        severity=Severity.INFO,
        documents=(PERMIT,),
        inputs=("residence_permit.valid_to", "application.submitted_on", "batch.permit_expiry_notice_days"),
        applicant_message="您的居住证有效期至 {b},请及时办理签注,以免在办理期间失效。",
        reviewer_message="居住证有效期至 {b},即将到期。",
        check=_expires_soon,
    ),
    Rule(
        id="permit.issued_later",
        title="居住证签发日期晚于提交日期",
        legal_basis="《居住证暂行条例》第四条(签发日期为居住证登载内容)",
        severity=Severity.REVIEW,
        documents=(PERMIT,),
        inputs=("residence_permit.issue_date", "application.submitted_on"),
        applicant_message="居住证上的签发日期晚于提交日期,请核对。",
        reviewer_message="居住证签发日期 {b} 晚于提交日 {a},可能误读。",
        check=_issued_later,
    ),
    Rule(
        id="permit.other_district",
        title="居住证现居住地址不在本区",
        legal_basis=_AREA,
        severity=Severity.REVIEW,
        documents=(PERMIT,),
        inputs=("application.route", "residence_permit.current_address", "batch.district_name"),
        applicant_message="居住证“现居住地址”不在{district},请核对是否应选择其他认定机构,或更新居住证地址后重新上传。",
        reviewer_message="居住证现居住地址不在{district}。",
        check=_other_district,
    ),
    Rule(
        id="permit.district_unclear",
        title="居住证现居住地址看不出所在区",
        legal_basis=_AREA,
        severity=Severity.REVIEW,
        documents=(PERMIT,),
        inputs=("application.route", "residence_permit.current_address", "application.residence.current_address"),
        applicant_message="系统未能从居住证“现居住地址”判断所在区,将由工作人员核对。",
        reviewer_message="从居住证现居住地址看不出是否在{district},且与申请表地址对不上,请查看原件。",
        check=_district_unclear,
    ),
    Rule(
        id="permit.hukou_in_province",
        title="居住证持有人户籍在省内",
        legal_basis="广州市各区认定公告(持有广东省居住证的外省市户籍人员)",
        severity=Severity.REVIEW,
        documents=(PERMIT,),
        inputs=("application.route", "residence_permit.hukou_address", "application.residence.hukou_address"),
        applicant_message="您的户籍在{province}内,以居住证申请是否适用将由工作人员核对;如在户籍地申请更为合适,请按公告办理。",
        reviewer_message="居住证显示户籍在{province}内,公告针对外省市户籍人员,请核对是否可以受理。",
        check=_hukou_in_province,
    ),
    Rule(
        id="current_address.differs",
        title="居住证现居住地址与申请表写法不同",
        legal_basis="《居住证暂行条例》第四条(居住地住址为居住证登载内容)",
        severity=Severity.INFO,
        documents=(PERMIT,),
        inputs=("application.residence.current_address", "residence_permit.current_address"),
        applicant_message="居住证上的现居住地址与申请表写法不完全相同,无需处理。",
        reviewer_message="居住证上的现居住地址与申请表不完全相同,同在一区。",
        check=_current_differs,
    ),
    Rule(
        id="current_address.other_district",
        title="居住证现居住地址与申请表不在同一区",
        legal_basis="《居住证暂行条例》第四条;《行政许可法》第三十一条",
        severity=Severity.REVIEW,
        documents=(PERMIT,),
        inputs=("application.residence.current_address", "residence_permit.current_address"),
        applicant_message="居住证上的现居住地址与申请表上的不在同一个区,请核对申请表。",
        reviewer_message="居住证上的现居住地址与申请表上的不在同一个区。",
        check=_current_elsewhere,
    ),
    Rule(
        id="hukou_address.differs",
        title="居住证户籍地址与申请表不同",
        legal_basis="《居住证暂行条例》第四条(常住户口所在地住址为居住证登载内容)",
        severity=Severity.INFO,
        documents=(PERMIT,),
        inputs=("application.residence.hukou_address", "residence_permit.hukou_address"),
        applicant_message="居住证上的户籍地址与申请表写法不完全相同,无需处理。",
        reviewer_message="居住证上的户籍地址与申请表不完全相同。",
        check=_hukou_differs,
    ),
)
