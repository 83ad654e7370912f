"""Fields of an employment certificate (在职证明): a letter without a standard form, or a small table."""

from __future__ import annotations

import re

from schemas.reading import ReadField
from verifier.compare.ids import id_problem, read_id
from verifier.compare.text import HAN
from verifier.compare.values import read_sex
from verifier.extract.fields import (
    beside,
    collect,
    id_number,
    make_field,
    parse_address,
    parse_name,
    parse_organisation,
    parse_text,
    uscc,
)
from verifier.extract.layout import Labels, Layout
from verifier.extract.letter import find_name, find_place, find_position, find_sex, find_start
from verifier.extract.page import ReadPage
from verifier.extract.prose import Prose, first_match, prose_of
from verifier.extract.written import parse_day, written_date

_BODY = r"(?:单位|学校|幼儿园|园所|公司|机构|企业|校区)"
LABELS: Labels = {
    "employer": (
        re.compile(rf"(?:证明|出具|用人|工作|所在|任职|聘用)?{_BODY}(?:全称|名称)?\((?:盖章|公章|章|签章|加盖公章|印章)\)"),
        re.compile(rf"(?:证明|出具|用人|工作|所在|任职|聘用){_BODY}(?:全称|名称)?|{_BODY}(?:全称|名称)"), "单位",
        # what is left of such a label where a seal or the fold took its beginning
        re.compile(r"[称位]?\((?:盖章|公章|签章)\)(?=[:：])"),
    ),
    "employer_address": (re.compile(rf"{_BODY}(?:详细)?(?:地址|住所|住址)"), "办公地址", "通讯地址", "联系地址", "地址"),
    "employer_phone": (re.compile(rf"{_BODY}(?:联系)?电话"), "联系电话", "办公电话", "固定电话", "联系方式", "电话"),
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
    "issue_date": (re.compile(r"(?:出具|开具|证明|落款|签发|填写|制表)(?:日期|时间)"),),
    "dated": ("日期", "时间"),
    "contact": ("联系人", "经办人", "负责人", "法定代表人", "园长", "校长", "填表人", "部门", "所在部门", "邮编", "邮政编码"),
    # the table form
    "name": ("姓名", "职工姓名", "员工姓名", "教师姓名"),
    "sex": ("性别",),
    "id_number": ("公民身份证号码", "公民身份号码", "居民身份证号码", "身份证号码", "身份证号", "证件号码"),
    "position": (
        re.compile(r"(?:现任|担任)?职务(?:\((?:岗位|职称)\))?|(?:工作|所在|聘用|现任)?岗位(?:名称)?(?:\((?:职务|工种)\))?"),
        "任教学科", "任教科目", "职位", "现任教科目",
    ),
    "start_date": (
        re.compile(r"(?:入职|到岗|到校|到园|入园|聘用起始|任职起始|聘用|到职|来校(?:工作)?|本单位工作起始|进入本单位)(?:日期|时间)"),
        re.compile(r"(?:参加|进入|加入|到)?[本我该](?:单位|校|园|公司)(?:工作|任职|任教)?(?:起始)?(?:日期|时间)"), "参加工作时间",
        "参加工作日期",
    ),
}  # fmt: skip

_ID = re.compile(r"(?:身份证(?:件)?(?:号码|号)?|身份号码|证件号码?)[:：为是]*(?P<value>[0-9OoIlSBZXx×]{17,19})")
_SEAL_MARK = re.compile(r"\(?(?:盖章|公章|单位公章|签章|印章|章|人事专用章)\)?$")
_LETTERHEAD = re.compile(
    rf"^[{HAN}A-Za-z0-9()·]{{3,40}}(?:公司|学校|小学|中学|学院|幼儿园|幼教中心|中心|校区|分校|集团)$"
)
_ADDRESSEE = re.compile(r"[:：]$")
_PHONE = re.compile(r"(?<!\d)(?:0\d{2,3}[-—– ]?\d{7,8}|1[3-9]\d{9})(?!\d)")


def parse_phone(text: str) -> str | None:
    """A landline with its area code, or a mobile number."""
    match = _PHONE.search(re.sub(r"\s", "", text))
    return re.sub("[—– ]", "-", match.group()) if match else None


def _post(text: str) -> str | None:
    """A post in a cell or after a colon; what goes on as a sentence (为…, 截至…) is read as one."""
    value = parse_text(text)
    return (
        None
        if value is None or re.search(r"^[为是]|[,，。;；]", value) or len(value) > 24 or not re.search(r"\w", value)
        else value
    )


def _signed_by(layout: Layout, whole: Layout, prose: Prose) -> ReadField | None:
    """The employer: beside its label, else the organisation named last on a line of its own, else in the sentence."""
    return (
        beside(layout, "employer", parse_organisation, wraps=True)
        or _alone(whole)
        or find_place(whole, prose, parse_organisation)
    )


def _alone(whole: Layout) -> ReadField | None:
    """An organisation with a line for itself: the signature at the end rather than the letterhead; an addressee is none."""
    alone = []
    for token in whole.text_tokens():
        text = re.sub(r"\s", "", token.text)
        name = _SEAL_MARK.sub("", text)
        if _LETTERHEAD.match(name) and not _ADDRESSEE.search(text):
            alone.append((token, name))
    if not alone:
        return None
    token, name = max(alone, key=lambda pair: pair[0].middle)
    return make_field(whole, [token], name, None)


def _dated(layout: Layout, start: ReadField | None) -> ReadField | None:
    """The date of issue: beside its label, else the lowest line below the letter's text that is a date and nothing else."""
    for key in ("issue_date", "dated"):
        field = beside(layout, key, parse_day)
        if field is not None:
            return field
    closing = [token.middle for token in layout.text_tokens() if "特此证明" in token.text]
    alone = [
        (token, value)
        for token in layout.text_tokens()
        if (value := parse_day(token.text))
        and len(re.sub(r"[\s\d年月日./〇零○一二三四五六七八九十廿卅-]", "", token.text)) <= 1
        and token.middle > max(closing, default=0.0)
        and (start is None or value != start.value)
    ]
    if not alone:
        return None
    token, value = max(alone, key=lambda pair: pair[0].middle)
    return make_field(layout, [token], value, None)


def read_employment_certificate(page: ReadPage) -> dict[str, ReadField]:
    """What the letter says (skeleton in DOMAIN.md 2.7), by its sentences, labels and formats."""
    layout = Layout(page, LABELS)
    # Sentences are looked at uncut: commas and colons at the edges of labels are part of their grammar.
    whole = Layout(page, {})
    prose = prose_of(whole)
    number = first_match(whole, prose, (_ID,), read_id) or id_number(layout)
    if number is not None and id_problem(number.text) is None and not number.repaired:
        number = number.model_copy(update={"confidence": max(number.confidence, 0.97)})
    start = beside(layout, "start_date", written_date) or find_start(whole, prose, written_date)
    return collect(
        {
            "name": beside(layout, "name", parse_name) or find_name(whole, prose),
            "sex": beside(layout, "sex", read_sex) or find_sex(whole, prose, read_sex),
            "id_number": number,
            "employer": _signed_by(layout, whole, prose),
            "uscc": uscc(layout),
            "position": beside(layout, "position", _post) or find_position(whole, prose, parse_text),
            "start_date": start,
            "issue_date": _dated(layout, start),
            "employer_address": beside(layout, "employer_address", parse_address, wraps=True),
            "employer_phone": beside(layout, "employer_phone", parse_phone),
        }
    )
