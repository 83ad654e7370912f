"""What a slot's pages amount to."""

import pytest

from schemas.document import DocumentType
from verifier.extract.classify import TypeGuess
from verifier.pipeline.document import type_of

T = DocumentType
NONE = TypeGuess(T.OTHER, 0.0)


@pytest.mark.parametrize(
    ("guesses", "expected"),
    [
        ([], T.OTHER),
        ([NONE, NONE], T.OTHER),
        ([NONE, TypeGuess(T.MEDICAL_EXAM_FORM, 0.9)], T.MEDICAL_EXAM_FORM),
        ([TypeGuess(T.RESIDENT_ID_CARD, 0.7), TypeGuess(T.HMT_RESIDENCE_PERMIT, 0.99)], T.HMT_RESIDENCE_PERMIT),
        ([TypeGuess(T.LABOR_CONTRACT, 0.6)] * 2 + [TypeGuess(T.EMPLOYMENT_CERTIFICATE, 0.9)], T.LABOR_CONTRACT),
    ],
)
def test_type_of_several_pages(guesses: list[TypeGuess], expected: DocumentType) -> None:
    assert type_of(guesses, T.MEDICAL_EXAM_FORM).type is expected


def test_the_slot_s_own_type_wins_a_tie() -> None:
    guesses = [TypeGuess(T.LABOR_CONTRACT, 0.8), TypeGuess(T.EMPLOYMENT_CERTIFICATE, 0.8)]
    assert type_of(guesses, T.EMPLOYMENT_CERTIFICATE).type is T.EMPLOYMENT_CERTIFICATE
    assert type_of(guesses, T.LABOR_CONTRACT).type is T.LABOR_CONTRACT


def test_the_slot_s_own_type_is_not_outvoted_by_papers_beside_it() -> None:
    guesses = [TypeGuess(T.LABOR_CONTRACT, 0.99)] * 3 + [TypeGuess(T.EMPLOYMENT_CERTIFICATE, 0.9)]
    assert type_of(guesses, T.EMPLOYMENT_CERTIFICATE).type is T.EMPLOYMENT_CERTIFICATE
    doubtful = [TypeGuess(T.LABOR_CONTRACT, 0.99)] * 3 + [TypeGuess(T.EMPLOYMENT_CERTIFICATE, 0.6)]
    assert type_of(doubtful, T.EMPLOYMENT_CERTIFICATE).type is T.LABOR_CONTRACT
