"""Dates, ranges and months as Chinese papers write them (DOMAIN 3.7). A year is always four digits and comes first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from verifier.compare.text import digits_for_letters, half_width, squeeze

LONG_TERM = "long_term"
"""The normalised value of an end that is left open."""

_ZEROS = "〇○零Oo0"
_HAN_DIGITS = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | dict.fromkeys(_ZEROS, "0")
_DIGIT = rf"[{_ZEROS}一二三四五六七八九\d]"
_NUMERAL = rf"[{_ZEROS}一二三四五六七八九十廿卅\d]"
_SEPARATOR = r"[-./。·,_:]"
# What may stand right after the last digit of a date: no digit, or a clock time glued on.
_END = r"(?:(?!\d)|(?=\d{2}:\d{2}))"
_YEAR = r"(?<!\d)(?P<{}>(?:19|20)\d{{2}})"

_TOKEN = re.compile(
    rf"""
    (?P<open>长期|長期|无固定期限|無固定期限|至今)
  | (?:民国(?P<minguo>\d{{2,3}})|(?<!\d)(?P<han_year>{_DIGIT}{{4}}))年
        (?P<han_month>元|{_NUMERAL}{{1,3}})月
        (?:(?P<marked_day>{_NUMERAL}{{1,4}}?)[日号曰]
          |(?P<bare_day>\d{{1,2}})(?:(?![.]?{_NUMERAL})|(?=\d{{2}}:\d{{2}}))
          |(?P<last_day>{_NUMERAL}{{1,4}})\s*$
          |(?!\d))
  | {_YEAR.format("year")}{_SEPARATOR}(?P<month>\d{{1,2}}){_SEPARATOR}(?P<day>\d{{2}}|\d){_END}
  | {_YEAR.format("tight_year")}{_SEPARATOR}?(?P<tight_month>\d{{2}}){_SEPARATOR}?(?P<tight_day>\d{{2}}){_END}
  | {_YEAR.format("run_year")}(?:{_SEPARATOR}(?P<run>\d{{3}})|(?P<run_month>\d{{1,2}}){_SEPARATOR}(?P<run_day>\d{{1,2}})){_END}
  | {_YEAR.format("only_year")}[-./](?P<only_month>\d{{1,2}})(?![\d./]|-\d)
    """,
    re.VERBOSE | re.ASCII,
)
_SHORT = re.compile(
    rf"(?<![\d年])(?P<year>\d{{2}})(?:{_SEPARATOR}(?P<month>\d{{1,2}}){_SEPARATOR}|年(?P<han_month>\d{{1,2}})月)"
    r"(?P<day>\d{1,2})日?(?!\d)",
    re.ASCII,
)
_COMPACT_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})(0[1-9]|1[0-2])(?!\d)", re.ASCII)
_BETWEEN = re.compile(r"[-~至到起止日自从一、,._:\s]*")
_NEAR_SEPARATOR = re.compile(r"\s*([年月日号./-])\s*")
_ONES = re.compile(r"(?<=[年月./-])[Il|]{1,2}(?=[\d年月日./-])|(?<=\d)[Il|](?=[年月日./-])")
# Two dates of a range with the dash lost: the second year follows the two digits of the first day.
_GLUED = re.compile(r"(?<=[-./]\d{2})(?=(?:19|20)\d{2}[-./年]\d)")


@dataclass(frozen=True)
class _Found:
    value: str | None
    """None: looks like a date and is not one."""
    start: int
    end: int
    until_now: bool = False


def read_date(text: str) -> str | None:
    """`YYYY-MM-DD`, `YYYY-MM` when no day is written, or `long_term`; None when no single one is certain.

    Labels, a clock time and units may be glued on. Two different dates give None, as does a date that does not exist.
    Years have four digits, in Arabic or Chinese numerals, or follow 民国 (year + 1911). 至今 beside a date says nothing.
    """
    found = next((tokens for tokens in map(_scan, _views(text)) if tokens), [])
    if not found:
        bare = re.fullmatch(r"\D*(\d{6})\D*", squeeze(text), re.ASCII)
        return _month(bare[1]) if bare else None
    values = {item.value for item in found if not item.until_now} or {LONG_TERM}
    return values.pop() if len(values) == 1 else None


def read_short_date(text: str) -> str | None:
    """`YYYY-MM-DD` for a handwritten date with a two-digit year of this century ("26.3.5", "26年3月5日").

    The century is an assumption: whoever uses the value lets a person look at it. None when no single one is there.
    """
    values = set()
    for match in _SHORT.finditer(digits_for_letters(squeeze(text))):
        month = match["month"] or match["han_month"]
        values.add(_written(f"20{match['year']}", month, match["day"]))
    return values.pop() if len(values) == 1 else None


def read_date_range(text: str) -> tuple[str, str] | None:
    """The start and end of a period: two dates or months, or one and 长期, with only a dash or 至 between.

    "无固定期限:自2024年9月1日起" starts then and is open. The order of the two is not judged. None when anything else is found.
    """
    for view in _views(text):
        found = _scan(view) or _scan_months(view)
        if len(found) == 2 and _BETWEEN.fullmatch(view[found[0].end : found[1].start]):
            start, end = found[0].value, found[1].value
            if start == LONG_TERM and view.startswith("无固定期限", found[0].start):
                start, end = end, start
            return (start, end) if start and end and start != LONG_TERM else None
    return None


def read_month(text: str) -> str | None:
    """`YYYY-MM` from "202212", "2022-12", "2022年12月" or a whole date; None when no single month is certain."""
    found = next((tokens for view in _views(text) if (tokens := _scan(view) or _scan_months(view))), [])
    values = {item.value for item in found}
    value = values.pop() if len(values) == 1 else None
    return None if value is None or value == LONG_TERM else value[:7]


def as_date(value: str) -> date:
    """The date of a normalised full date.

    Raises ValueError for a month, `long_term` or anything else.
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("not a normalised full date")
    return date.fromisoformat(value)


