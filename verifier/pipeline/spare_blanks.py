"""Empty pages of a document that lacks nothing: the back of a sheet that was scanned along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.document import CaptureProblem, DocumentType, Page
from schemas.reading import ReadField
from verifier.extract.page import ReadPage
from verifier.imaging.quality import problem, verdict
from verifier.rules.capture import DECISIVE, SIDES
from verifier.rules.seals import SEALED

SEVERITY = 0.1
"""An empty page among pages that show everything hides nothing: a remark."""


def with_spare_blanks(
    kind: DocumentType, pages: Sequence[Page], parts: Sequence[ReadPage], fields: Mapping[str, ReadField]
) -> tuple[Page, ...]:
    """The pages, the empty ones acceptable when the others show every decisive field, every side, and a seal if due.

    Unchanged when another page is bad too, or all are empty.
    """
    bad = [page for page in pages if not page.quality.acceptable]
    if len(bad) == len(pages) or not all(_is_blank(page) for page in bad) or _lacks(kind, parts, fields):
        return tuple(pages)
    spare = verdict([problem(CaptureProblem.BLANK, SEVERITY)])
    return tuple(page if page.quality.acceptable else page.model_copy(update={"quality": spare}) for page in pages)


def _lacks(kind: DocumentType, parts: Sequence[ReadPage], fields: Mapping[str, ReadField]) -> bool:
    decisive = DECISIVE.get(kind, ())
    return (
        not decisive
        or not all(name in fields and fields[name].value for name in decisive)
        or any(side.signs.isdisjoint(fields) for side in SIDES.get(kind, ()))
        or (kind in SEALED and not any(part.seals for part in parts))
    )


def _is_blank(page: Page) -> bool:
    return any(each.kind is CaptureProblem.BLANK for each in page.quality.problems)
