"""What people say about single findings, and the correction notice they send."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from schemas.base import Model
from schemas.document import DocumentType


class FindingAction(StrEnum):
    """What a person makes of one finding."""

    CONFIRM = "confirm"
    """It is as the machine says."""
    DISMISS = "dismiss"
    """It is not so; needs a reason."""
    CORRECT = "correct"
    """The machine misread: the value as a person reads it is kept beside the machine's."""


ITEM_TEXT_MAX = 500
"""Characters of one item of a notice."""


class NoticeItem(Model):
    """One thing the applicant is asked to mend, in words they understand."""

    rule: str
    slot: DocumentType
    field: str
    text: str = Field(min_length=1, max_length=ITEM_TEXT_MAX)


class Notice(Model):
    """补正通知: everything at once (administrative licensing law Art. 32), to be answered by the end of `answer_by`."""

    items: tuple[NoticeItem, ...] = Field(min_length=1)
    answer_by: date
