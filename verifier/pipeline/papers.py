"""The papers on one uploaded picture, each flat, upright and read: as a rule one, now and then two cards or more.

The picture is read as a whole first. A gap in its text parts two papers when what stands on either side is known to be
a document, and parting loses nothing. Text that lies another way than the rest is read again from a crop of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from schemas.base import Point, Quad
from schemas.document import DocumentType
from schemas.reading import Line
from verifier.extract import read_fields
from verifier.extract.classify import classify_lines
from verifier.extract.confirm import crop_line
from verifier.extract.page import ReadPage
from verifier.extract.slope import slope_of
from verifier.geometry import Bounds, Homography, bounds, centre, inverse, map_quad
from verifier.imaging import parts
from verifier.imaging.page import FoundPage
from verifier.imaging.rectify import Flat, flatten, unflattened
from verifier.intake import DecodedPage
from verifier.ocr.engine import Engine, Image
from verifier.pipeline.level import LEVEL_ENOUGH, lean_of, turned_level
from verifier.pipeline.merge import with_text_layer
from verifier.pipeline.upright import READ_WELL, is_sideways, length_by_height, read_upright, reading_score

CARDS = frozenset(
    {
        DocumentType.RESIDENT_ID_CARD,
        DocumentType.RESIDENCE_PERMIT,
        DocumentType.HMT_RESIDENCE_PERMIT,
        DocumentType.HOUSEHOLD_REGISTER,
        DocumentType.STUDENT_CARD,
    }
)
"""Small papers, of which several are put on one picture."""

MIN_LINES = 3
"""A card's back has four; fewer are a stray note, a stamp, the print on a desk."""

SMALL_PART = 0.75
"""Share of the picture's longer side below which the part that holds the text is worth a nearer look."""

AROUND = 0.6
"""How far around the text found it reaches, as a share of the text's longer side: some text was not found yet."""

BESIDE = 0.25
"""The same for text that was found, and found leaning: what is missing is little, and nearer."""

LARGE = 1400
"""Pixels of the longer side from which a picture is shrunk so much that a part of it shows more."""

NEARER_TRIES = 3

WELL_TOLD = 0.95
"""Of what a leaning picture told, the level one tells at least so much: it is the better one for everything that follows."""

OF_A_CARD = re.compile(
    r"公民身份|居民身份证|居住证|签发机关|签发日期|有效期|户主|户号|常住人口|学号|学生证|通行证|住址"
)
"""Words of which every side of a card has one: a picture without them is not searched for cards."""

OF_THE_HOLDER = frozenset({"name", "sex", "birth_date", "ethnicity", "id_number"})
"""Fields of the side that names its holder."""

BETWEEN_SIDES = 3.5
"""Heights of a line between the texts of two sides of a card, their margins alone; measured 5 to 10. The sections of an
electronic permit are 2 apart."""

REPEATED = 2
"""Fields of the holder that two papers both show. Of one a second label may be misread anywhere."""

SEEN = 0.94
"""Share of every side that is seen of a page on which several cards lie."""

CROOKED = 0.06
"""Slope of the text somewhere on a page that was flattened rightly: 3 degrees; printers feed within one."""

LONG = 4.0
"""Width by height of a line that shows which way its text runs."""

DENSE = 0.3
"""Characters a line has at least per square of its box: Han characters take one each, spaced titles two or three."""

TURNED_TRIES = 2
"""Crops that are read again because their text lies another way: each costs about what the picture did."""


@dataclass(frozen=True)
class Paper:
    """One paper: boxes of `lines` are in pixels of `image`, which `to_uploaded` maps to those of the uploaded page."""

    image: Image
    lines: tuple[Line, ...]
    to_uploaded: Homography

    def only(self, chosen: Sequence[int]) -> Paper:
        """The same picture with some of its lines."""
        return replace(self, lines=tuple(self.lines[i] for i in chosen))


def read_papers(decoded: DecodedPage, flat: Flat, engine: Engine, *, deadline_s: float) -> tuple[Paper, ...]:
    """Read what lies flat upright, and give every paper on it apart: at least one, in order of reading.

    Raises EngineError when the engine cannot answer.
    """
    papers = _papers(decoded, flat, engine, deadline_s)
    if flat.page is None or not _is_doubtful(papers, flat.page):
        return papers
    plain = _papers(decoded, unflattened(decoded.image), engine, deadline_s)
    return plain if len(papers) > 1 or sum(map(_told, plain)) >= sum(map(_told, papers)) else papers


def _is_doubtful(papers: Sequence[Paper], page: FoundPage) -> bool:
    """Whether a page was flattened that perhaps is none.

    It reads badly; or it is a frame around cards and may cut them; or a side of it was only guessed, and its text is crooked.
    """
    if len(papers) > 1:
        return min(page.sides) < SEEN
    return reading_score(papers[0].lines) < READ_WELL or (min(page.sides) == 0 and _is_crooked(papers[0]))


def _is_crooked(paper: Paper) -> bool:
    slope = slope_of(paper.lines)
    height, width = paper.image.shape[:2]
    return any(abs(slope.a + slope.b * x + slope.c * y) > CROOKED for x in (0, width) for y in (0, height))


