"""An example of a rule: one edit of the consistent case, and where the rule must then speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.document import DocumentType
from schemas.reading import CellState
from tests.support.rule_cases import Case

Edit = Callable[[Case], Case]


@dataclass(frozen=True)
class Example:
    """One edit of the consistent case; `where` are the document and field of each finding, none when silent."""

    rule: str
    edit: Edit
    where: tuple[tuple[DocumentType, str], ...] = ()


def on(slot: DocumentType, name: str, value: str, confidence: float = 0.97) -> Edit:
    return lambda case: case.with_field(slot, name, value, confidence)


def all_of(*edits: Edit) -> Edit:
    def apply(case: Case) -> Case:
        for edit in edits:
            case = edit(case)
        return case

    return apply


def unread(slot: DocumentType, name: str, state: CellState | None) -> Edit:
    """The field was not read; its place was found in this state, or not at all."""

    def edit(case: Case) -> Case:
        states = {} if state is None else {name: state}
        return case.without_fields(slot, name).with_reading(slot, unread=states)

    return edit


def fires(rule: str, edit: Edit, *where: tuple[DocumentType, str]) -> Example:
    return Example(rule, edit, where)


def silent(rule: str, edit: Edit) -> Example:
    return Example(rule, edit)
