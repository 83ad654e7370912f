"""`/review`: the reviewers' queue, and the way to the next case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Query, Response
from fastapi.responses import RedirectResponse

from schemas.application import Route
from schemas.case import CaseState
from schemas.finding import Severity
from verifier.errors import InputError
from verifier.rules.catalogue import OUTSIDE, RULES
from verifier.services import access, queries, worklist
from verifier.services.access import Action
from verifier.services.context import Services
from verifier.services.worklist import TO_CHECK, WorkFilter, WorkItem
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.rendering import render
from verifier.web.pages.words import Label
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/review", include_in_schema=False)

ROWS = 50
QUERY_MAX = 400
MINE = "mine"
AGES = (1, 3, 5, 10)
"""Days since the submission that the filter offers."""

QUEUES: tuple[tuple[str, str, tuple[CaseState, ...]], ...] = (
    ("check", "待核对", TO_CHECK),
    ("review", "人工核对", (CaseState.NEEDS_REVIEW,)),
    ("correct", "建议补正", (CaseState.NEEDS_CORRECTION,)),
    ("second", "待复核", (CaseState.AWAITING_SECOND,)),
    ("recognise", "待认定", (CaseState.ACCEPTED,)),
    (MINE, "我领取的", (CaseState.IN_REVIEW, CaseState.AWAITING_SECOND, CaseState.ACCEPTED)),
    ("held", "核对中", (CaseState.IN_REVIEW,)),
)
"""The tabs: their code, their title and their states."""


@dataclass(frozen=True)
class Wanted:
    """The filter of an address. `fields` are its parts as they stand in it."""

    queue: str
    filter: WorkFilter
    fields: tuple[tuple[str, str], ...]

    @property
    def query(self) -> str:
        return urlencode(self.fields)


@dataclass(frozen=True)
class Tab:
    text: str
    count: int | None
    href: str
    current: bool


@dataclass(frozen=True)
class Row:
    number: str
    applicant: str
    route: str
    state: Label
    worst: Label | None
    findings: int
    due: Label | None
    age: str
    claimed_by: str
    round: int


@dataclass(frozen=True)
class Choice:
    value: str
    text: str
    chosen: bool


def wanted_of(query: str, actor: str) -> Wanted:
    """The filter an address asks for; what it does not know is left out."""
    given = dict(parse_qsl(query[:QUERY_MAX]))
    queue = given.get("queue", "")
    code, _, states = next((item for item in QUEUES if item[0] == queue), QUEUES[0])
    route, severity = given.get("route", ""), given.get("severity", "")
    age = given.get("age", "")
    wanted = WorkFilter(
        states=states,
        batch=given.get("batch") or None,
        route=Route(route) if route in set(Route) else None,
        rule=given.get("rule") or None,
        severity=Severity(severity) if severity in set(Severity) else None,
        claimed_by=actor if code == MINE else (given.get("holder") or None),
        older_than_days=int(age) if age.isdecimal() and len(age) < 5 else None,
        number=given.get("number", "").strip()[:40] or None,
    )
    kept = ("queue", "batch", "route", "rule", "severity", "holder", "age", "number")
    return Wanted(code, wanted, tuple((name, given[name]) for name in kept if given.get(name)))


@router.get("")
def queue(
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.INSPECT))],
    queue: Annotated[str, Query(max_length=20)] = "",
    batch: Annotated[str, Query(max_length=61)] = "",
    route: Annotated[str, Query(max_length=40)] = "",
    rule: Annotated[str, Query(max_length=80)] = "",
    severity: Annotated[str, Query(max_length=20)] = "",
    holder: Annotated[str, Query(max_length=80)] = "",
    age: Annotated[str, Query(max_length=4)] = "",
    number: Annotated[str, Query(max_length=40)] = "",
    cursor: Annotated[str | None, Query(max_length=80)] = None,
    none: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """The queue from the most urgent on."""
    fields = {
        "queue": queue, "batch": batch, "route": route, "rule": rule, "severity": severity, "holder": holder,
        "age": age, "number": number,
    }  # fmt: skip
    wanted = wanted_of(urlencode({name: value for name, value in fields.items() if value}), visitor.name)
    page = worklist.page(services, wanted.filter, cursor, ROWS)
    counts = worklist.counts(services)
    return render(
        "desk.html",
        visitor=visitor,
        wanted=wanted,
        tabs=_tabs(counts, wanted),
        rows=[_row(services.clock(), item) for item in page.items],
        rules=[
            Choice(code, f"{_title(code)}({count})", code == rule)
            for code, count in sorted(counts.rules.items(), key=lambda item: -item[1])
        ],
        routes=[Choice(item.value, words.ROUTES[item], item.value == route) for item in Route],
        severities=[Choice(item.value, words.SEVERITIES[item].text, item.value == severity) for item in Severity],
        batches=[Choice(code, f"{code}({count})", code == batch) for code, count in sorted(counts.batches.items())],
        ages=[Choice(str(days), f"{days} 天以上", str(days) == age) for days in AGES],
        number=number,
        overdue=counts.overdue,
        passes=counts.states.get(CaseState.ADVISED_PASS, 0),
        views=worklist.saved_views(services, visitor.name),
        next_href=None
        if page.next_cursor is None
        else f"/review?{urlencode((*wanted.fields, ('cursor', page.next_cursor)))}",
        is_first=cursor is None,
        nothing=none == "1",
        can_claim=access.reach_of(visitor, Action.CLAIM) is not None,
        can_decide=access.reach_of(visitor, Action.DECIDE) is not None,
    )


@router.post("/next")
def take_next(
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.CLAIM))],
    query: Annotated[str, Form(max_length=QUERY_MAX)] = "",
) -> Response:
    """Claim the most urgent case of the queue and open it."""
    return to_next(services, visitor, query)


def to_next(services: Services, visitor: Person, query: str, after: str | None = None) -> Response:
    """The way to the next case of a queue, claimed; to the queue when nothing waits."""
    wanted = wanted_of(query, visitor.name)
    claim = worklist.claim_next(services, visitor.name, wanted.filter, after=after)
    tail = f"?{wanted.query}" if wanted.query else ""
    if claim is None:
        return RedirectResponse(f"/review{tail}{'&' if tail else '?'}none=1", status_code=303)
    return RedirectResponse(f"/review/{claim.application_no}{tail}", status_code=303)


@router.post("/find")
def find(
    services: ServicesDep,
    _visitor: Annotated[Person, Depends(Allowed(Action.INSPECT))],
    id_number: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """The newest case of whoever has this ID number. A form, because an address would keep the number."""
    found = queries.find_by_id_number(services, id_number) if id_number.strip() else ()
    if not found:
        return RedirectResponse("/review?none=1", status_code=303)
    return RedirectResponse(f"/review/{found[0].application_no}", status_code=303)


@router.post("/views")
def save_view(
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.INSPECT))],
    name: Annotated[str, Form(max_length=40)] = "",
    query: Annotated[str, Form(max_length=QUERY_MAX)] = "",
) -> Response:
    """Keep the filter under a name."""
    wanted = wanted_of(query, visitor.name)
    try:
        worklist.save_view(services, visitor.name, name, wanted.query)
    except InputError:
        # a name without a character: the page asks for one already
        return RedirectResponse(f"/review?{wanted.query}", status_code=303)
    return RedirectResponse(f"/review?{wanted.query}", status_code=303)


@router.post("/views/remove")
def remove_view(
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.INSPECT))],
    name: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Forget a filter."""
    worklist.remove_view(services, visitor.name, name)
    return RedirectResponse("/review", status_code=303)


