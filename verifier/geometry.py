"""Quads and homographies: the little geometry every room shares. Coordinates are (x, y) in pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.base import Point, Quad

Homography = NDArray[np.float64]
"""A 3x3 matrix that maps pixel coordinates of one image to another."""

Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def quad_from_points(points: NDArray[np.generic] | list[list[float]]) -> Quad:
    """Four (x, y) rows, in order, as a Quad of plain floats rounded to a tenth of a pixel."""
    rows = np.asarray(points, dtype=np.float64).reshape(4, 2).round(1).tolist()
    a, b, c, d = ((float(x), float(y)) for x, y in rows)
    return (a, b, c, d)


def quad_from_bounds(left: float, top: float, right: float, bottom: float) -> Quad:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def bounds(quad: Quad) -> Bounds:
    """The upright rectangle around a quad."""
    xs = [p[0] for p in quad]
    ys = [p[1] for p in quad]
    return min(xs), min(ys), max(xs), max(ys)


def shared(a: Bounds, b: Bounds) -> float:
    """What two rectangles share, as a part of the smaller one, 0 to 1."""
    return max(share_inside(a, b), share_inside(b, a))


def share_inside(inner: Bounds, outer: Bounds) -> float:
    """Share of `inner`'s area that lies in `outer`, 0 to 1."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return max(0.0, width) * max(0.0, height) / area if area > 0 else 0.0


def centre(quad: Quad) -> Point:
    return sum(p[0] for p in quad) / 4.0, sum(p[1] for p in quad) / 4.0


def map_points(points: NDArray[np.float64], matrix: Homography) -> NDArray[np.float64]:
    """Map (n, 2) points through a homography."""
    return np.asarray(
        cv2.perspectiveTransform(points.reshape(-1, 1, 2).astype(np.float64), matrix), dtype=np.float64
    ).reshape(-1, 2)


def map_quad(quad: Quad, matrix: Homography) -> Quad:
    """A quad in another image's pixels."""
    return quad_from_points(map_points(np.array(quad, dtype=np.float64), matrix))


def union(quads: list[Quad]) -> Quad:
    """The upright rectangle around several quads. Raises ValueError for none."""
    if not quads:
        raise ValueError("no quads")
    all_bounds = [bounds(q) for q in quads]
    return quad_from_bounds(
        min(b[0] for b in all_bounds), min(b[1] for b in all_bounds),
        max(b[2] for b in all_bounds), max(b[3] for b in all_bounds),
    )  # fmt: skip


def inverse(matrix: Homography) -> Homography:
    """The map the other way round. Raises numpy.linalg.LinAlgError for a singular matrix."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def identity() -> Homography:
    return np.eye(3, dtype=np.float64)
