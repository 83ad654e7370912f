"""`/cases/{application_no}`: one case, masked: findings, documents with what was read in them, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from schemas.document import FIELDS, TITLES_ZH
from schemas.finding import Finding
from schemas.reading import DocumentReading, ReadField
from verifier.errors import CODES
from verifier.rules.catalogue import RULES
from verifier.rules.titles import FIELD_TITLES_ZH, QUALIFICATIONS_ZH, show
from verifier.services import queries, review, viewing
from verifier.services.access import Action
from verifier.services.queries import CaseView, DocumentView
from verifier.web.api.applications import ApplicationNo
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.masking import MASKS, SentenceMask, mask_text, mask_value
from verifier.web.pages.rendering import render
from verifier.web.pages.timeline import timeline
from verifier.web.pages.words import Label
from verifier.web.services import ServicesDep

router = APIRouter(include_in_schema=False)

NOTHING = "—"


@dataclass(frozen=True)
class Fact:
    """A line of the application, masked."""

    title: str
    value: str


@dataclass(frozen=True)
class FindingCard:
    """A finding as staff read it. `differs_unseen` says that what differs is under the stars."""

    severity: Label
    title: str
    rule: str
    document: str
    anchor: str
    field: str
    message: str
    expected: str | None
    found: str | None
    differs_unseen: bool


@dataclass(frozen=True)
class FieldRow:
    """A field that was read; `lines` has several for a list of insured months."""

    title: str
    lines: tuple[str, ...]
    grade: Label
    confidence: str
    page: int
    note: str


@dataclass(frozen=True)
class DocumentCard:
    """A slot of the case: its pages and what was read on them."""

    anchor: str
    title: str
    state: Label
    trouble: str
    pages: int
    size: int
    revision: int
    detected: str | None
    type_grade: Label | None
    type_confidence: str
    problems: tuple[str, ...]
    fields: tuple[FieldRow, ...]
    seals: tuple[FieldRow, ...]
    codes: int
    may_be_seen: bool
    """Whether its pages may be looked at."""
    withheld: str
    """Numbers of the pages on which something may not be seen."""
    findings: int

    @property
    def asks_for_a_look(self) -> bool:
        """Whether the page shows it unfolded."""
        return bool(self.findings or self.trouble or self.problems or self.detected)


@dataclass(frozen=True)
class DecisionCard:
    action: Label
    actor: str
    at: datetime
    reasons: tuple[str, ...]
    note: str


@router.get("/cases/{application_no}")
def case(
    application_no: ApplicationNo,
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.INSPECT))],
) -> HTMLResponse:
    """One case. Opening it is an event."""
    view = review.open_case(services, application_no, visitor.name)
    sentence = SentenceMask(view)
    findings = view.result.findings if view.result else ()
    return render(
        "case.html",
        visitor=visitor,
        view=view,
        applicant=mask_value("name", view.form.applicant.name),
        state=words.STATES[view.state],
        advice=words.OUTCOMES[view.result.outcome] if view.result else None,
        route=words.ROUTES[view.form.route],
        facts=_facts(view),
        findings=[_finding(finding, sentence) for finding in sorted(findings, key=_gravest_first)],
        documents=[_document(view, document) for document in view.documents],
        returned=[TITLES_ZH[slot] for slot in view.returned_slots],
        decisions=[_decision(decision, sentence) for decision in view.decisions],
        happenings=timeline(queries.events_of(services, application_no)),
    )


def _gravest_first(finding: Finding) -> int:
    return -finding.severity.rank


def _facts(view: CaseView) -> Sequence[Fact]:
    form = view.form
    applicant, residence = form.applicant, form.residence
    stated: list[tuple[str, str | None]] = [
        ("认定依据", words.ROUTES[form.route]),
        ("申请资格", " ".join(filter(None, (QUALIFICATIONS_ZH[form.qualification.type], form.qualification.subject)))),
        ("证件种类", words.ID_TYPES[applicant.id_type]),
        ("证件号码", mask_value("id_number", applicant.id_number)),
        ("性别", show("sex", applicant.sex)),
        ("出生日期", mask_value("birth_date", applicant.birth_date.isoformat())),
        ("联系电话", applicant.phone and mask_value("phone", applicant.phone)),
        ("户籍地址", residence.hukou_address and mask_value("hukou_address", residence.hukou_address)),
        ("现居住地址", residence.current_address and mask_value("current_address", residence.current_address)),
        ("任教单位", mask_text(form.employment.employer) if form.employment else None),
        ("就读学校", mask_text(form.student.school) if form.student else None),
        ("提交日期", form.submitted_on.isoformat()),
        ("批次", form.batch),
    ]
    return [Fact(title, value) for title, value in stated if value]


def _finding(finding: Finding, sentence: SentenceMask) -> FindingCard:
    rule = RULES.get(finding.rule)
    expected, found = (_shown(finding.field, value) for value in (finding.expected, finding.found))
    return FindingCard(
        severity=words.SEVERITIES[finding.severity],
        title=rule.title if rule else FIELD_TITLES_ZH.get(finding.field, finding.field),
        rule=finding.rule,
        document=TITLES_ZH[finding.document],
        anchor=finding.document.value,
        field=FIELD_TITLES_ZH.get(finding.field, finding.field),
        message=sentence(finding.reviewer_message or finding.message),
        expected=expected,
        found=found,
        differs_unseen=expected is not None and expected == found and finding.expected != finding.found,
    )


def _shown(field: str, value: str | None) -> str | None:
    return None if value is None else mask_value(field, show(field, value))


def _document(view: CaseView, document: DocumentView) -> DocumentCard:
    readings = view.result.documents if view.result else ()
    reading = next((item for item in readings if item.slot == document.slot), None)
    findings = view.result.findings if view.result else ()
    return DocumentCard(
        anchor=document.slot.value,
        title=TITLES_ZH[document.slot],
        state=words.DOCUMENT_STATES[document.state],
        trouble=_trouble(document.error_code),
        pages=len(document.pages),
        size=sum(file.size for file in document.files),
        revision=document.revision,
        detected=TITLES_ZH[reading.detected_type] if reading and reading.detected_type != document.slot else None,
        type_grade=words.grade(reading.type_confidence) if reading else None,
        type_confidence=f"{reading.type_confidence:.2f}" if reading else "",
        problems=tuple(
            f"第 {number} 页:{problem.message}"
            for number, page in enumerate(document.pages, start=1)
            for problem in page.quality.problems
        ),
        fields=_fields(reading) if reading else (),
        seals=_seals(reading) if reading else (),
        codes=len(reading.codes) if reading else 0,
        may_be_seen=viewing.may_be_seen(document.slot, document.state),
        withheld="、".join(str(page + 1) for page in sorted({place.page for place in reading.withheld}))
        if reading
        else "",
        findings=sum(1 for finding in findings if finding.document == document.slot),
    )


def _trouble(code: str | None) -> str:
    """Why a document could not be read; the code's remedy, which needs no details filled in."""
    return "" if code is None or code not in CODES else f"{CODES[code].remedy}({code})"


