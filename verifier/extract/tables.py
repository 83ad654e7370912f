"""Values in ruled tables: what stands in the label's own cell, in the cells right of it, or in the cell under a head."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from verifier.extract.layout import Layout, Token, joined, overlap, rows_of, same_row
from verifier.geometry import bounds

_VALUE = r"[\d/\\√✓×—–-]|^[一Q]$|[未拒免漏缺弃][检查做]|阴性|阳性|正常|未见"
"""What a cell holds when it is a value, or a mark in the place of one, and not a unit or a name of the item."""


@dataclass(frozen=True)
class CellValues:
    """Where a label's value may stand in a table: groups of tokens, one per place; and the cell found empty, if any."""

    groups: tuple[tuple[Token, ...], ...]
    empty: int | None
    """Number of the first cell right of the label (or below it) that holds no text, when no other holds the value."""
    under: bool = False
    """Whether the value stands below the label, in a row under a row of heads."""


def cell_values(layout: Layout, label: Token, *, past: Iterable[str] = ()) -> CellValues | None:
    """The texts that may be the value of a label in a ruled table, the likeliest first; None outside tables.

    That is what follows the label in its own cell, else the cells right of it up to one that is empty, holds a
    label (one not named in `past`) or holds what looks like a value; else, under a head, the cell below.
    """
    if layout.grid is None or label.cell is None:
        return None
    found: list[list[Token]] = []
    own = [token for token in layout.block_right(label) if token.cell == label.cell] or _under_in_cell(layout, label)
    if own:
        found.append(own)
    passing = {*past, label.label}
    in_head = _is_in_head(layout, label.cell)
    neighbours = [] if in_head or _is_shared(layout, label, passing) else layout.grid.right_of(label.cell)
    empty: int | None = None
    edge = _right_edge(layout, label.cell)
    for number in neighbours:
        if layout.grid.cells[number].column > edge:
            # A cell between was not found: whose values the next ones are cannot be told by rules.
            if not found:
                return None
            break
        edge = max(edge, _right_edge(layout, number))
        tokens = layout.in_cell(number)
        stop = next((at for at, token in enumerate(tokens) if token.label not in (None, *passing)), len(tokens))
        texts = _beside_cell(layout, label.cell, number, [token for token in tokens[:stop] if token.label is None])
        if not tokens:
            empty = number if empty is None and not found else empty
            continue
        if texts and not _is_beside_values(layout, number, texts):
            found.append(texts)
            empty = None
        if stop < len(tokens) or (found and re.search(_VALUE, joined(texts))):
            break
    under_head = False
    if (
        not found
        and empty is None
        and (in_head or _is_head(layout, label))
        and (under := layout.grid.below(label.cell)) is not None
    ):
        tokens = layout.in_cell(under)
        if not tokens:
            empty = under
        elif all(token.label in (None, *passing) for token in tokens):
            found.append([token for token in tokens if token.label is None])
            under_head = True
    return CellValues(tuple(tuple(tokens) for tokens in found), empty, under_head)


def _is_shared(layout: Layout, label: Token, passing: set[str | None]) -> bool:
    """Whether other labels stand on other rows of a label's cell: each then has its value in the cell, if anywhere."""
    return label.cell is not None and any(
        token.label not in (*_SIDES, *passing) and not same_row(token, label) for token in layout.in_cell(label.cell)
    )


def _beside_cell(layout: Layout, own: int, number: int, texts: list[Token]) -> list[Token]:
    """Of the texts in a cell that holds several rows beside one: those on the rows of that one.

    Such a cell is several, between which the rules were not found; one text in the middle of a merged cell is for all.
    """
    if layout.grid is None or len(rows_of(texts)) < 2:
        return texts
    _, top, _, bottom = bounds(layout.grid.cells[own].box)
    _, high, _, low = bounds(layout.grid.cells[number].box)
    if low - high < 1.6 * (bottom - top):
        return texts
    labels = layout.in_cell(own)
    middle = sum(token.middle for token in labels) / len(labels)
    return [token for token in texts if abs(token.middle - middle) < (bottom - top) / 2]


