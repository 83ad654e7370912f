"""Which kind of file these bytes are. The name and the declared media type are never asked: phones send them wrong."""

from __future__ import annotations

import re
from enum import StrEnum

from verifier.errors import InputError


class FileKind(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    PDF = "pdf"
    OFD = "ofd"

    @property
    def media_type(self) -> str:
        """As registered; OFD has no registration, its own makers use this one."""
        documents = (FileKind.PDF, FileKind.OFD)
        return f"application/{self.value}" if self in documents else f"image/{self.value}"

    @property
    def extension(self) -> str:
        """Without the dot, as people write it."""
        return "jpg" if self is FileKind.JPEG else self.value


_PDF_JUNK = b"\x00\t\n\x0c\r \xef\xbb\xbf"
_PDF_HEAD = 1024
"""Readers look for the PDF header in the first 1024 bytes (Acrobat's implementation note 13 to PDF 1.7)."""

_HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_ANY_CODING = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
"""Brands that promise the structure of HEIF and leave the coding open (ISO/IEC 23008-12, annex B and 10.2)."""
_OTHER_CODING = frozenset({b"avif", b"avis", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis", b"evbi", b"evbs"})
_MOST_BRANDS = 64

_OFD_ENTRY = re.compile(rb"PK\x03\x04.{22}\x07\x00..OFD\.xml", re.DOTALL)
"""The local header of an archive's entry of that name (APPNOTE.TXT, 4.3.7): it is there in a cut file too."""


def sniff(data: bytes) -> FileKind:
    """The kind of a file by its first bytes.

    What a file *starts* with decides: a JPEG with an archive behind it is a JPEG (refused later, see polyglot).
    Before a PDF's header only white space and a byte order mark are passed over, although readers forgive more, so
    that a web page or an archive with a PDF inside is not taken for one. An archive is OFD when it has an entry of the
    name an OFD file starts from.

    Raises InputError `file.empty`, or `file.type_not_allowed` for everything but JPEG, PNG, WebP, HEIC, PDF and OFD.
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
    if data[4:8] == b"ftyp" and _is_heic(data):
        return FileKind.HEIC
    if data.startswith(b"PK\x03\x04") and _OFD_ENTRY.search(data):
        return FileKind.OFD
    raise InputError("file.type_not_allowed")


def _is_heic(data: bytes) -> bool:
    """Whether the brands of an ISO base media file promise a picture coded with HEVC; AVIF and films do not."""
    end = min(int.from_bytes(data[:4], "big"), 16 + 4 * _MOST_BRANDS)
    major = data[8:12]
    compatible = {data[at : at + 4] for at in range(16, end, 4)}
    if major in _ANY_CODING:
        return bool(compatible & _HEVC_BRANDS) or not compatible & _OTHER_CODING
    return major in _HEVC_BRANDS
