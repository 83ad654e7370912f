"""Fields of the household register (居民户口簿): its first page and the applicant's own page (DOMAIN.md 2.5).

Religion, blood type, marriage and military service are labels that end a value here and never fields (DOMAIN.md 5.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.reading import ReadField
from verifier.compare.ids import Repaired, read_id
from verifier.compare.lookalikes import TRADITIONAL_TO_SIMPLIFIED
from verifier.compare.text import HAN, digits_for_letters, squeeze
from verifier.compare.values import read_ethnicity, read_sex
from verifier.extract.fields import beside, collect, id_number, make_field, parse_address, parse_name
from verifier.extract.join import Fields
from verifier.extract.layout import Labels, Layout, Token
from verifier.extract.page import ReadPage
from verifier.extract.written import beside_split_label, in_cell, parse_day

LABELS: Labels = {
    "household_type": ("户口类别", "户口性质", "户口类型", "户别"),
    "head_name": ("户主姓名",),
    "household_no": ("户口编号", "户编号", "户号"),
    "address": ("户口所在地住址", "户籍地址", "户口地址", "家庭住址", "住址"),
    "moved_to": ("变动后的住址", "变动后住址", "变更后的住址", "变更后住址", "变动后的地址", "变动后地址"),
    "moved_on": ("变动日期", "变更日期", "变动时间"),
    "other_address": ("本市(县)其他住址", "本市县其他住址", "其他住址", "本市(县)其他", "本市(县)其", "本市县其他", "他住址"),
    "name": ("姓名",),
    "relation": ("户主或与户主关系", "与户主的关系", "与户主关系", "户主关系", "户主或与", "与户主"),
    "sex": ("性别",),
    "birth_date": ("出生年月日", "出生日期", "出生时间"),
    "ethnicity": ("民族",),
    "id_number": (
        "公民身份证件编号", "公民身份证件号码", "公民身份证编号", "公民身份证号码", "公民身份号码", "居民身份证号码", "身份证件编号",
        "身份证件号码", "身份证编号", "身份证号码", "公民身份证号", "身份证号", "公民身份证", "公民身份号", "公民身份", "件编号", "件号码",
    ),
    # what only ends a value
    "other": (
        "住址变动登记", "住址变更登记",
        "曾用名", "出生地", "籍贯", "宗教信仰", "身高", "血型", "文化程度", "婚姻状况", "兵役状况", "服务处所", "职业",
        "何时由何地迁来本市(县)", "何时由何地迁来本市", "何时由何地迁来本址", "何时由何地迁来", "承办人签章", "承办人签字",
        "承办人签名", "承办人", "登记日期", "签发日期", "签发", "省级公安机关", "户口登记机关", "本市(县)", "本址",
    ),
}  # fmt: skip

FIRST_PAGE: tuple[str, ...] = ("household_type", "head_name", "household_no", "address")
MEMBER_PAGE: tuple[str, ...] = ("name", "relation", "sex", "birth_date", "ethnicity", "id_number")

_KIND = re.compile(rf"[{HAN}]{{0,8}}(?:户口?|农业|居民|非农)")
_NUMBER = re.compile(r"[0-9A-Z-]{4,20}", re.ASCII)
_PLACE = re.compile(r"[省市区县镇乡村街路巷]")
_RELATION = re.compile(rf"[{HAN}]{{1,7}}")
_KIN = re.compile(
    r"户主|本人|[夫妻妾]|配偶|[子女儿孙]|[父母]|[兄弟姐妹哥]|[媳婿]|[岳翁婆公]|[祖爷奶]|[叔伯姑舅姨婶]|[侄甥]|亲属|其他|集体|户员|成员|职工|学生|保姆"
)
_HEAD = frozenset({"户主", "本人"})


def parse_registered_name(text: str) -> str | Repaired | None:
    """A name in simplified characters, which the register is kept in: an engine sometimes sees the traditional form."""
    name = parse_name(text)
    simplified = name.translate(TRADITIONAL_TO_SIMPLIFIED) if name is not None else None
    if simplified is None or simplified == name:
        return name
    return Repaired(simplified, repaired=True)


def parse_household_type(text: str) -> str | None:
    """家庭户, 居民家庭户, 非农业家庭户, 集体户 … as printed."""
    value = squeeze(text).strip(":,.;")
    match = _KIND.match(value)
    return match.group() if match and len(match.group()) >= 2 else None


def parse_household_no(text: str) -> str | None:
    """The number of the household, digits as a rule."""
    value = digits_for_letters(squeeze(text)).strip(":,.;").upper()
    return value if _NUMBER.fullmatch(value) and any(char.isdigit() for char in value) else None


def parse_relation(text: str) -> str | None:
    """户主, 妻, 长女, 孙子 … (kinds of GB/T 4761), as printed."""
    value = squeeze(text).strip(":,.;")
    return value if _RELATION.fullmatch(value) and _KIN.search(value) else None


def _is_own(layout: Layout, label: Token) -> bool:
    """Whether a label 住址 is a label of its own and not the second line of 本市(县)其他 / 住址."""
    return not any(
        0 < label.middle - other.middle < 2.0 * label.height and abs(other.left - label.left) < 3.0 * label.height
        for other in layout.labels("other_address")
    )


def _address(layout: Layout) -> ReadField | None:
    """The household's address: only a page with the household's own labels prints it."""
    if not any(layout.labels(key) for key in ("household_type", "head_name", "household_no")):
        return None
    return in_cell(layout, "address", parse_address, where=lambda label: _is_own(layout, label))


_FILLS_ITS_LINE = 8
"""Characters of a head's name from which it is a body's and may go on below: collective households have bodies as heads."""


def _head_name(layout: Layout) -> ReadField | None:
    """The head of the household: a person, or the body that a collective household belongs to, over several lines."""
    found = beside(layout, "head_name", parse_registered_name)
    if found is None or len(found.text) < _FILLS_ITS_LINE:
        return found
    whole = beside(layout, "head_name", parse_registered_name, wraps=True)
    return whole if whole is not None and whole.text.startswith(found.text) else found


def _relation_beside_name(layout: Layout) -> ReadField | None:
    """The relation at the end of the name's row, where its two-line label was not read: the words are a closed set."""
    for label in layout.labels("name"):
        for token in layout.row_of(label):
            value = parse_relation(token.text) if token.label is None and token.left > label.right else None
            if value is not None:
                return make_field(layout, [token], value, None)
    return None


