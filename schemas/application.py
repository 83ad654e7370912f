"""What an applicant states: the form, and which files answer which slot (CONTRACT.md section 1)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from schemas.base import Model
from schemas.document import DocumentType

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""One line of text. 200 characters: names of 25 Han characters and more must fit (2016 notice on names with a dot)."""


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


OptionalText = Annotated[Text | None, BeforeValidator(_blank_is_absent)]
"""Absent, null and blank mean the same: forms of Hong Kong, Macao and Taiwan residents leave the ethnicity blank."""


class Route(StrEnum):
    """Why Huadu may decide: the ground of jurisdiction (认定依据)."""

    HOUSEHOLD = "household"
    RESIDENCE_PERMIT = "residence_permit"
    STUDENT = "student"
    HMT_RESIDENCE = "hmt_residence"
    HMT_PASS = "hmt_pass"
    GARRISON = "garrison"


class IdType(StrEnum):
    RESIDENT_ID = "resident_id"
    HMT_RESIDENCE_PERMIT = "hmt_residence_permit"
    HK_MACAO_PASS = "hk_macao_pass"
    TAIWAN_PASS = "taiwan_pass"


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"


class QualificationType(StrEnum):
    """资格种类."""

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR_MIDDLE = "junior_middle"
    SENIOR_MIDDLE = "senior_middle"
    SECONDARY_VOCATIONAL = "secondary_vocational"
    VOCATIONAL_PRACTICE = "vocational_practice"


class Applicant(Model):
    name: Text
    id_type: IdType
    id_number: Text
    sex: Sex
    birth_date: date
    ethnicity: OptionalText = None
    phone: OptionalText = None


class Qualification(Model):
    type: QualificationType
    subject: OptionalText = None


class Residence(Model):
    hukou_address: OptionalText = None
    current_address: OptionalText = None


class Employment(Model):
    employer: Text
    uscc: OptionalText = None
    start_date: date | None = None
    employer_address: OptionalText = None


class Student(Model):
    school: Text
    major: OptionalText = None
    level: OptionalText = None
    enrolled_on: OptionalText = None
    expected_graduation: OptionalText = None


def _inside_the_case(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or ".." in parts:
        raise ValueError("应为文件夹内的路径,如 documents/a.jpg")
    return path


CasePath = Annotated[str, StringConstraints(min_length=1, max_length=400), AfterValidator(_inside_the_case)]


class SlotFiles(Model):
    """The files that answer one slot, in page order."""

    slot: DocumentType
    files: Annotated[tuple[CasePath, ...], Field(min_length=1)]


class ApplicationForm(Model):
    """`application.json` without `documents`: the body of `POST /api/v1/applications`."""

    application_no: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{4,40}$")] | None = None
    batch: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]
    submitted_on: date
    route: Route
    applicant: Applicant
    qualification: Qualification
    residence: Residence = Residence()
    employment: Employment | None = None
    student: Student | None = None


class Application(ApplicationForm):
    """`application.json` of a case folder. `submitted_on` is "today" for every date rule."""

    application_no: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{4,40}$")]
    documents: tuple[SlotFiles, ...] = ()
