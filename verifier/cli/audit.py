"""`verifier audit`: the chain of events, verified and taken out."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import typer

from schemas.events import EventType
from verifier.cli.app import DataOption, JsonFlag, errors
from verifier.services import events
from verifier.services.context import open_services
from verifier.settings import load_settings

audit = typer.Typer(help="The chain of events.", no_args_is_help=True)

ACTOR = "command line"
EXIT_BROKEN = 1
HERE = timezone(timedelta(hours=8))
"""A day without a time zone is a day in China."""


def register(app: typer.Typer) -> None:
    app.add_typer(audit, name="audit")


@audit.command("verify")
def verify(
    expect: Annotated[
        str | None, typer.Option("--expect", help="NUMBER:HASH, as printed before and kept elsewhere.")
    ] = None,
    as_json: JsonFlag = False,
    data: DataOption = None,
) -> None:
    """Find the first event that was changed, removed, inserted or cut off; exit 1 when there is one."""
    done = events.verify(open_services(load_settings(data=data)), _expected(expect))
    if as_json:
        typer.echo(json.dumps({"events": done.events, "broken_at": done.broken_at, "why": done.why, "head": done.head}))
    elif done.broken_at is None:
        typer.echo(f"{done.events} events, the chain is whole; its head: {done.events}:{done.head}")
    else:
        errors.print(f"broken at event {done.broken_at}: {done.why}", markup=False)
    if done.broken_at is not None:
        raise typer.Exit(EXIT_BROKEN)


@audit.command("export")
def export(
    since: Annotated[str | None, typer.Option("--since", help="From this day or moment on (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this day or moment.")] = None,
    type: Annotated[EventType | None, typer.Option("--type", help="Only of this type.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A file, 0600; standard output when not given.")] = None,
    data: DataOption = None,
) -> None:
    """Events as JSON Lines, oldest first."""
    which = events.Which(type=type, since=_moment(since, "--since"), until=_moment(until, "--until"))
    lines = events.export_events(open_services(load_settings(data=data)), which, ACTOR)
    if out is None:
        for line in lines:
            typer.echo(line)
        return
    out.touch(mode=0o600)
    with out.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("is no day or moment as in 2026-10-20", param_hint=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=HERE)


def _expected(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise typer.BadParameter("must be NUMBER:HASH", param_hint="--expect")
    return int(number), digest
