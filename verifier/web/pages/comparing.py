"""What the workbench sets side by side: the application's value, what each document says with its crop, what the rule
expected; differences marked character by character, personal values masked unless somebody asked with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from schemas.application import ApplicationForm
from schemas.base import Quad
from schemas.document import FIELDS, TITLES_ZH, DocumentType, Page
from schemas.reading import DocumentReading, ReadField
from verifier.rules.catalogue import RULES
from verifier.rules.titles import FIELD_TITLES_ZH, show
from verifier.services import viewing
from verifier.services.findings import FindingView, ReviewView
from verifier.services.queries import CaseView
from verifier.web.pages import words
from verifier.web.pages.masking import SentenceMask, mask_text, mask_value
from verifier.web.pages.words import Label

ALIKE: Mapping[str, tuple[str, ...]] = {
    "address": ("address", "hukou_address"),
    "hukou_address": ("hukou_address", "address"),
    "head_name": ("head_name", "name"),
    "exam_date": ("exam_date",),
}
"""Names under which other documents state the same thing; every other field is compared with its namesakes."""

MARGIN = 0.35
"""Around a crop, as a share of its height."""

LONG = 160
"""Longer values are not compared character by character: nobody reads the marks."""


@dataclass(frozen=True)
class Piece:
    """A run of characters; `differs` ones are marked."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Crop:
    """A part of a page, drawn from its picture: `view` is the viewBox, the numbers are pixels of the page as uploaded."""

    href: str
    width: int
    height: int
    view: str
    wide: int
    high: int
    label: str


@dataclass(frozen=True)
class Saying:
    """What one source says of a field. `spot` names its box on the page at the left, empty where there is none."""

    source: str
    pieces: tuple[Piece, ...]
    grade: Label | None
    confidence: str
    spot: str
    page: int
    crop: Crop | None
    note: str


@dataclass(frozen=True)
class Decided:
    action: Label
    actor: str
    reason: str
    value: str


@dataclass(frozen=True)
class Item:
    """A finding with everything somebody needs to decide it."""

    position: int
    severity: Label
    title: str
    rule: str
    basis: str
    document: str
    field: str
    field_code: str
    message: str
    expected: tuple[Piece, ...] | None
    found: tuple[Piece, ...] | None
    application: tuple[Piece, ...] | None
    sayings: tuple[Saying, ...]
    decisions: tuple[Decided, ...]
    disputed: bool
    must_be_decided: bool
    spot: str


@dataclass(frozen=True)
class Spot:
    """A box over a page: a field or a seal. `item` is the finding it belongs to, None for one without."""

    id: str
    points: str
    label: str
    tone: str
    item: int | None


@dataclass(frozen=True)
class Sheet:
    """A page at the left. `trouble` says why its picture is not shown."""

    id: str
    title: str
    number: int
    href: str
    thumb: str
    width: int
    height: int
    spots: tuple[Spot, ...]
    trouble: str


@dataclass(frozen=True)
class Row:
    """A field that no finding is about, compared over its sources."""

    title: str
    application: tuple[Piece, ...] | None
    sayings: tuple[Saying, ...]
    differs: bool


