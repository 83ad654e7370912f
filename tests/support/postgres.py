"""A real PostgreSQL for tests: the machine's own binaries, in a folder of its own, on a Unix socket and no port.

`initdb` and `postgres` refuse to run as root, so there they run as the user `postgres`, or `nobody`. Where the machine has no
PostgreSQL, what needs one is skipped with the reason; `.ci/run` installs it.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest

from tests.support.waiting import wait_until
from verifier.store import database

START_S = 30.0
STOP_S = 30.0
PLACES = "/usr/lib/postgresql"
"""Where Debian and Ubuntu keep each version's programs, out of the path."""
OWNER = "verifier"
"""The database's superuser; nobody else reaches the socket's folder."""
TEMPLATE = "empty"


@cache
def binaries() -> Path | None:
    """The folder of the newest PostgreSQL's programs; None when this machine has none."""
    found = sorted(Path(PLACES).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Postgres:
    """The server, which a test may stop, kill and start again: its folder and socket stay.

    `durable` keeps what was committed over a crash of the whole machine, too; a crash of the server alone loses nothing
    either way. Raises RuntimeError when this machine has no PostgreSQL.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        programs = binaries()
        if programs is None:
            raise RuntimeError("this machine has no PostgreSQL")
        self._programs = programs
        self._data = folder / "data"
        self._socket = folder
        self._durable = durable
        self._as = _other_user()
        self._log = folder / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"db{number}" for number in itertools.count(1))
        self._has_template = False
        if self._as is not None:
            shutil.chown(folder, self._as)
        self._run("initdb", "--pgdata", str(self._data), "--username", OWNER, "--auth", "trust", "--encoding", "UTF8",
                  "--locale", "C", "--no-sync", "--no-instructions")  # fmt: skip

    def start(self) -> None:
        options = {"listen_addresses": "", "unix_socket_directories": self._socket, "shared_buffers": "64MB"}
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            # it ends with whoever started it, and without a checkpoint: nobody wants its files then
            command = [
                "setpriv",
                "--pdeathsig",
                "QUIT",
                str(self._programs / "postgres"),
                "-D",
                str(self._data),
                *settings,
            ]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._user())
        wait_until(self.answers, within_s=START_S, what="PostgreSQL answers")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends sessions and closes cleanly; SIGQUIT leaves at once, as a crash does, and what was committed is
        recovered by the next start."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_S)
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server runs"
        return self._process.pid

    def url(self, name: str = "postgres") -> str:
        """As VERIFIER_DATABASE_URL takes it."""
        return f"postgresql+psycopg://{OWNER}@/{name}?host={self._socket}"

    def create(self) -> str:
        """The URL of a fresh database at the newest revision: a copy, because migrating takes longer than copying."""
        if not self._has_template:
            self.execute(f"CREATE DATABASE {TEMPLATE}")
            database.migrate(self.url(TEMPLATE))
            self._has_template = True
        return self.create_bare(TEMPLATE)

    def create_bare(self, template: str = "template0") -> str:
        """The URL of a fresh database without tables."""
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def execute(self, statement: str) -> None:
        """One statement outside any transaction."""
        with psycopg.connect(self._dsn(), autocommit=True) as connection:
            connection.execute(statement)

    def answers(self) -> bool:
        try:
            psycopg.connect(self._dsn()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _dsn(self) -> str:
        return f"host={self._socket} user={OWNER} dbname=postgres"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments], capture_output=True, text=True, check=False, **self._user()
        )
        assert done.returncode == 0, done.stderr

    def _user(self) -> dict[str, object]:
        if self._as is None:
            return {}
        found = pwd.getpwnam(self._as)
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": [], "cwd": "/"}


def _other_user() -> str | None:
    """Whom root lends its place; None for anybody else."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def open_postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """A server of one's own, empty. Raises RuntimeError when this machine has no PostgreSQL."""
    # short, for the socket, and outside pytest's folders, which another user may not enter
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = Postgres(Path(folder), durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def require_postgres() -> None:
    """Skip the test, saying why, where there is no PostgreSQL."""
    if binaries() is None:
        pytest.skip(f"no PostgreSQL on this machine: no initdb in {PLACES} nor in the path")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the run; a test takes a database of its own from it."""
    require_postgres()
    with open_postgres() as server:
        yield server
