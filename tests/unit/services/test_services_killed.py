"""What a worker held when its process for a job died, or the worker itself."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from sqlalchemy import select

from schemas.case import CaseState, DocumentState
from schemas.events import EventType
from tests.support.cases import NO, read_all, send_all, state_of, submitted
from tests.support.factories import Clock, read_of, with_settings
from tests.support.threads import together
from verifier.errors import StorageError
from verifier.services import outbox, process, queries, reconcile, stats
from verifier.services.context import Services, reading
from verifier.store.tables import AttemptRow, LeaseRow

WORKER = "unit1-bulk-1"


@pytest.fixture
def held(services: Services) -> str:
    """An attempt in the hands of WORKER."""
    submitted(services)
    first = send_all(services)[0]
    assert process.begin(services, first, WORKER) is not None
    return first


def attempts(services: Services) -> list[tuple[int, str, str | None, int]]:
    """Number, state, code and tries of the attempts at the first document."""
    with reading(services) as session:
        rows = session.scalars(select(AttemptRow).where(AttemptRow.document_id == 1).order_by(AttemptRow.no))
        return [(row.no, row.state.value, row.error_code, row.tries) for row in rows]


def test_it_is_replaced_at_once_although_its_lease_still_runs(services: Services, held: str) -> None:
    assert reconcile.replace_killed(services, WORKER) == 1
    assert attempts(services) == [(1, "lost", "worker.killed", 1), (2, "queued", None, 1)]
    assert outbox.unsent(services) == 1
    document = queries.case_view(services, NO).documents[0]
    assert document.state == DocumentState.QUEUED
    (lost,) = [event for event in queries.events_of(services, NO) if event.type == EventType.ATTEMPT_LOST]
    assert lost.details["code"] == "worker.killed"
    read_all(services)
    assert attempts(services)[1] == (2, "done", None, 2)


def test_only_what_the_dead_worker_held(services: Services, held: str) -> None:
    assert reconcile.replace_killed(services, "unit1-bulk-2") == 0
    assert attempts(services) == [(1, "running", None, 1)]


def test_what_was_finished_a_moment_before_stays_finished(services: Services, held: str) -> None:
    process.finish(services, held, read_of())
    assert reconcile.replace_killed(services, WORKER) == 0
    assert attempts(services) == [(1, "done", None, 1)]


def test_what_already_waits_for_its_next_try_stays_waiting(services: Services, held: str) -> None:
    process.fail(services, held, "engine.timeout", transient=True)
    assert reconcile.replace_killed(services, WORKER) == 0
    assert attempts(services) == [(1, "queued", "engine.timeout", 1)]


def test_killed_before_it_began_it_is_opened_anew_after_a_moment(services: Services, clock: Clock) -> None:
    submitted(services)
    first = send_all(services)[0]
    assert reconcile.replace_unbegun(services, first)
    assert not reconcile.replace_unbegun(services, first), "once"
    assert attempts(services) == [(1, "lost", "worker.killed", 0), (2, "queued", None, 0)]
    assert outbox.take(services, 100) == (), "a machine that kills everything is not asked again at once"
    clock.tick(seconds=process.BACKOFF_S[0])
    assert len(outbox.take(services, 100)) == 1


def test_what_is_begun_finished_or_not_sent_is_not_unbegun(services: Services, held: str) -> None:
    assert not reconcile.replace_unbegun(services, held)
    process.fail(services, held, "engine.timeout", transient=True)
    assert not reconcile.replace_unbegun(services, held), "its next try waits in the outbox"
    assert attempts(services) == [(1, "queued", "engine.timeout", 1)]


def test_a_process_that_outlived_its_death_notice_hands_in_nothing(services: Services, held: str) -> None:
    reconcile.replace_killed(services, WORKER)
    assert not process.renew_lease(services, held, WORKER)
    assert not process.finish(services, held, read_of()).accepted
    assert attempts(services)[1][1] == "queued"


def test_handler_parent_and_reconciler_together_replace_it_once(services: Services, held: str, clock: Clock) -> None:
    clock.tick(seconds=90)
    together(
        [
            lambda: reconcile.replace_killed(services, WORKER),
            lambda: reconcile.worker_ended(services, WORKER),
            lambda: reconcile.sweep(services, lambda ids: set(ids), "reconciler-1", clock.now).expired,
        ]
    )
    assert [entry[:2] for entry in attempts(services)] == [(1, "lost"), (2, "queued")]


def test_a_document_that_kills_whoever_reads_it_is_given_up(services: Services) -> None:
    strict = with_settings(services, max_tries=2)
    submitted(services)
    for _ in range(2):
        for message in outbox.take(services, 100):
            outbox.mark_sent(services, [message.id])
            process.begin(services, message.attempt_id, f"{WORKER}-{message.attempt_id}")
            reconcile.replace_killed(strict, f"{WORKER}-{message.attempt_id}")
    assert attempts(services) == [(1, "lost", "worker.killed", 1), (2, "dead", "worker.killed", 2)]
    assert state_of(services) == CaseState.NEEDS_REVIEW
    assert queries.case_view(services, NO).documents[0].error_code == "worker.killed"


@pytest.mark.parametrize("step", ["_reopen", "give_up"])
def test_dying_in_the_middle_leaves_it_for_the_reconciler(
    services: Services, held: str, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    cap = with_settings(services, max_tries=1 if step == "give_up" else 5)
    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(reconcile, step, Mock(side_effect=StorageError("database.unavailable")))
        reconcile.replace_killed(cap, WORKER)
    assert attempts(services) == [(1, "running", None, 1)], "all or nothing"
    clock.tick(seconds=90)
    swept = reconcile.sweep(cap, lambda ids: set(ids), "reconciler-1", clock.now)
    assert swept.expired + swept.dead == 1
    assert attempts(services)[0][2] == "worker.lost"


def test_a_worker_that_ended_is_no_longer_said_to_live(services: Services, held: str) -> None:
    process.beat(services, WORKER, "bulk")
    assert reconcile.worker_ended(services, WORKER) == 1
    assert not any(worker.alive for worker in stats.stats(services).workers)
    assert attempts(services)[0][1] == "lost"


def test_an_owner_that_resigns_lets_the_next_one_lead(services: Services, clock: Clock) -> None:
    def sweep(owner: str) -> bool:
        return reconcile.sweep(services, lambda ids: set(ids), owner, clock.now).leader

    assert sweep("reconciler-1")
    assert not sweep("reconciler-2")
    reconcile.resign(services, "reconciler-2")
    assert not sweep("reconciler-2"), "only one's own lead can be given back"
    reconcile.resign(services, "reconciler-1")
    assert sweep("reconciler-2")
    with reading(services) as session:
        assert session.scalars(select(LeaseRow.owner)).all() == ["reconciler-2"]
