"""Texts from probabilities per column."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.ocr import ctc

CLASSES = 3


def columns(*rows: tuple[float, ...]) -> ctc.Columns:
    return np.array(rows, dtype=np.float32)


def collapsed(path: tuple[int, ...]) -> ctc.Labels:
    return tuple(label for label, _ in itertools.groupby(path) if label != ctc.BLANK)


def all_texts(given_columns: ctc.Columns) -> dict[ctc.Labels, float]:
    """Every text with its probability, by trying every path."""
    found: defaultdict[ctc.Labels, float] = defaultdict(float)
    for path in itertools.product(range(given_columns.shape[1]), repeat=len(given_columns)):
        found[collapsed(path)] += math.prod(float(row[label]) for row, label in zip(given_columns, path, strict=True))
    return found


def test_best_path_drops_repeats_and_blanks_and_averages_the_characters() -> None:
    sure, fair = (0.1, 0.9, 0.0), (0.3, 0.1, 0.6)
    labels, score = ctc.best_path(columns(sure, sure, (0.8, 0.1, 0.1), sure, fair))
    assert labels == (1, 1, 2)
    assert score == pytest.approx((0.9 + 0.9 + 0.6) / 3)


def test_blanks_say_nothing() -> None:
    empty = columns((0.9, 0.05, 0.05), (0.8, 0.1, 0.1))
    assert ctc.best_path(empty) == ((), 0.0)


def test_a_doubtful_character_has_its_rival_second() -> None:
    found = ctc.likeliest_texts(columns((0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.6, 0.4)))
    assert [text for text, _ in found] == [(1, 2), (1, 3)]
    assert found[1][1] - found[0][1] == pytest.approx(math.log(0.4 / 0.6), abs=1e-6)


def test_a_repeated_character_needs_a_blank_between() -> None:
    assert ctc.likeliest_texts(columns((0.0, 1.0), (0.0, 1.0))) == [((1,), 0.0)]
    assert ctc.likeliest_texts(columns((0.0, 1.0), (1.0, 0.0), (0.0, 1.0))) == [((1, 1), 0.0)]


weights = st.lists(st.floats(0.05, 1.0), min_size=CLASSES, max_size=CLASSES)


@given(st.lists(weights, min_size=1, max_size=3))
def test_probabilities_are_those_of_all_paths(rows: list[list[float]]) -> None:
    normal = np.array([[value / sum(row) for value in row] for row in rows], dtype=np.float32)
    truth = all_texts(normal)
    found = ctc.likeliest_texts(normal)
    assert [total for _, total in found] == sorted((total for _, total in found), reverse=True)
    # the beam drops unlikely texts on the way, so what is left is at most the truth, and the best text is whole
    assert all(math.exp(total) <= truth[text] + 1e-5 for text, total in found)
    assert math.exp(found[0][1]) == pytest.approx(max(truth.values()), rel=1e-3)
