"""Services on a real SQLite file, empty at the start of each test."""

from __future__ import annotations

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
    opened = open_test_services(tmp_path_factory.mktemp("house"))
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def services(house: Services, tmp_path: Path, clock: Clock, judge: Judge) -> Services:
    emptied(house)
    return replace(house, files=LocalFiles(tmp_path), clock=clock, judge=judge, new_id=counting_ids())
