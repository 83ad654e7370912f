"""Fields of a labour contract (劳动合同, 聘用合同): the parties, the term, the post, the signatures (DOMAIN.md 2.8).

Contracts are forms whose blanks somebody filled in, clauses with the values inside, or tables; one may be all three.
Blanks of the kind not agreed on are left empty or struck with `/`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from schemas.reading import ReadField
from verifier.compare.dates import LONG_TERM, read_date, read_date_range
from verifier.compare.ids import Repaired
from verifier.compare.text import HAN, squeeze
from verifier.extract.fields import (
    beside,
    collect,
    id_number,
    make_field,
    parse_address,
    parse_name,
    parse_organisation,
    uscc,
)
from verifier.extract.join import Fields, greatest, surest
from verifier.extract.layout import Labels, Layout, Token
from verifier.extract.page import ReadPage
from verifier.extract.prose import Prose, field_of, first_match, prose_of
from verifier.extract.written import DATE, parse_day, parse_words, written_date, written_range

LABELS: Labels = {
    "employer": (
        "甲方(用人单位)名称", "甲方(聘用单位)名称", "用人单位(甲方)名称", "聘用单位(甲方)名称", "用人单位名称", "聘用单位名称",
        "甲方单位名称", "甲方名称", "单位名称", "学校名称", "名称",
    ),
    "party_a": (
        "甲方(用人单位)", "甲方(聘用单位)", "甲方(单位)", "甲方(学校)", "用人单位(甲方)", "聘用单位(甲方)", "甲方(盖章)", "甲方(公章)",
        "甲方(签章)", "甲方盖章", "用人单位", "聘用单位", "甲方",
    ),
    "name": (
        "乙方(劳动者)姓名", "乙方(受聘人员)姓名", "劳动者(乙方)", "受聘人员(乙方)", "受聘人(乙方)",
        "劳动者姓名", "受聘人员姓名", "受聘人姓名", "乙方姓名", "职工姓名", "员工姓名",
        "教师姓名", "姓名",
    ),
    "id_number": (
        "居民身份证号码", "公民身份证号码", "公民身份号码", "有效身份证件号码", "身份证件号码", "身份证(护照)号码", "身份证号码",
        "身份证号", "证件号码", "身份证",
    ),
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
    "term": ("劳动合同期限", "聘用合同期限", "合同期限", "聘用期限", "合同期", "聘期", "合同类型", "期限类型"),
    "term_start": (
        "劳动合同起始日期", "合同起始日期", "合同开始日期", "合同起始时间", "合同开始时间", "合同生效日期", "聘用起始日期", "起始日期",
        "开始日期", "起始时间",
    ),
    "term_end": (
        "劳动合同终止日期", "合同终止日期", "合同结束日期", "合同到期日期", "合同截止日期", "合同终止时间", "合同到期日", "聘用终止日期",
        "终止日期", "截止日期", "到期日期", "结束日期", "终止时间",
    ),
    "position": (
        "工作岗位(工种)", "岗位(工种)", "工作岗位名称", "工作岗位", "岗位名称", "聘用岗位", "受聘岗位", "岗位职务", "职务(岗位)", "岗位",
        "职务",
    ),
    "workplace": ("工作地点(区域)", "工作地点", "工作地址", "工作场所", "工作区域", "履行地点"),
    "sign_date": (
        "合同签订日期", "合同签署日期", "签订日期", "签署日期", "签约日期", "订立日期", "签字日期", "签订时间", "签约时间",
    ),
    "dated": ("日期",),
    "sex": ("性别",),
    # what only ends a value
    "other": (
        "法定代表人(主要负责人)或委托代理人", "法定代表人(主要负责人)", "法定代表人(负责人)", "法定代表人姓名", "法定代表人",
        "主要负责人", "委托代理人", "联系人姓名", "联系人", "出生日期", "出生年月", "民族", "文化程度", "学历", "户籍地址",
        "户口所在地", "现住址", "家庭住址", "通讯地址", "通信地址", "联系地址", "单位地址", "注册地址", "住所", "住址", "地址",
        "邮政编码", "邮编", "联系电话", "联系方式", "手机号码", "电话", "电子邮箱", "合同编号", "编号", "试用期限", "试用期",
        "入职日期", "发薪日期", "鉴证日期", "备案日期", "劳动报酬", "工资", "工时制度",
    ),
}  # fmt: skip

_PARTY_B = re.compile(
    rf"^(?:乙方|劳动者|受聘人员?)(?:\([^()]{{2,8}}\))?(?:姓名|签名|签字)?(?:\([^()]{{2,8}}\))?[:_]+(?P<value>[{HAN}]{{2,4}}|[{HAN}]{{1,12}}·[{HAN}·]{{1,24}})"
    r"(?=$|[_,()]|性别|身份|居民|公民|出生|男|女|日期|\d)"
)
_SIGNED = re.compile(r"签名|签字|签章|盖章")
_SIGNATURE_TRUST = 0.9
"""A signature is handwriting made to be recognised, not read."""

_RANGE = re.compile(
    rf"(?P<range>(?P<start>{DATE})(?:[(][^()]*[)])?(?:起|开始|生效|始)?[,]?(?:计算|算起)?[,]?(?:至|到|[-~—]+|于)(?P<end>{DATE}))"
)
_FROM = re.compile(rf"(?P<start>{DATE})(?:起|开始|生效|始)")
_UNFIXED = re.compile(r"无固定(?:期限)?")
_UNFIXED_TICKED = re.compile(r"[☑√✓✔■●]\W?无固定期限|无固定期限\W?[☑√✓✔■●]")
_ANOTHER_PERIOD = re.compile(r"试用|见习|实习|服务期|培训|保密|竞业|假期|放假|原合同|原劳动合同")
_CHOICE = re.compile(r"第[(]?([1-3一二三①②③])[)]?[种款项条]")
_CLAUSE_END = re.compile(r"[。;；]")
_DATE_CHARACTERS = re.compile(r"[\d年月日./〇零○一二三四五六七八九十元廿卅-]")

_PLACE_STOP = r"(?=[,。;；]|第[一二三四五六七八九十\d]+条|[一二三四五六七八九十]+、|乙方|甲方|$)"
_PLACE = re.compile(
    r"(?:工作(?:的)?(?:区域或(?:者)?(?:工作)?地点|地点或区域|地点|场所|区域|地址)|履行地(?:点)?)(?:[(][^()]{1,8}[)])?(?:为|是|在|位于|:|:为)+"
    rf"(?P<value>[^,。;；:]{{4,60}}?){_PLACE_STOP}"
)
_POST_WORD = rf"[{HAN}A-Za-z0-9()、·]{{1,20}}?"
_POSTS = (
    re.compile(
        rf"(?:担任|从事|受聘为|聘用为|(?:聘用?|聘任|聘请)乙方(?:为|在|到|至|于)|安排(?:乙方)?(?:在|到|至|于)|乙方(?:同意)?(?:在|到|于))(?P<value>{_POST_WORD})"
        r"(?:[(](?:工种|职务|岗位)[)])?(?:岗位(?!岗位)|职务|工种|一职|工作)"
    ),
    re.compile(
        rf"(?:工作)?岗位(?:名称)?(?:[(](?:工种|职务)[)])?(?:为|是|:)+(?P<value>{_POST_WORD})(?:工作)?(?:[,。;；]|第[一二三四五六七八九十]+条|$)"
    ),
)
_NO_POST = re.compile(
    r"有毒|有害|禁忌|特种|其他|其它|兼职|繁重|夜班|接触|任何|本职|相应|新的|原|约定|下列|以下|非法|违法|甲方|乙方|^的$|^该$|^某$"
)


def _before(text: str, at: int) -> str:
    """The clause's text that leads up to a place."""
    ends = [match.end() for match in _CLAUSE_END.finditer(text, 0, at)]
    return text[max([*ends, at - 40, 0]) : at]


