"""`verifier verify`: read case folders and say what disagrees, as a table for people or JSON for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schemas.document import TITLES_ZH
from schemas.finding import Outcome, Severity
from schemas.result import CaseResult
from verifier import pipeline
from verifier.cli.app import EXIT_REFUSED, JsonFlag, errors, results_console
from verifier.cli.folder import CaseFolder, open_case
from verifier.cli.reading import open_engine, read_case
from verifier.errors import InputError
from verifier.rules.titles import FIELD_TITLES_ZH
from verifier.settings import load_settings

_OUTCOME_ZH = {
    Outcome.PASS: "[green]一致[/]",
    Outcome.CORRECT: "[yellow]需补正[/]",
    Outcome.REVIEW: "[red]需人工核对[/]",
}
_SEVERITY_ZH = {
    Severity.INFO: "[dim]提示[/]",
    Severity.CORRECT: "[yellow]补正[/]",
    Severity.REVIEW: "[red]核对[/]",
    Severity.REFUSE_GROUND: "[red bold]核对(可为不予认定理由)[/]",
}


def register(app: typer.Typer) -> None:
    app.command("verify")(verify)


def verify(
    cases: Annotated[
        list[Path], typer.Argument(help="Case folders, each with an application.json.", metavar="CASE...")
    ],
    as_json: JsonFlag = False,
    out: Annotated[Path | None, typer.Option(help="Also write each result to DIR/<application_no>.json.")] = None,
) -> None:
    """Read case folders, without a queue. Exit 0 when every case was processed, 2 when a folder is not a case."""
    settings = load_settings()
    folders: list[CaseFolder] = []
    refused = False
    for path in cases:
        try:
            folders.append(open_case(path))
        except InputError as error:
            refused = True
            errors.print(str(error), markup=False)
    if folders:
        engine = open_engine(settings)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        console = results_console()
        known = pipeline.Known()
        with _progress() as progress:
            task = progress.add_task("", total=sum(len(folder.application.documents) for folder in folders))
            for folder in folders:
                progress.update(task, description=folder.application.application_no)
                try:
                    result = read_case(folder, engine, settings, lambda _: progress.advance(task), known)
                except InputError as error:
                    refused = True
                    errors.print(f"{folder.path}: {error}", markup=False)
                    continue
                text = result.model_dump_json()
                if out is not None:
                    (out / f"{result.application_no}.json").write_text(text + "\n", encoding="utf-8")
                if as_json:
                    typer.echo(text)
                else:
                    progress.console.print()
                    console.print(case_table(result))
    if refused:
        raise typer.Exit(EXIT_REFUSED)


def _progress() -> Progress:
    """A bar on stderr, so that standard output holds results only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def case_table(result: CaseResult) -> Table:
    """One case for people: its advice, and a row for each finding."""
    table = Table(
        title=f"{result.application_no}  {_OUTCOME_ZH[result.outcome]}  [dim]{result.timings_ms.total / 1000:.1f} s[/]",
        title_justify="left",
        expand=True,
    )
    for head, share in (("程度", 2), ("材料", 3), ("项目", 3), ("申请 / 应为", 4), ("读到", 4), ("说明", 9)):
        table.add_column(head, ratio=share, overflow="fold")
    for finding in result.findings:
        table.add_row(
            _SEVERITY_ZH[finding.severity],
            TITLES_ZH[finding.document],
            FIELD_TITLES_ZH.get(finding.field, finding.field),
            finding.expected or "",
            finding.found or "",
            f"{finding.message or finding.reviewer_message} [dim]{finding.rule}[/]",
        )
    if not result.findings:
        table.add_row("", "", "", "", "", "[green]所有材料与申请一致[/]")
    return table
