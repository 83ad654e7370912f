"""`verifier up`: everything on one machine, in the foreground, with what it needs inside one folder.

Parts: an embedded Valkey (unless VERIFIER_REDIS_URL names a server), the relay, the reconciler, N units of reading and
the web process. Each is started again when it dies. One line `ready http://…` says that a case can be submitted.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from schemas.case import Role
from verifier import logs
from verifier.cli import broker, demo
from verifier.cli.parts import listen
from verifier.errors import ConfigError
from verifier.ocr import models
from verifier.services import tokens
from verifier.services.context import Services, open_services
from verifier.settings import PREFIX, Settings, load_settings
from verifier.store import database
from verifier.supervise import Part, stop_on_signals, supervise

READY_S = 180.0
GRACE_S = 100.0

log = structlog.get_logger(__name__)


def register(app: typer.Typer) -> None:
    app.command("up")(up)


def up(
    data: Annotated[Path | None, typer.Option(help="The one-machine folder: database, broker, files, keys.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the web process; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Units of reading: each one OCR engine, about 600 MB.")] = None,
    demo_batch: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Load the demo batch of synthetic cases.")
    ] = True,
) -> None:
    """Everything on one machine, in the foreground. Ctrl-C or SIGTERM stops all of it."""
    settings = load_settings(data=data, port=port, workers=workers)
    models.check(settings.models_dir)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_one(settings.data):
        settings, env = _filled_in(settings)
        logs.configure(settings, part="up")
        stop = stop_on_signals()
        database.migrate(settings.database_url)
        services = open_services(settings)
        _print_logins(services, settings)
        parts = _parts(settings, env)
        announcer = threading.Thread(
            target=_announce, args=(settings, services, demo_batch, stop), name="announce", daemon=True
        )
        announcer.start()
        try:
            supervise(parts, stop=stop, grace_s=GRACE_S)
        finally:
            stop.set()
            announcer.join(10)


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the data folder. Raises ConfigError when another `up` has it."""
    descriptor = os.open(data / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            why = f"another `verifier up` is running on {data}"
            raise ConfigError(name=f"{PREFIX}DATA", why=why) from error
        yield
    finally:
        os.close(descriptor)


def _filled_in(settings: Settings) -> tuple[Settings, Mapping[str, str]]:
    """Settings with a master key, a broker and a port, and the environment that gives the same to every part."""
    changes: dict[str, str | int] = {}
    if settings.master_key is None:
        changes["master_key"] = _own_key(settings.data / "master.key")
    if _uses_embedded_broker(settings):
        changes["redis_url"] = f"unix://{broker.socket_path(settings.data)}"
    # Taken and freed at once: the web process takes it again a moment later. A port in use is told before anything starts.
    with listen(settings) as probe:
        changes["port"] = probe.getsockname()[1]
    env = {
        f"{PREFIX}DATA": str(settings.data),
        **{f"{PREFIX}{name.upper()}": str(value) for name, value in changes.items()},
    }
    filled = load_settings(data=settings.data, workers=settings.workers, **changes)
    return filled, env


def _uses_embedded_broker(settings: Settings) -> bool:
    return settings.redis_url == f"unix://{settings.data}/run/valkey.sock"


def _own_key(path: Path) -> str:
    """The installation's master key, made once, readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
        file.write(key + "\n")
    return key


def _parts(settings: Settings, env: Mapping[str, str]) -> list[Part]:
    """What runs, in the order it is stopped: web first, the broker last."""
    me = [sys.executable, "-m", "verifier"]
    parent = ["--parent", str(os.getpid())]
    parts = [Part("web", [*me, "serve", *parent], env)]
    for number in range(1, settings.workers + 1):
        queues = ["--queue", "interactive", "--queue", "bulk"]
        name = ["--name", f"unit{number}", "--units", str(settings.workers)]
        parts.append(Part(f"unit{number}", [*me, "worker", *queues, *name, *parent], env))
    parts += [Part("relay", [*me, "relay", *parent], env), Part("reconciler", [*me, "reconciler", *parent], env)]
    if settings.redis_url.startswith("unix://") and settings.redis_url.endswith("/valkey.sock"):
        parts.append(broker.valkey(settings.data, Path(settings.redis_url.removeprefix("unix://"))))
    return parts


def _announce(settings: Settings, services: Services, demo_batch: bool, stop: threading.Event) -> None:
    """Print the ready line when a case can be submitted, then load the demo batch."""
    address = f"http://{settings.host}:{settings.port}"
    until = time.monotonic() + READY_S
    while not stop.wait(0.2):
        if _answers(address):
            typer.echo(f"ready {address}")
            break
        if time.monotonic() > until:
            log.error("up.not_ready", seconds=READY_S)
            stop.set()
            return
    if demo_batch and not stop.is_set():
        demo.load(services, settings.data / "demo", stop)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _print_logins(services: Services, settings: Settings) -> None:
    """Demo tokens, one per role; made at the first start and kept in the data folder so that a restart shows them again."""
    path = settings.data / "demo-tokens.txt"
    if not path.exists():
        lines = [f"{role.value} {tokens.create(services, f'demo-{role.value}', role, 'up')}" for role in Role]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
    console = Console(stderr=True, highlight=False)
    console.print("Demo logins (bearer tokens, also for the page's sign-in):", markup=False)
    for line in path.read_text(encoding="ascii").splitlines():
        role, token = line.split(" ", 1)
        console.print(f"  {role:<12} {token}", markup=False)
