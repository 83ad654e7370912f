"""A second look at what is dear: a field is believed when two readings agree (DESIGN.md D8).

The second reading comes from a crop of its own, with room around the text and without red ink. It is not wiser than the
first, but it errs in other places: where the two differ a third decides, or a check digit, or nobody does and a person
is asked. Over 4100 fields of four sets that mended 12 of the misread ones, broke one, and disputed or doubted most of the
others, at 4 % of the time of one OCR pass. `不合格` contains `合格`, and an engine that loses the 不 makes
the most dangerous error there is: a conclusion is believed only when both readings say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.document import DocumentType
from schemas.reading import ReadField, Source
from verifier.compare.ids import id_birth_date, id_problem
from verifier.extract.confirm.confidence import settled, witnessed
from verifier.extract.confirm.crops import LEVEL, Cut, clean_crop, crop_line
from verifier.extract.confirm.dear import DEAR, Dear
from verifier.extract.confirm.place import Place, is_sealed, occurrences, place_of
from verifier.extract.confirm.verdict import Agreement, Reading, Verdict, judge, reading_of
from verifier.extract.page import ReadPage
from verifier.ocr.engine import Engine

__all__ = ["confirm", "crop_line"]

_KNOWN_SCORE = 0.9
"""A line that scored so much and is confirmed by a check digit or by another line is not read again."""
_WORD = 2
"""Characters from which a text is not found elsewhere on a document by chance."""
_UNSETTLED = (Agreement.DISPUTED, Agreement.UNREAD)
"""What a third reading may settle."""
_OPEN = (Agreement.DISPUTED, Agreement.OUTVOTED)
"""What another line of the document may settle: two readings through a seal's ink may err alike."""


@dataclass(frozen=True)
class _Case:
    """A field to be looked at again."""

    name: str
    field: ReadField
    place: Place
    dear: Dear

    @property
    def first(self) -> Reading:
        return Reading(self.field.text, self.place.score)


def confirm(
    kind: DocumentType, fields: Mapping[str, ReadField], pages: Sequence[ReadPage], engine: Engine
) -> dict[str, ReadField]:
    """Read the dear fields again and say of each whether the readings agree, and what else it may say.

    One call to the engine for all of them, and one more for those whose readings differ. Raises EngineError when the
    engine cannot answer.
    """
    confirmed = dict(fields)
    cases: list[_Case] = []
    for name, dear in DEAR.get(kind, {}).items():
        case = _case(name, dear, fields, pages)
        if case is None:
            continue
        if _is_known(case, pages):
            confirmed[name] = witnessed(case.field)
        elif case.place.score < case.dear.enough:
            cases.append(case)
    seconds = _read(cases, engine)
    unsettled = [case for case in cases if judge(case.first, seconds[case.name], case.dear).agreement in _UNSETTLED]
    thirds = _read(unsettled, engine, LEVEL)
    for case in cases:
        verdict = judge(case.first, [*seconds[case.name], *thirds.get(case.name, ())], case.dear)
        confirmed[case.name] = _with(case, _seen_elsewhere(verdict, case, pages))
    return confirmed


def _case(name: str, dear: Dear, fields: Mapping[str, ReadField], pages: Sequence[ReadPage]) -> _Case | None:
    """A dear field that can be read again: read by OCR, and found again in one row of text."""
    field = fields.get(name)
    if field is None or not isinstance(field.value, str) or field.source is Source.TEXT_LAYER:
        return None
    place = place_of(field, pages)
    if place is None:
        return None
    born = _born(fields) if name == "birth_date" else None
    return _Case(name, field, place, dear if born is None else replace(dear, sound=born.startswith))


def _is_known(case: _Case, pages: Sequence[ReadPage]) -> bool:
    """Whether something else on the document confirms a field, so that reading it again cannot pay."""
    text, sound = case.place.text, case.dear.sound
    if case.dear.lasting or case.place.score < _KNOWN_SCORE:
        return False
    if sound is not None:
        return sound(case.field.text) and not case.field.repaired
    # A digit or two stand in many places by chance.
    return len(text) >= _WORD and occurrences(text, pages, besides=case.place) > 0


def _seen_elsewhere(verdict: Verdict, case: _Case, pages: Sequence[ReadPage]) -> Verdict:
    """A dispute that other lines of the document, or its seals, decide: they hold one of the values and none of the rest."""
    if verdict.agreement not in _OPEN or case.dear.lasting or case.dear.sound is not None:
        return verdict
    values = (verdict.value, *verdict.others)
    seen = [
        value
        for value in values
        if occurrences(value, pages, besides=case.place) > 0 or (case.dear.sealed and is_sealed(value, pages))
    ]
    if len(seen) != 1:
        return verdict
    rest = tuple(value for value in values if value != seen[0])
    agreement = Agreement.UPHELD if seen[0] in (verdict.value, case.first.value) else Agreement.OUTVOTED
    return replace(verdict, value=seen[0], agreement=agreement, others=rest)


def _born(fields: Mapping[str, ReadField]) -> str | None:
    """The date of birth in the document's own sound number: of two readings of a date the one that fits is right."""
    number = fields.get("id_number")
    if number is None or number.repaired or id_problem(number.text) is not None:
        return None
    return id_birth_date(number.text).isoformat()


def _read(cases: Sequence[_Case], engine: Engine, cut: Cut | None = None) -> dict[str, list[Reading]]:
    """A reading of each case, from crops that go to the engine in one call; fields of one place share a crop."""
    crops = {}
    for case in cases:
        key = (id(case.place.page), case.place.line, case.place.box, cut or case.dear.cut)
        if key not in crops and (crop := clean_crop(case.place.page.image, case.place.box, key[3])) is not None:
            crops[key] = crop
    answers = dict(zip(crops, engine.recognise(list(crops.values())), strict=True)) if crops else {}
    readings: dict[str, list[Reading]] = {}
    for case in cases:
        answer = answers.get((id(case.place.page), case.place.line, case.place.box, cut or case.dear.cut))
        readings[case.name] = [] if answer is None else [reading_of(answer, case.place, case.dear, case.field)]
    return readings


def _with(case: _Case, verdict: Verdict) -> ReadField:
    """The field as the verdict leaves it. What was read first stays as `raw`; a value taken instead of it says so."""
    sound = case.dear.sound
    denied = sound is not None and not sound(verdict.value)
    return case.field.model_copy(
        update={
            "value": verdict.value,
            "repaired": case.field.repaired or verdict.value != case.field.text,
            "confidence": settled(case.field, verdict, strict=case.dear.strict, denied=denied),
            "others": verdict.others,
        }
    )
