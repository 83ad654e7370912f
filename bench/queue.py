"""What the queue costs beside the reading: `python -m bench.queue [--documents 90] [--engine stub|real] [--part …]`.

overhead    One worker, a full queue. The time from one document's end to the next one's, less what reading it took by its own
            clock, is dequeue, fork, SQL and bookkeeping; sending it to the queue is added. Beside it, in the same run, plain rq
            with a job that does nothing, before and after.
throughput  Cases of three documents a minute with one and two units, with an engine that takes 200 ms a page, or the real one.
sweeps      A relay's pass and a reconciler's sweep with 1,000 open attempts beside 10,000 and 100,000 finished ones, on SQLite
            and PostgreSQL.

Everything runs in folders of its own on a Valkey of its own.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, func, insert, select

from schemas.application import Route
from schemas.case import AttemptState, CaseState, DocumentState
from schemas.document import DocumentType
from schemas.reading import Line
from tests.support.broker import open_broker
from tests.support.house import SLOTS, House, ending, open_house
from tests.support.postgres import open_postgres
from tests.support.waiting import wait_until
from verifier import logs
from verifier.cli import demo
from verifier.ocr.engine import Image, Recognition
from verifier.ocr.host import PADDLE_FACTORY
from verifier.services import reconcile
from verifier.services.context import Services, reading
from verifier.settings import load_settings
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow, OutboxRow
from verifier.supervise import Stop, stop_on_signals
from workers import queues, relay, unit
from workers.reconciler import Jobs, sweep_once

PAGE_S = 0.2
PLAIN = "plain"
OPEN = 1_000
FINISHED = (10_000, 100_000)
PASSES = 15
WARM = 5
"""Documents at the start that are not counted."""
AGES_S = 1800.0


class Instant:
    """An engine that finds one line at once."""

    wait_s = 0.0

    def __init__(self, _models: Path, *, threads: int) -> None:
        self._threads = threads

    @property
    def name(self) -> str:
        return "none"

    def read(self, _image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:  # noqa: ARG002
        time.sleep(self.wait_s)
        return (Line(text="居民身份证", score=0.99, box=((10, 10), (90, 10), (90, 30), (10, 30))),)

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:  # noqa: ARG002
        return tuple(Recognition(text="", score=0.0) for _ in crops)


class Fixed(Instant):
    """The same after 200 ms."""

    wait_s = PAGE_S


def nothing() -> None:
    """The job of plain rq."""


def run_unit(number: int, units: int, factory: str) -> None:
    """A unit of reading as a process of its own."""
    settings = load_settings()
    logs.configure(settings, part="unit")
    unit.run(settings, ("bulk",), unit=f"bench{number}", units=units, stop=stop_on_signals(), factory=factory)


@contextmanager
def units(house: House, count: int, factory: str) -> Iterator[None]:
    """So many units at work."""
    with ExitStack() as stack:
        for number in range(count):
            command = ("-m", "bench.queue", "--unit", str(number), "--units", str(count), "--factory", factory)
            stack.enter_context(ending(house.popen(*command)))
        wait_until(lambda: living(house) >= count, within_s=120.0, what="the units are ready")
        yield


def living(house: House) -> int:
    from verifier.services import process

    return len(process.living_workers(house.services))


def sent_all(house: House) -> float:
    """Relay until nothing waits; seconds it took."""
    began = time.perf_counter()
    while house.relay():
        pass
    return time.perf_counter() - began


def gaps_ms(moments: Sequence[datetime]) -> list[float]:
    """Between each and the next, without the warm-up."""
    ordered = sorted(moments)
    return [(after - before) / timedelta(milliseconds=1) for before, after in zip(ordered[WARM:], ordered[WARM + 1 :])]  # noqa: B905


def plain_ms(url: str, jobs: int) -> list[float]:
    """From one end to the next of jobs that do nothing, by a stock worker on one queue."""
    with queues.connect(url) as connection:
        queue = Queue(PLAIN, connection=connection, serializer=JSONSerializer)
        ids = [queue.enqueue("bench.queue.nothing").id for _ in range(jobs)]
        subprocess.run([sys.executable, "-m", "bench.queue", "--plain", url], check=True)
        done = Job.fetch_many(ids, connection=connection, serializer=JSONSerializer)
        return gaps_ms([job.ended_at.replace(tzinfo=UTC) for job in done if job is not None and job.ended_at])


def work_plain(url: str) -> None:
    connection = Redis.from_url(url)
    queue = Queue(PLAIN, connection=connection, serializer=JSONSerializer)
    Worker([queue], connection=connection, serializer=JSONSerializer, log_job_description=False).work(
        burst=True, logging_level="ERROR"
    )


def overhead(documents: int) -> None:
    cases = max(4, documents // len(SLOTS))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        broker = stack.enter_context(open_broker())
        with open_house(Path(folder), broker.url, models_dir=folder) as house:
            before = plain_ms(broker.url, documents)
            for number in range(cases):
                house.submitted(f"HD2026B{number:06d}")
            sending_ms = sent_all(house) * 1000 / (cases * len(SLOTS))
            with units(house, 1, "bench.queue:Instant"):
                wait_until(lambda: all_done(house.services), within_s=AGES_S, what="everything is read")
            after = plain_ms(broker.url, documents)
            with reading(house.services) as session:
                rows = session.execute(
                    select(
                        AttemptRow.id,
                        AttemptRow.started_at,
                        AttemptRow.finished_at,
                        AttemptRow.run_ms,
                        DocumentRow.total_ms,
                    )
                    .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
                    .order_by(AttemptRow.finished_at)
                ).all()
            stages = stages_ms(broker.url, rows)
    gaps = gaps_ms([row.finished_at for row in rows])
    ours = [gap - row.total_ms for gap, row in zip(gaps, rows[WARM + 1 :], strict=True)]
    plain = statistics.median(before + after)
    mine = statistics.median(ours) + sending_ms
    print(f"\n| {'per document':<44} | median ms |\n|---|---|")
    for what, value in (
        ("plain rq, a job that does nothing", plain),
        ("ours, less the reading itself", mine),
        ("of it: sending (relay, outbox, enqueue)", sending_ms),
        *((f"of it: {name}", value) for name, value in stages.items()),
        ("ours over plain rq", mine - plain),
    ):
        print(f"| {what:<44} | {value:.1f} |")
    print(f"\n{len(ours)} documents, {len(before + after)} plain jobs", flush=True)


def stages_ms(url: str, rows: Sequence[Any]) -> dict[str, float]:
    """Where a document's time goes beside reading, from the clocks of rq and of the attempts; medians."""
    with queues.connect(url) as connection:
        found = Job.fetch_many(
            [queues.job_id(row.id) for row in rows], connection=connection, serializer=JSONSerializer
        )
    parts: dict[str, list[float]] = {}
    pairs = [(row, job) for row, job in zip(rows, found, strict=True) if job is not None]
    for (row, job), (_, after) in zip(pairs[WARM:], pairs[WARM + 1 :]):  # noqa: B905 - each with the next
        started, ended, following = (
            moment.replace(tzinfo=UTC) for moment in (job.started_at, job.ended_at, after.started_at)
        )
        for name, span in (
            ("horse's start to the attempt's beginning", row.started_at - started),
            (
                "begin to finish, less the reading",
                row.finished_at - row.started_at - timedelta(milliseconds=row.total_ms),
            ),
            ("finish to the job's end", ended - row.finished_at),
            ("job's end to the next horse's start", following - ended),
        ):
            parts.setdefault(name, []).append(span / timedelta(milliseconds=1))
    return {name: statistics.median(spans) for name, spans in parts.items()}


