"""Signatures: a handwritten name read several times, each time a little differently cut, and the readings voted on.

A detector boxes handwriting too tightly or takes half of a character for the whole (胡 read as 古月, 海 as 每). The same
recogniser reads the same ink right when the cut leaves it room, and its misreadings differ from cut to cut, while the
right reading comes back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from schemas.base import Quad
from schemas.reading import ReadField, Source
from verifier.compare.names import normalise_name
from verifier.compare.surnames import surname_of
from verifier.compare.text import HAN, squeeze
from verifier.extract.fields import beside, make_field, parse_name
from verifier.extract.layout import Layout, Token, advance, joined
from verifier.extract.tables import cell_values
from verifier.geometry import bounds, quad_from_bounds
from verifier.imaging.inked import find_ink, gap_near

_CUTS: tuple[tuple[float, float], ...] = ((0.15, 0.1), (0.35, 0.25), (0.55, 0.5))
"""Heights of the label by which a cut reaches beyond the ink: to either side, and up and down."""
_FORM_WORDS = re.compile(r"市|[医院]|专用|章$|体检|结论|日期|合格|签|(?<=.)[区县]")
"""Words of seals and forms that get into the place of a signature; hardly a name has them."""
_SURE = 0.97
"""A reading that scores so much and is confirmed by the first cut is not looked at again."""
_ALONE = 0.75
"""Weight below which a reading that no other confirms is no reading."""
_SHORT = 2
"""Characters of a name from which the surname may be missing: most names have three."""
_LONG = 6.0
"""Heights of the label a signature is wide at most."""
_RAISED = 0.45
"""Heights of the label by which a signature rises above its row and sinks below it."""
_LABEL_OFF = 0.8
"""Heights of the label by which its right edge may be off, when label and signature were boxed as one line."""
_NO_SURNAME, _TOO_LONG = 0.6, 0.35
"""What a reading weighs that starts with no known surname; that has four characters with a surname of one."""


def read_signature(layout: Layout, key: str) -> ReadField | None:
    """The name signed beside a label; None when no reading of it can be a name."""
    field = beside(layout, key, parse_signature)
    if layout.page.look is None or (field is not None and field.source is Source.TEXT_LAYER):
        return field
    for label in layout.labels(key)[:1]:
        better = _voted(layout, label, field)
        if better is not None:
            return better
    return field


def parse_signature(text: str) -> str | None:
    """A name as people sign: two to four characters, more only with a dot; marks beside them are dropped."""
    written = re.sub(r"^.*(?:[:：]|签[名字章])", "", text)
    name = parse_name(re.sub(rf"[^{HAN}·]", "", normalise_name(written)))
    if name is None or _FORM_WORDS.search(name):
        return None
    return name if len(name) <= 4 or "·" in name else None


def _voted(layout: Layout, label: Token, field: ReadField | None) -> ReadField | None:
    """The name most readings agree on, each weighed by its score and by how likely such a name is."""
    look = layout.page.look
    place = _place(layout, label)
    ink = find_ink(layout.page.image, place, print_box=label.box)
    if look is None or ink is None:
        return None
    votes: dict[str, float] = defaultdict(float)
    agreeing: dict[str, int] = defaultdict(int)
    tries = 0
    if field is not None:
        votes[field.text] += _weight(field.text, field.confidence)
        agreeing[field.text] += 1
        tries += 1
    for sideways, upright in _CUTS:
        answer = look(_grown(ink.box, sideways * label.height, upright * label.height))
        tries += 1
        name = parse_signature(answer.text)
        if name is None:
            continue
        votes[name] += _weight(name, answer.score)
        agreeing[name] += 1
        if field is not None and name == field.text and min(answer.score, field.confidence) >= _SURE:
            break
    if not votes:
        return None
    name = max(votes, key=lambda each: votes[each])
    if agreeing[name] == 1 and votes[name] < _ALONE:
        return None if field is None else _doubted(field, 1 / tries)
    whole = _with_label(layout, label, ink.box) if len(name) == _SHORT else None
    if whole is not None and whole.endswith(name):
        votes[whole], agreeing[whole] = votes[name], agreeing[name]
        name = whole
    seen = Token(
        text=name, score=min(1.0, votes[name] / agreeing[name]), box=ink.box, left=label.right, right=label.right,
        middle=label.middle, height=label.height, line=label.line,
    )  # fmt: skip
    return _doubted(make_field(layout, [seen], name, label), agreeing[name] / tries)


def _doubted(field: ReadField, agreeing: float) -> ReadField:
    """The field as sure as the share of readings that agree makes it: the recogniser's score says little of handwriting.

    Where the first character is no known surname it was probably lost or misread in every cut.
    """
    return field.model_copy(
        update={"confidence": round(field.confidence * (0.4 + 0.6 * agreeing) * _known(field.text), 3)}
    )


def _with_label(layout: Layout, label: Token, ink: Quad) -> str | None:
    """The name from a cut that begins with the label: a surname written close to it was not cut off there."""
    look = layout.page.look
    if look is None:
        return None
    left, top, right, bottom = bounds(label.box)
    box = bounds(ink)
    answer = look(
        quad_from_bounds(left, min(top, box[1]), max(right, box[2]) + _CUTS[0][0] * label.height, max(bottom, box[3]))
    )
    written = squeeze(answer.text)
    same = next((at for at, (a, b) in enumerate(zip(written, label.text, strict=False)) if a != b), len(label.text))
    name = parse_signature(written[same:])
    return name if name is not None and answer.score >= _ALONE and surname_of(name) is not None else None


def _known(name: str) -> float:
    return _NO_SURNAME if surname_of(name) is None else 1.0


def _weight(name: str, score: float) -> float:
    surname = surname_of(name)
    if surname is None:
        return score * _NO_SURNAME
    return score * (_TOO_LONG if len(name) > 3 and len(surname) == 1 and "·" not in name else 1.0)


def _place(layout: Layout, label: Token) -> Quad:
    """Where a signature beside a label may be: right of it, a little higher and lower, up to other text or the cell's end."""
    own = bounds(label.box)
    texts = [token for token in layout.value_right(label) if parse_signature(token.text) or len(token.text) <= 4]
    right = own[2] + _LONG * label.height
    if texts:
        right = max(right, max(bounds(token.box)[2] for token in texts) + 0.5 * label.height)
    for other in layout.row_of(label):
        box = bounds(other.box)
        if other is not label and other not in texts and box[0] > own[2]:
            right = min(right, box[0])
    top, bottom = own[1] - _RAISED * label.height, own[3] + _RAISED * label.height
    if label.cell is not None and layout.grid is not None:
        values = cell_values(layout, label)
        number = label.cell
        if values is not None and not _in_own(values.groups, label.cell):
            number = (
                next((group[0].cell for group in values.groups if group[0].cell is not None), values.empty) or number
            )
        cell = bounds(layout.grid.cells[number].box)
        if number != label.cell:
            return quad_from_bounds(*cell)
        right, top, bottom = min(right, cell[2]), max(top, cell[1]), min(bottom, cell[3])
    left = gap_near(layout.page.image, label.box, _print_end(layout, label), _LABEL_OFF * label.height)
    return quad_from_bounds(left, top, right, bottom)


def _print_end(layout: Layout, label: Token) -> float:
    """Where the label's print ends, judged by how wide the characters of the page's other labels are.

    A label boxed as one line with a signature was cut as if both were written equally wide.
    """
    left, _, right, _ = bounds(label.box)
    alone = [
        token
        for token in layout.tokens
        if token.label is not None
        and len(token.text) > 2
        and abs(token.height - label.height) < 0.4 * label.height
        and sum(other.line == token.line for other in layout.tokens) == 1
    ]
    if not alone or all(other is label or other.line != label.line for other in layout.tokens):
        return right
    pitch = median(token.width / advance(token.text) for token in alone)
    return min(right, left + pitch * (advance(label.text) + 0.5))


def _in_own(groups: Sequence[Sequence[Token]], cell: int) -> bool:
    return any(token.cell == cell for group in groups for token in group) or not joined([t for g in groups for t in g])


def _grown(box: Quad, sideways: float, upright: float) -> Quad:
    left, top, right, bottom = bounds(box)
    return quad_from_bounds(left - sideways, top - upright, right + sideways, bottom + upright)
