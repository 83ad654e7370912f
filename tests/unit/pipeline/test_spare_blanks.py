"""Empty pages among the pages of a document: a remark when it lacks nothing, to be captured again when it does."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.document import CaptureProblem, DocumentType
from schemas.reading import ReadField
from tests.support.pages import line
from tests.support.rule_cases import VALUES, page, read_field, seal
from verifier.extract.page import ReadPage
from verifier.pipeline.hidden import judge_captures

CARD, FORM = DocumentType.RESIDENT_ID_CARD, DocumentType.MEDICAL_EXAM_FORM
WRITTEN = tuple(line(f"第{number}行写着一些文字", 10, 60 * number) for number in range(1, 9))


def part(index: int, *, empty: bool = False, sealed: bool = False) -> ReadPage:
    image = np.full((1000, 1600, 3), 250, dtype=np.uint8)
    return ReadPage(
        index, image, () if empty else WRITTEN, np.eye(3), seals=(seal("测试医院体检专用章"),) if sealed else ()
    )


def fields(kind: DocumentType, *without: str) -> dict[str, ReadField]:
    return {name: read_field(value) for name, value in VALUES[kind].items() if name not in without}


def blank(kind: DocumentType, found: dict[str, ReadField], *, sealed: bool = True) -> bool:
    """Whether the empty second page of a document with these fields is acceptable."""
    pages = (page(), page(CaptureProblem.BLANK))
    parts = (part(0, sealed=sealed), part(1, empty=True))
    _, judged = judge_captures(kind, pages, parts, found)
    assert {each.kind for each in judged.quality.problems} == {CaptureProblem.BLANK}
    return judged.quality.acceptable


@pytest.mark.parametrize("kind", [CARD, FORM])
def test_nothing_is_lacking(kind: DocumentType) -> None:
    assert blank(kind, fields(kind))


def test_a_decisive_field_a_side_or_a_seal_is_lacking() -> None:
    assert not blank(FORM, fields(FORM, "conclusion"))
    assert not blank(CARD, fields(CARD, "issuing_authority", "valid_from", "valid_to"))
    assert not blank(FORM, fields(FORM), sealed=False)


def test_a_document_of_nothing_but_empty_pages() -> None:
    (judged,) = judge_captures(CARD, (page(CaptureProblem.BLANK),), (part(0, empty=True),), fields(CARD))
    assert not judged.quality.acceptable
