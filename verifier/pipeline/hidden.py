"""What capture problems hide: problems joined with the fields read, and with the places of those that were not.

Before reading a page is measured; afterwards it is known what matters. A blur, a glare or a shadow over decisive fields that
could not be read makes the page unusable however weak it measured, one over nothing that matters is a remark however
strong, and a page on which everything was read is usable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.base import Quad
from schemas.document import (
    FIELDS,
    HIDES_FIELDS,
    KINDERGARTEN_ITEMS,
    CaptureProblem,
    DocumentType,
    Page,
    PageQuality,
    QualityProblem,
)
from schemas.reading import Line, ReadField, Source
from verifier.extract.page import ReadPage
from verifier.geometry import Bounds, bounds, inverse, map_quad, quad_from_bounds
from verifier.imaging.quality import LEAST_SEVERITY, LOCAL_CAP, problem, verdict
from verifier.imaging.strokes import grey
from verifier.imaging.texture import EVEN_PAPER, has_many_colours, has_structure, is_texture
from verifier.imaging.toner import is_colourless
from verifier.pipeline.places import Place, covered, places_of
from verifier.pipeline.spare_blanks import with_spare_blanks
from verifier.pipeline.upright import READ_WELL, reading_score
from verifier.rules.capture import DECISIVE, SIDES

SURE = 0.8
"""A field read with this confidence was not hidden (the batches' own threshold for a decisive field)."""

PAGE_READ = 0.93
"""Score of a page's lines from which a capture was good enough, whatever was measured. Sharp pages score 0.97 to 0.99; at
0.9 one character in thirty is wrong."""

OVERLAP = 0.15
"""Share of a place under a problem from which the field is touched."""

WASHES_OUT = frozenset({CaptureProblem.GLARE, CaptureProblem.CROPPED})
"""Nothing is left to read there: what was beside it and whether it mattered cannot be seen."""

SOFTENS = frozenset(
    {
        CaptureProblem.BLURRED,
        CaptureProblem.TOO_SMALL,
        CaptureProblem.TOO_DARK,
        CaptureProblem.LOW_CONTRAST,
        CaptureProblem.MOIRE,
    }
)
"""Reading tells whether these matter."""

TABLE = "rows"
"""The field that is a table."""

NOTHING_THERE = frozenset({CaptureProblem.BLANK, CaptureProblem.NOT_A_DOCUMENT})

MARKS_ONLY = frozenset({CaptureProblem.CROPPED})
"""What is measured on any marks; without text it says nothing."""

BLURRED_AWAY = 0.9
"""Severity of a blur from which text may be gone altogether: a blank page is not told from one."""

NEXT_TO = 1.0
"""Heights of a line from a value to a washed-out place on its row: the value may have gone on there."""

ENDLESS = frozenset(
    {"name", "address", "hukou_address", "current_address", "employer", "hospital", "position", "school"}
)
"""Fields whose length is not known: cut off they still look whole."""

COLOURFUL = frozenset(
    {
        DocumentType.RESIDENT_ID_CARD,
        DocumentType.RESIDENCE_PERMIT,
        DocumentType.HMT_RESIDENCE_PERMIT,
        DocumentType.HOUSEHOLD_REGISTER,
        DocumentType.MEDICAL_EXAM_FORM,
        DocumentType.EMPLOYMENT_CERTIFICATE,
    }
)
"""Types whose originals have a red seal or coloured artwork."""

COPY_SEVERITY = 0.1
"""A copy without colour reads as well as its original: a remark. A batch may take it more seriously (`rules`)."""

LEAST_LINES = 3
"""Well-read lines without which a picture shows no document; the back of a card has four."""

NEAR_A_CUT = 3.0
"""Heights of a line from a cut within which there is text of the document it cuts."""

CHARACTERS_DOWN = 60
"""Heights of a character in the height of a page: where none was read, rows are looked for as on A4."""

AT_BORDER = 0.9
"""Heights of a line between text and the picture's border up to which the paper may go on beyond it."""

UPRIGHT_SHEETS = frozenset(
    {
        DocumentType.MEDICAL_EXAM_FORM,
        DocumentType.EMPLOYMENT_CERTIFICATE,
        DocumentType.LABOR_CONTRACT,
        DocumentType.STUDENT_STATUS_REPORT,
    }
)
HALF = 1.2
"""Height by width below which such a sheet is not whole: A4 has 1.41, in perspective 1.25 and more."""

EDGE_SEEN = 0.2
"""Heights of a line from the border at which a paper ends inside the picture: nothing of it is beyond."""

BURNT, NEAR_BRIGHTEST, BURNT_SHARE = 246, 6, 0.4
"""Grey level of burnt-out paper, at least, how far below the picture's brightest it may be, and the share of a place."""

BRIGHTER = 6.0
"""Grey levels by which a burnt-out place is brighter than the page's paper: on scans and prints all paper is the same."""

LEAST_PIXELS = 64
"""Smaller places lie outside the picture."""

NO_INK = 200
"""Grey level of the darkest a burnt-out place may show."""


@dataclass(frozen=True)
class _Seen:
    """One page after reading: its lines in pixels as uploaded, and the places of fields that are not on another page."""

    kind: DocumentType
    page: Page
    lines: tuple[Line, ...]
    places: Mapping[str, Place]
    sure: frozenset[str]
    """Fields that were read surely, on whatever page."""
    unplaced: frozenset[str]
    """Decisive fields that no page shows and whose place nothing tells: they may be on this page."""
    placed: frozenset[str]
    """Fields whose value or label some page shows, and those of sides that this page does not have."""


def judge_captures(
    kind: DocumentType, pages: Sequence[Page], parts: Sequence[ReadPage], fields: Mapping[str, ReadField]
) -> tuple[Page, ...]:
    """The pages of a document with their quality judged by what was read.

    `parts` are all papers on the pages, `fields` what was read of the type `kind`. Problems name the fields they hide;
    their severity is raised or lowered to the side of HIDES_FIELDS that they belong on; a cut that runs between lines, a
    colourless copy and a picture of no document are added.
    """
    places = places_of(kind, parts, fields)
    sure = frozenset(name for name, field in fields.items() if field.confidence >= SURE)
    judged = []
    for index, page in enumerate(pages):
        own = [part for part in parts if part.index == index]
        lines = tuple(line.model_copy(update={"box": part.uploaded(line.box)}) for part in own for line in part.lines)
        here = {name: place for name, place in places.items() if place.page == index}
        elsewhere = _of_other_sides(kind, (name for name, place in here.items() if place.labelled))
        here = {name: place for name, place in here.items() if place.labelled or name not in elsewhere}
        unplaced = frozenset(DECISIVE.get(kind, ())) - places.keys() - elsewhere
        seen = _Seen(kind, page, lines, here, sure, unplaced, frozenset(places) | elsewhere)
        judged.append(page.model_copy(update={"quality": _judged(seen, own)}))
    return with_spare_blanks(kind, judged, parts, fields)


def _judged(seen: _Seen, parts: Sequence[ReadPage]) -> PageQuality:
    quality = seen.page.quality
    if sum(line.score >= READ_WELL and len(line.text) > 1 for line in seen.lines) < LEAST_LINES:
        return _nothing_read(seen, parts)
    # Whatever it looked like: it was read.
    problems = [_weighed(each, seen) for each in quality.problems if each.kind not in NOTHING_THERE]
    problems += _washed_out(seen, parts)
    problems += _cut_between_lines(seen, parts)
    problems += _colourless(seen, parts)
    return verdict(problems)


def _nothing_read(seen: _Seen, parts: Sequence[ReadPage]) -> PageQuality:
    """The quality of a page on which nothing was read: what it was measured to be, unless it is no document."""
    quality = seen.page.quality
    measured = [each for each in quality.problems if each.kind in NOTHING_THERE]
    if measured or not parts:
        return verdict(measured) if measured else quality
    image = max((part.image for part in parts), key=lambda each: each.size)
    gray = grey(image)
    fills = gray.size >= 0.98 * seen.page.width * seen.page.height
    if has_many_colours(image) or (
        fills and has_structure(gray) and is_texture(gray, gray.shape[0] / CHARACTERS_DOWN, even=EVEN_PAPER)
    ):
        return verdict([problem(CaptureProblem.NOT_A_DOCUMENT, 1.0)])
    if all(each.kind in MARKS_ONLY or each.severity < HIDES_FIELDS for each in quality.problems):
        kind = CaptureProblem.NOT_A_DOCUMENT if has_structure(gray) else CaptureProblem.BLANK
        return verdict([problem(kind, 1.0)])
    blurred = max((each.severity for each in quality.problems if each.kind is CaptureProblem.BLURRED), default=0.0)
    if not has_structure(gray) and blurred < BLURRED_AWAY:
        return verdict([problem(CaptureProblem.BLANK, 1.0)])
    return quality


def _weighed(found: QualityProblem, seen: _Seen) -> QualityProblem:
    """A problem with the fields it hides, as severe as that makes it."""
    if found.kind not in WASHES_OUT | SOFTENS:
        return found
    if found.kind is CaptureProblem.CROPPED and not _reaches(found, seen):
        # Something else was cut: another paper below this one, the pattern of a cloth.
        return found.model_copy(update={"severity": min(found.severity, LOCAL_CAP)})
    hidden = _hidden(found, seen)
    if found.kind is CaptureProblem.CROPPED:
        # Labels are cut away with their values.
        hidden = [name for name in FIELDS[seen.kind] if name in hidden or name in _without_label(seen)]
    vital = hidden if found.kind in WASHES_OUT else [name for name in hidden if name in DECISIVE.get(seen.kind, ())]
    severity = found.severity
    if vital and severity >= LEAST_SEVERITY:
        severity = max(severity, HIDES_FIELDS)
    elif not vital and severity >= HIDES_FIELDS and _is_harmless(found, seen):
        severity = LOCAL_CAP
    if severity >= HIDES_FIELDS:
        hidden = [name for name in FIELDS[seen.kind] if name in hidden or name in seen.unplaced]
    return found.model_copy(update={"severity": round(severity, 3), "fields": tuple(hidden)})


def _hidden(found: QualityProblem, seen: _Seen) -> list[str]:
    """Fields under a problem that were not read, or not surely, in the order of the type."""
    area = _area(found.box, seen.page)
    # What concerns the whole page is not told by a field that many layouts leave out.
    names = [name for name in FIELDS[seen.kind] if found.box is not None or name in DECISIVE.get(seen.kind, ())]
    return [
        name
        for name in names
        if (place := seen.places.get(name)) is not None
        and not _is_optional(name, seen)
        and (
            (covered(bounds(place.box), area) >= OVERLAP and not _is_sure(place))
            or (found.kind in WASHES_OUT and name in ENDLESS and place.field is not None and _goes_on(place, area))
        )
    ]


def _is_sure(place: Place) -> bool:
    return place.field is not None and place.field.confidence >= SURE


def _goes_on(place: Place, area: Bounds) -> bool:
    """Whether a value ends where a washed-out place begins, on its own row; rows of a table also above and below it."""
    left, top, right, bottom = bounds(place.box)
    if place.field is not None and not isinstance(place.field.value, str):
        row = (bottom - top) / (len(place.field.value) + 1)
        return covered((left, top - row, right, bottom + row), area) > 0
    middle = (top + bottom) / 2
    reach = NEXT_TO * (bottom - top)
    return area[1] < middle < area[3] and left < area[0] <= right + reach < area[2] + reach


def _is_harmless(found: QualityProblem, seen: _Seen) -> bool:
    """Whether all that matters was read in spite of a problem."""
    decisive = frozenset(DECISIVE.get(seen.kind, ()))
    if found.kind not in WASHES_OUT:
        expected = decisive - _of_other_sides(
            seen.kind, (name for name, place in seen.places.items() if place.labelled)
        )
        well = found.box is not None or reading_score(seen.lines) >= PAGE_READ
        return bool(decisive) and expected <= seen.sure and well
    if not decisive or TABLE in decisive:
        # How many rows there were cannot be told.
        return False
    # What stands elsewhere, however doubtful it was to read, is not what this hides.
    return all(name in seen.placed or _is_optional(name, seen) for name in FIELDS[seen.kind])


def _reaches(found: QualityProblem, seen: _Seen) -> bool:
    """Whether text of the document comes near the place where the picture cuts something."""
    left, top, right, bottom = _area(found.box, seen.page)
    lines = [bounds(line.box) for line in seen.lines if line.score >= READ_WELL]
    reach = NEAR_A_CUT * float(np.median([min(x1 - x0, y1 - y0) for x0, y0, x1, y1 in lines]))
    area = (left - reach, top - reach, right + reach, bottom + reach)
    return any(covered(line, area) > 0 for line in lines)


def _is_optional(name: str, seen: _Seen) -> bool:
    """Whether a form for another kind of applicant lacks the field altogether."""
    return name in KINDERGARTEN_ITEMS and not any(
        (place := seen.places.get(item)) is not None and place.field is not None for item in KINDERGARTEN_ITEMS
    )


def _of_other_sides(kind: DocumentType, here: Iterable[str]) -> frozenset[str]:
    """Fields of the sides of a card that a page does not show, when it shows another one."""
    shown = frozenset(here)
    sides = SIDES.get(kind, ())
    seen = frozenset[str]().union(*(side.fields for side in sides if side.fields & shown))
    return frozenset[str]().union(*(side.fields for side in sides if not side.fields & shown)) - seen if seen else seen


def _washed_out(seen: _Seen, parts: Sequence[ReadPage]) -> list[QualityProblem]:
    """A glare too small or too even to be measured: places of decisive fields not read that are bright and empty."""
    if any(each.kind is CaptureProblem.GLARE for each in seen.page.quality.problems):
        return []
    found = []
    for name in FIELDS[seen.kind]:
        place = seen.places.get(name)
        if place is None or place.field is not None or name not in DECISIVE.get(seen.kind, ()):
            continue
        if any(_is_washed_out(part, place.box) for part in parts):
            found.append(problem(CaptureProblem.GLARE, 0.5, place.box).model_copy(update={"fields": (name,)}))
    return found


def _is_washed_out(part: ReadPage, box: Quad) -> bool:
    """Whether a place is brighter than the paper, much of it as bright as the sensor gets, without ink."""
    gray = grey(part.image)
    paper, brightest = np.percentile(gray[::4, ::4], (60, 99))
    left, top, right, bottom = (max(0, round(value)) for value in bounds(map_quad(box, inverse(part.to_uploaded))))
    there = gray[top:bottom, left:right]
    if there.size < LEAST_PIXELS:
        return False
    ink, middle = np.percentile(there, (3, 50))
    burnt = float((there >= max(BURNT, brightest - NEAR_BRIGHTEST)).mean())
    return bool(ink >= NO_INK and middle >= paper + BRIGHTER and burnt >= BURNT_SHARE)


def _cut_between_lines(seen: _Seen, parts: Sequence[ReadPage]) -> list[QualityProblem]:
    """A crop that no line shows: text comes up to the border, and decisive fields with their labels are missing."""
    missing = _without_label(seen)
    known = any(each.kind is CaptureProblem.CROPPED for each in seen.page.quality.problems)
    if not missing or known or any(line.source is Source.TEXT_LAYER for line in seen.lines):
        return []
    if not any(_comes_to_border(seen, part) or _is_half_a_sheet(seen, part) for part in parts):
        return []
    fields = tuple(name for name in FIELDS[seen.kind] if name in missing)
    return [problem(CaptureProblem.CROPPED, 0.5).model_copy(update={"fields": fields})]


def _comes_to_border(seen: _Seen, part: ReadPage) -> bool:
    """Whether a paper's text comes up to a side of the picture on which the paper's own edge is not seen."""
    lines = [bounds(part.uploaded(line.box)) for line in part.lines if line.score >= READ_WELL]
    if len(lines) < LEAST_LINES:
        return False
    boxes = np.array(lines)
    height = float(np.median(np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])))
    down, across = part.image.shape[:2]
    edges = bounds(part.uploaded(quad_from_bounds(0.0, 0.0, float(across), float(down))))
    size = (seen.page.width, seen.page.height)
    for axis in (0, 1):
        for text, edge in (
            (float(boxes[:, axis].min()), edges[axis]),
            (size[axis] - float(boxes[:, axis + 2].max()), size[axis] - edges[axis + 2]),
        ):
            if text <= AT_BORDER * height and edge <= EDGE_SEEN * height:
                return True
    return False


