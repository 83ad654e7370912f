"""What another reading of a line has where a field's text stood in the first one."""

from __future__ import annotations

_CHANGE = 1.0
"""Cost of one character of the field read otherwise, lost or added."""
_CONTEXT_CHANGE = 0.6
_CONTEXT_LOST = 0.3
"""The crop cuts through characters beside the field: they may change cheaply and vanish almost freely."""


def counterpart(left: str, value: str, right: str, other: str) -> str:
    """The part of `other` that stands where `value` stood between `left` and `right`.

    `other` is a second reading of the same place, from a crop that holds little of `left` and `right`. What it has more
    at the edges of `value` belongs to the answer: a 不 that the first reading lost must not be taken for context.
    """
    expected = left + value + right
    begin, end = len(left), len(left) + len(value)
    lost = [_CHANGE if begin <= i < end else _CONTEXT_LOST for i in range(len(expected))]
    changed = [_CHANGE if begin <= i < end else _CONTEXT_CHANGE for i in range(len(expected))]
    cost = [[j * _CHANGE for j in range(len(other) + 1)]]
    for i, character in enumerate(expected):
        row = [cost[i][0] + lost[i]]
        for j, seen in enumerate(other):
            same = 0.0 if character == seen else changed[i]
            row.append(min(cost[i][j] + same, cost[i][j + 1] + lost[i], row[j] + _CHANGE))
        cost.append(row)
    enter, leave = _crossings(cost, lost, begin, end)
    return other[enter:leave]


def _crossings(cost: list[list[float]], lost: list[float], begin: int, end: int) -> tuple[int, int]:
    """Where the cheapest alignment enters and leaves the value, in characters of the other reading, at its widest."""
    i, j = len(cost) - 1, len(cost[0]) - 1
    enter = leave = j
    left_it = False
    while i or j:
        if i == end and not left_it:
            leave, left_it = j, True
        if i == begin:
            enter = j
        if j and cost[i][j] == cost[i][j - 1] + _CHANGE:
            j -= 1
        elif i and cost[i][j] == cost[i - 1][j] + lost[i - 1]:
            i -= 1
        else:
            i, j = i - 1, j - 1
    if i == begin:
        enter = j
    return enter, leave