class Comparison:
    """Builds the parts of one case's page. `plain` shows values in full."""

    def __init__(self, view: CaseView, review: ReviewView, *, plain: bool = False) -> None:
        self.view, self.review, self.plain = view, review, plain
        self._sentence = SentenceMask(view)
        self._readings: dict[DocumentType, DocumentReading] = (
            {reading.slot: reading for reading in view.result.documents} if view.result else {}
        )
        self._stated = stated(view.form)

    def items(self) -> list[Item]:
        """The findings, what must be decided first, then the gravest."""
        ordered = sorted(self.review.findings, key=lambda item: (-item.finding.severity.rank, item.position))
        return [self._item(item) for item in ordered]

    def sheets(self) -> list[Sheet]:
        """Every page of every document, with boxes over what was read."""
        return [
            self._sheet(slot.slot, number, page, viewing.may_be_seen(slot.slot, slot.state))
            for slot in self.view.documents
            for number, page in enumerate(slot.pages, start=1)
        ]

    def rows(self) -> list[Row]:
        """Fields several sources state and no finding is about."""
        flagged = {item.finding.field for item in self.review.findings}
        names = dict.fromkeys(name for fields in FIELDS.values() for name in fields)
        found = (self._row(name) for name in names if name not in flagged)
        return [row for row in found if row is not None]

    def crop_of(self, slot: DocumentType, name: str) -> Crop | None:
        """The place of one field on its page; None where it was not read or may not be seen."""
        reading = self._readings.get(slot)
        read = reading.fields.get(name) if reading else None
        return None if reading is None or read is None else self._crop(slot, reading, name, read)

    def sentence(self, text: str) -> str:
        return text if self.plain else self._sentence(text)

    def _row(self, name: str) -> Row | None:
        application = self._stated.get(name)
        sayings = tuple(self._sayings(name, application))
        if len(sayings) + (application is not None) < 2:
            return None
        return Row(
            title=FIELD_TITLES_ZH.get(name, name),
            application=None if application is None else self._pieces(name, application, None),
            sayings=sayings,
            differs=any(piece.differs for saying in sayings for piece in saying.pieces),
        )

    def _item(self, view: FindingView) -> Item:
        finding = view.finding
        name = finding.field
        rule = RULES.get(finding.rule)
        application = self._stated.get(name)
        reference = application if application is not None else finding.expected
        sayings = tuple(self._sayings(name, reference, first=finding.document))
        spot = next((saying.spot for saying in sayings if saying.spot), "")
        if not spot and name == "seal" and self._seals(finding.document):
            spot = f"s-{finding.document.value}-seal-0"
        return Item(
            position=view.position,
            severity=words.SEVERITIES[finding.severity],
            title=rule.title if rule else FIELD_TITLES_ZH.get(name, name),
            rule=finding.rule,
            basis=rule.legal_basis if rule else "",
            document=TITLES_ZH[finding.document],
            field=FIELD_TITLES_ZH.get(name, name),
            field_code=name,
            message=self.sentence(finding.reviewer_message or finding.message),
            expected=None
            if finding.expected is None or finding.expected == application
            else self._pieces(name, finding.expected, None),
            found=None if finding.found is None else self._pieces(name, finding.found, finding.expected),
            application=None if application is None else self._pieces(name, application, None),
            sayings=sayings,
            decisions=tuple(
                Decided(
                    action=words.FINDING_ACTIONS[decision.action],
                    actor=decision.actor,
                    reason=self.sentence(decision.reason),
                    value="" if decision.value is None else self._shown(name, decision.value),
                )
                for decision in view.decisions
            ),
            disputed=view.is_disputed,
            must_be_decided=view.must_be_decided,
            spot=spot,
        )

    def _seals(self, slot: DocumentType) -> int:
        reading = self._readings.get(slot)
        return len(reading.seals) if reading else 0

    def _sayings(self, name: str, reference: str | None, first: DocumentType | None = None) -> Iterator[Saying]:
        slots = sorted(self._readings, key=lambda slot: slot != first)
        for slot in slots:
            reading = self._readings[slot]
            for alike in ALIKE.get(name, (name,)):
                if alike in reading.fields:
                    yield self._saying(slot, reading, alike, reading.fields[alike], reference)
                    break

    def _saying(
        self, slot: DocumentType, reading: DocumentReading, name: str, read: ReadField, reference: str | None
    ) -> Saying:
        pieces = (
            self._pieces(name, read.value, reference)
            if isinstance(read.value, str)
            else tuple(Piece(f"{mask_text(row.employer)} {row.start_month} 至 {row.end_month} ") for row in read.value)
        )
        notes = ["已修正形近字"] if read.repaired else []
        if read.others:
            notes.append("也可能是 " + "、".join(self._shown(name, other) for other in read.others))
        return Saying(
            source=TITLES_ZH[slot],
            pieces=pieces,
            grade=words.grade(read.confidence),
            confidence=f"{read.confidence:.2f}",
            spot=_spot_id(slot, name),
            page=read.page + 1,
            crop=self._crop(slot, reading, name, read),
            note=",".join(notes),
        )

    def _crop(self, slot: DocumentType, reading: DocumentReading, name: str, read: ReadField) -> Crop | None:
        document = next((item for item in self.view.documents if item.slot == slot), None)
        if document is None or not viewing.may_be_seen(slot, document.state) or read.page >= len(document.pages):
            return None
        page = document.pages[read.page]
        left, top, right, bottom = _bounds(read.box)
        margin = MARGIN * (bottom - top)
        left, top = max(0.0, left - margin), max(0.0, top - margin)
        right, bottom = min(page.width, right + margin), min(page.height, bottom + margin)
        wide, high = round(max(right - left, 8)), round(max(bottom - top, 8))
        return Crop(
            href=self._href(slot, read.page + 1),
            width=page.width,
            height=page.height,
            view=f"{left:.0f} {top:.0f} {wide} {high}",
            wide=wide,
            high=high,
            label=f"《{TITLES_ZH[reading.slot]}》上{FIELD_TITLES_ZH.get(name, name)}的截图",
        )

    def _sheet(self, slot: DocumentType, number: int, page: Page, seen: bool) -> Sheet:
        reading = self._readings.get(slot)
        spots: list[Spot] = []
        if reading is not None:
            about = {
                (item.finding.document, item.finding.field): (
                    item.position,
                    words.SEVERITIES[item.finding.severity].tone,
                )
                for item in reversed(self.review.findings)
            }
            for name, read in reading.fields.items():
                if read.page == number - 1:
                    position, tone = about.get((slot, name), (None, "plain"))
                    title = FIELD_TITLES_ZH.get(name, name)
                    spots.append(Spot(_spot_id(slot, name), _points(read.box), title, tone, position))
            for place, seal in enumerate(reading.seals):
                if seal.page == number - 1:
                    position, tone = about.get((slot, "seal"), (None, "plain"))
                    spots.append(Spot(f"s-{slot.value}-seal-{place}", _points(seal.box), "印章", tone, position))
        return Sheet(
            id=f"page-{slot.value}-{number}",
            title=TITLES_ZH[slot],
            number=number,
            href=self._href(slot, number),
            thumb=self._href(slot, number, "thumb"),
            width=page.width,
            height=page.height,
            spots=tuple(spots),
            trouble="" if seen else "这一页还不能查看:材料尚未读取,或体检材料未能自动读取。",
        )

    def _href(self, slot: DocumentType, number: int, size: str = "screen") -> str:
        return f"/cases/{self.view.application_no}/documents/{slot.value}/pages/{number}.jpg?size={size}"

    def _shown(self, name: str, value: str) -> str:
        value = show(name, value)
        return value if self.plain else mask_value(name, value)

    def _pieces(self, name: str, value: str, reference: str | None) -> tuple[Piece, ...]:
        """The value as it may be shown, with what differs from `reference` marked. Where the mask keeps the length, the
        marks stand under the stars too: one sees where two numbers differ without reading them."""
        full, shown = show(name, value), self._shown(name, value)
        if reference is None or len(full) > LONG:
            return (Piece(shown),)
        other = show(name, reference)
        if full == other:
            return (Piece(shown),)
        if len(shown) != len(full):
            return (Piece(shown, differs=True),)
        return marked(full, other, shown)


