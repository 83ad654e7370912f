"""Short ways to bring a case to a state, through the use cases only."""

from __future__ import annotations

from schemas.case import CaseState, DecisionAction
from schemas.document import DocumentType
from tests.support.factories import EXAM, ID_CARD, PERMIT, form, picture, read_of
from verifier.services import files, outbox, process, queries, review, submit
from verifier.services.cases import current_documents, find_case
from verifier.services.context import Services, reading

NO = "HD2026A000123"
SLOTS = (ID_CARD, EXAM, PERMIT)


def draft(services: Services, number: str = NO) -> str:
    submit.create_application(services, form(application_no=number), "importer")
    return number


def filled(services: Services, number: str = NO, slots: tuple[DocumentType, ...] = SLOTS) -> str:
    """A draft with one file in each slot."""
    draft(services, number)
    for position, slot in enumerate(slots):
        submit.put_document(services, number, slot, [picture(position)], "importer")
    return number


def submitted(services: Services, number: str = NO) -> str:
    filled(services, number)
    submit.submit(services, number, "importer")
    return number


def send_all(services: Services) -> tuple[str, ...]:
    """What a relay does: every waiting attempt's id, marked sent."""
    messages = outbox.take(services, 1000)
    outbox.mark_sent(services, [message.id for message in messages])
    return tuple(message.attempt_id for message in messages)


def read_all(services: Services) -> None:
    """What workers do: begin and finish every waiting attempt."""
    for attempt_id in send_all(services):
        work = process.begin(services, attempt_id, "worker-1")
        assert work is not None
        process.finish(services, attempt_id, read_of(work.slot))


def advised(services: Services, number: str = NO) -> str:
    submitted(services, number)
    read_all(services)
    return number


def in_review(services: Services, number: str = NO, reviewer: str = "reviewer-1") -> str:
    advised(services, number)
    review.claim(services, number, reviewer)
    return number


def returned(services: Services, *slots: DocumentType, number: str = NO) -> str:
    """A case whose `slots` are asked for again."""
    in_review(services, number)
    review.decide(services, number, DecisionAction.RETURN, "reviewer-1", ["照片模糊"], slots=slots)
    return number


def state_of(services: Services, number: str = NO) -> CaseState:
    return queries.case_view(services, number).state


def contents(services: Services, number: str = NO) -> list[bytes]:
    """What was sent into the slots of a case, opened, in order."""
    with reading(services) as session:
        case = find_case(session, number)
        rows = [file for document in current_documents(session, case) for file in document.files]
        return [files.load(services, case.key, row.stored) for row in rows]
