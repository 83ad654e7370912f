"""What is done with a stranger's file: measured, or opened for reading. The same functions inside the walls and outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from schemas.document import PageQuality
from verifier.imaging import quality
from verifier.intake import DecodedPage, Limits, Trace, decode, sniff, traces


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


class Reader(Protocol):
    """Opens files. Every method raises what `verifier.intake.decode` raises for a file that cannot be used.

    Behind walls they also raise InputError `file.too_slow`, `file.too_costly` and `file.crashed`, and SandboxError.
    """

    def measure(self, data: bytes, limits: Limits) -> tuple[Measured, ...]:
        """Size and quality of every page."""

    def open(self, data: bytes, limits: Limits) -> Opened:
        """Every page's pixels and text, and the file's traces."""


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


IN_PROCESS = InProcess()
