"""`verifier up`: everything on one machine, in the foreground, with what it needs inside one folder.

Parts: an embedded Valkey (unless VERIFIER_REDIS_URL names a server), the relay, N units of reading and the web process.
Each is started again when it dies. One line `ready http://…` says that a case can be submitted.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import secrets
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from schemas.case import STAFF, TOKEN_ROLES
from verifier import logs
from verifier.cli import broker, demo
from verifier.cli.app import DataOption
from verifier.cli.parts import listen, refuse, require_production
from verifier.errors import AccountError, AuthError, ConfigError
from verifier.ocr import models
from verifier.services import accounts, production, tokens
from verifier.services.context import Services, open_services, require_files
from verifier.services.seal_files import seal_files
from verifier.settings import PREFIX, Settings, load_settings
from verifier.store import database
from verifier.store.keyring import make_own_key, masters_of, write_private
from verifier.supervise import Part, Stop, stop_on_signals, supervise

READY_S = 180.0
EXIT_NOT_READY = 1

log = structlog.get_logger(__name__)


def register(app: typer.Typer) -> None:
    app.command("up")(up)


def up(
    data: DataOption = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the web process (VERIFIER_PORT); 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Units of reading (VERIFIER_WORKERS), each one OCR engine; 0 reads nothing.")
    ] = None,
    demo_batch: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Load the demo batch of synthetic cases, and print logins for it.")
    ] = True,
) -> None:
    """Everything on one machine, in the foreground. Ctrl-C or SIGTERM stops all of it; a second one hurries."""
    settings = load_settings(data=data, port=port, workers=workers)
    if settings.workers:
        models.check(settings.models_dir)
    with only_one(settings.data), listen(settings) as listener:
        settings, env = _with_own_key(settings)
        if demo_batch:
            settings, env = _for_demo(settings, env)
        require_production(settings)
        logs.configure(settings, part="up")
        database.migrate(settings.database_url, masters_of(settings))
        services = open_services(settings)
        refuse(production.account_problems(services))
        require_files(services)
        seal_files(services)
        parts = _parts(settings, env, listener.fileno())
        if demo_batch:
            _print_logins(services, settings)
        stop = stop_on_signals()
        announcer = _Announcer(settings, services, listener.getsockname()[1], stop, demo_batch=demo_batch)
        announcer.start()
        try:
            supervise(parts, stop=stop, grace_s=_grace_s(settings))
        finally:
            stop.set()
            announcer.join(10)
    if announcer.gave_up:
        raise typer.Exit(EXIT_NOT_READY)


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Make the data folder and hold it. Raises ConfigError when that cannot be, or when another `up` has it."""
    name = f"{PREFIX}DATA"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(name=name, why=f"cannot write to {data} ({error.strerror})") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(name=name, why=f"another `verifier up` is running on {data}") from error
        yield
    finally:
        os.close(descriptor)


def _with_own_key(settings: Settings) -> tuple[Settings, Mapping[str, str]]:
    """Settings with a master key, and the environment that gives every part the same ones."""
    env = {f"{PREFIX}DATA": str(settings.data)}
    if settings.master_key is not None:
        return settings, env
    make_own_key(settings.own_key_file)
    given = settings.model_fields_set & {"data", "port", "workers"}
    return load_settings(**{name: getattr(settings, name) for name in given}), env


def _for_demo(settings: Settings, env: Mapping[str, str]) -> tuple[Settings, Mapping[str, str]]:
    """A demo asks for no second factor, unless somebody said otherwise; production refuses what this makes."""
    if "second_factor" in settings.model_fields_set:
        return settings, env
    return settings.model_copy(update={"second_factor": "off"}), {**env, f"{PREFIX}SECOND_FACTOR": "off"}


def _parts(settings: Settings, env: Mapping[str, str], listener: int) -> list[Part]:
    """What runs. The broker is ended last: the others need it while they finish."""
    me = [sys.executable, "-m", "verifier"]
    parent = ["--parent", str(os.getpid())]
    parts = [broker.valkey(settings)] if settings.has_own_broker else []
    # The socket stays ours: while the web process starts again, callers wait instead of being refused.
    parts.append(Part("web", [*me, "serve", *parent, "--listener", str(listener)], env, descriptors=(listener,)))
    parts.append(Part("relay", [*me, "relay", *parent], env))
    for number in range(1, settings.workers + 1):
        queues = ["--queue", "interactive", "--queue", "bulk"]
        name = ["--name", f"unit{number}", "--units", str(settings.workers)]
        parts.append(Part(f"unit{number}", [*me, "worker", *queues, *name, *parent], env))
    return parts


def _grace_s(settings: Settings) -> float:
    """A little more than a unit gives its workers."""
    from workers import unit

    return unit.grace_s(settings) + 10.0


class _Announcer:
    """A thread that prints the ready line when a case can be submitted, then loads the demo batch."""

    def __init__(self, settings: Settings, services: Services, port: int, stop: Stop, *, demo_batch: bool) -> None:
        self.gave_up = False
        self._services = services
        self._demo = settings.data / "demo" if demo_batch else None
        self._stop = stop
        host = settings.host
        self._address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._thread = threading.Thread(target=self._run, name="announce", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        until = time.monotonic() + READY_S
        while not _answers(self._address):
            if time.monotonic() > until:
                log.error("up.not_ready", seconds=READY_S)
                self.gave_up = True
                self._stop.set()
            if self._stop.wait(0.2):
                return
        typer.echo(f"ready {self._address}")
        if self._demo is not None:
            demo.load(self._services, self._demo, self._stop)


def _answers(address: str) -> bool:
    """Whether `/readyz` says yes: the database and the queue answer."""
    # a proxy of the environment has no business between two processes of one machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def _print_logins(services: Services, settings: Settings) -> None:
    """Demo logins, kept in the data folder so that a restart shows the same ones, and made anew when the database does not
    know them: a bearer token for each role, and an account of staff for each with one password."""
    path = settings.data / "demo-tokens.txt"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    if not lines or not all(_is_known(services, line.partition(" ")[2]) for line in lines):
        lines = [f"{role.value} {tokens.create(services, f'demo-{role.value}', role, 'up')}" for role in TOKEN_ROLES]
        write_private(path, "\n".join(lines) + "\n")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("Demo bearer tokens, for the interface:", markup=False)
    for line in lines:
        role, _, token = line.partition(" ")
        console.print(f"  {role:<16} {token}", markup=False)
    console.print("Demo logins, for the pages (name, password):", markup=False)
    for name, password in _demo_accounts(services, settings.data / "demo-logins.txt"):
        console.print(f"  {name:<22} {password}", markup=False)


def _demo_accounts(services: Services, path: Path) -> list[tuple[str, str]]:
    """An account for each role of staff, all under one password drawn for this data folder."""
    if not path.exists():
        write_private(path, f"{'-'.join(secrets.token_hex(2) for _ in range(4))}\n")
    password = path.read_text(encoding="ascii").strip()
    names = {role: f"demo-{role.value.replace('_', '-')}" for role in STAFF}
    for role, name in names.items():
        with contextlib.suppress(AccountError):  # it is there already
            accounts.create(services, name, role, "up", password=password, demo=True)
    return [(name, password) for name in names.values()]


def _is_known(services: Services, token: str) -> bool:
    try:
        tokens.authenticate(services, token)
    except AuthError:
        return False
    return True