def _fixed_terms(prose: Prose) -> Iterator[re.Match[str]]:
    for match in _RANGE.finditer(prose.text):
        lead = re.split(r"[,:：]", _before(prose.text, match.start()).rstrip(",:：自从由于"))[-1]
        if not _ANOTHER_PERIOD.search(lead):
            yield match


def _unfixed_start(prose: Prose) -> re.Match[str] | None:
    """Where a term without end begins: a date in the clause of 无固定期限 that no second date follows."""
    for mark in _UNFIXED.finditer(prose.text):
        stop = _CLAUSE_END.search(prose.text, mark.end())
        match = _FROM.search(prose.text, mark.end(), stop.start() if stop else len(prose.text))
        if match is not None and match.start() - mark.end() <= 24 and not _RANGE.match(prose.text, match.start()):
            return match
        lead = re.search(rf"(?P<start>{DATE})(?:起|开始)[^。;；]{{0,12}}$", prose.text[: mark.start()])
        if lead is not None:
            return lead
    return None


def _term(layout: Layout, prose: Prose) -> Fields:
    """`term_start` and `term_end` from a clause, from labels of their own, or from the cell of the term."""
    fixed, unfixed = list(_fixed_terms(prose)), _unfixed_start(prose)
    choice = _CHOICE.search(prose.text)
    second = choice is not None and choice[1] in "2二②"
    if unfixed is not None and (not fixed or second):
        start = written_date(unfixed["start"])
        mark = next(_UNFIXED.finditer(prose.text)).span()
        return collect(
            {
                "term_start": field_of(layout, prose, unfixed.span("start"), start) if start else None,
                "term_end": field_of(layout, prose, mark, LONG_TERM),
            }
        )
    for match in reversed(fixed):
        # The last one: a renewal stands behind the term it renews. It begins where the first one begins.
        both = read_date_range(f"{match['start']}至{match['end']}") or written_range(match["start"], match["end"])
        first = written_date(fixed[0]["start"])
        if both is not None:
            return collect(
                {
                    "term_start": field_of(layout, prose, fixed[0].span("start"), first) if first else None,
                    "term_end": field_of(layout, prose, match.span("end"), both[1]),
                }
            )
    found = collect(
        {
            "term_start": beside(layout, "term_start", parse_day) or beside(layout, "term", _range_start),
            "term_end": beside(layout, "term_end", _end) or beside(layout, "term", _range_end),
        }
    )
    ticked = _UNFIXED_TICKED.search(prose.text)
    if "term_end" not in found and ticked is not None:
        found["term_end"] = field_of(layout, prose, ticked.span(), LONG_TERM)
    return found


