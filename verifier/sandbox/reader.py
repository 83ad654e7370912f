"""What is done with a stranger's file: measured, or opened for reading. The same functions inside the walls and outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from pydantic import Field

from schemas.base import Model, Quad
from schemas.document import PageQuality
from verifier.errors import InputError
from verifier.imaging import quality
from verifier.imaging.covering import covered
from verifier.intake import DecodedPage, Limits, Trace, decode, sniff, traces

QUALITY = 85
"""Of JPEGs: text stays sharp."""


@dataclass(frozen=True)
class Measured:
    """One page: its number within the file from 1, its size in pixels upright, and how well it was captured."""

    number: int
    width: int
    height: int
    quality: PageQuality


@dataclass(frozen=True)
class Opened:
    """A file's pages as pixels, and what its bytes say about how it came to be."""

    pages: tuple[DecodedPage, ...]
    traces: tuple[Trace, ...] = ()


class Wish(Model):
    """A picture of page `page` (from 1 within the file): its longest side in pixels at most, of the `part` left, top,
    right, bottom (all of it without), with `bars` blacked out. In pixels of the page upright."""

    page: int = Field(ge=1)
    longest: int = Field(ge=16, le=10_000)
    part: tuple[int, int, int, int] | None = None
    bars: tuple[Quad, ...] = ()


class Reader(Protocol):
    """Opens files. Every method raises what `verifier.intake.decode` raises for a file that cannot be used.

    Behind walls they also raise InputError `file.too_slow`, `file.too_costly` and `file.crashed`, and SandboxError.
    """

    def measure(self, data: bytes, limits: Limits) -> tuple[Measured, ...]:
        """Size and quality of every page."""

    def open(self, data: bytes, limits: Limits) -> Opened:
        """Every page's pixels and text, and the file's traces."""

    def picture(self, data: bytes, limits: Limits, wish: Wish) -> bytes:
        """One page as a JPEG of our own making. Raises InputError page.not_found besides."""


class InProcess:
    """The work itself, in whatever process calls it."""

    def measure(self, data: bytes, limits: Limits) -> tuple[Measured, ...]:
        return tuple(
            Measured(
                number=page.number,
                width=page.image.shape[1],
                height=page.image.shape[0],
                quality=quality.measure(page.image),
            )
            for page in decode(data, limits)
        )

    def open(self, data: bytes, limits: Limits) -> Opened:
        return Opened(pages=decode(data, limits), traces=traces(data, sniff(data)))

    def picture(self, data: bytes, limits: Limits, wish: Wish) -> bytes:
        pages = decode(data, limits, wish.page)
        if not pages:
            raise InputError("page.not_found")
        image = covered(pages[0].image, wish.bars, 0)
        height, width = image.shape[:2]
        left, top, right, bottom = wish.part or (0, 0, width, height)
        image = image[top:bottom, left:right]
        if not image.size:
            raise InputError("page.not_found")
        scale = min(1.0, wish.longest / max(image.shape[:2]))
        if scale < 1.0:
            size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        _, encoded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        return encoded.tobytes()


IN_PROCESS = InProcess()
