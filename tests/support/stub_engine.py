"""An Engine that answers from what a test gives it, without reading anything. For unit tests only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.reading import Line
from verifier.errors import EngineError
from verifier.ocr.engine import Image, Recognition

Shape = tuple[int, int]


class StubEngine:
    """`pages` maps (height, width) of an image to its lines, `crops` that of a crop to its text.

    An image nobody foresaw has no lines and a crop nobody foresaw no text (score 0). `fail` is raised by every call.
    `calls` counts them.
    """

    def __init__(
        self,
        pages: Mapping[Shape, Sequence[Line]] | None = None,
        crops: Mapping[Shape, str] | None = None,
        *,
        name: str = "stub",
        fail: EngineError | None = None,
    ) -> None:
        self._pages = dict(pages or {})
        self._crops = dict(crops or {})
        self._name = name
        self._fail = fail
        self.calls = 0

    @property
    def name(self) -> str:
        return self._name

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        self._count()
        return tuple(self._pages.get((image.shape[0], image.shape[1]), ()))

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        self._count()
        texts = [self._crops.get((crop.shape[0], crop.shape[1]), "") for crop in crops]
        return tuple(Recognition(text=text, score=0.99 if text else 0.0) for text in texts)

    def _count(self) -> None:
        self.calls += 1
        if self._fail is not None:
            raise self._fail
