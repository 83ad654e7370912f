"""A page as extraction sees it: upright and flat, with its lines of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from schemas.base import Quad
from schemas.reading import Line, SealReading
from verifier.geometry import Homography, map_quad
from verifier.imaging.ruling import Ruling
from verifier.imaging.ruling import find as find_ruling
from verifier.ocr.engine import Image, Recognition


@dataclass(frozen=True)
class ReadPage:
    """One upright, flat page. Boxes of `lines` are in pixels of `image`; `index` counts from 0 over the document."""

    index: int
    image: Image
    lines: tuple[Line, ...]
    to_uploaded: Homography
    """Maps pixels of `image` to pixels of the page as uploaded (after EXIF rotation)."""
    look: Callable[[Quad], Recognition] | None = None
    """Reads one line's box again, closer: a second look where a label has no text beside it. None: there is no engine."""
    seals: tuple[SealReading, ...] = ()
    """Stamps that are fields themselves (a term's registration), for their ink is no longer among the lines.

    Their boxes are in pixels of the page as uploaded.
    """

    def uploaded(self, quad: Quad) -> Quad:
        """The quad in pixels of the page as uploaded."""
        return map_quad(quad, self.to_uploaded)

    @cached_property
    def ruling(self) -> Ruling:
        """The ruled lines and cells of `image`, found when they are first asked for."""
        return find_ruling(self.image)
