"""The health form as a whole: conclusion, signature, date, hospital, qualification type (DOMAIN.md 3.4).

No number on the form makes a conclusion: the physician decides, the machine reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from schemas.application import QualificationType
from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.rules.days import span
from verifier.rules.facts import Facts
from verifier.rules.hospitals import designated, nearly_designated
from verifier.rules.rule import Hit, Rule
from verifier.rules.seals import sealed_hospital

FORM = DocumentType.MEDICAL_EXAM_FORM

LEFT_BLANK: tuple[str, ...] = ("conclusion", "chief_physician", "hospital", "exam_date")
"""What completes the form: a place found empty is the applicant's to mend, a place not read is for a person."""

EXAM_15 = "《教师资格条例》第十五条第三项(教育行政部门指定的医院出具的体格检查证明)"
_MEASURES_12 = "《〈教师资格条例〉实施办法》第十二条第四项(指定的县级以上医院出具的体格检查合格证明)"


def _left_blank(facts: Facts) -> Iterator[Hit]:
    return (Hit(FORM, name) for name in LEFT_BLANK if facts.is_blank(FORM, name))


def _is_unsigned(facts: Facts) -> bool:
    """Whether no signature was read on a form that can be read, and its place was not found empty (`exam.left_blank`)."""
    unread = FORM in facts.readable and facts.field(FORM, "chief_physician") is None
    return unread and not facts.is_blank(FORM, "chief_physician")


def _physician_not_read(facts: Facts) -> Iterator[Hit]:
    if _is_unsigned(facts) and facts.is_inked(FORM, "chief_physician"):
        yield Hit(FORM, "chief_physician")


def _physician_not_found(facts: Facts) -> Iterator[Hit]:
    if _is_unsigned(facts) and not facts.is_inked(FORM, "chief_physician"):
        yield Hit(FORM, "chief_physician")


def _conclusion(facts: Facts, value: str) -> Iterator[Hit]:
    if facts.text(FORM, "conclusion") == value:
        yield Hit(FORM, "conclusion", "qualified", value)


def _unqualified(facts: Facts) -> Iterator[Hit]:
    return _conclusion(facts, "unqualified")


def _other_conclusion(facts: Facts) -> Iterator[Hit]:
    return _conclusion(facts, "other")


def _qualification(facts: Facts) -> Iterator[Hit]:
    stated, read = facts.application.qualification.type, facts.text(FORM, "qualification_type")
    if read in set(QualificationType) and read != stated:
        yield Hit(FORM, "qualification_type", stated.value, read)


def _in_future(facts: Facts) -> Iterator[Hit]:
    examined = span(facts.text(FORM, "exam_date"))
    if examined is not None and examined.first > facts.today:
        yield Hit(FORM, "exam_date", facts.today.isoformat(), facts.text(FORM, "exam_date"))


def _outside_window(facts: Facts) -> Iterator[Hit]:
    examined, exam = span(facts.text(FORM, "exam_date")), facts.batch.exam
    # A date in the future has its own finding.
    if examined is None or examined.first > facts.today:
        return
    if examined.last < exam.window_start or examined.first > exam.window_end:
        window = {"start": exam.window_start.isoformat(), "end": exam.window_end.isoformat()}
        yield Hit(FORM, "exam_date", "/".join(window.values()), facts.text(FORM, "exam_date"), window)


def _too_old(facts: Facts) -> Iterator[Hit]:
    examined, days = span(facts.text(FORM, "exam_date")), facts.batch.exam.valid_days
    if examined is not None and facts.today - examined.last > timedelta(days=days):
        yield Hit(FORM, "exam_date", facts.today.isoformat(), facts.text(FORM, "exam_date"), {"days": str(days)})


def is_known_by_seal(facts: Facts) -> bool:
    """Whether only the seal tells the hospital: its name on the form was not read, or so badly that it is no name."""
    read, hospitals = facts.text(FORM, "hospital"), facts.batch.hospitals
    if sealed_hospital(facts) is None:
        return False
    if read is None:
        return not facts.is_blank(FORM, "hospital")
    known = designated(read, hospitals) or nearly_designated(read, hospitals)
    return known is None and not facts.is_sure(FORM, "hospital")


def _not_designated(facts: Facts) -> Iterator[Hit]:
    read, hospitals = facts.text(FORM, "hospital"), facts.batch.hospitals
    if read is None or is_known_by_seal(facts):
        return
    if designated(read, hospitals) is None and nearly_designated(read, hospitals) is None:
        yield Hit(FORM, "hospital", found=read)


def _by_seal(facts: Facts) -> Iterator[Hit]:
    hospital = sealed_hospital(facts)
    if hospital is not None and is_known_by_seal(facts):
        yield Hit(FORM, "hospital", hospital.name, facts.text(FORM, "hospital"))


def _nearly_designated(facts: Facts) -> Iterator[Hit]:
    read, hospitals = facts.text(FORM, "hospital"), facts.batch.hospitals
    if read is None or designated(read, hospitals) is not None:
        return
    near = nearly_designated(read, hospitals)
    if near is not None:
        yield Hit(FORM, "hospital", near.name, read)