def _range_start(text: str) -> str | None:
    both = read_date_range(text.replace("起", "").replace("止", ""))
    return both[0] if both else None


def _range_end(text: str) -> str | None:
    plain = squeeze(text)
    both = read_date_range(plain.replace("起", "").replace("止", ""))
    if both:
        return both[1]
    return LONG_TERM if re.fullmatch(r"无固定期限(?:劳动合同|合同)?", plain) else None


def _end(text: str) -> str | None:
    value = read_date(text)
    return value if value is not None and (value != LONG_TERM or "无固定" in text or "长期" in text) else None


def _employer(layout: Layout) -> ReadField | None:
    return beside(layout, "employer", _organisation, wraps=True) or beside(
        layout, "party_a", _organisation, wraps=True, past=("employer",)
    )


def _organisation(text: str) -> str | None:
    return parse_organisation(re.sub(r"^[:：]*[(][^()]{1,10}[)][:：]?", "", squeeze(text).replace("_", "")))


def _name(layout: Layout) -> ReadField | None:
    """Beside 姓名; else what follows 乙方 and a colon, a signature being trusted less."""
    field = beside(layout, "name", _person)
    if field is not None:
        return field
    for number, line in enumerate(layout.page.lines):
        text = squeeze(line.text)
        match = _PARTY_B.match(text)
        name = parse_name(match["value"]) if match else None
        tokens = [token for token in layout.tokens if token.line == number]
        if match is None or name is None or not tokens:
            continue
        field = make_field(layout, tokens, name, tokens[0])
        signed = _SIGNED.search(text[: match.start("value")]) is not None
        sure = field.confidence * _SIGNATURE_TRUST if signed else field.confidence
        return field.model_copy(update={"raw": match["value"], "confidence": round(sure, 3)})
    return None