def _views(text: str) -> tuple[str, str]:
    # With its gaps first, so that a number after the date is not glued to it; without any for gaps inside a number.
    wide = half_width(text)
    return _mended(_NEAR_SEPARATOR.sub(r"\1", wide)), _mended(squeeze(wide))


def _mended(text: str) -> str:
    return _GLUED.sub(" ", _ONES.sub(lambda match: "1" * len(match[0]), digits_for_letters(text)))


def _scan(text: str) -> list[_Found]:
    return [_Found(_value(m), m.start(), m.end(), m["open"] == "至今") for m in _TOKEN.finditer(text)]


def _scan_months(text: str) -> list[_Found]:
    return [_Found(_month(match[0]), match.start(), match.end()) for match in _COMPACT_MONTH.finditer(text)]


def _value(match: re.Match[str]) -> str | None:
    if match["open"]:
        return LONG_TERM
    if match["han_month"]:
        return _han_value(match)
    if match["only_year"]:
        return _month(f"{match['only_year']}{int(match['only_month']):02d}")
    if match["run"]:
        return _split(match["run_year"], match["run"])
    if match["run_year"]:
        return _written(match["run_year"], match["run_month"], match["run_day"])
    if match["tight_year"]:
        return _written(match["tight_year"], match["tight_month"], match["tight_day"])
    return _written(match["year"], match["month"], match["day"])


def _split(year: str, run: str) -> str | None:
    """Month and day of "813", the separator between them lost: only where one way to part them is a date ("111" is not)."""
    possible = {_written(year, run[:cut], run[cut:]) for cut in (1, 2)} - {None}
    return possible.pop() if len(possible) == 1 else None


def _han_value(match: re.Match[str]) -> str | None:
    year = str(int(match["minguo"]) + 1911) if match["minguo"] else _positional(match["han_year"])
    month = 1 if match["han_month"] == "元" else _small_number(match["han_month"])
    if year is None or month is None:
        return None
    written_day = match["marked_day"] or match["bare_day"] or match["last_day"]
    if written_day is None:
        return _month(f"{year}{month:02d}")
    day = _small_number(written_day)
    return None if day is None else _written(year, str(month), str(day))


def _written(year: str, month: str, day: str) -> str | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found.isoformat() if 1900 <= found.year < 2100 else None


def _month(digits: str) -> str | None:
    return f"{digits[:4]}-{digits[4:]}" if _COMPACT_MONTH.fullmatch(digits) else None


def _positional(numeral: str) -> str | None:
    digits = [_HAN_DIGITS.get(c, c) for c in numeral]
    return "".join(digits) if all(digit.isdecimal() for digit in digits) else None


def _small_number(numeral: str) -> int | None:
    """A number below 100 in Arabic or Chinese numerals: 5, 05, 五, 十五, 二十五, 廿五, 卅, 〇五, 二五."""
    tens = re.fullmatch(r"([一二三1-3]?)十([一二三四五六七八九1-9]?)", numeral)
    if tens:
        return 10 * int(_positional(tens[1]) or 1) + int(_positional(tens[2]) or 0)
    twenty = re.fullmatch(r"([廿卅])([一二三四五六七八九]?)", numeral)
    if twenty:
        return (20 if twenty[1] == "廿" else 30) + int(_positional(twenty[2]) or 0)
    digits = _positional(numeral)
    return int(digits) if digits and len(digits) <= 2 else None
