"""Labels inside a line of text: where they start and end, letter by letter or with one letter misread."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

_SEPARATORS = " ,，.。;；:：、|/()（）[]【】_"

_REMEMBERED = 512
"""Lines whose labels are remembered: a dense page has two hundred, and nobody's words are kept longer than needed."""

Wording = str | re.Pattern[str]
Labels = Mapping[str, Sequence[Wording]]
"""Label key -> the wordings it goes by, without spaces and colons.

Patterns are tried before plain wordings and longer wordings before shorter ones; a place once taken stays taken.
"""


def in_order(labels: Labels) -> tuple[tuple[Wording, str], ...]:
    """Every wording with its key, in the order in which they are looked for."""
    pairs = [(wording, key) for key, wordings in labels.items() for wording in wordings]
    return tuple(
        sorted(pairs, key=lambda pair: (isinstance(pair[0], str), -len(pair[0]) if isinstance(pair[0], str) else 0))
    )


@lru_cache(maxsize=_REMEMBERED)
def find_labels(
    text: str, wordings: tuple[tuple[Wording, str], ...], loose: frozenset[str]
) -> tuple[tuple[int, int, str, bool], ...]:
    """Places of labels in a text, from left to right: (start, end, key, exact).

    Remembered for the lines of the page at hand: its papers are parted by trying what each part would say.
    """
    squeezed, places = _squeeze(text)
    taken = [False] * len(squeezed)
    marks: list[tuple[int, int, str, bool]] = []
    # In turns: a label may start right behind another one (右眼裸眼视力), and that one may be found later.
    patterns = [pair for pair in wordings if isinstance(pair[0], re.Pattern)]
    for turn in (patterns, wordings, wordings):
        before = len(marks)
        for wording, key in turn:
            for start, end in _places(squeezed, wording):
                if start == end or any(taken[start:end]):
                    continue
                behind = start > 0 and taken[start - 1]
                if key not in loose and not behind and not _may_start(text, places[start], squeezed, end):
                    continue
                taken[start:end] = [True] * (end - start)
                marks.append((places[start], places[end - 1] + 1, key, True))
        if len(marks) == before and turn is wordings:
            break
    if not marks:
        marks = _near_label(squeezed, places, wordings)
    return tuple(sorted(marks))


def _places(text: str, wording: Wording) -> Iterator[tuple[int, int]]:
    """Where a wording stands in a text, from left to right, places that overlap only once."""
    if isinstance(wording, re.Pattern):
        yield from (match.span() for match in wording.finditer(text))
        return
    at = text.find(wording)
    while at >= 0:
        yield at, at + len(wording)
        at = text.find(wording, at + len(wording))


def _may_start(text: str, at: int, squeezed: str, end: int) -> bool:
    """A label starts a line, follows a separator, or is followed by a colon: elsewhere the letters are part of a word."""
    return at == 0 or text[at - 1] in _SEPARATORS or (end < len(squeezed) and squeezed[end] in ":：")


def _near_label(
    squeezed: str, places: Sequence[int], wordings: Sequence[tuple[Wording, str]]
) -> list[tuple[int, int, str, bool]]:
    """A whole line, or what stands before its colon, that misses a label by one character."""
    head = re.split("[:：]", squeezed, maxsplit=1)[0]
    for wording, key in wordings:
        if isinstance(wording, re.Pattern) or len(wording) < 4:
            continue
        if abs(len(head) - len(wording)) <= 1 and Levenshtein.distance(head, wording) == 1:
            return [(places[0], places[len(head) - 1] + 1, key, False)]
    return []


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The text without spaces, and where each of its characters stood."""
    kept = [(char, at) for at, char in enumerate(text) if not char.isspace()]
    return "".join(char for char, _ in kept), [at for _, at in kept]
