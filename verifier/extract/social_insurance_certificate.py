"""Fields of a social-insurance certificate (参保证明): a head, a table of periods and employers, a total."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.reading import InsuredRow, ReadField
from verifier.compare.dates import read_month
from verifier.extract.fields import beside, collect, id_number, make_field, parse_name
from verifier.extract.layout import Labels, Layout, Token, in_reading_order, joined, overlap, same_row
from verifier.extract.page import ReadPage
from verifier.extract.prose import prose_of
from verifier.extract.written import parse_day
from verifier.geometry import union

LABELS: Labels = {
    "name": ("姓名", "参保人姓名", "参保人"),
    "id_number": ("证件号码", "身份证号码", "公民身份号码", "身份证号", "社会保障号码", "社会保障号"),
    "city": ("参保地", "参保地区", "参保城市", "参保所在地", "统筹区"),
    "printed_on": ("证明时间", "证明日期", "打印日期", "打印时间", "出具日期", "出具时间", "开具日期", "查询时间", "查询日期"),
    "period": ("参保起止时间", "参保起止年月", "缴费起止年月", "起止年月", "起止时间", "参保时段", "缴费年月"),
    "start": ("开始年月", "起始年月", "开始时间", "起始时间"),
    "end": ("终止年月", "截止年月", "结束年月", "终止时间", "结束时间"),
    "employer": ("单位名称", "参保单位名称", "参保单位", "缴费单位", "用人单位", "单位"),
    "pension": ("基本养老保险", "养老保险", "养老"),
    "injury": ("工伤保险", "工伤"),
    "jobless": ("失业保险", "失业"),
    "medical": ("医疗保险", "医疗", "生育"),
    "total": ("合计实际缴费月数", "累计月数合计", "实际缴费月数", "累计缴费月数", "缴费月数合计", "合计月数", "合计"),
}  # fmt: skip

_MONTH = r"(?:19|20)\d{2}(?:年|[-./])?(?:1[0-2]|0?[1-9])月?"
_PERIOD = re.compile(rf"(?P<start>{_MONTH})\s*(?:-|—|–|~|至|到)+\s*(?P<end>{_MONTH})")
_ONE_MONTH = re.compile(rf"^{_MONTH}$")
_PAID = re.compile(r"实际缴费(?P<value>[\dOo]{1,3})个?月")
_COUNT = re.compile(r"^(?P<value>[\dOo]{1,3})(?:个?月)?$")
_CITY_IN_TEXT = re.compile(r"在(?P<value>[\u4e00-\u9fff]{2,6}市)(?:的)?参加")
_CITY = re.compile(r"[\u4e00-\u9fff]{2,6}市")
_PREFIX = re.compile(r"^[\u4e00-\u9fff]{2,6}市[:：]")


def _count(text: str) -> str | None:
    """A number of months; print-outs of some systems write the letter O for zero (DOMAIN.md 2.9)."""
    match = _COUNT.match(re.sub(r"\s", "", text))
    return _digits(match.group("value")) if match else None


def _digits(text: str) -> str:
    return str(int(text.upper().replace("O", "0")))


def _city(text: str) -> str | None:
    match = _CITY.search(text)
    return match.group() if match else None


class _Period:
    """One table row's months, where they stand."""

    def __init__(self, start: str, end: str, tokens: Sequence[Token]) -> None:
        self.start = start
        self.end = end
        self.tokens = tuple(tokens)
        self.middle = sum(token.middle for token in tokens) / len(tokens)
        self.height = max(token.height for token in tokens)
        self.left = min(token.left for token in tokens)
        self.right = max(token.right for token in tokens)


def _periods(layout: Layout) -> list[_Period]:
    """Rows of the table by their months: `202210 - 202408` in one cell, or a start and an end in two cells of a row."""
    found: list[_Period] = []
    singles: list[tuple[Token, str]] = []
    for token in layout.text_tokens():
        text = re.sub(r"\s", "", token.text)
        match = _PERIOD.search(text)
        if match:
            start, end = read_month(match["start"]), read_month(match["end"])
            if start and end:
                found.append(_Period(start, end, [token]))
        elif _ONE_MONTH.match(text) and (month := read_month(text)):
            singles.append((token, month))
    used: set[int] = set()
    for at, (token, month) in enumerate(singles):
        if at in used:
            continue
        partners = [
            (other_at, other, other_month)
            for other_at, (other, other_month) in enumerate(singles)
            if other_at != at and other_at not in used and same_row(token, other) and other.left > token.right
        ]
        if partners:
            other_at, other, other_month = min(partners, key=lambda triple: triple[1].left)
            used.update((at, other_at))
            found.append(_Period(month, other_month, [token, other]))
        elif not any(same_row(token, other) and other is not token for other, _ in singles):
            used.add(at)
            found.append(_Period(month, month, [token]))
    return sorted(found, key=lambda period: period.middle)


