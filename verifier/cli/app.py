"""The command line: one app, one file per command, one way errors reach people."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from verifier.errors import VerifierError

app = typer.Typer(
    name="verifier",
    help="零跑腿材料核验:读取、比对、分流。Read, cross-check and route the documents of an application.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

EXIT_REFUSED = 2
"""Something that was given cannot be used: a folder that is no case, a wrong setting."""


def results_console() -> Console:
    """Standard output for tables; wide enough for them when it is a file or a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=150)


errors = Console(stderr=True, highlight=False, soft_wrap=True)


@cache
def complete() -> typer.Typer:
    """The app with every command registered."""
    # Imported here because the commands import this module.
    from verifier.cli.accounts import register as accounts
    from verifier.cli.attempts import register as attempts
    from verifier.cli.audit import register as audit
    from verifier.cli.evaluate import register as evaluate
    from verifier.cli.files import register as files
    from verifier.cli.keys import register as keys
    from verifier.cli.labels import register as labels
    from verifier.cli.models import register as models
    from verifier.cli.parts import register as parts
    from verifier.cli.queue import register as queue
    from verifier.cli.retention import register as retention
    from verifier.cli.tokens import register as tokens
    from verifier.cli.up import register as up
    from verifier.cli.verify import register as verify

    for register in (
        verify,
        evaluate,
        up,
        parts,
        models,
        tokens,
        accounts,
        keys,
        audit,
        retention,
        files,
        attempts,
        queue,
        labels,
    ):
        register(app)
    return app


def main() -> None:
    """Entry point: run a command; an error of ours becomes one line on stderr and exit code 2."""
    try:
        complete()()
    except VerifierError as error:
        errors.print(str(error), markup=False)
        sys.exit(EXIT_REFUSED)
    except BrokenPipeError:
        # Whoever read our output has gone (`verifier … | head`): nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON document per line, for programs.")]

DataOption = Annotated[
    Path | None, typer.Option("--data", help="The one-machine folder (VERIFIER_DATA); ./data when not given.")
]
