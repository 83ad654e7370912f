"""Words of the applicant's rights and of looking closer: why a plain value was shown, what somebody says is wrong."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import Model


class UnmaskReason(StrEnum):
    """Why somebody must see one plain value. A closed list: what people type would put personal data into the chain of events."""

    COMPARE = "compare"
    """Comparing with the original."""
    CONTACT = "contact"
    """Reaching the applicant."""
    SYSTEMS = "systems"
    """Looking it up in another system of the bureau."""
    APPEAL = "appeal"
    """A complaint, a review or a suit."""
    CORRECTION = "correction"
    """The applicant asked for a correction."""


class CorrectionRequest(Model):
    """What the applicant says is wrong (PIPL Art. 46). It is personal."""

    field: str = Field(max_length=80)
    text: str = Field(min_length=1, max_length=1000)
    actor: str
    at: datetime
