"""`verifier export labels`: what reviewers decided about findings, as labelled data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from verifier.cli.app import DataOption
from verifier.errors import InputError
from verifier.services import labels as labelled
from verifier.services.context import open_services
from verifier.settings import load_settings

export = typer.Typer(help="Data to learn from.", no_args_is_help=True)

ACTOR = "command line"


def register(app: typer.Typer) -> None:
    app.add_typer(export, name="export")


@export.callback()
def group() -> None:
    """Data to learn from."""


@export.command("labels")
def labels(
    out: Annotated[Path, typer.Option("--out", help="The JSON Lines file to write; an existing one is not replaced.")],
    data: DataOption = None,
) -> None:
    """Write dismissed findings and corrected readings, one JSON line each. The file holds personal data and is readable by its
    owner only."""
    services = open_services(load_settings(data=data))
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError("request.invalid", where="--out", why="文件已存在或无法写入") from error
    count = 0
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for record in labelled.labels(services, ACTOR):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
    typer.echo(f"{count} labels")
