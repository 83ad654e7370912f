"""Advice follows from the worst severity."""

import pytest

from schemas.document import DocumentType
from schemas.finding import Finding, Outcome, Severity, advice


def finding(severity: Severity) -> Finding:
    return Finding(rule="a.b", severity=severity, document=DocumentType.OTHER, field="file", message="x")


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ([], Outcome.PASS),
        ([Severity.INFO], Outcome.PASS),
        ([Severity.INFO, Severity.CORRECT], Outcome.CORRECT),
        ([Severity.CORRECT, Severity.REVIEW], Outcome.REVIEW),
        ([Severity.REFUSE_GROUND], Outcome.REVIEW),
    ],
)
def test_advice(severities: list[Severity], expected: Outcome) -> None:
    assert advice(finding(severity) for severity in severities) is expected


def test_severity_order_is_the_contract_s() -> None:
    assert sorted(Severity, key=lambda severity: severity.rank) == [
        Severity.INFO,
        Severity.CORRECT,
        Severity.REVIEW,
        Severity.REFUSE_GROUND,
    ]
