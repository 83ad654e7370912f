from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from verifier.compare.dates import as_date, read_date, read_date_range, read_month, read_short_date

DAYS = st.dates(date(1930, 1, 1), date(2069, 12, 31))
NUMERALS = "〇一二三四五六七八九"


def han_year(year: int, zero: str = "〇") -> str:
    return "".join(NUMERALS[int(digit)] for digit in str(year)).replace("〇", zero)


def han_number(n: int) -> str:
    tens, ones = divmod(n, 10)
    head = "" if tens == 0 else "十" if tens == 1 else NUMERALS[tens] + "十"
    return head + (NUMERALS[ones] if ones else "")


def old_number(n: int) -> str:
    return han_number(n).replace("二十", "廿").replace("三十", "卅")


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in text)


FORMS: dict[str, Callable[[date], str]] = {
    "iso": lambda d: d.isoformat(),
    "slashes": lambda d: f"{d.year}/{d.month}/{d.day}",
    "dots": lambda d: f"{d.year}.{d.month}.{d.day}",
    "padded dots": lambda d: f"{d:%Y.%m.%d}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "colon for a dot": lambda d: f"{d.year}:{d.month}.{d.day}",
    "one dot lost": lambda d: f"{d:%Y.%m%d}",
    "Chinese": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "Chinese padded": lambda d: f"{d:%Y}年{d:%m}月{d:%d}日",
    "spaced": lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日",
    "gaps in numbers": lambda d: "".join(f"{c} " for c in f"{d.year}年{d:%m}月{d:%d}日"),
    "full width": lambda d: wide(f"{d.year}年{d.month}月{d.day}日"),
    "end lost": lambda d: f"{d.year}年{d.month}月{d.day}",
    "numerals": lambda d: f"{han_year(d.year)}年{han_number(d.month)}月{han_number(d.day)}日",
    "numerals with 零": lambda d: f"{han_year(d.year, '零')}年{han_number(d.month)}月{han_number(d.day)}日",
    "numerals with O": lambda d: f"{han_year(d.year, 'O')}年{han_number(d.month)}月{han_number(d.day)}日",
    "numerals with circle": lambda d: f"{han_year(d.year, '○')}年{han_number(d.month)}月{han_number(d.day)}日",
    "old numerals": lambda d: f"{han_year(d.year)}年{han_number(d.month)}月{old_number(d.day)}日",
    "letters for zero": lambda d: f"{d.year}年{d:%m}月{d:%d}日".replace("0", "O"),
    "letters for one": lambda d: f"{d.year}年" + f"{d.month}月{d.day}日".replace("1", "l"),
    "minguo": lambda d: f"民国{d.year - 1911}年{d.month}月{d.day}日",
    "label and time": lambda d: f"打印日期:{d.isoformat()} 08:24",
    "time glued on": lambda d: f"截止{d.isoformat()}08:24,该参保人",
    "in a sentence": lambda d: f"自{d.year}年{d.month}月{d.day}日起至今在我单位工作",
}


@pytest.mark.parametrize("form", FORMS, ids=str)
@given(day=DAYS)
def test_a_date_survives_every_written_form(form: str, day: date) -> None:
    assume(form != "minguo" or day.year >= 1921)
    assert read_date(FORMS[form](day)) == day.isoformat()