def all_done(services: Services) -> bool:
    with reading(services) as session:
        open = session.scalar(
            select(func.count())
            .select_from(AttemptRow)
            .where(AttemptRow.state.in_((AttemptState.QUEUED, AttemptState.RUNNING)))
        )
    return open == 0


def throughput(cases: int, engine: str) -> None:
    factory = PADDLE_FACTORY if engine == "real" else "bench.queue:Fixed"
    print(f"\n| units | cases a minute ({engine} engine) | documents a minute |\n|---|---|---|")
    for count in (1, 2):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, open_broker() as broker:
            models = {} if engine == "real" else {"models_dir": folder}
            with open_house(Path(folder), broker.url, **models) as house:
                if engine == "real":
                    demo.load(house.services, Path(folder) / "demo", Stop())
                else:
                    for number in range(cases):
                        house.submitted(f"HD2026B{number:06d}")
                with units(house, count, factory):
                    began = time.perf_counter()
                    sent_all(house)
                    wait_until(lambda house=house: all_done(house.services), within_s=AGES_S, what="everything is read")
                    minutes = (time.perf_counter() - began) / 60
                with reading(house.services) as session:
                    read = session.scalar(select(func.count()).select_from(DocumentRow)) or 0
                    handed_in = session.scalar(select(func.count()).select_from(CaseRow)) or 0
        print(f"| {count} | {handed_in / minutes:.1f} | {read / minutes:.1f} |", flush=True)


