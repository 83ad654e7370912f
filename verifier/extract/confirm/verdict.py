"""What several readings of one place amount to: a value, what else it may be, and how sure that is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.reading import ReadField
from verifier.compare.lookalikes import TRADITIONAL_TO_SIMPLIFIED
from verifier.compare.text import squeeze
from verifier.extract.confirm.alignment import counterpart
from verifier.extract.confirm.dear import Dear
from verifier.extract.confirm.place import Place
from verifier.ocr.engine import Recognition

_BETWEEN_WORDS = re.compile(r"[^\w./]|_|(?<!\d)[./]|[./](?!\d)")
_OTHERS = 4
"""Values beside the chosen one that are worth a reviewer's eyes."""
_LIKELY = 0.1
"""Likelihood beside the best text from which a value was nearly read: one that fits its check digit is then believed."""
_HALF_A_VOTE = 0.5


class Agreement(StrEnum):
    """How the readings of a place stand to each other."""

    AGREED = "agreed"
    """The second reading says the same."""
    UPHELD = "upheld"
    """The second says something else, a third the same as the first."""
    OUTVOTED = "outvoted"
    """Two others agree on another value: it was taken."""
    CHECKED = "checked"
    """The readings differ and only one fits its check digit: it was taken."""
    DISPUTED = "disputed"
    """The readings differ and nothing decides."""
    UNREAD = "unread"
    """Nothing comparable was read the second time."""


@dataclass(frozen=True)
class Reading:
    """One reading of a place: its value (None when it is no value of this kind), and what else the crop may say."""

    value: str | None
    score: float
    others: tuple[tuple[str, float], ...] = ()
    """Other values with their likelihoods beside this one."""

    @property
    def doubt(self) -> float:
        """0 when the crop says one thing only, towards 1 the more likely other values are."""
        rest = sum(likelihood for _, likelihood in self.others)
        return rest / (1.0 + rest)


@dataclass(frozen=True)
class Verdict:
    """The outcome for one field. `score` and `doubt` are the worst of the readings that say `value`."""

    value: str
    agreement: Agreement
    score: float
    doubt: float
    others: tuple[str, ...]


def reading_of(answer: Recognition, place: Place, dear: Dear, field: ReadField) -> Reading:
    """A recogniser's answer about a crop as a reading of the field that stands there.

    Where the first text alone does not give the field's value (a unit elsewhere, two cells), only the same text counts.
    """
    speaks = dear.value_of(place.text) == field.text

    def value_of(text: str) -> str | None:
        part = counterpart(place.left, place.text, place.right, squeeze(text))
        if _plain(part) == _plain(place.text):
            return field.text
        return dear.value_of(part) if speaks else None

    value = value_of(answer.text)
    others: dict[str, float] = {}
    for other in answer.others:
        seen = value_of(other.text)
        if seen is not None and value is not None and not _is_same(seen, value, dear):
            others[seen] = min(1.0, others.get(seen, 0.0) + other.likelihood)
    return Reading(value, answer.score, tuple(others.items()))


def _is_same(other: str, value: str, dear: Dear) -> bool:
    """Whether another value raises no doubt: equal in simplified characters, or a number no check digit fits."""
    if other == value:
        return True
    if dear.sound is not None and dear.sound(value):
        return not dear.sound(other)
    return other.translate(TRADITIONAL_TO_SIMPLIFIED) == value.translate(TRADITIONAL_TO_SIMPLIFIED)


def judge(first: Reading, again: Sequence[Reading], dear: Dear) -> Verdict:
    """Weigh the first reading (its `value` is never None) against one or more later ones."""
    value = first.value
    if value is None:
        raise ValueError("a field has a value")
    seen = [reading for reading in again if reading.value is not None]
    rivals = [reading.value for reading in seen if reading.value not in (None, value)]
    candidates = _candidates(value, seen)
    if dear.sound is not None and not dear.sound(value):
        fitting = [other for other, likelihood in candidates.items() if likelihood >= _LIKELY and dear.sound(other)]
        if len(fitting) == 1:
            return _verdict(fitting[0], Agreement.CHECKED, [first, *seen], [value])
    if not seen:
        return _verdict(value, Agreement.UNREAD, [first], [])
    others = sorted(candidates, key=lambda other: -candidates[other])
    if not rivals:
        return _verdict(value, Agreement.AGREED, [first, *seen], others)
    if dear.sound is not None and dear.sound(value) and not any(map(dear.sound, filter(None, rivals))):
        return _verdict(value, Agreement.CHECKED, [first, *seen], others)
    votes = Counter(reading.value for reading in seen)
    if votes[value]:
        return _verdict(value, Agreement.UPHELD, [first, *seen], others)
    best = _winner(value, seen)
    if best is not None and not dear.lasting:
        rest = [value, *(other for other in others if other != best)]
        return _verdict(best, Agreement.OUTVOTED, seen, rest)
    return _verdict(value, Agreement.DISPUTED, [first, *seen], others)


def _winner(value: str, readings: Sequence[Reading]) -> str | None:
    """The value that outvotes the first one: two readings say it, or one does and another nearly did.

    The other must have found it at least half as likely as its own, and nobody the first value.
    """
    for best, count in Counter(reading.value for reading in readings).most_common():
        support = [_likelihood(best, reading) for reading in readings]
        if count >= 2 or (
            len(support) >= 2
            and min(sorted(support)[-2:]) >= _HALF_A_VOTE
            and max(_likelihood(value, reading) for reading in readings) < _LIKELY
        ):
            return best
    return None


def _likelihood(value: str | None, reading: Reading) -> float:
    """How likely a reading finds a value, beside its own: 1 for its own, 0 for one it did not think of."""
    return 1.0 if reading.value == value else dict(reading.others).get(value or "", 0.0)


def _candidates(value: str, readings: Sequence[Reading]) -> dict[str, float]:
    """Every other value that was seen or may have been, with the best likelihood it had."""
    found: dict[str, float] = {}
    for reading in readings:
        pairs = list(reading.others)
        if reading.value is not None:
            pairs.append((reading.value, 1.0))
        for other, likelihood in pairs:
            if other != value:
                found[other] = max(found.get(other, 0.0), likelihood)
    return found


def _verdict(value: str, agreement: Agreement, readings: Sequence[Reading], others: Sequence[str]) -> Verdict:
    own = [reading for reading in readings if reading.value == value]
    score = min((reading.score for reading in own), default=0.0)
    doubt = max((reading.doubt for reading in own), default=0.0)
    return Verdict(value, agreement, score, doubt, tuple(others[:_OTHERS]))


def _plain(text: str) -> str:
    """What counts when two readings are compared as texts: letters, digits, and points and slashes between digits."""
    return _BETWEEN_WORDS.sub("", text).upper()
