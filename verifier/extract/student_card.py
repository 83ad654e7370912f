"""Fields of a student card (学生证): the holder's page and the registration stamps of its terms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.base import Quad
from schemas.reading import ReadField
from verifier.compare.text import HAN, digits_for_letters, squeeze
from verifier.compare.values import read_sex
from verifier.extract.fields import UNLABELLED, beside, collect, make_field, parse_name
from verifier.extract.join import Fields, greatest, surest
from verifier.extract.layout import Labels, Layout, Token
from verifier.extract.page import ReadPage
from verifier.extract.written import in_cell, parse_day_or_month, parse_school, parse_words
from verifier.geometry import Bounds, bounds, inverse, map_quad

LABELS: Labels = {
    "name": ("姓名",),
    "sex": ("性别",),
    "school": ("学校名称", "所在学校", "院校名称", "学校", "院校", "校名"),
    "major": ("专业名称", "所学专业", "专业"),
    "student_no": ("学生证号", "学号", "学籍号"),
    "enrolled_on": ("入学日期", "入学年月", "入学时间"),
    # what only ends a value
    "other": (
        "所在学院", "二级学院", "院系", "院(系)", "系别", "系部", "系所", "学院", "班级", "年级", "学制", "学历层次", "培养层次", "层次",
        "民族", "出生年月", "出生日期", "籍贯", "政治面貌", "家庭住址", "家庭地址", "乘车区间", "身份证号码", "身份证号", "证件号码",
        "发证日期", "发证时间", "签发日期", "有效期限", "有效期至", "有效期", "发证单位", "发证机关", "证号", "编号",
    ),
}  # fmt: skip

_NUMBER = re.compile(r"(?:学?号)?[:.]?(?P<value>[A-Z]{0,3}[0-9]{6,16})", re.ASCII)
_HEAD = re.compile(rf"(?P<value>[{HAN}]{{2,}}(?:大学|学院|专科学校))(?:学生证|研究生证)?")
_SEASON = re.compile(r"(?P<year>20\d{2})年?[-.,/]?(?P<season>[春秋])")
_ACADEMIC_YEAR = re.compile(
    r"(?P<year>20\d{2})(?:[-~至/_]+(?P<end>20\d{2}))?学?年度?(?:第?(?P<half>[一二12上下])学?期|[(](?P<mark>[一二12上下])[)])"
)
_MONTH_OF_REGISTRATION = re.compile(r"(?P<year>20\d{2})[年./-](?P<month>1[0-2]|0?[1-9])(?!\d)")
_REGISTERED = re.compile(r"注册(?!登记|记录|栏|页|情况|说明|须知|专用)")
_AUTUMN_FROM = 7
_REACH = 2.0
"""Heights of a line: a stamp stands this near to the term it registers."""


def parse_student_no(text: str) -> str | None:
    """Letters and six to sixteen digits."""
    match = _NUMBER.fullmatch(digits_for_letters(squeeze(text)).upper().strip(":."))
    return match["value"] if match else None


def parse_term(text: str) -> str | None:
    """A term as `2026年秋季` or `2026年春季`, also from `2026-2027学年第一学期`; None when none or several are named."""
    plain = digits_for_letters(squeeze(text))
    found = {f"{match['year']}年{match['season']}季" for match in _SEASON.finditer(plain)}
    for match in _ACADEMIC_YEAR.finditer(plain):
        first = (match["half"] or match["mark"]) in "一1上"
        found.add(f"{match['year']}年秋季" if first else f"{int(match['year']) + 1}年春季")
    return found.pop() if len(found) == 1 else None


def _stamped_term(text: str) -> str | None:
    """A term from a stamp's text, where its date alone may tell it: `2026年9月 注册`."""
    term = parse_term(text)
    plain = digits_for_letters(squeeze(text))
    match = _MONTH_OF_REGISTRATION.search(plain)
    if term is not None or match is None or not _REGISTERED.search(plain):
        return term
    return f"{match['year']}年{'秋' if int(match['month']) >= _AUTUMN_FROM else '春'}季"


@dataclass(frozen=True)
class _Stamp:
    """A place where 注册 stands: a seal or a line of text. `area` in pixels of the page image."""

    text: str
    score: float
    box: Quad
    """In pixels of the page as uploaded."""
    area: Bounds


def _stamps(layout: Layout) -> Iterator[_Stamp]:
    page = layout.page
    for seal in page.seals:
        yield _Stamp(seal.text, seal.confidence, seal.box, bounds(map_quad(seal.box, inverse(page.to_uploaded))))
    for token in layout.tokens:
        if _REGISTERED.search(squeeze(token.text)):
            yield _Stamp(token.text, token.score, page.uploaded(token.box), bounds(token.box))