@given(
    day=DAYS,
    label=st.sampled_from(["", "体检日期:", "出生", "有效期限 至", "签发日期："]),
    end=st.sampled_from(["", "。", "(盖章)", " 第1页"]),
)
def test_labels_do_not_matter(day: date, label: str, end: str) -> None:
    assert read_date(f"{label}{day.year}年{day.month}月{day.day}日{end}") == day.isoformat()
    assert read_date(f"{label}{day:%Y.%m.%d}{end}") == day.isoformat()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026年3月", "2026-03"),
        ("二〇二六年三月", "2026-03"),
        ("二零二六年十二月", "2026-12"),
        ("2026-03", "2026-03"),
        ("2026年元月", "2026-01"),
        ("202212", "2022-12"),
        ("打印日期 202610", "2026-10"),
        ("2026年10月 元", "2026-10"),
        ("2026年3月一般", "2026-03"),
        ("二〇二六年三月五", "2026-03-05"),
        ("2026年10月13曰", "2026-10-13"),
        ("体检日期:2026:9.14", "2026-09-14"),
        ("体检日期:2026.813", "2026-08-13"),
        ("202610:6", "2026-10-06"),
        ("长期", "long_term"),
        ("有效期限:长期有效", "long_term"),
        ("无固定期限", "long_term"),
        ("至今", "long_term"),
        ("2026年9月11日 2026-09-11", "2026-09-11"),
    ],
)
def test_other_readings(text: str, value: str) -> None:
    assert read_date(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "年 月 日",
        "2026年",
        "2026年2月30日",
        "2001-02-29",
        "2026年13月1日",
        "2026-13-01",
        "2026年10月99日",
        "2026.111",
        "2026.932",
        "2026年月14",
        "1800年1月1日",
        "26.3.5",
        "5/3/2026",
        "2026-2027学年",
        "440114199803051239",
        "13800138000",
        "2020.06.07-2040.06.07",
        "2020.06.072040.06.07",
        "2020.06.07-长期",
        "2026年9月11日 2026年9月12日",
    ],
)
def test_what_is_not_certain_is_no_answer(text: str) -> None:
    assert read_date(text) is None


@given(DAYS, DAYS, st.sampled_from(["-", "—", "~", "至", " - ", "一", ""]))
def test_a_range_of_dots(start: date, end: date, between: str) -> None:
    assert read_date_range(f"有效期限 {start:%Y.%m.%d}{between}{end:%Y.%m.%d}") == (start.isoformat(), end.isoformat())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020.06.07-长期", ("2020-06-07", "long_term")),
        ("自2024年9月1日起至2027年8月31日止", ("2024-09-01", "2027-08-31")),
        ("2024年9月1日至今", ("2024-09-01", "long_term")),
        ("2.无固定期限:自2024年9月1日起至法定终止条件出现时止", ("2024-09-01", "long_term")),
        ("202210 - 202408", ("2022-10", "2024-08")),
        ("2024年09月至2025年03月", ("2024-09", "2025-03")),
        ("20200607-20400607", ("2020-06-07", "2040-06-07")),
    ],
)
def test_ranges(text: str, value: tuple[str, str]) -> None:
    assert read_date_range(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020.06.07",
        "长期-2020.06.07",
        "2020.06.07-2040.13.07",
        "签发2020.06.07 打印2021.06.07",
        "2020.06.07-2030.06.07-2040.06.07",
    ],
)
def test_what_is_no_range(text: str) -> None:
    assert read_date_range(text) is None


@given(st.integers(1950, 2060), st.integers(1, 12))
def test_a_month_survives_every_written_form(year: int, month: int) -> None:
    written = f"{year}-{month:02d}"
    for text in (
        written,
        f"{year}{month:02d}",
        f"{year}年{month}月",
        f"{year}.{month}",
        f"{year}/{month:02d}",
        f"{han_year(year)}年{han_number(month)}月",
        f"{written}-01",
    ):
        assert read_month(text) == written


@pytest.mark.parametrize("text", ["", "202213", "202210 - 202408", "长期", "2026", "12"])
def test_what_is_no_month(text: str) -> None:
    assert read_month(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("26.3.5", "2026-03-05"), ("26年10月13日", "2026-10-13"), ("26-03-05", "2026-03-05")]
)
def test_short_dates_are_read_on_request_only(text: str, value: str) -> None:
    assert read_short_date(text) == value
    assert read_date(text) is None


@pytest.mark.parametrize("text", ["", "2026.3.5", "2026年3月5日", "26.13.5", "26.3", "26.3.5 26.3.6"])
def test_what_is_no_short_date(text: str) -> None:
    assert read_short_date(text) is None


@given(DAYS)
def test_as_date_is_the_way_back(day: date) -> None:
    assert as_date(day.isoformat()) == day


@pytest.mark.parametrize("value", ["long_term", "2026-03", "20260305", "2026-02-30", "2026-W10-4", ""])
def test_as_date_asks_for_a_full_date(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        as_date(value)


@given(st.text(alphabet="0123456789年月日.-/〇一二十廿长期至今OlI :", max_size=30))
def test_every_answer_is_normalised(text: str) -> None:
    value = read_date(text)
    if value is not None and value != "long_term":
        assert as_date(value if len(value) == 10 else f"{value}-01").year in range(1900, 2100)
