"""Whether the pages can be read: capture quality, missing sides, decisive fields not read or read with doubt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from schemas.document import FIELDS, HIDES_FIELDS, CaptureProblem, DocumentType, Page, QualityProblem
from schemas.finding import Severity
from verifier.compare.addresses import AddressMatch, compare_addresses
from verifier.compare.employers import EmployerMatch, compare_employers
from verifier.rules import contract, hmt_permit, household
from verifier.rules.employer import is_employer_known_by_seal
from verifier.rules.exam import FORM, LEFT_BLANK, is_known_by_seal
from verifier.rules.facts import Facts
from verifier.rules.id_card import term_fits
from verifier.rules.insurance import total_fits
from verifier.rules.rule import Hit, Rule
from verifier.rules.slots import LICENSING_32
from verifier.rules.titles import FIELD_TITLES_ZH


@dataclass(frozen=True)
class Side:
    """One side of a card or page of a register: `fields` stand on it, and it is missing when none of `signs` was read."""

    title: str
    fields: frozenset[str]
    signs: frozenset[str]


_PORTRAIT = frozenset({"name", "sex", "ethnicity", "birth_date", "address", "id_number"})
_EMBLEM = frozenset({"issuing_authority", "valid_from", "valid_to", "pass_number"})
_HOUSEHOLD = frozenset({"household_type", "head_name", "household_no", "address"})

SIDES: Mapping[DocumentType, tuple[Side, Side]] = {
    DocumentType.RESIDENT_ID_CARD: (
        Side("人像面", _PORTRAIT, frozenset({"name", "id_number"})),
        Side("国徽面", _EMBLEM, _EMBLEM),
    ),
    DocumentType.HMT_RESIDENCE_PERMIT: (
        Side("人像面", _PORTRAIT, frozenset({"name", "id_number"})),
        Side("国徽面", _EMBLEM, _EMBLEM),
    ),
    DocumentType.HOUSEHOLD_REGISTER: (
        Side("首页", _HOUSEHOLD, _HOUSEHOLD),
        Side("本人页", _PORTRAIT - {"address"} | {"relation"}, frozenset({"name", "id_number"})),
    ),
    DocumentType.RESIDENCE_PERMIT: (
        Side("人像面", _PORTRAIT | {"hukou_address"}, frozenset({"name", "id_number"})),
        Side(
            "信息面",
            frozenset({"current_address", "issuing_authority", "issue_date", "valid_to"}),
            frozenset({"current_address", "issuing_authority", "issue_date", "valid_to"}),
        ),
    ),
}
"""Cards have two sides (DOMAIN.md 2.3, 2.4, 2.6), of a register two pages are asked for (2.5). An electronic permit, like an
open register, shows all of it on one picture."""

DECISIVE: Mapping[DocumentType, tuple[str, ...]] = {
    DocumentType.RESIDENT_ID_CARD: ("name", "id_number", "valid_to"),
    DocumentType.MEDICAL_EXAM_FORM: ("name", "id_number", "conclusion", "hospital", "exam_date"),
    DocumentType.RESIDENCE_PERMIT: ("name", "id_number", "current_address", "valid_to"),
    DocumentType.EMPLOYMENT_CERTIFICATE: ("name", "employer"),
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE: ("name", "id_number", "printed_on", "rows"),
    DocumentType.HMT_RESIDENCE_PERMIT: ("name", "id_number", "valid_to"),
    DocumentType.HOUSEHOLD_REGISTER: ("name", "id_number", "address"),
    DocumentType.LABOR_CONTRACT: ("name", "employer", "term_end"),
    DocumentType.STUDENT_STATUS_REPORT: ("name", "school", "status"),
    DocumentType.STUDENT_CARD: ("name", "school"),
}
"""Fields a decision rests on and that the type always shows. A letter of employment may leave out the ID number."""


def missing_sides(facts: Facts, slot: DocumentType) -> tuple[Side, ...]:
    """Sides of a card that were certainly not sent.

    Silent when nothing at all was read, and when a page that gave no field might be the missing side.
    """
    reading = facts.readings[slot]
    if slot not in SIDES or not facts.is_right_type(slot) or not reading.fields:
        return ()
    pages_read = {found.page for found in reading.fields.values()}
    if not pages_read.issuperset(range(len(reading.pages))):
        return ()
    return tuple(side for side in SIDES[slot] if side.signs.isdisjoint(reading.fields))


def _pages_incomplete(facts: Facts) -> Iterator[Hit]:
    for slot in facts.comparable:
        for side in missing_sides(facts, slot):
            both = "与".join(each.title for each in SIDES[slot])
            yield Hit(slot, "pages", expected=both, details={"side": side.title, "both": both})


def _is_told_elsewhere(facts: Facts, slot: DocumentType, name: str) -> bool:
    """Whether another finding or another part of the page speaks for a field that was not read."""
    if slot is DocumentType.EMPLOYMENT_CERTIFICATE:
        return name == "employer" and is_employer_known_by_seal(facts)
    if slot is DocumentType.LABOR_CONTRACT:
        return contract.is_not_sent(facts, name)
    if slot is not FORM:
        return False
    return (name in LEFT_BLANK and facts.is_blank(slot, name)) or (name == "hospital" and is_known_by_seal(facts))


def _not_read(facts: Facts) -> Iterator[Hit]:
    for slot in facts.readable:
        not_sent = frozenset[str]().union(*(side.fields for side in missing_sides(facts, slot)))
        for name in DECISIVE.get(slot, ()):
            read = facts.text(slot, name) or facts.rows(slot, name)
            if not read and name not in not_sent and not _is_told_elsewhere(facts, slot, name):
                yield Hit(slot, name)


def _address_confirmed(facts: Facts, slot: DocumentType) -> bool:
    stated, read = facts.application.residence.current_address, facts.text(slot, "current_address")
    same = (AddressMatch.EQUAL, AddressMatch.CLOSE)
    return stated is not None and read is not None and compare_addresses(stated, read) in same


def _employer_confirmed(facts: Facts, slot: DocumentType) -> bool:
    stated, read = facts.application.employment, facts.text(slot, "employer")
    return stated is not None and read is not None and compare_employers(stated.employer, read) is EmployerMatch.SAME


_CONFIRMED: Mapping[tuple[DocumentType, str], Callable[[Facts, DocumentType], bool] | None] = {
    (DocumentType.RESIDENT_ID_CARD, "valid_to"): term_fits,
    (DocumentType.RESIDENCE_PERMIT, "current_address"): _address_confirmed,
    (DocumentType.RESIDENCE_PERMIT, "valid_to"): None,
    (DocumentType.MEDICAL_EXAM_FORM, "conclusion"): None,
    (DocumentType.MEDICAL_EXAM_FORM, "exam_date"): None,
    (DocumentType.EMPLOYMENT_CERTIFICATE, "employer"): _employer_confirmed,
    (DocumentType.SOCIAL_INSURANCE_CERTIFICATE, "printed_on"): None,
    (DocumentType.SOCIAL_INSURANCE_CERTIFICATE, "rows"): total_fits,
    (DocumentType.HOUSEHOLD_REGISTER, "address"): household.address_confirmed,
    (DocumentType.HMT_RESIDENCE_PERMIT, "valid_to"): hmt_permit.term_fits,
    (DocumentType.LABOR_CONTRACT, "term_end"): None,
    (DocumentType.STUDENT_STATUS_REPORT, "status"): None,
}
"""What else confirms a doubtful field. Names, numbers and hospitals are not here: they are compared with a known value,
so each either agrees, which confirms it, or has a finding of its own. None: nothing else confirms it."""


def _unsure(facts: Facts) -> Iterator[Hit]:
    for (slot, name), confirmed in _CONFIRMED.items():
        found = facts.field(slot, name)
        if found is None or facts.is_sure(slot, name) or (confirmed is not None and confirmed(facts, slot)):
            continue
        value = found.value if isinstance(found.value, str) else None
        if value != "":
            yield Hit(slot, name, found=value, details={"percent": f"{found.confidence:.0%}"})


_ADVICE: Mapping[CaptureProblem, tuple[str, str]] = {
    CaptureProblem.BLURRED: ("模糊", "《{doc}》{where}模糊,请对焦清楚、保持手机稳定后重新拍摄,文字须清晰可辨。"),
    CaptureProblem.GLARE: ("反光", "《{doc}》{where}反光,内容看不清,请避开灯光、换个角度重新拍摄。"),
    CaptureProblem.CROPPED: ("缺角", "《{doc}》没有拍全{missing},请让四角都在画面内,完整重新拍摄。"),
    CaptureProblem.TOO_SMALL: ("尺寸过小", "《{doc}》{where}文字太小,无法辨认,请靠近拍摄或上传原图。"),
    CaptureProblem.TOO_DARK: ("过暗", "《{doc}》{where}过暗,请在光线均匀明亮处重新拍摄。"),
    CaptureProblem.LOW_CONTRAST: ("对比度过低", "《{doc}》{where}发白或发灰,文字不清,请在光线均匀处重新拍摄。"),
    CaptureProblem.BLANK: ("空白", "《{doc}》有空白页,请重新上传有内容的页面。"),
    CaptureProblem.MOIRE: ("有屏幕条纹", "《{doc}》{where}有屏幕条纹,请直接拍摄纸质材料,电子材料请上传原文件或截图。"),
    CaptureProblem.MIRRORED: ("左右颠倒", "《{doc}》左右颠倒,请关闭前置摄像头的镜像,或用后置摄像头重新拍摄。"),
    CaptureProblem.NOT_A_DOCUMENT: ("不是材料", "“{doc}”处上传的图片里没有找到材料,请对准材料重新拍摄。"),
}
"""Problems a page can be unacceptable for. A colourless copy is none: it has a rule of its own."""

_NAMED = 4
"""Fields a message names; a page that hides more is bad enough without a list."""


def _unacceptable_for(page: Page, kind: CaptureProblem) -> list[QualityProblem]:
    """The problems of a kind that make a page unacceptable. Those that only deserve a remark count when nothing else does."""
    if page.quality.acceptable:
        return []
    grave = [problem for problem in page.quality.problems if problem.severity >= HIDES_FIELDS]
    return [problem for problem in grave or page.quality.problems if problem.kind is kind]


def _bad_pages(facts: Facts, kind: CaptureProblem) -> Iterator[Hit]:
    """One hit per document, however many pages and places show the problem."""
    for slot, reading in facts.readings.items():
        found = {
            str(number): problems
            for number, page in enumerate(reading.pages, start=1)
            if (problems := _unacceptable_for(page, kind))
        }
        if found:
            hidden = {name for problems in found.values() for problem in problems for name in problem.fields}
            names = _listed_fields(slot, hidden)
            details = {
                "pages": "、".join(found),
                "where": f"{names}处" if names else "图片",
                "missing": f"(缺{names})" if names else "",
                "hidden": f",涉及{names}" if names else "",
            }
            yield Hit(slot, "quality", found=kind.value, details=details)


def _listed_fields(slot: DocumentType, names: Collection[str]) -> str:
    """Titles of fields in the order of the type, decisive ones first."""
    decisive = DECISIVE.get(slot, ())
    order = [name for name in (*decisive, *FIELDS[slot]) if name in names]
    titles = list(dict.fromkeys(FIELD_TITLES_ZH[name] for name in order))
    return "、".join(titles[:_NAMED]) + ("等" if len(titles) > _NAMED else "")


def _copies(facts: Facts) -> Iterator[Hit]:
    for slot, reading in facts.readings.items():
        pages = [
            str(number)
            for number, page in enumerate(reading.pages, start=1)
            if any(problem.kind is CaptureProblem.PHOTOCOPY for problem in page.quality.problems)
        ]
        if pages:
            yield Hit(slot, "quality", found=CaptureProblem.PHOTOCOPY.value, details={"pages": "、".join(pages)})


def _spare_blanks(facts: Facts) -> Iterator[Hit]:
    """Empty pages of documents that lack nothing."""
    for slot, reading in facts.readings.items():
        pages = [
            str(number)
            for number, page in enumerate(reading.pages, start=1)
            if page.quality.acceptable and any(each.kind is CaptureProblem.BLANK for each in page.quality.problems)
        ]
        if pages:
            yield Hit(slot, "pages", details={"pages": "、".join(pages)})


def _unusable(facts: Facts) -> Iterator[Hit]:
    for slot, reading in facts.readings.items():
        if any(not page.quality.acceptable and not page.quality.problems for page in reading.pages):
            yield Hit(slot, "quality")


def _quality_rules() -> Iterable[Rule]:
    for kind, (title, message) in _ADVICE.items():
        yield Rule(
            id=f"quality.{kind.value}",
            title=f"图像{title}",
            legal_basis=LICENSING_32,
            severity=Severity.CORRECT,
            documents=(),
            inputs=("reading.pages.quality",),
            applicant_message=message,
            reviewer_message=f"《{{doc}}》第{{pages}}页图像{title}{{hidden}}。",
            check=partial(_bad_pages, kind=kind),
        )


RULES: tuple[Rule, ...] = (
    *_quality_rules(),
    Rule(
        id="quality.photocopy",
        title="黑白复印件",
        legal_basis="《行政许可法》第三十一条(申请人对材料的真实性负责);复印件是否接受由批次决定",
        severity=Severity.INFO,
        documents=(),
        inputs=("reading.pages.quality",),
        applicant_message="《{doc}》看起来是黑白复印件,最好直接拍摄带彩色印章或图案的原件。",
        reviewer_message="《{doc}》第{pages}页没有任何色彩,像是黑白复印件或灰度扫描件。",
        check=_copies,
    ),
    Rule(
        id="pages.blank",
        title="夹有空白页",
        legal_basis="《行政许可法》第三十一条(不得要求提交无关材料)",
        severity=Severity.INFO,
        documents=(),
        inputs=("reading.pages.quality",),
        applicant_message="“{doc}”处夹有空白页,材料齐全,无需处理。",
        reviewer_message="《{doc}》第{pages}页是空白页,其余各页的关键内容均已读到。",
        check=_spare_blanks,
    ),
    Rule(
        id="quality.unusable",
        title="图像无法使用",
        legal_basis=LICENSING_32,
        severity=Severity.CORRECT,
        documents=(),
        inputs=("reading.pages.quality",),
        applicant_message="《{doc}》图片无法辨认,请在光线均匀处重新拍摄,四角完整、文字清晰。",
        reviewer_message="《{doc}》有页面不能使用,系统未给出具体原因。",
        check=_unusable,
    ),
    Rule(
        id="pages.incomplete",
        title="证件缺面",
        legal_basis=LICENSING_32,
        severity=Severity.CORRECT,
        documents=tuple(SIDES),
        inputs=("reading.fields",),
        applicant_message="《{doc}》缺少{side},请同时上传{both}。",
        reviewer_message="《{doc}》没有读到{side}的任何内容。",
        check=_pages_incomplete,
    ),
    Rule(
        id="field.not_read",
        title="关键字段未读到",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=tuple(DECISIVE),
        inputs=("reading.fields",),
        applicant_message="系统未能读出《{doc}》上的{field},将由工作人员查看。",
        reviewer_message="《{doc}》上没有读到{field}:可能未填写,也可能未识别,请查看原件。",
        check=_not_read,
    ),
    Rule(
        id="field.unsure",
        title="关键字段读得不确定",
        legal_basis="《个人信息保护法》第八条(保证个人信息的质量)",
        severity=Severity.REVIEW,
        documents=tuple(dict.fromkeys(slot for slot, _ in _CONFIRMED)),
        inputs=("reading.fields", "batch.confidence_threshold"),
        applicant_message="《{doc}》上的{field}不够清晰,将由工作人员核对。",
        reviewer_message="《{doc}》上的{field}读作“{b}”,把握只有{percent},请对照原件确认。",
        check=_unsure,
    ),
)
