"""`verifier queue` and `verifier workers`: look at them, pause and resume, drain."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from verifier.cli.app import DataOption, JsonFlag, results_console
from verifier.services import holds, machinery
from verifier.services.context import open_services
from verifier.settings import load_settings

queue = typer.Typer(help="Queues of reading.", no_args_is_help=True)
workers = typer.Typer(help="Workers that read.", no_args_is_help=True)

ACTOR = "command line"

QueueName = Annotated[str, typer.Argument(help="interactive or bulk.")]
WorkerName = Annotated[str, typer.Argument(help="As `verifier workers list` shows it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(queue, name="queue")
    app.add_typer(workers, name="workers")


@queue.command("list")
def show_queues(as_json: JsonFlag = False, data: DataOption = None) -> None:
    """What waits and runs in each queue, and who paused it."""
    found = machinery.queues(open_services(load_settings(data=data)))
    if as_json:
        for item in found:
            typer.echo(item.model_dump_json())
        return
    table = Table("queue", "waiting", "delayed", "running", "oldest", "workers", "paused")
    for item in found:
        oldest = f"{item.oldest_age_s:.0f} s" if item.oldest_age_s is not None else ""
        hold = item.hold
        paused = f"by {hold.actor} at {hold.at:%Y-%m-%d %H:%M} {hold.why}".rstrip() if hold else ""
        counts = (str(number) for number in (item.depth, item.delayed, item.running))
        table.add_row(item.name, *counts, oldest, str(item.workers), paused)
    results_console().print(table, markup=False)


@queue.command("pause")
def pause(
    name: QueueName,
    why: Annotated[str, typer.Option("--why", help="For those who find it paused; no personal data.")] = "",
    data: DataOption = None,
) -> None:
    """Begin nothing more of a queue; what is being read is finished, uploads land and wait."""
    holds.pause(open_services(load_settings(data=data)), name, ACTOR, why)


@queue.command("resume")
def resume(name: QueueName, data: DataOption = None) -> None:
    """Let a paused queue go on."""
    holds.resume(open_services(load_settings(data=data)), name, ACTOR)


@workers.command("list")
def show_workers(as_json: JsonFlag = False, data: DataOption = None) -> None:
    """Workers that live, that were drained, and that worked within the last 24 hours."""
    found = machinery.workers(open_services(load_settings(data=data)))
    if as_json:
        for item in found:
            typer.echo(item.model_dump_json())
        return
    table = Table("worker", "queue", "state", "running", "done", "last seen", "drained by")
    for item in found:
        seen = f"{item.last_seen:%Y-%m-%d %H:%M}"
        by = item.drain.actor if item.drain else ""
        table.add_row(item.name, item.queue or "", item.state.value, str(item.running), str(item.done), seen, by)
    results_console().print(table, markup=False)


@workers.command("drain")
def drain(name: WorkerName, data: DataOption = None) -> None:
    """Stop a worker after its present job; it is not started again until it is resumed."""
    holds.drain(open_services(load_settings(data=data)), name, ACTOR)


@workers.command("resume")
def resume_worker(name: WorkerName, data: DataOption = None) -> None:
    """Let a drained worker be started again, under a new name."""
    holds.resume_worker(open_services(load_settings(data=data)), name, ACTOR)
