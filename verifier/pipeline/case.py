"""A whole case: the rules run over all its readings, and the advice follows."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.application import Application
from schemas.batch import Batch
from schemas.document import DocumentType
from schemas.finding import Finding, advice
from schemas.result import CaseResult, EngineInfo, Timings
from verifier.pipeline.document import Read
from verifier.rules.engine import judge

UNUSABLE_RULE = "file.unusable"
"""A file that is broken, locked or no picture: the applicant sends it again."""


def judge_case(
    application: Application,
    reads: Mapping[DocumentType, Read],
    batch: Batch,
    engine_name: str,
    *,
    extra: tuple[Finding, ...] = (),
) -> CaseResult:
    """Run the batch's rules over the case. `extra` are findings from before the rules (files that were not read)."""
    readings = {slot: read.reading for slot, read in reads.items()}
    findings = (*extra, *judge(application, readings, batch, spoken_for=frozenset(f.document for f in extra)))
    ordered = tuple(sorted(findings, key=lambda finding: -finding.severity.rank))
    return CaseResult(
        application_no=application.application_no,
        outcome=advice(ordered),
        documents=tuple(readings.values()),
        findings=ordered,
        engine=EngineInfo(ocr=engine_name, rules=f"{batch.code}@{batch.version}"),
        timings_ms=Timings(
            total=sum(read.total_ms for read in reads.values()), ocr=sum(read.ocr_ms for read in reads.values())
        ),
    )
