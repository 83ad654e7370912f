"""The web application on a real SQLite file, with stand-ins for measuring and judging, and a client that checks answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from schemas.case import TOKEN_ROLES
from tests.support.factories import Clock, Judge, counting_ids, emptied, open_test_services
from tests.support.web import Api, open_client
from verifier import logs
from verifier.services import tokens
from verifier.services.context import Services
from verifier.store.files import LocalFiles


@pytest.fixture(autouse=True)
def _plain_log() -> Iterator[None]:
    """Log lines as programs write them, to the standard output."""
    merge = structlog.contextvars.merge_contextvars
    structlog.configure(processors=[merge, logs.without_values, structlog.processors.LogfmtRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    opened = open_test_services(tmp_path_factory.mktemp("web"))
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def services(house: Services, tmp_path: Path, clock: Clock, judge: Judge) -> Services:
    emptied(house)
    return replace(house, files=LocalFiles(tmp_path), clock=clock, judge=judge, new_id=counting_ids())


@pytest.fixture
def api(services: Services) -> Api:
    """A client per role, all of the same application."""
    return Api(open_client(services), {role: tokens.create(services, role.value, role, "test") for role in TOKEN_ROLES})
