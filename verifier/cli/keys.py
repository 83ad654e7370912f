"""`verifier keys`: the master key, and what it wraps."""

from __future__ import annotations

import base64
import json
import secrets

import typer
from rich.table import Table

from verifier.cli.app import DataOption, JsonFlag, results_console
from verifier.cli.up import only_one
from verifier.errors import ConfigError
from verifier.services import keys as room
from verifier.services import seal_files
from verifier.services.context import open_services, require_files
from verifier.settings import OWN_KEY_PREVIOUS, Settings, load_settings
from verifier.store.keyring import KEY_SETTING, write_private

keys = typer.Typer(help="The master key and the keys it wraps.", no_args_is_help=True)

ACTOR = "command line"


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")


@keys.command("list")
def show(as_json: JsonFlag = False, data: DataOption = None) -> None:
    """Which master keys wrap how many data keys. Keys are never shown, only their ids."""
    uses = room.in_use(open_services(load_settings(data=data)))
    if as_json:
        for use in uses:
            typer.echo(json.dumps({"master": use.master, "keys": use.keys, "current": use.current}))
        return
    table = Table("master key", "data keys", "in force")
    for use in uses:
        table.add_row(use.master, str(use.keys), "yes" if use.current else "")
    results_console().print(table)


@keys.command("rotate")
def rotate(data: DataOption = None) -> None:
    """Wrap every data key with the master key in force. What is sealed stays as it is.

    With VERIFIER_MASTER_KEY set: give every process the new key, and the old one as VERIFIER_MASTER_KEY_PREVIOUS, restart them,
    then rotate, then take the old one away. With a key file of one machine: stop `verifier up`; the new key is made here.
    """
    settings = load_settings(data=data)
    if settings.own_key_file.exists() and settings.master_key is not None and _is_own(settings):
        with only_one(settings.data):
            _rotate_own(settings)
        return
    if settings.master_key_previous is None:
        uses = room.in_use(open_services(settings))
        if all(use.current for use in uses):
            raise ConfigError(
                name=f"{KEY_SETTING}_PREVIOUS",
                why="is missing: give the old key there, the new one as VERIFIER_MASTER_KEY",
            )
    typer.echo(f"{room.rotate(open_services(settings), ACTOR)} data keys wrapped anew")


def _is_own(settings: Settings) -> bool:
    return "master_key" not in settings.model_fields_set


def _rotate_own(settings: Settings) -> None:
    """The new key is written before anything is wrapped with it, and the old one goes when nothing is wrapped by it."""
    previous = settings.data / OWN_KEY_PREVIOUS
    if not previous.exists():
        write_private(previous, settings.own_key_file.read_text(encoding="ascii"))
        write_private(settings.own_key_file, base64.b64encode(secrets.token_bytes(32)).decode("ascii") + "\n")
    services = open_services(load_settings(data=settings.data))
    done = room.rotate(services, ACTOR)
    previous.unlink()
    typer.echo(f"{done} data keys wrapped anew; {settings.own_key_file} is new: keep a copy elsewhere")


@keys.command("seal")
def seal(data: DataOption = None) -> None:
    """Seal files an older version kept in the open. `verifier migrate` and `verifier up` do it too; this goes on where they
    were interrupted."""
    services = open_services(load_settings(data=data))
    require_files(services)
    done = seal_files.seal_files(services)
    typer.echo(f"{done.files} files sealed, {done.removed} removed in the open, {done.lost} lost")
