"""The cells of ruled tables: every area that rules enclose, with merged cells as they are, and its place in its table.

Coordinates are (x, y) in pixels of the picture the rules were found in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from verifier.geometry import Bounds, bounds, quad_from_points

Segment = tuple[float, float, float, float]
"""x0, y0, x1, y1: from left to right, or from top to bottom."""

SMALLEST = 14
"""Pixels: a cell is at least this wide and high."""
_FULL = 0.72
"""Share of its own four corners' area that a cell fills; less is an L, whose missing rule was not found."""
_TABLE = 160
"""Pixels: a table is at least this wide; what is smaller is a character, a check box, the frame of a photo."""
SAME_EDGE = 9.0
"""Pixels within which edges of cells are one line of the table."""


@dataclass(frozen=True)
class Cell:
    """One cell: its four corners on the inner side of the rules, and its place in its table.

    `row` and `column` count the table's lines from 0; a merged cell spans several. `table` numbers the tables of the
    page from the top.
    """

    box: Quad
    table: int
    row: int
    column: int
    row_span: int
    column_span: int


def areas_between(shape: tuple[int, ...], horizontal: Sequence[Segment], vertical: Sequence[Segment]) -> list[Quad]:
    """Corners of the areas that rules enclose, without L shapes, slivers and the page around the tables."""
    if len(horizontal) < 2 or len(vertical) < 2:
        return []
    canvas = np.full(shape, 255, np.uint8)
    for x0, y0, x1, y1 in (*horizontal, *vertical):
        cv2.line(canvas, (round(x0), round(y0)), (round(x1), round(y1)), 0, 3)
    # The margin joins everything outside the tables into one area, which is no cell.
    cv2.rectangle(canvas, (0, 0), (shape[1] - 1, shape[0] - 1), 255, 1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(canvas, connectivity=4)
    outside = int(labels[0, 0])
    found: list[Quad] = []
    for label in range(1, count):
        left, top, width, height, _ = (int(v) for v in stats[label])
        if label == outside or width < SMALLEST or height < SMALLEST:
            continue
        own = (labels[top : top + height, left : left + width] == label).astype(np.uint8)
        contours, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        points = np.concatenate(contours)[:, 0, :].astype(np.float64)
        corners = _corners(points)
        # Areas inside the area (a check box, a photo's frame) are not holes of a cell.
        filled = sum(cv2.contourArea(contour) for contour in contours)
        if filled < _FULL * cv2.contourArea(corners.astype(np.float32)) or filled < _FULL * 0.9 * width * height:
            continue
        found.append(quad_from_points(corners + np.array([left, top])))
    return found


def _corners(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Top left, top right, bottom right, bottom left of an area's outline."""
    total, difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    return points[[total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]]


def tables_of(areas: Sequence[Quad]) -> list[list[Quad]]:
    """Areas that touch across a rule, as tables from the top of the page; what is too small for a table is left out."""
    tables = [[areas[at] for at in members] for members in _groups(areas)]
    return sorted((table for table in tables if extent(table)[2] >= _TABLE), key=lambda table: extent(table)[1])


def extent(table: Sequence[Quad]) -> Bounds:
    """Left, top, width and height of a table."""
    boxes = np.array([bounds(area) for area in table])
    left, top = float(boxes[:, 0].min()), float(boxes[:, 1].min())
    return left, top, float(boxes[:, 2].max()) - left, float(boxes[:, 3].max()) - top


def placed(number: int, table: Sequence[Quad], scale: float) -> list[Cell]:
    """A table's cells with their places: edges that lie on one line are one line of the table."""
    lean_x, lean_y = _leans(table)
    level = [_levelled(area, lean_x, lean_y) for area in table]
    rows = _lines([value for box in level for value in (box[1], box[3])])
    columns = _lines([value for box in level for value in (box[0], box[2])])
    cells: list[Cell] = []
    for area, (left, top, right, bottom) in zip(table, level, strict=True):
        row, column = _line_of(top, rows), _line_of(left, columns)
        row_end, column_end = _line_of(bottom, rows), _line_of(right, columns)
        corners = quad_from_points(np.array(area) / scale)
        cells.append(Cell(corners, number, row, column, max(1, row_end - row), max(1, column_end - column)))
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _groups(areas: Sequence[Quad]) -> list[list[int]]:
    """Groups of areas that touch across a rule."""
    boxes = [bounds(area) for area in areas]
    group = list(range(len(areas)))

    def root(at: int) -> int:
        while group[at] != at:
            at = group[at]
        return at

    for at, box in enumerate(boxes):
        for other in range(at):
            if _touch(box, boxes[other]):
                group[root(at)] = root(other)
    members: dict[int, list[int]] = {}
    for at in range(len(areas)):
        members.setdefault(root(at), []).append(at)
    return list(members.values())


def _touch(a: Bounds, b: Bounds) -> bool:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    return across > -SAME_EDGE and down > -SAME_EDGE and max(across, down) > 0


def _leans(areas: Sequence[Quad]) -> tuple[float, float]:
    """How far edges go sideways per pixel: dx/dy of upright edges and dy/dx of level ones, long edges weighing most."""
    corners = np.array(areas, dtype=np.float64)
    top, left = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    return (
        float(left[:, 0].sum() / max(left[:, 1].sum(), 1.0)),
        float(top[:, 1].sum() / max(top[:, 0].sum(), 1.0)),
    )


def _levelled(area: Quad, lean_x: float, lean_y: float) -> Bounds:
    """Left, top, right and bottom once the table's slant is taken out."""
    corners = np.array(area, dtype=np.float64)
    xs, ys = corners[:, 0] - lean_x * corners[:, 1], corners[:, 1] - lean_y * corners[:, 0]
    return (
        float(xs[[0, 3]].mean()), float(ys[[0, 1]].mean()), float(xs[[1, 2]].mean()), float(ys[[2, 3]].mean())
    )  # fmt: skip


def _lines(values: Iterable[float]) -> list[float]:
    """The lines that edges lie on, each the mean of its edges."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] <= SAME_EDGE:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def _line_of(value: float, lines: Sequence[float]) -> int:
    return min(range(len(lines)), key=lambda at: abs(lines[at] - value))