def _registered(layout: Layout) -> ReadField | None:
    """The latest term with a registration stamp: named by the stamp itself, or by the line the stamp stands at.

    A table that only prints the terms registers nobody.
    """
    found: list[tuple[str, float, str, Quad]] = []
    for stamp in _stamps(layout):
        term = _stamped_term(stamp.text)
        if term is not None:
            found.append((term, stamp.score, stamp.text, stamp.box))
        elif _REGISTERED.search(squeeze(stamp.text)):
            terms = [(token, term) for token in layout.tokens if (term := parse_term(token.text)) is not None]
            near = [(token, term) for token, term in terms if _is_at(token, stamp.area)] or _left_of(terms, stamp.area)
            found.extend((term, token.score, token.text, layout.page.uploaded(token.box)) for token, term in near)
    if not found:
        return None
    latest = max((term for term, *_ in found), key=_order)
    score, raw, box = max(
        ((score, raw, box) for term, score, raw, box in found if term == latest), key=lambda hit: hit[0]
    )
    return ReadField(value=latest, raw=raw, confidence=round(min(score, 0.99), 3), page=layout.page.index, box=box)


def _order(term: str) -> tuple[str, bool]:
    return term[:4], term[5] == "秋"


def _is_at(token: Token, area: Bounds) -> bool:
    """Whether a line stands in, right above or right below an area."""
    left, top, right, bottom = bounds(token.box)
    height = bottom - top
    overlap = min(right, area[2]) - max(left, area[0])
    gap = max(top - area[3], area[1] - bottom)
    return overlap > 0.3 * min(right - left, area[2] - area[0]) and gap < _REACH * height


def _left_of(terms: Sequence[tuple[Token, str]], area: Bounds) -> list[tuple[Token, str]]:
    """The nearest term on the row of an area, left of it: a table of terms with a column for the stamps."""
    on_row = []
    for token, term in terms:
        _, top, right, bottom = bounds(token.box)
        if right <= area[0] and area[1] < (top + bottom) / 2 < area[3]:
            on_row.append((right, token, term))
    return [(token, term) for _, token, term in sorted(on_row, key=lambda hit: -hit[0])[:1]]


def _school(layout: Layout) -> ReadField | None:
    """Beside its label; else a line of its own that is a school's name, the largest; else the text of a seal."""
    field = in_cell(layout, "school", parse_school) or beside(layout, "school", parse_school)
    if field is not None:
        return field
    heads = []
    for token in layout.text_tokens():
        match = _HEAD.fullmatch(squeeze(token.text))
        name = parse_school(match["value"]) if match else None
        if name is not None and not any(other.label is not None for other in layout.row_of(token)):
            heads.append((token, name))
    if heads:
        token, name = max(heads, key=lambda pair: pair[0].height)
        return make_field(layout, [token], name, None)
    for seal in layout.page.seals:
        name = parse_school(seal.text)
        if name is not None:
            sure = round(UNLABELLED * seal.confidence, 3)
            return ReadField(value=name, raw=seal.text, confidence=sure, page=layout.page.index, box=seal.box)
    return None


def _student_no(layout: Layout) -> ReadField | None:
    """Beside its label; else the longest run of digits that stands alone, a label cut off by the photo's stamp left aside."""
    field = beside(layout, "student_no", parse_student_no, under=True)
    if field is not None:
        return field
    alone = [
        (token, number)
        for token in layout.text_tokens()
        if (number := parse_student_no(token.text)) and parse_day_or_month(token.text) is None
    ]
    if not alone:
        return None
    token, number = max(alone, key=lambda pair: len(pair[1]))
    return make_field(layout, [token], number, None)


def read_student_card(page: ReadPage) -> dict[str, ReadField]:
    """The holder's page, the registration page, or both on one picture."""
    layout = Layout(page, LABELS)
    return collect(
        {
            "name": beside(layout, "name", parse_name),
            "sex": beside(layout, "sex", read_sex),
            "school": _school(layout),
            "major": in_cell(layout, "major", parse_words),
            "student_no": _student_no(layout),
            "enrolled_on": beside(layout, "enrolled_on", parse_day_or_month),
            "registered_term": _registered(layout),
        }
    )


def join_student_card(pages: Sequence[Fields]) -> Fields:
    """The card from its pages; the latest registered term counts."""
    return {**surest(pages), **greatest(pages, "registered_term", lambda field: _order(field.text))}
