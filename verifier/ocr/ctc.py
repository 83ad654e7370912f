"""From a recogniser's probabilities to texts: connectionist temporal classification (CTC). Pure functions.

`columns` has the shape (time, classes): each row is a distribution over the blank (class 0) and the characters, from left
to right over the strip. A text is what remains of a path when repeats and then blanks are dropped.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.float32]
Labels = tuple[int, ...]

BLANK = 0
_BEAM = 8
"""Texts followed at once. With 8 the true text was among the last ones for 20 of 21 names that had been misread."""
_FLOOR = 1e-3
"""A class less likely than this in a column is not followed: it would make a text a thousand times less likely."""
_NEVER = -math.inf


def best_path(columns: Columns) -> tuple[Labels, float]:
    """The text of the likeliest path and the mean probability of its characters; (), 0.0 for a path of blanks."""
    likeliest = columns.argmax(axis=-1)
    begins = np.ones(len(likeliest), dtype=bool)
    begins[1:] = likeliest[1:] != likeliest[:-1]
    kept = begins & (likeliest != BLANK)
    if not kept.any():
        return (), 0.0
    score = float(columns.max(axis=-1)[kept].mean())
    return tuple(int(label) for label in likeliest[kept]), min(1.0, max(0.0, score))


def likeliest_texts(columns: Columns) -> list[tuple[Labels, float]]:
    """The likeliest texts with the natural logarithms of their probabilities, the likeliest first (prefix beam search).

    A text's probability is the sum over all paths that give it; those the beam dropped on the way are missing from it.
    """
    beam: dict[Labels, tuple[float, float]] = {(): (0.0, _NEVER)}  # log probability ending in a blank, in a character
    for column in columns:
        followed = [(int(label), math.log(column[label])) for label in np.flatnonzero(column > _FLOOR)]
        grown: defaultdict[Labels, tuple[float, float]] = defaultdict(lambda: (_NEVER, _NEVER))
        for text, (blank, character) in beam.items():
            either = _either(blank, character)
            for label, likely in followed:
                if label == BLANK:
                    held = grown[text]
                    grown[text] = (_either(held[0], either + likely), held[1])
                    continue
                before = either
                if text and text[-1] == label:  # the same character again is a new one only after a blank
                    held = grown[text]
                    grown[text] = (held[0], _either(held[1], character + likely))
                    before = blank
                longer = (*text, label)
                held = grown[longer]
                grown[longer] = (held[0], _either(held[1], before + likely))
        beam = dict(heapq.nlargest(_BEAM, grown.items(), key=lambda entry: _either(*entry[1])))
    found = ((text, _either(*ends)) for text, ends in beam.items())
    return sorted(((text, total) for text, total in found if total > _NEVER), key=lambda entry: -entry[1])


def _either(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    high, low = (a, b) if a >= b else (b, a)
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))
