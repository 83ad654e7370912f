"""Second readings: what is read again, who decides, and how sure a field is afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from schemas.document import DocumentType
from schemas.reading import Line, ReadField, Source
from tests.support.pages import line
from verifier.extract import read_fields
from verifier.extract.confirm import confirm
from verifier.extract.page import ReadPage
from verifier.ocr.engine import Alternative, Image, Recognition

T = DocumentType
ID = "440114199803051239"
THRESHOLD = 0.8
"""What batches ask for by default."""


@dataclass
class Script:
    """An Engine that gives the answers it was given, call after call; `sizes` are the numbers of crops it was shown."""

    answers: list[Sequence[str | Recognition]]
    sizes: list[int] = field(default_factory=list)
    name: str = "script"

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        raise AssertionError("second readings search for no text")

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        given = self.answers[len(self.sizes)]
        self.sizes.append(len(crops))
        return tuple(
            answer if isinstance(answer, Recognition) else Recognition(text=answer, score=0.97) for answer in given
        )


def perhaps(text: str, **others: float) -> Recognition:
    alternatives = tuple(Alternative(text=other, likelihood=likelihood) for other, likelihood in others.items())
    return Recognition(text=text, score=0.9, others=alternatives)


def paper(*lines: Line) -> ReadPage:
    return ReadPage(index=0, image=np.full((900, 900, 3), 255, np.uint8), lines=lines, to_uploaded=np.eye(3))


def confirmed(kind: DocumentType, engine: Script, *lines: Line) -> Mapping[str, ReadField]:
    page = paper(*lines)
    return confirm(kind, read_fields(kind, [page]), [page], engine)


def conclusion(engine: Script, text: str = "合格") -> ReadField:
    return confirmed(T.MEDICAL_EXAM_FORM, engine, line("体检结论", 10, 10), line(text, 300, 10))["conclusion"]


def name(engine: Script, *more: Line, score: float = 0.96) -> ReadField:
    lines = (line("姓名", 10, 10), line("金靜文", 300, 10, score=score), *more)
    return confirmed(T.MEDICAL_EXAM_FORM, engine, *lines)["name"]


def number(engine: Script, text: str, score: float = 0.96) -> ReadField:
    lines = (line("公民身份号码", 10, 10), line(text, 300, 10, score=score))
    return confirmed(T.RESIDENT_ID_CARD, engine, *lines)["id_number"]


def test_a_conclusion_read_twice_alike_is_believed() -> None:
    read = conclusion(Script([["合格"]]))
    assert (read.value, read.others) == ("qualified", ())
    assert read.confidence >= 0.99


@pytest.mark.parametrize(
    ("second", "third"), [("不合格", "不合格"), ("不合格", "合格"), ("未检", "未检"), ("拾恪", "拾恪"), ("", "")]
)
def test_a_conclusion_that_is_disputed_calls_a_person_and_is_never_replaced(second: str, third: str) -> None:
    engine = Script([[second], [third]])
    read = conclusion(engine)
    assert read.value == "qualified"
    assert read.confidence < 0.5
    assert engine.sizes == [1, 1]


def test_a_lost_negation_is_told() -> None:
    assert conclusion(Script([["不合格"], ["不合格"]])).others[0] == "unqualified"


def test_what_the_crop_may_say_as_well_lowers_the_confidence() -> None:
    read = conclusion(Script([[perhaps("合格", 不合格=0.5)]]))
    assert read.value == "qualified" and read.others == ("unqualified",)
    assert read.confidence < THRESHOLD


def test_two_other_readings_outvote_the_first() -> None:
    read = name(Script([["金静文"], ["金静文"]]))
    assert (read.value, read.raw, read.repaired, read.others) == ("金静文", "金靜文", True, ("金靜文",))
    assert read.confidence < THRESHOLD


def test_one_that_nearly_agrees_counts_when_nobody_saw_the_first() -> None:
    read = name(Script([[perhaps("金诤文", 金静文=0.7)], ["金静文"]]))
    assert read.value == "金静文"


def test_a_third_reading_upholds_the_first() -> None:
    read = name(Script([["金静文"], ["金靜文"]]))
    assert read.value == "金靜文" and "金静文" in read.others
    assert read.confidence >= THRESHOLD


def test_three_readings_of_three_minds_leave_the_first_in_doubt() -> None:
    read = name(Script([["金诤文"], ["全靜文"]]))
    assert read.value == "金靜文" and set(read.others) == {"金诤文", "全靜文"}
    assert read.confidence <= 0.4


def test_the_same_name_elsewhere_on_the_document_settles_a_dispute() -> None:
    signed = line("受检者签名:金静文", 10, 500)
    read = name(Script([["金静文"], ["全靜文"]]), signed)
    assert read.value == "金静文" and read.others[0] == "金靜文"


def test_a_name_that_stands_there_twice_is_not_read_again() -> None:
    engine = Script([])
    read = name(engine, line("受检者签名:金靜文", 10, 500))
    assert engine.sizes == []
    assert read.confidence >= 0.99


def test_a_part_of_a_longer_name_is_no_witness() -> None:
    page = (line("姓名", 10, 10), line("靖雯", 300, 10), line("受检者签名:欧阳靖雯", 10, 500))
    engine = Script([["欧阳靖雯"], ["欧阳靖雯"]])
    assert confirmed(T.MEDICAL_EXAM_FORM, engine, *page)["name"].value == "欧阳靖雯"


def test_a_sound_number_is_not_read_again() -> None:
    engine = Script([])
    assert number(engine, ID).confidence >= 0.99
    assert engine.sizes == []


def test_a_faint_sound_number_is_read_again_and_keeps_its_value() -> None:
    engine = Script([[ID[:-1] + "8"]])
    read = number(engine, ID, score=0.7)
    assert read.value == ID
    assert engine.sizes == [1]


def test_of_two_numbers_the_one_its_check_digit_fits_is_taken() -> None:
    misread = ID[:-5] + "7" + ID[-4:]
    read = number(Script([[ID]]), misread)
    assert (read.value, read.raw, read.repaired, read.others) == (ID, misread, True, (misread,))
    assert read.confidence == pytest.approx(0.85)


def test_a_number_nearly_read_is_taken_when_only_it_is_sound() -> None:
    misread = ID[:-5] + "7" + ID[-4:]
    assert number(Script([[perhaps(misread, **{ID: 0.3})]]), misread).value == ID
    assert number(Script([[perhaps(misread, **{ID: 0.02})]]), misread).value == misread


def test_a_number_wrong_on_the_paper_stays_wrong() -> None:
    wrong = ID[:-1] + "0"
    read = number(Script([[wrong]]), wrong)
    assert (read.value, read.repaired, read.others) == (wrong, False, ())


def test_of_two_dates_of_birth_the_one_in_the_number_is_taken() -> None:
    lines = (line("公民身份号码", 10, 10), line(ID, 300, 10), line("出生日期", 10, 100), line("1998-03-06", 300, 100))
    read = confirmed(T.RESIDENT_ID_CARD, Script([["1998-03-05"]]), *lines)["birth_date"]
    assert (read.value, read.others) == ("1998-03-05", ("1998-03-06",))
    plain = confirmed(T.RESIDENT_ID_CARD, Script([["1998-03-06"]]), *lines)["birth_date"]
    assert plain.value == "1998-03-06", "another date on the paper is for the rules to find"


def test_a_number_of_the_form_keeps_its_decimal_point() -> None:
    lines = (line("谷丙转氨酶(ALT)", 10, 10), line("26.1U/L", 500, 10, score=0.95))
    read = confirmed(T.MEDICAL_EXAM_FORM, Script([["26U/L"], ["261U/L"]]), *lines)["alt"]
    assert read.value == "26.1"
    assert read.confidence < THRESHOLD


def test_a_number_that_scored_high_is_not_read_again() -> None:
    engine = Script([])
    confirmed(T.MEDICAL_EXAM_FORM, engine, line("谷丙转氨酶(ALT)", 10, 10), line("26.1U/L", 500, 10, score=0.995))
    assert engine.sizes == []


def test_all_fields_go_to_the_engine_in_one_call_and_share_their_crops() -> None:
    engine = Script([["张伟", "2020.06.07-2040.06.07"]])
    read = confirmed(
        T.RESIDENT_ID_CARD,
        engine,
        line("姓名", 10, 10),
        line("张伟", 300, 10),
        line("有效期限", 10, 200),
        line("2020.06.07-2040.06.07", 300, 200),
    )
    assert engine.sizes == [2]
    assert read["valid_from"].confidence >= 0.99 and read["valid_to"].confidence >= 0.99


def test_a_value_beside_its_label_on_one_line_is_compared_without_the_label() -> None:
    engine = Script([["名:张伟", "期:2020.06.07-长期"]])
    read = confirmed(T.RESIDENT_ID_CARD, engine, line("姓名:张伟", 10, 10), line("有效期限:2020.06.07-长期", 10, 200))
    assert read["name"].others == () and read["name"].confidence >= 0.99
    assert read["valid_to"].confidence >= 0.99


def test_pieces_side_by_side_are_read_as_one() -> None:
    page = paper(line("姓名", 10, 10), line("欧阳", 300, 10), line("静", 390, 10))
    found = read_fields(T.RESIDENT_ID_CARD, [page])
    assert found["name"].value == "欧阳静"
    engine = Script([["欧阳静"]])
    assert confirm(T.RESIDENT_ID_CARD, found, [page], engine)["name"].confidence >= 0.99
    assert engine.sizes == [1]


def test_a_text_layer_is_not_doubted() -> None:
    layer = [
        each.model_copy(update={"source": Source.TEXT_LAYER}) for each in (line("姓名", 10, 10), line("张伟", 300, 10))
    ]
    engine = Script([])
    before = read_fields(T.RESIDENT_ID_CARD, [paper(*layer)])
    assert confirm(T.RESIDENT_ID_CARD, before, [paper(*layer)], engine) == before
    assert engine.sizes == []


def test_two_papers_on_one_page_are_told_apart_by_their_text() -> None:
    front = paper(line("姓名", 10, 10), line("张伟", 300, 10))
    back = replace(paper(line("签发机关", 10, 10), line("广州市公安局", 300, 10)), to_uploaded=np.diag([1.0, 1.0, 1.0]))
    fields = read_fields(T.RESIDENT_ID_CARD, [back, front])
    engine = Script([["张伟"]])
    assert confirm(T.RESIDENT_ID_CARD, fields, [back, front], engine)["name"].confidence >= 0.99


def test_types_without_dear_fields_cost_nothing() -> None:
    assert confirm(T.LEASE_CONTRACT, {}, [paper()], Script([])) == {}
