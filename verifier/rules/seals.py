"""Seals: there, and of the body that issued the paper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import partial

from rapidfuzz import fuzz

from schemas.batch import Batch, Hospital
from schemas.document import DocumentType
from schemas.finding import Severity
from schemas.reading import SealKind, SealReading
from verifier.compare.employers import EmployerMatch, compare_employers, normalise_employer
from verifier.compare.seals import seal_kind
from verifier.rules.facts import Facts
from verifier.rules.hospitals import designated, nearly_designated, plain_hospital
from verifier.rules.rule import Hit, Rule
from verifier.rules.seal_text import sealed_by

ISSUER_FIELDS: Mapping[DocumentType, str] = {
    DocumentType.MEDICAL_EXAM_FORM: "hospital",
    DocumentType.EMPLOYMENT_CERTIFICATE: "employer",
    DocumentType.LABOR_CONTRACT: "employer",
}
"""The field that names who must have sealed the document."""

SEALED: tuple[DocumentType, ...] = (
    DocumentType.MEDICAL_EXAM_FORM,
    DocumentType.EMPLOYMENT_CERTIFICATE,
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE,
)

READABLE_FROM = 0.6
"""An arc read with less confidence proves nothing about its words."""

_LIKE_ENOUGH = 0.5
"""Share of the issuer's own words (without place and kind of body) that a seal read with errors still shows."""

_BODY = re.compile(
    r"医院|保健院|卫生院|诊所|学校|小学|中学|大学|学院|幼儿园|公司|中心|集团|委员会|研究院|协会|机构|[局厅所园]"
)
_PLACE = re.compile(r"^(?:[^省市区县镇]{2,7}(?:省|自治区))?(?:[^省市区县镇]{2,6}市)?(?:[^省市区县镇]{1,5}[区县])?")
_KIND = re.compile(r"(?:有限责任公司|有限公司|公司|职业技术学校|实验学校|学校|幼儿园|小学|中学|学院|大学|保健院|医院)$")
_OTHER_PURPOSE = re.compile(r"人事|合同|财务|发票|教务")

WRONG_KINDS: Mapping[DocumentType, frozenset[SealKind]] = {
    DocumentType.MEDICAL_EXAM_FORM: frozenset(
        {SealKind.PERSONNEL, SealKind.CONTRACT, SealKind.HOUSEHOLD, SealKind.REGISTRATION}
    ),
    DocumentType.LABOR_CONTRACT: frozenset({SealKind.MEDICAL_EXAM, SealKind.HOUSEHOLD, SealKind.REGISTRATION}),
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE: frozenset(
        {SealKind.MEDICAL_EXAM, SealKind.PERSONNEL, SealKind.CONTRACT, SealKind.HOUSEHOLD, SealKind.REGISTRATION}
    ),
}
"""Seals that say nothing about the paper they are on: a contract's on a health form, a clinic's on a contract."""

_MONEY = re.compile(r"财务|发票|收费|收讫")
"""Seals for money, wrong on every one of `WRONG_KINDS`."""

INSURANCE_BODY = re.compile(r"社会?保险?|社保|人力资源|劳动保障|就业|税务|医疗保障|医保|政务")
"""Words of bodies that print insurance certificates."""

_SURE_FROM = 0.8
"""A seal read with this confidence names its owner well enough to wonder about it."""


class SealMatch(StrEnum):
    """How the text of a seal stands to the name of the issuer."""

    SAME = "same"
    PERHAPS = "perhaps"
    """Read too badly to say, or alike."""
    OTHER = "other"


def _own_words(name: str) -> str:
    without_place = _PLACE.sub("", name)
    return _KIND.sub("", without_place) or without_place or name


def compare_seal(issuer: str, text: str) -> SealMatch:
    """Compare an issuer's name with the text of a seal, arc and line together. Tolerant: arcs are read with errors."""
    name, seal = normalise_employer(issuer), sealed_by(text)
    if not name or not seal:
        return SealMatch.PERHAPS
    if name in seal or compare_employers(name, seal) is EmployerMatch.SAME:
        return SealMatch.SAME
    if _BODY.search(seal) is None:
        return SealMatch.PERHAPS
    likeness = fuzz.ratio(_own_words(name), _own_words(seal)) / 100
    return SealMatch.PERHAPS if likeness >= _LIKE_ENOUGH else SealMatch.OTHER


