"""What a PDF says about how it came to be: editors, later changes, electronic signatures, annotations on its pages.

ISO 32000-1: 7.5.6 (incremental updates), 12.5 (annotations), 12.8 (signatures), 14.3 (metadata). A signature is found, and
whether the file went on changing behind it; the signature itself is not verified: that takes the issuer's certificates.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from schemas.reading import SignalKind
from verifier.errors import InputError
from verifier.intake.editors import document_editor
from verifier.intake.pdf import open_document
from verifier.intake.picture_traces import xmp_names
from verifier.intake.trace import Trace

UNVERIFIED = "含电子签章,签章未验证"
CHANGED_BEHIND = "电子签章之后文件又有改动"

_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF")
_LINEARIZED = re.compile(rb"/Linearized\b")
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_OF_A_SIGNATURE = re.compile(rb"/ByteRange\b|/DSS\b|/DocTimeStamp\b|/VRI\b")
"""Marks of an update that signs or keeps a signature provable (ETSI EN 319 142-1): it adds nothing a page shows."""
_HEAD = 2048
_MOST_UPDATES = 1000

_DRAWN_ON = {
    pdfium_c.FPDF_ANNOT_FREETEXT: "文字框",
    pdfium_c.FPDF_ANNOT_SQUARE: "矩形",
    pdfium_c.FPDF_ANNOT_CIRCLE: "圆形",
    pdfium_c.FPDF_ANNOT_POLYGON: "多边形",
    pdfium_c.FPDF_ANNOT_LINE: "线条",
    pdfium_c.FPDF_ANNOT_INK: "手绘",
    pdfium_c.FPDF_ANNOT_REDACT: "遮盖",
    pdfium_c.FPDF_ANNOT_STAMP: "图片或图章",
}
"""Annotations that look like part of the page. Links, notes and marks of a text marker change nothing that is read."""
_HARMLESS = frozenset({"线条", "手绘", "图片或图章"})
"""How people sign a PDF and programs put a seal on it."""
_UNSEEN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_MOST_ANNOTATIONS = 2000
_MOST_PAGES = 50


def pdf_traces(data: bytes) -> tuple[Trace, ...]:
    """Traces of a PDF, those of the whole file first; what cannot be read says nothing."""
    return (*_editors(data), *_history(data), *_attached(data), *_annotations(data))


def _editors(data: bytes) -> Iterator[Trace]:
    names = list(xmp_names(data))
    try:
        with open_document(data) as document:
            names += [document.get_metadata_value(key) for key in ("Creator", "Producer")]
    except (InputError, pdfium.PdfiumError):
        return
    titles = dict.fromkeys(title for name in names if (title := document_editor(name)))
    for title in titles:
        yield Trace(SignalKind.EDITED, f"PDF 由 {title} 生成或保存", strong=True)


def _attached(data: bytes) -> Iterator[Trace]:
    try:
        with open_document(data) as document:
            count = pdfium_c.FPDFDoc_GetAttachmentCount(document)
    except (InputError, pdfium.PdfiumError):
        return
    if count > 0:
        yield Trace(SignalKind.ATTACHMENT, f"PDF 带有 {count} 个附件")


def _history(data: bytes) -> Iterator[Trace]:
    """Signatures, and updates that are none."""
    ends = [match.end() for match in _sections(data)]
    signed = [index for index, end in enumerate(ends) if _signs(data, ends, index, end)]
    changed = [index for index in range(1, len(ends)) if index not in signed]
    behind = [index for index in changed if signed and index > signed[0]]
    if behind or _covers_less(data, ends):
        yield Trace(SignalKind.SIGNATURE, CHANGED_BEHIND, strong=True)
    elif _BYTE_RANGE.search(data):
        yield Trace(SignalKind.SIGNATURE, UNVERIFIED)
    before = len(changed) - len(behind)
    if before:
        yield Trace(SignalKind.UPDATED, f"PDF 生成后又被追加修改 {before} 次", strong=True)


def _sections(data: bytes) -> list[re.Match[bytes]]:
    """The ends of the versions of a file, oldest first. A linearised file ends twice and is one version (annex F)."""
    ends = list(itertools.islice(_END.finditer(data), _MOST_UPDATES + 1))
    if len(ends) > 1 and _LINEARIZED.search(data[:_HEAD]):
        return ends[1:]
    return ends


def _signs(data: bytes, ends: list[int], index: int, end: int) -> bool:
    start = ends[index - 1] if index else 0
    return _OF_A_SIGNATURE.search(data, start, end) is not None


def _covers_less(data: bytes, ends: list[int]) -> bool:
    """Whether the last signature leaves something of its own version out."""
    ranges = [tuple(int(number) for number in match.groups()) for match in _BYTE_RANGE.finditer(data)]
    reached = [third + fourth for first, _, third, fourth in ranges if first == 0 and fourth > 0]
    # %%EOF may be followed by an end of line that belongs to the version.
    return bool(reached) and not any(abs(covered - end) <= 2 for covered in reached for end in (*ends, len(data)))


def _annotations(data: bytes) -> Iterator[Trace]:
    try:
        with open_document(data) as document:
            found = [(index + 1, _drawn_on(document, index)) for index in range(min(len(document), _MOST_PAGES))]
    except (InputError, pdfium.PdfiumError):
        return
    for number, kinds in found:
        if kinds:
            yield Trace(
                SignalKind.EDITED, f"页面上另加了批注({'、'.join(kinds)})", number, not _HARMLESS.issuperset(kinds)
            )


def _drawn_on(document: Any, index: int) -> list[str]:
    kinds: dict[str, None] = {}
    with closing(document[index]) as page:
        for number in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)):
            annotation = pdfium_c.FPDFPage_GetAnnot(page, number)
            if not annotation:
                continue
            title = _DRAWN_ON.get(pdfium_c.FPDFAnnot_GetSubtype(annotation))
            if title and not pdfium_c.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
                kinds[title] = None
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return list(kinds)
