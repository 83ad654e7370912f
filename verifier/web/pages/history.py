"""`/review/{application_no}/history`: everything that happened to a case, before and after of what was handed in again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Response

from schemas.document import FIELDS, TITLES_ZH
from verifier.rules.catalogue import RULES
from verifier.rules.titles import FIELD_TITLES_ZH, show
from verifier.services import queries, record
from verifier.services.access import Action
from verifier.services.record import Revision
from verifier.web.api.applications import ApplicationNo
from verifier.web.api.review import attachment
from verifier.web.auth import Allowed, Person
from verifier.web.packet_pdf import packet_pdf
from verifier.web.pages import words
from verifier.web.pages.comparing import Piece, marked
from verifier.web.pages.masking import SentenceMask, mask_value
from verifier.web.pages.rendering import render
from verifier.web.pages.timeline import timeline
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/review/{application_no}", include_in_schema=False)


@dataclass(frozen=True)
class Change:
    """A field of a document before and after it was handed in again."""

    title: str
    before: str
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Mended:
    title: str
    revision: int
    changes: tuple[Change, ...]


@router.get("/history")
def history(
    application_no: ApplicationNo,
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.INSPECT))],
) -> Response:
    """The case from its first day on, masked."""
    view = queries.case_view(services, application_no)
    sentence = SentenceMask(view)
    return render(
        "history.html",
        visitor=visitor,
        view=view,
        applicant=mask_value("name", view.form.applicant.name),
        state=words.STATES[view.state],
        happenings=timeline(queries.events_of(services, application_no)),
        mended=[_mended(before, after) for before, after in record.resubmissions(services, application_no)],
        decisions=[
            {
                "action": words.ACTIONS[decision.action],
                "actor": decision.actor,
                "at": decision.at,
                "reasons": [RULES[item].title if item in RULES else sentence(item) for item in decision.reasons],
                "note": sentence(decision.note),
            }
            for decision in view.decisions
        ],
    )


@router.post("/packet")
def packet(
    application_no: ApplicationNo,
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.EXPORT))],
    form: Annotated[Literal["pdf", "json"], Form()] = "pdf",
) -> Response:
    """The case packet as a file. Making it is an event, so it is a form and no link."""
    made = record.packet(services, application_no, visitor.name)
    headers = attachment(f"{application_no}.{form}")
    if form == "json":
        return Response(made.model_dump_json(indent=1), media_type="application/json", headers=headers)
    return Response(packet_pdf(services, made, visitor), media_type="application/pdf", headers=headers)


def _mended(before: Revision, after: Revision) -> Mended:
    names = dict.fromkeys((*FIELDS[after.slot], *before.values, *after.values))
    changes = []
    for name in names:
        old, new = before.values.get(name), after.values.get(name)
        if old != new:
            changes.append(_change(name, old, new))
    return Mended(TITLES_ZH[after.slot], after.revision, tuple(changes))


def _change(name: str, old: str | None, new: str | None) -> Change:
    before = "—" if old is None else mask_value(name, show(name, old))
    if new is None:
        pieces: tuple[Piece, ...] = (Piece("—"),)
    else:
        full, shown = show(name, new), mask_value(name, show(name, new))
        pieces = (
            marked(full, show(name, old or ""), shown) if len(full) == len(shown) else (Piece(shown, differs=True),)
        )
    return Change(FIELD_TITLES_ZH.get(name, name), before, pieces)
