"""`/operations`: is the queue healthy, will the work be done in time, what goes wrong most; and the levers beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Response
from fastapi.responses import RedirectResponse

from schemas.base import Model
from schemas.case import AttemptState
from schemas.document import TITLES_ZH
from verifier.errors import CODES, InputError, StateError, VerifierError
from verifier.rules.catalogue import RULES
from verifier.services import alarms, attempts, disk, holds, machinery, retries
from verifier.services import forecast as forecasts
from verifier.services import overview as overviews
from verifier.services import stats as statistics
from verifier.services.access import Action, reach_of
from verifier.services.context import Services
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.charts import Bars, bars
from verifier.web.pages.forms import TEXT_MAX, persons_form
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/operations", include_in_schema=False)

Reader = Annotated[Person, Depends(Allowed(Action.STATS))]
Operator = Annotated[Person, Depends(Allowed(Action.OPERATE))]
Text = Annotated[str, Form(max_length=TEXT_MAX)]

ROWS = 50
CURSOR_MAX = 120


@dataclass(frozen=True)
class Failure:
    """A reason for which documents could not be read within the last day, and how many of them a retry would still help."""

    code: str
    title: str
    count: int
    retryable: int


@dataclass(frozen=True)
class Notice:
    """An alarm in words, with the paragraph of the handbook it leads to."""

    text: str
    remedy: str
    tone: str


@dataclass(frozen=True)
class Figures:
    """Everything the page and its tables show, of one moment."""

    stats: statistics.Stats
    queues: Sequence[machinery.QueueView]
    workers: Sequence[machinery.WorkerView]
    overview: overviews.Overview
    forecast: forecasts.Forecast
    alarms: Sequence[alarms.Alarm]


@router.get("")
def running(services: ServicesDep, visitor: Reader) -> Response:
    """The dashboard. Its levers are there for those who may move them."""
    return _page(services, visitor)


def _page(services: Services, visitor: Person, error: VerifierError | None = None) -> Response:
    now = _figures(services)
    return persons_form(
        "running.html",
        error=error,
        visitor=visitor,
        operates=reach_of(visitor, Action.OPERATE) is not None,
        now=now,
        notices=[_notice(alarm) for alarm in now.alarms],
        chart=_chart(now.stats),
        failures=_failures(services, now.stats),
        rules=[(rule_title(each.rule), each) for each in now.overview.rules],
        spans=(("过去一小时", now.stats.last_hour), ("过去一天", now.stats.last_day)),
        words=words,
        tables=TABLES,
    )


def _figures(services: Services) -> Figures:
    stats = statistics.stats(services)
    queues = machinery.queues(services)
    overview = overviews.overview(services)
    return Figures(
        stats=stats,
        queues=queues,
        workers=machinery.workers(services),
        overview=overview,
        forecast=forecasts.forecast(stats),
        alarms=alarms.alarms(stats, queues, overview.due, disk.used(services)),
    )


def rule_title(rule: str) -> str:
    """What a rule is called; its id where the catalogue does not know it any more."""
    return RULES[rule].title if rule in RULES else rule


def _chart(stats: statistics.Stats) -> Bars:
    minutes = stats.throughput.minutes
    return bars(
        [each.documents for each in minutes],
        [f"{words.clock_time(each.start)}:{each.documents} 份" for each in minutes],
    )


def _failures(services: Services, stats: statistics.Stats) -> list[Failure]:
    codes = sorted(stats.last_day.errors.items(), key=lambda item: (-item[1], item[0]))
    return [
        Failure(code, _reason(code), count, retries.preview(services, code).matched if code in CODES else 0)
        for code, count in codes
    ]


def _reason(code: str) -> str:
    """What an administrator does about it: the remedy, which has no details to fill in."""
    return CODES[code].remedy if code in CODES else code


_NOTICES: Mapping[alarms.AlarmKind, tuple[str, str, str]] = {
    alarms.AlarmKind.NO_WORKERS: (
        "{queue}有 {amount} 份材料在等,却没有处理进程",
        "启动处理进程,或恢复已停用的。",
        "bad",
    ),
    alarms.AlarmKind.OLDEST_AGE: ("{queue}最久的一份已等 {age}", "增加处理进程,或查看是否有进程卡住。", "warn"),
    alarms.AlarmKind.DEAD_LETTERS: (
        "过去一天有 {amount} 份材料多次读取失败,已转人工",
        "在下方按原因查看,原因消除后重试。",
        "warn",
    ),
    alarms.AlarmKind.QUEUE_PAUSED: ("{queue}已暂停,{amount} 份材料在等", "处理完毕后恢复队列。", "warn"),
    alarms.AlarmKind.DISK: ("磁盘已用 {amount}%", "腾出空间,或执行到期删除。", "bad"),
    alarms.AlarmKind.CLOCK: ("{amount} 件申请已超过法定时限", "请审核人员优先办理。", "bad"),
}


def _notice(alarm: alarms.Alarm) -> Notice:
    text, remedy, tone = _NOTICES[alarm.kind]
    queue = words.QUEUES.get(alarm.subject, alarm.subject)
    return Notice(text.format(queue=queue, amount=alarm.amount, age=words.seconds(alarm.amount)), remedy, tone)


@router.get("/attempts")
def browse(
    services: ServicesDep,
    visitor: Operator,
    code: Annotated[str | None, Query(max_length=attempts.CODE_MAX)] = None,
    state: AttemptState | None = AttemptState.DEAD,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX)] = None,
) -> Response:
    """Attempts of one state and reason, newest first: what went wrong with which document."""
    page = attempts.list_attempts(services, state=state, error_code=code, cursor=cursor, limit=ROWS)
    query = {"state": state.value if state else None, "code": code, "cursor": page.next_cursor}
    return persons_form(
        "attempts.html",
        visitor=visitor,
        page=page,
        state=state,
        states=(AttemptState.DEAD, AttemptState.FAILED, AttemptState.QUEUED, AttemptState.RUNNING, AttemptState.DONE),
        code=code,
        reason=None if code is None else _reason(code),
        next_href="/operations/attempts?" + urlencode({name: value for name, value in query.items() if value}),
        words=words,
        titles=TITLES_ZH,
    )


@router.post("/attempts/{attempt_id}/retry")
def retry(attempt_id: str, services: ServicesDep, visitor: Operator) -> Response:
    """One document again."""
    try:
        retries.retry(services, attempt_id, visitor.name)
    except (InputError, StateError) as error:
        return _page(services, visitor, error)
    return _back()


@router.post("/retry")
def retry_all(services: ServicesDep, visitor: Operator, code: Text = "") -> Response:
    """All documents that were given up for one reason; the page said how many."""
    try:
        retries.retry_all(services, code, visitor.name)
    except InputError as error:
        return _page(services, visitor, error)
    return _back()


@router.post("/queues/{queue}/pause")
def pause(queue: str, services: ServicesDep, visitor: Operator, why: Text = "") -> Response:
    """Nothing of the queue is begun any more."""
    try:
        holds.pause(services, queue, visitor.name, why.strip())
    except InputError as error:
        return _page(services, visitor, error)
    return _back()


@router.post("/queues/{queue}/resume")
def resume(queue: str, services: ServicesDep, visitor: Operator) -> Response:
    """Lets a paused queue go on."""
    try:
        holds.resume(services, queue, visitor.name)
    except InputError as error:
        return _page(services, visitor, error)
    return _back()


@router.post("/workers/{worker}/drain")
def drain(worker: str, services: ServicesDep, visitor: Operator) -> Response:
    """The worker ends after its present job."""
    try:
        holds.drain(services, worker, visitor.name)
    except InputError as error:
        return _page(services, visitor, error)
    return _back()


@router.post("/workers/{worker}/resume")
def resume_worker(worker: str, services: ServicesDep, visitor: Operator) -> Response:
    """Lets a drained worker's place be filled again."""
    try:
        holds.resume_worker(services, worker, visitor.name)
    except InputError as error:
        return _page(services, visitor, error)
    return _back()


