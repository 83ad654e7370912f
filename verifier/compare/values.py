"""The closed values and the numbers of forms, read from the raw text of a cell (DOMAIN 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifier.compare.ethnicities import ETHNICITIES
from verifier.compare.text import digits_for_letters, half_width, squeeze

KPA_TO_MMHG = 7.5006
"""1 kPa in mmHg."""

_GROUP = "|".join(sorted(ETHNICITIES, key=len, reverse=True))
_LABELLED_GROUP = re.compile(rf"民族[^\w]{{0,2}}({_GROUP})(?:族|$|(?=\W|\d|出生|性别|住址|婚|籍贯|文化|政治|学历))")
_BARE_GROUP = re.compile(rf":?({_GROUP})族?")
_LABELLED_SEX = re.compile(r"性别:?([男女])(?![/男女])")
_WHOLE_CELL = 8
"""Characters: a longer text without its label is a sentence, in which 男 and 女 may mean somebody else."""

_NUMBER = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?!\d|\.\d)", re.ASCII)
_POINT = re.compile(r"(?<=\d)[。·,、](?=\d)")
_NEAR_MARK = re.compile(r"\s*([./\\])\s*(?=\d)")
_GAP_IN_NUMBER = re.compile(r"(?<=[\d./])\s+(?=[\d./])", re.ASCII)
_ROMAN = str.maketrans({"Ⅰ": "1", "Ⅱ": "11", "Ⅲ": "111", "丨": "1"})
_ONES_ALONE = re.compile(r"^\W*[Il|]{2,3}(?=$|\s|I?U/|[次米厘公毫mck])")
"""Upright strokes and nothing else before a unit: a handwritten 11, which engines take for the Roman two."""
_REFERENCE = re.compile(r"参考.*|正常(?:值|范围).*|[(\[]?\d+(?:\.\d+)?[-~]\d+(?:\.\d+)?[)\]]?", re.ASCII | re.DOTALL)
_LETTERS_BY_HAND = {
    digit: re.compile(rf"(?<=[\d.])[{letters}](?![A-Za-z])|(?<![A-Za-z])[{letters}](?=[\d.])", re.ASCII)
    for digit, letters in (("4", "H"), ("5", "Ss"))
}
_MANGLED = re.compile(r"\d\s?[{}]|[{}]\s?\d", re.ASCII)
"""Braces stand for strokes that no engine could make out: what number they belong to is not known."""
_FIVE_POINT = (3.0, 5.3)
_DECIMAL_VISION = (0.02, 2.0)
_PRESSURES = tuple(
    re.compile(rf"(?<![\d.])(\d{{1,3}}(?:\.\d+)?){between}(\d{{1,3}}(?:\.\d+)?)(?![\d.])", re.ASCII)
    # a slash; what a slash is misread as; both values by their names; a slash misread as a one, all digits in a row
    for between in ("/", r"[\\|丨lI]", r"\D{0,8}舒张压\D{0,3}", "1(?=[4-9]\\d(?!\\d)|1[0-4]\\d(?!\\d))")
)
_RUN_TOGETHER = re.compile(r"(?<![\d.])(1\d\d|2[0-5]\d|[7-9]\d)([4-9]\d|1[0-4]\d)(?=mmHg)", re.ASCII | re.IGNORECASE)
"""Both values without anything between them: only beside the unit, and only where one way to part them is plausible."""
_TICKED = re.compile(r"[☑√✓✔■●](不?合格)")
_LEFT_EMPTY = re.compile(r"[□☐○](不?合格)")
_BOTH_PRINTED = re.compile(r"合格[^合不]{0,2}不合格|不合格[^合不]{0,2}合格")
_PUT_OFF = re.compile(r"复查|复检|待查|待定|缓|建议|基本|补检")
_OTHER_WORDS = re.compile(r"正常|健康|良好")
_QUALIFICATIONS = (
    # the longer names first: 中职实习指导 holds 中职, 职业高中 holds 高中
    ("vocational_practice", re.compile(r"(?:中等职业(?:学校)?|中职|中专)?实习指导")),
    ("secondary_vocational", re.compile(r"中等职业|中职|中专|职业高级中学|职业高中|职高|技工学校")),
    ("senior_middle", re.compile(r"高级中学|高中")),
    ("junior_middle", re.compile(r"初级中学|初中")),
    ("primary", re.compile(r"小学")),
    ("kindergarten", re.compile(r"幼儿")),
)
_MOBILE = re.compile(r"(?<!\d)(?:\+?86-?)?(1[3-9]\d)-?(\d{4})-?(\d{4})(?!\d)", re.ASCII)
_FIXED = re.compile(r"(?<!\d)\(?(0(?:10|2\d|[3-9]\d{2}))[)-]*([2-9]\d{6,7})(?:[-转](\d{1,6}))?(?!\d)", re.ASCII)
_LOCAL = re.compile(r"(?:\D*:)?([2-9]\d{6,7})", re.ASCII)


def read_sex(text: str) -> str | None:
    """`male` or `female`; None when neither or both are written."""
    plain = squeeze(text)
    labelled = _LABELLED_SEX.search(plain)
    found = {labelled[1]} if labelled else set(re.findall("[男女]", plain)) if len(plain) <= _WHOLE_CELL else set()
    if len(found) != 1:
        return None
    return "male" if found == {"男"} else "female"


def read_ethnicity(text: str) -> str | None:
    """One of the 56 groups without 族, from "汉", "汉族", "民族汉"; None for anything else."""
    plain = squeeze(text)
    match = _LABELLED_GROUP.search(plain) or _BARE_GROUP.fullmatch(plain)
    return match[1] if match else None


def read_vision(text: str) -> str | None:
    """Vision as written: the five-point score 3.0 to 5.3, or a decimal 0.02 to 2.0.

    A lost point is restored where only the five-point score is possible ("49" is 4.9). None when no single one is there.
    """
    for view in _numeric_views(text):
        values = {_vision(number) for number in _NUMBER.findall(view)}
        if len(values) == 1 and None not in values:
            return values.pop()
    return None


def read_blood_pressure(text: str) -> str | None:
    """`120/80` in mmHg, systolic first. Below 30 the systolic value is in kPa and is converted (x 7.5006).

    None when no single plausible pair is there (systolic 70-260, diastolic 40-150, systolic above diastolic).
    """
    raw = half_width(text)
    for view in (*_numeric_views(text), squeeze(raw)):
        for pattern in (*_PRESSURES, _RUN_TOGETHER):
            values = {_pressure(match[1], match[2]) for match in pattern.finditer(view)}
            if len(values) == 1 and None not in values:
                return values.pop()
    return None


def read_decimal(text: str, low: float, high: float) -> str | None:
    """The one number between `low` and `high` (both included) as a plain decimal string, without its unit.

    A reference range beside the value is left out. None when no single number is in the range.
    """
    if _MANGLED.search(half_width(text)):
        return None
    for view in _numeric_views(text):
        numbers = _NUMBER.findall(_REFERENCE.sub(" ", view))
        found = {_plain(number) for number in numbers if low <= float(number) <= high}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def read_conclusion(text: str) -> str | None:
    """`qualified`, `unqualified`, or `other` for a conclusion put off or worded otherwise; None when it is not certain.

    不合格 contains 合格 and is looked for first. A printed choice without a tick is no conclusion, nor is a box left empty.
    """
    plain = squeeze(text)
    ticked, empty = set(_TICKED.findall(plain)), set(_LEFT_EMPTY.findall(plain))
    if len(ticked) == 1 and empty and not ticked & empty:
        return "unqualified" if ticked == {"不合格"} else "qualified"
    if _BOTH_PRINTED.search(plain) or ticked & empty or (empty and not ticked):
        return None
    if "不合格" in plain:
        return "unqualified"
    if _PUT_OFF.search(plain):
        return "other"
    if re.search("(?<![不未非])合格", plain):
        return "qualified"
    return "other" if "合格" not in plain and _OTHER_WORDS.search(plain) else None


def read_qualification(text: str) -> str | None:
    """The code of the kind of qualification (`primary`, `junior_middle`, ...); None when none or several are named."""
    plain = squeeze(text)
    found = []
    for code, pattern in _QUALIFICATIONS:
        plain, times = pattern.subn(" ", plain)
        if times:
            found.append(code)
    return found[0] if len(found) == 1 else None


def read_phone(text: str) -> str | None:
    """A mobile number as 11 digits, a fixed line as `020-12345678`, or as printed without area code; None if unclear."""
    plain = digits_for_letters(squeeze(text))
    found = {"".join(match.groups()) for match in _MOBILE.finditer(plain)}
    found |= {"-".join(group for group in match.groups() if group) for match in _FIXED.finditer(plain)}
    if not found:
        local = _LOCAL.fullmatch(plain)
        return local[1] if local else None
    return found.pop() if len(found) == 1 else None


def _digits_by_hand(text: str) -> str:
    """Letters that handwritten digits are taken for, where they touch a digit or a point and no other letter."""
    for digit, letter in _LETTERS_BY_HAND.items():
        text = letter.sub(digit, text)
    return text


def _numeric_views(text: str) -> Iterator[str]:
    """The text with its gaps, then with the gaps inside numbers closed: the second is looked at only if the first fails."""
    plain = _ONES_ALONE.sub(lambda match: "1" * len(match[0].strip(" :")), half_width(text.translate(_ROMAN)))
    tight = _POINT.sub(".", _digits_by_hand(digits_for_letters(_NEAR_MARK.sub(r"\1", plain))))
    yield tight
    yield _GAP_IN_NUMBER.sub("", tight)


def _vision(number: str) -> str | None:
    value = f"{number[0]}.{number[1]}" if re.fullmatch(r"[345]\d", number, re.ASCII) else number
    five_point = re.fullmatch(r"[345]\.\d", value, re.ASCII) and _FIVE_POINT[0] <= float(value) <= _FIVE_POINT[1]
    decimal = (
        re.fullmatch(r"[012]\.\d{1,2}", value, re.ASCII) and _DECIMAL_VISION[0] <= float(value) <= _DECIMAL_VISION[1]
    )
    return value if five_point or decimal else None


def _pressure(high: str, low: str) -> str | None:
    factor = KPA_TO_MMHG if float(high) < 30 else 1.0
    systolic, diastolic = round(float(high) * factor), round(float(low) * factor)
    plausible = 70 <= systolic <= 260 and 40 <= diastolic <= 150 and systolic > diastolic
    return f"{systolic}/{diastolic}" if plausible else None


def _plain(number: str) -> str:
    whole, _, fraction = number.partition(".")
    return f"{whole.lstrip('0') or '0'}{'.' + fraction if fraction else ''}"
