"""What happens to each case of a run: drawn once from the run's Random, before anything starts.

Threads, faults and the machine's load change when things happen, never what was meant to happen; so two runs of a seed
put the same cases through.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from schemas.application import Route
from schemas.document import DocumentType

SLOTS: dict[Route, tuple[DocumentType, ...]] = {
    Route.HMT_PASS: (DocumentType.OTHER, DocumentType.MEDICAL_EXAM_FORM),
    Route.HMT_RESIDENCE: (DocumentType.HMT_RESIDENCE_PERMIT, DocumentType.MEDICAL_EXAM_FORM),
    Route.RESIDENCE_PERMIT: (
        DocumentType.RESIDENT_ID_CARD,
        DocumentType.RESIDENCE_PERMIT,
        DocumentType.MEDICAL_EXAM_FORM,
    ),
}
"""What the default batch asks of these routes."""

ROUTES = (Route.HMT_PASS, Route.HMT_RESIDENCE, Route.RESIDENCE_PERMIT)
ROUTE_WEIGHTS = (5, 3, 3)
"""Two slots go to the queue `interactive`, three to `bulk`."""


class Fate(StrEnum):
    ADVISED = "advised"
    """Handed in and advised on."""
    RETURNED = "returned"
    """Returned by a reviewer for one slot, mended and handed in again."""
    APPROVED = "approved"
    """Accepted by one reviewer, approved by another."""
    WITHDRAWN = "withdrawn"
    """Taken back by the applicant at some moment after it was handed in."""
    CURSED = "cursed"
    """One of its documents kills whoever reads it, every time: the one kind that may end as dead."""


SHARES = {Fate.RETURNED: 0.15, Fate.APPROVED: 0.05, Fate.WITHDRAWN: 0.05}
CURSED = 2
TWICE = 0.2
"""Share of the cases that are submitted twice at once."""
WHOLE = 0.03
"""Share of the documents that are whole pages."""
LONGEST_THOUGHT_S = 20.0
"""Until an applicant who withdraws does so."""


@dataclass(frozen=True)
class Story:
    number: str
    serial: int
    """Of its first document; the others follow."""
    route: Route
    starts_s: float
    """Seconds after the run's beginning at which the applicant begins."""
    fate: Fate
    twice: bool
    whole: frozenset[DocumentType]
    mended: DocumentType
    """The slot a return asks for again; the one that kills, of a cursed case."""
    thought_s: float

    @property
    def slots(self) -> tuple[DocumentType, ...]:
        return SLOTS[self.route]


SERIALS = 10
"""Serial numbers of a case: more than slots and their mended papers together."""


def draw(rng: Random, cases: int, spread_s: float) -> list[Story]:
    """The stories of a run, in the order they begin."""
    fates = [fate for fate, share in SHARES.items() for _ in range(round(cases * share))]
    fates += [Fate.CURSED] * min(CURSED, cases)
    fates = (fates + [Fate.ADVISED] * cases)[:cases]
    rng.shuffle(fates)
    starts = sorted(rng.uniform(0, spread_s) for _ in range(cases))
    return [
        _story(rng, place, fate, starts_s) for place, (fate, starts_s) in enumerate(zip(fates, starts, strict=True))
    ]


def _story(rng: Random, place: int, fate: Fate, starts_s: float) -> Story:
    (route,) = rng.choices(ROUTES, ROUTE_WEIGHTS)
    slots = SLOTS[route]
    mended = rng.choice(slots)
    whole = {slot for slot in slots if rng.random() < WHOLE} | ({mended} if fate is Fate.CURSED else set())
    return Story(
        number=f"CHAOS-{place + 1:05d}",
        serial=(place + 1) * SERIALS,
        route=route,
        starts_s=starts_s,
        fate=fate,
        twice=rng.random() < TWICE,
        whole=frozenset(whole),
        mended=mended,
        thought_s=rng.uniform(0, LONGEST_THOUGHT_S),
    )
