"""How long a fault held things up, from rows alone.

Two measures, both without what is nobody's fault:

**Next progress.** For every fault, the time from its end to the next attempt that ends as done, whichever it is; counted
only while something was open (handed in and not advised) all the time in between.

**Held up.** For every submission of a case (each round by itself), the time from `case_submitted` to `advice_given`
minus the union of
- the windows of faults (see tests.chaos.faults: a kill and a hang have none, so noticing and starting again count in
  full), and
- the times in which the system read, to a good end, a document of this case or one that was handed in before it,
  whichever its queue.
What is left is time in which the case waited, no fault was on, and nothing that went before it was being read: a lost
job that nobody noticed yet, a lease to run out, a back-off, a process that starts, and all runs that came to nothing.
The pauses between two documents (dequeue, fork) count too, and so do documents that came later and were read before it
(the two queues take turns), so the measure errs on the large side. A backlog longer than
the fault's consequences can hide a held-up case behind documents that were in front of it anyway; the longest time from
submission to advice, which hides nothing, is reported beside it.

Left out are cases with a cursed document, which are held up by what they are, and withdrawn ones without advice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from schemas.case import AttemptState
from schemas.events import EventType
from tests.chaos.faults import Fault
from verifier.services.context import Services, reading
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow, EventRow

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Passage:
    """One submission of a case and its advice."""

    number: str
    round_no: int
    queue: str
    submitted: datetime
    advised: datetime


@dataclass(frozen=True)
class Run:
    """A document's reading that came to a good end."""

    number: str
    queued: datetime
    """When its first attempt was opened."""
    span: Span


@dataclass(frozen=True)
class HeldUp:
    passage: Passage
    seconds: float
    whole_s: float
    """From submission to advice."""


def held_up(passages: Iterable[Passage], runs: Sequence[Run], faults: Iterable[Fault]) -> list[HeldUp]:
    """Longest first."""
    windows = [(fault.began, fault.ended) for fault in faults]
    found = []
    for passage in passages:
        fair = [run.span for run in runs if run.number == passage.number or run.queued <= passage.submitted]
        whole = (passage.submitted, passage.advised)
        seconds = _length(whole) - covered_s(whole, [*windows, *fair])
        found.append(HeldUp(passage, round(seconds, 1), round(_length(whole), 1)))
    return sorted(found, key=lambda one: one.seconds, reverse=True)


def next_progress_s(faults: Iterable[Fault], passages: Sequence[Passage], runs: Iterable[Run]) -> list[float | None]:
    """For each fault; None when nothing was open until the next document was done, or none was done after it."""
    done = sorted(run.span[1] for run in runs)
    answers: list[float | None] = []
    for fault in faults:
        place = bisect_left(done, fault.ended)
        if place == len(done) or not _always_open((fault.ended, done[place]), passages):
            answers.append(None)
        else:
            answers.append(round(_length((fault.ended, done[place])), 1))
    return answers


def _always_open(span: Span, passages: Iterable[Passage]) -> bool:
    open_spans = [(passage.submitted, passage.advised) for passage in passages]
    return covered_s(span, open_spans) >= _length(span) - 0.001


def covered_s(whole: Span, spans: Iterable[Span]) -> float:
    """Seconds of `whole` that lie in the union of the spans."""
    total, reached = 0.0, whole[0]
    for start, end in sorted(spans):
        start, end = max(start, reached), min(end, whole[1])
        if end > start:
            total += _length((start, end))
            reached = end
    return total


def _length(span: Span) -> float:
    return (span[1] - span[0]).total_seconds()


def passages_of(services: Services, without: Collection[str]) -> list[Passage]:
    """Every submission that was advised on, of cases that are not in `without`."""
    wanted = (EventType.CASE_SUBMITTED, EventType.ADVICE_GIVEN)
    with reading(services) as session:
        events = session.scalars(select(EventRow).where(EventRow.type.in_(wanted)).order_by(EventRow.seq)).all()
    waiting: dict[str, EventRow] = {}
    passages = []
    for event in events:
        number = event.application_no or ""
        if event.type == EventType.CASE_SUBMITTED:
            waiting[number] = event
        elif number not in without and (submitted := waiting.pop(number, None)) is not None:
            round_no, queue = int(submitted.details["round"]), str(submitted.details["queue"])
            passages.append(Passage(number, round_no, queue, submitted.at, event.at))
    return passages


def runs_of(services: Services) -> list[Run]:
    with reading(services) as session:
        rows = session.execute(
            select(
                CaseRow.application_no,
                AttemptRow.document_id,
                AttemptRow.state,
                AttemptRow.created_at,
                AttemptRow.started_at,
                AttemptRow.finished_at,
            )
            .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
            .join(CaseRow, CaseRow.id == DocumentRow.case_id)
            .order_by(AttemptRow.document_id, AttemptRow.no)
        ).all()
    first: dict[int, datetime] = {}
    runs = []
    for number, document, state, created, started, finished in rows:
        queued = first.setdefault(document, created)
        if state == AttemptState.DONE and started is not None and finished is not None:
            runs.append(Run(number, queued, (started, finished)))
    return runs
