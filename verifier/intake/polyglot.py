"""Files that are two things at once: a picture that some reader takes for a PDF, a document with an archive at its end.

Ours takes a file for what it starts with, and only that is ever drawn. It is refused all the same: no phone, scanner or
office writes such a file, and whoever takes it out of the archive may open the other half. What phones do append (a short
film, a second picture) is none of these.
"""

from __future__ import annotations

from verifier.errors import InputError
from verifier.intake.sniff import FileKind

_PDF_HEAD = 1024
"""Readers look for a PDF's header this far."""
_ARCHIVE_END = b"PK\x05\x06"
_END_SIZE = 22
_COMMENT = 65_535
"""An archive is found by its end, behind which only a comment may stand (APPNOTE.TXT, 4.3.16)."""


def refuse_polyglot(data: bytes, kind: FileKind) -> None:
    """Raises InputError `file.polyglot`."""
    if kind is not FileKind.PDF and kind is not FileKind.OFD and b"%PDF-" in data[:_PDF_HEAD]:
        raise InputError("file.polyglot")
    if kind is not FileKind.OFD and _ends_as_archive(data, behind=_end_of_pdf(data) if kind is FileKind.PDF else 0):
        raise InputError("file.polyglot")


def _end_of_pdf(data: bytes) -> int:
    """A PDF may hold an archive as an attachment; one behind its end is another matter."""
    return max(0, data.rfind(b"%%EOF"))


def _ends_as_archive(data: bytes, behind: int) -> bool:
    at = data.rfind(_ARCHIVE_END, max(behind, len(data) - _END_SIZE - _COMMENT))
    while at >= 0:
        comment = int.from_bytes(data[at + 20 : at + 22], "little")
        entries = int.from_bytes(data[at + 10 : at + 12], "little")
        if entries and at + _END_SIZE + comment == len(data):
            return True
        at = data.rfind(_ARCHIVE_END, max(behind, len(data) - _END_SIZE - _COMMENT), at)
    return False
