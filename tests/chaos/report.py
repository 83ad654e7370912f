"""What a run did and showed: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.faults import Fault
from tests.chaos.holdups import HeldUp
from tests.chaos.invariants import Check

TARGET_S = 90.0
"""The longest a case may be held up after a fault ended."""
SHOWN = 5


@dataclass(frozen=True)
class Outcome:
    """A run that came to its end."""

    database: str
    seed: int
    cases: int
    began: datetime
    seconds: float
    settled: bool
    """Whether everything was read and answered within the patience of the run."""
    disk: str
    faults: Sequence[Fault]
    missed: Sequence[str]
    progress_s: Sequence[float | None]
    held_up: Sequence[HeldUp]
    checks: Sequence[Check]
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def worst_s(self) -> float:
        return self.held_up[0].seconds if self.held_up else 0.0

    @property
    def holds(self) -> bool:
        return self.settled and bool(self.held_up) and all(check.holds for check in self.checks)

    @property
    def name(self) -> str:
        return f"{self.database}-{self.seed}"


def text(outcome: Outcome) -> str:
    title = (
        f"chaos {outcome.database}, seed {outcome.seed}, {outcome.began:%Y-%m-%d}: "
        f"{outcome.cases} cases in {outcome.seconds:.0f} s"
    )
    lines = [
        title,
        *(f"  {name}: {value}" for name, value in outcome.counts.items()),
        "",
        *_fault_table(outcome),
        "",
        *(f"  {check.line()}" for check in outcome.checks),
        *([] if outcome.settled else ["  BROKEN it did not come to rest"]),
        "",
        *_held_up_lines(outcome),
    ]
    return "\n".join(lines)


def _fault_table(outcome: Outcome) -> list[str]:
    by_kind: dict[str, list[tuple[Fault, float | None]]] = {}
    for fault, progress_s in zip(outcome.faults, outcome.progress_s, strict=True):
        by_kind.setdefault(fault.kind, []).append((fault, progress_s))
    rows = [f"  {'fault':<16} {'times':>5}  {'next document done after, s: median, longest':<44}  at second"]
    for kind, found in sorted(by_kind.items()):
        waits = [seconds for _, seconds in found if seconds is not None]
        said = f"{median(waits):6.1f} {max(waits):6.1f}" if waits else "nothing was open"
        at = " ".join(f"{(fault.began - outcome.began).total_seconds():.0f}" for fault, _ in found)
        rows.append(f"  {kind:<16} {len(found):>5}  {said:<44}  {at}")
    if outcome.missed:
        rows.append(f"  found no victim: {', '.join(outcome.missed)}")
    return rows


def _held_up_lines(outcome: Outcome) -> list[str]:
    verdict = "within" if outcome.worst_s <= TARGET_S else "OVER"
    lines = [f"  longest held up after faults: {outcome.worst_s:.1f} s, {verdict} the target of {TARGET_S:.0f} s"]
    for one in outcome.held_up[:SHOWN]:
        at = (one.passage.submitted - outcome.began).total_seconds()
        lines.append(
            f"    {one.passage.number} round {one.passage.round_no} ({one.passage.queue}), handed in at second {at:.0f}: "
            f"held up {one.seconds:.1f} s of {one.whole_s:.1f} s until its advice"
        )
    longest = max((one.whole_s for one in outcome.held_up), default=0.0)
    typical = median([one.whole_s for one in outcome.held_up] or [0.0])
    lines.append(
        f"  from submission to advice, queueing and faults included: median {typical:.1f} s, longest {longest:.1f} s"
    )
    return lines


def write_json(outcome: Outcome, folder: Path) -> Path:
    path = folder / "run.json"
    body = asdict(outcome) | {"holds": outcome.holds, "worst_s": outcome.worst_s}
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    return path


def summary(outcomes: Sequence[Outcome]) -> str:
    rows = [
        "| database | seed | cases | faults | invariants | longest held up | longest to advice | run |",
        "|---|" + "---|" * 7,
    ]
    for one in outcomes:
        kept = sum(check.holds for check in one.checks)
        longest = max((held.whole_s for held in one.held_up), default=0.0)
        rows.append(
            f"| {one.database} | {one.seed} | {one.cases} | {len(one.faults)} | {kept} of {len(one.checks)} hold "
            f"| {one.worst_s:.1f} s | {longest:.1f} s | {one.seconds:.0f} s |"
        )
    return "\n".join(rows)
