"""What the machine read: lines, fields, seals, codes, and a whole document of them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Model, Quad, Share
from schemas.document import DocumentType, Page


class Source(StrEnum):
    """Where a text came from."""

    OCR = "ocr"
    TEXT_LAYER = "text_layer"
    """The text of a PDF or OFD itself, not of its picture."""


class Line(Model):
    """One line of text with its corners in pixels of the image it was read from."""

    text: str
    score: Share
    box: Quad
    source: Source = Source.OCR


class InsuredRow(Model):
    """One row of a social-insurance certificate; months are `YYYY-MM`, both ends included."""

    employer: str
    start_month: str
    end_month: str


class ReadField(Model):
    """A field found on a page (a field the page does not show is absent, never guessed).

    `value` is normalised as CONTRACT.md section 1 says, `raw` is what stood there, `page` counts from 0 over the
    document's pages, `box` is in pixels of that page as uploaded. `repaired` says that `value` is not what was read
    (a letter O taken for a zero, say): people are shown both.
    """

    value: str | tuple[InsuredRow, ...]
    raw: str
    confidence: Share
    page: int
    box: Quad
    repaired: bool = False
    source: Source = Source.OCR

    @property
    def text(self) -> str:
        """The value of a plain field. Raises TypeError for `rows`."""
        if not isinstance(self.value, str):
            raise TypeError("this field holds rows, not text")
        return self.value


class SealReading(Model):
    """A seal: `text` is the arc followed by the straight line, empty when nothing could be read."""

    present: bool = True
    text: str = ""
    confidence: Share = 0.0
    page: int
    box: Quad


class CodeReading(Model):
    """A QR or bar code. `format` is the symbology's name, e.g. `QRCode`, `Code128`."""

    format: str
    text: str
    page: int
    box: Quad


class DocumentReading(Model):
    """Everything read from the files of one slot."""

    slot: DocumentType
    detected_type: DocumentType
    type_confidence: Share
    pages: tuple[Page, ...]
    page_types: tuple[DocumentType, ...] = ()
    """The detected type of each page, so that a mixed upload can be named."""
    fields: dict[str, ReadField] = Field(default_factory=dict)
    seals: tuple[SealReading, ...] = ()
    codes: tuple[CodeReading, ...] = ()
    file_hashes: tuple[str, ...] = ()
    """SHA-256 of each file, in order, lower-case hex: the same file in two slots shows here."""
