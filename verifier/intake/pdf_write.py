"""Writes a PDF of one page: the form in which pages of other formats are handed to PDFium. ISO 32000-1, 7.5."""

from __future__ import annotations


class PdfWriter:
    """Objects numbered from 1 in the order they are added; 1 and 2 are kept for the catalogue and the page tree."""

    def __init__(self) -> None:
        self._objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]

    def add(self, body: bytes) -> bytes:
        """Add an object; returns the reference to it."""
        self._objects.append(body)
        return b"%d 0 R" % len(self._objects)

    def stream(self, body: bytes, entries: bytes = b"") -> bytes:
        """Add a stream, stored as it is, with further entries of its dictionary."""
        return self.add(b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(body), body))

    def page(self, width: float, height: float, content: bytes, resources: bytes) -> None:
        """The page, in points, and with it the page tree."""
        page = self.add(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.4f %.4f] /Contents %s /Resources << %s >> >>"
            % (width, height, self.stream(content), resources)
        )
        self._objects[1] = b"<< /Type /Pages /Count 1 /Kids [%s] >>" % page

    def finish(self) -> bytes:
        """The whole file."""
        parts = [b"%PDF-1.7\n"]
        at = len(parts[0])
        offsets = []
        for number, body in enumerate(self._objects, start=1):
            offsets.append(at)
            part = b"%d 0 obj\n%s\nendobj\n" % (number, body)
            parts.append(part)
            at += len(part)
        count = len(self._objects) + 1
        parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % count)
        parts.extend(b"%010d 00000 n \n" % offset for offset in offsets)
        parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, at))
        return b"".join(parts)


def joined(*values: float) -> bytes:
    """Numbers as PDF writes them, without exponents."""
    return b" ".join(b"%.5f" % value for value in values)
