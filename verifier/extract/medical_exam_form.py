"""Fields of the teacher-qualification health form (体格检查表): dozens of rows, found by label wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from schemas.document import KINDERGARTEN_ITEMS
from schemas.reading import CellState, ReadField
from verifier.compare.dates import read_date, read_short_date
from verifier.compare.ids import Repaired
from verifier.compare.marks import read_mark
from verifier.compare.values import (
    read_blood_pressure,
    read_conclusion,
    read_decimal,
    read_phone,
    read_qualification,
    read_sex,
    read_vision,
)
from verifier.extract.choices import choice_among
from verifier.extract.exam_labels import LABELS
from verifier.extract.exam_sides import marked_sides, sided
from verifier.extract.fields import Parser, beside, collect, id_number, make_field, parse_name, second_look
from verifier.extract.layout import Layout, Token, joined
from verifier.extract.page import ReadPage
from verifier.extract.places import state_of
from verifier.extract.signatures import read_signature
from verifier.extract.tables import cell_values
from verifier.extract.units import with_lost_numbers
from verifier.extract.written import parse_day

_HOSPITAL = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9()]{2,30}?(?:人民医院|妇幼保健院|中医院|结合医院|医院|保健院|卫生院|体检中心|卫生服务中心)(?:体检中心|健康管理中心)?"
)

_LOOSE = ("right", "left", "systolic", "diastolic")
"""Labels that stand inside a text as well: `收缩压129舒张压80`."""

# Plausible ranges of DOMAIN.md 2.1 ("number sanity"): what falls outside was misread.
_HEIGHT_CM = (100.0, 230.0)
_WEIGHT_KG = (25.0, 250.0)
_HEART_RATE = (30.0, 220.0)
_HEARING_M = (0.0, 6.0)
_ALT = (0.5, 3000.0)


def _within(low: float, high: float) -> Parser:
    return lambda text: read_decimal(text, low, high)


_OF_THE_FORM = re.compile(r"[眼内外]科|耳鼻|口腔|咽喉|医师|签名|盖章|检查$|科$")
_OF_A_FINDING = re.compile(r"正常|异常|未[见及检]|[阴阳]性|无|可见|良好|色[盲弱]|拒|免")
"""Words of the form's heads are no finding, unless one stands beside them."""


def parse_finding(text: str) -> str | None:
    """What a doctor wrote in a row, as written: 正常, 未见异常, 未检, a dash … Nothing for an empty cell."""
    # Empty brackets are what is left of a label's own, whose word was read apart.
    value = re.sub(r"\s|[(（][)）]:?", "", text).strip(":：,，。.;；、")
    # A single character is a mark or a piece of a label, no finding.
    is_finding = re.search(r"[\u4e00-\u9fff].|^\([-+±]\)$", value) and not (
        _OF_THE_FORM.search(value) and not _OF_A_FINDING.search(value)
    )
    return value if is_finding or read_mark(value) else None


def parse_item(text: str) -> str | None:
    """A laboratory item: 阴性(-), 阳性(+), 未检 …; a registration number or a name beside it is not one."""
    value = parse_finding(text)
    if value is None or not (re.search(r"[阴阳]性?|未见|未检出|正常|[-+±]|无", value) or read_mark(value)):
        return None
    # Two results are those of two items that stand side by side.
    return None if len(re.findall(r"[阴阳]性|未检出", value)) > 1 else value


def parse_hospital(text: str) -> str | None:
    """A hospital's name; text of the label or a seal mark around it is dropped."""
    text = re.sub(r"\s", "", text)
    text = re.sub(r"^[:：]|[(（]盖?章[)）]|[(（]公章[)）]", "", text)
    match = _HOSPITAL.search(text)
    return match.group() if match else None


_UNITS: Mapping[str, re.Pattern[str]] = {
    "blood_pressure": re.compile(r"^\d{1,3}(?:\.\d)?/\d{1,3}(?:\.\d)?(?:mmHg|kPa)$", re.IGNORECASE),
    "heart_rate": re.compile(r"^\d{2,3}次/(?:分|min)(?:钟)?$"),
    "height_cm": re.compile(r"^\d{3}(?:\.\d)?(?:cm|厘米)$", re.IGNORECASE),
    "weight_kg": re.compile(r"^\d{2,3}(?:\.\d)?(?:kg|公斤|千克)$", re.IGNORECASE),
}
"""A number with its unit and nothing else names its row even when the label was misread."""


def _measured(layout: Layout, key: str, parse: Parser) -> ReadField | None:
    """Beside its label; else the only text of the page that has the row's unit."""
    field = beside(layout, key, parse)
    if field is not None:
        return field
    with_unit = [
        (token, value)
        for token in layout.text_tokens()
        if _UNITS[key].match(re.sub(r"\s", "", token.text)) and (value := parse(token.text)) is not None
    ]
    if len(with_unit) != 1:
        return None
    token, value = with_unit[0]
    return make_field(layout, [token], value, None)


