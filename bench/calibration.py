"""What a field's confidence is worth: of the fields said to be so sure, how many were right, by capture and by field.

    python -m bench.calibration SET|REPORT.json ... [--by capture|document|field] [--threshold 0.8]

A SET is a folder of cases with truth and is read now; a REPORT is what `verifier evaluate SET --json` wrote. Several are
added up. Brier score: mean squared distance of confidence and truth (0 is perfect). Expected calibration error: mean
distance between what was said and what was so, over the bands, weighted by their fields.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from verifier.cli.folder import find_cases, open_case, open_truth
from verifier.cli.reading import open_engine, read_case
from verifier.cli.scoring import Sureness, Tally, add_case
from verifier.settings import load_settings

EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Deciles, the last one in three, because nearly all fields are there. The upper end of a band belongs to the next one."""

AIMS = ((0.99, 1.0, 0.995), (0.95, 0.99, 0.97))
"""Band and the share of right fields it promises."""


@dataclass(frozen=True)
class Band:
    """Fields whose confidence lies in [low, high); the last band holds 1 as well."""

    low: float
    high: float
    right: int
    total: int
    said: float
    """Mean confidence."""

    @property
    def share(self) -> float:
        return self.right / self.total


def bands_of(items: Sequence[Sureness], edges: Sequence[float] = EDGES) -> list[Band]:
    """The bands that hold any field, from the lowest."""
    bands = []
    for low, high in pairwise(edges):
        inside = [item for item in items if low <= item.confidence < high or (item.confidence == high == edges[-1])]
        if inside:
            said = sum(item.confidence for item in inside) / len(inside)
            bands.append(Band(low, high, sum(item.right for item in inside), len(inside), said))
    return bands


def brier(items: Sequence[Sureness]) -> float:
    """Mean squared distance of confidence and truth. Raises ZeroDivisionError for no items."""
    return sum((item.confidence - item.right) ** 2 for item in items) / len(items)


def calibration_error(items: Sequence[Sureness]) -> float:
    """Mean distance between mean confidence and share of right fields, over the bands, weighted by their sizes."""
    bands = bands_of(items)
    return sum(band.total * abs(band.said - band.share) for band in bands) / sum(band.total for band in bands)


def flags(items: Sequence[Sureness], threshold: float) -> tuple[int, int, int]:
    """Right fields under the threshold, wrong ones under it, wrong ones at or above it."""
    low = [item for item in items if item.confidence < threshold]
    wrong = sum(not item.right for item in items)
    caught = sum(not item.right for item in low)
    return len(low) - caught, caught, wrong - caught


def main() -> None:
    options = _options()
    items = [item for source in options.sources for item in _items(source)]
    if not items:
        raise SystemExit("no field was reported")
    print(f"{len(items)} fields, Brier {brier(items):.4f}, expected calibration error {calibration_error(items):.4f}\n")
    print("| confidence | right | fields | share | said |\n|---|---|---|---|---|")
    for band in bands_of(items):
        print(f"| {band.low:g}-{band.high:g} | {band.right} | {band.total} | {band.share:.4f} | {band.said:.4f} |")
    print()
    for low, high, aim in AIMS:
        for band in bands_of(items, (low, high)):
            verdict = "holds" if band.share >= aim else "fails"
            print(f"{low:g}-{high:g} promises {aim:.1%}: {band.share:.2%} of {band.total}, {verdict}")
    false, caught, passed = flags(items, options.threshold)
    print(
        f"under {options.threshold:g}: {caught} wrong fields and {false} right ones; wrong and not under it: {passed}\n"
    )
    key = _KEYS[options.by]
    print(f"| {options.by} | fields | right | mean confidence | Brier | right ones under {options.threshold:g} |")
    print("|---|---|---|---|---|---|")
    for name in sorted({key(item) for item in items}):
        own = [item for item in items if key(item) == name]
        share = sum(item.right for item in own) / len(own)
        said = sum(item.confidence for item in own) / len(own)
        print(
            f"| {name} | {len(own)} | {share:.4f} | {said:.4f} | {brier(own):.4f} | {flags(own, options.threshold)[0]} |"
        )


_KEYS: dict[str, Callable[[Sureness], str]] = {
    "capture": lambda item: item.capture,
    "document": lambda item: item.document.value,
    "field": lambda item: item.field,
}


def _items(source: Path) -> list[Sureness]:
    if source.is_file():
        report = json.loads(source.read_text(encoding="utf-8"))
        return [Sureness.model_validate(item) for item in report["confidences"]]
    settings = load_settings()
    engine, tally = open_engine(settings), Tally()
    for path in find_cases(source):
        case, truth = open_case(path), open_truth(path)
        add_case(tally, path.name, read_case(case, engine, settings, lambda _: None), truth)
    return tally.sureness


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.calibration", description=__doc__)
    parser.add_argument("sources", type=Path, nargs="+", metavar="SET|REPORT.json")
    parser.add_argument("--by", choices=sorted(_KEYS), default="capture")
    parser.add_argument("--threshold", type=float, default=0.8, help="the batch's confidence_threshold")
    return parser.parse_args()


if __name__ == "__main__":
    main()