def _person(text: str) -> str | None:
    name = parse_name(text)
    return name if name is not None and (len(name) <= 4 or "·" in name) else None


def _post(text: str) -> str | None:
    value = parse_words(text)
    return None if value is None or _NO_POST.search(value) or len(value) > 20 else value


def _signed_on(text: str) -> str | Repaired | None:
    """A whole date; a handwritten year of two digits is taken for this century's."""
    value = written_date(text)
    return value if isinstance(value, Repaired) or parse_day(text) is not None else None


def _sign_date(layout: Layout, prose: Prose) -> ReadField | None:
    """The day of signing: beside a label that says so, else the dates at the signatures, of which most agree."""
    field = beside(layout, "sign_date", _signed_on)
    if field is not None:
        return field
    dated = list(_dates_by_label(layout)) or list(_dates_alone(layout))
    if dated:
        votes = Counter(day for _, day in dated)
        chosen = max(votes, key=lambda day: (votes[day], day))
        tokens = max(
            (tokens for tokens, day in dated if day == chosen), key=lambda tokens: min(t.score for t in tokens)
        )
        labels = layout.labels("dated")
        return make_field(layout, tokens, chosen, labels[0] if labels else None)
    match = re.search(rf"(?:于|在)(?P<value>{DATE})(?:在[^,。]{{2,20}})?(?:签订|订立|签署|签约)", prose.text)
    day = parse_day(match["value"]) if match else None
    return field_of(layout, prose, match.span("value"), day) if match and day else None


def _dates_by_label(layout: Layout) -> Iterator[tuple[Sequence[Token], str]]:
    for label in layout.labels("dated"):
        for tokens in (layout.value_right(label), layout.right_of(label)):
            day = parse_day("".join(token.text for token in tokens)) if tokens else None
            if day is not None:
                yield tokens, day
                break


def _dates_alone(layout: Layout) -> Iterator[tuple[Sequence[Token], str]]:
    """Lines that are a date and nothing else, at the height of the signatures or under them."""
    signed = [token.middle - 2 * token.height for token in layout.tokens if _SIGNED.search(token.text)]
    for token in layout.text_tokens():
        day = parse_day(token.text)
        bare = len(_DATE_CHARACTERS.sub("", squeeze(token.text))) <= 1
        if day is not None and bare and signed and token.middle > min(signed):
            yield [token], day


def read_labor_contract(page: ReadPage) -> Fields:
    """What one page of the contract says; `long_term` ends a contract without a fixed term (无固定期限)."""
    layout = Layout(page, LABELS, loose=("sex",))
    prose = prose_of(layout)
    return _term(layout, prose) | collect(
        {
            "employer": _employer(layout),
            "uscc": uscc(layout),
            "name": _name(layout),
            "id_number": id_number(layout),
            "position": first_match(layout, prose, _POSTS, _post) or beside(layout, "position", _post),
            "workplace": first_match(layout, prose, (_PLACE,), parse_address)
            or beside(layout, "workplace", parse_address, wraps=True),
            "sign_date": _sign_date(layout, prose),
        }
    )


def join_labor_contract(pages: Sequence[Fields]) -> Fields:
    """The contract from its pages; it ends when the last of its terms ends, for a renewal is a page of its own."""
    return {**surest(pages), **greatest(pages, "term_end", lambda field: (field.text,))}
