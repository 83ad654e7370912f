"""Cases advised `pass`, signed off several at a time by a person: what was drawn must have been opened by them first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from schemas.case import CaseState, DecisionAction
from schemas.events import EventType
from verifier.errors import InputError, StateError
from verifier.services import review
from verifier.services.cases import find_case
from verifier.services.context import Services, reading
from verifier.store.tables import EventRow

AT_ONCE = 50


@dataclass(frozen=True)
class Signed:
    """What became of each case: its state after the sign-off, or the code of what stood in the way."""

    done: tuple[tuple[str, CaseState], ...]
    refused: tuple[tuple[str, str], ...]


def sign_off(services: Services, numbers: Sequence[str], actor: str) -> Signed:
    """Accept each of `numbers`, on its own: one that cannot be accepted leaves the others alone.

    Raises InputError request.invalid for more than fifty.
    """
    if len(numbers) > AT_ONCE:
        raise InputError("request.invalid", where="numbers", why=f"一次最多 {AT_ONCE} 件")
    done: list[tuple[str, CaseState]] = []
    refused: list[tuple[str, str]] = []
    for number in dict.fromkeys(numbers):
        try:
            done.append((number, _sign(services, number, actor)))
        except (InputError, StateError) as error:
            refused.append((number, error.code))
    return Signed(done=tuple(done), refused=tuple(refused))


def was_opened(services: Services, application_no: str, actor: str) -> bool:
    """Whether this person opened the case since it was advised."""
    with reading(services) as session:
        case = find_case(session, application_no)
        if case.advised_at is None:
            return False
        opened = select(EventRow.seq).where(
            EventRow.application_no == application_no,
            EventRow.type == EventType.CASE_VIEWED,
            EventRow.actor == actor,
            EventRow.at >= case.advised_at,
        )
        return session.scalar(opened.limit(1)) is not None


def _sign(services: Services, number: str, actor: str) -> CaseState:
    with reading(services) as session:
        case = find_case(session, number)
        state, must_open = case.state, case.must_open
    if state is not CaseState.ADVISED_PASS:
        raise StateError("case.locked", state=state.value)
    if must_open and not was_opened(services, number, actor):
        raise StateError("case.must_be_opened")
    review.claim(services, number, actor)
    return review.decide(services, number, DecisionAction.ACCEPT, actor, whole=True).state
