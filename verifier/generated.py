"""Documents made from what the code holds: written by `python -m <module> FILE`, kept fresh by a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_document(text: str, arguments: Sequence[str]) -> int:
    """Write `text` to the file named by the one argument. Returns 2 when there is not exactly one."""
    if len(arguments) != 1:
        return 2
    Path(arguments[0]).write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    return 0
