"""Several papers on one picture, told apart by what was read on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schemas.document import DocumentType
from schemas.reading import Line
from tests.support.pages import line
from tests.support.stub_engine import StubEngine
from verifier.extract import read_fields
from verifier.extract.page import ReadPage
from verifier.geometry import centre, map_quad
from verifier.imaging.page import FoundPage
from verifier.imaging.rectify import Flat, unflattened
from verifier.intake import DecodedPage
from verifier.ocr.engine import Image
from verifier.pipeline.papers import Paper, read_papers

HEIGHT, WIDTH = 1800, 1400
PICTURE: Image = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)
CARD = DocumentType.RESIDENT_ID_CARD


def front(x: float, y: float, name: str = "张晓岚", number: str = "440114199803051239") -> list[Line]:
    return [
        line(f"姓名 {name}", x, y),
        line("性别 女 民族 汉", x, y + 80),
        line("出生 1998年3月5日", x, y + 160),
        line("住址 广东省广州市花都区新华街道", x, y + 240),
        line(f"公民身份号码 {number}", x, y + 400),
    ]


def back(x: float, y: float) -> list[Line]:
    return [
        line("中华人民共和国", x, y),
        line("居民身份证", x, y + 90),
        line("签发机关 广州市公安局花都分局", x, y + 250),
        line("有效期限 2018.05.22-2038.05.22", x, y + 330),
    ]


def read(lines: Sequence[Line], again: dict[tuple[int, int], Sequence[Line]] | None = None) -> tuple[Paper, ...]:
    engine = StubEngine({(HEIGHT, WIDTH): lines, **(again or {})})
    return read_papers(DecodedPage(image=PICTURE, number=1), unflattened(PICTURE), engine, deadline_s=1)


def names(paper: Paper) -> set[str]:
    return set(read_fields(CARD, [ReadPage(0, paper.image, paper.lines, paper.to_uploaded)]))


def test_two_sides_of_a_card_become_two_papers_that_map_back() -> None:
    lines = front(200, 150) + back(220, 950)
    papers = read(lines)
    assert [len(paper.lines) for paper in papers] == [5, 4]
    assert "id_number" in names(papers[0])
    assert names(papers[1]) == {"issuing_authority", "valid_from", "valid_to"}
    mapped = [centre(map_quad(item.box, paper.to_uploaded)) for paper in papers for item in paper.lines]
    assert np.allclose(mapped, [centre(item.box) for item in lines], atol=0.2)
    for paper in papers:
        height, width = paper.image.shape[:2]
        assert all(0 <= x < width and 0 <= y < height for x, y in (centre(item.box) for item in paper.lines))


def test_one_card_is_one_paper_on_the_very_picture() -> None:
    (paper,) = read(front(200, 150))
    assert paper.image is PICTURE
    assert np.array_equal(paper.to_uploaded, np.eye(3))


def test_cards_of_two_people_are_apart_however_near() -> None:
    papers = read(front(100, 150) + front(100, 650, "李文博", "44011419900101003X"))
    assert [len(paper.lines) for paper in papers] == [5, 5]


def test_a_letter_keeps_its_picture_and_the_card_on_it_is_cut_out() -> None:
    letter = [
        line("在职证明", 500, 80),
        line("兹证明张晓岚,女,身份证号码:440114199803051239,", 100, 180),
        line("自2020年9月1日起至今在我单位工作,担任教师。", 100, 240),
        line("特此证明", 100, 300),
    ]
    papers = read(letter + front(200, 800))
    assert [len(paper.lines) for paper in papers] == [4, 5]
    assert papers[0].image is PICTURE
    assert papers[1].image.shape < PICTURE.shape


def test_labels_are_never_parted_from_their_values() -> None:
    labels = [line(text, 100, 100 + 80 * at) for at, text in enumerate(("姓名", "性别", "民族", "公民身份号码"))]
    values = [line(text, 900, 100 + 80 * at) for at, text in enumerate(("张晓岚", "女", "汉", "440114199803051239"))]
    assert len(read(labels + values)) == 1


def test_a_card_on_its_side_is_read_again_from_its_own_crop() -> None:
    upright = front(150, 150)
    turned = [
        Line(
            text="乱",
            score=0.4,
            box=((900 + 90 * at, 700), (940 + 90 * at, 700), (940 + 90 * at, 1100), (900 + 90 * at, 1100)),
        )
        for at in range(4)
    ]
    crops: dict[tuple[int, int], Sequence[Line]] = {}

    class Recording(StubEngine):
        def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
            if image.shape[:2] == (HEIGHT, WIDTH):
                return (*upright, *turned)
            crops[image.shape[:2]] = back(60, 100)
            return tuple(back(60, 100))

    papers = read_papers(DecodedPage(image=PICTURE, number=1), unflattened(PICTURE), Recording(), deadline_s=1)
    assert len(crops) == 1
    assert len(papers) == 2
    assert names(papers[1]) == {"issuing_authority", "valid_from", "valid_to"}
    corner = map_quad(((0, 0), (1, 0), (1, 1), (0, 1)), papers[1].to_uploaded)[0]
    assert 0 <= corner[0] <= WIDTH
    assert 0 <= corner[1] <= HEIGHT


class Engine(StubEngine):
    """Reads the whole picture as `seen`, and anything smaller as `nearer`; `sizes` are what it was shown."""

    def __init__(self, seen: Sequence[Line], nearer: Sequence[Line]) -> None:
        super().__init__()
        self.seen, self.nearer = tuple(seen), tuple(nearer)
        self.sizes: list[tuple[int, int]] = []

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        self.sizes.append((image.shape[0], image.shape[1]))
        return self.seen if self.sizes[-1] == (HEIGHT, WIDTH) else self.nearer


def test_a_small_card_in_a_large_picture_is_looked_at_more_nearly() -> None:
    nearer = [
        line("姓名 张晓岚", 100, 100, height=20),
        line("公民身份号码 440114199803051239", 100, 200, height=20),
    ]
    engine = Engine([line("签发机关广州市", 500, 800)], nearer)
    (paper,) = read_papers(DecodedPage(image=PICTURE, number=1), unflattened(PICTURE), engine, deadline_s=1)
    assert len(engine.sizes) == 2
    assert names(paper) == {"name", "id_number"}
    x, y = map_quad(paper.lines[0].box, paper.to_uploaded)[0]
    assert (x, y) == (500 - 0.6 * 280 + 100, 800 - 0.6 * 280 + 100)


def test_the_nearer_look_follows_text_that_goes_on() -> None:
    engine = Engine([line("签发机关广州市", 500, 800)], [line("签发机关 广州市公安局花都区分局", 0, 180)])
    read_papers(DecodedPage(image=PICTURE, number=1), unflattened(PICTURE), engine, deadline_s=1)
    assert len(engine.sizes) > 2
    assert engine.sizes[2][1] > engine.sizes[1][1]


def test_the_picture_s_own_reading_stays_when_the_nearer_look_says_less() -> None:
    engine = Engine([line("公民身份号码", 600, 900)], [line("公", 0, 0)])
    (paper,) = read_papers(DecodedPage(image=PICTURE, number=1), unflattened(PICTURE), engine, deadline_s=1)
    assert paper.image is PICTURE


def test_a_page_that_reads_badly_once_flattened_is_read_as_it_was_sent() -> None:
    page = FoundPage(corners=np.array([[0.0, 0], [700, 0], [700, 900], [0, 900]]), sides=(1.0, 1.0, 1.0, 1.0))
    flat = Flat(image=PICTURE[:900, :700], to_uploaded=np.eye(3), found=True, page=page)
    engine = Engine(front(100, 100), [line("乱码", 20, 20, score=0.3)])
    (paper,) = read_papers(DecodedPage(image=PICTURE, number=1), flat, engine, deadline_s=1)
    assert paper.image is PICTURE
