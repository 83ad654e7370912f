"""The stages in order, from bytes to advice: the one place where intake, imaging, OCR, extraction and rules meet."""

from __future__ import annotations

from verifier.pipeline.case import UNUSABLE_RULE, judge_case
from verifier.pipeline.document import NamedFile, Read, measure_capture, read_document

__all__ = ["UNUSABLE_RULE", "NamedFile", "Read", "judge_case", "measure_capture", "read_document"]
