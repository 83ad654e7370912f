"""What a rule is: an id, its ground in law, a severity, two messages, and a pure check (DESIGN.md D9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from schemas.document import DocumentType
from schemas.finding import Severity
from verifier.rules.facts import Facts


@dataclass(frozen=True)
class Hit:
    """One place where a check found its defect.

    `expected` and `found` are the full values: they are data of the result. `details` fill placeholders of the
    rule's messages beyond the common ones (see `verifier.rules.messages`).
    """

    slot: DocumentType
    field: str
    expected: str | None = None
    found: str | None = None
    details: Mapping[str, str] = dataclass_field(default_factory=dict)


Check = Callable[[Facts], Iterable[Hit]]
"""Pure: the same facts give the same hits, and nothing a page can show makes it raise."""


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue.

    `id` is `<subject>.<defect>`. `documents` are the slots it speaks about, empty for every slot. `inputs` name what
    it reads, e.g. `application.applicant.name` or `medical_exam_form.exam_date`. Both messages are `str.format`
    templates in Chinese: one for the applicant, one for staff. `severity` holds unless the batch says otherwise.
    """

    id: str
    title: str
    legal_basis: str
    severity: Severity
    documents: tuple[DocumentType, ...]
    inputs: tuple[str, ...]
    applicant_message: str
    reviewer_message: str
    check: Check

    @property
    def subject(self) -> str:
        return self.id.partition(".")[0]
