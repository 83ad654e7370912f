"""One person or several on the papers of one upload."""

from __future__ import annotations

from schemas.document import DocumentType
from schemas.reading import ReadField
from verifier.extract.join import Fields
from verifier.extract.people import people_of

T = DocumentType
ONE, OTHER = "440114199803051239", "44011419900101003X"


def fields(confidence: float = 0.95, **values: str) -> Fields:
    box = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return {
        name: ReadField(value=value, raw=value, confidence=confidence, page=0, box=box)
        for name, value in values.items()
    }


BACK = fields(issuing_authority="广州市公安局", valid_to="2038-05-22")


def test_both_sides_of_one_card() -> None:
    assert people_of(T.RESIDENT_ID_CARD, [fields(name="张晓岚", id_number=ONE), BACK]) == ((0,),)


def test_two_sound_numbers_are_two_people_and_the_fuller_card_comes_first() -> None:
    papers = [fields(id_number=ONE), BACK, fields(name="李文博", id_number=OTHER)]
    assert people_of(T.RESIDENT_ID_CARD, papers) == ((2,), (0,))


def test_the_same_number_is_one_person_whatever_the_names_were_read_as() -> None:
    papers = [fields(name="张晓岚", id_number=ONE), fields(name="李文博", id_number=ONE)]
    assert people_of(T.RESIDENT_ID_CARD, papers) == ((0, 1),)


def test_a_number_that_is_not_sound_tells_nobody_apart() -> None:
    papers = [fields(name="张晓岚", id_number=ONE), fields(name="张晓岚", id_number="440114199803051230")]
    assert people_of(T.RESIDENT_ID_CARD, papers) == ((0, 1),)


def test_names_alone_tell_people_apart_only_when_read_surely_and_quite_different() -> None:
    assert len(people_of(T.STUDENT_CARD, [fields(name="张晓岚"), fields(name="李文博")])) == 2
    assert len(people_of(T.STUDENT_CARD, [fields(name="张晓岚"), fields(name="张晓凤")])) == 1
    assert len(people_of(T.STUDENT_CARD, [fields(name="张晓岚"), fields(0.5, name="李文博")])) == 1


def test_a_register_is_about_a_household() -> None:
    papers = [fields(name="张晓岚", id_number=ONE), fields(name="李文博", id_number=OTHER)]
    assert people_of(T.HOUSEHOLD_REGISTER, papers) == ((0, 1),)


def test_nobody() -> None:
    assert people_of(T.RESIDENT_ID_CARD, [BACK]) == ()
    assert people_of(T.RESIDENT_ID_CARD, []) == ()
