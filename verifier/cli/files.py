"""`verifier files`: the store of uploaded files."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from verifier.cli.app import DataOption, JsonFlag
from verifier.services import files as services_files
from verifier.services.context import open_services, require_files
from verifier.services.files import Collected
from verifier.settings import load_settings

files = typer.Typer(help="The store of uploaded files.", no_args_is_help=True)

ACTOR = "command line"


def register(app: typer.Typer) -> None:
    app.add_typer(files, name="files")


@files.callback()
def _group() -> None:
    """The store of uploaded files."""


@files.command("collect")
def collect(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
    as_json: JsonFlag = False,
    data: DataOption = None,
) -> None:
    """Remove files that no row names and that are older than VERIFIER_ORPHAN_GRACE_H. Safe while uploads land."""
    services = open_services(load_settings(data=data))
    require_files(services)
    done = Collected(after="")
    while done.after is not None:
        done = done.plus(services_files.collect(services, done.after, actor=ACTOR, remove=not dry_run))
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "seen": done.seen,
                    "orphans": done.orphans,
                    "bytes": done.size,
                    "partial": done.partial,
                    "removed": not dry_run,
                }
            )
        )
        return
    verb = "to remove" if dry_run else "removed"
    typer.echo(f"{done.seen} files, {done.orphans} orphans {verb} ({done.size} bytes), {done.partial} cut-off writes")
