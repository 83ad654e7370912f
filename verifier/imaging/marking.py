"""Capture problems drawn on the picture they were found on."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from schemas.document import CaptureProblem, QualityProblem
from verifier.ocr.engine import Image

Bgr = tuple[int, int, int]

BLUE: Bgr = (178, 114, 0)
ORANGE: Bgr = (0, 159, 230)
GREEN: Bgr = (115, 158, 0)
RED: Bgr = (0, 94, 213)
PURPLE: Bgr = (167, 121, 204)
BLACK: Bgr = (0, 0, 0)
WHITE: Bgr = (255, 255, 255)

COLOURS: dict[CaptureProblem, Bgr] = {
    CaptureProblem.BLURRED: BLUE,
    CaptureProblem.GLARE: ORANGE,
    CaptureProblem.CROPPED: RED,
    CaptureProblem.TOO_SMALL: GREEN,
    CaptureProblem.TOO_DARK: PURPLE,
    CaptureProblem.LOW_CONTRAST: PURPLE,
    CaptureProblem.MOIRE: GREEN,
}
"""Okabe and Ito's palette, which people with any of the common colour blindnesses tell apart; other kinds are BLACK. The
number says the same without colour."""

LINE = 0.004
"""Width of an outline as a share of the picture's longer side; a white one half as wide again runs on either side."""

BADGE = 0.022
"""Radius of the disc that holds the number."""


def draw_problems(image: Image, problems: Sequence[QualityProblem]) -> Image:
    """A copy of a page as uploaded (BGR, uint8) with every problem outlined and numbered from 1, in their order.

    A problem without a box concerns the whole page: the page itself is framed.
    """
    out = image.copy()
    height, width = out.shape[:2]
    thick = max(2, round(LINE * max(height, width)))
    radius = max(9, round(BADGE * max(height, width)))
    taken: list[tuple[int, int]] = []
    for number, problem in enumerate(problems, start=1):
        colour = COLOURS.get(problem.kind, BLACK)
        corners = _corners(problem, width, height, thick)
        cv2.polylines(out, [corners], isClosed=True, color=WHITE, thickness=2 * thick, lineType=cv2.LINE_AA)
        cv2.polylines(out, [corners], isClosed=True, color=colour, thickness=thick, lineType=cv2.LINE_AA)
        centre = _free_place(corners, radius, width, height, taken)
        taken.append(centre)
        _badge(out, centre, radius, str(number), colour)
    return out


def _corners(
    problem: QualityProblem, width: int, height: int, thick: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    box = problem.box or ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    # Outlines of what touches the border stay inside the picture.
    return np.clip(np.array(box), thick, [width - 1 - thick, height - 1 - thick]).round().astype(np.int32)


def _free_place(
    corners: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    radius: int,
    width: int,
    height: int,
    taken: Sequence[tuple[int, int]],
) -> tuple[int, int]:
    """Where the number goes: the outline's upper left corner, moved right as long as another number is there."""
    left, top = corners.min(axis=0).tolist()
    x, y = max(radius, left), max(radius, top)
    while any(abs(x - a) < 2 * radius and abs(y - b) < 2 * radius for a, b in taken) and x + 3 * radius < width:
        x += 2 * radius + radius // 3
    return min(x, width - 1 - radius), min(y, height - 1 - radius)


def _badge(out: Image, centre: tuple[int, int], radius: int, text: str, colour: Bgr) -> None:
    cv2.circle(out, centre, radius, WHITE, -1, cv2.LINE_AA)
    cv2.circle(out, centre, round(radius * 0.88), colour, -1, cv2.LINE_AA)
    scale = radius / (22.0 if len(text) == 1 else 28.0)
    weight = max(1, round(radius / 8))
    (across, up), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)
    at = (centre[0] - across // 2, centre[1] + up // 2)
    # Black on the light colours, white on the dark ones.
    ink = BLACK if colour in (ORANGE, PURPLE) else WHITE
    cv2.putText(out, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, weight, cv2.LINE_AA)
