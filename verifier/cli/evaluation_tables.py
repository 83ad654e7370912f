"""What `verifier evaluate` shows: the tally as tables for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table

from schemas.document import DocumentType
from schemas.finding import Outcome
from verifier.cli.scoring import Key, Tally, Value


def report(tally: Tally) -> dict[str, Any]:
    """The whole tally as plain data for `--json`."""
    return {
        "cases": tally.cases,
        "pages": tally.pages,
        "seconds_per_page": per_page(tally),
        "fields": [
            {
                "document": kind,
                "field": name,
                "capture": capture,
                "right": tally.right[kind, name, capture],
                "total": total,
            }
            for (kind, name, capture), total in sorted(tally.total.items())
        ],
        "fields_not_on_page": dict(tally.extra),
        "seals": {
            "right": tally.seals_right.total(),
            "total": tally.seals_total.total(),
            "by_document": {
                kind: [tally.seals_right[kind], total] for kind, total in sorted(tally.seals_total.items())
            },
            "misses": [miss.model_dump(mode="json") for miss in tally.seal_misses],
        },
        "discrepancies": {
            "planted": tally.planted.total(),
            "caught": tally.caught.total(),
            "by_kind": {kind: [tally.caught[kind], count] for kind, count in sorted(tally.planted.items())},
            "uncaught": [item.model_dump(mode="json") for item in tally.uncaught],
        },
        "consistent": {
            "cases": tally.consistent,
            "passed": tally.consistent_passed,
            "flagged": len({item.case for item in tally.false_flags}),
            "false_flags": [item.model_dump(mode="json") for item in tally.false_flags],
        },
        "outcomes": [
            {"expected": expected, "given": given, "cases": count}
            for (expected, given), count in sorted(tally.outcomes.items())
        ],
        "reliability": {
            band: {"right": right, "total": total, "mean_confidence": mean}
            for band, (right, total, mean) in tally.reliability.items()
        },
        "confidences": [item.model_dump(mode="json") for item in tally.sureness],
        "misses": [miss.model_dump(mode="json") for miss in tally.misses],
    }


def tables(tally: Tally, *, misses: bool) -> list[Table]:
    """The tables people see."""
    shown = [
        _document_table(tally), _field_table(tally), _kind_table(tally), _outcome_table(tally),
        _reliability_table(tally), _summary_table(tally),
    ]  # fmt: skip
    if misses:
        shown.append(_miss_table(tally))
    return shown


def share(right: int, total: int) -> str:
    """`19/20 95.0%`; empty for none."""
    return f"{right}/{total} {100 * right / total:.1f}%" if total else ""


def per_page(tally: Tally) -> float:
    """Seconds a page took, everything included."""
    return round(tally.total_ms / 1000 / tally.pages, 3) if tally.pages else 0.0


def plain(value: Value | None) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else "; ".join(f"{r.start_month}~{r.end_month} {r.employer}" for r in value)


def _sum(tally: Tally, wanted: Callable[[Key], bool]) -> str:
    return share(
        sum(count for key, count in tally.right.items() if wanted(key)),
        sum(count for key, count in tally.total.items() if wanted(key)),
    )


def _document_table(tally: Tally) -> Table:
    captures = sorted({capture for _, _, capture in tally.total})
    table = Table(title="字段正确率 Fields right, by document and capture", title_justify="left")
    table.add_column("document")
    for capture in captures:
        table.add_column(capture, justify="right")
    table.add_column("all", justify="right")
    for kind in DocumentType:
        if any(key[0] is kind for key in tally.total):
            cells = [_sum(tally, lambda key, k=kind, c=capture: (key[0], key[2]) == (k, c)) for capture in captures]  # type: ignore[misc]
            table.add_row(kind.value, *cells, _sum(tally, lambda key, k=kind: key[0] is k))  # type: ignore[misc]
    table.add_section()
    ends = [_sum(tally, lambda key, c=capture: key[2] == c) for capture in captures]  # type: ignore[misc]
    table.add_row("all", *ends, _sum(tally, lambda _: True))
    return table


def _field_table(tally: Tally) -> Table:
    table = Table(title="读错过的字段 Fields with errors, by document and field", title_justify="left")
    for head in ("document", "field", "right", "wrong", "not read"):
        table.add_column(head)
    for kind, name in sorted({(miss.document, miss.field) for miss in tally.misses}):
        missed = [miss for miss in tally.misses if (miss.document, miss.field) == (kind, name)]
        unread = sum(miss.found is None for miss in missed)
        right = _sum(tally, lambda key, k=kind, n=name: (key[0], key[1]) == (k, n))  # type: ignore[misc]
        table.add_row(kind.value, name, right, str(len(missed) - unread), str(unread))
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
    table.add_row("all", share(tally.caught.total(), tally.planted.total()), "")
    return table


def _outcome_table(tally: Tally) -> Table:
    table = Table(title="建议 Advice: expected (rows) against given", title_justify="left")
    table.add_column("")
    for outcome in Outcome:
        table.add_column(outcome.value, justify="right")
    for expected in Outcome:
        table.add_row(expected.value, *(str(tally.outcomes[expected, given]) for given in Outcome))
    return table


def _reliability_table(tally: Tally) -> Table:
    table = Table(title="把握 Confidence said against share right", title_justify="left")
    for head in ("said", "mean said", "right"):
        table.add_column(head)
    for band, (right, total, mean) in tally.reliability.items():
        table.add_row(band, f"{mean:.3f}", share(right, total))
    return table


def _summary_table(tally: Tally) -> Table:
    table = Table(title="概要 Summary", show_header=False, title_justify="left")
    table.add_row("cases, pages", f"{tally.cases}, {tally.pages}")
    table.add_row("seconds per page", f"{per_page(tally):.2f}")
    table.add_row("seal text right", share(tally.seals_right.total(), tally.seals_total.total()))
    for kind, total in sorted(tally.seals_total.items()):
        table.add_row(f"  {kind.value}", share(tally.seals_right[kind], total))
    table.add_row("consistent cases advised pass", share(tally.consistent_passed, tally.consistent))
    table.add_row(
        "consistent cases with a false flag", f"{len({f.case for f in tally.false_flags})}/{tally.consistent}"
    )
    for item in tally.false_flags:
        table.add_row(
            "false flag", f"{item.case} {item.finding.document.value}.{item.finding.field} {item.finding.rule}"
        )
    table.add_row("fields reported that the page does not show", str(tally.extra.total()))
    return table


def _miss_table(tally: Tally) -> Table:
    table = Table(title="读错的字段 Misses", title_justify="left")
    for head in ("case", "document", "capture", "field", "expected", "found", "raw", "confidence"):
        table.add_column(head, overflow="fold")
    for miss in tally.misses:
        table.add_row(
            miss.case, miss.document.value, miss.capture, miss.field,
            plain(miss.expected), plain(miss.found), miss.raw or "", f"{miss.confidence:.2f}",
        )  # fmt: skip
    for seal in tally.seal_misses:
        table.add_row(seal.case, seal.document.value, "", "seal", seal.expected, " | ".join(seal.found) or "-", "", "")
    return table