_MOVED = "moved_to"
"""An address on the page of changes; it becomes the register's address when the pages are joined."""
_ROW_OF_DATE = 2.2
"""Heights of a date up to which the lines of its row stand above and below it: an address takes two or three lines."""


def _moved_to(layout: Layout) -> ReadField | None:
    """The latest address of 住址变动登记, a table with the new address, the day and the clerk in each row; None when it is empty."""
    for head in layout.labels(_MOVED):
        day_heads = [other for other in layout.row_of(head) if other.label == "moved_on" and other.left > head.right]
        if not day_heads:
            continue
        bound = day_heads[0].left - 0.5 * head.height
        below = [token for token in layout.text_tokens() if token.middle > head.middle + head.height]
        days = [(day, token) for token in below if token.right > bound and (day := parse_day(token.text))]
        rows: list[tuple[str, float, list[Token], str | Repaired]] = []
        for day, dated in days:
            reach = _ROW_OF_DATE * dated.height
            lines = [
                token
                for token in sorted(below, key=lambda token: (token.middle, token.left))
                if token.left + token.width / 2 < bound
                and abs(token.middle - dated.middle) <= reach
                and not any(abs(token.middle - other.middle) < abs(token.middle - dated.middle) for _, other in days)
            ]
            told = "".join(token.text for token in lines)
            value = parse_address(told)
            if value is not None and _PLACE.search(told):
                rows.append((day, dated.middle, lines, value))
        if rows:
            _, _, tokens, value = max(rows, key=lambda row: row[:2])
            return make_field(layout, tokens, value, head)
    return None


def read_household_register(page: ReadPage) -> dict[str, ReadField]:
    """The fields of one page: the first page's, a member's, or both where one picture shows the open book."""
    layout = Layout(page, LABELS)
    return collect(
        {
            "household_type": beside(layout, "household_type", parse_household_type),
            "head_name": _head_name(layout),
            "household_no": beside(layout, "household_no", parse_household_no),
            "address": _address(layout),
            _MOVED: _moved_to(layout),
            "name": beside(layout, "name", parse_registered_name),
            "relation": beside(layout, "relation", parse_relation)
            or beside_split_label(layout, "relation", parse_relation)
            or _relation_beside_name(layout),
            "sex": beside(layout, "sex", read_sex),
            "birth_date": beside(layout, "birth_date", parse_day),
            "ethnicity": beside(layout, "ethnicity", read_ethnicity),
            "id_number": id_number(layout) or beside_split_label(layout, "id_number", read_id),
        }
    )


def join_household_register(pages: Sequence[Fields]) -> Fields:
    """One register from its pages: the household of the page that tells most of it, one member of one page.

    People often add the head's page to their own: of several members the one who is not the head is the applicant.
    """
    firsts = [{name: page[name] for name in FIRST_PAGE if name in page} for page in pages]
    members = [{name: page[name] for name in MEMBER_PAGE if name in page} for page in pages]
    people = [member for member in members if "name" in member or "id_number" in member]
    others = [member for member in people if "relation" in member and member["relation"].value not in _HEAD]
    first = max(firsts, key=len, default={})
    member = max(others or people, key=len, default={})
    # A change of address is a page further on, and the last one counts.
    moved = [page[_MOVED] for page in pages if _MOVED in page]
    later = {"address": moved[-1]} if moved else {}
    # A label of the other page misread on this one adds nothing: what the chosen pages lack stays absent.
    return {**first, **later, **member}