def _fields(reading: DocumentReading) -> tuple[FieldRow, ...]:
    """In the order of the contract's table; what a page does not show is not there."""
    order = {name: place for place, name in enumerate(FIELDS[reading.slot])}
    names = sorted(reading.fields, key=lambda name: order.get(name, len(order)))
    return tuple(_field(name, reading.fields[name]) for name in names)


def _field(name: str, read: ReadField) -> FieldRow:
    return FieldRow(
        title=FIELD_TITLES_ZH.get(name, name),
        lines=_lines(name, read),
        grade=words.grade(read.confidence),
        confidence=f"{read.confidence:.2f}",
        page=read.page + 1,
        note=_repair(name, read),
    )


def _lines(name: str, read: ReadField) -> tuple[str, ...]:
    if isinstance(read.value, str):
        return (mask_value(name, show(name, read.value)) or NOTHING,)
    return tuple(f"{mask_text(row.employer)} {row.start_month} 至 {row.end_month}" for row in read.value) or (NOTHING,)


def _repair(name: str, read: ReadField) -> str:
    if not read.repaired:
        return ""
    return "已修正形近字" if name in MASKS else f"已修正形近字,原文 {mask_text(read.raw)}"


def _seals(reading: DocumentReading) -> tuple[FieldRow, ...]:
    return tuple(
        FieldRow(
            title="印章",
            lines=(mask_text(seal.text) or "有印章,文字未能读出",),
            grade=words.grade(seal.confidence),
            confidence=f"{seal.confidence:.2f}",
            page=seal.page + 1,
            note="",
        )
        for seal in reading.seals
        if seal.present
    )


def _decision(decision: queries.DecisionView, sentence: SentenceMask) -> DecisionCard:
    return DecisionCard(
        action=words.ACTIONS[decision.action],
        actor=decision.actor,
        at=decision.at,
        reasons=tuple(RULES[reason].title if reason in RULES else sentence(reason) for reason in decision.reasons),
        note=sentence(decision.note),
    )
