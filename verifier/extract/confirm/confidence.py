"""How sure a field is after its second reading, in numbers that were measured.

Over 1455 second readings of four sets (two as photographed, scanned and printed, two made worse with blur, noise and JPEG),
of fields whose two readings agreed and whose crop said nothing else, 972 of 973 were right, whatever they had scored;
where the crop nearly said something else, 10 of 13. Where readings differed and two later ones agreed, 8 of 10 were
right, where a third upheld the first, all of 13, where a check digit decided, all, and where nothing did, 2 of 6.
`python -m bench.calibration` prints the same for other sets.
"""

from __future__ import annotations

from schemas.reading import ReadField
from verifier.extract.confirm.verdict import Agreement, Verdict

CERTAIN = 0.995
"""No reading is surer: one field in two hundred stands where it does not belong, however well it was read."""

_FAIR_SCORE = 0.85
"""Recogniser's score from which it no longer matters; two agreeing readings that score less were wrong 2 times in 8."""

_AT_MOST = {
    Agreement.AGREED: CERTAIN,
    Agreement.UPHELD: 0.9,
    Agreement.UNREAD: 0.9,
    Agreement.CHECKED: 0.85,
    # under the threshold of a batch: two against one is no reason to trouble nobody
    Agreement.OUTVOTED: 0.75,
    Agreement.DISPUTED: 0.4,
}
_DENIED_AT_MOST = 0.6
"""A value that its own check denies: a number whose check digit fails, a date that is not the ID number's, words that are
no finding. However well it was read, nearly all of these are misreadings of handwriting."""
_STRICT_AT_MOST = 0.4
"""A conclusion that a second reading did not confirm: well under the threshold that calls a person."""


def settled(field: ReadField, verdict: Verdict, *, strict: bool, denied: bool = False) -> float:
    """Confidence from 0 to 1 of a field that was read again; `strict` ones must have been confirmed.

    `denied`: the value fails a check of its own.
    """
    most = min(_AT_MOST[verdict.agreement], _DENIED_AT_MOST if denied else CERTAIN)
    if strict and verdict.agreement is not Agreement.AGREED:
        most = min(most, _STRICT_AT_MOST)
    if verdict.agreement is Agreement.UNREAD:
        return round(min(field.confidence, most), 3)
    faint = max(0.0, _FAIR_SCORE - verdict.score) if verdict.agreement is not Agreement.CHECKED else 0.0
    sure = (CERTAIN - faint) * (1.0 - verdict.doubt)
    if field.repaired:
        sure = min(sure, field.confidence)
    return round(max(0.0, min(most, sure)), 3)


def witnessed(field: ReadField) -> ReadField:
    """A field that something else on the document confirms: a check digit, its own ID number, the same words elsewhere."""
    return field.model_copy(update={"confidence": max(field.confidence, CERTAIN)})
