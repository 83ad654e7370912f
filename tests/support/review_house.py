"""A house for the reviewers' desk: cases with pictures that show what was read, judged by the real rules."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

from fixtures import people, places
from fixtures.people import Person
from schemas.case import Role
from schemas.document import TITLES_ZH, DocumentType
from schemas.reading import DocumentReading, ReadField
from tests.support.factories import EXAM, ID_CARD, PERMIT, START, Clock, open_test_services
from tests.support.status_page import INSURANCE, LETTER, _form, _reading, judge
from verifier.pipeline import Read
from verifier.rules import batches
from verifier.services import outbox, process, submit
from verifier.services.context import Services

SLOTS = (ID_CARD, EXAM, PERMIT, LETTER, INSURANCE)
WIDTH, HEIGHT = 1000, 700
"""Pixels of a page: what the stand-in for measuring says."""

FLAGGED = ("other_person", "expired", "unsure")
ROWS = 31
FONT = Path(__file__).resolve().parents[2] / "models" / "fonts" / "NotoSansCJKsc-Regular.otf"


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(str(FONT), size) if FONT.is_file() else ImageFont.load_default(size)


def open_review_house(data: Path, clock: Clock | None = None, **changes: object) -> Services:
    """Services with the real rules and batches; nothing in them yet."""
    opened = open_test_services(data, clock=clock or Clock(START), **changes)
    return replace(opened, judge=judge, load_batch=batches.load)


def put(services: Services, number: str, story: str, rng: Random) -> str:
    """A case of one story (see tests.support.status_page), submitted and read: its pictures show what was read."""
    applicant = people.person(rng, rng.choice(places.OUTSIDE))
    form = _form(number, applicant, rng)
    other = people.somebody_else(
        Person(form.applicant.name, form.applicant.sex, "汉", form.applicant.birth_date, form.applicant.id_number), rng
    )
    reads = {slot: _placed(_reading(slot, form, story, other)) for slot in SLOTS}
    submit.create_application(services, form, "穗好办")
    for slot in SLOTS:
        submit.put_document(services, number, slot, [picture_of(reads[slot].reading)], "穗好办")
    submit.submit(services, number, "穗好办")
    read(services, reads)
    return number


def read(services: Services, reads: Mapping[DocumentType, Read]) -> None:
    """What workers do with everything that waits."""
    messages = outbox.take(services, 1000)
    outbox.mark_sent(services, [message.id for message in messages])
    for message in messages:
        work = process.begin(services, message.attempt_id, "unit1:interactive")
        assert work is not None
        process.finish(services, message.attempt_id, reads[work.slot])


def fill(services: Services, stories: Iterable[str], seed: int = 7, first: int = 1) -> list[str]:
    """One case a story; the same seed gives the same people."""
    rng = Random(seed)
    return [put(services, f"HD2026A{place:06d}", story, rng) for place, story in enumerate(stories, start=first)]


def _placed(read: Read) -> Read:
    """Every field in a row of its own, so that boxes can be told apart."""
    fields: dict[str, ReadField] = {}
    for place, (name, field) in enumerate(read.reading.fields.items()):
        top = 90.0 + ROWS * place
        right = 220.0 + 26 * max(4, len(field.raw))
        box = ((220.0, top), (right, top), (right, top + 26), (220.0, top + 26))
        fields[name] = field.model_copy(update={"box": box})
    seals = tuple(
        seal.model_copy(update={"box": ((720.0, 420.0), (920.0, 420.0), (920.0, 620.0), (720.0, 620.0))})
        for seal in read.reading.seals
    )
    return replace(read, reading=read.reading.model_copy(update={"fields": fields, "seals": seals}))


def picture_of(reading: DocumentReading) -> bytes:
    """A JPEG of what was read, in the places where it was read."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (250, 248, 243))
    pen = ImageDraw.Draw(image)
    pen.text((360, 22), TITLES_ZH[reading.slot], font=_font(34), fill=(20, 20, 20))
    for name, field in reading.fields.items():
        top = field.box[0][1]
        pen.text((40, top + 2), name[:14], font=_font(18), fill=(90, 90, 90))
        pen.text((222, top - 3), field.raw, font=_font(21), fill=(15, 15, 25))
    for seal in reading.seals:
        left, top = seal.box[0]
        pen.ellipse((left, top, left + 200, top + 200), outline=(200, 40, 40), width=5)
        pen.text((left + 22, top + 86), seal.text[:9], font=_font(17), fill=(200, 40, 40))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def reviewers() -> tuple[tuple[str, Role], ...]:
    """Logins and roles that tests of the desk sign in with."""
    return (
        ("reviewer", Role.REVIEWER),
        ("reviewer-2", Role.REVIEWER),
        ("second", Role.SECOND_REVIEWER),
        ("auditor", Role.AUDITOR),
    )
