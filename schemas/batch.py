"""A batch (批次): everything that differs by district or season, so that no rule is code (DOMAIN.md section 7)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field, model_validator

from schemas.application import Route
from schemas.base import Model, Share
from schemas.document import DocumentType
from schemas.finding import Severity


class Requirement(StrEnum):
    """How a kind of evidence is treated: not looked at, checked when uploaded, or asked of everybody."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Hospital(Model):
    """A designated hospital and the other names it goes by on seals and forms."""

    name: str
    aliases: tuple[str, ...] = ()


class ExamSettings(Model):
    window_start: date
    window_end: date
    valid_days: int = Field(gt=0)


class InsuranceSettings(Model):
    months: int = Field(ge=0)
    """Consecutive insured months asked for."""
    printed_within_days: int = Field(gt=0)
    posting_lag_months: int = Field(default=2, ge=1, le=6)
    """The run of months may end this many months before the print-out (contributions are posted late)."""
    city: str = "广州市"


class RetentionSettings(Model):
    """Days until what is kept of a case is deleted, counted from its last change (DOMAIN 5.9). The bureau states them in its notice."""

    draft_days: int = Field(default=30, gt=0)
    """Never handed in."""
    closed_days: int = Field(default=240, gt=0)
    """Not accepted, denied, withdrawn or expired: 60 days for a review, then six months for a suit."""
    approved_days: int = Field(default=1095, gt=0)
    """Recognised: until the archive has taken it over."""
    working_days: int = Field(default=90, gt=0)
    """Earlier revisions of documents, once the case is decided."""


class RequiredSlot(Model):
    """A slot a route asks for, and on what ground (administrative licensing law Art. 31: nothing unrelated)."""

    slots: tuple[DocumentType, ...] = Field(min_length=1)
    """Any one of these answers it."""
    legal_basis: str


class RuleSwitch(Model):
    """A batch may silence a rule or change how severe it is."""

    enabled: bool = True
    severity: Severity | None = None


class Range(Model):
    low: float
    high: float


class Batch(Model):
    code: str
    version: int = Field(gt=0)
    title: str
    district_code: str = Field(pattern=r"^\d{6}$")
    district_name: str
    city_name: str
    province_name: str
    window_start: date
    window_end: date
    exam: ExamSettings
    insurance: InsuranceSettings
    employment_evidence: Requirement
    hospitals: tuple[Hospital, ...]
    schools: tuple[str, ...]
    required: dict[Route, tuple[RequiredSlot, ...]]
    employment_issued_within_days: int = Field(default=90, gt=0)
    id_card_expiry_notice_days: int = Field(default=0, ge=0)
    permit_expiry_notice_days: int = Field(default=30, ge=0)
    """The applicant is told when the residence permit lapses within these days (yearly endorsement)."""
    confidence_threshold: Share = 0.80
    """A decisive field read with less, and confirmed by nothing else, is shown to a person."""
    second_look_share: Share = 0.05
    """Of the cases advised `pass`, how many need a second person however the first decides: drawn by lot."""
    opened_share: Share = 0.10
    """Of the cases advised `pass`, how many cannot be signed off in a list but must be opened: drawn by lot."""
    correction_days: int = Field(default=10, gt=0)
    """Working days an applicant has to answer a correction notice."""
    alert_ranges: dict[str, Range] = Field(default_factory=dict)
    """Numbers outside these contradict a conclusion of 合格; the doctor decides, the machine only points."""
    retention: RetentionSettings = RetentionSettings()
    rules: dict[str, RuleSwitch] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _windows_in_order(self) -> Batch:
        if self.window_end < self.window_start or self.exam.window_end < self.exam.window_start:
            raise ValueError("结束日期不能早于开始日期")
        return self
