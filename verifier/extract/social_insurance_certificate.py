"""Fields of a social-insurance certificate (参保证明): a head, a table of periods and employers, a total."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.reading import InsuredRow, ReadField
from verifier.compare.dates import read_month
from verifier.compare.text import digits_for_letters, squeeze
from verifier.extract.fields import beside, collect, id_number, make_field, parse_name
from verifier.extract.join import Fields, surest
from verifier.extract.layout import Labels, Layout, Token, in_reading_order, joined, overlap, same_row
from verifier.extract.page import ReadPage
from verifier.extract.prose import prose_of
from verifier.extract.tables import column_below, cross
from verifier.extract.written import parse_day
from verifier.geometry import union

LABELS: Labels = {
    "name": ("姓名", "参保人姓名", "参保人员姓名", "缴费人姓名", "参保人"),
    "id_number": ("证件号码", "身份证号码", "公民身份号码", "身份证号", "社会保障号码", "社会保障号", "个人社保号"),
    "id_type": ("证件类型",),
    "city": ("参保地", "参保地区", "参保城市", "参保所在地", "统筹区", "统筹地区", "参保统筹区"),
    "printed_on": (
        "证明时间", "证明日期", "打印日期", "打印时间", "出具日期", "出具时间", "开具日期", "开具时间", "查询时间", "查询日期", "制表日期",
    ),
    "period": (
        re.compile(r"(?:参保|缴费|缴存)?(?:起止|起讫)(?:时间|年月|日期|月份)"),
        re.compile(r"(?:缴费|费款|对应费款|缴费所属|建账)?(?:所属期|所属年月|年月|月份)"), "参保时段", "缴费时段", "缴费期间",
    ),
    "start": ("开始年月", "起始年月", "开始时间", "起始时间", "开始月份", "参保开始年月", "缴费开始年月"),
    "end": ("终止年月", "截止年月", "结束年月", "终止时间", "结束时间", "截止月份", "参保终止年月", "缴费终止年月"),
    "employer": (
        "单位名称", "参保单位名称", "参保单位", "缴费单位名称", "缴费单位", "用人单位", "所在单位", "单位全称", "工作单位", "单位",
    ),
    "number": ("单位编号", "单位代码", "单位社保号", "社保编号", "序号"),
    "pension": ("企业职工基本养老保险", "城镇职工基本养老保险", "基本养老保险", "养老保险", "基本养老", "养老"),
    "injury": ("工伤保险", "工伤"),
    "jobless": ("失业保险", "失业"),
    "medical": ("职工基本医疗保险", "医疗保险", "生育保险", "医疗", "生育"),
    "base": ("缴费基数", "缴费工资", "单位缴费", "个人缴费", "缴费金额"),
    "total": ("合计实际缴费月数", "累计月数合计", "实际缴费月数", "累计缴费月数", "缴费月数合计", "合计月数", "累计月数", "合计", "总计"),
}  # fmt: skip

_MONTH = r"(?:19|20)\d{2}(?:年|[-./])?(?:1[0-2]|0?[1-9])月?"
_PERIOD = re.compile(rf"(?P<start>{_MONTH})\s*(?:-|—|–|~|至|到)+\s*(?P<end>{_MONTH})")
_ONE_MONTH = re.compile(rf"^{_MONTH}$")
_PAID = re.compile(r"实际缴费(?P<value>[\dOo]{1,3})个?月")
_PAID_IN_WORDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"养老[^\d;;。]{0,16}?(?:缴费|月数|合计|累计)[^\d;;。]{0,10}?(?P<value>[\dOo]{1,3})个?月",
        r"(?:缴费|月数|合计|累计)[^\d;;。]{0,10}?养老[^\d;;。]{0,8}?(?P<value>[\dOo]{1,3})个?月",
        r"(?:累计|合计)(?:实际)?缴费(?:月数)?[^\d]{0,4}(?P<value>[\dOo]{1,3})个?月",
    )
)
_COUNT = re.compile(r"^(?P<value>[\dOo]{1,3})(?:个?月)?$")
_CITIES_IN_TEXT = (
    re.compile(r"在(?P<value>[\u4e00-\u9fff]{2,6}?市)(?:的)?(?:参加|社会保险|参保|缴)"),
    re.compile(r"(?P<value>[\u4e00-\u9fff]{2,4}?市)(?:个人)?(?:社会保险|社保|人力资源)"),
    re.compile(r"(?P<value>[\u4e00-\u9fff]{2,4}?市):"),
)
"""The sentence above the table, the name of the agency or the title, the prefix of an employer."""
_CITY = re.compile(r"[\u4e00-\u9fff]{2,6}市")
_PREFIX = re.compile(r"^[\u4e00-\u9fff]{2,6}市[:：]")
_STATUS = re.compile(
    r"已?(?:缴费|到账|缴纳|足额缴费)|[未欠补缓]缴费?|正常(?:缴费|参保)?|参保(?:缴费)?|[是否有无]|在保|实缴"
)
_NO_EMPLOYER = re.compile(r"小计|合计|总计|累计|截止|以下空白")


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
        and not _STATUS.fullmatch(re.sub(r"\s", "", token.text))
        and (not heads or any(overlap(token, head) > 0.2 or _under(token, head) for head in heads))
    ]
    return in_reading_order(found)


def _under(token: Token, head: Token) -> bool:
    """Whether the head stands over the token's middle part (cells are wider than their heads)."""
    return token.left - head.height < (head.left + head.right) / 2 < token.right + head.height


