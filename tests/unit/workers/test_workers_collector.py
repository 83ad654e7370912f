"""The collector beside the sweeps: when a pass begins, how it goes on, and what a store that is away does to it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.factories import Clock
from tests.support.stores import put
from verifier.errors import StorageError
from verifier.services import files
from verifier.services.context import Services
from verifier.store.files import LocalFiles
from workers.collector import Collector


@pytest.fixture
def services(services: Services, tmp_path: Path) -> Services:
    return replace(services, files=LocalFiles(tmp_path / "store"))


def orphans(services: Services, root: Path, count: int) -> None:
    for number in range(count):
        name = put(services.files, f"nobody's {number}".encode())
        os.utime(root / name[:2] / name[2:4] / name, (1000, 1000))


def left(services: Services) -> int:
    return len(list(services.files.walk()))


def test_a_pass_takes_a_slice_a_step_and_says_what_it_did(
    services: Services, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.collect, "__kwdefaults__", {**(files.collect.__kwdefaults__ or {}), "limit": 4})
    orphans(services, tmp_path / "store", 10)
    collector = Collector(services)
    with capture_logs() as said:
        remaining = []
        for _ in range(4):
            collector.step()
            remaining.append(left(services))
    assert remaining == [6, 2, 0, 0]
    assert [(line["event"], line["seen"], line["orphans"]) for line in said] == [("files.collected", 10, 10)]
    orphans(services, tmp_path / "store", 1)
    collector.step()
    assert left(services) == 1  # not due yet
    clock.tick(hours=24)
    collector.step()
    assert left(services) == 0


def test_only_one_process_begins_a_pass(services: Services, tmp_path: Path) -> None:
    Collector(services).step()
    orphans(services, tmp_path / "store", 1)
    Collector(services).step()
    assert left(services) == 1


def test_a_slice_that_failed_is_tried_again(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphans(services, tmp_path / "store", 2)
    collector = Collector(services)

    def away(self: LocalFiles, sha256: str) -> None:
        raise StorageError()

    with monkeypatch.context() as patch:
        patch.setattr(LocalFiles, "delete", away)
        with pytest.raises(StorageError):
            collector.step()
    assert left(services) == 2
    collector.step()
    assert left(services) == 0
