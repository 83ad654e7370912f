"""Pages as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from schemas.case import Role
from schemas.document import DocumentType
from schemas.events import EventType
from schemas.reading import Withheld
from tests.support.cases import NO, filled, in_review, send_all, submitted
from tests.support.factories import EXAM, ID_CARD, PERMIT, Clock, picture, read_of
from verifier.errors import InputError, StateError
from verifier.intake import Limits
from verifier.sandbox import Measured, Opened, Wish
from verifier.services import process, queries, viewing
from verifier.services.context import Services
from verifier.services.pictures import Pictures
from verifier.services.tokens import Principal
from verifier.services.viewing import Size

REVIEWER = Principal("reviewer-1", Role.REVIEWER)
APPLICANT = Principal("13800138000", Role.APPLICANT)
BAR = ((10.0, 20.0), (400.0, 20.0), (400.0, 60.0), (10.0, 60.0))


@dataclass
class Drawing:
    """A reader that draws what it was asked to and remembers it."""

    asked: list[tuple[bytes, Wish]] = field(default_factory=list)

    def measure(self, data: bytes, limits: Limits) -> tuple[Measured, ...]:
        raise NotImplementedError

    def open(self, data: bytes, limits: Limits) -> Opened:
        raise NotImplementedError

    def picture(self, data: bytes, limits: Limits, wish: Wish) -> bytes:
        self.asked.append((data, wish))
        return b"\xff\xd8\xff" + wish.model_dump_json().encode()


@pytest.fixture
def drawing(services: Services) -> tuple[Services, Drawing]:
    reader = Drawing()
    return replace(services, reader=reader, pictures=Pictures()), reader


def read_with_bars(services: Services, slots: Sequence[DocumentType] = (EXAM,)) -> None:
    """All documents read; those in `slots` have a withheld place on their page."""
    submitted(services)
    for attempt in send_all(services):
        work = process.begin(services, attempt, "worker-1")
        assert work is not None
        read = read_of(work.slot)
        withheld = (Withheld(page=0, box=BAR),) if work.slot in slots else ()
        process.finish(services, attempt, replace(read, reading=read.reading.model_copy(update={"withheld": withheld})))


def looks(services: Services) -> int:
    return sum(event.type is EventType.PAGES_VIEWED for event in queries.events_of(services, NO))


def test_staff_see_a_page_with_bars_and_the_look_is_an_event(drawing: tuple[Services, Drawing]) -> None:
    services, reader = drawing
    read_with_bars(services)
    viewing.page_picture(services, NO, EXAM, 1, REVIEWER)
    ((data, wish),) = reader.asked
    assert data == picture(1)
    assert (wish.page, wish.bars, wish.part, wish.longest) == (1, (BAR,), None, 1600)
    last = queries.events_of(services, NO)[-1]
    assert (last.type, last.actor) == (EventType.PAGES_VIEWED, "reviewer-1")
    assert last.details == {"slot": "medical_exam_form", "revision": 1}


def test_a_crop_has_the_bars_too_and_a_margin(drawing: tuple[Services, Drawing]) -> None:
    services, reader = drawing
    read_with_bars(services)
    viewing.page_picture(services, NO, EXAM, 1, REVIEWER, box=(100, 100, 300, 150))
    ((_, wish),) = reader.asked
    assert (wish.bars, wish.part) == ((BAR,), (70, 70, 331, 181))


def test_a_crop_ends_at_the_page(drawing: tuple[Services, Drawing]) -> None:
    services, reader = drawing
    read_with_bars(services)
    viewing.page_picture(services, NO, PERMIT, 1, REVIEWER, box=(0, 0, 1000, 700))
    assert reader.asked[0][1].part == (0, 0, 1000, 700)


@pytest.mark.parametrize(
    "box",
    [(-1, 0, 50, 50), (0, 0, 1001, 50), (50, 0, 50, 50), (60, 0, 50, 50), (0, 0, 5, 50), (0, float("nan"), 50, 50)],
)
def test_a_box_outside_the_page_is_refused(
    drawing: tuple[Services, Drawing], box: tuple[float, float, float, float]
) -> None:
    services, reader = drawing
    read_with_bars(services)
    with pytest.raises(InputError) as refusal:
        viewing.page_picture(services, NO, EXAM, 1, REVIEWER, box=box)
    assert refusal.value.details["where"] == "box"
    assert reader.asked == []


def test_an_applicant_sees_their_own_page_whole_and_at_once(drawing: tuple[Services, Drawing]) -> None:
    services, reader = drawing
    filled(services)
    viewing.page_picture(services, NO, EXAM, 1, APPLICANT)
    assert reader.asked[0][1].bars == ()
    assert looks(services) == 0


@pytest.mark.parametrize("slot", [ID_CARD, EXAM])
def test_staff_see_nothing_before_it_was_read(drawing: tuple[Services, Drawing], slot: DocumentType) -> None:
    services, reader = drawing
    submitted(services)
    with pytest.raises(StateError) as refusal:
        viewing.page_picture(services, NO, slot, 1, REVIEWER, size=Size.THUMB)
    assert refusal.value.code == "page.not_read"
    assert reader.asked == []


def test_of_what_could_not_be_read_staff_see_all_but_health_papers(drawing: tuple[Services, Drawing]) -> None:
    services, reader = drawing
    submitted(services)
    for attempt in send_all(services):
        process.begin(services, attempt, "worker-1")
        process.fail(services, attempt, "file.broken", transient=False)
    viewing.page_picture(services, NO, ID_CARD, 1, REVIEWER)
    with pytest.raises(StateError) as refusal:
        viewing.page_picture(services, NO, EXAM, 1, REVIEWER)
    assert refusal.value.code == "page.withheld"
    assert len(reader.asked) == 1


def test_looks_within_a_quarter_of_an_hour_are_one_event(drawing: tuple[Services, Drawing], clock: Clock) -> None:
    services, _ = drawing
    read_with_bars(services)
    for size in (Size.SCREEN, Size.FULL, Size.SCREEN):
        viewing.page_picture(services, NO, EXAM, 1, REVIEWER, size=size)
        clock.tick(minutes=4)
    assert looks(services) == 1
    viewing.page_picture(services, NO, PERMIT, 1, REVIEWER)
    viewing.page_picture(services, NO, EXAM, 1, Principal("reviewer-2", Role.REVIEWER))
    assert looks(services) == 3
    clock.tick(minutes=4)
    viewing.page_picture(services, NO, EXAM, 1, REVIEWER)
    assert looks(services) == 4


def test_a_thumbnail_is_no_look(drawing: tuple[Services, Drawing]) -> None:
    services, reader = drawing
    read_with_bars(services)
    viewing.page_picture(services, NO, EXAM, 1, REVIEWER, size=Size.THUMB)
    assert reader.asked[0][1].longest == 240
    assert looks(services) == 0


def test_a_picture_is_drawn_once(drawing: tuple[Services, Drawing]) -> None:
    services, reader = drawing
    read_with_bars(services)
    first = viewing.page_picture(services, NO, EXAM, 1, REVIEWER)
    assert viewing.page_picture(services, NO, EXAM, 1, REVIEWER) == first
    assert len(reader.asked) == 1
    applicants = viewing.page_picture(services, NO, EXAM, 1, APPLICANT)
    assert applicants.tag != first.tag, "one with bars never stands for one without"
    assert len(reader.asked) == 2


@pytest.mark.parametrize(("slot", "page"), [(EXAM, 0), (EXAM, 2), (DocumentType.LABOR_CONTRACT, 1)])
def test_a_page_that_is_not_there(drawing: tuple[Services, Drawing], slot: DocumentType, page: int) -> None:
    services, _ = drawing
    in_review(services)
    with pytest.raises(InputError) as refusal:
        viewing.page_picture(services, NO, slot, page, REVIEWER)
    assert refusal.value.code == "page.not_found"


def test_the_oldest_pictures_go_first() -> None:
    kept = Pictures(most_bytes=10)
    kept.put("a", b"1234")
    kept.put("b", b"1234")
    assert kept.get("a") == b"1234"
    kept.put("c", b"1234")
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (b"1234", None, b"1234")
    kept.put("c", b"12")
    kept.put("d", b"1234")
    assert (kept.get("a"), kept.get("c"), kept.get("d")) == (b"1234", b"12", b"1234")
    kept.put("e", b"more than it holds")
    assert [kept.get(tag) for tag in "acde"] == [None] * 4
