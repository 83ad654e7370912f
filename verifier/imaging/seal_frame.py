"""The rows of text of a square seal, and its text when it runs downwards."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from verifier.geometry import identity
from verifier.imaging.ink import Plane, coloured_ink, densities, detailed_ink, paper
from verifier.imaging.seal_arc import runs
from verifier.imaging.seal_disc import Source
from verifier.imaging.seal_shapes import SealRegion
from verifier.ocr.engine import Image

_SIDE = 400
"""Long side in pixels of a square seal turned level."""
_FRAME = 0.06
"""The frame itself, as a share of the shorter side."""
_INKED, _ROW_INK = 0.35, 0.02
"""Share of full ink from which a pixel counts as inked, and share of such pixels from which a row holds text."""
_ROW_HEIGHT = 0.1
"""Least height of a row of text, as a share of the seal's."""
_DETAIL_REACH = 7
"""Pixels within which colour says whose ink a sharp mark is."""
_LAST = ("印", "章")
"""The last character of a name seal or of the name of one."""


def frame_rows(image: Image, region: SealRegion, source: Source | None = None) -> tuple[Plane, ...]:
    """The ink of each row of text, turned level, from top to bottom; 1 is full ink. `source` as `flatten_ink`."""
    across, down = (2.0 * axis for axis in region.axes)
    if min(across, down) < 1.0:
        return ()
    picture = Source(image, identity()) if source is None else source
    scale = _SIDE / max(across, down)
    size = (max(1, round(across * scale)), max(1, round(down * scale)))
    level = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float32)
    to_page = cv2.getPerspectiveTransform(level, np.array(region.box, dtype=np.float32))
    flat = cv2.warpPerspective(
        picture.image,
        picture.to_source @ to_page,
        size,
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    seal = np.asarray(flat, dtype=np.uint8)
    density = densities(seal, paper(seal, reach_px=0.2 * _SIDE))
    amount = coloured_ink(density, region.colour, under_pen=True)
    ink = (amount + detailed_ink(density, amount, region.colour, _DETAIL_REACH)) / np.float32(2.0)
    margin = round(_FRAME * min(size))
    inner = ink[margin : size[1] - margin, margin : size[0] - margin]
    inner = inner / np.float32(max(float(np.percentile(inner, 99.0)), 1e-3))
    profile = (inner > _INKED).mean(axis=1)
    rows: list[Plane] = []
    for top, bottom in runs(profile > _ROW_INK):
        if bottom - top >= _ROW_HEIGHT * size[1]:
            pad = round(0.12 * (bottom - top))
            rows.append(np.asarray(np.clip(inner[max(0, top - pad) : bottom + pad], 0.0, 1.2), dtype=np.float32))
    return tuple(rows)


def in_reading_order(rows: Sequence[str]) -> str:
    """The text of a square seal of `rows`, which may run downwards in columns from right to left.

    A personal or old seal of equal rows does: 之李 over 印明 is 李明之印. Columns are believed
    when they end in 印 or 章 and the rows do not.
    """
    by_rows = "".join(rows)
    if len(rows) < 2 or len({len(row) for row in rows}) != 1 or by_rows.endswith(_LAST):
        return by_rows
    by_columns = "".join(row[at] for at in range(len(rows[0]) - 1, -1, -1) for row in rows)
    return by_columns if by_columns.endswith(_LAST) else by_rows
