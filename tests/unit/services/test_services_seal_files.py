"""Files that an older version kept in the open."""

from __future__ import annotations

from sqlalchemy import select

from tests.support.cases import NO, contents, draft
from tests.support.factories import ID_CARD, START, picture
from tests.support.stores import name_of, put
from verifier.services import submit
from verifier.services.context import Services, reading, writing
from verifier.services.seal_files import UNSEALED, Sealed, is_due, seal_files
from verifier.store.tables import FileRow, LeaseRow


def in_the_open(services: Services, data: bytes, number: str) -> None:
    """A case with a file as an older version left it."""
    draft(services, number)
    submit.put_document(services, number, ID_CARD, [data], "applicant")
    with reading(services) as session:
        stored = session.scalars(select(FileRow.stored).order_by(FileRow.id.desc())).first()
    assert stored is not None
    services.files.delete(stored)
    put(services.files, data)


def test_files_are_sealed_once_and_nothing_stays_in_the_open(services: Services) -> None:
    other = "HD2026A000777"
    assert seal_files(services) == Sealed()
    in_the_open(services, picture(1), NO)
    in_the_open(services, picture(1), other)  # two cases with the same bytes
    with writing(services) as session:
        session.add(LeaseRow(name=UNSEALED, owner="migration", until=START))
    assert is_due(services)
    assert seal_files(services) == Sealed(files=2, removed=1)
    assert not is_due(services)
    assert not services.files.exists(name_of(picture(1)))
    for number in (NO, other):
        assert contents(services, number) == [picture(1)]
    held = [services.files.get(found.name) for found in services.files.walk()]
    assert len(held) == 2
    assert all(picture(1) not in sealed for sealed in held)


def test_what_was_interrupted_goes_on_and_what_is_gone_is_counted(services: Services) -> None:
    in_the_open(services, picture(1), NO)
    submit.put_document(services, NO, ID_CARD, [picture(2)], "applicant")  # sealed already
    in_the_open(services, picture(3), "HD2026A000777")
    services.files.delete(name_of(picture(3)))
    with writing(services) as session:
        session.add(LeaseRow(name=UNSEALED, owner="migration", until=START))
    assert seal_files(services) == Sealed(files=1, removed=1, lost=1)
