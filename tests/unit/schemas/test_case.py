"""The one transition table, exhaustively."""

from pathlib import Path

import pytest

from schemas.case import READING_DONE, TRANSITIONS, CaseState, may_move

ARCHITECTURE = Path(__file__).parents[3] / "docs" / "architecture.md"


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(CaseState)


@pytest.mark.parametrize("source", CaseState)
def test_may_move_says_what_the_table_says(source: CaseState) -> None:
    allowed = {target for target in CaseState if may_move(source, target)}
    assert allowed == TRANSITIONS[source]


def test_every_state_can_be_reached_from_draft() -> None:
    reached = {CaseState.DRAFT}
    while True:
        wider = reached | {target for state in reached for target in TRANSITIONS[state]}
        if wider == reached:
            break
        reached = wider
    assert reached == set(CaseState)


def test_only_a_person_moves_an_advised_case_on() -> None:
    """By claiming it, or by having a document tried again; a document that was not read leaves no case to pass."""
    for state in READING_DONE:
        assert TRANSITIONS[state] - {CaseState.READING} == {CaseState.IN_REVIEW, CaseState.WITHDRAWN}
    assert [state for state in READING_DONE if CaseState.READING in TRANSITIONS[state]] == [CaseState.NEEDS_REVIEW]


def test_archived_is_the_only_end() -> None:
    assert [state for state, targets in TRANSITIONS.items() if not targets] == [CaseState.ARCHIVED]


def test_table_is_printed_in_the_architecture() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    for state, targets in TRANSITIONS.items():
        row = f"| `{state.value}` | " + (", ".join(f"`{t.value}`" for t in CaseState if t in targets) or "-") + " |"
        assert row in text
