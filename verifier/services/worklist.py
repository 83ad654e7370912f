"""The reviewers' queue: ordered by statutory days left, then by how grave the findings are; one case, one reviewer.

Usable with a hundred thousand cases: pages and claims walk the index (state, due_on, gravity, id), once for each state asked
for, and are merged here.
"""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from schemas.application import Route
from schemas.base import Model
from schemas.case import CaseState
from schemas.events import EventType
from schemas.finding import Outcome, Severity
from verifier.compare.masks import mask_name
from verifier.errors import InputError, StateError
from verifier.rules.workdays import workdays_left
from verifier.services import deadlines
from verifier.services.cases import find_case, form_of
from verifier.services.context import Services, reading, writing
from verifier.services.review import Claim, take
from verifier.store import audit
from verifier.store.review_tables import FindingRow, SavedViewRow
from verifier.store.tables import NOTHING_FOUND, CaseRow

TO_CHECK = (CaseState.NEEDS_REVIEW, CaseState.NEEDS_CORRECTION)
"""What the machine sends to a person."""

QUEUES: tuple[CaseState, ...] = (
    CaseState.NEEDS_REVIEW,
    CaseState.NEEDS_CORRECTION,
    CaseState.ADVISED_PASS,
    CaseState.IN_REVIEW,
    CaseState.AWAITING_SECOND,
    CaseState.ACCEPTED,
)
"""States in which a case waits for a person of the bureau, or is with one."""

PAGE_MAX = 200
VIEWS_MAX = 30
HOLD_MINUTES = 5
"""How long a case stays with somebody whose open page has stopped saying so: pages say so every minute."""

_NO_DUE = date(9999, 12, 31)
_Key = tuple[date, int, int]


class WorkFilter(Model):
    """What a queue is narrowed to. `older_than_days` counts since the last submission; `number` begins an application number."""

    states: tuple[CaseState, ...] = TO_CHECK
    batch: str | None = None
    route: Route | None = None
    rule: str | None = None
    severity: Severity | None = None
    """The worst finding."""
    claimed_by: str | None = None
    older_than_days: int | None = None
    number: str | None = None


class WorkItem(Model):
    """One line of the queue: nothing personal but the masked name. `workdays_left` is 0 on the last day, negative after."""

    application_no: str
    applicant: str
    batch: str
    route: Route
    state: CaseState
    outcome: Outcome | None
    worst: Severity | None
    findings: int
    round: int
    due_on: date | None
    workdays_left: int | None
    submitted_at: datetime | None
    claimed_by: str | None
    must_open: bool
    proposed_by: str | None


class WorkPage(Model):
    items: tuple[WorkItem, ...]
    next_cursor: str | None


class Counts(Model):
    """Cases by state, and open findings by rule: what the filters of the queue lead to."""

    states: dict[CaseState, int]
    rules: dict[str, int]
    batches: dict[str, int]
    overdue: int
    """Of the cases to check, those whose last day has passed."""


class SavedView(Model):
    name: str
    query: str


def page(services: Services, wanted: WorkFilter, cursor: str | None = None, limit: int = 50) -> WorkPage:
    """The queue from the most urgent on. Raises InputError request.invalid for a cursor or a limit that cannot be."""
    if not 1 <= limit <= PAGE_MAX:
        raise InputError("request.invalid", where="limit", why=f"须在 1 到 {PAGE_MAX} 之间")
    after = None if cursor is None else _read_cursor(cursor)
    now = services.clock()
    with reading(services) as session:
        # keys first, from the index alone: sorting or joining whole rows would carry their sealed words along
        streams = [
            [
                (row.due_on or _NO_DUE, row.gravity, row.id)
                for row in session.execute(
                    _ordered(_narrowed(state, wanted, now), after)
                    .limit(limit + 1)
                    .with_only_columns(CaseRow.due_on, CaseRow.gravity, CaseRow.id)
                )
            ]
            for state in dict.fromkeys(wanted.states)
        ]
        keys = list(heapq.merge(*streams))[: limit + 1]
        ids = [key[2] for key in keys[:limit]]
        rows = session.scalars(select(CaseRow).where(CaseRow.id.in_(ids)).options(selectinload(CaseRow.data_key)))
        shown = sorted(rows, key=_key)
        counted = _finding_counts(session, shown)
        return WorkPage(
            items=tuple(_item(row, counted.get(row.id, 0), deadlines.today(now)) for row in shown),
            next_cursor=_write_cursor(keys[limit - 1]) if len(keys) > limit else None,
        )


