"""Who the documents are about: name, number, sex, birth date, ethnicity and phone against the application."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import partial

from schemas.application import IdType, Sex
from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.compare.ids import IdProblem, id_birth_date, id_problem, id_sex, normalise_id
from verifier.compare.names import NameMatch, compare_names, normalise_name
from verifier.compare.text import squeeze
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

NUMBERS_LIKE_RESIDENT_IDS: frozenset[IdType] = frozenset({IdType.RESIDENT_ID, IdType.HMT_RESIDENCE_PERMIT})
"""Both carry a number under GB 11643 (810000, 820000, 830000 for Hong Kong, Macao, Taiwan)."""

PASS_SHAPES: Mapping[IdType, re.Pattern[str]] = {
    # The letter and eight digits stay for life; two digits of reissue may follow (DOMAIN.md 2.6).
    IdType.HK_MACAO_PASS: re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?"),
    IdType.TAIWAN_PASS: re.compile(r"([0-9]{8})(?:[0-9]{2})?"),
}

_BIRTH = re.compile(r"\d{4}-\d{2}(?:-\d{2})?", re.ASCII)
_TRUTH_31 = "《行政许可法》第三十一条(申请人对材料的真实性负责)"
_IDENTITY_15 = "《教师资格条例》第十五条第一项(身份证明)"


class NumberMatch(StrEnum):
    """How a number on a document stands to the application's."""

    SAME = "same"
    UNSOUND = "unsound"
    """18 characters that no card can carry: the check character or the date is wrong."""
    UNREADABLE = "unreadable"
    DIFFERENT = "different"


def match_number(id_type: IdType, stated: str, read: str) -> NumberMatch:
    """Compare two identity numbers; passes are compared without their reissue digits."""
    stated, read = normalise_id(stated), normalise_id(read)
    if id_type not in NUMBERS_LIKE_RESIDENT_IDS:
        shape = PASS_SHAPES[id_type]
        known, seen = shape.fullmatch(stated), shape.fullmatch(read)
        if known is not None and seen is not None:
            return NumberMatch.SAME if known[1] == seen[1] else NumberMatch.DIFFERENT
        if read == stated:
            return NumberMatch.SAME
    problem = id_problem(read)
    if problem in (IdProblem.DATE, IdProblem.CHECKSUM):
        return NumberMatch.UNSOUND
    if problem is not None:
        return NumberMatch.UNREADABLE
    return NumberMatch.SAME if read == stated else NumberMatch.DIFFERENT


def sound_number(facts: Facts, slot: DocumentType) -> str | None:
    """The number a document shows, when it is a sound one under GB 11643."""
    number = facts.text(slot, "id_number")
    if number is None:
        return None
    number = normalise_id(number)
    return number if id_problem(number) is None else None


def same_person(facts: Facts, slot: DocumentType) -> bool:
    """Whether a sound number beside the name is the applicant's."""
    number = sound_number(facts, slot)
    return number is not None and number == normalise_id(facts.application.applicant.id_number)


def _names(facts: Facts, kinds: frozenset[NameMatch]) -> Iterator[Hit]:
    stated = facts.application.applicant.name
    for slot, read in facts.texts("name"):
        match = compare_names(stated, read, same_id=same_person(facts, slot))
        if match in kinds and not (match in _UNEQUAL and _is_doubtful(facts, slot)):
            yield Hit(slot, "name", normalise_name(stated), normalise_name(read))


_UNEQUAL = frozenset({NameMatch.CLOSE, NameMatch.DIFFERENT})


def _is_doubtful(facts: Facts, slot: DocumentType) -> bool:
    """Whether another name was read with little certainty beside the applicant's own sound number, and a second reading
    saw the applicant's name there too. Neither alone would do: the number says who, the picture may say what."""
    field, stated = facts.field(slot, "name"), normalise_name(facts.application.applicant.name)
    return (
        field is not None
        and not facts.is_sure(slot, "name")
        and same_person(facts, slot)
        and stated in map(normalise_name, field.others)
    )


def _doubtful_names(facts: Facts) -> Iterator[Hit]:
    stated = normalise_name(facts.application.applicant.name)
    for slot, read in facts.texts("name"):
        if compare_names(stated, read, same_id=same_person(facts, slot)) in _UNEQUAL and _is_doubtful(facts, slot):
            yield Hit(slot, "name", stated, normalise_name(read))


def _traditional(facts: Facts, *, confirmed: bool) -> Iterator[Hit]:
    """A resident card is printed in simplified characters: beside its holder's sound number, the other form is a matter of
    writing or reading. Others' papers may really be in traditional characters, and two names may fold to one."""
    is_resident = facts.application.applicant.id_type is IdType.RESIDENT_ID
    for hit in _names(facts, frozenset({NameMatch.TRADITIONAL})):
        if (is_resident and same_person(facts, hit.slot)) is confirmed:
            yield hit