def _employer(tokens: Sequence[Token]) -> str | None:
    """The employer's name without the city before it; None for a row of sums."""
    name = _PREFIX.sub("", re.sub(r"\s", "", joined(tokens))).strip(":：,，")
    return name if name and not _NO_EMPLOYER.match(name) else None


Row = tuple[InsuredRow, list[Token]]


def _free_rows(layout: Layout) -> list[Row]:
    """Rows by their months, wherever they stand: tables without rules, and rules that were not found."""
    periods = _periods(layout)
    rows: list[Row] = []
    for period in periods:
        names = _employer_tokens(layout, period, periods)
        employer = _employer(names)
        if employer is not None:
            row = InsuredRow(employer=employer, start_month=period.start, end_month=period.end)
            rows.append((row, [*period.tokens, *names]))
    return rows


def _ruled_rows(layout: Layout) -> list[Row]:
    """Rows of a ruled table: under the heads of the months and of the employer, cell by cell."""
    rows: list[Row] = []
    for head in layout.labels("employer"):
        spans = [
            (start, end)
            for start_key, end_key in (("start", "end"), ("period", "period"))
            for start in layout.labels(start_key)
            for end in layout.labels(end_key)
            if _same_head(layout, head, start)
            and _same_head(layout, head, end)
            and (start is end or start_key == "start")
        ]
        for start, end in spans[:1]:
            for number in column_below(layout, start):
                row = _ruled_row(layout, number, start, end, head)
                if row is not None:
                    rows.append(row)
        if rows:
            break
    return rows


def _same_head(layout: Layout, one: Token, other: Token) -> bool:
    """Whether two heads stand in different cells of the same table's head."""
    if layout.grid is None or one.cell is None or other.cell is None or one.cell == other.cell:
        return False
    a, b = layout.grid.cells[one.cell], layout.grid.cells[other.cell]
    return a.table == b.table and a.row < b.row + b.row_span and b.row < a.row + a.row_span


def _ruled_row(layout: Layout, number: int, start: Token, end: Token, employer: Token) -> Row | None:
    """The row whose first month stands in cell `number`; a head over several columns speaks for all of them."""
    months = list(dict.fromkeys([*cross(layout, number, start), *cross(layout, number, end)]))
    names = [at for at in cross(layout, number, employer) if at not in months]
    tokens = {at: layout.in_cell(at) for at in (*months, *names)}
    both = _both_months([squeeze(joined(tokens[at])) for at in months if tokens[at]])
    name = _employer([token for at in names for token in tokens[at] if token.label is None])
    if both is None or name is None:
        return None
    row = InsuredRow(employer=name, start_month=both[0], end_month=both[1])
    return row, [token for each in tokens.values() for token in each]


def _both_months(texts: Sequence[str]) -> tuple[str, str] | None:
    """First and last month of a cell, or of the two cells they stand in; one month alone is both."""
    plain = [digits_for_letters(text) for text in texts]
    match = _PERIOD.search(plain[0]) if len(plain) == 1 else None
    ends = [match["start"], match["end"]] if match else plain
    if len(ends) not in (1, 2) or not all(_ONE_MONTH.match(end) for end in ends):
        return None
    first, last = read_month(ends[0]), read_month(ends[-1])
    return (first, last) if first is not None and last is not None else None


def _rows(layout: Layout) -> ReadField | None:
    ruled, free = _ruled_rows(layout), _free_rows(layout)
    rows = ruled if len(ruled) >= len(free) else free
    if not rows:
        return None
    heads = layout.labels("employer")
    field = make_field(layout, [token for _, tokens in rows for token in tokens], "rows", heads[0] if heads else None)
    values = tuple(row for row, _ in rows)
    raw = "\n".join(f"{row.start_month}-{row.end_month} {row.employer}" for row in values)
    return field.model_copy(update={"value": values, "raw": raw})


def _months_paid(layout: Layout) -> ReadField | None:
    """The pension insurance's total: its own column's sum, or `实际缴费N个月` under that column, or a sentence about it."""
    pension = layout.labels("pension")
    column = [
        token
        for token in layout.text_tokens()
        if not pension or any(overlap(token, head) > 0.2 or _under(token, head) for head in pension)
    ]
    places: list[tuple[Sequence[Token], re.Pattern[str]]] = []
    for head in pension:
        places.extend((layout.in_cell(cell), _PAID) for cell in reversed(column_below(layout, head)))
    places.extend(((column, _PAID), (layout.tokens, _PAID)))
    places.extend((layout.tokens, pattern) for pattern in _PAID_IN_WORDS)
    for tokens, pattern in places:
        hit = prose_of(layout, tokens).search(pattern) if tokens else None
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
    text = prose_of(layout)
    hit = next((found for pattern in _CITIES_IN_TEXT if (found := text.search(pattern))), None)
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


def join_social_insurance_certificate(pages: Sequence[Fields]) -> Fields:
    """A certificate of several pages: rows of all pages in their order; the total and the day stand on the last."""
    joined_fields = surest(pages)
    with_rows = [page["rows"] for page in pages if "rows" in page]
    if len(with_rows) > 1:
        rows = tuple(row for field in with_rows for row in field.value if isinstance(row, InsuredRow))
        joined_fields["rows"] = with_rows[0].model_copy(
            update={
                "value": rows,
                "raw": "\n".join(field.raw for field in with_rows),
                "confidence": min(field.confidence for field in with_rows),
            }
        )
    for name in ("months_paid", "printed_on"):
        joined_fields.update(next(({name: page[name]} for page in reversed(pages) if name in page), {}))
    return joined_fields
