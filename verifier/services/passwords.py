"""Passwords: argon2id with OWASP's parameters, and which ones are refused (ASVS 5, 6.2): length and guessability, no composition."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from verifier.errors import AccountError

LENGTH_MIN = 12
LENGTH_MAX = 128

FEWEST_DIFFERENT = 5
"""Of a password with fewer different characters somebody guesses the pattern."""

REFUSED = Path(__file__).parent / "refused_passwords.txt"

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
"""OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane."""


def hash_of(password: str) -> str:
    """The encoded argon2id hash of a password that `check` let through."""
    return _hasher.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the hash. Takes the same time without one: nobody learns who has an account."""
    try:
        good = _hasher.verify(stored or _nobody(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return good and bool(stored)


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def check(password: str, own: Sequence[str] = ()) -> None:
    """Raises AccountError account.password_refused. `own` are words of the person: a login name, a phone number."""
    plain = _normal(password)
    if not LENGTH_MIN <= len(plain) <= LENGTH_MAX:
        raise _refusal(f"须为 {LENGTH_MIN} 到 {LENGTH_MAX} 个字符")
    folded = plain.casefold()
    if _is_common(folded) or _is_a_run(folded) or len(set(folded)) < FEWEST_DIFFERENT:
        raise _refusal("过于常见或有规律")
    if any(len(word) >= 4 and word.casefold() in folded and len(folded) < len(word) + 8 for word in own):
        raise _refusal("与登录名或手机号码过于相近")


def _normal(password: str) -> str:
    """One form of what different keyboards send for the same characters (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def _is_common(folded: str) -> bool:
    """Whether it is a refused word, alone, repeated, or with digits and signs before and after it."""
    core = folded.strip("".join(sign for sign in set(folded) if not sign.isalpha()))
    return bool(_refused() & {folded, _once(folded), core, _once(core)})


def _once(text: str) -> str:
    """`abab` as `ab`: the shortest piece that, repeated, gives the text."""
    sizes = (size for size in range(1, len(text) + 1) if len(text) % size == 0)
    return next((text[:size] for size in sizes if text[:size] * (len(text) // size) == text), "")


def _is_a_run(text: str) -> bool:
    """`123456789012`, `abcdefghijkl`, and the same backwards."""
    steps = {(ord(after) - ord(before)) % 10 for before, after in itertools.pairwise(text)}
    return (text.isdigit() and steps in ({1}, {9})) or (text.isalpha() and _differences(text) in ({1}, {-1}))


def _differences(text: str) -> set[int]:
    return {ord(after) - ord(before) for before, after in itertools.pairwise(text)}


def _refusal(why: str) -> AccountError:
    return AccountError("account.password_refused", why=why)


@cache
def _refused() -> frozenset[str]:
    lines = REFUSED.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().casefold() for line in lines if line.strip() and not line.startswith("#"))


@cache
def _nobody() -> str:
    """A hash that no password is asked to match, of the same cost as a real one."""
    return _hasher.hash("nobody has this password")
