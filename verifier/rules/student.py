"""Students: the school, the status on the verification report, the registered term on the card (matrix row 11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from functools import partial

from schemas.application import Route
from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.compare.text import squeeze
from verifier.rules.days import day, span
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

REPORT = DocumentType.STUDENT_STATUS_REPORT
CARD = DocumentType.STUDENT_CARD
_PAPERS = (REPORT, CARD)

CODE_DAYS = 180
"""A verification code is good for at most this many days after the report's update (DOMAIN.md 2.11)."""

_NOT_STUDYING = re.compile(r"不在籍|休学|保留|退学|开除|结业|毕业|肄业|转出|暂缓|未注册|注销")
_NOT_FULL_TIME = re.compile(r"非全日制|业余|函授|夜大|网络|开放|自学|自考|远程")
_NOT_REGULAR = re.compile(r"成人|网络|自学|自考|开放|远程|电大")
_TERM = re.compile(r"(\d{4})年([春秋])季")
_DETAILS = ("major", "level", "enrolled_on", "expected_graduation")


class School(StrEnum):
    """How a school's name on a paper stands to the application's."""

    SAME = "same"
    CLOSE = "close"
    """One character differs: 广州商学院 and 广州工商学院 are two schools, 广州工商学院 and 广州工商字院 one misread."""
    OTHER = "other"


def _compare_schools(stated: str, read: str) -> School:
    a, b = squeeze(stated), squeeze(read)
    if a == b:
        return School.SAME
    misread = len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1
    return School.CLOSE if misread else School.OTHER


def _schools(facts: Facts) -> Iterator[tuple[DocumentType, str]]:
    if facts.application.route is Route.STUDENT:
        for slot in _PAPERS:
            read = facts.text(slot, "school")
            if read is not None:
                yield slot, read


def _is_listed(facts: Facts, school: str) -> bool:
    return squeeze(school) in {squeeze(listed) for listed in facts.batch.schools}


def _school(facts: Facts, kind: School) -> Iterator[Hit]:
    student = facts.application.student
    for slot, read in _schools(facts):
        # Two schools of the list are two schools, however alike their names.
        if student is None:
            continue
        match = _compare_schools(student.school, read)
        if match is School.CLOSE and _is_listed(facts, read):
            match = School.OTHER
        if match is kind:
            yield Hit(slot, "school", student.school, read)


def _school_not_listed(facts: Facts) -> Iterator[Hit]:
    """A school that is the application's own has its finding there."""
    student = facts.application.student
    for slot, read in _schools(facts):
        own = student is not None and _compare_schools(student.school, read) is not School.OTHER
        if not own and not _is_listed(facts, read):
            yield Hit(slot, "school", found=read, details={"district": facts.batch.district_name})


def _status(facts: Facts) -> str | None:
    status = facts.text(REPORT, "status")
    return squeeze(status).replace("藉", "籍") if status is not None else None


def is_enrolled(facts: Facts) -> bool:
    """Whether the report says that its holder is enrolled and studying."""
    status = _status(facts)
    return status is not None and "在籍" in status and _NOT_STUDYING.search(status) is None


def _not_enrolled(facts: Facts) -> Iterator[Hit]:
    if facts.text(REPORT, "status") is not None and not is_enrolled(facts):
        yield Hit(REPORT, "status", "在籍", facts.text(REPORT, "status"))


def _study_form(facts: Facts) -> Iterator[Hit]:
    read = facts.text(REPORT, "study_form")
    if read is not None and (_NOT_FULL_TIME.search(read) or not _says_full_time(read)):
        yield Hit(REPORT, "study_form", "全日制", read)


def _says_full_time(text: str) -> bool:
    """Whether 全日制 stands there, one character of it perhaps misread."""
    words = (text[at : at + 3] for at in range(len(text) - 2))
    return any(sum(a == b for a, b in zip(word, "全日制", strict=True)) >= 2 for word in words)


def _category(facts: Facts) -> Iterator[Hit]:
    read = facts.text(REPORT, "category")
    if read is not None and _NOT_REGULAR.search(read):
        yield Hit(REPORT, "category", "普通高等教育", read)


def _graduated(facts: Facts) -> Iterator[Hit]:
    end = day(facts.text(REPORT, "expected_graduation"))
    if end is not None and end < facts.today:
        yield Hit(REPORT, "expected_graduation", facts.today.isoformat(), end.isoformat())


def _updated_later(facts: Facts) -> Iterator[Hit]:
    updated = span(facts.text(REPORT, "updated_on"))
    if updated is not None and updated.first > facts.today:
        yield Hit(REPORT, "updated_on", facts.today.isoformat(), facts.text(REPORT, "updated_on"))


