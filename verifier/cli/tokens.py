"""`verifier token`: bearer tokens for programs and staff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.case import Role
from verifier.cli.app import DataOption
from verifier.errors import InputError
from verifier.services import tokens
from verifier.services.context import Services, open_services
from verifier.settings import load_settings

token = typer.Typer(help="Bearer tokens.", no_args_is_help=True)

ACTOR = "command line"


def register(app: typer.Typer) -> None:
    app.add_typer(token, name="token")


@token.command("create")
def create(
    role: Annotated[Role, typer.Option(help="What the token may do.")],
    name: Annotated[str, typer.Option(help="Whose it is: the actor of the events that follow.")],
    data: DataOption = None,
) -> None:
    """Print a new token, once: only its hash is kept."""
    typer.echo(tokens.create(_services(data), name, role, ACTOR))


@token.command("revoke")
def revoke(
    name: Annotated[str, typer.Option(help="All tokens of this name stop working at once.")], data: DataOption = None
) -> None:
    """Revoke the tokens of a name."""
    if tokens.revoke(_services(data), name, ACTOR) == 0:
        raise InputError("request.invalid", where="--name", why="没有这个名称的有效令牌")


@token.command("list")
def show(data: DataOption = None) -> None:
    """List tokens by name and role; the secrets cannot be shown again."""
    table = Table("name", "role", "created", "revoked")
    for info in tokens.list_tokens(_services(data)):
        revoked = f"{info.revoked_at:%Y-%m-%d %H:%M}" if info.revoked_at else ""
        table.add_row(info.name, info.role.value, f"{info.created_at:%Y-%m-%d %H:%M}", revoked)
    Console(highlight=False).print(table)


def _services(data: Path | None) -> Services:
    """Raises StorageError for a database that is away or was not migrated."""
    return open_services(load_settings(data=data))
