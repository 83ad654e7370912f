"""One slot: its files decoded, every page read, the type told, the fields extracted and the dear ones confirmed."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.document import DocumentType, Page
from schemas.reading import DocumentReading
from verifier.extract import read_fields
from verifier.extract.classify import TypeGuess, classify
from verifier.extract.confirm import confirm
from verifier.imaging import quality
from verifier.intake import Limits, decode
from verifier.ocr.engine import Engine
from verifier.ocr.timed import TimedEngine
from verifier.pipeline.pages import PageReading, read_page

DEFAULT_LIMITS = Limits()


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
) -> Read:
    """Read the files of one slot, in order, as one document.

    Raises InputError for a file that cannot be used and EngineError when the engine fails.
    """
    started = time.perf_counter()
    timed = TimedEngine(engine)
    readings: list[PageReading] = []
    pages: list[Page] = []
    for file in files:
        for decoded in decode(file.data, limits):
            reading = read_page(decoded, len(pages), timed, deadline_s=page_deadline_s)
            height, width = decoded.image.shape[:2]
            readings.append(reading)
            pages.append(Page(file=file.name, page=decoded.number, width=width, height=height, quality=reading.quality))
    guesses = [classify(reading.page) for reading in readings]
    kind = type_of(guesses, slot)
    own = [
        reading.page
        for reading, guess in zip(readings, guesses, strict=True)
        if guess.type in (kind.type, DocumentType.OTHER)
    ]
    fields = confirm(kind.type, read_fields(kind.type, own), own, timed)
    document = DocumentReading(
        slot=slot,
        detected_type=kind.type,
        type_confidence=kind.confidence,
        pages=tuple(pages),
        page_types=tuple(guess.type for guess in guesses),
        fields=fields,
        seals=tuple(seal for reading in readings for seal in reading.seals),
        codes=tuple(code for reading in readings for code in reading.codes),
        file_hashes=tuple(hashlib.sha256(file.data).hexdigest() for file in files),
    )
    return Read(document, total_ms=_ms(time.perf_counter() - started), ocr_ms=_ms(timed.spent_s))


def type_of(guesses: Sequence[TypeGuess], slot: DocumentType) -> TypeGuess:
    """The type most of the pages speak for; the slot's own type wins a tie; `other` when no page says anything."""
    weight: dict[DocumentType, float] = defaultdict(float)
    for guess in guesses:
        if guess.type is not DocumentType.OTHER:
            weight[guess.type] += guess.confidence
    if not weight:
        return TypeGuess(DocumentType.OTHER, 0.0)
    best = max(weight, key=lambda kind: (weight[kind], kind is slot))
    of_it = [guess.confidence for guess in guesses if guess.type is best]
    return TypeGuess(best, max(of_it))


def measure_capture(files: Sequence[NamedFile], *, limits: Limits = DEFAULT_LIMITS) -> tuple[Page, ...]:
    """What can be said of a capture at once, before any reading: each page's size and quality.

    Raises InputError for a file that cannot be used.
    """
    pages: list[Page] = []
    for file in files:
        for decoded in decode(file.data, limits):
            height, width = decoded.image.shape[:2]
            pages.append(
                Page(
                    file=file.name,
                    page=decoded.number,
                    width=width,
                    height=height,
                    quality=quality.measure(decoded.image),
                )
            )
    return tuple(pages)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
