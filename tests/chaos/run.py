"""One run: a stage, people, faults, and what was true in the end."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

from tests.chaos import faults, holdups, invariants, stories
from tests.chaos.curse import Curse
from tests.chaos.load import Load
from tests.chaos.papers import Papers
from tests.chaos.parts import Stage, open_stage
from tests.chaos.report import Outcome
from tests.chaos.stories import Fate, Story
from verifier import logs
from verifier.errors import StorageError
from verifier.services.context import Services, reading
from verifier.store.tables import AttemptRow
from verifier.supervise import Stop, stop_on_signals, supervise

START_S = 120.0
REST_S = 420.0
"""How long a run may take to come to rest after the last fault, before it is called stuck."""
LOOK_S = 1.0
GRACE_S = 30.0
SPREAD = 0.9
"""Cases begin during this share of the time in which faults happen."""


@dataclass
class _Course:
    """What the director saw of a run."""

    began: datetime
    seconds: float = 0.0
    settled: bool = False


def run(database: str, seed: int, cases: int, folder: Path) -> Outcome:
    """Raises whatever keeps a run from being set up at all; what goes wrong in it is in the outcome."""
    rng = Random(seed)
    papers = Papers(rng)
    planned = faults.plan(rng, cases)
    drawn = stories.draw(rng, cases, faults.length_s(planned) * SPREAD)
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    with open_stage(database, rng) as stage:
        load = Load(stage, drawn, papers, rng)
        saboteur = faults.Saboteur(stage, planned)
        curse = Curse(stage.services, drawn)
        course = _Course(datetime.now(UTC))
        stop = stop_on_signals()
        director = threading.Thread(target=_direct, args=(stage, load, saboteur, curse, course, stop), name="director")
        director.start()
        with _errors_in(folder / "parts.log"):
            logs.configure(stage.services.settings, part="chaos")
            supervise(stage.parts, stop=stop, grace_s=GRACE_S, watcher=stage.roll)
        director.join()
        return _outcome(database, seed, drawn, stage, load, saboteur, curse, course)


def _direct(stage: Stage, load: Load, saboteur: faults.Saboteur, curse: Curse, course: _Course, stop: Stop) -> None:
    """The order of events, in a thread: supervising needs the main one."""
    try:
        if not _until(lambda: len(stage.workers()) > 1 and len(stage.engines()) > 1, START_S, stop):
            return
        course.began, began = datetime.now(UTC), time.monotonic()
        for one in (load, curse, saboteur):
            one.start()
        try:
            _until(saboteur.is_over, float("inf"), stop)
            course.settled = _until(lambda: load.is_over() and _is_quiet(stage.services), REST_S, stop)
        finally:
            for one in (saboteur, load, curse):
                one.stop()
            course.seconds = time.monotonic() - began
    finally:
        stop.set()


def _until(look: Callable[[], bool], within_s: float, stop: Stop) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until and not stop.wait(LOOK_S):
        if look():
            return True
    return False


def _is_quiet(services: Services) -> bool:
    with suppress(StorageError):
        return invariants.is_quiet(services)
    return False


def _outcome(
    database: str,
    seed: int,
    drawn: Sequence[Story],
    stage: Stage,
    load: Load,
    saboteur: faults.Saboteur,
    curse: Curse,
    course: _Course,
) -> Outcome:
    wanted = Counter({story.number: 2 if story.fate is Fate.RETURNED else 1 for story in drawn})
    expected = invariants.Expected(load.ledger, wanted, curse.documents)
    passages = holdups.passages_of(stage.services, {number for number, _ in curse.documents})
    runs = holdups.runs_of(stage.services)
    return Outcome(
        database=database,
        seed=seed,
        cases=len(drawn),
        began=course.began,
        seconds=round(course.seconds, 1),
        settled=course.settled,
        disk=stage.disk.kind,
        faults=saboteur.faults,
        missed=saboteur.missed,
        progress_s=holdups.next_progress_s(saboteur.faults, passages, runs),
        held_up=holdups.held_up(passages, runs, saboteur.faults),
        checks=invariants.check(stage.services, expected),
        counts=_counts(stage, drawn),
    )


def _counts(stage: Stage, drawn: Sequence[Story]) -> dict[str, Any]:
    with reading(stage.services) as session:
        rows = session.execute(
            select(AttemptRow.state, AttemptRow.error_code, func.count()).group_by(
                AttemptRow.state, AttemptRow.error_code
            )
        ).all()
    attempts = {f"{state.value}{f' {code}' if code else ''}": count for state, code, count in rows}
    return {
        "stories": dict(sorted(Counter(story.fate.value for story in drawn).items())),
        "attempts": dict(sorted(attempts.items())),
        "starts of parts": dict(stage.roll.starts),
        "full disk by": stage.disk.kind,
    }


@contextmanager
def _errors_in(path: Path) -> Iterator[None]:
    """What the parts say goes to a file: they inherit our standard error."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with path.open("wb") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
