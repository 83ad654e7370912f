"""A fingerprint of what a page shows, near for two pictures of one paper and far for two people's papers.

Pictures of forms are no help here: two people's forms have the same layout, and hashes of their pictures are nearer to
each other than two photos of one paper are. What differs between people are the numbers: so the fingerprint is made of
the digits read on the page (Charikar's SimHash over runs of four). It does not change with scale, compression, light,
perspective or a cut margin, and neither the numbers nor the picture can be had back from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from schemas.reading import ReadField
from verifier.compare.text import half_width
from verifier.compare.uscc import uscc_problem

BITS = 64
NEAR = 7
"""Bits in which two pictures of one paper may differ. Measured on synthetic papers: two photos of one paper 0 to 5, papers
of different people at least 13."""

BANDS = 8
"""Two fingerprints within NEAR bits agree in at least one of so many equal parts: by those they are looked up."""

_RUN = 4
_FEWEST = 8
"""Runs a page must show; below it a single misread digit moves the fingerprint too far."""

_IDENTITY = re.compile(
    r"(?<![0-9A-Z])[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX](?![0-9A-Z])"
)
_CODE = re.compile(r"(?<![0-9A-Z])(?=[0-9A-Z]*[A-Z])(?=(?:[A-Z]*\d){4})[0-9A-Z]{12,20}(?![0-9A-Z])")
_NUMBER = re.compile(r"(?<![0-9A-Z])(?!1[3-9]\d{9}(?!\d))[1-9]\d{8,11}(?![0-9A-Z])")
"""A number of somebody (of a student, a pass, an examination): no date, no phone, none of the 13 digits of a seal."""

MEASURED = (
    "blood_pressure",
    "heart_rate",
    "height_cm",
    "weight_kg",
    "alt",
    "naked_vision_right",
    "naked_vision_left",
    "corrected_vision_right",
    "corrected_vision_left",
)
"""Findings of a body's examination that differ from person to person."""
_FEWEST_MEASURED = 5
_TELLING = frozenset({"blood_pressure", "heart_rate", "height_cm", "weight_kg", "alt"})
_FEWEST_TELLING = 4


def page_fingerprint(lines: Iterable[str]) -> str:
    """16 hex digits for the texts of a page; '' for a page that shows nobody's number, or too few digits.

    Standard pages (terms of a contract, the back of a card) show no such number and are alike for everybody.
    """
    texts = [half_width(line).upper().replace(" ", "") for line in lines]
    if not any(_is_somebodys(text) for text in texts):
        return ""
    runs = set[str]()
    for text in texts:
        digits = re.sub(r"\D", "", text)
        runs.update(digits[at : at + _RUN] for at in range(len(digits) - _RUN + 1))
        runs.update(code[at : at + _RUN] for code in _CODE.findall(text) for at in range(len(code) - _RUN + 1))
    if len(runs) < _FEWEST:
        return ""
    # Whether more of the runs have a bit set than not, for each of the bits at once.
    set_in = [sum(_hashed(run) >> bit & 1 for run in runs) for bit in range(BITS)]
    return f"{sum(1 << bit for bit, count in enumerate(set_in) if 2 * count > len(runs)):016x}"


def values_fingerprint(fields: Mapping[str, ReadField]) -> str:
    """16 hex digits for the measurements of a health form, equal only when all of them are; '' for too few.

    Two people share a value or two, never all: equal ones are a copy of the form, whoever's name stands on it.
    """
    found = {name: fields[name].value for name in MEASURED if name in fields and fields[name].value}
    if len(found) < _FEWEST_MEASURED or len(_TELLING & found.keys()) < _FEWEST_TELLING:
        return ""
    text = ";".join(f"{name}={value}" for name, value in sorted(found.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def distance(a: str, b: str) -> int:
    """Bits in which two fingerprints of 16 hex digits differ."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def bands(fingerprint: str) -> tuple[int, ...]:
    """The BANDS equal parts of a fingerprint, each 0..255."""
    return tuple(bytes.fromhex(fingerprint))


def _is_somebodys(text: str) -> bool:
    if _IDENTITY.search(text) or _NUMBER.search(text):
        return True
    return any(uscc_problem(code) is not None for code in _CODE.findall(text))


@lru_cache(maxsize=20_000)
def _hashed(run: str) -> int:
    return int.from_bytes(hashlib.blake2b(run.encode(), digest_size=BITS // 8).digest(), "big")
