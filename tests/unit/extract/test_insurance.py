"""Rows and totals of insurance certificates in the table styles people bring."""

from __future__ import annotations

import pytest

from schemas.reading import InsuredRow
from tests.support.pages import line
from tests.support.ruled_pages import LEFT, PITCH, TEXT, TOP, table
from verifier.extract.page import ReadPage
from verifier.extract.social_insurance_certificate import (
    join_social_insurance_certificate,
    read_social_insurance_certificate,
)

A, B = "广州市花都区第一小学", "广州市花都区秀全职业技术学校"
PERIODS = [
    [(2, "参保起止时间"), (4, "单位"), (1, "养老"), (1, "工伤"), (1, "失业")],
    [(2, "202212 - 202302"), (4, f"广州市:{A}"), (1, "3"), (1, "O3个月"), (1, "3")],
    [(2, "202303至202408"), (4, "广州市:广州市花都区秀全\n职业技术学校"), (1, "18"), (1, "18"), (1, "18")],
    [(6, "截止2024-09-02,该参保人累计月数合计"), (1, "实际缴费21\n个月,缓缴0个月"), (1, "实际缴费20\n个月"), (1, "实际缴费19\n个月")],
]  # fmt: skip
START_END = [
    [(4, "单位名称"), (2, "开始年月"), (2, "终止年月"), (1, "养老保险"), (1, "失业保险")],
    [(4, A), (2, "2022-12"), (2, "2023年02月"), (1, "3"), (1, "3")],
    [(4, B), (2, "2023.03"), (2, "202408"), (1, "18"), (1, "18")],
]
MONTHS = [
    [(1, "序号"), (2, "缴费年月"), (4, "单位名称"), (1, "养老")],
    [(1, "1"), (2, "2022-12"), (4, A), (1, "已缴费")],
    [(1, "2"), (2, "2023-01"), (4, A), (1, "已缴费")],
    [(1, "3"), (2, "2023-03"), (4, A), (1, "已缴费")],
]
BOTH = (
    InsuredRow(employer=A, start_month="2022-12", end_month="2023-02"),
    InsuredRow(employer=B, start_month="2023-03", end_month="2024-08"),
)


def rows(page: ReadPage) -> tuple[InsuredRow, ...]:
    value = read_social_insurance_certificate(page)["rows"].value
    assert not isinstance(value, str)
    return value


@pytest.mark.parametrize("ruled", [True, False])
@pytest.mark.parametrize("style", [PERIODS, START_END], ids=["periods", "start_end"])
def test_rows_of_one_employer_each(style: list[list[tuple[float, str]]], ruled: bool) -> None:
    assert rows(table(style, rules=ruled)) == BOTH


@pytest.mark.parametrize("ruled", [True, False])
def test_one_row_per_month_stays_as_printed(ruled: bool) -> None:
    months = ("2022-12", "2023-01", "2023-03")
    assert rows(table(MONTHS, rules=ruled)) == tuple(
        InsuredRow(employer=A, start_month=month, end_month=month) for month in months
    )


def test_a_period_over_two_lines_of_its_cell() -> None:
    style = [PERIODS[0], [(2, "202212 -\n202302"), *PERIODS[1][1:]]]
    assert rows(table(style)) == BOTH[:1]


def test_heads_of_two_storeys() -> None:
    style = [
        [(2, "缴费起止年月"), (3, "单位名称")],
        [(1, "起"), (1, "止"), (3, "")],
        [(1, "2022年12月"), (1, "2023年02月"), (3, A)],
    ]
    assert rows(table(style)) == BOTH[:1]


def test_the_total_is_that_of_the_pension_insurance() -> None:
    assert read_social_insurance_certificate(table(PERIODS))["months_paid"].value == "21"


@pytest.mark.parametrize(
    "words",
    ["合计缴费月数(养老保险):24个月", "养老保险实际缴费月数合计:24个月", "累计缴费24个月", "养老保险累计缴费 24 个月"],
)
def test_a_total_in_a_sentence(words: str) -> None:
    page = table(MONTHS, more=[line(words, LEFT, TOP + 6 * PITCH, height=TEXT)])
    assert read_social_insurance_certificate(page)["months_paid"].value == "24"


@pytest.mark.parametrize(
    "words",
    [
        "该参保人在广州市参加社会保险情况如下:",
        "兹证明上述人员在广州市的社会保险参保缴费情况如下:",
        "证明机构:广州市社会保险基金管理中心",
    ],
)
def test_the_city_in_a_sentence(words: str) -> None:
    page = table(START_END, more=[line(words, LEFT, TOP - 60, height=TEXT)])
    assert read_social_insurance_certificate(page)["city"].value == "广州市"


def test_rows_of_all_pages_follow_each_other() -> None:
    pages = [read_social_insurance_certificate(table([START_END[0], row])) for row in START_END[1:]]
    pages[1]["months_paid"] = pages[1]["rows"].model_copy(update={"value": "21", "raw": "21"})
    joined = join_social_insurance_certificate(pages)
    assert (joined["rows"].value, joined["months_paid"].value) == (BOTH, "21")
