"""Values that do not stand right of their label: under it, as electronic licences print them, or running on at the margin."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.extract.layout import Layout, Token, overlap

_NEXT_LINE = 2.6
"""Heights of a line between the middles of a label and the value under it; 1.2 to 2.2 in licences shown by phones."""
_ALIGNED = 1.5
"""Heights of a line by which the left edges of lines of one column may differ."""
_REACHES = 2.0
"""Heights of a line short of the text's right edge at which a line is full: the next character no longer fitted."""
_INDENT = 4.0
"""Heights of a line: a paragraph's first line starts at most two characters right of the others."""


def lines_under(layout: Layout, label: Token, *, max_lines: int = 3) -> list[Token]:
    """The lines under a label that has nothing at its right, down to the next label; [] when it has a value there."""
    if layout.right_of(label):
        return []
    block: list[Token] = []
    above = label
    while len(block) < max_lines:
        gap = [
            token
            for token in layout.tokens
            if 0.5 * above.height < token.middle - above.middle < _NEXT_LINE * max(above.height, token.height)
            and (
                abs(token.left - label.left) < _ALIGNED * max(token.height, label.height) or overlap(token, label) > 0.3
            )
        ]
        if not gap:
            break
        nearest = min(gap, key=lambda token: token.middle)
        if nearest.label is not None or not nearest.text or _has_label_left(layout, nearest):
            break
        block.append(nearest)
        above = nearest
    return block


def spill(layout: Layout, label: Token, block: Sequence[Token]) -> list[Token]:
    """Lines that continue a value whose last line is full, starting at the paragraph's margin rather than under the value."""
    if not block:
        return []
    edge = max(token.right for token in layout.tokens)
    spilt: list[Token] = []
    last = block[-1]
    while last.right > edge - _REACHES * last.height:
        below = [
            token
            for token in layout.tokens
            if 0.5 * last.height < token.middle - last.middle < 2.0 * max(last.height, token.height)
            and -_INDENT * token.height < token.left - label.left < _ALIGNED * token.height
        ]
        if len(below) != 1 or below[0].label is not None or _has_label_left(layout, below[0]):
            break
        last = below[0]
        spilt.append(last)
    return spilt


def _has_label_left(layout: Layout, token: Token) -> bool:
    """Whether a label stands straight left of a text on its row: the text is its value. Behind another label's value it
    is not: in forms of labels above their values each row holds several of both."""
    before = [
        other for other in layout.row_of(token) if other is not token and other.right <= token.left + token.height
    ]
    return bool(before) and max(before, key=lambda other: other.right).label is not None
