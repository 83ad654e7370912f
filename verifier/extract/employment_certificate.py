"""Fields of an employment certificate (在职证明): a letter without a standard form, or a small table."""

from __future__ import annotations

import re

from schemas.reading import ReadField
from verifier.compare.dates import read_date
from verifier.compare.ids import id_problem, read_id
from verifier.compare.values import read_sex
from verifier.extract.fields import (
    Parser,
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
from verifier.extract.page import ReadPage
from verifier.extract.prose import Prose, prose_of
from verifier.extract.written import parse_day

LABELS: Labels = {
    "employer": (
        re.compile(
            r"(?:证明|出具|用人|工作|所在)?(?:单位|学校|幼儿园|园所|公司)(?:全称|名称)?\((?:盖章|公章|章|签章)\)"
        ),
        "单位名称",
        "用人单位名称",
        "用人单位",
        "工作单位",
        "证明单位",
        "学校名称",
        "出具单位",
    ),
    "employer_address": ("单位地址", "学校地址", "单位住所", "办公地址", "通讯地址", "联系地址"),
    "employer_phone": ("联系电话", "单位电话", "办公电话", "固定电话", "电话"),
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
    "issue_date": ("出具日期", "开具日期", "证明日期", "落款日期"),
    "contact": ("联系人", "经办人", "负责人", "法定代表人"),
    # the table form
    "name": ("姓名", "职工姓名", "员工姓名"),
    "sex": ("性别",),
    "id_number": ("公民身份证号码", "公民身份号码", "居民身份证号码", "身份证号码", "身份证号", "证件号码"),
    "position": ("现任职务", "工作岗位", "任教学科", "岗位", "职务", "职位"),
    "start_date": ("入职日期", "入职时间", "到岗日期", "参加工作时间", "聘用起始日期", "任职起始日期"),
}

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DATE = (
    r"(?:\d{4}[年./-]\d{1,2}(?:[月./-]\d{1,2}日?|月)?"
    r"|[〇零一二三四五六七八九OQ○]{4}年[一二三四五六七八九十廿卅]{1,3}月(?:[一二三四五六七八九十廿卅]{1,4}日)?)"
)

_NAME = re.compile(
    rf"(?:兹|现|特此?|此)(?:证明|有)(?:我单位|本单位|我校|本校|我园|本园|我院)?(?:职工|员工|教师|老师|聘用人员)?[:：]?"
    rf"(?P<value>[{_HAN}][{_HAN}·]{{1,24}}?)(?:同志|先生|女士|老师|教师|同学|[(（,，]|性别|身份证|公民身份|系|为|自|于|是|,)"
)
_SEX = re.compile(r"(?:性别[:：]?(?P<value>[男女]))")
_BARE_SEX = re.compile(r"[,，(（](?P<value>[男女])(?=[,，)）]|性|公民|居民|身份|生于|\d{4}年)")
_BEFORE_BRACKET = re.compile(rf"^(?P<value>[{_HAN}][{_HAN}·]{{1,24}})\((?:男|女|性别|身份证|公民身份|居民身份)")
_ID = re.compile(r"(?:身份证(?:件)?(?:号码|号)?|身份号码|证件号码?)[:：为]?(?P<value>[0-9OoIlSBZXx×]{17,19})")
_START = re.compile(
    rf"(?:(?:自|从|于)(?P<value>{_DATE})(?:起|至今|开始|入职|到|进入|受聘|以来|在|,|,)|(?:入职(?:日期|时间)[:：为]?)(?P<value2>{_DATE})|(?P<value3>{_DATE})(?:起?到职|起?入职|到岗|起?在我|起?至今|进入|受聘|参加工作))"
)
_POSITION = re.compile(
    r"(?:现?担任|现任|任职|从事|受聘为|聘为|聘任为|岗位(?:为|是|:)|职务(?:为|是|:))(?P<value>[^,，。.;；:：]{2,24}?)"
    r"(?:一职|职务|岗位工作|岗位|工作|[,，。.;；])"
)
_IN_TEXT = re.compile(
    rf"(?:系|在|为|是|受聘于)(?:我单位|本单位|我校|本校|我园|我公司)?[(（:：]?(?P<value>[{_HAN}A-Za-z0-9()（）·]{{3,40}}?(?:公司|学校|小学|中学|学院|幼儿园|幼教中心|培训中心))"
    r"(?:的|[)）])?(?:正式|在职|在编|聘用|全职|工作|任教|从事|教师|员工|职工|担任)"
)
_LETTERHEAD = re.compile(rf"^[{_HAN}A-Za-z0-9()·]{{3,40}}(?:公司|学校|小学|中学|学院|幼儿园|中心)$")
_PHONE = re.compile(r"(?<!\d)(?:0\d{2,3}[-—– ]?\d{7,8}|1[3-9]\d{9})(?!\d)")


def parse_phone(text: str) -> str | None:
    """A landline with its area code, or a mobile number."""
    match = _PHONE.search(re.sub(r"\s", "", text))
    return re.sub("[—– ]", "-", match.group()) if match else None


def _in_prose(layout: Layout, prose: Prose, pattern: re.Pattern[str], parse: Parser) -> ReadField | None:
    match = pattern.search(prose.text)
    if match is None:
        return None
    group = next(name for name in match.groupdict() if match.group(name) is not None)
    value = parse(match.group(group))
    if value is None:
        return None
    tokens = prose.tokens(*match.span(group))
    field = make_field(layout, tokens, value, None)
    # The sentence around it is as good a label as a printed one.
    return field.model_copy(update={"raw": match.group(group), "confidence": round(field.confidence / 0.88, 3)})


def _name_at_line_start(layout: Layout) -> ReadField | None:
    """`张伟(男,公民身份号码…)系我校…`: the letter begins with the name itself."""
    for token in layout.text_tokens():
        match = _BEFORE_BRACKET.match(re.sub(r"\s", "", token.text))
        name = parse_name(match.group("value")) if match else None
        if name is not None:
            return make_field(layout, [token], name, None).model_copy(update={"raw": name})
    return None


def _signed_by(layout: Layout) -> ReadField | None:
    """The employer: beside its label, else the organisation named last, else in the sentence, else the letterhead."""
    field = beside(layout, "employer", parse_organisation, wraps=True)
    if field is not None:
        return field
    alone = [token for token in layout.text_tokens() if _LETTERHEAD.match(re.sub(r"\s", "", token.text))]
    if alone:
        last = max(alone, key=lambda token: token.middle)
        return make_field(layout, [last], re.sub(r"\s", "", last.text), None)
    return None


def _dated(layout: Layout, start: ReadField | None) -> ReadField | None:
    """The date of issue: beside its label, else the lowest line below the letter's text that is a date and nothing else."""
    field = beside(layout, "issue_date", parse_day)
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
    prose = prose_of(layout)
    number = _in_prose(layout, prose, _ID, read_id) or id_number(layout)
    if number is not None and id_problem(number.text) is None and not number.repaired:
        number = number.model_copy(update={"confidence": max(number.confidence, 0.97)})
    start = _in_prose(layout, prose, _START, read_date) or beside(layout, "start_date", read_date)
    return collect(
        {
            "name": beside(layout, "name", parse_name)
            or _in_prose(layout, prose, _NAME, parse_name)
            or _name_at_line_start(layout),
            "sex": _in_prose(layout, prose, _SEX, read_sex) or _in_prose(layout, prose, _BARE_SEX, read_sex),
            "id_number": number,
            "employer": _signed_by(layout) or _in_prose(layout, prose, _IN_TEXT, parse_organisation),
            "uscc": uscc(layout),
            "position": beside(layout, "position", parse_text) or _in_prose(layout, prose, _POSITION, parse_text),
            "start_date": start,
            "issue_date": _dated(layout, start),
            "employer_address": beside(layout, "employer_address", parse_address, wraps=True),
            "employer_phone": beside(layout, "employer_phone", parse_phone),
        }
    )