def counts(services: Services) -> Counts:
    """How many cases wait in each state, by batch, and by rule, whoever looks."""
    today = deadlines.today(services.clock())
    with reading(services) as session:
        states = session.execute(
            select(CaseRow.state, func.count()).where(CaseRow.state.in_(QUEUES)).group_by(CaseRow.state)
        )
        rules = session.execute(select(FindingRow.rule, func.count()).where(FindingRow.open).group_by(FindingRow.rule))
        batches = session.execute(
            select(CaseRow.batch, func.count()).where(CaseRow.state.in_(TO_CHECK)).group_by(CaseRow.batch)
        )
        overdue = session.scalar(select(func.count()).where(CaseRow.state.in_(TO_CHECK), CaseRow.due_on < today))
        return Counts(
            states={row[0]: row[1] for row in states},
            rules={row[0]: row[1] for row in rules},
            batches={row[0]: row[1] for row in batches},
            overdue=overdue or 0,
        )


def claim_next(
    services: Services,
    actor: str,
    wanted: WorkFilter | None = None,
    *,
    after: str | None = None,
    minutes: int | None = None,
) -> Claim | None:
    """Claim the most urgent case that nobody holds; None when there is none. Two reviewers who ask at once get two cases.

    A case the actor holds already comes first: what was claimed ahead is worked on next. `after` names a case that was
    skipped: those behind it come first, those before it when there is nothing behind. What the actor proposed is left to
    the second person.
    """
    wanted = wanted or WorkFilter()
    now = services.clock()
    with writing(services) as session:
        held = session.scalar(
            select(CaseRow)
            .where(
                CaseRow.claimed_by == actor,
                CaseRow.state.in_((*wanted.states, CaseState.IN_REVIEW)),
                CaseRow.claim_until > now,
                CaseRow.application_no != (after or ""),
            )
            .order_by(CaseRow.id)
            .limit(1)
            .with_for_update()
        )
        if held is not None:
            return take(services, session, held, actor, minutes)
        behind = None if after is None else _key(find_case(session, after))
        case = _lock_first(session, wanted, actor, now, behind)
        if case is None and behind is not None:
            case = _lock_first(session, wanted, actor, now, None)
        return None if case is None else take(services, session, case, actor, minutes)


def claim_ahead(services: Services, application_no: str, actor: str, wanted: WorkFilter | None = None) -> Claim | None:
    """While somebody works on a case they hold: keep it, and hold the next one too, so that its page can be fetched ahead.

    Raises StateError case.not_claimed when they do not hold the first.
    """
    with reading(services) as session:
        case = find_case(session, application_no)
        if case.claimed_by != actor:
            raise StateError("case.not_claimed")
    return claim_next(services, actor, wanted, after=application_no, minutes=HOLD_MINUTES)


def save_view(services: Services, owner: str, name: str, query: str) -> None:
    """Keep a filter under a name; the same name again replaces it. Raises InputError request.invalid."""
    name = name.strip()
    if not 1 <= len(name) <= 40:
        raise InputError("request.invalid", where="name", why="须为 1 到 40 个字")
    if len(query) > 400:
        raise InputError("request.invalid", where="query", why="不超过 400 字")
    with writing(services) as session:
        rows = session.scalars(select(SavedViewRow).where(SavedViewRow.owner == owner).with_for_update()).all()
        row = next((row for row in rows if row.name == name), None)
        if row is None and len(rows) >= VIEWS_MAX:
            raise InputError("request.invalid", where="name", why=f"最多保存 {VIEWS_MAX} 个")
        if row is None:
            row = SavedViewRow(owner=owner, name=name)
            session.add(row)
        row.query = query
        audit.record(session, at=services.clock(), type=EventType.VIEW_SAVED, actor=owner)


def remove_view(services: Services, owner: str, name: str) -> None:
    """Forget a filter; nothing happens when there is none of that name."""
    with writing(services) as session:
        row = session.scalar(select(SavedViewRow).where(SavedViewRow.owner == owner, SavedViewRow.name == name))
        if row is not None:
            session.delete(row)
            audit.record(session, at=services.clock(), type=EventType.VIEW_REMOVED, actor=owner)


def saved_views(services: Services, owner: str) -> tuple[SavedView, ...]:
    with reading(services) as session:
        rows = session.scalars(select(SavedViewRow).where(SavedViewRow.owner == owner).order_by(SavedViewRow.name))
        return tuple(SavedView(name=row.name, query=row.query) for row in rows)


