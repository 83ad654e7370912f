"""Takes the personal data out of what a page shows: by field where the field is known, by value inside sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from schemas.finding import Finding
from schemas.reading import ReadField
from verifier.compare.ids import mask_id
from verifier.compare.masks import mask_address, mask_birth_date, mask_name, mask_phone
from verifier.compare.uscc import uscc_problem
from verifier.rules.messages import LONGEST_VALUE, mask_numbers
from verifier.services.queries import CaseView

MASKS: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "head_name": mask_name,
    "chief_physician": mask_name,
    "id_number": mask_id,
    "pass_number": mask_id,
    "household_no": mask_id,
    "student_no": mask_id,
    "verify_code": mask_id,
    "phone": mask_phone,
    "employer_phone": mask_phone,
    "address": mask_address,
    "hukou_address": mask_address,
    "current_address": mask_address,
    "birth_date": mask_birth_date,
}
"""By field name; every other field is shown as it is, but for numbers that look like somebody's."""

PUBLIC = frozenset({"uscc"})
"""Numbers of organisations, which anybody may look up; what is no sound code may be somebody's number."""

SHORTEST = 2
"""A value of one character is not looked for inside sentences: it would be found in every one."""

_PHONE = re.compile(r"(?<!\d)1[3-9]\d(?:[ -]?\d){8}(?!\d)")
_ID_IN_PARTS = re.compile(r"(?<!\d)\d(?:[ -]?\d){13,16}[ -]?[\dXx](?!\d)")


def mask_value(field: str, value: str) -> str:
    """A field's value as a page may show it."""
    if field in PUBLIC and uscc_problem(value) is None:
        return value
    mask = MASKS.get(field)
    return mask(value) if mask is not None else mask_text(value)


def mask_text(text: str) -> str:
    """Stars in every number that could be an identity or a mobile phone number."""
    text = _ID_IN_PARTS.sub(lambda found: mask_id(re.sub(r"[ -]", "", found[0])), mask_numbers(text))
    return _PHONE.sub(lambda found: mask_phone(re.sub(r"[ -]", "", found[0])), text)


class SentenceMask:
    """Masks the personal values of one case wherever they stand in a sentence."""

    def __init__(self, view: CaseView) -> None:
        stars: dict[str, str] = {}
        for field, value in _personal(view):
            # messages cut long values short
            for form in (value, value[: LONGEST_VALUE - 1]):
                if len(form) >= SHORTEST:
                    stars.setdefault(form, MASKS[field](value))
        self._stars = stars
        longest_first = sorted(stars, key=len, reverse=True)
        self._any = re.compile("|".join(re.escape(value) for value in longest_first)) if stars else None

    def __call__(self, sentence: str) -> str:
        """The sentence with stars."""
        if self._any is not None:
            sentence = self._any.sub(lambda found: self._stars[found[0]], sentence)
        return mask_text(sentence)


def _personal(view: CaseView) -> Iterator[tuple[str, str]]:
    """Every personal value the case knows, with the field it belongs to."""
    applicant, residence = view.form.applicant, view.form.residence
    stated = {
        "name": applicant.name,
        "id_number": applicant.id_number,
        "phone": applicant.phone,
        "birth_date": applicant.birth_date.isoformat(),
        "hukou_address": residence.hukou_address,
        "current_address": residence.current_address,
    }
    yield from ((field, value) for field, value in stated.items() if value)
    if view.result is None:
        return
    for document in view.result.documents:
        for field, read in document.fields.items():
            if field in MASKS:
                yield from ((field, value) for value in _texts(read))
    for finding in view.result.findings:
        yield from _found(finding)


def _texts(read: ReadField) -> Iterator[str]:
    if isinstance(read.value, str):
        yield read.value
    yield read.raw


def _found(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.field in MASKS:
        yield from ((finding.field, value) for value in (finding.expected, finding.found) if value)
