"""Fields of the residence permit for Hong Kong, Macao and Taiwan residents (国办发〔2018〕81号): both sides of the card."""

from __future__ import annotations

import re

from schemas.reading import ReadField
from verifier.compare.ids import Repaired
from verifier.compare.text import squeeze
from verifier.compare.values import read_sex
from verifier.extract.cards import RESIDENT_ID_CARD_LABELS
from verifier.extract.fields import (
    beside,
    collect,
    id_number,
    make_field,
    parse_address,
    parse_name,
    parse_organisation,
)
from verifier.extract.layout import Labels, Layout
from verifier.extract.page import ReadPage
from verifier.extract.written import in_cell, parse_day, parse_end, parse_start

LABELS: Labels = {
    **RESIDENT_ID_CARD_LABELS,
    "address": ("居住地住址", "现居住地址", "居住地址", "住址"),
    "valid": ("有效期限至", "有效期限", "有效期至", "有效期"),
    "pass_number": (
        "港澳居民来往内地通行证号码", "台湾居民来往大陆通行证号码", "来往内地通行证号码", "来往大陆通行证号码", "通行证件号码",
        "通行证号码", "通行证号",
    ),
    "issues": ("签发次数", "换证次数"),
}  # fmt: skip

_LOOSE = ("sex", "birth_date")
"""The card prints these close together; an engine may join them into one line."""

_LETTERED = re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?")
_NUMBERED = re.compile(r"[0-9]{8}(?:[0-9]{2})?")
_RUN = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]?[0-9OoDIl|ZSB]{8,10}(?![0-9A-Za-z])")
_DIGIT_FOR = str.maketrans("OoDIl|ZSB", "000111258")


def parse_pass_number(text: str) -> Repaired | None:
    """The number of the pass the holder entered with: H or M and eight digits (Hong Kong, Macao), or eight (Taiwan).

    Two digits of reissue may follow. Letters among the digits that look like digits are repaired.
    """
    found = set()
    for run in _RUN.findall(squeeze(text)):
        head, body = (run[0].upper(), run[1:]) if run[0].upper() in "HM" else ("", run)
        number = head + body.translate(_DIGIT_FOR)
        if _LETTERED.fullmatch(number) or _NUMBERED.fullmatch(number):
            found.add(Repaired(number, repaired=number != run.upper()))
    return found.pop() if len(found) == 1 else None


def _pass_number(layout: Layout) -> ReadField | None:
    """Beside its label; else the only number on the page with a pass's letter."""
    field = beside(layout, "pass_number", parse_pass_number, under=True)
    if field is not None:
        return field
    lettered = [(token, squeeze(token.text)) for token in layout.text_tokens()]
    lettered = [(token, text) for token, text in lettered if _LETTERED.fullmatch(text)]
    if len({text for _, text in lettered}) != 1:
        return None
    token, number = lettered[0]
    return make_field(layout, [token], number, None)


def read_hmt_residence_permit(page: ReadPage) -> dict[str, ReadField]:
    """Front: name, sex, birth, address, number. Back: authority, validity, number of the pass. No ethnicity is printed."""
    layout = Layout(page, LABELS, loose=_LOOSE)
    return collect(
        {
            "name": beside(layout, "name", parse_name),
            "sex": beside(layout, "sex", read_sex),
            "birth_date": beside(layout, "birth_date", parse_day),
            "address": in_cell(layout, "address", parse_address),
            "id_number": id_number(layout),
            "pass_number": _pass_number(layout),
            "issuing_authority": beside(layout, "issuing_authority", parse_organisation, wraps=True),
            "valid_from": beside(layout, "valid", parse_start),
            "valid_to": beside(layout, "valid", parse_end),
        }
    )
