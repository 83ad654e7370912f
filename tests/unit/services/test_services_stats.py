"""Statistics against the same numbers counted by hand."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from schemas.case import AttemptState, CaseState
from tests.support.cases import NO, send_all, submitted
from tests.support.factories import START, Clock, read_of
from verifier.services import process, stats
from verifier.services.context import Services, reading, writing
from verifier.store.tables import AttemptRow, DocumentRow


def test_an_empty_house(services: Services) -> None:
    report = stats.stats(services)
    assert report.queues == ()
    assert report.attempts == {}
    assert report.last_hour.wait_ms == stats.Percentiles(count=0, p50=None, p95=None, p99=None)
    assert report.throughput.per_minute == 0
    assert len(report.throughput.minutes) == 60
    assert report.workers == ()


def test_a_queue_at_work(services: Services, clock: Clock) -> None:
    submitted(services, f"{NO}-0")
    clock.tick(seconds=90)
    submitted(services, f"{NO}-1")
    assert stats.stats(services).outbox_unsent == 6
    ids = send_all(services)
    process.begin(services, ids[0], "worker-1")
    process.begin(services, ids[1], "worker-1")
    clock.tick(seconds=4)
    process.finish(services, ids[1], read_of())
    process.begin(services, ids[2], "worker-2")
    process.fail(services, ids[2], "engine.timeout", transient=True)
    report = stats.stats(services)
    (bulk,) = report.queues
    assert (bulk.name, bulk.depth, bulk.delayed, bulk.running) == ("bulk", 3, 1, 1)
    assert bulk.oldest_age_s == 4
    assert report.attempts == {AttemptState.QUEUED: 4, AttemptState.RUNNING: 1, AttemptState.DONE: 1}
    assert report.cases == {CaseState.READING: 1, CaseState.SUBMITTED: 1}
    assert report.last_hour.run_ms == stats.Percentiles(count=1, p50=4000, p95=4000, p99=4000)
    assert report.last_hour.wait_ms == stats.Percentiles(count=1, p50=90_000, p95=90_000, p99=90_000)
    assert [(worker.name, worker.alive, worker.running, worker.done) for worker in report.workers] == [
        ("worker-1", False, 1, 1),
        ("worker-2", False, 0, 0),
    ]
    assert report.outbox_unsent == 0


def test_errors_are_counted_by_code(services: Services, clock: Clock) -> None:
    submitted(services)
    for attempt_id, code in zip(send_all(services), ("file.broken", "file.broken", "file.encrypted"), strict=True):
        process.begin(services, attempt_id, "worker-1")
        process.fail(services, attempt_id, code, transient=False)
    report = stats.stats(services)
    assert report.last_hour.errors == {"file.broken": 2, "file.encrypted": 1}
    assert report.last_hour.attempts == {AttemptState.FAILED: 3}
    clock.tick(hours=2)
    report = stats.stats(services)
    assert report.last_hour.errors == {}
    assert report.last_day.errors == {"file.broken": 2, "file.encrypted": 1}


def test_throughput_by_the_minute(services: Services, clock: Clock) -> None:
    submitted(services)
    for attempt_id, seconds in zip(send_all(services)[:2], (59.9, 0.2), strict=True):
        process.begin(services, attempt_id, "worker-1")
        clock.tick(seconds=seconds)
        process.finish(services, attempt_id, read_of())
    clock.now = START + timedelta(minutes=30, seconds=5)
    report = stats.stats(services)
    counts = {minute.start: minute.documents for minute in report.throughput.minutes if minute.documents}
    assert counts == {START: 1, START + timedelta(minutes=1): 1}
    assert [minute.start for minute in report.throughput.minutes][-1] == START + timedelta(minutes=30)
    assert report.throughput.per_minute == round(2 / 60, 3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(waits=st.lists(st.integers(0, 5000), min_size=1, max_size=40))
def test_percentiles_are_nearest_rank(services: Services, waits: list[int]) -> None:
    with writing(services) as session:
        session.execute(delete(AttemptRow).where(AttemptRow.id.startswith("w")))
        document = session.scalar(select(DocumentRow.id).limit(1))
    if document is None:
        submitted(services)
        with writing(services) as session:
            document = session.scalars(select(DocumentRow.id).limit(1)).one()
    with writing(services) as session:
        for number, wait in enumerate(waits, start=100):
            session.add(
                AttemptRow(
                    id=f"w{number}",
                    document_id=document,
                    no=number,
                    state=AttemptState.DONE,
                    queue="bulk",
                    tries=1,
                    created_at=START,
                    queued_at=START,
                    finished_at=START,
                    wait_ms=wait,
                )
            )
    ordered = sorted(waits)

    def by_hand(percent: int) -> int:
        return ordered[math.ceil(len(ordered) * percent / 100) - 1]

    found = stats.stats(services).last_hour.wait_ms
    assert found == stats.Percentiles(count=len(waits), p50=by_hand(50), p95=by_hand(95), p99=by_hand(99))
    with reading(services) as session:
        assert session.scalar(select(AttemptRow.id).where(AttemptRow.id == "w100")) == "w100"


def test_the_hot_questions_use_an_index(services: Services) -> None:
    if services.sessions.kw["bind"].dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by how full the tables are; these are empty")
    plans = {
        "lapsed leases": "SELECT id FROM attempts WHERE state = 'running' AND lease_until <= 'x'",
        "overdue": "SELECT id FROM attempts WHERE state = 'queued' AND queued_at <= 'x' ORDER BY queued_at",
        "window": "SELECT wait_ms FROM attempts WHERE finished_at > 'x'",
        "workers": "SELECT worker FROM attempts WHERE started_at > 'x' AND worker IS NOT NULL",
        "waiting": "SELECT id FROM outbox WHERE queue = 'x' AND sent_at IS NULL ORDER BY turn, id LIMIT 10",
        "unsent": "SELECT count(*) FROM outbox WHERE sent_at IS NULL",
        "attempts": "SELECT id FROM attempts ORDER BY created_at DESC, id DESC LIMIT 51",
        "dead": "SELECT id FROM attempts WHERE state = 'dead' ORDER BY created_at DESC, id DESC LIMIT 51",
        "reason": "SELECT id FROM attempts WHERE error_code = 'x' ORDER BY created_at DESC, id DESC LIMIT 51",
        "cases by state": "SELECT id FROM cases WHERE state = 'draft' ORDER BY id DESC LIMIT 51",
        "lapsed claims": "SELECT id FROM cases WHERE claim_until <= 'x'",
        "documents of a case": "SELECT id FROM documents WHERE case_id = 1 AND current",
        "events of a case": "SELECT seq FROM events WHERE application_no = 'x' ORDER BY seq",
        "a token": "SELECT id FROM tokens WHERE sha256 = 'x'",
    }
    with reading(services) as session:
        for name, statement in plans.items():
            rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
            steps = [str(row[-1]) for row in rows]
            assert all("USING" in step and "INDEX" in step for step in steps), (name, steps)
            assert not any("TEMP B-TREE" in step for step in steps), (name, steps)
