"""The stages in order, from bytes to advice: the one place where intake, imaging, OCR, extraction and rules meet."""

from __future__ import annotations

from verifier.pipeline.case import UNUSABLE_RULE, judge_case
from verifier.pipeline.document import NamedFile, Read, measure_capture, read_document
from verifier.pipeline.lookalikes import Known, Marks, marks_of, person_of, resemblances, with_signals

__all__ = [
    "UNUSABLE_RULE",
    "Known",
    "Marks",
    "NamedFile",
    "Read",
    "judge_case",
    "marks_of",
    "measure_capture",
    "person_of",
    "read_document",
    "resemblances",
    "with_signals",
]