def _numbers(facts: Facts, kind: NumberMatch) -> Iterator[Hit]:
    applicant = facts.application.applicant
    for slot, read in facts.texts("id_number"):
        if match_number(applicant.id_type, applicant.id_number, read) is kind:
            yield Hit(slot, "id_number", normalise_id(applicant.id_number), normalise_id(read))


def _sexes(facts: Facts) -> Iterator[tuple[DocumentType, Sex]]:
    for slot, read in facts.texts("sex"):
        if read in set(Sex):
            yield slot, Sex(read)


def _sex_mismatch(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.applicant.sex
    return (Hit(slot, "sex", stated.value, read.value) for slot, read in _sexes(facts) if read is not stated)


def _sex_own_number(facts: Facts) -> Iterator[Hit]:
    for slot, read in _sexes(facts):
        number = sound_number(facts, slot)
        # A sex that also differs from the application has its finding already.
        if number is not None and read is facts.application.applicant.sex and id_sex(number) is not read:
            yield Hit(slot, "sex", id_sex(number).value, read.value)


def _births(facts: Facts) -> Iterator[tuple[DocumentType, str]]:
    return ((slot, read) for slot, read in facts.texts("birth_date") if _BIRTH.fullmatch(read))


def _birth_mismatch(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.applicant.birth_date.isoformat()
    return (Hit(slot, "birth_date", stated, read) for slot, read in _births(facts) if not stated.startswith(read))


def _birth_own_number(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.applicant.birth_date.isoformat()
    for slot, read in _births(facts):
        number = sound_number(facts, slot)
        if number is None or not stated.startswith(read):
            continue
        own = id_birth_date(number).isoformat()
        if not own.startswith(read):
            yield Hit(slot, "birth_date", own, read)


def _plain_ethnicity(text: str) -> str:
    return squeeze(text).removesuffix("族")


def _ethnicity_mismatch(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.applicant.ethnicity
    if stated is None:
        return
    for slot, read in facts.texts("ethnicity"):
        if _plain_ethnicity(read) != _plain_ethnicity(stated):
            yield Hit(slot, "ethnicity", _plain_ethnicity(stated), _plain_ethnicity(read))


def _ethnicity_between(facts: Facts) -> Iterator[Hit]:
    """Only when the application leaves it blank: else each document was compared with that."""
    if facts.application.applicant.ethnicity is not None:
        return
    shown = [(slot, _plain_ethnicity(read)) for slot, read in facts.texts("ethnicity")]
    for slot, read in shown[1:]:
        if read != shown[0][1]:
            yield Hit(slot, "ethnicity", shown[0][1], read)


def _phone(facts: Facts) -> Iterator[Hit]:
    stated = facts.application.applicant.phone
    for slot, read in facts.texts("phone"):
        if stated is not None and re.sub(r"\D", "", read)[-11:] != re.sub(r"\D", "", stated)[-11:]:
            yield Hit(slot, "phone", stated, read)


def _against_all(facts: Facts) -> Iterator[Hit]:
    """Documents that agree with each other and not with the application: the application is the odd one out."""
    applicant = facts.application.applicant
    stated = {
        "name": normalise_name(applicant.name),
        "id_number": normalise_id(applicant.id_number),
        "sex": applicant.sex.value,
        "birth_date": applicant.birth_date.isoformat(),
    }
    shown = {
        "name": [normalise_name(read) for _, read in facts.texts("name")],
        "id_number": [number for slot in facts.comparable if (number := sound_number(facts, slot)) is not None],
        "sex": [read.value for _, read in _sexes(facts)],
        "birth_date": [read for _, read in _births(facts) if len(read) == len(stated["birth_date"])],
    }
    for name, values in shown.items():
        if len(values) >= 2 and len(set(values)) == 1 and values[0] != stated[name]:
            yield Hit(facts.identity_slot, name, stated[name], values[0], {"count": str(len(values))})


_NAME_ADVICE = (
    "您上传的《{doc}》姓名“{b}”与申请表“{a}”不一致,请核对后重新上传;如为曾用名,请补充户口簿曾用名页或更名证明。"
)

RULES: tuple[Rule, ...] = (
    Rule(
        id="name.mismatch",
        title="姓名与申请表不一致",
        legal_basis=f"{_IDENTITY_15};{_TRUTH_31}",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.name", "*.name", "*.id_number"),
        applicant_message=_NAME_ADVICE,
        reviewer_message="《{doc}》姓名“{b}”与申请表“{a}”不一致,请对照原件;如证件号码也不同,可能不是本人材料。",
        check=partial(_names, kinds=frozenset({NameMatch.DIFFERENT})),
    ),
    Rule(
        id="name.close",
        title="姓名有一字之差",
        legal_basis=f"{_IDENTITY_15};{_TRUTH_31}",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.name", "*.name", "*.id_number"),
        applicant_message=_NAME_ADVICE,
        reviewer_message="《{doc}》姓名“{b}”与申请表“{a}”相差一个字,可能是误读,请对照原件。",
        check=partial(_names, kinds=frozenset({NameMatch.CLOSE})),
    ),
    Rule(
        id="name.partial",
        title="姓名只显示一部分",
        legal_basis="《民族事务委员会等部门关于在政府管理和社会公共服务信息系统中统一姓名采集应用规范的通知》(民委发〔2016〕33号)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.name", "*.name"),
        applicant_message="《{doc}》上的姓名“{b}”只是申请表“{a}”的一部分,将由工作人员核对。",
        reviewer_message="《{doc}》姓名“{b}”与申请表“{a}”在间隔号处截断,请对照原件。",
        check=partial(_names, kinds=frozenset({NameMatch.PARTIAL})),
    ),
    Rule(
        id="name.traditional",
        title="姓名繁简不同",
        legal_basis=_IDENTITY_15,
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.name", "application.applicant.id_type", "*.name", "*.id_number"),
        applicant_message="《{doc}》上的姓名“{b}”与申请表“{a}”繁简写法不同,将由工作人员核对。",
        reviewer_message="《{doc}》姓名“{b}”与申请表“{a}”仅繁简不同,请对照原件。",
        check=partial(_traditional, confirmed=False),
    ),
    Rule(
        id="name.traditional_confirmed",
        title="姓名繁简不同,证件号码一致",
        legal_basis=_IDENTITY_15,
        severity=Severity.INFO,
        documents=(),
        inputs=("application.applicant.name", "application.applicant.id_type", "*.name", "*.id_number"),
        applicant_message="《{doc}》上的姓名读作“{b}”,与申请表“{a}”仅繁简不同,无需处理。",
        reviewer_message="《{doc}》姓名读作“{b}”,申请表为“{a}”,仅繁简不同且证件号码一致。",
        check=partial(_traditional, confirmed=True),
    ),
    Rule(
        id="name.rare_character",
        title="姓名含生僻字,需看图核对",
        legal_basis=_IDENTITY_15,
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.name", "*.name", "*.id_number"),
        applicant_message="《{doc}》上的姓名含生僻字,将由工作人员对照图片核对,您无需更改姓名写法。",
        reviewer_message="《{doc}》姓名“{b}”与申请表“{a}”只在生僻字上不同,证件号码一致,请对照图片。",
        check=partial(_names, kinds=frozenset({NameMatch.RARE_CHARACTER})),
    ),
    Rule(
        id="name.lookalike",
        title="姓名形近字,证件号码一致",
        legal_basis=_IDENTITY_15,
        severity=Severity.INFO,
        documents=(),
        inputs=("application.applicant.name", "*.name", "*.id_number"),
        applicant_message="《{doc}》上的姓名读作“{b}”,与申请表“{a}”为形近字,无需处理。",
        reviewer_message="《{doc}》姓名读作“{b}”,申请表为“{a}”,形近字且证件号码一致。",
        check=partial(_names, kinds=frozenset({NameMatch.LOOKALIKE})),
    ),
    Rule(
        id="name.doubtful_reading",
        title="姓名读得不确定,证件号码一致",
        legal_basis=_IDENTITY_15,
        severity=Severity.INFO,
        documents=(),
        inputs=("application.applicant.name", "*.name", "*.id_number", "batch.confidence_threshold"),
        applicant_message="《{doc}》上的姓名字迹不易辨认,证件号码与申请表一致,无需处理。",
        reviewer_message="《{doc}》姓名读作“{b}”,把握不足,证件号码与申请表一致。",
        check=_doubtful_names,
    ),
    Rule(
        id="id_number.checksum",
        title="证件号码校验位或日期不成立",
        legal_basis="GB 11643-1999《公民身份号码》;《行政许可法》第三十二条",
        severity=Severity.CORRECT,
        documents=(),
        inputs=("application.applicant.id_number", "*.id_number"),
        applicant_message="《{doc}》上的证件号码(末四位 {tail})不符合编码规则,请确认材料上的号码无误,或重新拍摄清晰的号码区域。",
        reviewer_message="《{doc}》上的证件号码 {b} 校验不通过,可能印错或误读,请对照原件。",
        check=partial(_numbers, kind=NumberMatch.UNSOUND),
    ),
    Rule(
        id="id_number.unreadable",
        title="证件号码未能读全",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.id_number", "*.id_number"),
        applicant_message="系统未能读全《{doc}》上的证件号码,将由工作人员核对。",
        reviewer_message="《{doc}》上的证件号码读作“{b}”,位数或字符不对,请对照原件。",
        check=partial(_numbers, kind=NumberMatch.UNREADABLE),
    ),
    Rule(
        id="id_number.mismatch",
        title="证件号码与申请表不一致",
        legal_basis=f"{_IDENTITY_15};{_TRUTH_31}",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.id_number", "*.id_number"),
        applicant_message=(
            "《{doc}》上的证件号码未能与申请表核对一致(末四位 {tail}),请确认上传的是本人材料,或重新拍摄清晰的号码区域。"
        ),
        reviewer_message="《{doc}》上的证件号码 {b} 与申请表 {a} 不同,且号码本身成立,可能不是本人材料。",
        check=partial(_numbers, kind=NumberMatch.DIFFERENT),
    ),
    Rule(
        id="sex.mismatch",
        title="性别与申请表不一致",
        legal_basis=_TRUTH_31,
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.sex", "*.sex"),
        applicant_message="《{doc}》上的性别信息与申请表不一致,请核对申请表与证件。",
        reviewer_message="《{doc}》性别为“{b}”,申请表为“{a}”。",
        check=_sex_mismatch,
    ),
    Rule(
        id="sex.own_number",
        title="性别与同一材料上的证件号码不符",
        legal_basis="GB 11643-1999《公民身份号码》(第17位单数为男性,双数为女性)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("*.sex", "*.id_number"),
        applicant_message="《{doc}》上的性别与证件号码不符,请核对。",
        reviewer_message="《{doc}》性别为“{b}”,同一材料上的证件号码显示为“{a}”。",
        check=_sex_own_number,
    ),
    Rule(
        id="birth_date.mismatch",
        title="出生日期与申请表不一致",
        legal_basis=_TRUTH_31,
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant.birth_date", "*.birth_date"),
        applicant_message="《{doc}》上的出生日期与申请表不一致,请核对。",
        reviewer_message="《{doc}》出生日期为 {b},申请表为 {a}。",
        check=_birth_mismatch,
    ),
    Rule(
        id="birth_date.own_number",
        title="出生日期与同一材料上的证件号码不符",
        legal_basis="GB 11643-1999《公民身份号码》(第7至14位为出生日期)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("*.birth_date", "*.id_number"),
        applicant_message="《{doc}》上的出生日期与证件号码不符,请核对。",
        reviewer_message="《{doc}》出生日期为 {b},同一材料上的证件号码显示为 {a}。",
        check=_birth_own_number,
    ),
    Rule(
        id="ethnicity.mismatch",
        title="民族与申请表不一致",
        legal_basis=_TRUTH_31,
        severity=Severity.INFO,
        documents=(),
        inputs=("application.applicant.ethnicity", "*.ethnicity"),
        applicant_message="《{doc}》上的民族与申请表不同,无需处理。",
        reviewer_message="《{doc}》民族为“{b}”,申请表为“{a}”。",
        check=_ethnicity_mismatch,
    ),
    Rule(
        id="ethnicity.documents_differ",
        title="各材料上的民族不一致",
        legal_basis=_TRUTH_31,
        severity=Severity.INFO,
        documents=(),
        inputs=("*.ethnicity",),
        applicant_message="各材料上的民族写法不同,无需处理。",
        reviewer_message="《{doc}》民族为“{b}”,其他材料为“{a}”,申请表未填。",
        check=_ethnicity_between,
    ),
    Rule(
        id="phone.mismatch",
        title="联系电话与申请表不一致",
        legal_basis=_TRUTH_31,
        severity=Severity.INFO,
        documents=(DocumentType.MEDICAL_EXAM_FORM,),
        inputs=("application.applicant.phone", "medical_exam_form.phone"),
        applicant_message="《{doc}》上的联系电话与申请表不同,无需处理。",
        reviewer_message="《{doc}》上的联系电话与申请表不同。",
        check=_phone,
    ),
    Rule(
        id="application.differs_from_documents",
        title="各材料彼此一致,唯申请表不同",
        legal_basis=_TRUTH_31,
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.applicant", "*.name", "*.id_number", "*.sex", "*.birth_date"),
        applicant_message="您上传的各份材料上的{field}彼此一致,但与申请表不同,请核对申请表是否填写有误。",
        reviewer_message="{count} 份材料上的{field}彼此一致,只有申请表不同,可能是申请表填写有误。",
        check=_against_all,
    ),
)
