"""Whether the papers of one document are about one person: cards of two people get into one upload, or on one photo."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.document import DocumentType
from verifier.compare.ids import id_problem
from verifier.compare.names import NameMatch, compare_names
from verifier.extract.join import Fields

ABOUT_ONE_PERSON = frozenset(
    {
        DocumentType.RESIDENT_ID_CARD,
        DocumentType.HMT_RESIDENCE_PERMIT,
        DocumentType.RESIDENCE_PERMIT,
        DocumentType.STUDENT_CARD,
    }
)
"""Cards. A register lists a household, and letters and contracts name who signs them."""

SURE = 0.8
"""Confidence from which a name tells people apart when there is no number."""


def people_of(kind: DocumentType, papers: Sequence[Fields]) -> tuple[tuple[int, ...], ...]:
    """Indices of the papers that name each person, the person they tell most of first; the first of equals.

    Papers that name nobody (the back of a card) are in none. Empty when nobody is named; one person for types that are
    about several by nature.
    """
    named = [at for at, fields in enumerate(papers) if fields.keys() & {"name", "id_number"}]
    if kind not in ABOUT_ONE_PERSON:
        return (tuple(named),) if named else ()
    groups: list[list[int]] = []
    for at in named:
        held = next((group for group in groups if not any(_differ(papers[at], papers[other]) for other in group)), None)
        if held is None:
            groups.append([at])
        else:
            held.append(at)
    return tuple(tuple(group) for group in sorted(groups, key=lambda group: -max(len(papers[at]) for at in group)))


def _differ(one: Fields, other: Fields) -> bool:
    """Two sound numbers that are not the same; without them, two names that no misreading makes of one another."""
    numbers = [
        fields["id_number"].text
        for fields in (one, other)
        if "id_number" in fields and id_problem(fields["id_number"].text) is None
    ]
    if len(numbers) == 2:
        return numbers[0] != numbers[1]
    if "name" not in one or "name" not in other or min(one["name"].confidence, other["name"].confidence) < SURE:
        return False
    return compare_names(one["name"].text, other["name"].text) is NameMatch.DIFFERENT