def _is_half_a_sheet(seen: _Seen, part: ReadPage) -> bool:
    """Whether a sheet that should stand upright is about as wide as high, and text comes up to its edge: folded or torn."""
    down, across = part.image.shape[:2]
    boxes = np.array([bounds(line.box) for line in part.lines if line.score >= READ_WELL])
    if seen.kind not in UPRIGHT_SHEETS or down >= HALF * across or len(boxes) < LEAST_LINES:
        return False
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    return bool(min(boxes[:, 1].min(), down - boxes[:, 3].max()) <= AT_BORDER * height)


def _without_label(seen: _Seen) -> frozenset[str]:
    """Decisive fields of which neither the value nor the label was read."""
    unlabelled = {name for name, place in seen.places.items() if place.field is None and not place.labelled}
    return seen.unplaced | (unlabelled & frozenset(DECISIVE.get(seen.kind, ())))


def _colourless(seen: _Seen, parts: Sequence[ReadPage]) -> list[QualityProblem]:
    """A remark on a copy without colour of a document that has some."""
    electronic = any(line.source is Source.TEXT_LAYER for line in seen.lines)
    shows = any(seal.colour in ("red", "blue") for part in parts for seal in part.seals)
    if seen.kind not in COLOURFUL or electronic or shows or not seen.places:
        return []
    if not all(is_colourless(part.image) for part in parts):
        return []
    return [problem(CaptureProblem.PHOTOCOPY, COPY_SEVERITY)]


def _area(box: Quad | None, page: Page) -> Bounds:
    return (0.0, 0.0, float(page.width), float(page.height)) if box is None else bounds(box)
