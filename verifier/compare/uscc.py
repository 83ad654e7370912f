"""Unified social credit codes of organisations (GB 32100-2015)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifier.compare.ids import IdProblem, Repaired
from verifier.compare.text import half_width, squeeze

LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
_RUN = re.compile(r"[0-9A-Za-z|]{18,}")
_MIN_DIGITS = 6
# The code never has I, O, S, Z; what looks like them is the digit.
_NEVER_LETTERS = str.maketrans("OoIil|SsZz", "0011115522")
# Places 3 to 8 are the region code: digits only.
_REGION_DIGITS = str.maketrans("DQB", "008")


def normalise_uscc(text: str) -> str:
    """Half-width, upper-case, without spaces."""
    return squeeze(text).upper()


def check_character(body: str) -> str:
    """The 18th character for the first 17.

    Raises ValueError unless `body` is 17 characters of the code's alphabet.
    """
    if len(body) != LENGTH - 1 or any(c not in _VALUES for c in body):
        raise ValueError("the body of a credit code has 17 characters of its alphabet")
    total = sum(_VALUES[c] * weight for c, weight in zip(body, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def uscc_problem(code: str) -> IdProblem | None:
    """What is wrong with a credit code, or None when it is sound.

    The inner check of the organisation code (GB 11714) is not asked for: the outer one covers the same characters.
    """
    if len(code) != LENGTH:
        return IdProblem.LENGTH
    if any(c not in _VALUES for c in code) or not code[2:8].isdigit():
        return IdProblem.CHARACTERS
    return None if check_character(code[:-1]) == code[-1] else IdProblem.CHECKSUM


def read_uscc(raw: str) -> Repaired | None:
    """The one credit code in OCR text, whatever label is glued to it.

    Only repairs that leave no choice are made: letters the alphabet does not have, and letters among the digits of the
    region, and only when the result is sound. Otherwise the code is given exactly as read. Two different codes of equal
    standing give None.
    """
    runs = tuple(_runs(raw))
    exact = {Repaired(run, False) for run in map(str.upper, runs) if uscc_problem(run) is None}
    mended = {Repaired(code, True) for code in map(_mend, runs) if uscc_problem(code) is None}
    unsound = {Repaired(run.upper(), False) for run in runs}
    for found in (exact, mended, unsound):
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _mend(run: str) -> str:
    code = run.translate(_NEVER_LETTERS).upper()
    return code[:2] + code[2:8].translate(_REGION_DIGITS) + code[8:]


def _runs(raw: str) -> Iterator[str]:
    seen: set[str] = set()
    for text in (*half_width(raw).split(), squeeze(raw)):
        for match in _RUN.finditer(text):
            run = match[0]
            if run not in seen and _looks_like_a_code(run):
                seen.add(run)
                yield run


def _looks_like_a_code(run: str) -> bool:
    return len(run) == LENGTH and sum(c.isdigit() for c in run) >= _MIN_DIGITS and _mend(run)[2:8].isdigit()
