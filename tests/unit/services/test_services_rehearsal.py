"""The rehearsal leaves nothing behind, and what follows it compiles nothing."""

from __future__ import annotations

from sqlalchemy import func, select

from tests.support.cases import NO, send_all, submitted
from tests.support.factories import read_of
from verifier.services import process
from verifier.services.context import Services, reading
from verifier.services.rehearsal import rehearse
from verifier.store.tables import Base


def counts(services: Services) -> dict[str, int]:
    with reading(services) as session:
        tables = Base.metadata.sorted_tables
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_nothing_is_left_behind(services: Services) -> None:
    submitted(services)
    before = counts(services)
    rehearse(services)
    rehearse(services)
    assert counts(services) == before


def test_a_document_after_it_compiles_hardly_anything(services: Services) -> None:
    submitted(services, NO)
    first, *_ = send_all(services)
    engine = services.sessions.kw["bind"]
    engine.clear_compiled_cache()
    rehearse(services)
    warm = set(engine._compiled_cache)
    process.begin(services, first, "worker-1")
    process.finish(services, first, read_of())
    assert len(set(engine._compiled_cache) - warm) <= 3
