"""How good the verifier is on a data set with truth: the scoring of CONTRACT.md, as pure functions and a sum.

A field is right only when its normalised value equals the truth (spaces inside addresses aside); a planted discrepancy is
caught when a finding of `correct` or above names the document (or the other one) and the field; a false flag is such a
finding in a case with nothing planted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from schemas.base import Model, Quad
from schemas.document import DocumentType
from schemas.finding import Finding, Outcome, Severity
from schemas.reading import InsuredRow, ReadField
from schemas.result import CaseResult
from schemas.truth import Planted, Truth

Value = str | tuple[InsuredRow, ...]
Key = tuple[DocumentType, str, str]
"""Document, field, capture."""


class Miss(Model):
    """A field that was not read as the truth has it."""

    case: str
    document: DocumentType
    capture: str
    field: str
    expected: Value
    found: Value | None
    raw: str | None = None
    confidence: float
    page: int | None = None
    """Page of the document, from 0, on which the value was found."""
    box: Quad | None = None


class SealMiss(Model):
    """A seal whose text was not read as the truth has it."""

    case: str
    document: DocumentType
    expected: str
    found: tuple[str, ...]
    boxes: tuple[tuple[int, Quad], ...]
    """Page and corners of every seal that was found."""


class Sureness(Model):
    """One reported field: how sure it was said to be, and whether it was right."""

    document: DocumentType
    field: str
    capture: str
    confidence: float
    right: bool


class Uncaught(Model):
    case: str
    planted: Planted


class FalseFlag(Model):
    case: str
    finding: Finding


BANDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.01)
BAND_NAMES = ("<0.3", "0.3-0.5", "0.5-0.6", "0.6-0.7", "0.7-0.8", "0.8-0.9", "0.9-0.95", "0.95-0.99", ">=0.99")
"""Bands of confidence, narrow where decisions lie."""


@dataclass
class Tally:
    """Running sums over the cases of a set."""

    right: Counter[Key] = field(default_factory=Counter)
    total: Counter[Key] = field(default_factory=Counter)
    extra: Counter[DocumentType] = field(default_factory=Counter)
    """Fields reported that the truth says the page does not show."""
    seals_right: Counter[DocumentType] = field(default_factory=Counter)
    seals_total: Counter[DocumentType] = field(default_factory=Counter)
    seal_misses: list[SealMiss] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    planted: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    uncaught: list[Uncaught] = field(default_factory=list)
    consistent: int = 0
    consistent_passed: int = 0
    false_flags: list[FalseFlag] = field(default_factory=list)
    outcomes: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    pages: int = 0
    cases: int = 0
    total_ms: int = 0
    ocr_ms: int = 0
    sureness: list[Sureness] = field(default_factory=list)

    @property
    def reliability(self) -> dict[str, tuple[int, int, float]]:
        """Of the fields said to be so sure: how many were right, how many there were, their mean confidence."""
        rows: dict[str, tuple[int, int, float]] = {}
        for (low, high), label in zip(pairwise(BANDS), BAND_NAMES, strict=True):
            inside = [item for item in self.sureness if low <= item.confidence < high]
            if inside:
                mean = sum(item.confidence for item in inside) / len(inside)
                rows[label] = (sum(item.right for item in inside), len(inside), round(mean, 4))
        return rows


def same_value(name: str, expected: Value, found: Value | None) -> bool:
    """Equal after normalisation; of addresses spaces are forgiven, nothing else."""
    if "address" in name and isinstance(expected, str) and isinstance(found, str):
        return expected.replace(" ", "") == found.replace(" ", "")
    return expected == found


def caught(planted: Planted, findings: tuple[Finding, ...]) -> bool:
    """Whether any finding of `correct` or above names the planted discrepancy."""
    documents = {planted.document, planted.other}
    names = {planted.field, *planted.field_any}
    return any(
        finding.severity.rank >= Severity.CORRECT.rank and finding.document in documents and finding.field in names
        for finding in findings
    )


def add_case(tally: Tally, case: str, result: CaseResult, truth: Truth) -> None:
    """Add one case to the sums; `case` is what reports call it."""
    tally.cases += 1
    tally.total_ms += result.timings_ms.total
    tally.ocr_ms += result.timings_ms.ocr
    tally.pages += sum(len(document.pages) for document in result.documents)
    readings = {document.slot: document for document in result.documents}
    for slot, fields in truth.documents.items():
        capture = truth.capture.get(slot, "print")
        read = readings[slot].fields if slot in readings else {}
        for name, expected in fields.items():
            _add_field(tally, case, slot, capture, name, expected, read.get(name))
        if fields:
            tally.extra[slot] += len(read.keys() - fields.keys())
    for slot, text in truth.seals.items():
        seals = readings[slot].seals if slot in readings else ()
        tally.seals_total[slot] += 1
        if text in [seal.text for seal in seals]:
            tally.seals_right[slot] += 1
            continue
        tally.seal_misses.append(
            SealMiss(
                case=case,
                document=slot,
                expected=text,
                found=tuple(seal.text for seal in seals),
                boxes=tuple((seal.page, seal.box) for seal in seals),
            )
        )
    for planted in truth.planted:
        tally.planted[planted.kind] += 1
        if caught(planted, result.findings):
            tally.caught[planted.kind] += 1
        else:
            tally.uncaught.append(Uncaught(case=case, planted=planted))
    if not truth.planted:
        tally.consistent += 1
        tally.consistent_passed += result.outcome is Outcome.PASS
        tally.false_flags.extend(
            FalseFlag(case=case, finding=finding)
            for finding in result.findings
            if finding.severity.rank >= Severity.CORRECT.rank
        )
    if truth.expected_outcome is not None:
        tally.outcomes[truth.expected_outcome, result.outcome] += 1


def _add_field(
    tally: Tally, case: str, slot: DocumentType, capture: str, name: str, expected: Value, read: ReadField | None
) -> None:
    found = read.value if read is not None else None
    right = same_value(name, expected, found)
    tally.total[slot, name, capture] += 1
    tally.right[slot, name, capture] += right
    if read is not None:
        tally.sureness.append(
            Sureness(document=slot, field=name, capture=capture, confidence=read.confidence, right=right)
        )
    if right:
        return
    tally.misses.append(
        Miss(
            case=case,
            document=slot,
            capture=capture,
            field=name,
            expected=expected,
            found=found,
            raw=read.raw if read is not None else None,
            confidence=read.confidence if read is not None else 0.0,
            page=read.page if read is not None else None,
            box=read.box if read is not None else None,
        )
    )
