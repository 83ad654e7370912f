"""`verifier evaluate`: how good the verifier is on a set of cases with truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from verifier.cli.app import JsonFlag, results_console
from verifier.cli.evaluation_page import write_page
from verifier.cli.evaluation_tables import report, tables
from verifier.cli.folder import find_cases, open_case, open_truth
from verifier.cli.reading import open_engine, read_case
from verifier.cli.scoring import Tally, add_case
from verifier.settings import load_settings


def register(app: typer.Typer) -> None:
    app.command("evaluate")(evaluate)


def evaluate(
    root: Annotated[Path, typer.Argument(help="Folder of case folders with truth.json.", metavar="SET")],
    as_json: JsonFlag = False,
    misses: Annotated[bool, typer.Option("--misses", help="List every field read wrong. Synthetic sets only.")] = False,
    page: Annotated[
        Path | None,
        typer.Option(
            "--report",
            help="Also write an HTML page with the crop of every error. Synthetic sets only.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Run every case under SET and compare with its truth. Exit 0 when all ran, 2 when the set cannot be used."""
    settings = load_settings()
    cases = [(open_case(path), open_truth(path)) for path in find_cases(root)]
    engine = open_engine(settings)
    tally = Tally()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=sum(len(case.application.documents) for case, _ in cases))
        for case, truth in cases:
            progress.update(task, description=case.path.name)
            add_case(tally, case.path.name, read_case(case, engine, settings, lambda _: progress.advance(task)), truth)
    if page is not None:
        write_page(page, tally, {case.path.name: case for case, _ in cases}, engine.name)
    if as_json:
        typer.echo(json.dumps(report(tally), ensure_ascii=False))
        return
    console = results_console()
    for table in tables(tally, misses=misses):
        console.print(table)
