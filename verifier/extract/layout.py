"""Where things stand on a page: rows that stay rows on a slanted photo, labels, and the values beside them.

Nothing here knows a document type or a fixed position. A page's lines are straightened by the slope its own text shows,
cut where a label starts, and asked: what stands right of this label, below it, around it?
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from schemas.base import Quad
from schemas.reading import Line, Source
from verifier.compare.text import half_width
from verifier.extract import wordings
from verifier.extract.cells import Grid, cut_at_rules
from verifier.extract.page import ReadPage
from verifier.extract.slope import Slope, slope_of
from verifier.extract.wordings import Wording, find_labels, in_order
from verifier.geometry import quad_from_points

SAME_ROW = 0.55
"""Two tokens share a row when their middles differ by less than this part of the smaller height."""

_AFTER_LABEL = " :：;；.。,，_"


@dataclass(frozen=True)
class Token:
    """A piece of a line: a label or the text between labels.

    left, right, middle and height are in straightened pixels (rows are level there); `box` is in pixels of the page image.
    """

    text: str
    score: float
    box: Quad
    left: float
    right: float
    middle: float
    height: float
    line: int
    label: str | None = None
    """Key of the label this token is; None for other text."""
    exact: bool = True
    """Whether the label was met letter by letter."""
    source: Source = Source.OCR
    cell: int | None = None
    """Number of the ruled cell it stands in; None outside tables and where cells were not asked for."""

    @property
    def top(self) -> float:
        return self.middle - self.height / 2

    @property
    def bottom(self) -> float:
        return self.middle + self.height / 2

    @property
    def width(self) -> float:
        return self.right - self.left


Labels = wordings.Labels


class Layout:
    """A page's tokens, cut at the given labels, with questions about who stands where."""

    def __init__(self, page: ReadPage, labels: Labels, *, loose: Collection[str] = (), ruled: bool = False) -> None:
        """Cut the page's lines at `labels`; the keys in `loose` may start anywhere, even inside a run of letters.

        `ruled` looks for the cells of ruled tables, and cuts lines at the rules between them too.
        """
        self.page = page
        self.grid = Grid(page.ruling) if ruled and page.ruling.cells else None
        lines = cut_at_rules(page) if self.grid is not None else page.lines
        slope = slope_of(page.lines)
        wordings, freely = in_order(labels), frozenset(loose)
        tokens: list[Token] = []
        for number, line in enumerate(lines):
            tokens.extend(_cut(_place(line, number, slope), wordings, freely))
        if self.grid is not None:
            tokens = [replace(token, cell=self.grid.at(token.box)) for token in tokens]
        self.tokens: tuple[Token, ...] = tuple(tokens)

    def labels(self, key: str) -> list[Token]:
        """Tokens of this label, exact ones first, then from top to bottom."""
        found = [token for token in self.tokens if token.label == key]
        return sorted(found, key=lambda token: (not token.exact, token.middle, token.left))

    def text_tokens(self) -> list[Token]:
        return [token for token in self.tokens if token.label is None and token.text]

    def row_of(self, token: Token) -> list[Token]:
        """All tokens on this token's row, from left to right, itself included."""
        return sorted((other for other in self.tokens if same_row(token, other)), key=lambda other: other.left)

    def right_of(self, label: Token, *, past: Iterable[str] = ()) -> list[Token]:
        """Text on the label's row, from its right edge to the next label (labels named in `past` do not stop it)."""
        passing = set(past)
        found: list[Token] = []
        for token in self.row_of(label):
            if token is label or token.left < label.right - 0.6 * label.height:
                continue
            if token.label is not None:
                if token.label in passing:
                    continue
                break
            if token.text:
                found.append(token)
        return found

    def value_right(self, label: Token) -> list[Token]:
        """The value beside a label: the first text right of it and what follows closely on the same row."""
        return _run(self.right_of(label))

    def block_right(self, label: Token, *, max_lines: int = 4) -> list[Token]:
        """A value that may wrap: the text beside the label and the lines that continue below it (or around it).

        A cell whose label stands in the middle of two lines has nothing on the label's own row: then the lines just
        above and below that row are taken.
        """
        first = self.value_right(label)
        right_edge = self._right_limit(label)
        candidates = [
            token
            for token in self.text_tokens()
            if token.left >= label.right - 0.6 * label.height and token.left < right_edge and not same_row(token, label)
        ]
        if first:
            whole = spanning(first)
            above = self._line_above(label, whole, candidates)
            block = [*above, *first]
            last = first[-1]
            # A label at the middle of the lines above and beside it has no more of them below.
            while not above and len({token.line for token in block}) < max_lines:
                below = [
                    token
                    for token in candidates
                    if token not in block
                    and 0.5 * last.height < token.middle - last.middle < 2.0 * max(last.height, token.height)
                    and is_in_line(token, whole)
                    and not self._belongs_to_other_label(token, label)
                ]
                if not below:
                    break
                last = min(below, key=lambda token: token.middle)
                block.append(last)
            return block
        around = [
            token
            for token in candidates
            if abs(token.middle - label.middle) < 1.3 * max(token.height, label.height)
            and not self._belongs_to_other_label(token, label)
        ]
        return in_reading_order(around)

    def _line_above(self, label: Token, first: Token, candidates: Sequence[Token]) -> list[Token]:
        """The upper of two lines that stand around the label's middle, when `first` is the lower of them."""
        drop = first.middle - label.middle
        if drop < 0.15 * first.height:
            return []
        return [
            token
            for token in candidates
            if is_in_line(token, first)
            and 0.5 * token.height < first.middle - token.middle < 2.0 * token.height
            and label.middle - token.middle <= drop + 0.4 * token.height
            and not self._belongs_to_other_label(token, label)
        ][-1:]

    def in_cell(self, number: int) -> list[Token]:
        """All tokens in a ruled cell, in reading order."""
        return in_reading_order([token for token in self.tokens if token.cell == number])

    def below(self, label: Token, *, max_rows: float = 2.5) -> list[Token]:
        """Text straight under a label (column heads), nearest first."""
        found = [
            token
            for token in self.text_tokens()
            if overlap(token, label) > 0.3
            and 0.5 * label.height < token.middle - label.middle < max_rows * label.height
        ]
        return sorted(found, key=lambda token: token.middle)

    def gap_right(self, label: Token) -> Quad:
        """The box right of a label where its value should stand, for a second look when no text was found there.

        Half a line higher and lower than the label, up to the next label or text on the row, at most twelve heights wide.
        """
        stops = [other.left for other in self.row_of(label) if other.left > label.right + 0.3 * label.height]
        width = min([*stops, label.right + 12 * label.height]) - label.right - 0.2 * label.height
        corners = np.array(label.box, dtype=np.float64)
        along = (corners[1] - corners[0]) / max(1.0, label.width)
        down = corners[3] - corners[0]
        start = corners[1] + along * 0.2 * label.height - 0.15 * down
        end = start + along * max(width, 1.0)
        return quad_from_points(np.array([start, end, end + 1.3 * down, start + 1.3 * down]))

    def gap_left(self, label: Token, margin: float) -> Quad:
        """The box on a label's row from `margin` (straightened pixels) to the label, half a line higher and lower."""
        corners = np.array(label.box, dtype=np.float64)
        along = (corners[1] - corners[0]) / max(1.0, label.width)
        down = corners[3] - corners[0]
        end = corners[0] - along * 0.2 * label.height - 0.15 * down
        start = end - along * max(label.left - margin, 1.0)
        return quad_from_points(np.array([start, end, end + 1.3 * down, start + 1.3 * down]))

    def _right_limit(self, label: Token) -> float:
        """Left edge of the next label to the right on the label's row; infinite when there is none."""
        rights = [
            token.left
            for token in self.row_of(label)
            if token.label is not None and token is not label and token.left > label.right
        ]
        return min(rights, default=float("inf"))

    def _belongs_to_other_label(self, token: Token, label: Token) -> bool:
        """Whether another label stands left of this token on its own row, and not further away than the label itself."""
        return any(
            other.label is not None
            and other is not label
            and label.left < other.right <= token.left + 0.6 * token.height
            for other in self.row_of(token)
        )


