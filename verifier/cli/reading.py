"""Reading case folders in this process: the same stages as the workers, without a queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schemas.document import DocumentType
from schemas.finding import Finding, Severity
from schemas.result import CaseResult
from verifier import pipeline
from verifier.cli.folder import CaseFolder
from verifier.errors import InputError
from verifier.ocr.engine import Engine
from verifier.ocr.paddle import PaddleEngine
from verifier.rules import batches
from verifier.sandbox import sandbox_of
from verifier.services.context import bounds_of, limits_of
from verifier.settings import Settings


def open_engine(settings: Settings) -> Engine:
    """The OCR engine inside this process, with the threads this machine has. Raises ModelsError."""
    return PaddleEngine(settings.models_dir, threads=settings.engine_threads)


def read_case(
    case: CaseFolder,
    engine: Engine,
    settings: Settings,
    step: Callable[[DocumentType], None],
    known: pipeline.Known | None = None,
) -> CaseResult:
    """Read every slot of a case and judge it; a file that cannot be used becomes a finding, not an end.

    `step` is called after each document. With `known`, papers that came with another person's case before are found.
    Raises InputError case.unknown_batch and EngineError.
    """
    batch = batches.load(case.application.batch, settings.batches_dir)
    reads: dict[DocumentType, pipeline.Read] = {}
    refused: list[Finding] = []
    for slot in case.application.documents:
        files = [pipeline.NamedFile(name, (case.path / name).read_bytes()) for name in slot.files]
        try:
            reads[slot.slot] = pipeline.read_document(
                slot.slot,
                files,
                engine,
                limits=limits_of(settings),
                page_deadline_s=settings.page_deadline_s,
                reader=sandbox_of(bounds_of(settings)),
            )
        except InputError as error:
            refused.append(refusal(slot.slot, error))
        step(slot.slot)
    if known is not None:
        met = known.meet(case.application, {slot: read.reading for slot, read in reads.items()})
        reads = {slot: replace(read, reading=met[slot]) for slot, read in reads.items()}
    return pipeline.judge_case(case.application, reads, batch, engine.name, extra=tuple(refused))


def refusal(slot: DocumentType, error: InputError) -> Finding:
    """A file that cannot be used, as a finding the applicant can mend."""
    return Finding(
        rule=pipeline.UNUSABLE_RULE,
        severity=Severity.CORRECT,
        document=slot,
        field="file",
        found=error.code,
        message=error.message + error.remedy,
        reviewer_message=error.message,
    )
