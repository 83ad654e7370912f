"""What reading a document costs beside one plain OCR pass over its pages, both measured in turn in one process.

    python -m bench.cost SET [--cases N] [--captures print scan screenshot] [--rounds 3]

"Plain" decodes the files and gives each page to the engine once, as it came. The ratio is taken document by document, from
the median of the rounds, so that a noisy neighbour weighs on both alike; the table shows the median over the documents, in
wall time and in processor time of this process, and where the time beyond the plain pass goes. "Sums" is the processor time
of all documents over that of all plain passes: what a queue of them costs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from verifier.cli.folder import find_cases, open_case, open_truth
from verifier.cli.reading import open_engine
from verifier.errors import InputError
from verifier.intake import decode
from verifier.ocr.engine import Engine
from verifier.pipeline import NamedFile, read_document
from verifier.settings import load_settings


@dataclass(frozen=True)
class Cost:
    """Seconds for one document: `wall` and `processor` of everything, and `engine`, the wall time inside the engine."""

    wall: float
    processor: float
    engine: float


@dataclass(frozen=True)
class Measured:
    """A document: its capture, its pages, what the plain pass and the whole reading cost."""

    capture: str
    pages: int
    plain: Cost
    whole: Cost


def main() -> None:
    options = _options()
    engine = open_engine(load_settings())
    measured: list[Measured] = []
    for path in find_cases(options.folder)[: options.cases]:
        case, truth = open_case(path), open_truth(path)
        for slot in case.application.documents:
            capture = truth.capture.get(slot.slot, "print")
            files = [NamedFile(name, (path / name).read_bytes()) for name in slot.files]
            if capture not in options.captures:
                continue
            rounds = []
            try:
                for _ in range(options.rounds):
                    pages, plain = _plain(files, engine)
                    started, busy = time.perf_counter(), time.process_time()
                    read = read_document(slot.slot, files, engine)
                    whole = Cost(time.perf_counter() - started, time.process_time() - busy, read.ocr_ms / 1000)
                    rounds.append((plain, whole))
            except InputError:
                continue  # a file nobody can open costs no reading
            measured.append(Measured(capture, pages, _median([a for a, _ in rounds]), _median([b for _, b in rounds])))
    _print(measured)


def _plain(files: Sequence[NamedFile], engine: Engine) -> tuple[int, Cost]:
    """Pages of the files, and the cost of decoding them and reading each once."""
    started, busy, inside, pages = time.perf_counter(), time.process_time(), 0.0, 0
    for file in files:
        for page in decode(file.data):
            before = time.perf_counter()
            engine.read(page.image)
            inside += time.perf_counter() - before
            pages += 1
    return pages, Cost(time.perf_counter() - started, time.process_time() - busy, inside)


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.processor for cost in costs),
        statistics.median(cost.engine for cost in costs),
    )


def _print(measured: Sequence[Measured]) -> None:
    groups: dict[str, list[Measured]] = defaultdict(list)
    for document in measured:
        groups[document.capture].append(document)
        groups["all"].append(document)
    print(
        "| capture | documents | pages | plain s/page | whole s/page | x plain: wall | processor | engine | rest | sums |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for capture, documents in sorted(groups.items()):
        plain = statistics.median(each.plain.wall / each.pages for each in documents)
        whole = statistics.median(each.whole.wall / each.pages for each in documents)
        wall, busy, inside, rest = (
            statistics.median(values)
            for values in zip(
                *(
                    (
                        each.whole.wall / each.plain.wall,
                        each.whole.processor / each.plain.processor,
                        each.whole.engine / each.plain.wall,
                        (each.whole.wall - each.whole.engine) / each.plain.wall,
                    )
                    for each in documents
                ),
                strict=True,
            )
        )
        print(
            f"| {capture} | {len(documents)} | {sum(each.pages for each in documents)} | {plain:.2f} | {whole:.2f} "
            f"| {wall:.2f} | {busy:.2f} | {inside:.2f} | {rest:.2f} "
            f"| {sum(each.whole.processor for each in documents) / sum(each.plain.processor for each in documents):.2f} |"
        )
    print(f"\nresident memory {psutil.Process().memory_info().rss / 1e6:.0f} MB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="SET")
    parser.add_argument("--cases", type=int, default=None)
    parser.add_argument("--captures", nargs="*", default=("print", "scan", "screenshot"))
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
