"""Choosing among several readings of one line of a seal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from verifier.compare.seals import PURPOSES
from verifier.compare.text import squeeze
from verifier.imaging.seal_words import with_usual_words
from verifier.ocr.engine import Alternative, Recognition

_EDGE_DIRT = "。.,，、·:：;；'\"‘’“”`-—_|/\\《》<>…!！"
"""What specks at the ends of a strip are read as; no seal's text begins or ends with it."""
_SETTLED = 0.95
"""Two equal readings with this score, or a single one with `_CERTAIN`, need no further look."""
_CERTAIN = 0.985
_CHARACTER = 0.025
"""What another character is worth as score: a cut through characters loses some."""
_FINAL = 0.1
"""What a final 章 is worth as score: the straight line of nearly every seal ends in 专用章."""
_AGREEMENT = 0.25
"""What full agreement with the other readings is worth as score."""
_WORSE = 0.12
"""How much less than the best a reading may score whose text the page or the usual purposes confirm."""
_SLIPS = 2
"""Characters in which it may differ from the best."""
_LEAST_NAME, _LEAST_PURPOSE = 0.1, 0.03
"""How likely it must be beside what was read: a name that the page prints, and a purpose of seals."""
_DOUBT = 0.05
"""The power of that likelihood by which the score shrinks."""
_PURPOSES = frozenset(phrase for phrases in PURPOSES.values() for phrase in phrases)
_LEAST_KNOWN = 4
"""Characters of a name that the page may confirm: shorter ones stand everywhere."""
_TELLING = re.compile(r"[一二三四五六七八九十\\d东西南北中]")
"""Characters that tell one body from its neighbour: neither the page nor what is usual decides about them."""


def is_settled(readings: Sequence[Recognition]) -> bool:
    """Whether readings of one line agree so well that another look would tell nothing new."""
    texts = {cleaned(reading).text for reading in readings}
    least = min((reading.score for reading in readings), default=0.0)
    return len(texts) == 1 and least >= (_SETTLED if len(readings) > 1 else _CERTAIN)


def cleaned(reading: Recognition) -> Recognition:
    """Without white space, and without what specks at the ends are read as."""
    others = tuple(other.model_copy(update={"text": _clean(other.text)}) for other in reading.others)
    return Recognition(text=_clean(reading.text), score=reading.score, others=others)


def _clean(text: str) -> str:
    return "".join(text.split()).strip(_EDGE_DIRT)


def chosen(readings: Sequence[Recognition], known: Sequence[str] = ()) -> Recognition:
    """The reading that its score, its length and the other readings speak for, with usual words put in (seal_words).

    `known` are texts of the page (squeezed), which often prints the name that a seal bears. What a reading says, or may
    say as well for the recogniser, is preferred to what is about as likely when the page prints it word for word or when
    it is a usual purpose of seals; never where the two differ in an ordinal or a direction. Raises ValueError for no
    readings.
    """
    said = [cleaned(reading) for reading in readings]
    worth = [_worth(at, said) for at in range(len(said))]
    at = max(range(len(said)), key=worth.__getitem__)
    best = said[at]
    if _is_known(best.text, known) or best.text in _PURPOSES:
        return best
    meant = [
        Recognition(text=other.text, score=min(best.score, reading.score) * other.likelihood**_DOUBT)
        for reading in said
        if reading.score >= best.score - _WORSE
        for other in (Alternative(text=reading.text, likelihood=1.0), *reading.others)
        if _may_be_meant(other, best.text, known)
    ]
    return with_usual_words(max(meant, key=lambda one: one.score, default=best), said)


def _may_be_meant(other: Alternative, best: str, known: Sequence[str]) -> bool:
    if Levenshtein.distance(other.text, best, score_cutoff=_SLIPS) > _SLIPS:
        return False
    is_purpose = other.text in _PURPOSES
    # what stands before a whole purpose is the end of the arc or a speck: bodies number their seals behind it
    if _TELLING.findall(other.text) != _TELLING.findall(best) and not (is_purpose and best.endswith(other.text)):
        return False
    if is_purpose:
        return other.likelihood >= _LEAST_PURPOSE
    return other.likelihood >= _LEAST_NAME and _is_known(other.text, known)


def _worth(at: int, readings: Sequence[Recognition]) -> float:
    one = readings[at]
    others = [other for index, other in enumerate(readings) if index != at]
    alike = sum(other.score * Levenshtein.normalized_similarity(one.text, other.text) for other in others)
    agreement = _AGREEMENT * alike / len(others) if others else 0.0
    return one.score + _CHARACTER * len(one.text) + (_FINAL if one.text.endswith("章") else 0.0) + agreement


def _is_known(text: str, known: Sequence[str]) -> bool:
    plain = squeeze(text)
    return len(plain) >= _LEAST_KNOWN and any(plain in name for name in known)