def in_reading_order(tokens: Sequence[Token]) -> list[Token]:
    """Row by row from the top, each row from left to right."""
    return [token for row in rows_of(tokens) for token in row]


def rows_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """The rows from the top, each from left to right."""
    rows: list[list[Token]] = []
    for token in sorted(tokens, key=lambda token: token.middle):
        if rows and same_row(rows[-1][0], token):
            rows[-1].append(token)
        else:
            rows.append([token])
    return [sorted(row, key=lambda token: token.left) for row in rows]


def spanning(tokens: Sequence[Token]) -> Token:
    """The first token, as wide as all of a row's tokens together."""
    return replace(tokens[0], left=min(t.left for t in tokens), right=max(t.right for t in tokens))


def is_in_line(a: Token, b: Token) -> bool:
    """Whether two lines belong to one column of text: set flush left, flush right, or centred."""
    room = 1.6 * a.height
    return (
        abs(a.left - b.left) < room or abs(a.right - b.right) < room or abs(a.left + a.right - b.left - b.right) < room
    )


def same_row(a: Token, b: Token) -> bool:
    return abs(a.middle - b.middle) < SAME_ROW * max(min(a.height, b.height), 0.6 * max(a.height, b.height))


def overlap(a: Token, b: Token) -> float:
    """Share of the narrower token's width that both cover."""
    shared = min(a.right, b.right) - max(a.left, b.left)
    return shared / max(1.0, min(a.width, b.width))


