"""What every OCR engine offers. Images are BGR, uint8, shape (height, width, 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from schemas.base import Model, Share
from schemas.reading import Line

Image = NDArray[np.uint8]


class Alternative(Model):
    """Another text that a crop may hold; `likelihood` is relative to the text that was answered (1: just as likely)."""

    text: str
    likelihood: Share


class Recognition(Model):
    """What a recogniser says of one crop that holds one line of text; `others`: what else it may be, the likeliest first."""

    text: str
    score: Share
    others: tuple[Alternative, ...] = ()


@runtime_checkable
class Engine(Protocol):
    """One call at a time: PaddleOCR is not thread-safe.

    Both calls raise EngineTimeoutError when `deadline_s` (seconds of wall clock) passes and EngineCrashedError when
    the engine died; both errors are transient. An engine inside this process cannot be interrupted and ignores the
    deadline.
    """

    @property
    def name(self) -> str:
        """Name of the weights, as results report it, e.g. `PP-OCRv6_small`."""
        ...

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        """Find and recognise all lines of text; boxes in pixels of `image`."""
        ...

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        """Recognise crops that each hold one upright line; one answer per crop, in order."""
        ...
