"""Fields in which a misreading is dear, and how each is parsed: who, which number, when, which verdict, which body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.document import DocumentType
from verifier.compare.findings import is_usual_finding
from verifier.compare.ids import Repaired, id_problem, read_id
from verifier.compare.text import squeeze
from verifier.compare.uscc import read_uscc, uscc_problem
from verifier.compare.values import read_blood_pressure, read_conclusion, read_decimal, read_vision
from verifier.extract.confirm.crops import ROOMY, WIDE, Cut
from verifier.extract.fields import Parser, parse_name, parse_organisation
from verifier.extract.hmt_residence_permit import parse_pass_number
from verifier.extract.written import parse_day_or_month, parse_end, parse_school, parse_start


@dataclass(frozen=True)
class Dear:
    """How a field is read again.

    `parse` takes the text of the place. `sound` is a check that a reading passes or not. A `lasting` value is never
    replaced by others' votes, and a `strict` one is believed only when the second reading says the same. A `sealed` one is
    a body, whose seal is a witness. A field whose line scored `enough` is not looked at again.
    """

    parse: Parser
    sound: Callable[[str], bool] | None = None
    lasting: bool = False
    strict: bool = False
    sealed: bool = False
    enough: float = 1.01
    cut: Cut = ROOMY

    def value_of(self, text: str) -> str | None:
        """The normalised value of a text, None when it is none of this kind."""
        value = self.parse(text)
        return value.value if isinstance(value, Repaired) else value


def _as_written(text: str) -> str | None:
    return squeeze(text).strip(":：,，。.;；") or None


_NAME = Dear(parse_name)
_ID = Dear(read_id, sound=lambda number: id_problem(number) is None)
_CODE = Dear(read_uscc, sound=lambda code: uscc_problem(code) is None)
_BODY = Dear(parse_organisation, sealed=True)
_DAY = Dear(parse_day_or_month, enough=0.998)
_START = Dear(parse_start, enough=0.998)
_END = Dear(parse_end, enough=0.998)


def _number(low: float, high: float) -> Dear:
    return Dear(lambda text: read_decimal(text, low, high), lasting=True, enough=0.99)


_MONTHS = Dear(lambda text: read_decimal(text, 0, 720), enough=0.998)

# A decimal point gets lost in closer crops as well, and never appears where none was: votes do not count here.
_VISION = Dear(read_vision, lasting=True, enough=0.99)
_MEASURES: Mapping[str, Dear] = {
    **dict.fromkeys(
        ("naked_vision_right", "naked_vision_left", "corrected_vision_right", "corrected_vision_left"), _VISION
    ),
    "blood_pressure": Dear(read_blood_pressure, lasting=True, enough=0.99),
    "heart_rate": _number(30, 220),
    "height_cm": _number(100, 230),
    "weight_kg": _number(25, 250),
    "hearing_right": _number(0, 10),
    "hearing_left": _number(0, 10),
    "alt": _number(0.5, 3000),
}
"""Of the numbers of a form only those are read again that did not score high: there are many, and few are misread."""

_FINDING = Dear(_as_written, sound=is_usual_finding)
"""A doctor's words are a small language: of the recogniser's readings of 正旁 the one that is a finding is taken."""

_CARD: Mapping[str, Dear] = {
    "name": _NAME, "id_number": _ID, "birth_date": _DAY, "issue_date": _DAY, "valid_from": _START, "valid_to": _END,
}  # fmt: skip

DEAR: Mapping[DocumentType, Mapping[str, Dear]] = {
    DocumentType.RESIDENT_ID_CARD: _CARD,
    DocumentType.RESIDENCE_PERMIT: _CARD,
    DocumentType.HMT_RESIDENCE_PERMIT: {**_CARD, "pass_number": Dear(parse_pass_number)},
    DocumentType.HOUSEHOLD_REGISTER: {**_CARD, "head_name": _NAME},
    DocumentType.MEDICAL_EXAM_FORM: {
        "conclusion": Dear(read_conclusion, lasting=True, strict=True, cut=WIDE),
        "name": _NAME, "id_number": _ID, "birth_date": _DAY, "exam_date": _DAY, "hospital": _BODY,
        "color_vision": _FINDING, "chest_xray": _FINDING,
        **_MEASURES,
    },
    DocumentType.HOSPITAL_REPORT: {"name": _NAME, "exam_date": _DAY, "hospital": _BODY},
    DocumentType.EMPLOYMENT_CERTIFICATE: {
        "name": _NAME, "id_number": _ID, "employer": _BODY, "uscc": _CODE, "start_date": _DAY, "issue_date": _DAY,
    },
    DocumentType.LABOR_CONTRACT: {
        "name": _NAME, "id_number": _ID, "employer": _BODY, "uscc": _CODE, "term_start": _START, "term_end": _END,
        "sign_date": _DAY,
    },
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE: {
        "name": _NAME, "id_number": _ID, "printed_on": _DAY, "months_paid": _MONTHS,
    },
    DocumentType.STUDENT_STATUS_REPORT: {
        "name": _NAME, "birth_date": _DAY, "school": Dear(parse_school), "enrolled_on": _DAY,
        "expected_graduation": _DAY, "updated_on": _DAY,
    },
    DocumentType.STUDENT_CARD: {"name": _NAME, "school": Dear(parse_school), "enrolled_on": _DAY},
}  # fmt: skip
"""Signatures are not here: verifier.extract.signatures reads them several times."""
