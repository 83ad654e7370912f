"""`verifier account`: staff who sign in to the pages, made and mended where the pages cannot be reached."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from schemas.case import Role
from verifier.cli.app import DataOption, results_console
from verifier.services import accounts
from verifier.services.context import open_services
from verifier.settings import load_settings

account = typer.Typer(help="Accounts of staff.", no_args_is_help=True)

ACTOR = "command line"

NameOption = Annotated[str, typer.Option("--name", help="The login name.")]


def register(app: typer.Typer) -> None:
    app.add_typer(account, name="account")


@account.command("create")
def create(
    name: NameOption,
    role: Annotated[Role, typer.Option(help="What the account may do: reviewer, second_reviewer, admin or auditor.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Take the password from standard input instead of printing a code.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Make an account and print its one-time code, once: with it the person chooses a password at /sign-in/one-time."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    made = accounts.create(open_services(load_settings(data=data)), name, role, ACTOR, password=password)
    if made.code is not None:
        typer.echo(made.code)


@account.command("reset")
def reset(name: NameOption, data: DataOption = None) -> None:
    """Take away password, second factor and sessions, and print a one-time code for new ones."""
    typer.echo(accounts.reset(open_services(load_settings(data=data)), name, ACTOR))


@account.command("lock")
def lock(
    name: NameOption,
    undo: Annotated[bool, typer.Option("--undo", help="Open it again, and forget wrong passwords.")] = False,
    data: DataOption = None,
) -> None:
    """Let nobody sign in to an account any more, and end its sessions."""
    services = open_services(load_settings(data=data))
    if undo:
        accounts.unlock(services, name, ACTOR)
    else:
        accounts.lock(services, name, ACTOR)


@account.command("list")
def show(data: DataOption = None) -> None:
    """List the accounts of staff."""
    table = Table("name", "role", "state", "second factor", "created", "last sign-in")
    for info in accounts.listed(open_services(load_settings(data=data))):
        state = "locked" if info.locked else "ready" if info.has_password else "waits for its code"
        seen = f"{info.signed_in_at:%Y-%m-%d %H:%M}" if info.signed_in_at else ""
        factor = "set" if info.second_factor else ""
        table.add_row(info.name, info.role.value, state, factor, f"{info.created_at:%Y-%m-%d %H:%M}", seen)
    results_console().print(table)