def _papers(decoded: DecodedPage, flat: Flat, engine: Engine, deadline_s: float) -> tuple[Paper, ...]:
    whole = _read(flat.image, flat.to_uploaded, engine, deadline_s)
    if not flat.found:
        whole = _nearer(whole, engine, deadline_s)
    whole = _level(whole, engine, deadline_s)
    look = partial(_look_again, whole.image, engine, deadline_s)
    lines = with_text_layer(whole.lines, decoded.text_lines, inverse(whole.to_uploaded), look)
    rest, turned = _without_turned(replace(whole, lines=lines), engine, deadline_s)
    groups = _groups(rest)
    if len(groups) + len(turned) == 1:
        return (rest,)
    return (*(_cut_out(group, rest) if _kind(group.lines) in CARDS else group for group in groups), *turned)


def _look_again(image: Image, engine: Engine, deadline_s: float, boxes: Sequence[Quad]) -> list[str]:
    """What each box of the picture says, read from a crop of its own; '' for one without extent."""
    crops = {at: crop for at, box in enumerate(boxes) if (crop := crop_line(image, box)) is not None}
    answers = engine.recognise(list(crops.values()), deadline_s=deadline_s) if crops else ()
    said = {at: answer.text for at, answer in zip(crops, answers, strict=True)}
    return [said.get(at, "") for at in range(len(boxes))]


def _read(image: Image, to_uploaded: Homography, engine: Engine, deadline_s: float) -> Paper:
    upright = read_upright(image, engine, deadline_s=deadline_s)
    return Paper(upright.image, upright.lines, np.asarray(to_uploaded @ upright.to_source, dtype=np.float64))


def _level(paper: Paper, engine: Engine, deadline_s: float) -> Paper:
    """A picture whose text leans turned level and read again; the better reading stays."""
    lean = lean_of(paper.lines)
    if abs(lean) < LEVEL_ENOUGH:
        return paper
    image, to_paper = turned_level(paper.image, lean)
    lines = tuple(line.model_copy(update={"box": map_quad(line.box, inverse(to_paper))}) for line in paper.lines)
    turned = Paper(image, lines, np.asarray(paper.to_uploaded @ to_paper, dtype=np.float64))
    height, width = image.shape[:2]
    near = _crop(turned, parts.region([line.box for line in lines], [], width, height, margin=BESIDE))
    level = _read(near.image, near.to_uploaded, engine, deadline_s)
    return level if _told(level) >= WELL_TOLD * _told(paper) else paper


def _nearer(paper: Paper, engine: Engine, deadline_s: float) -> Paper:
    """Where all text lies in a small part of the picture, that part read again: there is more to see than was seen.

    The engine looks at a copy of the picture in which such text is a few pixels high. The better reading stays.
    """
    height, width = paper.image.shape[:2]
    if not paper.lines or max(height, width) < LARGE:
        return paper
    best, area = paper, parts.region([line.box for line in paper.lines], [], width, height, margin=AROUND)
    for _ in range(NEARER_TRIES):
        if max(area[2] - area[0], area[3] - area[1]) > SMALL_PART * max(height, width):
            break
        cropped = _crop(paper, area)
        read = _read(cropped.image, cropped.to_uploaded, engine, deadline_s)
        best = max(best, read, key=_told)
        on_it = [map_quad(line.box, inverse(paper.to_uploaded) @ read.to_uploaded) for line in read.lines]
        if not any(_reaches(box, area) for box in on_it):
            break
        area = parts.region(on_it, [], width, height, margin=AROUND)
    return best if best is paper else _flattened(best)


def _reaches(box: Quad, area: Bounds) -> bool:
    """Whether text stands at the very border of the area: it goes on outside."""
    left, top, right, bottom = bounds(box)
    room = (bottom - top) / 2
    return left < area[0] + room or top < area[1] + room or right > area[2] - room or bottom > area[3] - room


def _told(paper: Paper) -> float:
    """How much was read, in characters, each counting by how well it was."""
    return sum(len(line.text) * line.score for line in paper.lines)


def _without_turned(paper: Paper, engine: Engine, deadline_s: float) -> tuple[Paper, list[Paper]]:
    """The picture without the cards that lie another way than the rest of it, and those cards, read upright."""
    found: list[Paper] = []
    for _ in range(TURNED_TRIES):
        choice = _turned_part(paper)
        if choice is None:
            break
        away, stays = choice
        again = _cropped(paper.only(away), paper.only(stays))
        card = _read(again.image, again.to_uploaded, engine, deadline_s)
        if _kind(card.lines) not in CARDS:
            break
        found.append(card)
        paper = paper.only(stays)
    return paper, found


