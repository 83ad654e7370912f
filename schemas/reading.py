"""What the machine read: lines, fields, seals, codes, and a whole document of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

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
    (a letter O taken for a zero, say): people are shown both. `others` are other values that a second reading saw there,
    the likeliest first; they never stand for the value, they tell people what it may be instead.
    """

    value: str | tuple[InsuredRow, ...]
    raw: str
    confidence: Share
    page: int
    box: Quad
    repaired: bool = False
    source: Source = Source.OCR
    others: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The value of a plain field. Raises TypeError for `rows`."""
        if not isinstance(self.value, str):
            raise TypeError("this field holds rows, not text")
        return self.value


class CellState(StrEnum):
    """What the picture shows in the place of a field that was not read."""

    EMPTY = "empty"
    """The place was found and nothing is written there."""
    INKED = "inked"
    """Something is written there that was not read."""


class SealKind(StrEnum):
    """What a seal is for, told by its straight line."""

    OFFICIAL = "official"
    """公章: the body's own seal, without a purpose in its text."""
    MEDICAL_EXAM = "medical_exam"
    """体检专用章"""
    PERSONNEL = "personnel"
    """人事专用章"""
    CONTRACT = "contract"
    """合同专用章"""
    CERTIFICATE = "certificate"
    """证明专用章"""
    HOUSEHOLD = "household"
    """户口专用章"""
    REGISTRATION = "registration"
    """注册章 of a student card."""
    OTHER = "other"
    """Another purpose: 财务专用章, 业务专用章 ..."""


class SealReading(Model):
    """A seal: `text` is the arc followed by the straight line, empty when nothing could be read."""

    present: bool = True
    text: str = ""
    confidence: Share = 0.0
    kind: SealKind | None = None
    """None when too little of the text was read to tell."""
    shape: Literal["round", "oval", "square"] | None = None
    colour: Literal["red", "blue", "grey"] | None = None
    """Grey: the seal of a photocopy, found by its shape alone."""
    page: int
    box: Quad


class CodeReading(Model):
    """A QR or bar code. `format` is the symbology's name, e.g. `QRCode`, `Code128`."""

    format: str
    text: str
    page: int
    box: Quad


class SignalKind(StrEnum):
    """What makes a file worth a closer look. A signal is never a verdict: honest files carry most of them."""

    EDITED = "edited"
    """The file says that an image editor or PDF editor wrote it (EXIF, PDF producer)."""
    UPDATED = "updated"
    """A PDF changed after it was made: incremental updates."""
    SIGNATURE = "signature"
    """State of an electronic signature: present, broken, not covering the whole file."""
    HIDDEN_TEXT = "hidden_text"
    """The text layer says something else than the picture."""
    CODE_DISAGREES = "code_disagrees"
    """A QR or bar code says something else than the page."""
    ATTACHMENT = "attachment"
    """Files within the file, as electronic certificates carry their data; they are not opened."""
    RESHOT = "reshot"
    """A screen was photographed."""
    PHOTOCOPY = "photocopy"
    SAME_FILE = "same_file"
    """The same bytes came with another application."""
    LOOKALIKE = "lookalike"
    """A picture that looks the same came with another application."""


class Signal(Model):
    """One trace. `detail` is a short Chinese phrase for staff, without personal data."""

    kind: SignalKind
    file: str | None = None
    page: int | None = None
    detail: str
    box: Quad | None = None
    strong: bool = False
    """Hard to explain by how honest files are made; a person should look."""


class Withheld(Model):
    """A place that nobody may see: a row about hepatitis B (人社部发〔2010〕12号). What stood there is not kept."""

    page: int
    box: Quad


class DocumentReading(Model):
    """Everything read from the files of one slot."""

    slot: DocumentType
    detected_type: DocumentType
    type_confidence: Share
    pages: tuple[Page, ...]
    page_types: tuple[DocumentType, ...] = ()
    """The detected type of each paper, in the order of the pages, so that a mixed upload can be named. A page on which
    several papers lie has several."""
    people: int = 1
    """How many people's names or numbers a document shows that is about one person; `fields` are those of one of them."""
    fields: dict[str, ReadField] = Field(default_factory=dict)
    unread: dict[str, CellState] = Field(default_factory=dict)
    """Fields that are absent from `fields` although their place was found; a field whose place was not found is in neither."""
    seals: tuple[SealReading, ...] = ()
    codes: tuple[CodeReading, ...] = ()
    file_hashes: tuple[str, ...] = ()
    """SHA-256 of each file, in order, lower-case hex: the same file in two slots shows here."""
    page_hashes: tuple[str, ...] = ()
    """Fingerprint of each page, 16 hex digits, in order: a look-alike has nearly the same. Empty for a page that shows
    nothing of its own (the back of a card, terms of a contract)."""
    signals: tuple[Signal, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    """Blacked out on every picture of a page that a person other than the applicant sees."""
