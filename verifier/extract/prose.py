"""Running text: a letter's lines joined in reading order, with the way back from characters to boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from verifier.extract.layout import Layout, Token, in_reading_order


@dataclass(frozen=True)
class Prose:
    """Text of several tokens without spaces; `owners[i]` is the token that character i came from."""

    text: str
    owners: tuple[Token, ...]

    def tokens(self, start: int, end: int) -> list[Token]:
        """The tokens that hold the characters from `start` up to `end`, each once, in order."""
        found: list[Token] = []
        for token in self.owners[start:end]:
            if not any(token is other for other in found):
                found.append(token)
        return found

    def search(self, pattern: re.Pattern[str]) -> tuple[str, list[Token]] | None:
        """The first group `value` of the pattern and the tokens it lies in."""
        match = pattern.search(self.text)
        if match is None:
            return None
        return match.group("value"), self.tokens(*match.span("value"))


def prose_of(layout: Layout, tokens: Sequence[Token] | None = None) -> Prose:
    """Join tokens row by row, each row from left to right; labels are text like any other here."""
    text: list[str] = []
    owners: list[Token] = []
    for token in in_reading_order(layout.tokens if tokens is None else tokens):
        for char in token.text:
            if not char.isspace():
                text.append(char)
                owners.append(token)
    return Prose("".join(text), tuple(owners))