def _tabs(counts: worklist.Counts, wanted: Wanted) -> Sequence[Tab]:
    rest = [(name, value) for name, value in wanted.fields if name != "queue"]
    return [
        Tab(
            title,
            None if code == MINE else sum(counts.states.get(state, 0) for state in states),
            "/review?" + urlencode([("queue", code), *rest]),
            code == wanted.queue,
        )
        for code, title, states in QUEUES
    ]


def _row(now: datetime, item: WorkItem) -> Row:
    return Row(
        number=item.application_no,
        applicant=item.applicant,
        route=words.ROUTES[item.route],
        state=words.STATES[item.state],
        worst=None if item.worst is None else words.SEVERITIES[item.worst],
        findings=item.findings,
        due=due_label(item.workdays_left),
        age="—" if item.submitted_at is None else words.ago(now - item.submitted_at),
        claimed_by=item.claimed_by or "",
        round=item.round,
    )


def due_label(left: int | None) -> Label | None:
    """Statutory working days left, as a word."""
    if left is None:
        return None
    if left < 0:
        return Label(f"超期 {-left} 天", "bad")
    if left == 0:
        return Label("今天到期", "bad")
    return Label(f"剩 {left} 天", "warn" if left <= 2 else "plain")


def _title(code: str) -> str:
    rule = RULES.get(code)
    return rule.title if rule else ("人工核对" if code in OUTSIDE else code)
