"""Answers an applicant gave so far: kept sealed at every step, one set for each account, until they make an application.

Two tabs fill the same draft: each step changes its own answers only. The number is drawn once and kept with the draft, so that
pressing twice makes one application.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas.batch import Batch, RetentionSettings
from verifier.errors import InputError, StateError
from verifier.rules import batches
from verifier.services import deadlines, submit
from verifier.services.answers import Answers, cleaned, first_unfinished, form_of
from verifier.services.context import Services, reading, writing
from verifier.services.sealing import Use, seal, unseal
from verifier.store.people_tables import DraftRow

KEPT = timedelta(days=RetentionSettings().draft_days)
"""How long untouched answers are kept: as long as a batch keeps drafts unless it says otherwise."""


@dataclass(frozen=True)
class Draft:
    """Answers by question. `number` and `day` are set once somebody asked for an application to be made of them."""

    answers: Answers = field(default_factory=dict)
    saved_at: datetime | None = None
    number: str | None = None
    day: date | None = None


def open_batch(services: Services) -> Batch:
    """The batch one may apply to today; between two windows the one that ends last. Raises ConfigError."""
    today = deadlines.today(services.clock())
    known = [services.load_batch(code) for code in batches.available(services.batches_dir)]
    return max(known, key=lambda batch: (batch.window_start <= today <= batch.window_end, batch.window_end))


def load(services: Services, account_id: int) -> Draft:
    """An account's draft; an empty one when there is none. Raises StorageError."""
    with reading(services) as session:
        return _opened(services, session.get(DraftRow, account_id))


def save(services: Services, account_id: int, given: Answers) -> Draft:
    """Keep answers, replacing those to the same questions; unknown ones are dropped. Raises StorageError."""
    try:
        return _save(services, account_id, given)
    except IntegrityError:
        # another tab kept its first answer at the same moment: now the row is there
        return _save(services, account_id, given)


def discard(services: Services, account_id: int) -> None:
    """Forget an account's answers."""
    with writing(services) as session:
        session.execute(delete(DraftRow).where(DraftRow.account_id == account_id))


def finish(services: Services, account_id: int, actor: str, owner_id: int | None) -> str | None:
    """Make the application of an account's answers, and forget them; its number. None when there are no answers (any more).

    Doing it twice at once makes one. Raises InputError request.invalid for answers that are not whole, StorageError.
    """
    batch = open_batch(services)
    while True:
        draft = _numbered(services, account_id, batch)
        if draft is None or draft.number is None or draft.day is None:
            return None
        form = form_of(draft.answers, batch, draft.day).model_copy(update={"application_no": draft.number})
        try:
            submit.create_application(services, form, actor, owner_id)
        except StateError:
            # the number is another application's: draw again
            _forget_number(services, account_id)
            continue
        discard(services, account_id)
        return draft.number


def forget_stale(services: Services) -> int:
    """Delete answers nobody touched for KEPT; how many accounts' they were."""
    before = services.clock() - KEPT
    with writing(services) as session:
        stale = session.scalars(select(DraftRow).where(DraftRow.updated_at <= before)).all()
        for row in stale:
            session.delete(row)
        return len(stale)


def _save(services: Services, account_id: int, given: Answers) -> Draft:
    with writing(services) as session:
        row = _locked(session, account_id)
        answers = {**_opened(services, row).answers, **cleaned(given)}
        return _keep(services, session, row, account_id, Draft(answers))


def _numbered(services: Services, account_id: int, batch: Batch) -> Draft | None:
    today = deadlines.today(services.clock())
    with writing(services) as session:
        row = _locked(session, account_id)
        if row is None:
            return None
        draft = _opened(services, row)
        if draft.number is not None:
            return draft
        if (step := first_unfinished(draft.answers, batch, today)) is not None:
            raise InputError("request.invalid", where=step, why="还没有填完")
        number = submit.new_number(services.clock(), services.new_id())
        return _keep(services, session, row, account_id, Draft(draft.answers, number=number, day=today))


def _forget_number(services: Services, account_id: int) -> None:
    with writing(services) as session:
        row = _locked(session, account_id)
        if row is not None:
            _keep(services, session, row, account_id, Draft(_opened(services, row).answers))


def _locked(session: Session, account_id: int) -> DraftRow | None:
    return session.scalar(select(DraftRow).where(DraftRow.account_id == account_id).with_for_update())


def _opened(services: Services, row: DraftRow | None) -> Draft:
    if row is None:
        return Draft()
    kept = json.loads(unseal(services, Use.DRAFT, row.sealed))
    if kept["account"] != row.account_id:
        # sealed for another account and moved here
        return Draft()
    day = kept["day"]
    return Draft(kept["answers"], row.updated_at, kept["number"], date.fromisoformat(day) if day else None)


def _keep(services: Services, session: Session, row: DraftRow | None, account_id: int, draft: Draft) -> Draft:
    now = services.clock()
    if row is None:
        row = DraftRow(account_id=account_id, created_at=now)
        session.add(row)
    kept = {
        "account": account_id,
        "answers": dict(draft.answers),
        "number": draft.number,
        "day": draft.day.isoformat() if draft.day else None,
    }
    row.sealed, row.updated_at = seal(services, Use.DRAFT, json.dumps(kept, ensure_ascii=False)), now
    session.flush()
    return Draft(draft.answers, now, draft.number, draft.day)
