"""Lines that stand in the same place of a page, whoever read them."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.reading import Line
from verifier.geometry import Bounds, bounds

_GOOD_PART = 0.3
"""Share of the smaller of two lines that they have in common when one is looked up by the place of the other."""


def in_place(line: Line, picture: Sequence[Line]) -> list[Line]:
    """The lines of the picture that share a good part of the place of a line."""
    area = bounds(line.box)
    return [other for other in picture if shared(bounds(other.box), area) > _GOOD_PART]


def shared(a: Bounds, b: Bounds) -> float:
    """What two rectangles share, as a part of the smaller one, 0 to 1."""
    return max(share_inside(a, b), share_inside(b, a))


def share_inside(inner: Bounds, outer: Bounds) -> float:
    """Share of `inner`'s area that lies in `outer`, 0 to 1."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return max(0.0, width) * max(0.0, height) / area if area > 0 else 0.0