def _back() -> Response:
    return RedirectResponse("/operations", status_code=303)


TABLES: Mapping[str, str] = {
    "throughput": "每分钟读完",
    "queues": "队列",
    "workers": "处理进程",
    "durations": "用时",
    "failures": "失败原因",
    "reviewers": "审核人员",
    "rules": "待处理的发现",
}
"""What can be downloaded, by the name in its address."""


@router.get("/{table}.csv")
def download(table: str, services: ServicesDep, _visitor: Reader) -> Response:
    """The numbers behind a table of the page. Raises InputError request.not_found for one there is not."""
    if table not in TABLES:
        raise InputError("request.not_found")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows(_rows(table, services))
    return Response(
        # programs of an office take a file without the mark for another encoding
        content=("\ufeff" + text.getvalue()).encode(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{table}.csv"'},
    )


def _rows(table: str, services: Services) -> list[list[object]]:
    if table == "queues":
        return _records(machinery.QueueView, machinery.queues(services))
    if table == "workers":
        return _records(machinery.WorkerView, machinery.workers(services))
    if table in ("reviewers", "rules"):
        overview = overviews.overview(services)
        if table == "rules":
            return _records(overviews.RuleCount, overview.rules)
        return _records(overviews.ReviewerFigures, overview.reviewers)
    stats = statistics.stats(services)
    if table == "throughput":
        return _records(statistics.Minute, stats.throughput.minutes)
    rows: list[list[object]]
    if table == "failures":
        rows = [[code, count] for code, count in sorted(stats.last_day.errors.items())]
        return [["error_code", "attempts"], *rows]
    rows = [
        [span.hours, name, each.count, each.p50, each.p95, each.p99]
        for span in (stats.last_hour, stats.last_day)
        for name, each in (("wait", span.wait_ms), ("run", span.run_ms))
    ]
    return [["hours", "measure", "count", "p50_ms", "p95_ms", "p99_ms"], *rows]


def _records(kind: type[Model], items: Sequence[Model]) -> list[list[object]]:
    """A head of field names and a row an item."""
    names = list(kind.model_fields)
    return [names, *([item.model_dump(mode="json")[name] for name in names] for item in items)]