def marked(value: str, reference: str, shown: str | None = None) -> tuple[Piece, ...]:
    """`value` in runs, those that `reference` does not have marked. `shown` replaces its characters one by one.

    What is missing altogether is marked as a gap.
    """
    shown = value if shown is None else shown
    if len(value) == len(reference):
        # numbers and dates: place against place is what an eye does
        runs = groupby(range(len(value)), key=lambda place: value[place] != reference[place])
        return tuple(Piece("".join(shown[place] for place in places), differs) for differs, places in runs)
    pieces: list[Piece] = []
    for tag, start, end, _, _ in SequenceMatcher(None, value, reference, autojunk=False).get_opcodes():
        if tag == "insert":
            pieces.append(Piece("‸", differs=True))
        elif tag == "equal":
            pieces.append(Piece(shown[start:end]))
        else:
            pieces.append(Piece(shown[start:end], differs=True))
    return tuple(pieces)


def stated(form: ApplicationForm) -> dict[str, str]:
    """What the application states, by the names documents' fields have."""
    person, residence = form.applicant, form.residence
    work, study = form.employment, form.student
    values: dict[str, object | None] = {
        "name": person.name,
        "sex": person.sex.value,
        "birth_date": person.birth_date,
        "ethnicity": person.ethnicity,
        "id_number": person.id_number,
        "phone": person.phone,
        "hukou_address": residence.hukou_address,
        "address": residence.hukou_address,
        "current_address": residence.current_address,
        "qualification_type": form.qualification.type.value,
        "employer": work and work.employer,
        "uscc": work and work.uscc,
        "start_date": work and work.start_date,
        "employer_address": work and work.employer_address,
        "school": study and study.school,
        "major": study and study.major,
        "level": study and study.level,
        "enrolled_on": study and study.enrolled_on,
        "expected_graduation": study and study.expected_graduation,
    }
    return {name: str(value) for name, value in values.items() if value}


def _spot_id(slot: DocumentType, name: str) -> str:
    return f"s-{slot.value}-{name}"


def _bounds(box: Quad) -> tuple[float, float, float, float]:
    xs, ys = [point[0] for point in box], [point[1] for point in box]
    return min(xs), min(ys), max(xs), max(ys)


def _points(box: Quad | Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in box)
