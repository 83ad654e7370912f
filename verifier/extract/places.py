"""The place of a value that was not read: where it should stand, whether ink is there, where a closer look pays.

A place left empty is the applicant's to mend; writing that was not read is for a person. The two are told apart by the
picture alone, never by what a reader made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from schemas.base import Quad
from schemas.reading import CellState
from verifier.extract.layout import Layout, Token, same_row
from verifier.extract.tables import cell_values
from verifier.geometry import bounds, inverse, map_quad, quad_from_bounds
from verifier.imaging.inked import Ink, find_ink

_HINTS = re.compile(r"[年月日号_()/\s:：]*(?:签名|签字|签章|盖章|公章|章)?[)）\s]*")
"""What forms print into a place before anybody writes there."""
_STROKE, _PRESSED = 0.4, 0.35
"""Heights of a line, and darkness as a share of the label's print, of what is certainly writing."""
_REST = 0.3
"""Of both: below it a mark is a speck, dirt, or what is left of a seal."""
_FILLS = 0.55
"""Share of a cell's width, from its left, up to which a label reaches in a cell of its own."""
_BELOW = 2.0
"""Heights of the label below it that still belong to it where no rule ends its place."""
_WIDE = 12.0
"""Heights of the label: how far right of it a value may go on where nothing else ends its place."""
_START = 4.0
"""Heights of the label: how far from it a value starts at most."""
_APART = 1.5
"""Heights of the label that a value keeps from the next text on its row."""
_GROW = 0.25
"""Heights of the label by which a closer look reaches over the ink."""


def state_of(layout: Layout, label: Token, *, past: Iterable[str] = ()) -> CellState | None:
    """Whether the place of a label's value is empty or holds ink; None when it cannot be told."""
    passing = tuple(past)
    texts = _texts(layout, label, passing)
    if any(not _HINTS.fullmatch(token.text) for token in texts):
        return CellState.INKED
    if texts:
        # Printed hints are ink themselves: what was written between them cannot be told from them.
        return None
    places = _places(layout, label, passing)
    if places is None:
        return None
    seals = [map_quad(seal.box, inverse(layout.page.to_uploaded)) for seal in layout.page.seals]
    known = [*seals, *(token.box for token in layout.tokens)]
    found = [find_ink(layout.page.image, place, print_box=label.box, ignore=known) for place in places]
    # Below a label that shares its cell, ink may as well be the next row's, not read either.
    own = found if _is_alone(layout, label) else found[:1]
    if any(ink is not None and ink.size >= _STROKE and ink.strength >= _PRESSED for ink in own):
        return CellState.INKED
    if any(ink is not None and ink.size >= _REST and ink.strength >= _REST for ink in found):
        return None
    # What a seal covers at the very start of the place may be under it.
    return None if any(_covers(seal, label, places) for seal in seals) else CellState.EMPTY


def _is_alone(layout: Layout, label: Token) -> bool:
    """Whether a label stands alone in a ruled cell."""
    return label.cell is not None and len(layout.in_cell(label.cell)) == 1


def _covers(seal: Quad, label: Token, places: Sequence[Quad]) -> bool:
    """Whether a seal lies where a value beside its label starts."""
    left, top, right, bottom = bounds(seal)
    own = bounds(label.box)
    return any(
        left < min(bounds(place)[2], own[2] + _START * label.height)
        and right > bounds(place)[0]
        and top < bounds(place)[3]
        and bottom > bounds(place)[1]
        for place in places
    )


def look_box(layout: Layout, label: Token, *, past: Iterable[str] = ()) -> Quad | None:
    """The box of one line in which a second look may find the value; None when the place is certainly empty."""
    values = cell_values(layout, label, past=past)
    in_table = values is not None and values.empty is not None and layout.grid is not None
    place = layout.gap_right(label)
    if in_table and values is not None and values.empty is not None and layout.grid is not None:
        place = layout.grid.cells[values.empty].box
    ink = find_ink(layout.page.image, place, print_box=label.box)
    if ink is None:
        return None if in_table else place
    return _around(ink, label) if in_table else place


def _around(ink: Ink, label: Token) -> Quad:
    left, top, right, bottom = bounds(ink.box)
    grow = _GROW * label.height
    # A line of text is no lower than the label's: a dash alone would be stretched to a wall.
    middle, half = (top + bottom) / 2, max((bottom - top) / 2, 0.5 * label.height)
    return quad_from_bounds(left - grow, middle - half - grow / 2, right + grow, middle + half + grow / 2)


def _texts(layout: Layout, label: Token, past: tuple[str, ...]) -> list[Token]:
    """Text read where the value should stand."""
    values = cell_values(layout, label, past=past)
    if values is not None:
        found = [token for group in values.groups for token in group]
    else:
        found = [*layout.right_of(label, past=past), *layout.below(label)]
    return [
        token
        for token in found
        if token.cell != label.cell
        # A text far off in a wide cell is another part of the form, one behind another label is that one's.
        or (token.left - label.right < 0.5 * _WIDE * label.height and not _is_behind_other(layout, token, label))
    ]


def _is_behind_other(layout: Layout, token: Token, label: Token) -> bool:
    """Whether another label stands left of a text on the text's own row, which is not the label's."""
    return not same_row(token, label) and any(
        other.label is not None and other.left < token.left for other in layout.row_of(token)
    )


def _places(layout: Layout, label: Token, past: tuple[str, ...]) -> list[Quad] | None:
    """Where the value should stand: the empty cell beside the label, or what is free right of it and below it.

    None where the label fills its cell and the next one holds other labels: the value may stand anywhere among them.
    """
    values = cell_values(layout, label, past=past)
    if values is not None and values.empty is not None and layout.grid is not None:
        return [layout.grid.cells[values.empty].box]
    if label.cell is not None and layout.grid is not None and layout.grid.right_of(label.cell):
        cell = bounds(layout.grid.cells[label.cell].box)
        if bounds(label.box)[2] - cell[0] > _FILLS * (cell[2] - cell[0]):
            return None
    own = bounds(label.box)
    limit = (own[0], own[1], own[2] + _WIDE * label.height, own[3] + _BELOW * label.height)
    if label.cell is not None and layout.grid is not None:
        cell = bounds(layout.grid.cells[label.cell].box)
        limit = (
            cell[0],
            cell[1],
            min(cell[2], limit[2]),
            cell[3] if _is_alone(layout, label) else min(cell[3], limit[3]),
        )
    right, under = limit[2], limit[3]
    for other in layout.tokens:
        box = bounds(other.box)
        if other is label or box[0] >= limit[2] or box[1] >= limit[3]:
            continue
        if box[0] > own[2] and min(box[3], own[3]) - max(box[1], own[1]) > 0.3 * label.height:
            # Boxes of text miss a character at their start now and then: what stands there is not the signature.
            right = min(right, max(box[0] - _APART * label.height, min(box[0], own[2] + 3 * label.height)))
        if box[1] > own[3] - 0.3 * label.height and box[0] < own[2] + 2 * label.height and box[2] > own[0]:
            under = min(under, box[1])
    reach = 0.35 * label.height
    beside = quad_from_bounds(own[2] + 0.2 * label.height, own[1] - reach, right, min(own[3] + reach, limit[3]))
    places = [beside]
    if under - own[3] > 0.8 * label.height:
        places.append(quad_from_bounds(own[0], own[3], min(right, own[2] + 4 * label.height), under))
    return places
