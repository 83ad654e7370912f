"""The applicant's rights: a copy of everything kept of an application, and asking for a correction (PIPL Art. 45, 46)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from schemas.events import EventType
from schemas.privacy import CorrectionRequest
from verifier.errors import InputError
from verifier.services import files, queries
from verifier.services.cases import current_documents, find_case, lock_case
from verifier.services.context import Services, reading, writing
from verifier.store import audit
from verifier.store.tables import CorrectionRow, seal_value

FIELD_MAX = 80
TEXT_MAX = 1000
PLACE = "corrections.said"


def ask_correction(services: Services, application_no: str, field: str, text: str, actor: str) -> None:
    """Record what somebody says is wrong, for the bureau to answer. Possible in every state: what was decided may be corrected too.

    Raises InputError case.not_found, request.invalid; StateError case.erased.
    """
    field, text = field.strip(), text.strip()
    for where, given, most in (("field", field, FIELD_MAX), ("text", text, TEXT_MAX)):
        if not 1 <= len(given) <= most:
            raise InputError("request.invalid", where=where, why=f"须为 1 到 {most} 字")
    with writing(services) as session:
        case = lock_case(session, application_no)
        now = services.clock()
        said = seal_value(case, {"field": field, "text": text}, PLACE)
        session.add(CorrectionRow(case_id=case.id, at=now, actor=actor, said_sealed=said))
        audit.record(session, at=now, type=EventType.CORRECTION_ASKED, actor=actor, application_no=application_no)


def corrections(services: Services, application_no: str) -> tuple[CorrectionRequest, ...]:
    """What was asked, oldest first. Raises InputError case.not_found."""
    with reading(services) as session:
        case = find_case(session, application_no)
        rows = session.scalars(
            select(CorrectionRow).where(CorrectionRow.case_id == case.id).order_by(CorrectionRow.id)
        ).all()
        said = [case.key.open(row.said_sealed, f"{PLACE}/{case.application_no}") for row in rows]
    return tuple(
        CorrectionRequest(field=words["field"], text=words["text"], actor=row.actor, at=row.at)
        for row, words in zip(rows, said, strict=True)
    )


def export(services: Services, application_no: str, actor: str) -> Iterator[bytes]:
    """A ZIP, part by part, of everything kept: what was stated, the files, what was read, the decisions, requests and events.

    What row 27 of the cross-check matrix keeps from applicants is left out. Nothing touches a disk in the open; one file is
    in memory at a time. Raises InputError case.not_found, StateError case.erased before the first part.
    """
    view = queries.without_suspicions(queries.case_view(services, application_no))
    happened = queries.events_of(services, application_no)
    asked = corrections(services, application_no)
    with writing(services) as session:
        case = find_case(session, application_no)
        key = case.key
        kept = [(file.name, file.stored) for row in current_documents(session, case) for file in row.files]
        audit.record(
            session,
            at=services.clock(),
            type=EventType.DATA_EXPORTED,
            actor=actor,
            application_no=application_no,
            details={"files": len(kept)},
        )
    whole = view.model_dump(mode="json")
    texts: dict[str, Any] = {
        "application.json": whole["form"],
        "read.json": whole["result"],
        "decisions.json": whole["decisions"],
        "corrections.json": [request.model_dump(mode="json") for request in asked],
        "events.json": [event.model_dump(mode="json") for event in happened],
    }

    def parts() -> Iterator[bytes]:
        out = _Pipe()
        with zipfile.ZipFile(out, "w") as archive:
            for name, content in texts.items():
                archive.writestr(name, json.dumps(content, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)
                yield out.taken()
            for name, stored in kept:
                archive.writestr(name, files.load(services, key, stored))
                yield out.taken()
        yield out.taken()

    return parts()


class _Pipe(io.RawIOBase):
    """What is written comes out in parts; a ZIP needs not go back in it."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        held, self._held = b"".join(self._held), []
        return held
