"""Small real pictures: cards and upper parts of pages as the fixtures draw them, each with a serial number of its own.

Small, so that a page is read in half a second; every one is read by the real engine all the same. A share are whole
pages. The serial number makes every file's content, and so its hash, another one.
"""

from __future__ import annotations

from random import Random

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2

from fixtures.fonts import FontSet, load
from fixtures.pages import sample_page
from schemas.document import DocumentType
from verifier.intake import FileKind, sniff

Image = npt.NDArray[np.uint8]

KINDS = (
    DocumentType.RESIDENT_ID_CARD,
    DocumentType.RESIDENCE_PERMIT,
    DocumentType.MEDICAL_EXAM_FORM,
    DocumentType.HMT_RESIDENCE_PERMIT,
    DocumentType.OTHER,
)
VARIANTS = 3
WIDTH = 640
"""Pixels of a small picture, and of its height at most this share of it."""
PART = 0.36
MARGIN = 40
INK = 170
"""Grey value below which a pixel is ink."""
PDF_DPI = 150


class Papers:
    """Drawn once, then varied by serial number. The same seed gives the same bytes."""

    def __init__(self, rng: Random, fonts: FontSet | None = None) -> None:
        chosen = fonts or load()
        seeds = [rng.randint(1, 10_000) for _ in range(VARIANTS)]
        self._pages = {kind: [_drawn(kind, seed, chosen) for seed in seeds] for kind in KINDS}

    def small(self, slot: DocumentType, serial: int) -> bytes:
        """A part of a page."""
        return _numbered(_part(self._page(slot, serial)), serial)

    def whole(self, slot: DocumentType, serial: int) -> bytes:
        """The page as it was drawn: one to three seconds of reading."""
        return _numbered(self._page(slot, serial), serial)

    def _page(self, slot: DocumentType, serial: int) -> Image:
        pages = self._pages[slot]
        return pages[serial % len(pages)]


def _drawn(kind: DocumentType, seed: int, fonts: FontSet) -> Image:
    data, _, _ = sample_page(kind, "scan", seed, fonts)
    if sniff(data) == FileKind.PDF:
        with pypdfium2.PdfDocument(data) as document:
            page = document[0].render(scale=PDF_DPI / 72).to_pil().convert("RGB")
        return np.ascontiguousarray(np.asarray(page)[:, :, ::-1])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(image, dtype=np.uint8)


def _part(page: Image) -> Image:
    """The upper part of what is printed, made small."""
    rows, columns = np.nonzero(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY) < INK)
    top, bottom = (int(value) for value in np.percentile(rows, (1, 99)))
    left, right = (int(value) for value in np.percentile(columns, (1, 99)))
    printed = page[max(0, top - MARGIN) : bottom + MARGIN, max(0, left - MARGIN) : right + MARGIN]
    height, width = printed.shape[0], printed.shape[1]
    part = printed[: max(int(width * PART), min(height, 1))]
    scale = WIDTH / width
    return np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _numbered(image: Image, serial: int) -> bytes:
    marked = image.copy()
    place = (12, marked.shape[0] - 10)
    cv2.putText(marked, f"No {serial}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1)
    done, data = cv2.imencode(".jpg", marked, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise RuntimeError("a picture could not be encoded")
    return bytes(data)
