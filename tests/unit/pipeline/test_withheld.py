"""Rows about hepatitis B: found, taken away before anything is read from them, and marked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from PIL import Image

from fixtures.capture import Capture, capture
from fixtures.documents import medical_exam_form
from fixtures.documents.medical_exam_form import Layout
from fixtures.facts import ExamFacts
from fixtures.fonts import load
from fixtures.oddities import EXAM, HEPATITIS_ROWS, route, traits
from fixtures.plan import consistent
from schemas.base import Quad
from schemas.document import DocumentType
from schemas.reading import Line
from tests.support.files import as_file
from tests.support.pages import line, slanted
from tests.support.ruled_pages import table
from tests.support.stub_engine import StubEngine
from verifier.geometry import centre
from verifier.imaging.covering import covered
from verifier.intake import decode
from verifier.ocr.paddle import PaddleEngine
from verifier.pipeline import NamedFile, read_document
from verifier.pipeline.papers import Paper
from verifier.pipeline.withheld import find_rows, is_about_hepatitis_b, withhold

ROOT = Path(__file__).resolve().parents[3]
BLANK = np.full((1600, 1200, 3), 244, dtype=np.uint8)


def covers(regions: Sequence[Quad], line: Line) -> bool:
    return any(
        cv2.pointPolygonTest(np.array(region, dtype=np.float32), centre(line.box), measureDist=False) >= 0
        for region in regions
    )


@pytest.mark.parametrize(
    "text",
    [
        "乙肝表面抗原(HBsAg)", "乙 肝 两 对 半", "HBsAg", "hbsag:阴性", "HB5Aq", "HBeAg", "HBsAb", "乙型病毒性肝炎", "HBV-DNA",
        "乙肝e抗体", "核心抗体", "大三阳", "HBSAG (-)", "两对半", "无乙肝史",
    ],
)  # fmt: skip
def test_what_is_about_hepatitis_b(text: str) -> None:
    assert is_about_hepatitis_b(text)


@pytest.mark.parametrize(
    "text",
    [
        "丙氨酸氨基转移酶(ALT)",
        "肝功能",
        "肝、胆、脾",
        "乙方(劳动者)",
        "丙肝抗体",
        "梅毒螺旋体抗体",
        "血红蛋白(HGB)",
        "肝炎、结核",
    ],
)
def test_what_is_not(text: str) -> None:
    assert not is_about_hepatitis_b(text)


def test_a_row_goes_with_its_result_and_what_stands_behind_it() -> None:
    lines = [line("谷丙转氨酶", 100, 100), line("20", 500, 100), line("乙肝表面抗原", 100, 160), line("阳性", 500, 160),
             line("已复核", 900, 160), line("体检结论", 100, 220), line("合格", 500, 220)]  # fmt: skip
    regions = find_rows(BLANK, lines)
    assert [covers(regions, item) for item in lines] == [False, False, True, True, True, False, False]


def test_a_row_ends_where_another_item_begins() -> None:
    lines = [line("HBsAg", 100, 100), line("阳性", 300, 100), line("谷丙转氨酶", 500, 100), line("20 U/L", 800, 100)]
    regions = find_rows(BLANK, lines)
    assert [covers(regions, item) for item in lines] == [True, True, False, False]


def test_what_stands_before_it_in_its_row_stays() -> None:
    lines = [line("血压", 100, 100), line("120/80", 250, 100), line("HBsAg阳性", 600, 100)]
    assert [covers(find_rows(BLANK, lines), item) for item in lines] == [False, False, True]


def test_a_result_that_no_line_reads_is_covered_too() -> None:
    (region,) = find_rows(BLANK, [line("乙肝表面抗原", 100, 100)])
    assert covers([region], line("阳性", 700, 104))
    assert covers([region], line("阳性", 1100, 96))


def test_a_result_under_its_head_goes_with_it() -> None:
    lines = [line("HBsAg", 100, 100), line("HBsAb", 400, 100), line("心电图", 700, 100),
             line("阳性", 110, 160), line("阴性", 410, 160), line("正常", 710, 160)]  # fmt: skip
    regions = find_rows(BLANK, lines)
    assert [covers(regions, item) for item in lines] == [True, True, False, True, True, False]


@pytest.mark.parametrize("degrees", [-2.0, 2.0])
def test_rows_are_followed_over_a_slanted_page(degrees: float) -> None:
    rows = [(f"项目名称{n}", "正常结果文字") for n in range(5)]
    rows.insert(2, ("乙肝表面抗原", "阳性阳性阳性"))
    flat = [line(text, 100 + 700 * at, 300 + 60 * n) for n, row in enumerate(rows) for at, text in enumerate(row)]
    lines = slanted(flat, degrees)
    regions = find_rows(BLANK, lines)
    assert [item.text for item in lines if covers(regions, item)] == ["乙肝表面抗原", "阳性阳性阳性"]


def test_a_ruled_row_ends_with_its_cells() -> None:
    page = table(
        [
            [(1, "谷丙转氨酶"), (1, "20"), (1, "心电图"), (1, "正常")],
            [(1, "乙肝两对半"), (1, ""), (1, "血常规"), (1, "正常")],
            [(1, "体检结论"), (3, "合格")],
        ],
        inked=[(1, 1)],
    )
    regions = find_rows(page.image, page.lines)
    assert [item.text for item in page.lines if covers(regions, item)] == ["乙肝两对半"]
    assert covers(regions, line("x", 450, 180, height=20)), "the cell in which something is written that no line reads"


def test_a_ruled_head_takes_the_cell_under_it() -> None:
    page = table([[(1, "谷丙转氨酶"), (1, "HBsAg"), (1, "尿常规")], [(1, "20"), (1, "写得看不清"), (1, "正常")]])
    regions = find_rows(page.image, page.lines)
    assert [item.text for item in page.lines if covers(regions, item)] == ["HBsAg", "写得看不清"]


def test_papers_lose_lines_and_pixels_and_go_on_sharing_a_picture() -> None:
    page = table([[(1, "乙肝表面抗原"), (1, "阳性")], [(1, "体检结论"), (1, "合格")]])
    papers = [Paper(page.image, page.lines, np.eye(3)), Paper(page.image, (), np.eye(3))]
    done = withhold(papers)
    assert [item.text for item in done.papers[0].lines] == ["体检结论", "合格"]
    assert [item.text for item in done.lines[0]] == ["乙肝表面抗原", "阳性"]
    assert done.papers[0].image is done.papers[1].image
    assert (done.papers[0].image[115:150, 620:680] == 255).all()
    assert not (page.image[115:150, 620:680] == 255).all(), "the uploaded page is left alone"
    assert len(done.uploaded()) == 1


def test_a_page_without_such_rows_is_the_same_page() -> None:
    page = table([[(1, "体检结论"), (1, "合格")]])
    done = withhold([Paper(page.image, page.lines, np.eye(3))])
    assert done.papers[0].image is page.image
    assert done.uploaded() == ()


def test_a_document_says_where_and_not_what() -> None:
    page = table([[(1, "申请教师资格人员体格检查表")], [(1, "HBsAg"), (1, "阳性")], [(1, "体检结论"), (1, "合格")]])
    engine = StubEngine({page.image.shape[:2]: page.lines})

    data = as_file(Image.fromarray(page.image[:, :, ::-1]), "PNG")
    reading = read_document(DocumentType.MEDICAL_EXAM_FORM, [NamedFile("documents/a.png", data)], engine).reading
    assert [place.page for place in reading.withheld] == [0]
    written = reading.model_dump_json()
    assert "HBsAg" not in written and "阳性" not in written


@pytest.mark.ocr
@pytest.mark.parametrize("layout", [Layout.PRINTOUT, Layout.HEADS])
def test_nothing_is_left_on_a_form_that_has_them(layout: Layout) -> None:
    fonts, rng = load(), Random(f"withheld/{layout}")
    facts = consistent(rng, traits("hepatitis_rows"), route("hepatitis_rows")).papers[EXAM]
    assert isinstance(facts, ExamFacts)
    told = replace(facts, hepatitis=tuple((name, "阳性") for name in HEPATITIS_ROWS), screening=())
    document = medical_exam_form.draw(told, rng, fonts, layout=layout, by_hand=False)
    (file,) = capture(Capture.SCAN, document.sheets, fonts, rng)
    engine = PaddleEngine(Path(os.environ.get("VERIFIER_MODELS_DIR") or ROOT / "models"), threads=2)
    reading = read_document(EXAM, [NamedFile("documents/a.jpg", file.data)], engine).reading
    assert len(reading.withheld) >= len(HEPATITIS_ROWS)
    assert reading.fields["alt"].text == told.vitals.alt
    seen = covered(decode(file.data)[0].image, [place.box for place in reading.withheld], 0)
    told_by_picture = " ".join(item.text for item in engine.read(seen))
    assert not is_about_hepatitis_b(told_by_picture)
    assert "阳性" not in told_by_picture
    assert "阳性" not in reading.model_dump_json()
