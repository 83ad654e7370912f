"""Where one picture may fall apart into several papers: the gaps between its lines of text, widest first.

Nothing here knows a document: the lines are joined into the tree of shortest gaps, and every wide gap of it is offered
as a place to cut. Whether the two halves are papers of their own is for the reader of their text to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import Bounds, bounds

Floats = NDArray[np.float64]

MIN_GAP = 0.8
"""Heights of a line: rows of one paragraph are nearer to each other than this."""

MAX_CUTS = 16
"""Gaps tried. Two cards beside each other leave one of the widest; labels far from their values leave a few more."""

ACROSS = 3.0
"""Heights of a line added to the gap between lines that run in different directions."""

LONG = 2.0
"""Width by height from which a box shows the direction of its text; a single character does not."""

ALONG_A_LINE = 5
"""Places on either long side of a box from which gaps are measured."""

MARGIN = 0.25
"""How far around its text a paper is looked for, as a share of the text's longer side: a card's margins take a tenth."""


@dataclass(frozen=True)
class Cut:
    """Indices of the lines on either side of a gap, and its width in heights of a typical line."""

    one: tuple[int, ...]
    other: tuple[int, ...]
    gap: float


def cuts(boxes: Sequence[Quad]) -> Iterator[Cut]:
    """Ways to part lines of text in two, at the widest gap first. `boxes` are their corners in pixels."""
    if len(boxes) < 4:
        return
    corners = np.array(boxes, dtype=np.float64)
    gaps = _gaps(corners)
    edges = _tree(gaps)
    order = sorted(edges, key=lambda edge: -gaps[edge])[:MAX_CUTS]
    for edge in order:
        if gaps[edge] < MIN_GAP:
            return
        one = _side(edge[0], [other for other in edges if other != edge], len(boxes))
        yield Cut(
            one=tuple(i for i in range(len(boxes)) if i in one),
            other=tuple(i for i in range(len(boxes)) if i not in one),
            gap=float(gaps[edge]),
        )


def region(own: Sequence[Quad], others: Sequence[Quad], width: int, height: int, *, margin: float = MARGIN) -> Bounds:
    """The rectangle, inside a picture of the given size, around the text of one paper.

    It reaches `margin` (a share of the text's longer side) beyond the text, but only half the way to text of another
    paper.
    """
    left, top, right, bottom = _around(own)
    room = margin * max(right - left, bottom - top)
    wide = [max(0.0, left - room), max(0.0, top - room), min(width, right + room), min(height, bottom + room)]
    for box in others:
        a, b, c, d = bounds(box)
        if min(d, wide[3]) > max(b, wide[1]):
            if a >= right:
                wide[2] = min(wide[2], (right + a) / 2)
            elif c <= left:
                wide[0] = max(wide[0], (left + c) / 2)
        if min(c, wide[2]) > max(a, wide[0]):
            if b >= bottom:
                wide[3] = min(wide[3], (bottom + b) / 2)
            elif d <= top:
                wide[1] = max(wide[1], (top + d) / 2)
    return wide[0], wide[1], wide[2], wide[3]


def _around(boxes: Sequence[Quad]) -> Bounds:
    every = np.array(boxes, dtype=np.float64).reshape(-1, 2)
    (left, top), (right, bottom) = every.min(axis=0), every.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _gaps(corners: Floats) -> Floats:
    """Distance between every two boxes (n, 4, 2), in heights of a typical line: (n, n)."""
    along = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)
    down = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
    height = max(1.0, float(np.median(np.minimum(along, down))))
    steps = np.linspace(0.0, 1.0, ALONG_A_LINE)[None, :, None]
    points = np.concatenate(
        [
            corners[:, [0]] * (1 - steps) + corners[:, [1]] * steps,
            corners[:, [3]] * (1 - steps) + corners[:, [2]] * steps,
        ],
        axis=1,
    )
    count = len(points)
    gaps = np.zeros((count, count))
    for at in range(count):
        difference = points[at][None, :, None] - points[:, None]
        gaps[at] = np.sqrt((difference**2).sum(axis=-1).min(axis=(1, 2)))
    upright = np.where(np.maximum(along, down) < LONG * np.minimum(along, down), 0, np.sign(_width(corners)))
    crossed = upright[:, None] * upright[None, :] < 0
    return np.asarray(gaps / height + ACROSS * crossed, dtype=np.float64)


def _width(corners: Floats) -> Floats:
    """How much wider than high each box is along the picture's axes."""
    extent = corners.max(axis=1) - corners.min(axis=1)
    return np.asarray(extent[:, 0] - extent[:, 1], dtype=np.float64)


def _tree(gaps: Floats) -> list[tuple[int, int]]:
    """Edges of the minimum spanning tree of a dense graph (Prim)."""
    count = len(gaps)
    nearest, distance = np.zeros(count, dtype=np.int64), gaps[0].copy()
    waiting = np.ones(count, dtype=np.bool_)
    waiting[0] = False
    edges: list[tuple[int, int]] = []
    while waiting.any():
        new = int(np.argmin(np.where(waiting, distance, np.inf)))
        edges.append((int(nearest[new]), new))
        waiting[new] = False
        closer = gaps[new] < distance
        distance[closer], nearest[closer] = gaps[new][closer], new
    return edges


def _side(start: int, edges: Sequence[tuple[int, int]], count: int) -> set[int]:
    """All that hangs together with `start`."""
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    reached, todo = {start}, [start]
    while todo:
        for node in neighbours[todo.pop()]:
            if node not in reached:
                reached.add(node)
                todo.append(node)
    return reached
