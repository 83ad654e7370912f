"""What everybody did, for the auditor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from schemas.events import EventType
from verifier.services import events
from verifier.services.access import Action
from verifier.web.auth import Allowed, Person
from verifier.web.openapi import refusals
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/api/v1", tags=["events"])

CURSOR_MAX = 120
NAME_MAX = 80
NUMBER_MAX = 40


@router.get("/events", summary="列出事件", openapi_extra=refusals("request.invalid"))
def browse(
    services: ServicesDep,
    _who: Annotated[Person, Depends(Allowed(Action.AUDIT))],
    type: EventType | None = None,
    actor: Annotated[str | None, Query(max_length=NAME_MAX)] = None,
    application_no: Annotated[str | None, Query(max_length=NUMBER_MAX)] = None,
    since: Annotated[AwareDatetime | None, Query(description="From this moment on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this moment.")] = None,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX, description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=events.PAGE_MAX)] = 50,
) -> events.EventPage:
    """Pages of events, newest first, with their place in the chain. They hold names of accounts, codes and counts."""
    which = events.Which(type, actor, application_no, since, until)
    return events.list_events(services, which, cursor, limit)
