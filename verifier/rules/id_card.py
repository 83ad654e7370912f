"""The resident identity card: in date, and of the term its holder's age gives (identity card law Art. 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.compare.dates import LONG_TERM
from verifier.compare.ids import id_birth_date
from verifier.rules.days import day, years_between
from verifier.rules.facts import Facts
from verifier.rules.person import sound_number
from verifier.rules.rule import Hit, Rule

CARD = DocumentType.RESIDENT_ID_CARD
_CARDS = (DocumentType.RESIDENT_ID_CARD, DocumentType.HMT_RESIDENCE_PERMIT)


def _term_years(age: int) -> int | None:
    """Years a card issued at this age is good for; None for an open end."""
    if age < 16:
        return 5
    if age < 26:
        return 10
    return 20 if age < 46 else None


def _due_end(facts: Facts) -> str | None:
    """The end of validity that the start and the holder's age give, as the field is written; None when unknown."""
    start = day(facts.text(CARD, "valid_from"))
    number = sound_number(facts, CARD)
    if start is None or number is None:
        return None
    years = _term_years(years_between(id_birth_date(number), start))
    if years is None:
        return LONG_TERM
    try:
        return start.replace(year=start.year + years).isoformat()
    except ValueError:  # issued on 29 February and ending in a common year, or beyond the calendar
        return None


def term_fits(facts: Facts, slot: DocumentType) -> bool:
    """Whether the end of validity is the one that the start and the holder's age give: two readings confirm it."""
    due = _due_end(facts)
    return slot is CARD and due is not None and due == facts.text(slot, "valid_to")


def _ends(facts: Facts) -> Iterator[tuple[DocumentType, date]]:
    for slot in _CARDS:
        end = day(facts.text(slot, "valid_to"))
        if end is not None:
            yield slot, end


def _expired(facts: Facts) -> Iterator[Hit]:
    for slot, end in _ends(facts):
        if end < facts.today:
            yield Hit(slot, "valid_to", facts.today.isoformat(), end.isoformat())


def _expires_soon(facts: Facts) -> Iterator[Hit]:
    notice = timedelta(days=facts.batch.id_card_expiry_notice_days)
    for slot, end in _ends(facts):
        if facts.today <= end < facts.today + notice:
            yield Hit(slot, "valid_to", found=end.isoformat())


def _not_yet_valid(facts: Facts) -> Iterator[Hit]:
    for slot in _CARDS:
        start = day(facts.text(slot, "valid_from"))
        if start is not None and start > facts.today:
            yield Hit(slot, "valid_from", facts.today.isoformat(), start.isoformat())


def _term(facts: Facts) -> Iterator[Hit]:
    due, end = _due_end(facts), facts.text(CARD, "valid_to")
    if due is not None and end is not None and due != end:
        yield Hit(CARD, "valid_to", due, end)


RULES: tuple[Rule, ...] = (
    Rule(
        id="id_card.expired",
        title="身份证件已过有效期",
        legal_basis="《居民身份证法》第五条、第十一条;《教师资格条例》第十五条第一项",
        severity=Severity.CORRECT,
        documents=_CARDS,
        inputs=("*.valid_to", "application.submitted_on"),
        applicant_message="您的《{doc}》已过期,请上传有效期内的证件,或补充办证受理回执。",
        reviewer_message="《{doc}》有效期至 {b},提交日为 {a}。",
        check=_expired,
    ),
    Rule(
        id="id_card.expires_soon",
        title="身份证件即将到期",
        legal_basis="《居民身份证法》第五条、第十一条",
        severity=Severity.INFO,
        documents=_CARDS,
        inputs=("*.valid_to", "application.submitted_on", "batch.id_card_expiry_notice_days"),
        applicant_message="您的《{doc}》即将到期({b}),请及时换领。",
        reviewer_message="《{doc}》有效期至 {b},即将到期。",
        check=_expires_soon,
    ),
    Rule(
        id="id_card.not_yet_valid",
        title="身份证件有效期尚未开始",
        legal_basis="《居民身份证法》第五条",
        severity=Severity.REVIEW,
        documents=_CARDS,
        inputs=("*.valid_from", "application.submitted_on"),
        applicant_message="《{doc}》上的有效期起始日期晚于提交日期,请核对。",
        reviewer_message="《{doc}》有效期自 {b} 起,晚于提交日 {a}。",
        check=_not_yet_valid,
    ),
    Rule(
        id="id_card.term",
        title="身份证有效期限与发证年龄不符",
        legal_basis="《居民身份证法》第五条(16至25周岁十年,26至45周岁二十年,46周岁以上长期,未满16周岁五年)",
        severity=Severity.INFO,
        documents=(CARD,),
        inputs=("resident_id_card.valid_from", "resident_id_card.valid_to", "resident_id_card.id_number"),
        applicant_message="《{doc}》的有效期限将由系统记录,无需处理。",
        reviewer_message="《{doc}》有效期至 {b},按发证时年龄应至 {a},可能误读。",
        check=_term,
    ),
)
