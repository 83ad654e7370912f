"""What is wrong with a request, field by field, in Chinese and without a value that was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.base import Model
from verifier.invalid import explain

SHOWN = 20
"""Of more problems than this the first are enough to begin with."""

PATH_MAX = 120
"""Characters of a path: keys that are not ours come from the caller."""


class Violation(Model):
    """`where` is the path of a field, such as `body.applicant.sex`."""

    where: str
    why: str


def violations(errors: Sequence[Mapping[str, Any]]) -> tuple[Violation, ...]:
    """The problems pydantic reports, at most 20."""
    explained = (explain(error) for error in errors[:SHOWN])
    return tuple(Violation(where=where[:PATH_MAX], why=why) for where, why in explained)
