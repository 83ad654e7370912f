"""The correction notice (补正通知): drafted from what was confirmed, edited by a person, sent with the decision to return."""

from __future__ import annotations

from datetime import date

from schemas.finding import Severity
from schemas.review import Notice, NoticeItem
from verifier.services import deadlines
from verifier.services.context import Services
from verifier.services.findings import FindingView, ReviewView
from verifier.services.queries import CaseView


def draft(review: ReviewView) -> tuple[NoticeItem, ...]:
    """One item for each confirmed finding of the applicant's concern, in the applicant's words. When nothing was confirmed
    yet, for each that was not dismissed either: the person strikes out what is not so.
    """
    graver = [item for item in review.findings if item.finding.severity.rank >= Severity.CORRECT.rank]
    confirmed = [item for item in graver if item.stands]
    chosen = confirmed or [item for item in graver if item.decision is None]
    items = dict.fromkeys(_item(item) for item in chosen)
    return tuple(items)


def answer_by(services: Services, view: CaseView) -> date:
    """The last day to answer a notice that goes out now. Raises InputError case.unknown_batch."""
    days = services.load_batch(view.batch).correction_days
    return deadlines.to_answer(services.clock(), days)


def notice_of(services: Services, view: CaseView, items: tuple[NoticeItem, ...]) -> Notice:
    """The notice of these items. Raises pydantic's ValidationError for none."""
    return Notice(items=items, answer_by=answer_by(services, view))


def _item(view: FindingView) -> NoticeItem:
    finding = view.finding
    return NoticeItem(rule=finding.rule, slot=finding.document, field=finding.field, text=finding.message[:500])
