"""By how much a seal is turned: told by its star, by the long axis of an oval, or else by its straight line."""

from __future__ import annotations

import math

import cv2
import numpy as np

from verifier.imaging.seal_disc import Disc, filled

_OVAL = 0.85
"""Shorter over longer axis from which an oval's long axis tells its direction."""
_STAR_REACH = 0.42
"""A star and its tips lie within this share of the radius."""
_STAR_CENTRE = 0.2
"""A star stands at most this share of the radius off the centre: above a straight line."""
_TIPS = 5
_TIP_SWING = 0.13
"""Least swing of a star's outline with its tips, as a share of its mean radius: a five-pointed star has 0.3."""
_INKED = 0.25
"""Share of full ink from which a place belongs to the star: large fillings fade in their middle."""
_DIRECTIONS = 720


def turn_by_shape(disc: Disc, expected: float = 0.0) -> float | None:
    """Degrees clockwise by which the seal is turned; None when neither a star nor an oval tells.

    A star looks the same five times around, an oval twice: the answer next to `expected` is given, by default the one
    next to upright, as seals are put on papers.
    """
    ring = disc.ring
    if min(ring.a, ring.b) < _OVAL * max(ring.a, ring.b):
        along = ring.angle if ring.a >= ring.b else ring.angle + 90.0
        return _nearest(along, 180.0, expected)
    star = _star(disc)
    return None if star is None else _nearest(star, 360.0 / _TIPS, expected)


def _nearest(angle: float, period: float, expected: float) -> float:
    turns = round((expected - angle) / period)
    nearest = angle + turns * period
    return nearest if nearest <= 180.0 else nearest - 360.0


def _star(disc: Disc) -> float | None:
    """The direction of a star's tips, degrees clockwise from the top; None without a star."""
    radius = min(disc.ring.a, disc.ring.b)
    inner = np.where(filled(disc.ink.shape[0], disc.ring, _STAR_REACH) > 0, disc.ink, np.float32(0.0))
    # specks without ink and lines of print across the star are closed
    mask = cv2.morphologyEx((inner > _INKED).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    area = float(stats[largest, cv2.CC_STAT_AREA])
    x, y = (float(v) for v in centres[largest])
    if area < 0.015 * math.pi * radius**2 or math.hypot(x - disc.ring.x, y - disc.ring.y) > _STAR_CENTRE * radius:
        return None
    reach = np.arange(1.0, _STAR_REACH * radius)
    way = np.arange(_DIRECTIONS) * (2.0 * math.pi / _DIRECTIONS)
    xs = np.float32(x + np.outer(reach, np.cos(way)))
    ys = np.float32(y + np.outer(reach, np.sin(way)))
    shape = (labels == largest).astype(np.float32)
    lengths = cv2.remap(shape, xs, ys, cv2.INTER_LINEAR).sum(axis=0)
    swings = np.abs(np.fft.rfft(lengths))[: 2 * _TIPS] / max(float(lengths.sum()) / 2.0, 1e-6)
    others = np.delete(swings, [0, _TIPS])
    if swings[_TIPS] < _TIP_SWING or swings[_TIPS] < 1.25 * float(others.max()):
        return None
    phase = float(np.angle(np.fft.rfft(lengths)[_TIPS]))
    # the outline swings as cos(5 direction + phase): a tip points where it is largest
    return -math.degrees(phase) / _TIPS + 90.0
