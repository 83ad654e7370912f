"""Charts as numbers for an SVG: drawn on the server, read without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 120
"""The view of a chart, in its own units."""
_GAP = 0.25
"""Share of a bar's place that stays empty."""


@dataclass(frozen=True)
class Bar:
    """One bar: its corner, its size, and what a pointer resting on it is told."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Bars:
    """A row of bars below a line at `most`; `most` is 0 when there is nothing to show."""

    bars: tuple[Bar, ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def bars(values: Sequence[int], titles: Sequence[str]) -> Bars:
    """Bars as high as their values beside the greatest. Raises ValueError when there is not a title for each."""
    most = max(values, default=0)
    place = WIDTH / max(len(values), 1)
    drawn = []
    for number, (value, title) in enumerate(zip(values, titles, strict=True)):
        high = HEIGHT * value / most if most else 0.0
        drawn.append(
            Bar(
                x=round((number + _GAP / 2) * place, 1),
                y=round(HEIGHT - high, 1),
                width=round((1 - _GAP) * place, 1),
                height=round(high, 1),
                title=title,
            )
        )
    return Bars(tuple(drawn), most)