def _compare_hospital(batch: Batch, issuer: str, text: str) -> SealMatch:
    """As `compare_seal`, but two different names of the list are two hospitals, however alike they look."""
    stated, sealed = designated(issuer, batch.hospitals), designated(text, batch.hospitals)
    if stated is not None and sealed is not None:
        return SealMatch.SAME if stated == sealed else SealMatch.OTHER
    stated, sealed = (
        (stated or nearly_designated(issuer, batch.hospitals)),
        (sealed or nearly_designated(text, batch.hospitals)),
    )
    if stated is not None and stated == sealed:
        return SealMatch.SAME
    return compare_seal(plain_hospital(issuer), text)


def seals_of(facts: Facts, slot: DocumentType) -> tuple[SealReading, ...]:
    return tuple(seal for seal in facts.readings[slot].seals if seal.present)


def sealed_hospital(facts: Facts) -> Hospital | None:
    """The one designated hospital that the readable seals of the health form name; None when they name none or two."""
    if not facts.is_right_type(DocumentType.MEDICAL_EXAM_FORM):
        return None
    texts = [seal.text for seal in seals_of(facts, DocumentType.MEDICAL_EXAM_FORM) if seal.confidence >= READABLE_FROM]
    named = [hospital for text in texts if (hospital := designated(text, facts.batch.hospitals)) is not None]
    return named[0] if named and all(each == named[0] for each in named) else None


def _missing(facts: Facts) -> Iterator[Hit]:
    for slot in facts.readable:
        if slot in SEALED and not seals_of(facts, slot):
            yield Hit(slot, "seal")


def _copied(facts: Facts) -> Iterator[Hit]:
    for slot in facts.readable:
        seals = seals_of(facts, slot)
        if slot in SEALED and seals and all(seal.colour == "grey" for seal in seals):
            yield Hit(slot, "seal")


def _match(facts: Facts, slot: DocumentType, issuer: str, seal: SealReading) -> SealMatch:
    if not seal.text.strip() or seal.confidence < READABLE_FROM:
        return SealMatch.PERHAPS
    if slot is DocumentType.MEDICAL_EXAM_FORM:
        return _compare_hospital(facts.batch, issuer, seal.text)
    return compare_seal(issuer, seal.text)


def is_sealed_by(facts: Facts, slot: DocumentType, issuer: str) -> bool:
    """Whether one of the document's readable seals is certainly this issuer's."""
    return any(_match(facts, slot, issuer, seal) is SealMatch.SAME for seal in seals_of(facts, slot))


def _issuer(facts: Facts, kind: SealMatch) -> Iterator[Hit]:
    """One finding per document: the best of its seals counts, for other bodies may have sealed it too."""
    for slot, field in ISSUER_FIELDS.items():
        issuer = facts.text(slot, field)
        if issuer is None or not facts.is_acceptable(slot):
            continue
        matches = {seal.text: _match(facts, slot, issuer, seal) for seal in seals_of(facts, slot)}
        best = next((each for each in SealMatch if each in matches.values()), None)
        if best is kind:
            text = next(text for text, match in matches.items() if match is best)
            yield Hit(slot, "seal", issuer, text)


def kind_of(seal: SealReading) -> SealKind | None:
    """The kind as it was read, or as its text tells; None for a seal that cannot be read."""
    if seal.kind is not None:
        return seal.kind
    return seal_kind(seal.text) if seal.confidence >= READABLE_FROM else None


def _legible(facts: Facts, slot: DocumentType) -> tuple[SealReading, ...]:
    return tuple(seal for seal in seals_of(facts, slot) if seal.text.strip() and seal.confidence >= READABLE_FROM)


def _other_purpose(facts: Facts) -> Iterator[Hit]:
    slot = DocumentType.EMPLOYMENT_CERTIFICATE
    if not facts.is_right_type(slot):
        return
    seals = _legible(facts, slot)
    others = {SealKind.PERSONNEL, SealKind.CONTRACT}
    if seals and all(_OTHER_PURPOSE.search(seal.text) or kind_of(seal) in others for seal in seals):
        yield Hit(slot, "seal", found=seals[0].text)


def _wrong_kind(facts: Facts) -> Iterator[Hit]:
    """One finding per document, when none of its legible seals can have been put there for what the paper says."""
    for slot, wrong in WRONG_KINDS.items():
        if slot not in facts.readings or not facts.is_right_type(slot):
            continue
        seals = _legible(facts, slot)
        if seals and all(_MONEY.search(seal.text) or kind_of(seal) in wrong for seal in seals):
            yield Hit(slot, "seal", found=seals[0].text)


