"""The number a page prints for a code against what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Levenshtein

from schemas.reading import Line
from verifier.compare.text import squeeze
from verifier.geometry import Bounds, bounds
from verifier.imaging.codes import FoundCode

_LINEAR = frozenset({"Code128", "Code93", "Code39"})
"""Symbologies under which people print what they say."""

_LABELLED = re.compile(
    r"(?:编号|条码号?|条形码号?|流水号|查询码|验证码|受理号|报名号|档案号|NO\.?)[::.]?"
    r"([0-9A-Z][0-9A-Z-]{5,29})(?![0-9A-Z])"
)
_BARE = re.compile(r"[0-9A-Z][0-9A-Z-]{5,29}")
_TOKEN = re.compile(r"(?<![0-9A-Z])[0-9A-Z][0-9A-Z-]{5,29}(?![0-9A-Z])")

_WELL_READ = 0.9
_MISREAD = 2
"""Characters an engine may have got wrong in so short a text; more is another number."""

_REACH = 0.8
"""How far from a bar code its number stands, in heights of the code."""


def is_denied(code: FoundCode, page: Sequence[Line]) -> bool:
    """Whether the page prints, well read, another number of just the kind that the code says.

    A number counts that has a label of its own or stands right above or below a bar code. Of one kind are numbers of the
    same length with letters and digits in the same places: codes mostly say something that is printed nowhere. Boxes of
    both are in pixels of the upright page.
    """
    said = _TOKEN.findall(squeeze(code.text).upper())
    printed = set(_numbers(code, page))
    for token in said:
        if any(Levenshtein.distance(number, token) <= _MISREAD for number in printed):
            return False
        if any(_shape(number) == _shape(token) for number in printed):
            return True
    return False


def _numbers(code: FoundCode, page: Sequence[Line]) -> Iterator[str]:
    for line in page:
        if line.score < _WELL_READ:
            continue
        text = squeeze(line.text).upper()
        yield from _LABELLED.findall(text)
        if code.format in _LINEAR and _BARE.fullmatch(text) and _is_beside(bounds(line.box), bounds(code.box)):
            yield text


def _shape(number: str) -> str:
    return re.sub("[0-9]", "9", re.sub("[A-Z]", "A", number))


def _is_beside(line: Bounds, code: Bounds) -> bool:
    """Whether a line stands right above or below a code, and within its width."""
    height = min(code[3] - code[1], code[2] - code[0])
    middle = (line[0] + line[2]) / 2
    gap = max(line[1] - code[3], code[1] - line[3])
    return code[0] <= middle <= code[2] and -height <= gap <= _REACH * height
