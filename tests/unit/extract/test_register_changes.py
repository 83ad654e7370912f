"""A household register that says its address changed, or that a page of it is cancelled."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.document import DocumentType
from schemas.reading import Line, SealReading
from tests.support.pages import line, page
from verifier.extract import read_fields
from verifier.extract.page import ReadPage
from verifier.extract.voided import voiding_words
from verifier.geometry import quad_from_bounds

REGISTER = DocumentType.HOUSEHOLD_REGISTER
FIRST = [
    line("户别", 10, 10), line("家庭户", 310, 10), line("户主姓名", 610, 10), line("李建国", 910, 10),
    line("户号", 10, 100), line("003412", 310, 100), line("住址", 610, 100), line("花都区新华街道学府路8号", 910, 100),
]  # fmt: skip
HEAD = [
    line("住址变动登记", 500, 10), line("变动后的住址", 200, 90), line("变动日期", 900, 90), line("承办人签章", 1200, 90),
]  # fmt: skip


def moved(row: int, day: str, *address: str) -> list[Line]:
    """A row of the table of changes, its address on one line or two around the date's own."""
    middle = 200 + 120 * row
    first = middle - 25 * (len(address) - 1)
    lines = [line(text, 60, first + 50 * number) for number, text in enumerate(address)]
    return [*lines, line(day, 900, middle), line("王五", 1250, middle)]


def address(*pages: list[Line]) -> object:
    return read_fields(REGISTER, [page(lines, index=index) for index, lines in enumerate(pages)])["address"].value


def test_the_latest_change_of_address_counts() -> None:
    first = moved(0, "2015年3月2日", "花都区花山镇紫西村", "3号")
    second = moved(1, "2021年10月2日", "从化区街口街道河滨北路118", "号11栋1201室")
    assert address(FIRST, [*HEAD, *first]) == "花都区花山镇紫西村3号"
    assert address(FIRST, [*HEAD, *first, *second]) == "从化区街口街道河滨北路118号11栋1201室"


def test_a_page_of_changes_without_entries_changes_nothing() -> None:
    assert address(FIRST, HEAD) == "花都区新华街道学府路8号"


def test_both_on_one_page() -> None:
    below = [item.model_copy(update={"box": tuple((x, y + 900) for x, y in item.box)}) for item in HEAD]
    entry = [
        item.model_copy(update={"box": tuple((x, y + 900) for x, y in item.box)})
        for item in moved(0, "2021.10.2", "从化区街口街道河滨北路118号")
    ]
    assert address([*FIRST, *below, *entry]) == "从化区街口街道河滨北路118号"


def sealed(lines: list[Line], *texts: str) -> ReadPage:
    box = quad_from_bounds(0, 0, 60, 60)
    seals = tuple(SealReading(text=text, confidence=0.9, page=0, box=box) for text in texts)
    return ReadPage(0, np.full((64, 64, 3), 255, dtype=np.uint8), tuple(lines), np.eye(3), seals=seals)


@pytest.mark.parametrize("words", ["注销", "注 销", "户口注销", "迁出注销", "已作废", "(注销)"])
def test_words_that_void_a_page(words: str) -> None:
    (stamp,) = voiding_words(REGISTER, [sealed([*FIRST, line(words, 400, 400)])])
    assert (stamp.page, stamp.present) == (0, True)


@pytest.mark.parametrize("words", ["户口专用章", "因死亡注销户口的应当申报", "注销户口时间:", "迁出"])
def test_words_that_void_nothing(words: str) -> None:
    assert voiding_words(REGISTER, [sealed([*FIRST, line(words, 400, 400)])]) == ()


def test_a_stamp_read_as_a_seal_is_not_told_twice() -> None:
    assert voiding_words(REGISTER, [sealed([line("注销", 400, 400)], "注销")]) == ()
    assert voiding_words(DocumentType.LABOR_CONTRACT, [sealed([line("注销", 400, 400)])]) == ()
