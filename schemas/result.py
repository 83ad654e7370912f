"""The result of a case, as programs receive it (CONTRACT.md section 2)."""

from __future__ import annotations

from schemas.base import Model
from schemas.finding import Finding, Outcome
from schemas.reading import DocumentReading


class EngineInfo(Model):
    """Which engine read and which rules judged: `rules` is `<batch>@<version>`."""

    ocr: str
    rules: str


class Timings(Model):
    """Milliseconds of wall clock; `ocr` is the part spent in the engine."""

    total: int
    ocr: int


class CaseResult(Model):
    application_no: str
    outcome: Outcome
    documents: tuple[DocumentReading, ...]
    findings: tuple[Finding, ...]
    engine: EngineInfo
    timings_ms: Timings
