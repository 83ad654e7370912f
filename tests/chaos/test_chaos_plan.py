"""What a run means to do comes from its seed alone, and how it measures is held to examples."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from schemas.application import Application, SlotFiles
from tests.chaos import faults, stories
from tests.chaos.faults import Fault
from tests.chaos.holdups import Passage, Run, Span, covered_s, held_up, next_progress_s
from tests.chaos.stories import Fate
from tests.support.factories import form
from verifier.rules import batches
from verifier.services.submit import missing_slots

START = datetime(2026, 10, 20, 1, 0, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def span(start: float, end: float) -> Span:
    return at(start), at(end)


def test_the_same_seed_means_the_same_and_another_something_else() -> None:
    def meant(seed: int) -> tuple[list[tuple[str, float]], list[stories.Story]]:
        rng = Random(seed)
        planned = faults.plan(rng, 200)
        return [(one.kind, one.pause_s) for one in planned], stories.draw(rng, 200, 300.0)

    assert meant(1) == meant(1)
    assert meant(1) != meant(2)


def test_every_kind_of_fault_and_every_fate_is_there() -> None:
    assert set(faults.COUNTS) == set(faults._DO)
    assert Counter(one.kind for one in faults.plan(Random(1), 200)) == faults.COUNTS
    assert {one.kind for one in faults.plan(Random(1), 10)} == set(faults.COUNTS)
    assert {story.fate for story in stories.draw(Random(1), 200, 300.0)} == set(Fate)


def test_stories_fill_every_slot_their_batch_asks_for() -> None:
    batch = batches.load("2026-autumn", None)
    for route, slots in stories.SLOTS.items():
        stated = form(application_no="CHAOS-00001", route=route).model_dump()
        documents = tuple(SlotFiles(slot=slot, files=("documents/1.jpg",)) for slot in slots)
        assert missing_slots(batch, Application.model_validate({**stated, "documents": documents})) == ()


def test_what_is_covered_twice_counts_once() -> None:
    assert covered_s(span(0, 100), [span(-5, 10), span(5, 20), span(90, 200)]) == 30.0


def test_held_up_leaves_out_faults_and_what_went_before() -> None:
    passage = Passage("A", 0, "bulk", *span(0, 100))
    runs = [
        Run("A", at(0), span(95, 100)),
        Run("B", at(-10), span(0, 20)),  # before it
        Run("C", at(50), span(60, 70)),  # overtook it: no excuse
    ]
    pause = Fault("pause_redis", *span(15, 30))
    (one,) = held_up([passage], runs, [pause])
    assert (one.seconds, one.whole_s) == (100 - 5 - 30, 100.0)


def test_next_progress_counts_only_while_something_was_open() -> None:
    passages = [Passage("A", 0, "bulk", *span(0, 100))]
    runs = [Run("A", at(0), span(30, 40)), Run("A", at(0), span(90, 100))]
    kills = [Fault("kill_web", at(second), at(second)) for second in (-5, 10, 45, 120)]
    assert next_progress_s(kills, passages, runs) == [None, 30.0, 55.0, None]


def test_the_make_file_runs_what_is_here() -> None:
    text = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert "-m tests.chaos" in text