def _lock_first(session: Session, wanted: WorkFilter, actor: str, now: datetime, after: _Key | None) -> CaseRow | None:
    free = and_(
        or_(CaseRow.claim_until.is_(None), CaseRow.claim_until <= now),
        or_(CaseRow.proposed_by.is_(None), CaseRow.proposed_by != actor),
    )
    queries = [_ordered(_narrowed(state, wanted, now).where(free), after).limit(1) for state in wanted.states]
    # the states are asked in the order of their first cases; a case another is just taking is passed over
    heads: list[tuple[_Key, int]] = []
    for place, query in enumerate(queries):
        head = session.scalar(query)
        if head is not None:
            heads.append((_key(head), place))
    for _, place in sorted(heads):
        locked = queries[place].with_for_update(skip_locked=True).execution_options(populate_existing=True)
        case = session.scalar(locked)
        if case is not None:
            return case
    return None


def _narrowed(state: CaseState, wanted: WorkFilter, now: datetime) -> Select[CaseRow]:
    query = select(CaseRow).where(CaseRow.state == state)
    conditions: list[ColumnElement[bool]] = []
    if wanted.batch:
        conditions.append(CaseRow.batch == wanted.batch)
    if wanted.route is not None:
        conditions.append(CaseRow.route == wanted.route)
    if wanted.rule:
        # correlated, so that the queue's index is walked and each case looked up in the findings' index
        has = select(FindingRow.id).where(
            FindingRow.open, FindingRow.rule == wanted.rule, FindingRow.case_id == CaseRow.id
        )
        conditions.append(has.exists())
    if wanted.severity is not None:
        conditions.append(CaseRow.gravity == Severity.REFUSE_GROUND.rank - wanted.severity.rank)
    if wanted.claimed_by:
        conditions.append(CaseRow.claimed_by == wanted.claimed_by)
    if wanted.older_than_days is not None:
        conditions.append(CaseRow.submitted_at <= now - timedelta(days=wanted.older_than_days))
    if wanted.number:
        conditions.append(CaseRow.application_no.startswith(wanted.number, autoescape=True))
    return query.where(*conditions)


def _ordered(query: Select[CaseRow], after: _Key | None) -> Select[CaseRow]:
    if after is not None:
        query = query.where(tuple_(CaseRow.due_on, CaseRow.gravity, CaseRow.id) > after)
    return query.order_by(CaseRow.due_on, CaseRow.gravity, CaseRow.id)


def _key(row: CaseRow) -> _Key:
    return (row.due_on or _NO_DUE, row.gravity, row.id)


def _finding_counts(session: Session, rows: Iterable[CaseRow]) -> Mapping[int, int]:
    ids = [row.id for row in rows]
    if not ids:
        return {}
    found = session.execute(
        select(FindingRow.case_id, func.count())
        .where(FindingRow.case_id.in_(ids), FindingRow.current)
        .group_by(FindingRow.case_id)
    )
    return {row[0]: row[1] for row in found}


def _item(row: CaseRow, findings: int, today: date) -> WorkItem:
    graded = row.gravity < NOTHING_FOUND
    return WorkItem(
        application_no=row.application_no,
        applicant=mask_name(form_of(row).applicant.name),
        batch=row.batch,
        route=row.route,
        state=row.state,
        outcome=row.outcome,
        worst=list(Severity)[Severity.REFUSE_GROUND.rank - row.gravity] if graded else None,
        findings=findings,
        round=row.round,
        due_on=row.due_on,
        workdays_left=None if row.due_on is None else workdays_left(today, row.due_on),
        submitted_at=row.submitted_at,
        claimed_by=row.claimed_by,
        must_open=row.must_open,
        proposed_by=row.proposed_by,
    )


def _write_cursor(key: _Key) -> str:
    text = f"w1:{key[0].isoformat()}:{key[1]}:{key[2]}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> _Key:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        kind, due, gravity, row_id = text.split(":")
        if kind != "w1" or len(row_id) > 18:
            raise ValueError(kind)
        return date.fromisoformat(due), int(gravity), int(row_id)
    except (ValueError, binascii.Error):
        raise InputError("request.invalid", where="cursor", why="不是本接口给出的游标") from None


def shown_states(wanted: Sequence[CaseState]) -> tuple[CaseState, ...]:
    """Those of `wanted` that are the reviewers' business, else what the machine sends them."""
    return tuple(state for state in wanted if state in QUEUES) or TO_CHECK
