"""The items of the health form: done, clear, and not against a conclusion of 合格 (DOMAIN.md 3.4)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.application import QualificationType, Sex
from schemas.document import KINDERGARTEN_ITEMS
from schemas.finding import Severity
from verifier.compare.marks import is_dash, is_for_pregnancy, is_mark, is_not_done, is_waived
from verifier.compare.text import squeeze
from verifier.rules.exam import EXAM_15, FORM
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

ITEMS: tuple[str, ...] = (
    "naked_vision_right", "naked_vision_left", "color_vision", "blood_pressure", "heart_rate", "height_cm", "weight_kg",
    "hearing_right", "hearing_left", "chest_xray", "alt", *KINDERGARTEN_ITEMS,
)  # fmt: skip
"""Rows every form must fill. Corrected vision is not among them: who needs no glasses leaves it open."""

WOMEN_ONLY: frozenset[str] = frozenset({"trichomonas", "candida"})

ALERTS: tuple[str, ...] = ("systolic", "diastolic", "heart_rate", "vision_sum", "hearing")
"""Keys of `alert_ranges`: blood pressure in mmHg, beats per minute, the sum of both eyes in the five-point notation,
and the better ear in metres."""

PLAUSIBLE: Mapping[str, tuple[float, float]] = {
    "heart_rate": (35, 200),
    "height_cm": (130, 220),
    "weight_kg": (30, 200),
    "hearing_right": (0, 10),
    "hearing_left": (0, 10),
    "alt": (1, 2000),
}
"""What a person can have (DOMAIN.md 2.1); outside is a misreading."""

_POSITIVE = re.compile(r"阳|\(\+|^\++$")
_COLOUR_DEFECT = re.compile(r"色弱|色盲")
_DENIED = re.compile(r"[无非未否]")
_NUMBER = re.compile(r"\d{1,4}(?:\.\d{1,3})?", re.ASCII)
_PRESSURE = re.compile(r"(\d{2,3})/(\d{2,3})", re.ASCII)


@dataclass(frozen=True)
class Measured:
    """A number of the form that an alert range speaks about, with the fields it comes from."""

    key: str
    fields: tuple[str, ...]
    value: float


def _not_done(facts: Facts) -> Iterator[Hit]:
    for name in _asked(facts):
        value = facts.text(FORM, name)
        if facts.is_blank(FORM, name) or (value is not None and is_not_done(value)):
            yield Hit(FORM, name, found=value)


def _ambiguous(facts: Facts) -> Iterator[Hit]:
    for name in _asked(facts):
        value = facts.text(FORM, name)
        if value is None or (name in KINDERGARTEN_ITEMS and is_dash(value)):
            # OCR cannot tell a laboratory's sign for negative from the numeral one.
            continue
        if is_mark(value) or (is_waived(value) and not is_for_pregnancy(value)):
            yield Hit(FORM, name, found=value)


def _xray_waived(facts: Facts) -> Iterator[Hit]:
    value = facts.text(FORM, "chest_xray")
    if value is not None and is_for_pregnancy(value):
        yield Hit(FORM, "chest_xray", found=value)


def _wanted_items(facts: Facts) -> tuple[str, ...]:
    """The additional items of a kindergarten applicant; none for others."""
    if facts.application.qualification.type is not QualificationType.KINDERGARTEN:
        return ()
    is_woman = facts.application.applicant.sex is Sex.FEMALE
    return tuple(name for name in KINDERGARTEN_ITEMS if is_woman or name not in WOMEN_ONLY)


def _asked(facts: Facts) -> tuple[str, ...]:
    """The rows this applicant's form must fill: a form with rows for kindergarten applicants leaves them open for others."""
    return (*(name for name in ITEMS if name not in KINDERGARTEN_ITEMS), *_wanted_items(facts))


def _absent_items(facts: Facts) -> tuple[str, ...]:
    if FORM not in facts.readable:
        return ()
    return tuple(
        name for name in _wanted_items(facts) if facts.field(FORM, name) is None and not facts.is_blank(FORM, name)
    )


def _items_missing(facts: Facts) -> Iterator[Hit]:
    """None of the items on a page that was read: the form of another qualification. One missing alone may be unread."""
    absent = _absent_items(facts)
    if absent == _wanted_items(facts):
        yield from (Hit(FORM, name) for name in absent)


def _item_not_read(facts: Facts) -> Iterator[Hit]:
    absent = _absent_items(facts)
    if absent != _wanted_items(facts):
        yield from (Hit(FORM, name) for name in absent)


