"""The reconciler: what the queue, a worker or a reviewer dropped is picked up again."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from sqlalchemy import select

from schemas.case import AttemptState, CaseState, DocumentState
from schemas.events import EventType
from tests.support.cases import NO, in_review, read_all, send_all, state_of, submitted
from tests.support.factories import Clock, read_of, with_settings
from tests.support.threads import together
from verifier.errors import QueueError
from verifier.services import outbox, process, queries, reconcile, review
from verifier.services.context import Services, reading
from verifier.services.reconcile import Swept
from verifier.store.tables import AttemptRow, LeaseRow


def none_alive(attempt_ids: Collection[str]) -> set[str]:
    return set()


def all_alive(attempt_ids: Collection[str]) -> set[str]:
    return set(attempt_ids)


def sweep(services: Services, clock: Clock, live: object = none_alive, owner: str = "reconciler-1") -> Swept:
    return reconcile.sweep(services, live, owner, clock.now)


def attempts(services: Services) -> list[tuple[int, int, str, int]]:
    with reading(services) as session:
        rows = session.scalars(select(AttemptRow).order_by(AttemptRow.document_id, AttemptRow.no))
        return [(row.document_id, row.no, row.state.value, row.tries) for row in rows]


def test_a_queue_that_was_flushed_loses_nothing(services: Services, clock: Clock) -> None:
    submitted(services)
    send_all(services)
    clock.tick(minutes=2)
    assert sweep(services, clock) == Swept(leader=True, lost=3)
    assert attempts(services) == [
        (document, no, state, 0) for document in (1, 2, 3) for no, state in ((1, "lost"), (2, "queued"))
    ]
    read_all(services)
    assert state_of(services) == CaseState.ADVISED_PASS
    events = [event.type for event in queries.events_of(services, NO)]
    assert events.count(EventType.ATTEMPT_LOST) == 3


def test_a_job_that_still_waits_is_left_alone(services: Services, clock: Clock) -> None:
    submitted(services)
    send_all(services)
    clock.tick(hours=5)
    assert sweep(services, clock, all_alive) == Swept(leader=True)


def test_an_attempt_queued_a_moment_ago_is_left_alone(services: Services, clock: Clock) -> None:
    submitted(services)
    send_all(services)
    clock.tick(seconds=services.settings.queued_grace_s - 1)
    assert sweep(services, clock) == Swept(leader=True)


def test_what_the_relay_has_not_sent_is_the_relays_business(services: Services, clock: Clock) -> None:
    submitted(services)
    outbox.take(services, 10)
    clock.tick(hours=5)
    assert sweep(services, clock) == Swept(leader=True)


def test_grace_counts_from_the_sending(services: Services, clock: Clock) -> None:
    submitted(services)
    clock.tick(hours=5)
    send_all(services)
    assert sweep(services, clock) == Swept(leader=True)
    clock.tick(minutes=2)
    assert sweep(services, clock).lost == 3


def test_a_worker_that_fell_silent_is_replaced(services: Services, clock: Clock) -> None:
    submitted(services)
    first = send_all(services)[0]
    process.begin(services, first, "worker-1")
    clock.tick(seconds=services.settings.lease_s - 1)
    assert sweep(services, clock, all_alive) == Swept(leader=True)
    clock.tick(seconds=1)
    assert sweep(services, clock, all_alive) == Swept(leader=True, expired=1)
    assert attempts(services)[:2] == [(1, 1, "lost", 1), (1, 2, "queued", 1)]
    assert queries.case_view(services, NO).documents[0].state == DocumentState.QUEUED
    # the silent worker wakes up: its reading is dropped, the second attempt's counts
    assert not process.finish(services, first, read_of(name="甲")).accepted
    assert not process.renew_lease(services, first, "worker-1")
    (second,) = send_all(services)
    work = process.begin(services, second, "worker-2")
    assert work is not None
    assert work.tries == 2


def test_after_the_cap_of_tries_a_person_reads_the_document(services: Services, clock: Clock) -> None:
    few = with_settings(services, max_tries=2)
    submitted(services)
    first, *rest = send_all(services)
    for attempt_id in rest:
        process.begin(services, attempt_id, "worker-1")
        process.finish(services, attempt_id, read_of())
    process.begin(services, first, "worker-1")
    clock.tick(minutes=3)
    assert sweep(few, clock).expired == 1
    (second,) = send_all(services)
    process.begin(services, second, "worker-1")
    clock.tick(minutes=3)
    assert sweep(few, clock) == Swept(leader=True, dead=1)
    assert attempts(services)[:2] == [(1, 1, "lost", 1), (1, 2, "dead", 2)]
    view = queries.case_view(services, NO)
    assert view.state == CaseState.NEEDS_REVIEW
    assert (view.documents[0].state, view.documents[0].error_code) == (DocumentState.NOT_READ, "worker.lost")


def test_a_retry_whose_job_vanished_is_reopened_with_the_error_it_was_for(services: Services, clock: Clock) -> None:
    submitted(services)
    first, *rest = send_all(services)
    process.begin(services, first, "worker-1")
    process.fail(services, first, "engine.timeout", transient=True)

    def others_alive(attempt_ids: Collection[str]) -> set[str]:
        return set(rest)

    clock.tick(hours=5)
    assert sweep(services, clock, others_alive) == Swept(leader=True), "unsent: the relay's business"
    assert send_all(services) == (first,)
    clock.tick(seconds=services.settings.queued_grace_s - 1)
    assert sweep(services, clock, others_alive) == Swept(leader=True)
    clock.tick(seconds=1)
    assert sweep(services, clock, others_alive) == Swept(leader=True, lost=1)
    assert attempts(services)[:2] == [(1, 1, "lost", 1), (1, 2, "queued", 1)]
    with reading(services) as session:
        assert session.scalar(select(AttemptRow.error_code).where(AttemptRow.id == first)) == "engine.timeout"


def test_one_process_sweeps_at_a_time(services: Services, clock: Clock) -> None:
    assert sweep(services, clock).leader
    assert not sweep(services, clock, owner="reconciler-2").leader
    clock.tick(seconds=3 * services.settings.sweep_every_s)
    assert sweep(services, clock, owner="reconciler-2").leader


def test_sweepers_at_once_reopen_each_attempt_once(services: Services, clock: Clock) -> None:
    submitted(services)
    send_all(services)
    clock.tick(minutes=2)
    answers = together([lambda n=n: sweep(services, clock, owner=f"reconciler-{n}") for n in range(4)])
    assert sum(answer.leader for answer in answers) == 1
    assert sum(answer.lost for answer in answers) == 3
    assert len(attempts(services)) == 6


def test_a_queue_that_is_down_stops_only_what_needs_it(services: Services, clock: Clock) -> None:
    def down(attempt_ids: Collection[str]) -> set[str]:
        raise QueueError("queue.unavailable")

    submitted(services)
    first = send_all(services)[0]
    process.begin(services, first, "worker-1")
    clock.tick(minutes=3)
    with pytest.raises(QueueError):
        sweep(services, clock, down)
    assert attempts(services)[0] == (1, 1, AttemptState.LOST.value, 1)
    assert attempts(services)[2] == (2, 1, AttemptState.QUEUED.value, 0)


def test_a_claim_that_ran_out_goes_back_to_the_queue(services: Services, clock: Clock) -> None:
    in_review(services)
    clock.tick(minutes=29)
    assert sweep(services, clock) == Swept(leader=True)
    clock.tick(minutes=1)
    assert sweep(services, clock) == Swept(leader=True, claims_lapsed=1)
    assert state_of(services) == CaseState.ADVISED_PASS
    assert sweep(services, clock) == Swept(leader=True)
    assert review.claim(services, NO, "reviewer-2").holder == "reviewer-2"


def test_leases_of_processes_long_gone_are_forgotten(services: Services, clock: Clock) -> None:
    process.beat(services, "worker-1", "bulk")
    clock.tick(days=2)
    sweep(services, clock)
    with reading(services) as session:
        assert session.scalars(select(LeaseRow.name)).all() == [reconcile.LEADER]