RULES: tuple[Rule, ...] = (
    Rule(
        id="exam.left_blank",
        title="体检表结论、签名、医院或日期空白",
        legal_basis=f"{EXAM_15};《行政许可法》第三十二条(法定形式)",
        severity=Severity.CORRECT,
        documents=(FORM,),
        inputs=tuple(f"medical_exam_form.{name}" for name in LEFT_BLANK),
        applicant_message="体检表未见{field},请到医院补签补章后重新上传。",
        reviewer_message="体检表的{field}处为空白。",
        check=_left_blank,
    ),
    Rule(
        id="exam.physician_not_read",
        title="主检医师已签名但未能辨认",
        legal_basis=f"{EXAM_15};《行政许可法》第三十四条",
        severity=Severity.INFO,
        documents=(FORM,),
        inputs=("medical_exam_form.chief_physician",),
        applicant_message="体检表已有主检医师签名,系统未能辨认字迹,无需处理。",
        reviewer_message="主检医师签名处有字迹,系统未能辨认姓名。",
        check=_physician_not_read,
    ),
    Rule(
        id="exam.physician_not_found",
        title="未找到主检医师签名",
        legal_basis=f"{EXAM_15};《行政许可法》第三十四条",
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("medical_exam_form.chief_physician",),
        applicant_message="系统未能在体检表上找到主检医师签名,将由工作人员查看。",
        reviewer_message="体检表上没有找到主检医师签名:可能未签,也可能未识别,请查看原件。",
        check=_physician_not_found,
    ),
    Rule(
        id="conclusion.unqualified",
        title="体检结论为不合格",
        legal_basis=f"《教师资格条例》第六条(身体条件);{_MEASURES_12}",
        severity=Severity.REFUSE_GROUND,
        documents=(FORM,),
        inputs=("medical_exam_form.conclusion",),
        applicant_message="您的体检结论为不合格,将由工作人员核对。您有权陈述、申辩,可向体检医院申请复查。",
        reviewer_message="体检结论读作“不合格”,请对照原件;是否不予认定由工作人员决定。",
        check=_unqualified,
    ),
    Rule(
        id="conclusion.other",
        title="体检结论既非合格也非不合格",
        legal_basis=_MEASURES_12,
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("medical_exam_form.conclusion",),
        applicant_message="体检表上的结论不是“合格”或“不合格”(例如需复查),将由工作人员核对。",
        reviewer_message="体检结论不是“合格”或“不合格”(例如复查、待定),请查看原件。",
        check=_other_conclusion,
    ),
    Rule(
        id="qualification_type.mismatch",
        title="体检表申请资格种类与申请表不一致",
        legal_basis="《教师资格条例》第四条(教师资格分类);《行政许可法》第三十一条",
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("application.qualification.type", "medical_exam_form.qualification_type"),
        applicant_message="体检表上的申请资格种类“{b}”与申请表“{a}”不一致,请核对。",
        reviewer_message="体检表资格种类为“{b}”,申请表为“{a}”;体检项目可能不同。",
        check=_qualification,
    ),
    Rule(
        id="exam_date.in_future",
        title="体检日期晚于提交日期",
        legal_basis=f"{EXAM_15};《行政许可法》第三十一条",
        severity=Severity.CORRECT,
        documents=(FORM,),
        inputs=("medical_exam_form.exam_date", "application.submitted_on"),
        applicant_message="体检表上的体检日期({b})晚于提交日期,请核对日期后重新上传。",
        reviewer_message="体检日期 {b} 晚于提交日 {a},可能误读或填错。",
        check=_in_future,
    ),
    Rule(
        id="exam_date.outside_window",
        title="体检日期不在本批次规定时间内",
        legal_basis=f"{EXAM_15};本批次认定公告(体检时间)",
        severity=Severity.CORRECT,
        documents=(FORM,),
        inputs=("medical_exam_form.exam_date", "batch.exam"),
        applicant_message="体检日期({b})不在本次认定规定的时间范围内({start} 至 {end}),请按公告到指定医院体检。",
        reviewer_message="体检日期 {b} 不在 {start} 至 {end} 之内。",
        check=_outside_window,
    ),
    Rule(
        id="exam_date.too_old",
        title="体检结果已过有效期",
        legal_basis=f"{EXAM_15};本批次认定公告(体检有效期)",
        severity=Severity.CORRECT,
        documents=(FORM,),
        inputs=("medical_exam_form.exam_date", "batch.exam.valid_days", "application.submitted_on"),
        applicant_message="体检日期({b})距提交日已超过 {days} 天,请重新到指定医院体检。",
        reviewer_message="体检日期 {b},提交日 {a},超过 {days} 天。",
        check=_too_old,
    ),
    Rule(
        id="hospital.not_designated",
        title="体检医院不在指定名单内",
        legal_basis=f"{EXAM_15};{_MEASURES_12}",
        severity=Severity.REVIEW,
        documents=(FORM,),
        inputs=("medical_exam_form.hospital", "batch.hospitals"),
        applicant_message="体检医院“{b}”不在本次公布的指定医院名单内,请核对。",
        reviewer_message="体检医院读作“{b}”,不在本批次名单内。",
        check=_not_designated,
    ),
    Rule(
        id="hospital.nearly_designated",
        title="体检医院名称与名单差一字",
        legal_basis=EXAM_15,
        severity=Severity.INFO,
        documents=(FORM,),
        inputs=("medical_exam_form.hospital", "batch.hospitals"),
        applicant_message="体检医院名称已按“{a}”核对,无需处理。",
        reviewer_message="体检医院读作“{b}”,与名单上的“{a}”差一字,可能误读。",
        check=_nearly_designated,
    ),
    Rule(
        id="hospital.by_seal",
        title="体检医院由印章确认",
        legal_basis=EXAM_15,
        severity=Severity.INFO,
        documents=(FORM,),
        inputs=("medical_exam_form.hospital", "medical_exam_form.seals", "batch.hospitals"),
        applicant_message="体检医院已按印章“{a}”核对,无需处理。",
        reviewer_message="体检医院栏未读清(读作“{b}”),印章为指定医院“{a}”。",
        check=_by_seal,
    ),
)
