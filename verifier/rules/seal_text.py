"""The text of a seal without the words that say what the seal is for."""

from __future__ import annotations

import re

from verifier.compare.employers import normalise_employer

_NUMBER = re.compile(r"(?:\(\d+\)|\d+)$")
_WORDS = r"(?:健康体检|健康管理|体格检查|体检|医务|医疗|诊断|劳动合同|合同|人事|财务|业务|证明|发票|教务)"
_PURPOSE = re.compile(rf"(?:\({_WORDS}*(?:专用章|公章|章)?\)|{_WORDS}*(?:中心|科|部)?(?:专用章|公章|章))$")


def sealed_by(text: str) -> str:
    """The body that owns the seal: without 体检专用章, 公章 and the like, and without a registration number."""
    return _PURPOSE.sub("", _NUMBER.sub("", normalise_employer(text)))
