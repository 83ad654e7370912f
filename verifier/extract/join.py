"""One document from the fields of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from schemas.reading import ReadField

Fields = dict[str, ReadField]
_Key = TypeVar("_Key", bound="tuple[str | bool | float, ...]")


def surest(pages: Iterable[Fields]) -> Fields:
    """Of a field met on several pages the surer reading, the first of equals."""
    joined: Fields = {}
    for page in pages:
        for name, field in page.items():
            held = joined.get(name)
            if held is None or field.confidence > held.confidence:
                joined[name] = field
    return joined


def greatest(pages: Sequence[Fields], name: str, key: Callable[[ReadField], _Key]) -> Fields:
    """The one field with the greatest key, as a mapping to lay over others; empty when no page has it."""
    found = [page[name] for page in pages if name in page]
    return {name: max(found, key=key)} if found else {}
