"""How much one uploaded file may ask of this machine, and the refusals that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from verifier.errors import InputError

MIB = 1024 * 1024

_PIXELS_OF_PILLOW = 178_956_970
"""Pillow refuses larger WebP canvases by itself (twice its MAX_IMAGE_PIXELS), whatever is set here."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one file. Raises ValueError at construction for values that make no sense.

    `max_bytes`, `max_pages`: phones write 3 to 12 MB a picture; the longest paper asked for, a labour contract, has about
    ten pages.
    `max_pixels`: of one picture, as its header declares it. 60 million holds the largest phone sensors that save
    50 MP pictures and keeps the decoded page below 180 MB.
    `min_side`: pixels of the shorter side; below it no line of a document can be read.
    `pdf_dpi`: resolution a PDF page is rendered at; A4 becomes 1654 x 2339 pixels, a plain office scan.
    `pdf_page_pixels`, `pdf_file_pixels`: a PDF page that would be larger at `pdf_dpi` than the first, or than its even
    share of the second, is rendered smaller instead of being refused: programs that wrap photos in a PDF often write
    one point per pixel, so the page is metres wide and the photo is honest. A3 at 200 dpi is 7.7 million pixels. The
    three hold for OFD pages too.
    `fonts_dir`: a folder with Chinese fonts for documents without their own, looked through before the system's.
    """

    max_bytes: int = 20 * MIB
    max_pixels: int = 60_000_000
    max_pages: int = 15
    min_side: int = 200
    pdf_dpi: int = 200
    pdf_page_pixels: int = 20_000_000
    pdf_file_pixels: int = 120_000_000
    fonts_dir: Path | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, int) and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if self.max_pixels > _PIXELS_OF_PILLOW:
            raise ValueError(f"max_pixels must be at most {_PIXELS_OF_PILLOW}, not {self.max_pixels}")

    def check_bytes(self, size: int) -> None:
        """Raises InputError `file.too_large`."""
        if size > self.max_bytes:
            raise InputError("file.too_large", limit_mb=f"{self.max_bytes / MIB:g}")

    def check_pages(self, pages: int) -> None:
        """Raises InputError `file.too_many_pages`."""
        if pages > self.max_pages:
            raise InputError("file.too_many_pages", pages=pages, limit=self.max_pages)

    def check_size(self, width: int, height: int) -> None:
        """Raises InputError `file.broken` (no pixels at all), `file.too_many_pixels` or `file.too_small`."""
        if width < 1 or height < 1:
            raise InputError("file.broken")
        if width * height > self.max_pixels:
            raise InputError("file.too_many_pixels", width=width, height=height)
        if min(width, height) < self.min_side:
            raise InputError("file.too_small", width=width, height=height)

    def pdf_pixels(self, pages: int) -> int:
        """The most pixels one page of a PDF or OFD file with so many pages is rendered to."""
        return min(self.max_pixels, self.pdf_page_pixels, self.pdf_file_pixels // max(1, pages))
