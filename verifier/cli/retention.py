"""`verifier retention`: what would go, and letting it go."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated

import typer
from rich.table import Table

from verifier.cli.app import DataOption, JsonFlag, results_console
from verifier.services import retention as room
from verifier.services.context import open_services, require_files
from verifier.services.retention import Due
from verifier.settings import load_settings

retention = typer.Typer(help="Deleting what is no longer needed.", no_args_is_help=True)

ACTOR = "command line"
HERE = timezone(timedelta(hours=8))
"""Days are days in China."""


def register(app: typer.Typer) -> None:
    app.add_typer(retention, name="retention")


@retention.command("plan")
def plan(
    on: Annotated[str | None, typer.Option("--on", help="What would be due on this day; today when not given.")] = None,
    as_json: JsonFlag = False,
    data: DataOption = None,
) -> None:
    """What would be deleted, by the periods of each batch. Nothing is changed."""
    _show(room.plan(open_services(load_settings(data=data)), _moment(on)), "would go", as_json=as_json)


@retention.command("run")
def run(as_json: JsonFlag = False, data: DataOption = None) -> None:
    """Delete what is due now: files, personal content, and the keys of the cases. Each deletion is an event."""
    services = open_services(load_settings(data=data))
    require_files(services)
    _show(room.run(services, ACTOR), "went", as_json=as_json)


def _show(found: tuple[Due, ...], verb: str, *, as_json: bool) -> None:
    if as_json:
        for due in found:
            line = {"application_no": due.application_no, "batch": due.batch, "kind": due.kind.value}
            typer.echo(json.dumps({**line, "since": due.since.isoformat(), "files": due.files, "bytes": due.size}))
        return
    if found:
        table = Table("case", "batch", "kind", "since", "files", "bytes")
        for due in found:
            since = f"{due.since.astimezone(HERE):%Y-%m-%d}"
            table.add_row(due.application_no, due.batch, due.kind.value, since, str(due.files), str(due.size))
        results_console().print(table)
    counts = Counter(due.kind.value for due in found)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing"
    typer.echo(f"{verb}: {kinds}; {sum(due.files for due in found)} files, {sum(due.size for due in found)} bytes")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), HERE)
    except ValueError:
        raise typer.BadParameter("is no day as in 2026-10-20", param_hint="--on") from None
