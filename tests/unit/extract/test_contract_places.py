"""Which parts of a contract are among its pages, however little was read there."""

from __future__ import annotations

import cv2
import pytest

from schemas.document import DocumentType
from schemas.reading import CellState
from tests.support.typed_pages import typed_page
from verifier.extract import read_fields, read_unread

CONTRACT = DocumentType.LABOR_CONTRACT
PARTIES = """
劳动合同
甲方(用人单位):广州市花都区向阳小学
统一社会信用代码:12440114123456789A
乙方(劳动者):李四
身份证号码:4401
"""
TERM = """
一、合同期限
本合同为固定期限劳动合同,期限自2024年 月 日起至 年 月 日止。
"""
SIGNED = """
甲方(盖章):
乙方(签名):
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PARTIES, {"id_number"}),
        (PARTIES + TERM, {"id_number", "term_end"}),
        (TERM + SIGNED, {"term_end", "sign_date"}),
        (PARTIES + "本合同经甲乙双方签字或盖章后生效。", {"id_number"}),
        ("甲方依法为乙方缴纳社会保险费,并安排岗位培训", set()),
    ],
)
def test_parts_found_by_their_labels(text: str, expected: set[str]) -> None:
    assert set(read_unread(CONTRACT, [typed_page(text)], ())) == expected


def test_a_field_that_was_read_is_not_looked_for() -> None:
    assert read_unread(CONTRACT, [typed_page(TERM + SIGNED)], ("term_end", "sign_date")) == {}


def test_an_empty_place_and_one_with_ink() -> None:
    page = typed_page(SIGNED)
    assert read_unread(CONTRACT, [page], ()) == {"sign_date": CellState.EMPTY}
    x, y = page.lines[1].box[1]
    cv2.line(page.image, (int(x) + 10, int(y) + 4), (int(x) + 70, int(y) + 24), (20, 20, 20), 3)
    assert read_unread(CONTRACT, [page], ()) == {"sign_date": CellState.INKED}


def test_the_worker_named_before_the_party() -> None:
    text = "聘用合同\n聘用单位(甲方)\t广州市花都区向阳小学\n受聘人员(乙方)\t李四海\n身份证号码\t4401"
    assert read_fields(CONTRACT, [typed_page(text)])["name"].value == "李四海"