def _is_qualified(facts: Facts) -> bool:
    return facts.text(FORM, "conclusion") == "qualified"


def _positive(facts: Facts) -> Iterator[Hit]:
    for name in KINDERGARTEN_ITEMS:
        value = facts.text(FORM, name)
        if value is not None and _is_qualified(facts) and "阴" not in value and _POSITIVE.search(squeeze(value)):
            yield Hit(FORM, name, found=value)


def _colour(facts: Facts) -> Iterator[Hit]:
    value = facts.text(FORM, "color_vision")
    if value is None or not _is_qualified(facts):
        return
    has_defect = _COLOUR_DEFECT.search(value) is not None and _DENIED.search(value) is None
    if has_defect and facts.application.qualification.type is QualificationType.KINDERGARTEN:
        yield Hit(FORM, "color_vision", found=value)


def _number(facts: Facts, name: str) -> float | None:
    value = facts.text(FORM, name)
    return float(value) if value is not None and _NUMBER.fullmatch(value) else None


def _decimal_vision(score: float) -> float:
    """Five-point notation L to decimal V: L = 5 + log10 V. Scores under 3 are decimals already."""
    return score if score < 3 else 10 ** (score - 5)


def _eye(facts: Facts, side: str) -> tuple[str, float] | None:
    """The better of corrected and naked vision of one eye."""
    fields = (f"corrected_vision_{side}", f"naked_vision_{side}")
    seen = [(value, name) for name in fields if (value := _number(facts, name)) and value <= 5.3]
    if not seen:
        return None
    value, name = max(seen, key=lambda each: _decimal_vision(each[0]))
    return name, value


def measured(facts: Facts) -> Iterator[Measured]:
    """The numbers of the form that alert ranges speak about, implausible ones left out."""
    pressure = _PRESSURE.fullmatch(facts.text(FORM, "blood_pressure") or "")
    if pressure is not None:
        systolic, diastolic = int(pressure[1]), int(pressure[2])
        if 70 <= systolic <= 260 and 40 <= diastolic <= 150 and diastolic < systolic:
            yield Measured("systolic", ("blood_pressure",), systolic)
            yield Measured("diastolic", ("blood_pressure",), diastolic)
    beats = _number(facts, "heart_rate")
    if beats is not None and _is_plausible("heart_rate", beats):
        yield Measured("heart_rate", ("heart_rate",), beats)
    right, left = _eye(facts, "right"), _eye(facts, "left")
    if right is not None and left is not None:
        total = _decimal_vision(right[1]) + _decimal_vision(left[1])
        yield Measured("vision_sum", (right[0], left[0]), round(5 + math.log10(total), 1))
    ears = [(name, _number(facts, name)) for name in ("hearing_right", "hearing_left")]
    metres = [value for _, value in ears if value is not None and value <= 10]
    if len(metres) == len(ears):
        yield Measured("hearing", ("hearing_right", "hearing_left"), max(metres))


def _is_plausible(name: str, value: float) -> bool:
    low, high = PLAUSIBLE[name]
    return low <= value <= high


def _contradicts(facts: Facts) -> Iterator[Hit]:
    if not _is_qualified(facts):
        return
    reported: set[str] = set()
    for each in measured(facts):
        limits = facts.batch.alert_ranges.get(each.key)
        if limits is None or limits.low <= each.value <= limits.high or each.fields[0] in reported:
            continue
        # A digit misread must not accuse anybody: only numbers read with confidence count.
        if all(facts.is_sure(FORM, name) for name in each.fields):
            reported.add(each.fields[0])
            details = {"range": f"{limits.low:g}~{limits.high:g}"}
            yield Hit(FORM, each.fields[0], details["range"], facts.text(FORM, each.fields[0]), details)


def _implausible(facts: Facts) -> Iterator[Hit]:
    for name in PLAUSIBLE:
        value = _number(facts, name)
        if value is not None and not _is_plausible(name, value):
            yield Hit(FORM, name, found=facts.text(FORM, name))


_STANDARD = "《广东省教师资格申请人员体格检查标准》(粤教继〔2013〕1号);由医师判断,系统仅提示"
_FILLED = f"{EXAM_15};《〈教师资格条例〉实施办法》第十三条(体检项目由省级教育行政部门规定)"
_KINDERGARTEN = f"{_FILLED};幼儿园教师资格加检项目"

