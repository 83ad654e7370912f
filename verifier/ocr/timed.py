"""An engine that counts the time spent in it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from schemas.reading import Line
from verifier.ocr.engine import Engine, Image, Recognition


class TimedEngine:
    """Passes every call on and adds up the wall clock spent, in seconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.spent_s = 0.0

    @property
    def name(self) -> str:
        return self._engine.name

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        started = time.perf_counter()
        try:
            return self._engine.read(image, deadline_s=deadline_s)
        finally:
            self.spent_s += time.perf_counter() - started

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        started = time.perf_counter()
        try:
            return self._engine.recognise(crops, deadline_s=deadline_s)
        finally:
            self.spent_s += time.perf_counter() - started
