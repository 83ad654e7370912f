"""Text and rules that run into the border of the image: part of the page was left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.imaging.text_area import TextArea

TOUCH = 2
"""Pixels of the copy from the border within which a mark is cut: sampling and JPEG blur the last pixel."""

RULE_LENGTH = 1.5
"""In character heights: ink that runs at least so far straight into the border is a rule, not a stroke."""

RULE_THICKNESS = 0.4
"""In character heights: thicker ones are shadows, fingers and edges of other papers."""

SAME_INK = 0.6
"""Share of the text's contrast a cut character must have: the grain of a desk reaches half."""

RULE_INK = 0.4
"""… and a cut rule: thin ones are paler than text."""

SAME_PAPER = 0.75
"""Share of the paper's brightness there must be around them: at the border of a photo one often sees the desk."""

LEAST_CUTS = 2
"""Characters and rules cut on one side: dust or a punched hole gives one."""

CUTS_OF_WORST = 12
"""From so many cuts on every line of a page is cut."""

SIDES = ("top", "right", "bottom", "left")


@dataclass(frozen=True)
class Cut:
    """A side that cuts through text: its name, how many characters and rules it cuts, (left, top, right, bottom) of
    the strip along it in pixels of the copy, and how bad that is from 0 to 1."""

    side: str
    count: int
    box: tuple[float, float, float, float]
    severity: float


def find_cuts(text: TextArea) -> tuple[Cut, ...]:
    """The sides of the image that cut through text."""
    cuts = []
    for turns, side in enumerate(SIDES):
        if _page_ends_inside(text, turns):
            continue
        places = np.concatenate([_cut_characters(text, side), _cut_rules(text, turns)])
        count = _apart(places, text.height)
        if count >= LEAST_CUTS:
            severity = 0.5 + 0.5 * min(1.0, (count - LEAST_CUTS) / (CUTS_OF_WORST - LEAST_CUTS))
            cuts.append(Cut(side, count, _strip(side, places, text), severity))
    return tuple(cuts)


def _page_ends_inside(text: TextArea, side: int) -> bool:
    """Whether the edge of the page is seen on this side with paper's end before the image's."""
    if text.page is None or text.page.sides[side] == 0:
        return False
    height, width = text.gray.shape
    ends = np.stack([text.page.corners[side], text.page.corners[(side + 1) % 4]]) / text.factor
    beyond = (ends[:, 1], width - ends[:, 0], height - ends[:, 1], ends[:, 0])[side]
    return bool(beyond.min() > TOUCH)


def _cut_characters(text: TextArea, side: str) -> NDArray[np.float64]:
    """Where along the side characters touch it."""
    height, width = text.gray.shape
    left, top, across, down = text.glyphs.boxes.T
    gap = {"top": top, "right": width - left - across, "bottom": height - top - down, "left": left}[side]
    along = text.glyphs.centres[:, 0 if side in ("top", "bottom") else 1]
    alike = (text.glyphs.contrast >= SAME_INK * text.contrast) & (text.glyphs.paper >= SAME_PAPER * text.paper)
    return np.asarray(along[(gap <= TOUCH) & alike], dtype=np.float64)


def _cut_rules(text: TextArea, side: int) -> NDArray[np.float64]:
    """Where along the side rules run straight into it."""
    depth = max(8, int(RULE_LENGTH * text.height))
    # Turned so that the side is on the left: rows of `strip` run into the border.
    turns = {0: 1, 1: 2, 2: 3, 3: 0}[side]
    contrast = np.rot90(text.ink.depth, turns)[:, :depth] / np.maximum(
        1.0, np.rot90(text.ink.paper, turns)[:, :depth].astype(np.float32)
    )
    light = np.rot90(text.ink.paper, turns)[:, :depth] >= SAME_PAPER * text.paper
    strip = (contrast >= RULE_INK * text.contrast) & light & np.rot90(text.inside, turns)[:, :depth]
    # A rule may be a little tilted: two rows up or down over the strip.
    tilted = strip.copy()
    for shift in (1, 2):
        tilted[shift:] |= strip[:-shift]
        tilted[:-shift] |= strip[shift:]
    runs = tilted.mean(axis=1) >= 0.95
    edges = np.flatnonzero(np.diff(np.concatenate([[0], runs.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    thin = ends - starts <= RULE_THICKNESS * text.height + 5
    places = (starts[thin] + ends[thin]) / 2
    # Turned images count from the other end on two sides.
    return np.asarray(len(runs) - places if side in (0, 1) else places, dtype=np.float64)


def _apart(places: NDArray[np.float64], height: float) -> int:
    """How many places there are when those closer than half a character count once."""
    if not len(places):
        return 0
    return 1 + int((np.diff(np.sort(places)) > height / 2).sum())


def _strip(side: str, places: NDArray[np.float64], text: TextArea) -> tuple[float, float, float, float]:
    height, width = text.gray.shape
    deep = 2 * text.height
    low, high = float(places.min() - text.height), float(places.max() + text.height)
    return {
        "top": (max(0.0, low), 0.0, min(float(width), high), deep),
        "right": (width - deep, max(0.0, low), float(width), min(float(height), high)),
        "bottom": (max(0.0, low), height - deep, min(float(width), high), float(height)),
        "left": (0.0, max(0.0, low), deep, min(float(height), high)),
    }[side]
