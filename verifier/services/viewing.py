"""Pages as people see them: never the file somebody sent, always a picture that we drew of it.

A page is decoded behind walls (verifier.sandbox), upright as it was uploaded, so that boxes of results fit, with black bars
over what nobody but the applicant may see, and encoded anew. Pictures are kept for a while in this process's memory and
nowhere else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.base import Quad
from schemas.case import DocumentState, Role
from schemas.document import DocumentType, Page
from schemas.events import EventType
from schemas.reading import DocumentReading
from verifier.errors import InputError, StateError
from verifier.sandbox import Wish
from verifier.services import files
from verifier.services.cases import current_documents, find_case
from verifier.services.context import Services, reading, writing
from verifier.services.tokens import Principal
from verifier.store import audit
from verifier.store.tables import DocumentRow, EventRow

SEEN_AGAIN = timedelta(minutes=15)
"""Looks of one person at one document within this span are one event."""

HEALTH = frozenset({DocumentType.MEDICAL_EXAM_FORM, DocumentType.HOSPITAL_REPORT})
"""Slots whose papers may have rows about hepatitis B, so that nobody sees them before these were looked for."""

MARGIN = 0.15
"""Around a box, as a share of its longer side, so that one sees what it belongs to."""
LEAST_MARGIN = 16.0
LEAST_SIDE = 8.0
"""Pixels."""


class Size(StrEnum):
    """How large a picture is asked for: its longest side in pixels at most."""

    THUMB = "thumb"
    SCREEN = "screen"
    FULL = "full"

    @property
    def longest(self) -> int:
        return {Size.THUMB: 240, Size.SCREEN: 1600, Size.FULL: 5000}[self]


Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the page as uploaded."""


@dataclass(frozen=True)
class Picture:
    """A JPEG; `tag` changes when its content does."""

    data: bytes
    tag: str


def page_picture(
    services: Services,
    application_no: str,
    slot: DocumentType,
    page: int,
    who: Principal,
    *,
    size: Size = Size.SCREEN,
    box: Box | None = None,
) -> Picture:
    """Page `page` (from 1 over the document) of the newest revision of a slot, or the part of it around `box`.

    For everybody but the applicant: what is withheld is covered, and nothing is shown before the machine has looked for it;
    a look at more than a thumbnail is an event. Raises InputError case.not_found, page.not_found, request.invalid for a box
    outside the page; StateError page.not_read while the document waits to be read, page.withheld for a health paper the
    machine could not read; StorageError, SandboxError.
    """
    with reading(services) as session:
        case = find_case(session, application_no)
        document = next((row for row in current_documents(session, case) if row.slot == slot), None)
        if document is None or not 1 <= page <= len(document.pages):
            raise InputError("page.not_found")
        own = who.role is Role.APPLICANT
        bars = () if own else _bars(document, page)
        shown = Page.model_validate(document.pages[page - 1])
        stored = next(file.stored for file in document.files if file.name == shown.file)
        key = case.key
        revision = document.revision
    part = None if box is None else _part(box, shown)
    wish = Wish(page=shown.page, longest=size.longest, part=part, bars=bars)
    tag = hashlib.sha256(f"{stored}:{wish.model_dump_json()}".encode()).hexdigest()[:32]
    data = services.pictures.get(tag)
    if data is None:
        data = services.reader.picture(files.load(services, key, stored), services.limits, wish)
        services.pictures.put(tag, data)
    if not own and size is not Size.THUMB:
        _note_look(services, application_no, slot, revision, who.name)
    return Picture(data, tag)


def may_be_seen(slot: DocumentType, state: DocumentState) -> bool:
    """Whether anybody but the applicant may see pages of a document: the machine has looked for what is withheld, or could
    not read a paper that is no health paper."""
    return state == DocumentState.READ or (state == DocumentState.NOT_READ and slot not in HEALTH)


def _bars(document: DocumentRow, page: int) -> tuple[Quad, ...]:
    """What is covered on a page. Raises StateError for a page that nobody may see yet."""
    if not may_be_seen(document.slot, document.state):
        raise StateError("page.withheld" if document.state == DocumentState.NOT_READ else "page.not_read")
    if document.reading is None:
        return ()
    read = DocumentReading.model_validate(document.reading)
    return tuple(place.box for place in read.withheld if place.page == page - 1)


def _part(box: Box, page: Page) -> tuple[int, int, int, int]:
    """The box with a margin, within the page. Raises InputError request.invalid."""
    left, top, right, bottom = box
    inside = 0 <= left < right <= page.width and 0 <= top < bottom <= page.height
    if not inside or min(right - left, bottom - top) < LEAST_SIDE:
        raise InputError("request.invalid", where="box", why="须为页面内的 x0,y0,x1,y1")
    margin = max(LEAST_MARGIN, MARGIN * max(right - left, bottom - top))
    return (
        max(0, int(left - margin)),
        max(0, int(top - margin)),
        min(page.width, int(right + margin) + 1),
        min(page.height, int(bottom + margin) + 1),
    )


def _note_look(services: Services, application_no: str, slot: DocumentType, revision: int, actor: str) -> None:
    now = services.clock()
    with reading(services) as session:
        if _was_noted(session, application_no, slot, revision, actor, now - SEEN_AGAIN):
            return
    with writing(services) as session:
        audit.record(
            session,
            at=now,
            type=EventType.PAGES_VIEWED,
            actor=actor,
            application_no=application_no,
            details={"slot": slot.value, "revision": revision},
        )


def _was_noted(
    session: Session, application_no: str, slot: DocumentType, revision: int, actor: str, since: datetime
) -> bool:
    rows = session.scalars(
        select(EventRow.details).where(
            EventRow.application_no == application_no,
            EventRow.type == EventType.PAGES_VIEWED,
            EventRow.actor == actor,
            EventRow.at > since,
        )
    )
    return any(row.get("slot") == slot.value and row.get("revision") == revision for row in rows)
