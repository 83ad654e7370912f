"""`verifier evaluate`: how good the verifier is on a set of cases with truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schemas.document import DocumentType
from schemas.finding import Outcome
from verifier.cli.app import JsonFlag, results_console
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
    if as_json:
        typer.echo(json.dumps(report(tally), ensure_ascii=False))
        return
    console = results_console()
    for table in tables(tally, misses=misses):
        console.print(table)


def report(tally: Tally) -> dict[str, Any]:
    """The whole tally as plain data for `--json`."""
    return {
        "cases": tally.cases,
        "pages": tally.pages,
        "seconds_per_page": _per_page(tally),
        "fields": [
            {"document": kind, "capture": capture, "right": tally.right[kind, capture], "total": total}
            for (kind, capture), total in sorted(tally.total.items())
        ],
        "fields_not_on_page": dict(tally.extra),
        "seals": {"right": tally.seals_right, "total": tally.seals_total},
        "discrepancies": {
            "planted": sum(tally.planted.values()),
            "caught": sum(tally.caught.values()),
            "by_kind": {kind: [tally.caught[kind], count] for kind, count in sorted(tally.planted.items())},
            "uncaught": [item.model_dump(mode="json") for item in tally.uncaught],
        },
        "consistent": {
            "cases": tally.consistent,
            "passed": tally.consistent_passed,
            "false_flags": [item.model_dump(mode="json") for item in tally.false_flags],
        },
        "outcomes": [
            {"expected": expected, "given": given, "cases": count}
            for (expected, given), count in sorted(tally.outcomes.items())
        ],
        "calibration": {_bucket(level): counts for level, counts in sorted(tally.calibration.items())},
        "misses": [miss.model_dump(mode="json") for miss in tally.misses],
    }


def tables(tally: Tally, *, misses: bool) -> list[Table]:
    """The tables people see."""
    shown = [_field_table(tally), _kind_table(tally), _outcome_table(tally), _summary_table(tally)]
    if misses:
        shown.append(_miss_table(tally))
    return shown


def _field_table(tally: Tally) -> Table:
    captures = sorted({capture for _, capture in tally.total})
    table = Table(title="字段正确率 Fields right", title_justify="left")
    table.add_column("document")
    for capture in captures:
        table.add_column(capture, justify="right")
    table.add_column("all", justify="right")
    for kind in DocumentType:
        if any(key[0] is kind for key in tally.total):
            right = sum(count for key, count in tally.right.items() if key[0] is kind)
            total = sum(count for key, count in tally.total.items() if key[0] is kind)
            cells = [_share(tally.right[kind, capture], tally.total[kind, capture]) for capture in captures]
            table.add_row(kind.value, *cells, _share(right, total))
    by_capture = [
        _share(
            sum(tally.right[kind, capture] for kind in DocumentType),
            sum(tally.total[kind, capture] for kind in DocumentType),
        )
        for capture in captures
    ]
    table.add_section()
    table.add_row("all", *by_capture, _share(tally.right.total(), tally.total.total()))
    return table


def _kind_table(tally: Tally) -> Table:
    table = Table(title="预设差异 Planted discrepancies", title_justify="left")
    for head in ("kind", "caught", "missed in"):
        table.add_column(head)
    for kind, count in sorted(tally.planted.items()):
        missed = ", ".join(
            f"{item.case} {item.planted.document.value}.{item.planted.field}"
            for item in tally.uncaught
            if item.planted.kind == kind
        )
        table.add_row(kind, f"{tally.caught[kind]}/{count}", missed)
    table.add_section()
    table.add_row("all", _share(tally.caught.total(), tally.planted.total()), "")
    return table


def _outcome_table(tally: Tally) -> Table:
    table = Table(title="建议 Advice: expected (rows) against given", title_justify="left")
    table.add_column("")
    for outcome in Outcome:
        table.add_column(outcome.value, justify="right")
    for expected in Outcome:
        table.add_row(expected.value, *(str(tally.outcomes[expected, given]) for given in Outcome))
    return table


def _summary_table(tally: Tally) -> Table:
    table = Table(title="概要 Summary", show_header=False, title_justify="left")
    table.add_row("cases, pages", f"{tally.cases}, {tally.pages}")
    table.add_row("seconds per page", f"{_per_page(tally):.2f}")
    table.add_row("seal text right", _share(tally.seals_right, tally.seals_total))
    table.add_row("consistent cases advised pass", _share(tally.consistent_passed, tally.consistent))
    for item in tally.false_flags:
        table.add_row(
            "false flag", f"{item.case} {item.finding.document.value}.{item.finding.field} {item.finding.rule}"
        )
    table.add_row("fields reported that the page does not show", str(tally.extra.total()))
    for level, (right, total) in sorted(tally.calibration.items()):
        table.add_row(f"right at confidence {_bucket(level)}", _share(right, total))
    return table


def _miss_table(tally: Tally) -> Table:
    table = Table(title="读错的字段 Misses", title_justify="left")
    for head in ("case", "document", "capture", "field", "expected", "found", "confidence"):
        table.add_column(head, overflow="fold")
    for miss in tally.misses:
        table.add_row(
            miss.case, miss.document.value, miss.capture, miss.field,
            _plain(miss.expected), _plain(miss.found), f"{miss.confidence:.2f}",
        )  # fmt: skip
    return table


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else "; ".join(f"{r.start_month}~{r.end_month} {r.employer}" for r in value)


def _share(right: int, total: int) -> str:
    return f"{right}/{total} {100 * right / total:.1f}%" if total else ""


def _bucket(level: int) -> str:
    return ">=0.99" if level == 10 else f"{level / 10:.1f}-{(level + 1) / 10:.1f}"


def _per_page(tally: Tally) -> float:
    return round(tally.total_ms / 1000 / tally.pages, 3) if tally.pages else 0.0
