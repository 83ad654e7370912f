"""Runs the enabled rules of a batch over a case."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.application import Application
from schemas.batch import Batch, RuleSwitch
from schemas.document import FIELDS, PSEUDO_FIELDS, DocumentType
from schemas.finding import Finding
from schemas.reading import DocumentReading
from verifier.rules.catalogue import RULES
from verifier.rules.facts import Facts
from verifier.rules.messages import fill
from verifier.rules.rule import Hit, Rule

_SLOT_ORDER = {slot: index for index, slot in enumerate(DocumentType)}
_AS_IS = RuleSwitch()

MAY_BE_MISREAD = "复核识别时此处也可能读作“{a}”。"
"""Added to what staff are told when the picture may say the expected value: of 21 misread names the right one was among
the others 20 times, and other people's names never were (names with one other character in one of two hundred)."""


def judge(
    application: Application,
    readings: Mapping[DocumentType, DocumentReading],
    batch: Batch,
    *,
    spoken_for: frozenset[DocumentType] = frozenset(),
) -> tuple[Finding, ...]:
    """Every finding of a case: the most severe first, then by slot, field and rule.

    Keys of `readings` are slots. Pure: the order of the documents does not matter, nothing is looked up elsewhere and
    "today" is `application.submitted_on`. A rule the batch disables stays silent; a severity it sets replaces the
    rule's own. `spoken_for` are slots of the application without a reading that have a finding from an earlier stage
    (a file that cannot be opened): they count neither as missing nor as not read.
    """
    facts = Facts.of(application, readings, batch, spoken_for)
    findings: list[Finding] = []
    for rule in RULES.values():
        switch = batch.rules.get(rule.id, _AS_IS)
        if switch.enabled:
            findings.extend(_finding(rule, switch, hit, facts) for hit in rule.check(facts))
    return tuple(sorted(findings, key=_order))


def _finding(rule: Rule, switch: RuleSwitch, hit: Hit, facts: Facts) -> Finding:
    remark = MAY_BE_MISREAD if _may_be_misread(facts, hit) else ""
    return Finding(
        rule=rule.id,
        severity=switch.severity or rule.severity,
        document=hit.slot,
        field=hit.field,
        expected=hit.expected,
        found=hit.found,
        message=fill(rule.applicant_message, hit),
        reviewer_message=fill(rule.reviewer_message + remark, hit),
    )


def _may_be_misread(facts: Facts, hit: Hit) -> bool:
    """Whether a second reading saw the expected value there as well: staff are told, the finding stays what it is."""
    field = facts.field(hit.slot, hit.field)
    return field is not None and hit.expected is not None and hit.expected in field.others


def _order(finding: Finding) -> tuple[int, int, int, str, str]:
    fields = (*FIELDS[finding.document], *PSEUDO_FIELDS)
    place = fields.index(finding.field) if finding.field in fields else len(fields)
    return -finding.severity.rank, _SLOT_ORDER[finding.document], place, finding.rule, finding.found or ""