def _right_edge(layout: Layout, number: int) -> int:
    """Number of the table's line at which a cell ends on the right."""
    if layout.grid is None:
        return 0
    return layout.grid.cells[number].column + layout.grid.cells[number].column_span


_BESIDE_VALUES = re.compile(r"参考|正常值|范围|单位|医[师生]|签[名字章]|检查者|提示|备注|序号")
_UNIT = re.compile(r"\(?(?:mmHg|kPa|次/(?:分钟?|min)|厘米|公斤|千克|cm|kg|I?U/L|米|m)\)?", re.IGNORECASE)
_SIDES = (None, "right", "left")
_RANGE = re.compile(r"(?:参考\S*|[<>≤≥(]?\d[\d.]*[-~]\d[\d.]*\)?(?:/[\d.]+[-~][\d.]+)?|[<>≤≥]\d[\d.]*)(?:[a-zA-Z/]*)")


def _is_beside_values(layout: Layout, number: int, texts: list[Token]) -> bool:
    """Whether a cell holds what goes with a value: a reference range, a unit, or what its column's head calls a doctor."""
    text = "".join(joined(texts).split())
    if _RANGE.fullmatch(text) or _UNIT.fullmatch(text):
        return True
    if layout.grid is None:
        return False
    own = layout.grid.cells[number]
    heads = [
        at
        for at, cell in enumerate(layout.grid.cells)
        if cell.table == own.table and cell.row == 0 and own.row > 0
        and cell.column <= own.column < cell.column + cell.column_span
    ]  # fmt: skip
    return any(_BESIDE_VALUES.search(joined(layout.in_cell(at))) for at in heads)


def _is_in_head(layout: Layout, number: int) -> bool:
    """Whether a cell stands in a row of heads: most of its cells hold labels and nothing else, those under it none."""
    if layout.grid is None:
        return False
    own = layout.grid.cells[number]
    row = [
        at
        for at, cell in enumerate(layout.grid.cells)
        if (cell.table, cell.row, cell.row_span) == (own.table, own.row, own.row_span)
    ]
    if len(row) < 2 or sum(_holds_labels(layout, at) for at in row) < 0.6 * len(row):
        return False
    under = [layout.grid.below(at) for at in row]
    return all(at is not None and all(token.label in _SIDES for token in layout.in_cell(at)) for at in under)


def _holds_labels(layout: Layout, number: int) -> bool:
    tokens = layout.in_cell(number)
    return bool(tokens) and all(token.label is not None for token in tokens)


def _is_head(layout: Layout, label: Token) -> bool:
    """Whether a label stands alone in the middle of its cell, as heads of columns do."""
    if layout.grid is None or label.cell is None or len(layout.in_cell(label.cell)) != 1:
        return False
    (left, _), (right, _), _, _ = layout.grid.cells[label.cell].box
    middle = sum(x for x, _ in label.box) / 4
    return abs(middle - (left + right) / 2) < 0.2 * (right - left)


def _under_in_cell(layout: Layout, label: Token) -> list[Token]:
    """Text below a label in its own cell, up to the next label there."""
    tokens = layout.in_cell(label.cell) if label.cell is not None else []
    found: list[Token] = []
    for token in tokens:
        if token.middle <= label.middle or same_row(token, label):
            continue
        if token.label is not None:
            break
        if overlap(token, label) > 0:
            found.append(token)
    return found


def column_below(layout: Layout, head: Token) -> list[int]:
    """Numbers of the ruled cells under a head, from the top; none outside tables."""
    found: list[int] = []
    number = head.cell
    while layout.grid is not None and number is not None and (number := layout.grid.below(number)) is not None:
        found.append(number)
    return found


def cross(layout: Layout, row: int, head: Token) -> list[int]:
    """The cells on the row of cell `row` that stand under a head, from left to right; none where nothing is ruled."""
    if layout.grid is None or head.cell is None:
        return []
    own, top = layout.grid.cells[row], layout.grid.cells[head.cell]
    return [
        at
        for at, cell in enumerate(layout.grid.cells)
        if cell.table == own.table
        and cell.row <= own.row < cell.row + cell.row_span
        and cell.column < top.column + top.column_span
        and top.column < cell.column + cell.column_span
    ]