def _turned_part(paper: Paper) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Lines that lie another way than the rest, and the rest: the part behind a gap that holds most of them."""
    long = {i: _lies_well(line) for i, line in enumerate(paper.lines) if length_by_height(line) >= LONG}
    if sum(not well for well in long.values()) < MIN_LINES:
        return None
    best, most = None, 0
    for cut in parts.cuts([line.box for line in paper.lines]):
        for away, stays in ((cut.one, cut.other), (cut.other, cut.one)):
            # Lines that lie well speak against a part: it would take some of the next paper along.
            astray, kept = ([long[i] for i in side if i in long] for side in (away, stays))
            count = astray.count(False) - astray.count(True)
            if count > most and astray.count(False) >= MIN_LINES and kept.count(True) > kept.count(False):
                best, most = (away, stays), count
    return best


def _lies_well(line: Line) -> bool:
    """Whether a line runs across the picture and was read: text on its head scores badly, or few characters are seen."""
    return not is_sideways([line]) and line.score >= READ_WELL and len(line.text) >= DENSE * length_by_height(line)


def _groups(paper: Paper) -> list[Paper]:
    """The lines of each paper, every group on the whole picture still; one group when it does not fall apart."""
    marked = frozenset(i for i, line in enumerate(paper.lines) if OF_A_CARD.search(line.text))
    if not marked:
        return [paper]
    best, most = None, 0
    for cut in parts.cuts([line.box for line in paper.lines]):
        if min(len(cut.one), len(cut.other)) < MIN_LINES or not (marked & {*cut.one} or marked & {*cut.other}):
            continue
        halves = paper.only(cut.one), paper.only(cut.other)
        weight = _weight(*halves, paper, cut.gap)
        if weight > most:
            best, most = halves, weight
    return [*_groups(best[0]), *_groups(best[1])] if best else [paper]


def _weight(one: Paper, other: Paper, whole: Paper, gap: float) -> int:
    """How much says that two halves of a picture are papers of their own; 0 for nothing.

    Either both name a holder and repeat each other's fields, which one paper never does: the more of them the better.
    Or they are the two sides of one card, well apart: one names the holder, and together they tell all the whole told,
    labels with their values.
    """
    seen = _kind(one.lines), _kind(other.lines)
    if CARDS.isdisjoint(seen):
        return 0
    # A side that lost its title is taken for the kind of the other.
    kinds = tuple(seen[1 - at] if kind is DocumentType.OTHER else kind for at, kind in enumerate(seen))
    told = _fields(kinds[0], one), _fields(kinds[1], other)
    repeated = len(told[0] & told[1] & OF_THE_HOLDER)
    if repeated >= REPEATED:
        return repeated
    are_sides = (
        gap >= BETWEEN_SIDES
        and seen[0] is seen[1]
        and all(told)
        and [bool(OF_THE_HOLDER & fields) for fields in told].count(True) == 1
        and _fields(kinds[0], whole) <= _fields(kinds[0], one, other)
    )
    return int(are_sides)


def _kind(lines: Sequence[Line]) -> DocumentType:
    return classify_lines([line.text for line in lines]).type


def _fields(kind: DocumentType, *papers: Paper) -> set[str]:
    """Names of the fields that papers of one document show."""
    pages = [ReadPage(index=0, image=each.image, lines=each.lines, to_uploaded=each.to_uploaded) for each in papers]
    return set(read_fields(kind, pages))


def _cut_out(paper: Paper, whole: Paper) -> Paper:
    """A card from a picture of several, flat where its edges are seen; its lines are mapped, not read again."""
    others = replace(whole, lines=tuple(line for line in whole.lines if line not in paper.lines))
    cropped = _cropped(paper, others)
    to_crop = inverse(cropped.to_uploaded) @ whole.to_uploaded
    return _flattened(cropped, [centre(map_quad(line.box, to_crop)) for line in others.lines])


def _flattened(paper: Paper, other_text: Sequence[Point] = ()) -> Paper:
    """The paper flat, where edges are seen around its text and none of the other's; lines are mapped, not read again."""
    flat = flatten(paper.image, text=[centre(line.box) for line in paper.lines], other_text=other_text)
    if not flat.found:
        return paper
    to_flat = inverse(flat.to_uploaded)
    moved = tuple(line.model_copy(update={"box": map_quad(line.box, to_flat)}) for line in paper.lines)
    return Paper(flat.image, moved, np.asarray(paper.to_uploaded @ flat.to_uploaded, dtype=np.float64))


def _cropped(paper: Paper, others: Paper) -> Paper:
    """The part of the picture around a paper's lines, up to half the way to the lines of the others."""
    height, width = paper.image.shape[:2]
    boxes, foreign = [line.box for line in paper.lines], [line.box for line in others.lines]
    return _crop(paper, parts.region(boxes, foreign, width, height))


def _crop(paper: Paper, area: Bounds) -> Paper:
    """A rectangle of the picture as a picture of its own, with the lines, wherever they stand."""
    left, top, right, bottom = int(area[0]), int(area[1]), int(np.ceil(area[2])), int(np.ceil(area[3]))
    shift = np.array([[1.0, 0.0, left], [0.0, 1.0, top], [0.0, 0.0, 1.0]])
    return Paper(
        image=np.ascontiguousarray(paper.image[top:bottom, left:right]),
        lines=tuple(line.model_copy(update={"box": map_quad(line.box, inverse(shift))}) for line in paper.lines),
        to_uploaded=np.asarray(paper.to_uploaded @ shift, dtype=np.float64),
    )
