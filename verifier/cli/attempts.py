"""`verifier attempts`: what was tried, what was given up, and another chance for it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from schemas.case import AttemptState
from verifier.cli.app import DataOption, JsonFlag, results_console
from verifier.errors import InputError
from verifier.services import attempts as room
from verifier.services import retries
from verifier.services.context import open_services
from verifier.settings import load_settings

attempts = typer.Typer(help="Attempts to read documents.", no_args_is_help=True)

ACTOR = "command line"

ReasonOption = Annotated[str | None, typer.Option("--reason", help="An error code, such as engine.timeout.")]


def register(app: typer.Typer) -> None:
    app.add_typer(attempts, name="attempts")


@attempts.command("list")
def show(
    state: Annotated[AttemptState | None, typer.Option("--state", help="Only those in this state.")] = None,
    reason: ReasonOption = None,
    queue: Annotated[str | None, typer.Option("--queue", help="Only those of this queue.")] = None,
    case: Annotated[str | None, typer.Option("--case", help="Only those of this application.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=room.PAGE_MAX, help="At most so many.")] = 50,
    as_json: JsonFlag = False,
    data: DataOption = None,
) -> None:
    """List attempts, newest first."""
    page = room.list_attempts(
        open_services(load_settings(data=data)),
        state=state,
        error_code=reason,
        queue=queue,
        application_no=case,
        limit=limit,
    )
    if as_json:
        for item in page.items:
            typer.echo(item.model_dump_json())
        return
    table = Table("attempt", "case", "document", "no", "state", "reason", "queue", "tries", "opened", "retry")
    for item in page.items:
        opened = f"{item.created_at:%Y-%m-%d %H:%M}"
        table.add_row(
            item.id, item.application_no, item.slot.value, str(item.no), item.state.value, item.error_code or "",
            item.queue, str(item.tries), opened, "yes" if item.retryable else "",
        )  # fmt: skip
    results_console().print(table)


@attempts.command("retry")
def retry(
    attempt: Annotated[str | None, typer.Argument(help="One attempt, by its id.")] = None,
    reason: ReasonOption = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say how many a reason would retry.")] = False,
    data: DataOption = None,
) -> None:
    """Try a document again that was given up; or, with --reason, all that were given up for it."""
    wrong = InputError("request.invalid", where="attempts retry", why="须给出一次读取的编号,或 --reason")
    if attempt is not None:
        if reason is not None or preview:
            raise wrong
        typer.echo(retries.retry(open_services(load_settings(data=data)), attempt, ACTOR).attempt_id)
        return
    if reason is None:
        raise wrong
    services = open_services(load_settings(data=data))
    if preview:
        typer.echo(f"{retries.preview(services, reason).matched} to retry")
        return
    total = 0
    while True:
        done = retries.retry_all(services, reason, ACTOR)
        total += done.retried
        if not done.retried or not done.left:
            break
    typer.echo(f"{total} retried")