def _other_body(facts: Facts) -> Iterator[Hit]:
    slot = DocumentType.SOCIAL_INSURANCE_CERTIFICATE
    if slot not in facts.readings or not facts.is_right_type(slot):
        return
    seals = [seal for seal in _legible(facts, slot) if seal.confidence >= _SURE_FROM]
    named = [seal for seal in seals if _BODY.search(sealed_by(seal.text))]
    if named and not any(INSURANCE_BODY.search(seal.text) for seal in seals):
        yield Hit(slot, "seal", found=named[0].text)


RULES: tuple[Rule, ...] = (
    Rule(
        id="seal.missing",
        title="未见印章",
        legal_basis="《教师资格条例》第十五条第三项(指定的医院出具);《行政许可法》第三十二条(法定形式)",
        severity=Severity.CORRECT,
        documents=SEALED,
        inputs=("reading.seals",),
        applicant_message="《{doc}》上未见印章,请到出具单位补盖印章后重新上传(请拍摄或扫描彩色原件,勿用黑白复印件)。",
        reviewer_message="《{doc}》上没有找到印章,也可能是黑白件。",
        check=_missing,
    ),
    Rule(
        id="seal.copied",
        title="印章没有颜色",
        legal_basis="《行政许可法》第三十二条(法定形式)",
        severity=Severity.CORRECT,
        documents=SEALED,
        inputs=("reading.seals",),
        applicant_message="《{doc}》上的印章没有颜色,看起来是黑白复印件,请拍摄或扫描盖有印章的彩色原件后重新上传。",
        reviewer_message="《{doc}》上的印章没有颜色,只凭形状找到,可能是复印件。",
        check=_copied,
    ),
    Rule(
        id="seal.issuer_differs",
        title="印章与出具单位不一致",
        legal_basis="《行政许可法》第三十一条(申请人对材料的真实性负责)、第三十四条",
        severity=Severity.REVIEW,
        documents=tuple(ISSUER_FIELDS),
        inputs=("reading.seals", "*.hospital", "*.employer", "batch.hospitals"),
        applicant_message="《{doc}》上的印章“{b}”与出具单位“{a}”不一致,请核对。",
        reviewer_message="《{doc}》印章文字为“{b}”,出具单位为“{a}”,请对照图片。",
        check=partial(_issuer, kind=SealMatch.OTHER),
    ),
    Rule(
        id="seal.unclear",
        title="印章文字看不清",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.INFO,
        documents=tuple(ISSUER_FIELDS),
        inputs=("reading.seals", "*.hospital", "*.employer"),
        applicant_message="《{doc}》上的印章文字不够清晰,无需处理。",
        reviewer_message="《{doc}》印章读作“{b}”,不能确认是“{a}”,请看图片。",
        check=partial(_issuer, kind=SealMatch.PERHAPS),
    ),
    Rule(
        id="seal.other_purpose",
        title="在职证明所盖不是公章",
        legal_basis="《行政许可法》第三十二条(法定形式)",
        severity=Severity.REVIEW,
        documents=(DocumentType.EMPLOYMENT_CERTIFICATE,),
        inputs=("employment_certificate.seals",),
        applicant_message="《{doc}》上盖的不是单位公章,将由工作人员核对;如被退回,请加盖单位公章后重新上传。",
        reviewer_message="《{doc}》上的印章为“{b}”,不是单位公章,请核对是否可以接受。",
        check=_other_purpose,
    ),
    Rule(
        id="seal.wrong_kind",
        title="印章种类与材料不符",
        legal_basis="《行政许可法》第三十二条(法定形式)、第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=tuple(WRONG_KINDS),
        inputs=("reading.seals",),
        applicant_message="《{doc}》上的印章“{b}”不是这类材料通常使用的印章,将由工作人员核对。",
        reviewer_message="《{doc}》上的印章为“{b}”,种类与材料不符,请核对。",
        check=_wrong_kind,
    ),
    Rule(
        id="seal.not_insurance_body",
        title="社保证明的印章不是经办机构",
        legal_basis="《行政许可法》第三十一条(申请人对材料的真实性负责)、第三十四条",
        severity=Severity.REVIEW,
        documents=(DocumentType.SOCIAL_INSURANCE_CERTIFICATE,),
        inputs=("social_insurance_certificate.seals",),
        applicant_message="《{doc}》上的印章“{b}”不是社会保险经办机构的印章,将由工作人员核对。",
        reviewer_message="《{doc}》印章文字为“{b}”,未见社保、人社或税务机构的名称,请对照图片。",
        check=_other_body,
    ),
)