RULES: tuple[Rule, ...] = (
    Rule(
        id="exam_item.not_done",
        title="体检项目未检或未填",
        legal_basis=_FILLED,
        severity=Severity.CORRECT,
        documents=(FORM,),
        inputs=tuple(f"medical_exam_form.{name}" for name in ITEMS),
        applicant_message="体检表“{field}”未填写或为“未检”,请补检;孕妇胸透可附妊娠证明。",
        reviewer_message="体检表“{field}”为“{b}”(未检、拒检或空白)。",
        check=_not_done,
    ),
    Rule(
        id="exam_item.ambiguous",
        title="体检项目只有含义不明的记号",
        legal_basis=_FILLED,
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=tuple(f"medical_exam_form.{name}" for name in ITEMS),
        applicant_message="体检表“{field}”只填了记号,含义不明,将由工作人员核对。",
        reviewer_message="体检表“{field}”为“{b}”,含义不明,请查看原件。",
        check=_ambiguous,
    ),
    Rule(
        id="exam_item.xray_waived",
        title="因孕未做胸部X光检查",
        legal_basis=_FILLED,
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("medical_exam_form.chest_xray",),
        applicant_message="体检表注明因孕免做胸部X光检查,请确认已附妊娠证明,将由工作人员核对。",
        reviewer_message="胸部X光栏注明与孕有关,请核对妊娠证明和医师注明。",
        check=_xray_waived,
    ),
    Rule(
        id="exam_item.kindergarten_missing",
        title="幼儿园加检项目缺失",
        legal_basis=_KINDERGARTEN,
        severity=Severity.CORRECT,
        documents=(FORM,),
        inputs=(
            "application.qualification.type",
            "application.applicant.sex",
            *(f"medical_exam_form.{name}" for name in KINDERGARTEN_ITEMS),
        ),
        applicant_message="您申请的是幼儿园教师资格,体检表缺少{field}检查结果,请到指定医院补检后重新上传。",
        reviewer_message="申请幼儿园教师资格,体检表上没有{field}一项。",
        check=_items_missing,
    ),
    Rule(
        id="exam_item.kindergarten_not_read",
        title="幼儿园加检项目未读到",
        legal_basis=_KINDERGARTEN,
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("application.qualification.type", *(f"medical_exam_form.{name}" for name in KINDERGARTEN_ITEMS)),
        applicant_message="系统未能读出体检表上的{field}检查结果,将由工作人员查看。",
        reviewer_message="其他加检项目已读到,唯独没有{field}:可能未检,也可能未识别,请查看原件。",
        check=_item_not_read,
    ),
    Rule(
        id="exam_item.positive",
        title="加检项目阳性而结论合格",
        legal_basis=_STANDARD,
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("medical_exam_form.conclusion", *(f"medical_exam_form.{name}" for name in KINDERGARTEN_ITEMS)),
        applicant_message="体检表上的个别项目将由工作人员与体检医院核对,您暂时无需操作。",
        reviewer_message="{field}为“{b}”,而结论为合格,请人工核对。",
        check=_positive,
    ),
    Rule(
        id="exam_item.colour_contradicts",
        title="幼儿园申请人色觉异常而结论合格",
        legal_basis=_STANDARD,
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("application.qualification.type", "medical_exam_form.color_vision", "medical_exam_form.conclusion"),
        applicant_message="体检表上的个别项目将由工作人员与体检医院核对,您暂时无需操作。",
        reviewer_message="色觉为“{b}”,申请幼儿园教师资格而结论为合格,请人工核对。",
        check=_colour,
    ),
    Rule(
        id="exam_item.contradicts",
        title="检查数值与合格结论不相称",
        legal_basis=_STANDARD,
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=(
            "medical_exam_form.conclusion",
            *(f"medical_exam_form.{name}" for name in ITEMS if name.startswith(("naked", "blood", "heart", "hearing"))),
            "batch.alert_ranges",
            "batch.confidence_threshold",
        ),
        applicant_message="体检表上的个别项目将由工作人员与体检医院核对,您暂时无需操作。",
        reviewer_message="{field}为“{b}”,超出提示范围 {range},而结论为合格,请人工核对。",
        check=_contradicts,
    ),
    Rule(
        id="exam_item.implausible",
        title="检查数值不合常理",
        legal_basis="《个人信息保护法》第八条(保证个人信息的质量)",
        severity=Severity.INFO,
        documents=(FORM,),
        inputs=tuple(f"medical_exam_form.{name}" for name in PLAUSIBLE),
        applicant_message="体检表上的{field}可能误读,无需处理。",
        reviewer_message="{field}读作“{b}”,不合常理,可能误读。",
        check=_implausible,
    ),
)
