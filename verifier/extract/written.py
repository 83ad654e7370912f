"""How papers write a date, a period, a school, a cell of several lines: what several document types read alike."""

from __future__ import annotations

import re
from collections.abc import Callable

from schemas.reading import ReadField
from verifier.compare.dates import LONG_TERM, read_date, read_date_range, read_short_date
from verifier.compare.ids import Repaired
from verifier.compare.text import HAN, squeeze
from verifier.extract.fields import Parser, make_field
from verifier.extract.flow import lines_under
from verifier.extract.layout import Layout, Token, in_reading_order, joined, same_row

_DIGIT = r"[\dOo〇Il|]"
DATE = (
    rf"(?:[12]{_DIGIT}{{3}}(?:年{_DIGIT}{{1,2}}月(?:{_DIGIT}{{1,2}}[日号]?)?|[-./]{_DIGIT}{{1,2}}[-./]{_DIGIT}{{1,2}}日?)"
    r"|[〇零一二三四五六七八九OQ○]{4}年[元一二三四五六七八九十]{1,3}月(?:[一二三四五六七八九十廿卅]{1,4}[日号])?"
    r"|(?<![\d./年-])\d{2}(?:\.\d{1,2}\.\d{1,2}|年\d{1,2}月\d{1,2}日)(?![\d.]))"
)
"""Pattern of a date inside squeezed running text, two-digit years of handwriting included; `parse_day` and its like say
what it means, if anything."""

_EDGES = " ,，.。;；:：、_/|-"
_SCHOOL = re.compile(rf"[{HAN}]{{2,}}?(?:大学|学院|专科学校|党校)(?:\([^()]{{1,10}}\)|[{HAN}]{{1,8}}(?:校区|分校))?")
_SUNK = 0.2
"""Heights of a line: a value this much lower than its label is the lower one of two lines."""
_SHORTEST_SCHOOL = 5
"""Characters: 商学院 and 文学院 are parts of a school."""


def parse_words(text: str) -> str | None:
    """Words as they stand, without white space and the punctuation around them; at least one Han character."""
    value = squeeze(text).strip(_EDGES)
    return value if re.search(rf"[{HAN}]", value) else None


def written_date(text: str) -> str | Repaired | None:
    """What `read_date` reads, else a handwritten date whose year has two digits (26.3.5), marked as repaired.

    The century is an assumption, so such a value is never certain.
    """
    value = read_date(text)
    if value is not None:
        return value
    short = read_short_date(text)
    return None if short is None else Repaired(short, repaired=True)


def written_range(start: str, end: str) -> tuple[str, str] | None:
    """The two dates of a period that were found apart; None when either is none."""
    dates = [value.value if isinstance(value, Repaired) else value for value in map(written_date, (start, end))]
    return (dates[0], dates[1]) if dates[0] is not None and dates[1] is not None else None


def parse_day(text: str) -> str | None:
    """A whole date, `YYYY-MM-DD`."""
    value = read_date(text)
    return value if value is not None and value != LONG_TERM and len(value) == 10 else None


def parse_day_or_month(text: str) -> str | None:
    """`YYYY-MM-DD`, or `YYYY-MM` where no day is written; an open end is neither."""
    value = read_date(text)
    return None if value == LONG_TERM else value


def parse_start(text: str) -> str | None:
    """The first day of a period."""
    both = read_date_range(text)
    return both[0] if both else None


def parse_end(text: str) -> str | None:
    """The last day of a period, or `long_term`, also where only the end is written."""
    both = read_date_range(text)
    return both[1] if both else read_date(text)


def parse_school(text: str) -> str | None:
    """The name of a university or college; a faculty's name alone is none."""
    match = _SCHOOL.match(squeeze(text).strip(_EDGES))
    return match.group() if match and len(match.group()) >= _SHORTEST_SCHOOL else None


def in_cell(
    layout: Layout, key: str, parse: Parser, *, where: Callable[[Token], bool] | None = None
) -> ReadField | None:
    """A value that may take several lines beside its label, which stands at their top or at their middle.

    Only labels for which `where` holds are asked.
    """
    for label in layout.labels(key):
        if where is not None and not where(label):
            continue
        for tokens in (
            _around(layout, label), layout.value_right(label), layout.right_of(label), lines_under(layout, label)
        ):  # fmt: skip
            value = parse(joined(tokens)) if tokens else None
            if value is not None:
                return make_field(layout, tokens, value, label)
    return None


def beside_split_label(layout: Layout, key: str, parse: Parser) -> ReadField | None:
    """A value right of a label that takes two lines: it stands between them, on the row of neither."""
    for label in layout.labels(key):
        near = [
            token
            for token in layout.text_tokens()
            if abs(token.middle - label.middle) < 1.2 * label.height
            and -0.6 * label.height < token.left - label.right < 8 * label.height
            and not any(
                other.label not in (None, key)
                and label.right <= other.left
                and other.right <= token.left + label.height
                for other in layout.row_of(token)
            )
        ]
        for token in sorted(near, key=lambda token: token.left):
            value = parse(token.text)
            if value is not None:
                return make_field(layout, [token], value, label)
    return None


def _around(layout: Layout, label: Token) -> list[Token]:
    """The block right of a label with the lines above it that mirror those below: the label stands at its middle."""
    block = in_reading_order(layout.block_right(label))
    if not block or not same_row(block[0], label):
        return block
    below = {token.line for token in block if token.middle > label.middle and not same_row(token, label)}
    sunk = block[0].middle - label.middle > _SUNK * block[0].height
    for _ in range(len(below) + sunk):
        first = block[0]
        above = [
            token
            for token in layout.text_tokens()
            if 0.5 * first.height < first.middle - token.middle < 2.0 * max(first.height, token.height)
            and abs(token.left - first.left) < 1.6 * token.height
            and not any(
                other.label is not None and label.left < other.right <= token.left + 0.6 * token.height
                for other in layout.row_of(token)
            )
        ]
        if not above:
            break
        block.insert(0, max(above, key=lambda token: token.middle))
    return block
