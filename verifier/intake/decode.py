"""The one door of this room: bytes in, pages out."""

from __future__ import annotations

from verifier.intake.heif import decode_heif
from verifier.intake.limits import Limits
from verifier.intake.ofd import decode_ofd
from verifier.intake.page import DecodedPage
from verifier.intake.pdf import decode_pdf
from verifier.intake.pictures import decode_picture
from verifier.intake.polyglot import refuse_polyglot
from verifier.intake.sniff import FileKind, sniff


def decode(
    data: bytes,
    limits: Limits = Limits(),  # noqa: B008 - frozen, never changes
    only: int | None = None,
) -> tuple[DecodedPage, ...]:
    """All pages of a file, in order; a picture is one page, of an animated picture the first frame. With `only`, the page
    of this number, from 1, if there is one.

    Raises InputError: `file.empty`, `file.too_large`, `file.type_not_allowed`, `file.broken`, `file.encrypted`, `file.polyglot`,
    `file.active_content`, `file.too_many_pages`, `file.too_many_pixels`, `file.too_small`. Sizes and page counts are taken from the headers
    and refused before a pixel is decoded. FontsError `fonts.missing` for OFD text without a font of its own on a machine
    without Chinese fonts. Nothing stays open afterwards, whatever the outcome.
    """
    limits.check_bytes(len(data))
    kind = sniff(data)
    refuse_polyglot(data, kind)
    if kind is FileKind.PDF:
        return decode_pdf(data, limits, only)
    if kind is FileKind.OFD:
        return decode_ofd(data, limits, only)
    if only not in (None, 1):
        return ()
    if kind is FileKind.HEIC:
        return (DecodedPage(image=decode_heif(data, limits), number=1),)
    return (DecodedPage(image=decode_picture(data, kind, limits), number=1),)
