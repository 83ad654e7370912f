"""Running text: a letter's lines joined in reading order, with the way back from characters to boxes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from schemas.reading import ReadField
from verifier.compare.ids import Repaired
from verifier.extract.fields import UNLABELLED, Parser, make_field
from verifier.extract.layout import Layout, Token, in_reading_order, part_of

_BLANKS = "_＿"
"""The underlines of blanks: a filled blank reads as one sentence."""


@dataclass(frozen=True)
class Prose:
    """Text of several tokens without spaces and underlines.

    `owners[i]` is the token that character i came from, `places[i]` where in that token's text it stands.
    """

    text: str
    owners: tuple[Token, ...]
    places: tuple[int, ...]

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Where a token's first character stands."""
        return tuple(at for at, owner in enumerate(self.owners) if at == 0 or owner is not self.owners[at - 1])

    def pieces(self, start: int, end: int) -> list[Token]:
        """What the characters from `start` up to `end` are of their tokens, boxes included, in order."""
        found: list[Token] = []
        while start < end:
            owner = self.owners[start]
            stop = start + 1
            while stop < end and self.owners[stop] is owner:
                stop += 1
            found.append(part_of(owner, self.places[start], self.places[stop - 1] + 1))
            start = stop
        return found

    def search(self, pattern: re.Pattern[str]) -> tuple[str, list[Token]] | None:
        """The first group `value` of the pattern and the pieces of tokens it lies in."""
        match = pattern.search(self.text)
        return None if match is None else (match.group("value"), self.pieces(*match.span("value")))


def prose_of(layout: Layout, tokens: Sequence[Token] | None = None) -> Prose:
    """Join tokens row by row, each row from left to right; labels are text like any other here."""
    characters = [
        (char, token, at)
        for token in in_reading_order(layout.tokens if tokens is None else tokens)
        for at, char in enumerate(token.text)
        if not char.isspace() and char not in _BLANKS
    ]
    return Prose(
        "".join(char for char, _, _ in characters),
        tuple(token for _, token, _ in characters),
        tuple(at for _, _, at in characters),
    )


def field_of(layout: Layout, prose: Prose, span: tuple[int, int], value: str | Repaired) -> ReadField:
    """A field from characters of the running text: the sentence around it is as good a label as a printed one."""
    field = make_field(layout, prose.pieces(*span), value, None)
    return field.model_copy(
        update={"raw": prose.text[slice(*span)], "confidence": round(min(0.995, field.confidence / UNLABELLED), 3)}
    )


def first_match(layout: Layout, prose: Prose, patterns: Iterable[re.Pattern[str]], parse: Parser) -> ReadField | None:
    """The first place where a pattern matches, the patterns in their order, and the one of its named groups that took part parses."""
    for pattern in patterns:
        for match in pattern.finditer(prose.text):
            group = next(name for name, text in match.groupdict().items() if text is not None)
            value = parse(match[group])
            if value:
                return field_of(layout, prose, match.span(group), value)
    return None
