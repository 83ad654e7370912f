"""Names of persons: one written form, and how two of them relate (DOMAIN 3.5)."""

from __future__ import annotations

import re
from enum import StrEnum

from rapidfuzz.distance import Levenshtein

from verifier.compare.lookalikes import LOOKALIKES, TRADITIONAL_TO_SIMPLIFIED
from verifier.compare.text import HAN, squeeze

DOT = "\u00b7"
"""The one separator of transliterated names (GB 18030 A1A4)."""

# Dots that are never anything else, and stops that mean the dot only between two Han characters.
_DOTS = str.maketrans(dict.fromkeys("\u2022\u2027\u2219\u22c5\u2e31\u30fb\uff65\ufe52\u318d\ua78f\u02d9\u0387", DOT))
_STOP_BETWEEN_HAN = re.compile(rf"(?<=[{HAN}])[.。{DOT}]+(?=[{HAN}])")
_EDGES = ":;,.。、_-*()[]" + DOT


class NameMatch(StrEnum):
    """How the name that was read relates to the name that was stated."""

    EQUAL = "equal"
    LOOKALIKE = "lookalike"
    """One character differs, by a pair OCR confuses, or only the dot was lost; and the identity number is the same."""
    RARE_CHARACTER = "rare_character"
    """Only characters outside GB 2312 differ, and the identity number is the same."""
    PARTIAL = "partial"
    """One is the other up to a dot: cards cut long transliterated names."""
    TRADITIONAL = "traditional"
    """Equal once traditional characters are folded."""
    CLOSE = "close"
    """One character differs."""
    DIFFERENT = "different"


def normalise_name(text: str) -> str:
    """The name without spaces and with U+00B7 for every kind of dot between two Han characters."""
    return _STOP_BETWEEN_HAN.sub(DOT, squeeze(text.translate(_DOTS))).strip(_EDGES)


def compare_names(stated: str, read: str, *, same_id: bool = False) -> NameMatch:
    """How two names relate; symmetric.

    `same_id` says that a sound identity number beside the name is the applicant's: only then may a difference be laid
    to the reading (`LOOKALIKE`, `RARE_CHARACTER`). A blank name is DIFFERENT from every name.
    """
    a, b = normalise_name(stated).upper(), normalise_name(read).upper()
    if not a or not b:
        return NameMatch.DIFFERENT
    if a == b:
        return NameMatch.EQUAL
    if same_id and (_lookalike(a, b) or a.replace(DOT, "") == b.replace(DOT, "")):
        return NameMatch.LOOKALIKE
    if _fold(a) == _fold(b):
        return NameMatch.TRADITIONAL
    if same_id and (_differs_in_rare(a, b) or _differs_in_rare(b, a)):
        return NameMatch.RARE_CHARACTER
    if _cut_at_dot(a, b) or _cut_at_dot(b, a):
        return NameMatch.PARTIAL
    if a.replace(DOT, "") == b.replace(DOT, "") or Levenshtein.distance(a, b, score_cutoff=1) == 1:
        return NameMatch.CLOSE
    return NameMatch.DIFFERENT


def _fold(name: str) -> str:
    return name.translate(TRADITIONAL_TO_SIMPLIFIED)


def _lookalike(a: str, b: str) -> bool:
    if len(a) != len(b):
        return False
    unequal = [frozenset(pair) for pair in zip(a, b, strict=True) if pair[0] != pair[1]]
    return len(unequal) == 1 and unequal[0] in LOOKALIKES


def _is_rare(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False


def _differs_in_rare(name: str, other: str) -> bool:
    """Whether `other` is `name` with its rare characters replaced by up to two characters, pinyin or nothing.

    OCR splits 喆 into 吉吉, drops what it does not know, or shows a box; systems that lack the character print pinyin.
    """
    if not any(map(_is_rare, name)) or all(map(_is_rare, name)):
        return False
    pattern = "".join(r"(?:[A-Z]{1,6}|.{0,2})" if _is_rare(c) else re.escape(c) for c in name)
    return re.fullmatch(pattern, other) is not None


def _cut_at_dot(whole: str, part: str) -> bool:
    return whole.startswith(part + DOT)
