"""The sentences of a letter about a person: who, since when, as what, at whose place. Letters have no standard form.

Everything here looks at running text (prose.py) and gives spans of it. What is looked for is the grammar such letters
share, not any one letter's wording: a name stands at the start of a sentence or after the words that open one, and before
what says more about the person; a first day has a word of beginning before or after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.reading import ReadField
from verifier.compare.surnames import surname_of
from verifier.compare.text import HAN
from verifier.extract.fields import Parser, parse_name
from verifier.extract.layout import Layout
from verifier.extract.prose import Prose, field_of, first_match
from verifier.extract.written import DATE

_BODY = r"(?:单位|校|学校|园|幼儿园|公司|司|院|学院|所|机构|集团|中心|处|部)"
OURS = rf"(?:[我本该]{_BODY})"
"""How a letter names the body that writes it: 我校, 本单位, 我司 ..."""

_ROLE = (
    r"(?:(?:现|正式|在职|在编|在岗|全职|专任|聘用|受聘|任课|一线|合同制|编外|非编)*的?"
    r"(?:职工|员工|教师|老师|教职工|教职员工|教职员|工作人员|聘用人员|保教人员|人员|雇员))"
)
_OPENING = re.compile(
    rf"(?:(?:兹|现|特|此|今|谨|经(?:核实|查|审核|证实|确认))+(?:证明|有|证实)?|证明|关于)"
    rf"(?:下列|以下)?(?:{OURS}的?)?{_ROLE}?[:：,，]?|(?:{OURS}的?)?{_ROLE}[:：]?|{OURS}的?"
)
"""Words that lead up to the name: 兹证明我校教师, 现有本单位在职员工, 经核实 ..."""
_NAME = rf"(?P<value>[{HAN}]{{1,14}}(?:[·•.・][{HAN}]{{1,14}}){{1,3}}|[{HAN}]{{2,4}}?)"
_ABOUT = (
    r"[(（]?[,，、:：]?(?:性别|身份证|居民身份证|公民身份|居民身份|证件号|身份号码|男[,，)）性生]|女[,，)）性生]|汉族|出生|生于"
    rf"|{DATE}(?:出生|生))"
)
_TITLE = r"(?:同志|先生|女士|小姐|老师|同学)"
_VERB = rf"[,，]?(?:系|现?为|是|于|自|从|在|受聘|现任|任|担任|被聘)(?={OURS}|[\d〇零一二]|[{HAN}]{{2,20}}(?:{_BODY})|聘|编|职|岗|我|本)"
_AFTER_NAME: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(rf"{_NAME}(?={_ABOUT})"), 3),
    (re.compile(rf"{_NAME}(?={_TITLE})"), 2),
    (re.compile(rf"{_NAME}(?={_VERB})"), 1),
)
"""What stands right after a name, and how much it speaks for one."""
_NOT_IN_NAMES = re.compile(
    r"单位|学校|幼儿园|公司|学院|机构|集团|中心|证明|教师|员工|职工|同志|人员|先生|女士|身份|上述|以上|该|兹|特此|性别|情况|[我本]校|[我本]园"
)
_STARTS_SENTENCE = re.compile(r"[。;；:：,，!！)）]")

_SEX = re.compile(
    r"性别[:：为]?(?P<value>[男女])|(?:^|[,，(（、。])(?P<value2>[男女])(?=[,，)）、。;；]|性|公民|居民|身份|生于|汉|\d{4}年)"
)
_BORN = re.compile(rf"(?:出生(?:日期|年月|于)?|生于)[:：为于]?{DATE}|{DATE}(?:出生|生[,，)）])")
_SINCE: tuple[re.Pattern[str], ...] = (
    re.compile(
        rf"(?:入职|到职|到岗|到校|到园|入园|入校|聘用|受聘|任教|进校|进园|上岗|本单位任职|来校)(?:工作)?(?:日期|时间|起始日期)?[:：为于是]?(?P<value>{DATE})"
    ),
    re.compile(
        rf"(?:参加|进入|加入|来到?|到)?{OURS}(?:工作|任职|任教)?(?:的?起始)?(?:日期|时间)[:：为于是]?(?P<value>{DATE})"
    ),
    re.compile(
        rf"(?P<value>{DATE})(?:起|至今|开始|以来)?[,，]?(?:正式)?"
        rf"(?:入职|到职|到岗|入园|入校|进入|进校|进园|受聘|调入|加入|来到?(?:{OURS})|到(?:{OURS})|在(?:{OURS})|与(?:{OURS})|被聘|聘用|到岗|起受聘)"
    ),
    re.compile(rf"(?:自|从|由|聘期(?:自|从|为|:)?)(?P<value>{DATE})"),
    re.compile(rf"(?P<value>{DATE})(?:起|至今|开始|以来|[-~至到—])"),
    re.compile(rf"于(?P<value>{DATE})"),
    re.compile(rf"(?P<value>{DATE})[,，]?(?:到|在|进|参加工作)"),
)
"""Words of beginning, the surest first; what is only the start of a working life comes last."""

_ENDS_POSITION = r"(?:一职|职务|岗位工作|岗位|工作|教学|$|[,，。.;；()（）])"
_POSITION: tuple[re.Pattern[str], ...] = (
    re.compile(rf"(?:现?担任|出任|现任|任职(?:为|[:：])|聘为|聘任为|受聘为|岗位(?:\([^()]{{2,4}}\))?(?:为|是|[:：])|职务(?:\([^()]{{2,4}}\))?(?:为|是|[:：])|职位(?:为|是|[:：]))"
               rf"(?P<value>[^,，。;；:：]{{2,24}}?){_ENDS_POSITION}"),
    re.compile(rf"(?:任教(?:学科|科目|课程)|所?教(?:学科|科目))(?:为|是|[:：])?(?P<value>[^,，。;；:：]{{2,16}}?){_ENDS_POSITION}"),
    re.compile(rf"(?:从事|承担(?=[^,，。]{{2,12}}(?:岗位|教学|课程))|负责(?=[^,，。]{{2,12}}(?:岗位|教学|课程))|(?<![主责委信聘专班])任(?!教(?!师)|[职何务课的]))(?P<value>[^,，。;；:：]{{2,24}}?){_ENDS_POSITION}"),
    re.compile(rf"(?:系|为|是){OURS}(?:聘任|聘用|在职|在编|正式|现任)*的?(?P<value>[{HAN}]{{0,8}}教师|[{HAN}]{{1,6}}老师)"),
)  # fmt: skip
_ORGANISATION = rf"[{HAN}A-Za-z0-9()（）·]{{3,40}}?(?:有限公司|公司|学校|小学|中学|学院|幼儿园|幼教中心|培训中心|培训机构|少年宫|教育集团)"
_PLACE = re.compile(
    rf"(?:系|在|为|是|受聘于|到|于|就职于|任职于|入职|进入|加入)(?:{OURS})?[(（:：]?(?P<value>{_ORGANISATION})"
    rf"(?=的|[)）]|正式|在职|在编|聘用|全职|工作|任教|任职|就职|从事|教师|员工|职工|担任|教学|任)"
)
_OURS_NAMED = re.compile(rf"{OURS}[(（](?P<value>{_ORGANISATION})[)）]")


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    weight: int


def find_name(layout: Layout, prose: Prose) -> ReadField | None:
    """The person the letter is about: the best-placed run of two to four characters, or a name with dots."""
    spans = list(_names(prose)) or list(_names_by_surname(prose))
    if not spans:
        return None
    best = max(spans, key=lambda span: (span.weight, -span.start))
    return _field(layout, prose, best.start, best.end, parse_name)


def find_sex(layout: Layout, prose: Prose, parse: Parser) -> ReadField | None:
    """男 or 女 beside its label or alone between punctuation."""
    return first_match(layout, prose, (_SEX,), parse)


def find_start(layout: Layout, prose: Prose, parse: Parser) -> ReadField | None:
    """The first day or month of work: the date with the surest word of beginning; a day of birth is none."""
    births = [match.span() for match in _BORN.finditer(prose.text)]
    for pattern in _SINCE:
        for match in pattern.finditer(prose.text):
            start, end = match.span("value")
            if any(low <= start < high for low, high in births):
                continue
            field = _field(layout, prose, start, end, parse)
            if field is not None:
                return field
    return None


def find_position(layout: Layout, prose: Prose, parse: Parser) -> ReadField | None:
    """What the person does there: after 担任, 现任, 岗位 …, else the kind of teacher the letter calls them."""
    return first_match(layout, prose, _POSITION, parse)


def find_place(layout: Layout, prose: Prose, parse: Parser) -> ReadField | None:
    """The organisation the sentence says the person works at."""
    return first_match(layout, prose, (_OURS_NAMED, _PLACE), parse)


def _names(prose: Prose) -> Iterator[_Span]:
    text = prose.text
    starts = {0: 0} | dict.fromkeys(prose.line_starts, 0)
    starts |= {match.end(): 0 for match in _STARTS_SENTENCE.finditer(text)}
    for at in list(starts):
        opening = _OPENING.match(text, at)
        if opening is not None and opening.end() > at:
            starts[opening.end()] = 1
    # An opening may also stand within a line, after the letter's title.
    for opening in re.finditer(r"(?:兹|现|特|此)(?:证明|有)", text):
        whole = _OPENING.match(text, opening.start())
        if whole is not None:
            starts[whole.end()] = 1
    for at, bonus in starts.items():
        for pattern, weight in _AFTER_NAME:
            match = pattern.match(text, at)
            if match and not _NOT_IN_NAMES.search(match.group("value")) and parse_name(match.group("value")):
                yield _Span(*match.span("value"), weight + 2 * bonus)
                break


def _names_by_surname(prose: Prose) -> Iterator[_Span]:
    """Names inside a sentence nobody foresaw: what a surname starts and an ID number, a sex or a title follows."""
    for match in re.finditer(rf"[{HAN}]{{2,4}}(?={_ABOUT}|{_TITLE})", prose.text):
        end = match.end()
        for length in (4, 3, 2):
            name = prose.text[end - length : end]
            surname = surname_of(name)
            if surname is not None and length - len(surname) <= 2 and not _NOT_IN_NAMES.search(name):
                yield _Span(end - length, end, 1)
                break


def _field(layout: Layout, prose: Prose, start: int, end: int, parse: Parser) -> ReadField | None:
    value = parse(prose.text[start:end])
    return field_of(layout, prose, (start, end), value) if value else None
