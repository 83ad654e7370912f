"""Services on a real database, empty at the start of each test: every test runs on SQLite and on PostgreSQL.

`TEST_DATABASE_URL=postgresql+psycopg://… pytest tests/unit/services` takes that PostgreSQL instead of starting one; it
empties that database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.factories import Clock, Judge, counting_ids, emptied, open_test_services
from tests.support.postgres import postgres
from verifier.services.context import Services
from verifier.store.files import LocalFiles

__all__ = ["postgres"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """What the tests of one run share: the database and its engine."""
    changes = {}
    if request.param == "postgresql":
        changes["database_url"] = os.environ.get("TEST_DATABASE_URL") or request.getfixturevalue("postgres").create()
    opened = open_test_services(tmp_path_factory.mktemp("house"), **changes)
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def services(house: Services, tmp_path: Path, clock: Clock, judge: Judge) -> Services:
    emptied(house)
    return replace(house, files=LocalFiles(tmp_path), clock=clock, judge=judge, new_id=counting_ids())
