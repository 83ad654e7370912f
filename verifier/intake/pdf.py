"""PDF pages as pixels and text, through PDFium."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from verifier.errors import InputError
from verifier.intake.limits import Limits
from verifier.intake.page import DecodedPage, Image
from verifier.intake.pdf_active import refuse_active
from verifier.intake.pdf_text import page_text
from verifier.intake.pdf_whole import is_cut_short

_PDFIUM = threading.Lock()
"""PDFium keeps global state (font cache, last error) without locks of its own: one thread at a time may be in it, and
closing counts. So nothing here is left to the garbage collector, which closes in whatever thread it happens to run."""

_POINTS_PER_INCH = 72.0
_FORM_DEPTH = 15
"""How deep forms within forms are followed; PDFium itself draws no deeper than a few more."""


def decode_pdf(data: bytes, limits: Limits, only: int | None = None) -> tuple[DecodedPage, ...]:
    """Every page, or `only` the one of this number, rendered at `limits.pdf_dpi` or smaller (see Limits), with its text layer.

    Page rotation and crop box are applied; form fields and annotations are drawn. A file that needs no password to be
    opened is read whatever its permissions forbid.

    Raises InputError `file.encrypted`, `file.broken` (also for no pages at all), `file.too_many_pages`, `file.active_content`,
    `file.too_many_pixels` (a picture within the PDF, before it is decoded), `file.too_small`.
    """
    if is_cut_short(data):
        raise InputError("file.broken")
    try:
        with _PDFIUM, _opened(data) as document:
            count = len(document)
            limits.check_pages(count)
            refuse_active(data, document)
            return tuple(_page(document, index, limits) for index in range(count) if only in (None, index + 1))
    except pdfium.PdfiumError as error:
        raise InputError("file.broken") from error


def render_page(data: bytes, number: int, limits: Limits, most_pixels: int) -> DecodedPage:
    """The only page of a PDF that this room wrote itself, as page `number`, with its text.

    Raises InputError `file.broken`, `file.too_small`.
    """
    try:
        with _PDFIUM, _opened(data) as document, closing(document[0]) as page:
            return _decoded(document, page, number, _rendered(page, limits, most_pixels))
    except pdfium.PdfiumError as error:
        raise InputError("file.broken") from error


@contextmanager
def open_document(data: bytes) -> Iterator[Any]:
    """The document for another look at the file, while no other thread is in PDFium; closed afterwards.

    Raises InputError `file.encrypted`, `file.broken`.
    """
    with _PDFIUM, _opened(data) as document:
        yield document


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """The document, closed with all its pages afterwards. Raises InputError when it cannot be opened.

    Opened by the raw call because pypdfium2's own never closes a document that turns out to have no pages.
    """
    handle = pdfium_c.FPDF_LoadMemDocument64(data, len(data), None)
    if not handle:
        locked = pdfium_c.FPDF_GetLastError() in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY)
        raise InputError("file.encrypted" if locked else "file.broken")
    with closing(pdfium.PdfDocument(handle)) as document:
        if len(document) < 1:
            raise InputError("file.broken")
        document.init_forms()
        yield document


def _page(document: Any, index: int, limits: Limits) -> DecodedPage:
    if document.formenv:
        # What was typed into form fields becomes part of the page: only then the text layer has it too.
        with closing(document[index]) as page:
            page.flatten()
    with closing(document[index]) as page:
        _check_pictures(page, limits)
        return _decoded(document, page, index + 1, _rendered(page, limits, limits.pdf_pixels(len(document))))


def _decoded(document: Any, page: Any, number: int, image: Image) -> DecodedPage:
    text = page_text(document, page, image)
    return DecodedPage(image=image, number=number, text_lines=text.seen, unseen_lines=text.unseen)


def _check_pictures(page: Any, limits: Limits) -> None:
    """Refuse a page that holds a picture with more pixels than a picture file may have. Nothing is decoded for this."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=_FORM_DEPTH):
        known = pdfium_c.FPDFImageObj_GetImagePixelSize(item, width, height)
        if known and width.value * height.value > limits.max_pixels:
            raise InputError("file.too_many_pixels", width=width.value, height=height.value)


def _rendered(page: Any, limits: Limits, most_pixels: int) -> Image:
    """The page on white paper. Raises InputError `file.too_small`, `file.broken` for a page without any extent."""
    width, height = page.get_size()
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        raise InputError("file.broken")
    scale = min(limits.pdf_dpi / _POINTS_PER_INCH, math.sqrt(most_pixels / (width * height)))
    if min(width, height) * scale < limits.min_side:
        raise InputError("file.too_small", width=math.ceil(width * scale), height=math.ceil(height * scale))
    with closing(page.render(scale=scale)) as bitmap:
        # The pixels belong to Python and outlive the bitmap's handle.
        image: Image = bitmap.to_numpy()
    return np.ascontiguousarray(image)