def _employer_tokens(layout: Layout, period: _Period, all_periods: Sequence[_Period]) -> list[Token]:
    """Text of the employer's cell in a period's row; a long name wraps above and below the row's middle."""
    heads = layout.labels("employer")
    nearest = [other for other in all_periods if other is not period]
    gap = min((abs(other.middle - period.middle) for other in nearest), default=4.0 * period.height)
    reach = max(0.6 * period.height, min(0.52 * gap, 1.6 * period.height))
    found = [
        token
        for token in layout.text_tokens()
        if token not in period.tokens
        and abs(token.middle - period.middle) <= reach
        and re.search(r"[\u4e00-\u9fff]", token.text)
        and not _COUNT.match(re.sub(r"\s", "", token.text))
        and (not heads or any(overlap(token, head) > 0.2 or _under(token, head) for head in heads))
    ]
    return in_reading_order(found)


def _under(token: Token, head: Token) -> bool:
    """Whether the head stands over the token's middle part (cells are wider than their heads)."""
    return token.left - head.height < (head.left + head.right) / 2 < token.right + head.height


def _rows(layout: Layout) -> ReadField | None:
    periods = _periods(layout)
    rows: list[InsuredRow] = []
    tokens: list[Token] = []
    for period in periods:
        names = _employer_tokens(layout, period, periods)
        employer = _PREFIX.sub("", joined(names).replace(" ", "")).strip(":：,，")
        if not employer:
            continue
        rows.append(InsuredRow(employer=employer, start_month=period.start, end_month=period.end))
        tokens.extend([*period.tokens, *names])
    if not rows:
        return None
    field = make_field(layout, tokens, "rows", layout.labels("employer")[0] if layout.labels("employer") else None)
    return field.model_copy(
        update={"value": tuple(rows), "raw": "\n".join(f"{r.start_month}-{r.end_month} {r.employer}" for r in rows)}
    )


def _months_paid(layout: Layout) -> ReadField | None:
    """The pension insurance's total: its own column's sum, or `实际缴费N个月` under that column."""
    pension = layout.labels("pension")
    column = [
        token
        for token in layout.text_tokens()
        if not pension or any(overlap(token, head) > 0.2 or _under(token, head) for head in pension)
    ]
    for tokens in (column, layout.tokens):
        hit = prose_of(layout, tokens).search(_PAID)
        if hit:
            value, owners = hit
            return make_field(layout, owners, _digits(value), pension[0] if pension else None)
    for total in layout.labels("total"):
        row = [
            token
            for token in layout.right_of(total, past=("pension", "injury", "jobless", "medical"))
            if _count(token.text)
        ]
        if row:
            first = min(row, key=lambda token: abs(_centre(token) - _centre(pension[0]))) if pension else row[0]
            return make_field(layout, [first], _count(first.text) or "", total)
    return None


def _centre(token: Token) -> float:
    return (token.left + token.right) / 2


def _printed(layout: Layout) -> ReadField | None:
    field = beside(layout, "printed_on", parse_day)
    if field is not None:
        return field
    dated = [
        (token, day)
        for token in layout.text_tokens()
        if (day := parse_day(token.text)) and not _PERIOD.search(token.text)
    ]
    if not dated:
        return None
    token, day = max(dated, key=lambda pair: pair[0].middle)
    return make_field(layout, [token], day, None)


def _where(layout: Layout) -> ReadField | None:
    field = beside(layout, "city", _city)
    if field is not None:
        return field
    hit = prose_of(layout).search(_CITY_IN_TEXT)
    if hit is None:
        return None
    value, owners = hit
    named = make_field(layout, owners, value, None)
    return named.model_copy(update={"raw": value, "box": layout.page.uploaded(union([token.box for token in owners]))})


def read_social_insurance_certificate(page: ReadPage) -> dict[str, ReadField]:
    """Head, rows and total; wage bases are never read (DOMAIN.md 5.3)."""
    layout = Layout(page, LABELS, ruled=True)
    return collect(
        {
            "name": beside(layout, "name", parse_name),
            "id_number": id_number(layout),
            "city": _where(layout),
            "months_paid": _months_paid(layout),
            "printed_on": _printed(layout),
            "rows": _rows(layout),
        }
    )
