"""The slope of a page's rows, fitted to the text itself: rows stay rows on a slanted photo without any paper edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas.reading import Line


@dataclass(frozen=True)
class Slope:
    """Slope of text rows over the page: dy/dx = a + b·x + c·y, in pixels."""

    a: float
    b: float
    c: float

    def level(self, x: float, y: float) -> float:
        """The y at which this point's row crosses the page's left edge."""
        # Rows are solutions of dy/dx = a + b·x + c·y; two steps back along the slope are exact enough for a page.
        half = y - (self.a + self.b * x * 0.75 + self.c * y) * (x / 2)
        return half - (self.a + self.b * x * 0.25 + self.c * half) * (x / 2)


def slope_of(lines: Sequence[Line]) -> Slope:
    """Fit the slope of rows to the lines' own edges, wide lines counting most; flat when there is too little text."""
    rows: list[tuple[float, float, float, float]] = []
    for line in lines:
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = line.box
        width = ((x1 - x0) + (x2 - x3)) / 2
        height = ((y3 - y0) + (y2 - y1)) / 2
        if height <= 0 or width < 3 * height:
            continue
        slope = ((y1 - y0) + (y2 - y3)) / 2 / width
        if abs(slope) < 0.35:
            rows.append((slope, (x0 + x1 + x2 + x3) / 4, (y0 + y1 + y2 + y3) / 4, width))
    if not rows:
        return Slope(0.0, 0.0, 0.0)
    data = np.array(rows)
    median = float(np.median(np.repeat(data[:, 0], np.maximum(1, data[:, 3] / data[:, 3].min()).astype(int))))
    data = data[np.abs(data[:, 0] - median) < 0.06]
    if len(data) < 8:
        return Slope(median, 0.0, 0.0)
    weights = data[:, 3] / data[:, 3].max()
    matrix = np.column_stack([np.ones(len(data)), data[:, 1], data[:, 2]])
    # A little ridge keeps b and c at nothing where the page gives no evidence for them.
    ridge = np.diag([0.0, 1.0, 1.0]) * (np.abs(matrix[:, 1:]).max() ** 2) * 0.05
    normal = matrix.T @ (matrix * weights[:, None]) + ridge
    a, b, c = np.linalg.solve(normal, matrix.T @ (data[:, 0] * weights))
    return Slope(float(a), float(b), float(c))
