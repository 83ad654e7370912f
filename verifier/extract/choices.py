"""Printed choices of which one is ticked: □合格 ☑不合格. What is printed says nothing; only the tick does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from verifier.extract.layout import Layout, Token, part_of
from verifier.geometry import Bounds, bounds
from verifier.imaging.ticks import tick_ink

_TICK = re.compile(r"[☑√✓✔■●]\W{0,2}$")
_REACH = 2.4
"""Heights of the text before an option's words within which its box stands."""
_WITHIN = 1.3
"""Heights of the text after their supposed start up to which the box may reach: the engine boxed it with the words."""
_STOP = re.compile(r"[格:：]")
"""What ends the option before, or the label."""
_TICKED = 0.1
"""Share of a box's inside that a tick inks at least."""
_CLEAR = 2.5
"""Times what the other box holds, at least: a speck or a blurred frame is no tick."""


@dataclass(frozen=True)
class Option:
    """An option as printed: its words as a token, what stands before them on the line, and where its box may be."""

    words: Token
    before: str
    area: Bounds


@dataclass(frozen=True)
class Choice:
    """What a printed choice says: `value` of the ticked option with its token, or None where no single tick is certain."""

    value: str | None
    token: Token | None


def choice_among(layout: Layout, words: Mapping[str, re.Pattern[str]]) -> Choice | None:
    """The choice between options printed on one row; None when the page prints no such choice.

    `words` are the options' values and patterns that match their words and nothing else. Every option must be there.
    """
    found = {value: _options(layout, pattern) for value, pattern in words.items()}
    if not all(found.values()):
        return None
    for first in found[next(iter(words))]:
        row = {value: _on_row(first, options) for value, options in found.items()}
        chosen = {value: option for value, option in row.items() if option is not None}
        if len(chosen) == len(words):
            return _ticked(layout, chosen)
    return None


def _options(layout: Layout, pattern: re.Pattern[str]) -> list[Option]:
    options: list[Option] = []
    for token in layout.text_tokens():
        for match in pattern.finditer(token.text):
            words = part_of(token, *match.span())
            left, top, _, bottom = bounds(words.box)
            height = bottom - top
            stops = [bounds(other.box)[2] for other in layout.row_of(token) if other is not token]
            # what stands right before the words may be the box itself, read as a character or not at all
            said = [stop.end() for stop in _STOP.finditer(token.text[: match.start()])]
            if said:
                stops.append(bounds(part_of(token, 0, said[-1]).box)[2])
            start = max([left - _REACH * height, *(stop for stop in stops if stop <= left)])
            area = (start, top - 0.35 * height, left + _WITHIN * height, bottom + 0.35 * height)
            options.append(Option(words, token.text[: match.start()], area))
    return options


def _on_row(first: Option, options: list[Option]) -> Option | None:
    near = [
        option
        for option in options
        if abs(option.words.middle - first.words.middle) < 0.7 * max(option.words.height, first.words.height)
    ]
    return near[0] if len(near) == 1 else None


def _ticked(layout: Layout, options: Mapping[str, Option]) -> Choice:
    """The option whose box holds ink while the others are empty; a tick that was read as a character counts alike."""
    read = [value for value, option in options.items() if _TICK.search(option.before)]
    height = min(option.words.height for option in options.values())
    ink = {value: tick_ink(layout.page.image, option.area, height) for value, option in options.items()}
    seen = _clearest(ink)
    answers = {*read, *([seen] if seen is not None else [])}
    if len(answers) != 1:
        return Choice(None, None)
    value = answers.pop()
    token = options[value].words
    # two witnesses are sure, one may err
    sure = 0.98 if seen is not None and read else 0.93
    return Choice(value, replace(token, score=min(token.score, sure)))


def _clearest(ink: Mapping[str, float | None]) -> str | None:
    known = sorted(((share, value) for value, share in ink.items() if share is not None), reverse=True)
    if len(known) != len(ink) or not known:
        return None
    most, rest = known[0], known[1:]
    return most[1] if most[0] >= _TICKED and all(most[0] >= _CLEAR * max(share, 0.01) for share, _ in rest) else None
