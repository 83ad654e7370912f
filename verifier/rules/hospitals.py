"""Designated hospitals: whether a name on a form or a seal is one of the batch's list."""

from __future__ import annotations

import re

from rapidfuzz.distance import Levenshtein

from schemas.batch import Hospital
from verifier.rules.seal_text import sealed_by

_DEPARTMENT = re.compile(r"(?:健康体检|健康管理|体格检查|体检|医务)(?:中心|科|部)?$")
_ORDINAL = re.compile(r"[一二三四五六七八九十\d东西南北中]")
_SHORTEST = 6
"""Characters a name needs before one wrong character may be forgiven."""


def plain_hospital(name: str) -> str:
    """The hospital itself: without its department and without the words of a seal."""
    plain = sealed_by(name)
    return _DEPARTMENT.sub("", plain) or plain


def designated(name: str, hospitals: tuple[Hospital, ...]) -> Hospital | None:
    """The hospital of the list that bears exactly this name or one of its aliases."""
    plain = plain_hospital(name)
    return next((each for each in hospitals if plain in _names(each)), None)


def nearly_designated(name: str, hospitals: tuple[Hospital, ...]) -> Hospital | None:
    """The one hospital of the list whose name differs by a single character that OCR may have got wrong.

    Never by an ordinal or a direction: 第二人民医院 and 第三人民医院 are two hospitals. None when two would fit.
    """
    plain = plain_hospital(name)
    near = [each for each in hospitals if any(_one_slip(known, plain) for known in _names(each))]
    return near[0] if len(near) == 1 else None


def _names(hospital: Hospital) -> tuple[str, ...]:
    return tuple(plain_hospital(name) for name in (hospital.name, *hospital.aliases))


def _one_slip(known: str, read: str) -> bool:
    if min(len(known), len(read)) < _SHORTEST or Levenshtein.distance(known, read, score_cutoff=1) != 1:
        return False
    return _ORDINAL.findall(known) == _ORDINAL.findall(read)
