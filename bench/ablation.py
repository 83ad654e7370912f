"""What each stage of the pipeline adds: fields right and seconds a page with the stage taken out, beside the whole.

    python -m bench.ablation SET [--cases N] [--without STAGE ...]

A stage is taken out by putting a function that does nothing in its place; the rest runs as always. "plain" is one OCR pass
over each page and nothing else of these stages: what it costs is the yardstick for the whole.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from schemas.truth import Truth
from verifier.cli.folder import CaseFolder, find_cases, open_case, open_truth
from verifier.cli.reading import open_engine, read_case
from verifier.cli.scoring import Tally, add_case
from verifier.errors import InputError
from verifier.imaging.rectify import Flat, unflattened
from verifier.intake import Image, decode
from verifier.ocr.engine import Engine
from verifier.ocr.timed import TimedEngine
from verifier.settings import Settings, load_settings


@dataclass(frozen=True)
class Stage:
    """A stage and what stands in for it: `module.name` is replaced by `instead`."""

    name: str
    replaced: tuple[tuple[str, str, Callable[..., Any]], ...]


def _as_captured(image: Image, *_: object, **__: object) -> Flat:
    return unflattened(image)


def _first(value: Any) -> Callable[..., Any]:
    return lambda *_args, **_kwargs: value


STAGES: tuple[Stage, ...] = (
    Stage("rectification", (("verifier.imaging.rectify", "flatten", _as_captured),)),
    Stage(
        "seal separation",
        (("verifier.pipeline.pages", "read_under_seals", lambda _image, lines, *_: lines),),
    ),
    Stage("second readings", (("verifier.pipeline.document", "confirm", lambda _kind, fields, *_: dict(fields)),)),
    Stage(
        "ruled tables",
        tuple(
            (f"verifier.extract.{module}", "cell_values", _first(None))
            for module in ("fields", "exam_sides", "medical_exam_form", "places", "signatures")
        ),
    ),
    Stage("second looks", (("verifier.extract.fields", "second_look", _first(None)),)),
)


@contextmanager
def without(stages: Sequence[Stage]) -> Iterator[None]:
    """The pipeline with `stages` taken out."""
    with ExitStack() as stack:
        for stage in stages:
            for place, name, instead in stage.replaced:
                stack.enter_context(patch.object(_find(place), name, instead))
        yield


def _find(place: str) -> Any:
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError:
        module, _, name = place.rpartition(".")
        return getattr(importlib.import_module(module), name)


def main() -> None:
    options = _options()
    settings = load_settings()
    engine = open_engine(settings)
    cases = [(open_case(path), open_truth(path)) for path in find_cases(options.folder)][: options.cases]
    runs: list[tuple[str, list[Stage]]] = [("everything", [])]
    chosen = [stage for stage in STAGES if not options.without or stage.name in options.without]
    runs += [(f"without {stage.name}", [stage]) for stage in chosen]
    runs.append(("plain", list(STAGES)))
    print(
        "| | fields right | seals right | planted caught | passed | s/page | of them OCR | times plain OCR | peak RSS MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    plain = _plain_pass(cases, engine)
    for name, stages in runs:
        with without(stages):
            tally = _run(cases, engine, settings)
        rss = psutil.Process().memory_info().rss / 1e6
        page, ocr = tally.total_ms / 1000 / tally.pages, tally.ocr_ms / 1000 / tally.pages
        print(
            f"| {name} | {tally.right.total()}/{tally.total.total()} | {tally.seals_right.total()}/{tally.seals_total.total()} "
            f"| {tally.caught.total()}/{tally.planted.total()} | {tally.consistent_passed}/{tally.consistent} "
            f"| {page:.2f} | {ocr:.2f} | {page / plain:.2f} | {rss:.0f} |",
            flush=True,
        )


def _run(cases: Sequence[tuple[CaseFolder, Truth]], engine: Engine, settings: Settings) -> Tally:
    tally = Tally()
    for case, truth in cases:
        add_case(tally, case.path.name, read_case(case, engine, settings, lambda _: None), truth)
    return tally


def _plain_pass(cases: Sequence[tuple[CaseFolder, Truth]], engine: Engine) -> float:
    """Seconds a page of one OCR pass over the picture as it came: decoding and nothing else beside it."""
    timed, seconds = TimedEngine(engine), list[float]()
    for case, _ in cases:
        for slot in case.application.documents:
            for name in slot.files:
                try:
                    pages = decode((case.path / name).read_bytes())
                except InputError:
                    continue  # no page, no time
                for page in pages:
                    before = timed.spent_s
                    timed.read(page.image)
                    seconds.append(timed.spent_s - before)
    return statistics.mean(seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ablation", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="SET")
    parser.add_argument("--cases", type=int, default=None)
    parser.add_argument("--without", nargs="*", default=(), choices=[stage.name for stage in STAGES])
    return parser.parse_args()


if __name__ == "__main__":
    main()
