"""Services on a fresh SQLite file, for what workers do with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.factories import Clock, Judge, open_test_services
from verifier.services.context import Services


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def services(tmp_path: Path, clock: Clock, judge: Judge) -> Iterator[Services]:
    opened = open_test_services(tmp_path, clock=clock, judge=judge)
    yield opened
    opened.sessions.kw["bind"].dispose()