def _birth(text: str) -> str | None:
    value = read_date(text)
    return value if value and value != "long_term" and value < "2015" else None


def _exam(text: str) -> str | Repaired | None:
    """A whole date; a handwritten year of two digits ("26.3.5") is of this century, which people are told."""
    value = parse_day(text)
    if value is None and (short := read_short_date(text)) is not None:
        return Repaired(short, repaired=True) if short > "2015" else None
    return value if value and value > "2015" else None


def _row(layout: Layout, key: str, parse: Parser, *, past: Collection[str] = ()) -> ReadField | None:
    """A row's value: a number, with or without its unit; else the mark or 未检 that stands in its place, as written."""
    found = _measured(layout, key, parse) if key in _UNITS else beside(layout, key, parse, past=past)
    return found or _mark(layout, key, past)


def _mark(layout: Layout, key: str, past: Collection[str]) -> ReadField | None:
    for label in layout.labels(key):
        values = cell_values(layout, label, past=past)
        groups = [layout.value_right(label)] if values is None else [list(group) for group in values.groups]
        for tokens in groups:
            mark = read_mark(joined(tokens)) if tokens else None
            if mark is not None:
                return make_field(layout, tokens, mark, label)
    return second_look(layout, key, read_mark)


def _pressure(layout: Layout) -> ReadField | None:
    """Beside its label; else from the rows 收缩压 and 舒张压."""
    field = _row(layout, "blood_pressure", read_blood_pressure)
    if field is not None and "/" in field.text[1:]:
        return field
    high = beside(layout, "systolic", _within(5.0, 300.0), past=("blood_pressure",))
    low = beside(layout, "diastolic", _within(3.0, 200.0))
    value = read_blood_pressure(f"{high.text}/{low.text}") if high is not None and low is not None else None
    if high is None or low is None or value is None:
        return field
    return high.model_copy(
        update={"value": value, "raw": f"{high.raw} {low.raw}", "confidence": min(high.confidence, low.confidence)}
    )


def _exam_date(layout: Layout, birth: ReadField | None) -> ReadField | None:
    """Beside its label; else the lowest full date on a page that shows the hospital's or the chief physician's row."""
    field = beside(layout, "exam_date", _exam, under=True)
    if field is not None:
        return field
    if not (layout.labels("hospital") or layout.labels("chief_physician") or layout.labels("conclusion")):
        return None
    dated: list[tuple[Token, str | Repaired]] = [
        (token, day)
        for token in layout.text_tokens()
        if (day := parse_day(token.text)) and day > "2015" and (birth is None or day != birth.value)
    ] or [
        (token, short)
        for token in layout.text_tokens()
        # two digits for the year are a date only where nothing else stands on the line
        if _SHORT_DATE.fullmatch(token.text) and isinstance(short := _exam(token.text), Repaired)
    ]
    if not dated:
        return None
    lowest, value = max(dated, key=lambda pair: pair[0].middle)
    return make_field(layout, [lowest], value, None)


_SHORT_DATE = re.compile(r"\s*\d{2}[./-]\d{1,2}[./-]\d{1,2}\s*")


def _hospital(layout: Layout) -> ReadField | None:
    """Beside its label; else the one hospital whose name stands alone on a line: the head of its paper."""
    field = beside(layout, "hospital", parse_hospital, wraps=True, past=("seal_mark",))
    if field is None:
        # The label `体检医院 / (盖章)` takes two lines; the name stands beside either.
        field = beside(layout, "seal_mark", parse_hospital, wraps=True, past=("hospital",))
    if field is not None:
        return field
    heads = [token for token in layout.text_tokens() if parse_hospital(token.text) == re.sub(r"\s", "", token.text)]
    names = {parse_hospital(token.text): token for token in heads}
    if len(names) != 1:
        return None
    name, token = names.popitem()
    return make_field(layout, [token], name or "", None)


