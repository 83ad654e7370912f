from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.months import add_months, expand, longest_run_ending

MONTHS = st.builds(lambda year, month: f"{year:04d}-{month:02d}", st.integers(1990, 2040), st.integers(1, 12))


def naive(start: str, end: str) -> set[str]:
    found = set()
    year, month = int(start[:4]), int(start[5:])
    while f"{year:04d}-{month:02d}" <= end:
        found.add(f"{year:04d}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


@given(MONTHS, MONTHS)
def test_expand_is_the_naive_model(start: str, end: str) -> None:
    assert expand(start, end) == naive(start, end)


@given(MONTHS, st.integers(-200, 200))
def test_adding_and_taking_away_is_nothing(month: str, n: int) -> None:
    assert add_months(add_months(month, n), -n) == month


@given(MONTHS, st.integers(0, 60))
def test_expand_counts_both_ends(start: str, n: int) -> None:
    assert len(expand(start, add_months(start, n))) == n + 1


@given(st.sets(MONTHS), MONTHS)
def test_the_run_is_the_longest_that_ends_there(months: set[str], last: str) -> None:
    run = longest_run_ending(months, last)
    assert (last in months) == (run > 0)
    assert all(add_months(last, -back) in months for back in range(run))
    assert add_months(last, -run) not in months


def test_a_gap_ends_the_run() -> None:
    months = expand("2025-01", "2025-11") | expand("2026-01", "2026-08")
    assert longest_run_ending(months, "2026-08") == 8
    assert longest_run_ending(months, "2026-09") == 0


@pytest.mark.parametrize("wrong", ["2026-13", "2026-00", "202601", "2026-1", "", "2026-01-01", "长期"])
def test_other_writing_is_refused(wrong: str) -> None:
    for call in (lambda: expand(wrong, "2026-01"), lambda: add_months(wrong, 1), lambda: longest_run_ending([], wrong)):
        with pytest.raises(ValueError, match="YYYY-MM"):
            call()
