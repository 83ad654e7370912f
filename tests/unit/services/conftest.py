"""Services on a real database, empty at the start of each test: a SQLite file, or the one that TEST_DATABASE_URL names.

`TEST_DATABASE_URL=postgresql+psycopg://… pytest tests/unit/services` runs the same tests on PostgreSQL; it empties that
database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.factories import Clock, Judge, counting_ids, emptied, open_test_services
from verifier.services.context import Services
from verifier.store.files import LocalFiles


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """What the tests of one run share: the file and its engine."""
    url = os.environ.get("TEST_DATABASE_URL")
    opened = open_test_services(tmp_path_factory.mktemp("house"), **({"database_url": url} if url else {}))
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def services(house: Services, tmp_path: Path, clock: Clock, judge: Judge) -> Services:
    emptied(house)
    return replace(house, files=LocalFiles(tmp_path), clock=clock, judge=judge, new_id=counting_ids())
