"""Fills a rule's messages. No message carries a full ID number, whatever a page or an application says.

Placeholders every message may use: `{doc}` the document's title, `{field}` the field's title, `{a}` what was expected
(as a rule what the application states), `{b}` what was found, `{tail}` the last four characters of what was found.
"""

from __future__ import annotations

import re

from schemas.document import TITLES_ZH
from verifier.compare.ids import mask_id
from verifier.rules.rule import Hit
from verifier.rules.titles import FIELD_TITLES_ZH, show

LONGEST_VALUE = 60
"""Characters of a value a message shows: an address fits, a page of noise does not."""

_LONG_NUMBER = re.compile(r"\d(?:\s?\d){14,}(?:\s?[XxＸｘ])?")
"""15 digits (the old ID number) and more, also with spaces between them."""


def mask_numbers(text: str) -> str:
    """Stars for the middle of every run of 15 digits or more; the first six and the last four stay (DOMAIN 5.5)."""
    return _LONG_NUMBER.sub(lambda match: mask_id(re.sub(r"\s", "", match.group())), text)


def fill(template: str, hit: Hit) -> str:
    """The message of a hit. Raises KeyError when the template names a placeholder the check does not provide."""
    values = {
        "doc": TITLES_ZH[hit.slot],
        "field": FIELD_TITLES_ZH[hit.field],
        "a": _value(hit.field, hit.expected),
        "b": _value(hit.field, hit.found),
        "tail": (hit.found or "")[-4:] or "无",
        **{name: _shorten(value) for name, value in hit.details.items()},
    }
    return mask_numbers(template.format_map(values))


def _value(field: str, value: str | None) -> str:
    return _shorten(show(field, value)) if value else "无"


def _shorten(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
