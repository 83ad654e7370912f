"""From tokens to a field: parse what stands there, keep what was read, say how sure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from schemas.reading import ReadField, Source
from verifier.compare.divisions import mend_divisions
from verifier.compare.ids import Repaired, id_problem, read_id
from verifier.compare.names import normalise_name
from verifier.compare.uscc import read_uscc, uscc_problem
from verifier.extract.flow import lines_under, spill
from verifier.extract.layout import Layout, Token, joined, rows_of
from verifier.extract.places import look_box
from verifier.extract.tables import cell_values
from verifier.geometry import union

Parser = Callable[[str], str | Repaired | None]
"""Takes the text of a value, gives it normalised, or None when it is not such a value."""

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_NAME = re.compile(rf"^[{_HAN}](?:[{_HAN}·.•]*[{_HAN}])?$")
_NOT_NAMES = ("照片", "相片", "盖章", "签名", "签字", "性别", "民族", "出生", "正常", "单位", "日期")


def parse_name(text: str) -> str | None:
    """A person's name: Han characters with or without dots, two to twenty-five of them."""
    # Leading marks are specks beside the label, not letters of a name.
    name = normalise_name(re.sub(r"^[^\w〇□〓?]+|[\s:：,，。_]", "", text))
    if not 2 <= len(name) <= 25 or not _NAME.match(name) or any(word in name for word in _NOT_NAMES):
        return None
    return name


def parse_text(text: str) -> str | None:
    """Free text as it stands, without the punctuation around it."""
    text = text.strip(" ,，.。;；:：、_/|")
    return text or None


def parse_address(text: str) -> str | Repaired | None:
    """An address: at least one Han character and no spaces. A misread 省 or 市 between known names is repaired."""
    text = re.sub(r"\s", "", text).strip(",，.。;；:：、_|")
    if len(text) < 4 or not re.search(rf"[{_HAN}]", text):
        return None
    mended = mend_divisions(text)
    return text if mended == text else Repaired(mended, repaired=True)


_ORGANISATION = re.compile(
    rf"[{_HAN}A-Za-z0-9()·\-]*(?:公司|学校|小学|中学|学院|大学|幼儿园|幼教中心|中心|机构|医院|保健院|集团|局|处|站|社|部|院|所|园|校)"
)


def parse_organisation(text: str) -> str | None:
    """The name of a school, company or hospital."""
    text = re.sub(r"\s", "", text).strip(",，.。;；:：、_|")
    text = re.sub(r"^\((?:盖章|公章|章)\)[:：]?", "", text)
    match = _ORGANISATION.match(text)
    return match.group() if match and len(match.group()) >= 4 else None


UNLABELLED = 0.88
"""What a value's confidence keeps when no label says what it is."""


def confidence(tokens: Sequence[Token], label: Token | None, *, certain: bool, repaired: bool) -> float:
    """How sure a field is, from 0 to 1.

    The recogniser's score alone does not tell right from wrong (DESIGN.md D8), so it is joined with how the field was
    found: an exact label beside it, a near one or none, a check digit that holds, a repair.
    """
    if tokens and all(token.source is Source.TEXT_LAYER for token in tokens):
        read = 0.995
    else:
        read = min((token.score for token in tokens), default=0.0)
    found = UNLABELLED if label is None else (1.0 if label.exact else 0.95)
    sure = read * found
    if certain:
        sure = max(sure, 0.5 + 0.48 * read)
    if repaired:
        sure = min(sure, 0.85)
    return round(min(sure, 0.995), 3)


def make_field(
    layout: Layout, tokens: Sequence[Token], value: str | Repaired, label: Token | None, *, certain: bool = False
) -> ReadField:
    """A field from the tokens that hold it. Raises ValueError for no tokens."""
    repaired = isinstance(value, Repaired) and value.repaired
    text = value.value if isinstance(value, Repaired) else value
    layer = all(token.source is Source.TEXT_LAYER for token in tokens)
    return ReadField(
        value=text,
        raw=joined(tokens),
        confidence=confidence(tokens, label, certain=certain, repaired=repaired),
        page=layout.page.index,
        box=layout.page.uploaded(union([token.box for token in tokens])),
        repaired=repaired,
        source=Source.TEXT_LAYER if layer else Source.OCR,
    )


