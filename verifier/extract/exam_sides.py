"""Rows with a value for either side: vision and hearing, right and left, however a form says which is which."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from schemas.reading import ReadField
from verifier.compare.marks import read_mark
from verifier.extract.fields import make_field
from verifier.extract.layout import Layout, Token, overlap
from verifier.extract.tables import cell_values


def marked_sides(layout: Layout, key: str, parse: Callable[[str], str | None]) -> dict[str, ReadField]:
    """`sided` with marks where no number stands."""
    found = sided(layout, key, parse)
    return found if len(found) == 2 else {**sided(layout, key, read_mark), **found}


def sided(layout: Layout, key: str, parse: Callable[[str], str | None]) -> dict[str, ReadField]:
    """Right and left of a row such as `裸眼视力 右 4.9 左 5.0`.

    The side stands in the cell (`右4.9`), as a label before it (`右眼`), in the label itself (`裸眼视力(右)`, `右眼裸眼视力`),
    or as a column head above; failing all, the first number is the right one (the order every form found uses).
    """
    found: dict[str, ReadField] = {}
    for label in layout.labels(key):
        for tokens in (_beside(layout, label, key), _under(layout, label)):
            one = _sides_among(layout, tokens, label, parse)
            for name, field in one.items():
                found.setdefault(name, field)
            if one:
                break
        if len(found) == 2:
            break
    return found


def _sides_among(
    layout: Layout, tokens: Sequence[Token], label: Token, parse: Callable[[str], str | None]
) -> dict[str, ReadField]:
    """The sides' values among the tokens that belong to a label."""
    found: dict[str, ReadField] = {}
    before = _side_before(layout, label)
    side = before.label if before is not None else None
    unsided: list[tuple[Token, str]] = []
    for token in tokens:
        if token.label is not None:
            side = token.label
            continue
        for part_side, value in _split_sides(token.text, side, parse):
            if part_side is not None:
                found.setdefault(part_side, make_field(layout, [token], value, label))
            else:
                unsided.append((token, value))
        side = None
    for order, (token, value) in enumerate(unsided[:2]):
        by_head = _column_side(layout, token)
        found.setdefault(by_head or ("right", "left")[order], make_field(layout, [token], value, label))
    return found


def _side_before(layout: Layout, label: Token) -> Token | None:
    """The side printed straight before a label on its line (`右耳听力`)."""
    return next(
        (
            token
            for token in layout.tokens
            if token.line == label.line
            and token.label in ("right", "left")
            and abs(token.right - label.left) < 0.5 * label.height
        ),
        None,
    )


def _opens_another(layout: Layout, side: Token) -> bool:
    """Whether a side is the first word of the next label (`R眼 矫正`) and says nothing about the one before it."""
    return side.label is not None and any(
        token.line == side.line
        and token.label not in (None, "right", "left")
        and abs(token.left - side.right) < 0.5 * side.height
        for token in layout.tokens
    )


def _beside(layout: Layout, label: Token, key: str) -> list[Token]:
    """Sides and texts right of a label up to another label; only sides under a row of heads."""
    found: list[Token] = []
    end = _next_of_kind(layout, label, key)
    for token in layout.row_of(label):
        if token is label or token.left < label.right - 0.6 * label.height or token.label == key:
            continue
        if token.label not in (None, "right", "left") or token.left >= end or _opens_another(layout, token):
            break
        found.append(token)
    return found


def _under(layout: Layout, label: Token) -> list[Token]:
    """Sides printed beside a label, then the line under it: in its table's cell below, or straight below on the page."""
    sides = [token for token in _beside(layout, label, label.label or "") if token.label is not None]
    values = cell_values(layout, label, past=("right", "left"))
    if values is not None:
        lines = {token.line for group in values.groups for token in group}
    else:
        before = _side_before(layout, label)
        head = label if before is None else replace(label, left=before.left)
        below = [
            token
            for token in layout.tokens
            if token.label in (None, "right", "left")
            and overlap(token, head) > 0.3
            and 0.5 * label.height < token.middle - label.middle < 2.5 * label.height
        ]
        lines = {token.line for token in sorted(below, key=lambda token: token.middle)[:1]}
    return [*sides, *(t for t in layout.tokens if t.line in lines and t.label in (None, "right", "left"))]


def _next_of_kind(layout: Layout, label: Token, key: str) -> float:
    """Where the next label of the same row of the form starts on the label's row; what follows belongs to that one."""
    return min(
        (
            min(
                [
                    token.left,
                    *(
                        t.left
                        for t in layout.tokens
                        if t.line == token.line and t.label in ("right", "left") and t.right <= token.left + t.height
                    ),
                ]
            )
            for token in layout.row_of(label)
            if token.label == key and token.left > label.right
        ),
        default=float("inf"),
    )


def _split_sides(text: str, side: str | None, parse: Callable[[str], str | None]) -> list[tuple[str | None, str]]:
    parts: list[tuple[str | None, str]] = []
    pieces = re.split(r"([右左]|(?<![A-Za-z])[RL](?![A-Za-z]))[眼耳]?[:：]?", text)
    if len(pieces) == 1:
        value = parse(text)
        return [(side, value)] if value is not None else []
    for mark, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        value = parse(piece)
        if value is not None:
            parts.append(("right" if mark in "右R" else "left", value))
    return parts


def _column_side(layout: Layout, token: Token) -> str | None:
    """The side a column head above the token names; the nearest head wins."""
    heads = [
        head
        for name in ("right", "left")
        for head in layout.labels(name)
        if head.middle < token.middle - 0.5 * token.height and overlap(head, token) > 0.1
    ]
    return max(heads, key=lambda head: head.middle).label if heads else None