def sweeps() -> None:
    print(
        "\n| database | finished | relay, nothing waits | relay, 100 sent | sweep, 1,000 open |\n|---|---|---|---|---|"
    )
    with ExitStack() as stack:
        server = stack.enter_context(open_postgres())
        for kind in ("SQLite", "PostgreSQL"):
            for finished in FINISHED:
                with tempfile.TemporaryDirectory(prefix="bench-") as folder, open_broker() as broker:
                    changes = {"database_url": server.create()} if kind == "PostgreSQL" else {}
                    with open_house(Path(folder), broker.url, **changes) as house:
                        idle, busy, sweep = sweep_costs(house, finished)
                print(f"| {kind} | {finished:,} | {idle:.1f} ms | {busy:.1f} ms | {sweep:.1f} ms |", flush=True)


def sweep_costs(house: House, finished: int) -> tuple[float, float, float]:
    fill(house.services, finished)
    with queues.connect(house.redis_url) as connection:
        busy = [timed(lambda: relay.relay_once(house.services, connection)) for _ in range(OPEN // relay.BATCH)]
        idle = [timed(lambda: relay.relay_once(house.services, connection)) for _ in range(PASSES)]
        # every job was sent so long ago that it is looked for
        later = replace(house.services, clock=lambda: datetime.now(UTC) + timedelta(minutes=5))
        jobs = Jobs(later, connection)
        swept = [timed(lambda: sweep_once(later, jobs, "bench")) for _ in range(PASSES)]
        again = reconcile.sweep(later, jobs.live, "bench", later.clock())
        if again.lost or not again.leader:
            raise SystemExit("the sweep took jobs that wait for lost ones")
    return statistics.median(idle), statistics.median(busy), statistics.median(swept)


def timed(step: Callable[[], Any]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    step()
    return (time.perf_counter() - began) * 1000


def fill(services: Services, finished: int) -> None:
    """Rows of a site that works for long: `finished` attempts done and sent, OPEN queued and unsent."""
    now = datetime.now(UTC) - timedelta(seconds=1)
    count = finished + OPEN
    engine: Engine = services.sessions.kw["bind"]
    with engine.begin() as connection:
        for start in range(0, count, 5_000):
            numbers = range(start + 1, min(start + 5_000, count) + 1)
            done = {number: number <= finished for number in numbers}
            old = {number: now - timedelta(minutes=count - number) for number in numbers}
            at = {number: old[number] if done[number] else now for number in numbers}
            connection.execute(
                insert(CaseRow),
                [
                    {"id": n, "application_no": f"HD2026C{n:07d}", "batch": "2026-autumn", "route": Route.RESIDENCE_PERMIT,
                     "state": CaseState.ADVISED_PASS if done[n] else CaseState.READING, "version": 1,
                     "round": 0, "created_at": at[n], "updated_at": at[n], "submitted_at": at[n], "returned_slots": []}
                    for n in numbers
                ],
            )  # fmt: skip
            connection.execute(
                insert(DocumentRow),
                [
                    {"id": n, "case_id": n, "slot": DocumentType.RESIDENT_ID_CARD, "revision": 1, "current": True,
                     "state": DocumentState.READ if done[n] else DocumentState.QUEUED, "pages": [{}], "created_at": at[n]}
                    for n in numbers
                ],
            )  # fmt: skip
            connection.execute(
                insert(AttemptRow),
                [
                    {"id": f"a{n:08d}", "document_id": n, "no": 1, "queue": "bulk", "tries": int(done[n]),
                     "state": AttemptState.DONE if done[n] else AttemptState.QUEUED, "created_at": at[n],
                     "queued_at": at[n], "started_at": at[n] if done[n] else None,
                     "finished_at": at[n] if done[n] else None, "worker": "w" if done[n] else None}
                    for n in numbers
                ],
            )  # fmt: skip
            connection.execute(
                insert(OutboxRow),
                [
                    {
                        "attempt_id": f"a{n:08d}",
                        "queue": "bulk",
                        "created_at": at[n],
                        "sent_at": at[n] if done[n] else None,
                    }
                    for n in numbers
                ],
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.queue", description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("overhead", "throughput", "sweeps"), action="append")
    parser.add_argument("--documents", type=int, default=90)
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--engine", choices=("stub", "real"), default="stub")
    for hidden, kind in (("--unit", int), ("--units", int), ("--factory", str), ("--plain", str)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.plain:
        work_plain(given.plain)
        return
    if given.factory:
        run_unit(given.unit, given.units, given.factory)
        return
    parts = given.part or ["overhead", "throughput", "sweeps"]
    if "overhead" in parts:
        overhead(given.documents)
    if "throughput" in parts:
        throughput(given.cases, given.engine)
    if "sweeps" in parts:
        sweeps()


if __name__ == "__main__":
    main()