def beside(
    layout: Layout,
    key: str,
    parse: Parser,
    *,
    wraps: bool = False,
    under: bool = False,
    past: Iterable[str] = (),
    certain: bool = False,
) -> ReadField | None:
    """The field beside a label: right of it, wrapped over several lines (`wraps`), or below it (`under`).

    Labels named in `past` may stand between the label and its value.
    """
    for label in layout.labels(key):
        tries = _in_cells(layout, label, past) or _on_rows(layout, label, wraps=wraps, under=under, past=past)
        for tokens in tries:
            if not tokens:
                continue
            value = parse(joined(tokens))
            if value is not None:
                return make_field(layout, tokens, value, label, certain=certain)
    return second_look(layout, key, parse)


def _in_cells(layout: Layout, label: Token, past: Iterable[str]) -> list[Sequence[Token]]:
    """Where a ruled table says that the value stands; nothing outside tables, one empty place for an empty cell."""
    values = cell_values(layout, label, past=past)
    if values is None:
        return []
    tries: list[Sequence[Token]] = []
    for group in values.groups:
        tries.append(group)
        tries.extend(rows_of(group))
        tries.extend([token] for token in group)
    return tries or ([()] if values.empty is not None else [])


def _on_rows(layout: Layout, label: Token, *, wraps: bool, under: bool, past: Iterable[str]) -> list[Sequence[Token]]:
    """Where a value may stand on a page without rules, the likeliest place first."""
    row = layout.right_of(label, past=past)
    stacked = lines_under(layout, label)
    # In a row of heads what stands a little lower right is the next head's.
    tries: list[Sequence[Token]] = [stacked[:1]] if _is_followed_by_label(layout, label) else []
    if wraps:
        block = layout.block_right(label)
        tries.append([*block, *spill(layout, label, block)])
    tries.extend((layout.value_right(label), row))
    tries.extend([token] for token in row)
    if not wraps:
        tries.append(layout.block_right(label, max_lines=2))
    if under:
        tries.extend([token] for token in layout.below(label))
    if wraps:
        tries.append(stacked)
    tries.append(stacked[:1])
    return tries


def _is_followed_by_label(layout: Layout, label: Token) -> bool:
    """Whether the next thing on the label's row is another label."""
    after = [
        token for token in layout.row_of(label) if token.left >= label.right - 0.6 * label.height and token is not label
    ]
    return bool(after) and after[0].label is not None


LOOK_SCORE = 0.6
"""A second look has no detector behind it: what scores less than this is background, not text."""

_STROKE = re.compile(r"^[1lI|/\\丨]$")
"""One upright stroke in an otherwise empty place is a slash as well as a one: it says that a mark is there, not which."""


def second_look(layout: Layout, key: str, parse: Parser) -> ReadField | None:
    """Read the empty place right of a label once more, closer: single characters slip past a text detector."""
    if layout.page.look is None:
        return None
    for label in layout.labels(key)[:1]:
        box = look_box(layout, label)
        if box is None:
            continue
        answer = layout.page.look(box)
        text = _STROKE.sub("/", answer.text.strip())
        value = parse(text) if answer.score >= LOOK_SCORE else None
        if value is not None:
            seen = replace(label, text=text, score=answer.score, box=box, label=None)
            return make_field(layout, [seen], value, label)
    return None


def id_number(layout: Layout, key: str = "id_number") -> ReadField | None:
    """The ID number beside its label; failing that, the only number on the page that is sound."""
    field = beside(layout, key, read_id, under=True)
    if field is None or id_problem(field.text) is not None:
        sound = [
            (token, number)
            for token in layout.text_tokens()
            if (number := read_id(token.text)) is not None and id_problem(number.value) is None
        ]
        if len({number.value for _, number in sound}) == 1 and field is None:
            token, number = sound[0]
            return make_field(layout, [token], number, None, certain=True)
        return field
    return field.model_copy(update={"confidence": _certain(field)})


def uscc(layout: Layout, key: str = "uscc") -> ReadField | None:
    """The unified social credit code beside its label."""
    field = beside(layout, key, read_uscc, under=True)
    if field is None or uscc_problem(field.text) is not None:
        return field
    return field.model_copy(update={"confidence": _certain(field)})


def _certain(field: ReadField) -> float:
    """A check digit that holds makes a misreading unlikely: 1 in 11 random numbers passes, so not certainty either."""
    return field.confidence if field.repaired else round(max(field.confidence, 0.97), 3)


def collect(found: dict[str, ReadField | None]) -> dict[str, ReadField]:
    """The fields that were found."""
    return {name: field for name, field in found.items() if field is not None}