def _code_expired(facts: Facts) -> Iterator[Hit]:
    updated = day(facts.text(REPORT, "updated_on"))
    if updated is not None and facts.today - updated > timedelta(days=CODE_DAYS):
        yield Hit(REPORT, "verify_code", facts.today.isoformat(), updated.isoformat(), {"days": str(CODE_DAYS)})


def _due_term(facts: Facts) -> tuple[int, bool]:
    """The year of the term whose stamp a card must carry today, and whether it is an autumn term.

    Terms begin in September and late in February; a month more is left for the stamp.
    """
    today = facts.today
    if today.month >= 10:
        return today.year, True
    return (today.year, False) if today.month >= 4 else (today.year - 1, True)


def _is_only_evidence(facts: Facts) -> bool:
    return facts.application.route is Route.STUDENT and not is_enrolled(facts)


def _term_old(facts: Facts, *, confirmed: bool) -> Iterator[Hit]:
    read, due = facts.text(CARD, "registered_term"), _due_term(facts)
    match = _TERM.fullmatch(read or "")
    if match is None or facts.application.route is not Route.STUDENT or is_enrolled(facts) is not confirmed:
        return
    if (int(match[1]), match[2] == "秋") < due:
        yield Hit(CARD, "registered_term", f"{due[0]}年{'秋' if due[1] else '春'}季", read)


def _term_not_read(facts: Facts) -> Iterator[Hit]:
    if CARD in facts.readable and _is_only_evidence(facts) and facts.text(CARD, "registered_term") is None:
        year, autumn = _due_term(facts)
        yield Hit(CARD, "registered_term", f"{year}年{'秋' if autumn else '春'}季")


def _details(facts: Facts) -> Iterator[Hit]:
    student = facts.application.student
    if student is None:
        return
    for slot in _PAPERS:
        for name in _DETAILS:
            stated, read = getattr(student, name), facts.text(slot, name)
            if stated is not None and read is not None and not _agree(stated, read):
                yield Hit(slot, name, stated, read)


def _agree(stated: str, read: str) -> bool:
    one, two = span(stated), span(read)
    if one is None or two is None:
        return squeeze(stated) == squeeze(read)
    return one.first <= two.last and two.first <= one.last


_STUDENTS = "广州市各区认定公告(在本区全日制普通高校就读)"
_TRUTH = "《行政许可法》第三十一条(申请人对材料的真实性负责)"