def read_medical_exam_form(page: ReadPage) -> dict[str, ReadField]:
    """The rows of DOMAIN.md 2.1 that the contract names; hepatitis-B rows are never read (DOMAIN.md 5.4)."""
    page = with_lost_numbers(page)
    layout = Layout(page, LABELS, loose=_LOOSE, ruled=True)
    birth = beside(layout, "birth_date", _birth)
    naked = marked_sides(layout, "naked", read_vision)
    corrected = sided(layout, "corrected", read_vision)
    hearing = marked_sides(layout, "hearing", _hearing)
    return collect(
        {
            "name": beside(layout, "name", parse_name),
            "sex": beside(layout, "sex", read_sex),
            "birth_date": birth,
            "id_number": id_number(layout),
            "phone": beside(layout, "phone", read_phone),
            "qualification_type": beside(layout, "qualification_type", read_qualification),
            "naked_vision_right": naked.get("right"),
            "naked_vision_left": naked.get("left"),
            "corrected_vision_right": corrected.get("right"),
            "corrected_vision_left": corrected.get("left"),
            "color_vision": beside(layout, "color_vision", parse_finding, past=("color_vision", "color_part")),
            "blood_pressure": _pressure(layout),
            "heart_rate": _row(layout, "heart_rate", _within(*_HEART_RATE)),
            "height_cm": _row(layout, "height_cm", _within(*_HEIGHT_CM)),
            "weight_kg": _row(layout, "weight_kg", _within(*_WEIGHT_KG)),
            "hearing_right": hearing.get("right"),
            "hearing_left": hearing.get("left"),
            "chest_xray": beside(layout, "chest_xray", parse_finding),
            "alt": _row(layout, "alt", _within(*_ALT), past=("alt",)),
            "conclusion": _conclusion(layout),
            "chief_physician": read_signature(layout, "chief_physician"),
            "hospital": _hospital(layout),
            "exam_date": _exam_date(layout, birth),
            "trichomonas": beside(layout, "trichomonas", parse_item, past=("trichomonas",)),
            "candida": beside(layout, "candida", parse_item, past=("candida",)),
            "gonococcus": beside(layout, "gonococcus", parse_item, past=("gonococcus",)),
            "syphilis": beside(layout, "syphilis", parse_item, past=("syphilis",)),
        }
    )


_OPTIONS = {
    "qualified": re.compile(r"(?:体检)?(?<![不未非])合格(?=\W*$|[□☐☑√✓✔○●■\s]*不合格)"),
    "unqualified": re.compile(r"(?:体检)?不合格(?=\W*$|[□☐☑√✓✔○●■\s]*(?:体检)?合格)"),
}


def _conclusion(layout: Layout) -> ReadField | None:
    """As written; of the printed choice 合格 / 不合格 the one that is ticked, and nothing where no tick is certain."""
    choice = choice_among(layout, _OPTIONS)
    if choice is None:
        return beside(layout, "conclusion", read_conclusion)
    if choice.value is None or choice.token is None:
        return None
    label = next(iter(layout.labels("conclusion")), None)
    return make_field(layout, [choice.token], choice.value, label)


_FIVE = re.compile(r"(?<![A-Za-z\d])[sS](?=\s*(?:米|[mM]\b|$))")
"""A five by hand before its unit, as engines see it."""


def _hearing(text: str) -> str | None:
    return read_decimal(_FIVE.sub("5", text), *_HEARING_M)


_PLACES: Mapping[str, tuple[str, ...]] = {
    "conclusion": ("conclusion",), "chief_physician": ("chief_physician",), "hospital": ("hospital",),
    "exam_date": ("exam_date",),
}  # fmt: skip
"""Label -> the fields whose place it shows, wherever they stand on the page."""
_ROWS: Mapping[str, tuple[str, ...]] = {
    "naked": ("naked_vision_right", "naked_vision_left"), "hearing": ("hearing_right", "hearing_left"),
    **{
        name: (name,)
        for name in (
            "color_vision", "blood_pressure", "heart_rate", "height_cm", "weight_kg", "chest_xray", "alt", *KINDERGARTEN_ITEMS
        )
    },
}  # fmt: skip
"""Label -> the fields of a table's row: only a ruled cell shows that a row was left open."""
_SENTENCE = re.compile(r"^[由须应请以为及和与的需经]")


def read_unread_of_exam_form(page: ReadPage, read: Collection[str]) -> dict[str, CellState]:
    """Fields not among `read` whose place is on the page, and whether it is empty or holds ink.

    A hospital's place with a seal on the page is never called empty: the seal is what belongs there.
    """
    layout = Layout(page, LABELS, loose=_LOOSE, ruled=True)
    found: dict[str, CellState] = {}
    for key, names in (*_PLACES.items(), *_ROWS.items()):
        missing = [name for name in names if name not in read]
        if len(missing) < len(names):
            continue
        state = _state(layout, key, in_table=key in _ROWS)
        if state is CellState.EMPTY and key == "hospital" and page.seals:
            continue
        if state is not None:
            found.update(dict.fromkeys(missing, state))
    return found


def _state(layout: Layout, key: str, *, in_table: bool) -> CellState | None:
    """The state of a row's place: ink at one of its labels is ink; empty is only what is empty at all of them."""
    states: list[CellState | None] = []
    for label in layout.labels(key):
        beside_it = layout.right_of(label)
        if beside_it and beside_it[0].line == label.line and _SENTENCE.match(beside_it[0].text):
            continue
        values = cell_values(layout, label, past=(key,))
        if not in_table or (values is not None and (values.empty is not None or values.groups)):
            states.append(state_of(layout, label, past=("seal_mark", key)))
    if CellState.INKED in states:
        return CellState.INKED
    return CellState.EMPTY if states and all(state is CellState.EMPTY for state in states) else None
