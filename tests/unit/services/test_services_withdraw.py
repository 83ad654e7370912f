"""A case taken back: nothing of it is read, nobody decides on it, and what was under way comes to nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from schemas.case import AttemptState, CaseState, DecisionAction, DocumentState
from tests.support.cases import NO, SLOTS, advised, draft, send_all, submitted
from tests.support.factories import ID_CARD, picture, read_of
from verifier.errors import StateError
from verifier.services import process, queries, reconcile, review, submit
from verifier.services.context import Services, reading, writing
from verifier.services.withdraw import withdraw
from verifier.store.tables import AttemptRow, CaseRow


def states(services: Services) -> list[str]:
    with reading(services) as session:
        return [row.state.value for row in session.scalars(select(AttemptRow).order_by(AttemptRow.document_id))]


def test_queued_and_running_attempts_are_cancelled_and_a_late_reading_changes_nothing(services: Services) -> None:
    submitted(services)
    first, *_ = send_all(services)
    work = process.begin(services, first, "worker-1")
    assert work is not None
    withdraw(services, NO, "importer")
    assert states(services) == ["cancelled"] * len(SLOTS)
    assert not process.finish(services, first, read_of(work.slot)).accepted
    assert process.fail(services, first, "engine.crashed", True) == process.FailureOutcome()
    view = queries.case_view(services, NO)
    assert view.state == CaseState.WITHDRAWN
    assert {document.state for document in view.documents} == {DocumentState.UPLOADED}
    assert view.result is None


def test_nothing_of_it_is_sent_begun_or_reopened(services: Services) -> None:
    submitted(services)
    first, *_ = send_all(services)
    withdraw(services, NO, "importer")
    assert process.begin(services, first, "worker-1") is None
    assert reconcile.replace_killed(services, "worker-1") == 0
    assert states(services) == ["cancelled"] * len(SLOTS)


def test_an_attempt_that_escaped_is_cancelled_by_who_begins_it(services: Services) -> None:
    """Its row was held by somebody else at the moment of withdrawing."""
    submitted(services)
    first, *_ = send_all(services)
    with writing(services) as session:
        session.scalars(select(CaseRow)).one().state = CaseState.WITHDRAWN
    assert process.begin(services, first, "worker-1") is None
    with reading(services) as session:
        row = session.get_one(AttemptRow, first)
        assert (row.state, row.lease_until) == (AttemptState.CANCELLED, None)
        assert row.finished_at is not None
        assert row.document.state == DocumentState.UPLOADED


def test_twice_is_once(services: Services) -> None:
    draft(services)
    withdraw(services, NO, "importer")
    with reading(services) as session:
        version = session.scalars(select(CaseRow)).one().version
    withdraw(services, NO, "importer")
    with reading(services) as session:
        assert session.scalars(select(CaseRow)).one().version == version


def test_a_claim_ends_and_nothing_more_is_uploaded_submitted_or_decided(services: Services) -> None:
    advised(services)
    review.claim(services, NO, "reviewer")
    withdraw(services, NO, "importer")
    with pytest.raises(StateError):
        review.decide(services, NO, DecisionAction.ACCEPT, "reviewer")
    with pytest.raises(StateError):
        submit.submit(services, NO, "importer")
    with pytest.raises(StateError):
        submit.put_document(services, NO, ID_CARD, [picture(9)], "importer")


def test_a_decided_case_cannot_be_withdrawn(services: Services) -> None:
    advised(services)
    for reviewer in ("reviewer", "reviewer-2"):
        review.claim(services, NO, reviewer)
        review.decide(services, NO, DecisionAction.NOT_ACCEPT, reviewer, ["不符合条件"])
    with pytest.raises(StateError) as error:
        withdraw(services, NO, "importer")
    assert error.value.code == "case.locked"
