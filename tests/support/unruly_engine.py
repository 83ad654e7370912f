"""An Engine for tests of the engine host: what it does is written in the first pixel of the page it is given.

The host loads it by name in a process of its own: `tests.support.unruly_engine:UnrulyEngine`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

import numpy as np

from schemas.reading import Line
from verifier.errors import EngineError
from verifier.ocr.engine import Image, Recognition


class Order(IntEnum):
    ANSWER = 255
    """What white paper says, such as the host's warm-up page."""
    HANG = 1
    DIE = 2
    RAISE = 3
    LEAK = 4
    """Keep 64 MB more."""
    REFUSE = 5
    """Raise an error of the tree."""
    DAWDLE = 6
    """Answer after 0.3 s."""


def page(order: Order, width: int = 8) -> Image:
    image = np.zeros((4, width, 3), dtype=np.uint8)
    image[0, 0, 0] = order
    return image


class UnrulyEngine:
    def __init__(self, models_dir: Path, *, threads: int) -> None:
        self._threads = threads
        self._kept: list[Image] = []

    @property
    def name(self) -> str:
        return f"unruly-{self._threads}"

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        height, width = image.shape[:2]
        match Order(int(image[0, 0, 0])):
            case Order.HANG:
                threading.Event().wait()
            case Order.DIE:
                os.kill(os.getpid(), signal.SIGKILL)
            case Order.RAISE:
                raise ValueError("a defect of the engine")
            case Order.LEAK:
                self._kept.append(np.ones((64, 1000, 1000), dtype=np.uint8))
            case Order.REFUSE:
                raise EngineError("engine.unavailable")
            case Order.DAWDLE:
                time.sleep(0.3)
            case Order.ANSWER:
                pass
        text = f"{os.getpid()} {width}"
        return (Line(text=text, score=0.5, box=((0, 0), (width, 0), (width, height), (0, height))),)

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        return tuple(Recognition(text=str(int(crop.sum())), score=1.0) for crop in crops)


def broken(models_dir: Path, *, threads: int) -> UnrulyEngine:
    """A factory that fails, as one does whose weights are damaged."""
    raise ValueError("cannot load")
