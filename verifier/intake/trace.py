"""What one trace in a file is."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.reading import SignalKind


@dataclass(frozen=True)
class Trace:
    """Something the bytes of a file say about how it came to be. A hint for staff, never a verdict.

    `detail` is a short Chinese phrase of our own words: nothing a file says is quoted in it but names of programs that
    are known here. `page` counts from 1 within the file; None when it concerns the whole file.
    `strong`: files that were only made, scanned, signed and sent on do not have it.
    """

    kind: SignalKind
    detail: str
    page: int | None = None
    strong: bool = False
