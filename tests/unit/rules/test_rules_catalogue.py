"""The catalogue is complete, its messages can be filled, and docs/rules.md is what it says."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from schemas.document import FIELDS, PSEUDO_FIELDS, DocumentType
from schemas.finding import Severity
from verifier.rules import document
from verifier.rules.catalogue import OUTSIDE, RULES, SUBJECTS
from verifier.rules.rule import Rule
from verifier.rules.titles import FIELD_TITLES_ZH

DOCS = Path(__file__).parents[3] / "docs" / "rules.md"

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)


def test_ids_are_unique_and_well_formed() -> None:
    listed = [rule.id for _, rules in SUBJECTS for rule in rules]
    assert len(listed) == len(set(listed)) == len(RULES)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in (*listed, *OUTSIDE))
    assert not RULES.keys() & OUTSIDE.keys()


@every_rule
def test_a_rule_says_what_it_rests_on_and_what_it_reads(rule: Rule) -> None:
    assert rule.legal_basis
    assert rule.title
    assert rule.inputs
    assert len(set(rule.inputs)) == len(rule.inputs)
    assert re.search(r"[\u4e00-\u9fff]", rule.applicant_message)
    assert re.search(r"[\u4e00-\u9fff]", rule.reviewer_message)


@every_rule
def test_inputs_name_things_that_exist(rule: Rule) -> None:
    known_fields = {*FIELD_TITLES_ZH, "seals"}
    for name in rule.inputs:
        room, _, rest = name.partition(".")
        if room in {slot.value for slot in DocumentType}:
            assert rest in (*FIELDS[DocumentType(room)], "seals")
        elif room == "*":
            assert rest in known_fields
        else:
            assert room in {"application", "batch", "reading"}


@every_rule
def test_a_note_asks_nothing_of_the_applicant(rule: Rule) -> None:
    asks = re.search(r"(?<!申)请(?!及时)", rule.applicant_message)
    assert rule.severity is not Severity.INFO or asks is None


@every_rule
def test_a_correction_says_what_to_do(rule: Rule) -> None:
    assert rule.severity is not Severity.CORRECT or "请" in rule.applicant_message


@every_rule
def test_messages_never_show_an_identity_number_or_code_in_full_to_the_applicant(rule: Rule) -> None:
    placeholders = {name for _, name, _, _ in Formatter().parse(rule.applicant_message)}
    if rule.id.startswith(("id_number.", "uscc.")) or rule.id in {"application.id_number", "application.uscc"}:
        assert not placeholders & {"a", "b"}


def test_every_field_a_finding_may_name_has_a_title() -> None:
    names = {name for fields in FIELDS.values() for name in fields} | set(PSEUDO_FIELDS)
    assert names == set(FIELD_TITLES_ZH)


def test_the_document_is_up_to_date() -> None:
    assert DOCS.read_text(encoding="utf-8") == document.render().rstrip("\n") + "\n", (
        "docs/rules.md is stale: python -m verifier.rules.document docs/rules.md"
    )


def test_the_document_lists_every_rule() -> None:
    text = document.render()
    for name in (*RULES, *OUTSIDE):
        assert f"`{name}`" in text
    for rule in RULES.values():
        assert f"### {rule.id}\n" in text
        assert rule.applicant_message in text
        assert rule.legal_basis in text


def test_the_document_is_written_where_asked(tmp_path: Path) -> None:
    target = tmp_path / "rules.md"
    assert document.main([str(target)]) == 0
    assert target.read_text(encoding="utf-8").startswith("# 规则目录\n")
    assert document.main([]) == 2
