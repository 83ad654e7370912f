"""OFD pages (GB/T 33190-2016) as pixels and text.

Each page is written down as a PDF of one page and rendered as PDFs are: one renderer, one rule for which text a person
can see, and glyphs are drawn with the outlines of the fonts, at the places the file gives for them.

Not read: gradients and patterns (a gradient is painted in its mean colour, a pattern left unpainted), text as a clip,
picture masks, form fields, multimedia other than pictures, TIFF and JBIG2 pictures, and whether a signature holds.
"""

from __future__ import annotations

from verifier.intake.limits import Limits
from verifier.intake.ofd_canvas import Canvas
from verifier.intake.ofd_document import PageFile, page_files, read_documents, read_page
from verifier.intake.ofd_package import Budget, open_package
from verifier.intake.ofd_page import PageDrawing
from verifier.intake.ofd_seals import stamps
from verifier.intake.page import DecodedPage
from verifier.intake.pdf import render_page


def decode_ofd(data: bytes, limits: Limits, only: int | None = None) -> tuple[DecodedPage, ...]:
    """Every page, or `only` the one of this number, rendered at `limits.pdf_dpi` or smaller (see Limits), with its text.

    Annotations and the pictures of electronic seals are drawn; no signature is verified.

    Raises InputError `file.type_not_allowed` (an archive that is no OFD file, or a picture in it of a kind that is not
    read), `file.encrypted`, `file.broken`, `file.too_many_pages`, `file.too_many_pixels` (a picture in it, before it is
    decoded), `file.too_small`; FontsError `fonts.missing` for text without a font of its own where this machine has no
    Chinese font.
    """
    files = page_files(read_documents(open_package(data, Budget.of(limits))), limits)
    return tuple(
        _page(file, number, limits, limits.pdf_pixels(len(files)))
        for number, file in enumerate(files, start=1)
        if only in (None, number)
    )


def _page(file: PageFile, number: int, limits: Limits, most_pixels: int) -> DecodedPage:
    page = read_page(file)
    canvas = Canvas(page.box)
    PageDrawing(canvas, limits).draw(page, file.package, stamps(file))
    return render_page(canvas.finish(), number, limits, most_pixels)
