"""One slot: its files decoded, every page read, the type told, the fields extracted and the dear ones confirmed."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.document import DocumentType, Page
from schemas.reading import DocumentReading, Signal, Withheld
from verifier.extract import read_fields, read_unread
from verifier.extract.classify import TypeGuess, classify
from verifier.extract.confirm import confirm
from verifier.extract.page import ReadPage
from verifier.extract.people import ABOUT_ONE_PERSON, people_of
from verifier.extract.voided import voiding_words
from verifier.intake import Limits, Trace
from verifier.ocr.engine import Engine
from verifier.ocr.timed import TimedEngine
from verifier.pipeline.hidden import judge_captures
from verifier.pipeline.pages import PageReading, read_page
from verifier.sandbox.reader import IN_PROCESS, Reader

DEFAULT_LIMITS = Limits()

CERTAIN = 0.75
"""Confidence of a paper's type that no majority of other papers outweighs: a title and two labels more than any other."""


@dataclass(frozen=True)
class NamedFile:
    """A file of a slot; `name` is what results call it, e.g. `documents/a.jpg`."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Read:
    """A document as read, and the milliseconds it took (in all, and in the engine)."""

    reading: DocumentReading
    total_ms: int
    ocr_ms: int


def read_document(
    slot: DocumentType,
    files: Sequence[NamedFile],
    engine: Engine,
    *,
    limits: Limits = DEFAULT_LIMITS,
    page_deadline_s: float = 60.0,
    reader: Reader = IN_PROCESS,
) -> Read:
    """Read the files of one slot, in order, as one document. `reader` opens them: strangers' files behind walls.

    Raises InputError for a file that cannot be used and EngineError when the engine fails.
    """
    started = time.perf_counter()
    timed = TimedEngine(engine)
    readings: list[PageReading] = []
    pages: list[Page] = []
    signals: list[Signal] = []
    for file in files:
        first = len(pages)
        opened = reader.open(file.data, limits)
        for decoded in opened.pages:
            reading = read_page(decoded, len(pages), timed, deadline_s=page_deadline_s)
            height, width = decoded.image.shape[:2]
            readings.append(reading)
            signals.extend(signal.model_copy(update={"file": file.name}) for signal in reading.signals)
            pages.append(Page(file=file.name, page=decoded.number, width=width, height=height, quality=reading.quality))
        signals.extend(_traces(file.name, opened.traces, first))
    parts = [part for reading in readings for part in reading.parts]
    guesses = [classify(part) for part in parts]
    kind = type_of(guesses, slot)
    own = [part for part, guess in zip(parts, guesses, strict=True) if guess.type in (kind.type, DocumentType.OTHER)]
    own, people = _of_one_person(kind.type, own)
    fields = confirm(kind.type, read_fields(kind.type, own), own, timed)
    document = DocumentReading(
        slot=slot,
        detected_type=kind.type,
        type_confidence=kind.confidence,
        pages=judge_captures(kind.type, pages, parts, fields),
        page_types=tuple(guess.type for guess in guesses),
        people=people,
        fields=fields,
        unread=read_unread(kind.type, own, fields),
        seals=(*(seal for reading in readings for seal in reading.seals), *voiding_words(kind.type, own)),
        codes=tuple(code for reading in readings for code in reading.codes),
        file_hashes=tuple(hashlib.sha256(file.data).hexdigest() for file in files),
        page_hashes=tuple(reading.fingerprint for reading in readings),
        signals=tuple(signals),
        withheld=tuple(
            Withheld(page=page, box=box) for page, reading in enumerate(readings) for box in reading.withheld
        ),
    )
    return Read(document, total_ms=_ms(time.perf_counter() - started), ocr_ms=_ms(timed.spent_s))


def _traces(file: str, traces: Sequence[Trace], first: int) -> list[Signal]:
    """What the file itself says about how it came to be; `first` is the document's number of its first page."""
    return [
        Signal(
            kind=trace.kind,
            file=file,
            page=None if trace.page is None else first + trace.page - 1,
            detail=trace.detail,
            strong=trace.strong,
        )
        for trace in traces
    ]


def type_of(guesses: Sequence[TypeGuess], slot: DocumentType) -> TypeGuess:
    """What the papers of an upload are: the slot's own type when one of them certainly is of it, for a paper more does
    no harm; else the type most of them speak for; `other` when none says anything."""
    weight: dict[DocumentType, float] = defaultdict(float)
    for guess in guesses:
        if guess.type is not DocumentType.OTHER:
            weight[guess.type] += guess.confidence
    if not weight:
        return TypeGuess(DocumentType.OTHER, 0.0)
    surest = max((guess.confidence for guess in guesses if guess.type is slot), default=0.0)
    best = slot if surest >= CERTAIN else max(weight, key=lambda kind: (weight[kind], kind is slot))
    of_it = [guess.confidence for guess in guesses if guess.type is best]
    return TypeGuess(best, max(of_it))


def _of_one_person(kind: DocumentType, papers: Sequence[ReadPage]) -> tuple[list[ReadPage], int]:
    """The papers about the person most is told of, with those that name nobody, and how many people there are.

    Fields of two people are never mixed into one document.
    """
    if len(papers) < 2 or kind not in ABOUT_ONE_PERSON:
        return list(papers), 1
    people = people_of(kind, [read_fields(kind, [replace(paper, look=None)]) for paper in papers])
    others = {at for person in people[1:] for at in person}
    return [paper for at, paper in enumerate(papers) if at not in others], max(1, len(people))


def measure_capture(
    files: Sequence[NamedFile], *, limits: Limits = DEFAULT_LIMITS, reader: Reader = IN_PROCESS
) -> tuple[Page, ...]:
    """What can be said of a capture at once, before any reading: each page's size and quality.

    Raises InputError for a file that cannot be used.
    """
    return tuple(
        Page(file=file.name, page=page.number, width=page.width, height=page.height, quality=page.quality)
        for file in files
        for page in reader.measure(file.data, limits)
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
