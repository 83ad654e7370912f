"""The database of a run and its own way to fail for a moment."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.support.postgres import Postgres, open_postgres

BUSY_S = 18.0
"""Longer than a writer of ours waits for others (verifier.store.database.BUSY_TIMEOUT_MS)."""


class Database(Protocol):
    url: str
    trouble: str
    """What `disturb` does, for the table of faults."""

    def disturb(self) -> None:
        """Be away for a moment; returns when it is back."""
        ...


class Sqlite:
    """A file cannot be restarted; what happens to one is somebody who holds its write lock: a backup, a shell."""

    trouble = "database_locked"

    def __init__(self, data: Path) -> None:
        self._path = data / "verifier.db"
        self.url = f"sqlite:///{self._path}"

    def disturb(self) -> None:
        connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(BUSY_S)
            connection.execute("ROLLBACK")
        finally:
            connection.close()


class Postgresql:
    """A real server of the run's own, as durable as in a city."""

    trouble = "restart_database"

    def __init__(self, server: Postgres, starter: Executor) -> None:
        self._server = server
        self._starter = starter
        self.url = server.create_bare()

    def disturb(self) -> None:
        """In immediate mode: no session is told, nothing is written back."""
        self._server.stop(signal.SIGQUIT)
        # the kernel ends the server with the thread that started it (verifier.lifetime): the saboteur's is gone too soon
        self._starter.submit(self._server.start).result()


@contextmanager
def open_database(kind: str, data: Path) -> Iterator[Database]:
    """`sqlite` inside `data`, or a `postgresql`. Raises RuntimeError when this machine has none."""
    if kind == "sqlite":
        yield Sqlite(data)
        return
    with open_postgres(durable=True) as server, ThreadPoolExecutor(1, "database") as starter:
        yield Postgresql(server, starter)