RULES: tuple[Rule, ...] = (
    Rule(
        id="student.school_not_listed",
        title="材料上的学校不在本区高校名单内",
        legal_basis=_STUDENTS,
        severity=Severity.REVIEW,
        documents=_PAPERS,
        inputs=("application.route", "*.school", "batch.schools"),
        applicant_message="《{doc}》上的学校“{b}”不在{district}高校名单内,请核对学校名称和校区。",
        reviewer_message="《{doc}》上的学校“{b}”不在本批次列出的{district}高校名单内,请核对校区。",
        check=_school_not_listed,
    ),
    Rule(
        id="student.school_differs",
        title="材料上的学校与申请表不一致",
        legal_basis=f"{_STUDENTS};{_TRUTH}",
        severity=Severity.REVIEW,
        documents=_PAPERS,
        inputs=("application.student.school", "*.school", "batch.schools"),
        applicant_message="《{doc}》上的学校“{b}”与申请表“{a}”不一致,请核对。",
        reviewer_message="《{doc}》上的学校为“{b}”,申请表为“{a}”。",
        check=partial(_school, kind=School.OTHER),
    ),
    Rule(
        id="student.school_close",
        title="材料上的学校与申请表一字之差",
        legal_basis=_STUDENTS,
        severity=Severity.INFO,
        documents=_PAPERS,
        inputs=("application.student.school", "*.school", "batch.schools"),
        applicant_message="《{doc}》上的学校读作“{b}”,与申请表“{a}”有一字之差,无需处理。",
        reviewer_message="《{doc}》上的学校读作“{b}”,申请表为“{a}”,可能误读。",
        check=partial(_school, kind=School.CLOSE),
    ),
    Rule(
        id="student.not_enrolled",
        title="学籍状态不是在籍在读",
        legal_basis=_STUDENTS,
        severity=Severity.REVIEW,
        documents=(REPORT,),
        inputs=("student_status_report.status",),
        applicant_message="学籍在线验证报告上的学籍状态为“{b}”,不是在籍在读,请核对是否符合在读学生的申请条件。",
        reviewer_message="学籍状态为“{b}”,以在读学生身份申请须为在籍,请核对。",
        check=_not_enrolled,
    ),
    Rule(
        id="student.study_form",
        title="学习形式不是全日制",
        legal_basis=_STUDENTS,
        severity=Severity.REVIEW,
        documents=(REPORT,),
        inputs=("student_status_report.study_form",),
        applicant_message="学籍在线验证报告上的学习形式为“{b}”,不是全日制,请核对是否符合在读学生的申请条件。",
        reviewer_message="学习形式为“{b}”,公告要求全日制。",
        check=_study_form,
    ),
    Rule(
        id="student.category",
        title="学历类别不是普通高等教育",
        legal_basis=_STUDENTS,
        severity=Severity.REVIEW,
        documents=(REPORT,),
        inputs=("student_status_report.category",),
        applicant_message="学籍在线验证报告上的学历类别为“{b}”,请核对是否符合在读学生的申请条件。",
        reviewer_message="学历类别为“{b}”,公告要求普通高校在读。",
        check=_category,
    ),
    Rule(
        id="student.graduated",
        title="已过预计毕业日期",
        legal_basis=_STUDENTS,
        severity=Severity.REVIEW,
        documents=(REPORT,),
        inputs=("student_status_report.expected_graduation", "application.submitted_on"),
        applicant_message="报告上的预计毕业日期({b})已过,请核对是否仍以在读学生身份申请。",
        reviewer_message="预计毕业日期 {b} 早于提交日 {a},请核对是否仍在读。",
        check=_graduated,
    ),
    Rule(
        id="student.updated_later",
        title="学籍报告更新日期晚于提交日期",
        legal_basis=_TRUTH,
        severity=Severity.REVIEW,
        documents=(REPORT,),
        inputs=("student_status_report.updated_on", "application.submitted_on"),
        applicant_message="学籍在线验证报告的更新日期({b})晚于提交日期,请核对。",
        reviewer_message="学籍报告更新日期 {b} 晚于提交日 {a},可能误读。",
        check=_updated_later,
    ),
    Rule(
        id="student.code_expired",
        title="学籍报告的在线验证码已过期",
        legal_basis=f"{_STUDENTS};《行政许可法》第三十二条",
        severity=Severity.CORRECT,
        documents=(REPORT,),
        inputs=("student_status_report.updated_on", "application.submitted_on"),
        applicant_message="学籍在线验证报告更新于 {b},验证码已超过 {days} 天有效期,请在学信网重新申请后上传。",
        reviewer_message="学籍报告更新于 {b},提交日 {a},验证码最长有效 {days} 天,已无法在线核验。",
        check=_code_expired,
    ),
    Rule(
        id="student.term_old",
        title="学生证没有本学期注册章",
        legal_basis=f"{_STUDENTS};《普通高等学校学生管理规定》(每学期注册)",
        severity=Severity.CORRECT,
        documents=(CARD,),
        inputs=("student_card.registered_term", "student_status_report.status", "application.submitted_on"),
        applicant_message=(
            "学生证缺少本学期注册章(最近为{b}),请补拍{a}注册页;也可上传学信网《教育部学籍在线验证报告》"
            "(请确认验证码在有效期内)。"
        ),
        reviewer_message="学生证最近的注册学期为{b},应有{a},且没有学籍报告证明在籍。",
        check=partial(_term_old, confirmed=False),
    ),
    Rule(
        id="student.term_old_confirmed",
        title="学生证没有本学期注册章,学籍报告证明在籍",
        legal_basis=_STUDENTS,
        severity=Severity.INFO,
        documents=(CARD,),
        inputs=("student_card.registered_term", "student_status_report.status", "application.submitted_on"),
        applicant_message="学生证上最近的注册学期为{b},学籍报告已证明在籍,无需处理。",
        reviewer_message="学生证最近的注册学期为{b},应有{a};学籍报告证明在籍。",
        check=partial(_term_old, confirmed=True),
    ),
    Rule(
        id="student.term_not_read",
        title="学生证未读到注册章",
        legal_basis=f"{_STUDENTS};《普通高等学校学生管理规定》(每学期注册)",
        severity=Severity.REVIEW,
        documents=(CARD,),
        inputs=("student_card.registered_term", "student_status_report.status", "application.submitted_on"),
        applicant_message="系统未能从学生证上读到{a}的注册章,将由工作人员核对;也可补充学信网《教育部学籍在线验证报告》。",
        reviewer_message="学生证上没有读到注册学期,应有{a}的注册章,且没有学籍报告证明在籍,请查看注册页。",
        check=_term_not_read,
    ),
    Rule(
        id="student.details_differ",
        title="专业、层次或入学毕业日期与申请表不同",
        legal_basis=_TRUTH,
        severity=Severity.INFO,
        documents=_PAPERS,
        inputs=("application.student", "*.major", "*.level", "*.enrolled_on", "*.expected_graduation"),
        applicant_message="《{doc}》上的{field}与申请表不同,无需处理。",
        reviewer_message="《{doc}》上的{field}为“{b}”,申请表为“{a}”。",
        check=_details,
    ),
)
