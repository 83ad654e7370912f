"""Words that void a page of the household register and were read as text: a stamp without colour, or a clerk's pen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.document import DocumentType
from schemas.reading import SealReading
from verifier.compare.text import squeeze
from verifier.extract.page import ReadPage

_VOIDING = re.compile(r"[(\[]?(?:户口|迁出|死亡|此页|本页|已)*(?:注销|作废)(?:户口|登记)?(?:专用)?章?[)\]]?")


def voiding_words(kind: DocumentType, pages: Sequence[ReadPage]) -> tuple[SealReading, ...]:
    """A seal for every line of a register that says nothing but that the page is cancelled (注销, 作废).

    None for a page whose stamp was read as one already. Boxes are in pixels of the page as uploaded.
    """
    if kind is not DocumentType.HOUSEHOLD_REGISTER:
        return ()
    return tuple(
        SealReading(text=squeeze(line.text), confidence=line.score, page=page.index, box=page.uploaded(line.box))
        for page in pages
        if not any(_VOIDING.fullmatch(squeeze(seal.text)) for seal in page.seals)
        for line in page.lines
        if _VOIDING.fullmatch(squeeze(line.text))
    )