def joined(tokens: Sequence[Token]) -> str:
    return "".join(token.text for token in tokens)


def _run(tokens: Sequence[Token]) -> list[Token]:
    """The first token and those that follow it without a wide gap: one value an OCR engine cut in two."""
    run: list[Token] = []
    for token in tokens:
        if run and token.left - run[-1].right > 1.5 * token.height:
            break
        run.append(token)
    return run


def _place(line: Line, number: int, slope: Slope) -> Token:
    corners = np.array(line.box)
    levels = [slope.level(x, y) for x, y in line.box]
    left = float((corners[0, 0] + corners[3, 0]) / 2)
    right = float((corners[1, 0] + corners[2, 0]) / 2)
    top = (levels[0] + levels[1]) / 2
    bottom = (levels[2] + levels[3]) / 2
    # The perpendicular way between text columns leans with the rows: shift x by the slope met on the way down.
    lean = slope.a * (top + bottom) / 2
    return Token(
        text=half_width(line.text).strip(),
        score=line.score,
        box=line.box,
        left=left + lean,
        right=right + lean,
        middle=(top + bottom) / 2,
        height=max(1.0, bottom - top),
        line=number,
        source=line.source,
    )


def _cut(token: Token, wordings: tuple[tuple[Wording, str], ...], loose: frozenset[str]) -> list[Token]:
    """Cut one line at the labels in it: label, text, label, text …"""
    text = token.text
    marks = find_labels(text, wordings, loose)
    if not marks:
        return [token]
    pieces: list[Token] = []
    cursor = 0
    for start, end, key, exact in marks:
        pieces.append(part_of(token, cursor, start))
        pieces.append(replace(part_of(token, start, end), label=key, exact=exact))
        cursor = end
    pieces.append(part_of(token, cursor, len(text)))
    return [
        piece if piece.label is not None else replace(piece, text=piece.text.strip(_AFTER_LABEL))
        for piece in pieces
        if piece.label is not None or piece.text.strip(_AFTER_LABEL)
    ]


def advance(text: str) -> float:
    """The width of a text in widths of a Han character."""
    return _advance(text)[-1]


def _advance(text: str) -> list[float]:
    """Running width of a text: a Han character is about twice as wide as a digit or letter."""
    total = 0.0
    sums = [0.0]
    for char in text:
        total += 1.0 if ord(char) > 0x2E7F else 0.55
        sums.append(total)
    return sums


def part_of(token: Token, start: int, end: int) -> Token:
    """The part of a token between two characters; its box is cut in proportion to the characters' widths."""
    sums = _advance(token.text)
    total = max(sums[-1], 0.1)
    a, b = sums[start] / total, sums[end] / total
    corners = np.array(token.box)
    top = corners[1] - corners[0]
    bottom = corners[2] - corners[3]
    box = np.array([corners[0] + a * top, corners[0] + b * top, corners[3] + b * bottom, corners[3] + a * bottom])
    return replace(
        token,
        text=token.text[start:end],
        box=quad_from_points(box),
        left=token.left + a * token.width,
        right=token.left + b * token.width,
    )
