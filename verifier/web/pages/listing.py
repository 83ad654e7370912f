"""`/`: how the house is doing, and its cases, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse

from schemas.case import CaseState
from schemas.finding import Severity
from verifier.services import queries
from verifier.services import stats as statistics
from verifier.services.access import Action, Reach
from verifier.services.queries import CaseSummary
from verifier.services.stats import Stats
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.rendering import render
from verifier.web.pages.words import Label
from verifier.web.services import ServicesDep

router = APIRouter(include_in_schema=False)

ROWS = 50
CURSOR_MAX = 24


@dataclass(frozen=True)
class Filter:
    """A link that narrows the list, with how many cases it leads to."""

    text: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True)
class Row:
    """One case. `worst` is the gravest severity among its findings, None without any."""

    number: str
    applicant: str
    route: str
    state: Label
    advice: Label | None
    findings: int | None
    worst: Label | None
    by_severity: str
    claimed_by: str | None
    since: datetime
    age: str


@dataclass(frozen=True)
class Figure:
    """One number of the strip above the list."""

    title: str
    english: str
    value: str
    note: str
    tone: str = "plain"


@router.get("/")
def listing(
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.LIST))],
    state: CaseState | None = None,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX)] = None,
) -> Response:
    """The list, by state and page by page; applicants have one of their own."""
    if visitor.reach is Reach.OWN:
        return RedirectResponse("/my", status_code=303)
    page = queries.list_cases(services, state, cursor, ROWS)
    snapshot = statistics.stats(services)
    return render(
        "listing.html",
        visitor=visitor,
        figures=_figures(snapshot),
        filters=_filters(snapshot.cases, state),
        state=None if state is None else words.STATES[state],
        rows=[_row(item, snapshot.at) for item in page.items],
        first_href=_href(state, None),
        next_href=_href(state, page.next_cursor) if page.next_cursor else None,
        is_first=cursor is None,
        at=snapshot.at,
    )


def _href(state: CaseState | None, cursor: str | None) -> str:
    query = {"state": state.value if state else None, "cursor": cursor}
    given = {name: value for name, value in query.items() if value}
    return "/?" + urlencode(given) if given else "/"


def _filters(counts: Mapping[CaseState, int], chosen: CaseState | None) -> Sequence[Filter]:
    """All, then every state that has cases, in the order a case passes through them."""
    shown = [state for state in CaseState if counts.get(state) or state == chosen]
    return [
        Filter("全部", sum(counts.values()), _href(None, None), chosen is None),
        *(
            Filter(words.STATES[state].text, counts.get(state, 0), _href(state, None), state == chosen)
            for state in shown
        ),
    ]


def _row(item: CaseSummary, now: datetime) -> Row:
    worst = max(item.findings, key=lambda severity: severity.rank, default=None)
    since = item.submitted_at or item.created_at
    return Row(
        number=item.application_no,
        applicant=item.applicant,
        route=words.ROUTES[item.route],
        state=words.STATES[item.state],
        advice=None if item.outcome is None else words.OUTCOMES[item.outcome],
        findings=None if item.outcome is None else sum(item.findings.values()),
        worst=None if worst is None else words.SEVERITIES[worst],
        by_severity=_by_severity(item.findings),
        claimed_by=item.claimed_by,
        since=since,
        age=words.ago(now - since),
    )


def _by_severity(findings: Mapping[Severity, int]) -> str:
    """`人工核对 2 · 补正 1`, gravest first."""
    ordered = sorted(findings, key=lambda severity: severity.rank, reverse=True)
    return " · ".join(f"{words.SEVERITIES[severity].text} {findings[severity]}" for severity in ordered)


def _figures(snapshot: Stats) -> Sequence[Figure]:
    waiting = sum(queue.depth for queue in snapshot.queues)
    running = sum(queue.running for queue in snapshot.queues)
    delayed = sum(queue.delayed for queue in snapshot.queues)
    oldest = max((queue.oldest_age_s or 0.0 for queue in snapshot.queues), default=0.0)
    alive = sum(1 for worker in snapshot.workers if worker.alive)
    run = snapshot.last_hour.run_ms
    return (
        Figure("待读取", "Waiting", str(waiting), f"最久 {words.seconds(oldest)}" if waiting else "队列已空"),
        Figure("读取中", "Reading", str(running), f"稍后重试 {delayed}" if delayed else "无重试"),
        Figure(
            "每份耗时",
            "Per document, p50",
            "—" if run.p50 is None else words.seconds(run.p50 / 1000),
            f"一小时内 {run.count} 份" if run.count else "一小时内没有",
        ),
        Figure(
            "读取进程",
            "Workers",
            str(alive),
            "正常" if alive else "没有进程在读取",
            tone="plain" if alive else "warn",
        ),
    )
