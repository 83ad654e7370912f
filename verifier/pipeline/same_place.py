"""Lines that stand in the same place of a page, whoever read them."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.reading import Line
from verifier.geometry import bounds, shared

_GOOD_PART = 0.3
"""Share of the smaller of two lines that they have in common when one is looked up by the place of the other."""


def in_place(line: Line, picture: Sequence[Line]) -> list[Line]:
    """The lines of the picture that share a good part of the place of a line."""
    area = bounds(line.box)
    return [other for other in picture if shared(bounds(other.box), area) > _GOOD_PART]
