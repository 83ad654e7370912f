"""What problems hide: fields named, severities raised and lowered by what was read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Quad
from schemas.document import HIDES_FIELDS, CaptureProblem, DocumentType, Page, PageQuality, QualityProblem
from schemas.reading import Line, ReadField
from tests.support.pages import line
from verifier.extract.page import ReadPage
from verifier.geometry import quad_from_bounds
from verifier.imaging.quality import problem, verdict
from verifier.pipeline.hidden import judge_captures
from verifier.pipeline.places import covered, places_of
from verifier.rules.capture import DECISIVE

CARD = DocumentType.RESIDENT_ID_CARD
FORM = DocumentType.MEDICAL_EXAM_FORM
WIDTH, HEIGHT = 1600, 1000
VALUES = {
    "name": ("姓名", "欧阳靖雯", 100.0),
    "sex": ("性别", "女", 200.0),
    "birth_date": ("出生", "1996年8月12日", 300.0),
    "address": ("住址", "湖南省长沙市岳麓区", 400.0),
    "id_number": ("公民身份号码", "440114199608123428", 800.0),
}
BACK = {"issuing_authority": "长沙市公安局", "valid_from": "2018-08-14", "valid_to": "2028-08-14"}


def value_box(name: str) -> Quad:
    top = VALUES[name][2]
    return quad_from_bounds(420.0, top, 900.0, top + 40.0)


def read(value: str, box: Quad, confidence: float = 0.98, page: int = 0) -> ReadField:
    return ReadField(value=value, raw=value, confidence=confidence, page=page, box=box)


def fields(*without: str, **confidence: float) -> dict[str, ReadField]:
    """The fields of both sides of a card (the second is page 1), less those named."""
    front = {name: read(value, value_box(name), confidence.get(name, 0.98)) for name, (_, value, _) in VALUES.items()}
    back = {name: read(value, quad_from_bounds(400, 600, 800, 640), page=1) for name, value in BACK.items()}
    return {name: field for name, field in (front | back).items() if name not in without}


def lines(*without: str, score: float = 0.98) -> tuple[Line, ...]:
    """Labels and values of the front; of the fields named only the label."""
    found = [line(label, 100.0, top, score=score) for label, _, top in VALUES.values()]
    return (
        *found,
        *(line(value, 420.0, top, score=score) for n, (_, value, top) in VALUES.items() if n not in without),
    )


def part(
    text: tuple[Line, ...], index: int = 0, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None = None
) -> ReadPage:
    shown = np.full((HEIGHT, WIDTH, 3), (210, 222, 215), np.uint8) if image is None else image
    if image is None:
        shown[20:60, 20:400] = (40, 40, 200)
    return ReadPage(index=index, image=shown, lines=text, to_uploaded=np.eye(3))


def upload(*problems: QualityProblem) -> Page:
    return Page(file="documents/a.jpg", page=1, width=WIDTH, height=HEIGHT, quality=verdict(problems))


def back_page() -> tuple[Page, ReadPage]:
    text = tuple(line(value, 400.0, 500.0 + 100 * at) for at, value in enumerate(BACK.values()))
    return upload(), part(text, index=1)


def judged(found: dict[str, ReadField], text: tuple[Line, ...], *problems: QualityProblem) -> PageQuality:
    page, back = back_page()
    return judge_captures(CARD, [upload(*problems), page], [part(text), back], found)[0].quality


def over(name: str, kind: CaptureProblem, severity: float) -> QualityProblem:
    top = VALUES[name][2]
    return problem(kind, severity, quad_from_bounds(380.0, top - 20, 950.0, top + 60))


@pytest.mark.parametrize("kind", [CaptureProblem.BLURRED, CaptureProblem.TOO_DARK, CaptureProblem.LOW_CONTRAST])
def test_a_weak_problem_over_a_decisive_field_that_was_not_read_makes_the_page_unusable(kind: CaptureProblem) -> None:
    quality = judged(fields("id_number"), lines("id_number"), over("id_number", kind, 0.2))
    assert not quality.acceptable
    assert quality.problems[0].fields == ("id_number",) and quality.problems[0].severity >= HIDES_FIELDS


def test_a_field_read_with_doubt_counts_as_hidden() -> None:
    quality = judged(fields(name=0.55), lines(), over("name", CaptureProblem.BLURRED, 0.2))
    assert quality.problems[0].fields == ("name",) and not quality.acceptable


@pytest.mark.parametrize(
    "kind", [CaptureProblem.BLURRED, CaptureProblem.TOO_SMALL, CaptureProblem.TOO_DARK, CaptureProblem.MOIRE]
)
@pytest.mark.parametrize("severity", [0.35, 0.7, 1.0])
def test_a_page_on_which_all_was_read_is_usable(kind: CaptureProblem, severity: float) -> None:
    quality = judged(fields(), lines(), problem(kind, severity))
    assert quality.acceptable and quality.problems[0].fields == ()


def test_a_page_read_badly_stays_unusable() -> None:
    assert not judged(fields(), lines(score=0.8), problem(CaptureProblem.BLURRED, 0.7)).acceptable


def test_a_glare_over_nothing_is_a_remark_and_one_over_a_value_is_not() -> None:
    away = problem(CaptureProblem.GLARE, 0.8, quad_from_bounds(1200, 100, 1500, 500))
    complete = fields() | {"ethnicity": read("汉", quad_from_bounds(1000, 200, 1060, 240))}
    assert judged(complete, lines(), away).acceptable
    quality = judged(fields("address"), lines("address"), over("address", CaptureProblem.GLARE, 0.5))
    assert not quality.acceptable and quality.problems[0].fields == ("address",)


def test_a_value_that_ends_at_a_glare_may_go_on_below_it() -> None:
    beside = problem(CaptureProblem.GLARE, 0.6, quad_from_bounds(905, 380, 1200, 460))
    assert judged(fields(), lines(), beside).problems[0].fields == ("address",)


def test_a_cut_far_from_all_text_is_of_something_else() -> None:
    aside = problem(CaptureProblem.CROPPED, 0.9, quad_from_bounds(1560, 0, 1600, 900))
    assert judged(fields("name"), lines("name"), aside).acceptable


def test_a_cut_through_the_text_names_what_lost_its_label_too() -> None:
    text = tuple(each for each in lines("name") if each.text != "姓名")
    cut = problem(CaptureProblem.CROPPED, 0.8, quad_from_bounds(400, 60, 1200, 130))
    quality = judged(fields("name"), (*text, line("照片", 500.0, 100.0)), cut)
    assert not quality.acceptable and "name" in quality.problems[0].fields


def test_a_crop_between_lines_is_told_by_what_is_missing_at_the_border() -> None:
    text = tuple(
        each.model_copy(update={"box": tuple((x, y - 95) for x, y in each.box)})
        for each in lines("name")
        if each.text != "姓名"
    )
    moved = {
        name: field.model_copy(update={"box": tuple((x, y - 95) for x, y in field.box)})
        for name, field in fields("name").items()
    }
    near = judge_captures(CARD, [upload()], [part((*text, line("样本", 100.0, 10.0)))], moved)[0].quality
    assert [each.kind for each in near.problems] == [CaptureProblem.CROPPED] and not near.acceptable
    assert near.problems[0].fields == ("name",)
    assert judged(fields("name"), tuple(each for each in lines("name") if each.text != "姓名")).acceptable


def test_a_burnt_out_place_of_a_decisive_field_is_glare() -> None:
    image = np.full((HEIGHT, WIDTH, 3), 205, np.uint8)
    image[40:300, 260:1100] = 255
    shown = part(lines("name"), image=image)
    page, back = back_page()
    quality = judge_captures(CARD, [upload(), page], [shown, back], fields("name"))[0].quality
    assert quality.problems[0].kind is CaptureProblem.GLARE and not quality.acceptable
    assert quality.problems[0].fields == ("name",)


def test_nothing_read_on_an_even_page_is_blank_and_on_a_busy_one_no_document() -> None:
    busy = np.kron(np.random.default_rng(3).integers(0, 255, (50, 80, 3)), np.ones((20, 20, 1))).astype(np.uint8)
    for image, kind in (
        (np.full((HEIGHT, WIDTH, 3), 220, np.uint8), CaptureProblem.BLANK),
        (busy, CaptureProblem.NOT_A_DOCUMENT),
    ):
        (page,) = judge_captures(DocumentType.OTHER, [upload()], [part((), image=image)], {})
        assert [each.kind for each in page.quality.problems] == [kind] and not page.quality.acceptable


def test_a_picture_taken_for_no_document_is_one_when_it_was_read() -> None:
    assert judged(fields(), lines(), problem(CaptureProblem.NOT_A_DOCUMENT, 1.0)).acceptable


def test_a_copy_without_colour_is_remarked_on_and_usable() -> None:
    grey = part(lines(), image=np.full((HEIGHT, WIDTH, 3), 225, np.uint8))
    (page,) = judge_captures(CARD, [upload()], [grey], {k: v for k, v in fields().items() if v.page == 0})
    assert [each.kind for each in page.quality.problems] == [CaptureProblem.PHOTOCOPY] and page.quality.acceptable


def test_the_end_of_a_form_torn_off_is_told_with_what_stood_there() -> None:
    head = [
        line(text, 100.0, 40.0 + 90 * at)
        for at, text in enumerate(("体格检查表", "姓名欧阳靖雯", "性别女", "血压120/80", "身高165"))
    ]
    found = {
        "name": read("欧阳靖雯", quad_from_bounds(200, 130, 400, 170)),
        "id_number": read("440114199608123428", quad_from_bounds(200, 200, 500, 240)),
    }
    image = np.full((500, 700, 3), (215, 225, 235), np.uint8)
    image[:60, :60] = (40, 40, 220)
    shown = ReadPage(
        0, image, (*head, line("既往病史", 100.0, 450.0)), np.array([[1.0, 0, 200], [0, 1, 200], [0, 0, 1]])
    )
    (page,) = judge_captures(FORM, [upload()], [shown], found)
    (cut,) = page.quality.problems
    assert cut.kind is CaptureProblem.CROPPED and {"conclusion", "exam_date"} <= set(cut.fields)


def test_places_of_fields_not_read_are_beside_their_labels_or_between_their_neighbours() -> None:
    places = places_of(CARD, [part(lines("id_number"))], fields("id_number", "sex"))
    number = places["id_number"]
    assert number.field is None and number.labelled and number.box[0][0] > 300 and abs(number.box[0][1] - 800) < 30
    unseen = tuple(each for each in lines("sex") if each.text != "性别")
    between = places_of(CARD, [part(unseen)], fields("sex"))["sex"]
    assert not between.labelled and between.box[0][1] <= 200 <= between.box[2][1]


@settings(deadline=None, max_examples=30)
@given(st.floats(0.0, 1.0), st.sampled_from(sorted(DECISIVE[CARD])), st.sampled_from(list(CaptureProblem)))
def test_more_severe_problems_are_never_judged_milder(severity: float, missing: str, kind: CaptureProblem) -> None:
    def judged_severity(given_severity: float) -> float:
        found = judged(fields(missing), lines(missing) if missing in VALUES else lines(), problem(kind, given_severity))
        return max((each.severity for each in found.problems if each.kind is kind), default=0.0)

    assert judged_severity(severity) <= judged_severity(min(1.0, severity + 0.1))


@given(*(st.floats(0.0, 100.0) for _ in range(4)))
def test_covered_is_a_share(left: float, top: float, width: float, height: float) -> None:
    place = (left, top, left + width, top + height)
    assert 0.0 <= covered(place, (20.0, 20.0, 60.0, 60.0)) <= 1.0
    if width >= 1 and height >= 1:
        assert covered(place, (-1.0, -1.0, 300.0, 300.0)) == pytest.approx(1.0)
