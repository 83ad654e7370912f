"""Where the text of a page lies and how large it is: the ground every measure of a capture stands on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.imaging.page import FoundPage
from verifier.imaging.strokes import INK_CONTRAST, Glyphs, Ink, find_glyphs, find_ink, shrink

WORK_SIDES = (1600, 800, 400)
"""Longer sides of the copies text is looked for in. The first is enough for any readable page; text so blurred that
only its blobs remain is narrower than STROKE in a smaller copy only."""

STROKE = 25
"""Strokes are narrower than this in the copy: the large print of a card that fills the photo has 10 pixels."""

ENOUGH = 14
"""Marks that make a text. The back of a card has 40 and more; dust, a seal or a logo gives a few."""

EDGE = 7
"""Pixels of the copy around the edge of the page that are left out of it, twice their half."""

MAY_BE_GRAIN, BLACKER = 0.2, 1.6
"""Marks paler than this may be the noise of a dim photo, in which characters drown; it is when a smaller copy, where noise is
averaged away, shows marks so many times as black."""

FAINT_CONTRAST = 0.06
"""Asked of ink when none of INK_CONTRAST was found: faded or washed-out print."""

CALMING = 1.2
"""Sigma of the blur that takes a noise of 10 grey levels below what faint ink has."""

BLACKEST = 60
"""The blackest tenth of all marks, at most so many, are text: a card has a hundred marks, grain of a photo thousands."""

STRONG = 0.7
"""Share of their contrast from which a mark tells what text looks like here."""

SAME_INK = 0.4
SAME_PAPER = 0.55
"""Marks far weaker than the typical one, or on something far darker than its paper, are grain and background."""


@dataclass(frozen=True)
class TextArea:
    """Text found in a copy of the image. `factor` is how many pixels of the image one pixel of the copy spans.

    `height` is the typical height of a character and all else is in pixels of the copy. `inside` is the page where it
    was found, else everything.
    """

    gray: NDArray[np.uint8]
    factor: float
    ink: Ink
    glyphs: Glyphs
    height: float
    inside: NDArray[np.bool_]
    page: FoundPage | None

    @property
    def contrast(self) -> float:
        return float(np.median(self.glyphs.contrast))

    @property
    def paper(self) -> float:
        return float(np.median(self.glyphs.paper))


def find_text(gray: NDArray[np.uint8], page: FoundPage | None) -> TextArea | None:
    """The text of a grey image, on its `page` when that was found, or None when nothing looks like text."""
    grain: TextArea | None = None
    for side in WORK_SIDES:
        text = _text_at(gray, side, page, INK_CONTRAST)
        if text is None:
            continue
        if text.contrast < MAY_BE_GRAIN and grain is None:
            grain = text
        elif grain is None or text.contrast >= BLACKER * grain.contrast:
            return text
    if grain is not None:
        return grain
    # Blobs of blurred text are plain in a small copy, where noise is averaged away; faint print shows in a larger one.
    for side in reversed(WORK_SIDES):
        text = _text_at(gray, side, page, FAINT_CONTRAST)
        if text is not None:
            return text
    return None


def _text_at(gray: NDArray[np.uint8], side: int, page: FoundPage | None, contrast: float) -> TextArea | None:
    copy, factor = shrink(gray, side)
    inside = _inside(page, copy.shape, factor)
    if contrast < INK_CONTRAST:
        # Noise is as dark as faint ink, in single pixels.
        copy = np.asarray(cv2.GaussianBlur(copy, (0, 0), CALMING), dtype=np.uint8)
    ink = find_ink(copy, STROKE, contrast)
    glyphs = _alike(find_glyphs(ink, 5, max(copy.shape) // 8), inside)
    if len(glyphs) < ENOUGH:
        return None
    return TextArea(
        gray=copy, factor=factor, ink=ink, glyphs=glyphs, height=typical_height(glyphs), inside=inside, page=page
    )


def typical_height(glyphs: Glyphs) -> float:
    """Height of a character in pixels, whichever way the page lies.

    Characters fall apart into pieces and touch each other: of each component the longer side is taken unless it is a
    run of characters, and of all the 70th percentile, which whole characters reach and pieces do not.
    """
    longer = glyphs.boxes[:, 2:].max(axis=1)
    shorter = glyphs.boxes[:, 2:].min(axis=1)
    return float(np.percentile(np.where(longer <= 2.2 * shorter, longer, shorter), 70))


def strong_contrast(glyphs: Glyphs) -> float:
    """Contrast from which a mark is certainly text.

    The blackest marks are text even where a patterned cloth or the grain of a dim photo gives more marks than the page.
    """
    rank = min(BLACKEST, len(glyphs) // 10)
    return STRONG * float(np.partition(glyphs.contrast, -1 - rank)[-1 - rank])


def _inside(page: FoundPage | None, shape: tuple[int, ...], factor: float) -> NDArray[np.bool_]:
    if page is None:
        return np.ones(shape, dtype=np.bool_)
    mask = np.zeros(shape, dtype=np.uint8)
    cv2.fillConvexPoly(mask, np.round(page.corners / factor).astype(np.int32), 1)
    # A little less, so that the page's own edge is not taken for ink.
    shrunk = cv2.erode(mask, np.ones((EDGE, EDGE), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(shrunk > 0)


def _alike(glyphs: Glyphs, inside: NDArray[np.bool_]) -> Glyphs:
    """Glyphs on the page, and of those the ones with about the ink and the paper of the typical strong one."""
    x, y = glyphs.centres.astype(np.int64).T
    glyphs = glyphs.select(inside[y, x])
    if not len(glyphs):
        return glyphs
    strong = glyphs.contrast >= strong_contrast(glyphs)
    return glyphs.select(
        (glyphs.contrast >= SAME_INK * np.median(glyphs.contrast[strong]))
        & (glyphs.paper >= SAME_PAPER * np.median(glyphs.paper[strong]))
    )
