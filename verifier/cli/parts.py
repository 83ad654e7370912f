"""The parts of the system one by one, for several machines: migrate, serve, worker, relay, reconciler."""

from __future__ import annotations

import os
import socket
import threading
from typing import Annotated

import typer

from verifier import logs
from verifier.errors import ConfigError
from verifier.lifetime import die_with_parent
from verifier.services.context import open_services
from verifier.settings import Settings, load_settings
from verifier.supervise import stop_on_signals

ParentOption = Annotated[int, typer.Option(hidden=True, help="Pid of the supervisor to end with.")]


def register(app: typer.Typer) -> None:
    app.command("migrate")(migrate)
    app.command("serve")(serve)
    app.command("worker")(worker)
    app.command("relay")(relay)
    app.command("reconciler")(reconciler)


def migrate() -> None:
    """Bring the database to this version; nothing happens when it is there already."""
    from verifier.store import database

    settings = load_settings()
    logs.configure(settings, part="migrate")
    database.migrate(settings.database_url)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (VERIFIER_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (VERIFIER_PORT).")] = None,
    parent: ParentOption = 0,
) -> None:
    """The HTTP interface and the pages."""
    import uvicorn

    from verifier.web.app import create_app
    from verifier.web.probes import Probe
    from workers.health import broker_probe

    settings = _prepared("web", parent, host=host, port=port)
    services = open_services(settings)
    app = create_app(services, [Probe("queue", broker_probe(settings))])
    listener = listen(settings)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=20, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


def listen(settings: Settings) -> socket.socket:
    """A listening socket. Raises ConfigError naming the port when it is taken or may not be used."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        why = f"cannot listen on {settings.host}:{settings.port} ({os.strerror(error.errno or 0)})"
        raise ConfigError(name="VERIFIER_PORT", why=why) from error
    return listener


def worker(
    queue: Annotated[
        list[str], typer.Option("--queue", help="interactive or bulk; give it twice for both, sharing one engine.")
    ],
    name: Annotated[
        str | None, typer.Option(help="Name in logs and statistics; the machine's name by default.")
    ] = None,
    units: Annotated[int, typer.Option(help="How many such workers share this machine's cores.")] = 1,
    parent: ParentOption = 0,
) -> None:
    """Read documents from a queue: an OCR engine and one rq worker per queue."""
    from workers import queues, unit

    for wanted in queue:
        if wanted not in queues.READING_QUEUES:
            raise ConfigError(name="--queue", why=f"must be one of {', '.join(queues.READING_QUEUES)}")
    settings = _prepared("unit", parent)
    stop = stop_on_signals()
    unit.run(settings, queue, unit=name or socket.gethostname(), units=units, stop=stop)


def relay(parent: ParentOption = 0) -> None:
    """Move the outbox to the queue."""
    from workers import queues
    from workers import relay as room

    settings = _prepared("relay", parent)
    room.run(open_services(settings), queues.connect(settings.redis_url), stop_on_signals())


def reconciler(parent: ParentOption = 0) -> None:
    """Reopen what the queue or a worker lost."""
    from workers import queues
    from workers import reconciler as room

    settings = _prepared("reconciler", parent)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    stop: threading.Event = stop_on_signals()
    room.run(open_services(settings), queues.connect(settings.redis_url), owner, stop)


def _prepared(part: str, parent: int, **overrides: str | int | None) -> Settings:
    if parent:
        die_with_parent(parent)
    settings = load_settings(**overrides)
    logs.configure(settings, part=part)
    return settings
