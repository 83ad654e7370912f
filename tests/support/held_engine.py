"""An Engine that reads the same line everywhere and can be held in the middle of a page.

The engine host loads it by name in a process of its own: `tests.support.held_engine:HeldEngine`. What it gets as the
folder of its models is the folder through which a test steers it: see Hold.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.reading import Line
from tests.support.waiting import wait_until
from verifier.ocr.engine import Image, Recognition

FACTORY = "tests.support.held_engine:HeldEngine"


@dataclass(frozen=True)
class Hold:
    """A folder: pages wait while `hold` is in it, and `reading` says that one does."""

    folder: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """No page that begins now ends before the body does."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        self._reading.unlink(missing_ok=True)
        self._hold.touch()

    def release(self) -> None:
        self._hold.unlink(missing_ok=True)

    def wait_for_a_page(self, within_s: float = 20.0) -> None:
        wait_until(self._reading.exists, within_s=within_s, what="a page is being read")

    def wait_here(self) -> None:
        """The engine's side."""
        while self._hold.exists():
            self._reading.touch()
            time.sleep(0.02)

    @property
    def _hold(self) -> Path:
        return self.folder / "hold"

    @property
    def _reading(self) -> Path:
        return self.folder / "reading"


class HeldEngine:
    def __init__(self, models_dir: Path, *, threads: int) -> None:
        self._hold = Hold(models_dir)

    @property
    def name(self) -> str:
        return "held"

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        self._hold.wait_here()
        return (Line(text="居民身份证", score=0.99, box=((10, 10), (90, 10), (90, 30), (10, 30))),)

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        return tuple(Recognition(text="", score=0.0) for _ in crops)
