"""The parts of the system one by one, for several machines: migrate, serve, worker, relay, reconciler."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from verifier import logs
from verifier.cli.app import EXIT_REFUSED, DataOption, errors
from verifier.errors import ConfigError, VerifierError
from verifier.lifetime import die_with_parent
from verifier.sandbox import Sandbox, sandbox_of
from verifier.services import production, seal_files
from verifier.services.context import bounds_of, open_services, random_id, require_files
from verifier.settings import Settings, load_settings
from verifier.supervise import stop_on_signals

NAME_MAX = 40
"""Of the name somebody chose or the machine has: with what is added to it, it fits the column of attempts."""

ParentOption = Annotated[int, typer.Option(hidden=True, help="Pid of the supervisor to end with.")]


class ReadingQueue(StrEnum):
    """As the command line takes them."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)
    app.command("worker")(worker)
    app.command("relay")(relay)
    app.command("reconciler")(reconciler)
    app.command("migrate")(migrate)


def migrate(data: DataOption = None) -> None:
    """Bring the database to this version; nothing happens when it is there already. What an older one kept in the open is
    sealed, files too."""
    from verifier.store import database
    from verifier.store.keyring import masters_of

    settings = load_settings(data=data)
    logs.configure(settings, part="migrate")
    database.migrate(settings.database_url, masters_of(settings))
    services = open_services(settings)
    if seal_files.is_due(services):
        require_files(services)
        done = seal_files.seal_files(services)
        typer.echo(f"{done.files} files sealed, {done.removed} removed in the open, {done.lost} lost")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (VERIFIER_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (VERIFIER_PORT).")] = None,
    data: DataOption = None,
    parent: ParentOption = 0,
    listener: Annotated[int, typer.Option(hidden=True, help="An inherited socket to listen on instead.")] = -1,
) -> None:
    """The HTTP interface and the pages, until Ctrl-C or SIGTERM."""
    import uvicorn

    from verifier.web.app import create_app
    from verifier.web.probes import Probe
    from workers.health import broker_probe

    settings = _prepared("web", parent, data=data, host=host, port=port)
    require_production(settings)
    services = open_services(settings)
    refuse(production.account_problems(services))
    require_files(services)
    sandbox = sandbox_of(bounds_of(settings))
    sandbox.start()
    probes = [Probe("queue", broker_probe(settings)), Probe("sandbox", lambda: require_ready(sandbox))]
    app = create_app(services, probes)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=20,
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies or "",
    )
    taken = listen(settings) if listener < 0 else socket.socket(fileno=listener)
    uvicorn.Server(config).run(sockets=[taken])


def require_ready(sandbox: Sandbox) -> None:
    """A probe's question. Raises SandboxError while it does not stand."""
    sandbox.wait_ready(0.5)


def require_production(settings: Settings) -> None:
    """In production mode: end with one line for each setting that must not be so, say what could be better."""
    refuse(production.problems(settings))
    for line in production.warnings(settings):
        errors.print(f"[warning] {line}", markup=False)


def refuse(problems: Sequence[VerifierError]) -> None:
    """Print each problem as one line and end, when there are any."""
    for problem in problems:
        errors.print(str(problem), markup=False)
    if problems:
        raise typer.Exit(EXIT_REFUSED)


def listen(settings: Settings) -> socket.socket:
    """A listening socket. Raises ConfigError when the address or port is taken or may not be used."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        # not only bound: until then another may take the same port
        listener.listen(socket.SOMAXCONN)
    except socket.gaierror as error:
        listener.close()
        raise ConfigError(name="VERIFIER_HOST", why=f"{settings.host} is no address of this machine") from error
    except OSError as error:
        listener.close()
        why = f"cannot listen on {settings.host}:{settings.port} ({error.strerror})"
        raise ConfigError(name="VERIFIER_PORT", why=why) from error
    return listener


def worker(
    queue: Annotated[
        list[ReadingQueue],
        typer.Option("--queue", help="What to read from; give it twice for both, sharing one engine."),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name in logs and statistics; the machine's name by default.")
    ] = None,
    units: Annotated[
        int, typer.Option(min=1, help="How many such workers share this machine: the engine takes its share of cores.")
    ] = 1,
    data: DataOption = None,
    parent: ParentOption = 0,
) -> None:
    """Read documents from a queue: one OCR engine, and one rq worker for each queue named.

    Ctrl-C or SIGTERM lets it finish the document in hand; a second one does not.
    """
    from workers import unit

    settings = _prepared("unit", parent, data=data)
    wanted = list(dict.fromkeys(item.value for item in queue))
    unit.run(settings, wanted, unit=_unique(name or socket.gethostname()), units=units, stop=stop_on_signals())


def relay(
    data: DataOption = None,
    parent: ParentOption = 0,
    reconcile: Annotated[
        bool, typer.Option("--reconcile/--no-reconcile", help="Also do what `verifier reconciler` does.")
    ] = True,
) -> None:
    """Move what was submitted to the queues, and reopen what a queue or a worker lost.

    One is enough; two share the work and one outlives the other.
    """
    from workers import queues, startup
    from workers import relay as room

    settings = _prepared("relay", parent, data=data)
    services = open_services(settings)
    require_files(services)
    startup.require_broker(settings)
    connection = queues.connect(settings.redis_url)
    room.run(services, connection, _unique(socket.gethostname()), stop_on_signals(), reconciles=reconcile)


def reconciler(data: DataOption = None, parent: ParentOption = 0) -> None:
    """Reopen what a queue or a worker lost, put lapsed claims back, remove orphaned files.

    One works at a time; a second stands by and takes over when the first one ends.
    """
    from workers import queues, startup
    from workers import reconciler as room

    settings = _prepared("reconciler", parent, data=data)
    services = open_services(settings)
    require_files(services)
    startup.require_broker(settings)
    room.run(services, queues.connect(settings.redis_url), _unique(socket.gethostname()), stop_on_signals())


def _unique(name: str) -> str:
    """A name no other process has, now or after a restart in the same container with the same pid."""
    return f"{name[:NAME_MAX]}-{random_id()[:4]}"


def _prepared(part: str, parent: int, **overrides: Path | str | int | None) -> Settings:
    if parent:
        die_with_parent(parent)
    settings = load_settings(**overrides)
    logs.configure(settings, part=part)
    return settings
