"""Fields of cards: the resident ID card and the Guangdong residence permit (card, screenshot or download)."""

from __future__ import annotations

import re
from dataclasses import replace

from schemas.reading import ReadField
from verifier.compare.dates import read_date, read_date_range
from verifier.compare.ethnicities import ETHNICITIES
from verifier.compare.values import read_ethnicity, read_sex
from verifier.extract.fields import (
    LOOK_SCORE,
    Parser,
    beside,
    collect,
    id_number,
    make_field,
    parse_address,
    parse_name,
    parse_organisation,
)
from verifier.extract.layout import Labels, Layout, in_reading_order, joined
from verifier.extract.page import ReadPage
from verifier.extract.written import parse_day

_PERSON: Labels = {
    "name": ("姓名", "持证人姓名", "持证人", "持有人"),
    "sex": ("性别",),
    # Streets are called 民族大道: the label is followed by nothing, a colon or the name of a group.
    "ethnicity": (re.compile(rf"民族(?=$|[:：]|{'|'.join(ETHNICITIES)})"),),
    "birth_date": ("出生日期", "出生年月日", "出生年月", "出生"),
    "id_number": ("公民身份证号码", "公民身份号码", "公民身份证号", "身份证号码", "证件号码", "身份号码", "身份证号"),
    "issuing_authority": ("签发机关", "发证机关", "签发单位", "发证单位"),
}

RESIDENT_ID_CARD_LABELS: Labels = {
    **_PERSON,
    "address": ("住址",),
    "valid": ("有效期限", "有效期"),
}

RESIDENCE_PERMIT_LABELS: Labels = {
    **_PERSON,
    "hukou_address": (
        "常住户口所在地住址", "常住户口所在地", "户籍所在地住址", "户籍所在地址", "户籍所在地", "户籍地址",
        "户口所在地", "户籍住址", "户籍地", "户口地址",
    ),
    "current_address": ("现居住地址", "现居住地住址", "居住地住址", "居住地址", "现居住地", "现住址", "居住地"),
    "issue_date": ("签发日期", "发证日期", "签发日", "首次签发日期"),
    "valid": ("有效期限至", "有效期限", "有效期至", "有效期截止日期", "有效期截止", "截止日期", "有效日期", "有效期"),
}  # fmt: skip

_LOOSE = ("sex", "ethnicity", "birth_date")
"""Cards print these close together; an engine may join them into one line."""


def _person(layout: Layout) -> dict[str, ReadField | None]:
    return {
        "name": beside(layout, "name", parse_name),
        "sex": beside(layout, "sex", read_sex) or _sex_before_ethnicity(layout),
        "ethnicity": beside(layout, "ethnicity", read_ethnicity),
        "birth_date": beside(layout, "birth_date", parse_day),
        "id_number": id_number(layout),
        "issuing_authority": beside(layout, "issuing_authority", parse_organisation, wraps=True),
    }


def _sex_before_ethnicity(layout: Layout) -> ReadField | None:
    """A closer look at the row's left part where neither 性别 nor its value was found: two small words, easily passed over."""
    margin = [token.left for key in ("name", "birth_date") for token in layout.labels(key)]
    groups = layout.labels("ethnicity")
    if layout.page.look is None or not margin or not groups or layout.labels("sex"):
        return None
    label = groups[0]
    if label.left - min(margin) < 3 * label.height:
        return None
    box = layout.gap_left(label, min(margin))
    answer = layout.page.look(box)
    value = read_sex(answer.text) if answer.score >= LOOK_SCORE else None
    if value is None:
        return None
    return make_field(layout, [replace(label, text=answer.text, score=answer.score, box=box, label=None)], value, label)


def _valid_from(text: str) -> str | None:
    both = read_date_range(text)
    return both[0] if both else None


def _valid_to(text: str) -> str | None:
    both = read_date_range(text)
    return both[1] if both else None


def _open_or_range_end(text: str) -> str | None:
    """End of a validity that may be printed as a range or as its end alone."""
    return _valid_to(text) or read_date(text)


def read_resident_id_card(page: ReadPage) -> dict[str, ReadField]:
    """Front: name, sex, ethnicity, birth, address, number. Back: authority and validity (Resident ID law Art. 3)."""
    layout = Layout(page, RESIDENT_ID_CARD_LABELS, loose=_LOOSE)
    return collect(
        _person(layout)
        | {
            "address": beside(layout, "address", parse_address, wraps=True) or _address_by_place(layout),
            "valid_from": beside(layout, "valid", _valid_from) or _only_range(layout, _valid_from),
            "valid_to": beside(layout, "valid", _valid_to) or _only_range(layout, _valid_to),
        }
    )


def _address_by_place(layout: Layout) -> ReadField | None:
    """The lines between the row of birth and the number, where the label 住址 was not read: nothing else stands there."""
    above, below = layout.labels("birth_date"), layout.labels("id_number")
    if not above or not below or layout.labels("address"):
        return None
    lines = [
        token
        for token in layout.text_tokens()
        if above[0].middle + 0.7 * above[0].height < token.middle < below[0].middle - 0.7 * below[0].height
        and token.left > above[0].left
    ]
    value = parse_address(joined(in_reading_order(lines))) if lines else None
    return make_field(layout, lines, value, None) if value is not None else None


def _only_range(layout: Layout, parse: Parser) -> ReadField | None:
    """A range of dates needs no label: on this card nothing else is one. Its label may lie under glare or a finger."""
    ranges = [(token, value) for token in layout.text_tokens() if (value := parse(token.text)) is not None]
    return make_field(layout, [ranges[0][0]], ranges[0][1], None) if len(ranges) == 1 else None


def read_residence_permit(page: ReadPage) -> dict[str, ReadField]:
    """Content of the permit as the Interim Regulations on Residence Permits Art. 4 list it."""
    layout = Layout(page, RESIDENCE_PERMIT_LABELS, loose=_LOOSE)
    return collect(
        _person(layout)
        | {
            "hukou_address": beside(layout, "hukou_address", parse_address, wraps=True),
            "current_address": beside(layout, "current_address", parse_address, wraps=True),
            "issue_date": beside(layout, "issue_date", parse_day),
            "valid_to": beside(layout, "valid", _open_or_range_end),
        }
    )
