"""Which kind of file these bytes are. The name and the declared media type are never asked: phones send them wrong."""

from __future__ import annotations

from enum import StrEnum

from verifier.errors import InputError


class FileKind(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self is FileKind.PDF else f"image/{self.value}"


_PDF_JUNK = b"\x00\t\n\x0c\r \xef\xbb\xbf"
_PDF_HEAD = 1024
"""Readers look for the PDF header in the first 1024 bytes (Acrobat's implementation note 13 to PDF 1.7)."""


def sniff(data: bytes) -> FileKind:
    """The kind of a file by its first bytes.

    What a file *starts* with decides: a JPEG with an archive behind it is a JPEG, and only its picture is ever decoded.
    Before a PDF's header only white space and a byte order mark are passed over, although readers forgive more, so
    that a web page or an archive with a PDF inside is not taken for one.

    Raises InputError `file.empty`, or `file.type_not_allowed` for everything but JPEG, PNG, WebP and PDF.
    """
    if not data:
        raise InputError("file.empty")
    if data.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return FileKind.WEBP
    if data[:_PDF_HEAD].lstrip(_PDF_JUNK).startswith(b"%PDF-"):
        return FileKind.PDF
    raise InputError("file.type_not_allowed")
