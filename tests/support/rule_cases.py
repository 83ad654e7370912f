"""A consistent case of an imagined applicant, and small edits that spoil it one way at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from schemas.application import (
    Applicant,
    Application,
    Employment,
    IdType,
    Qualification,
    QualificationType,
    Residence,
    Route,
    Sex,
    SlotFiles,
    Student,
)
from schemas.batch import Batch
from schemas.document import KINDERGARTEN_ITEMS, CaptureProblem, DocumentType, Page, PageQuality, QualityProblem
from schemas.finding import Finding
from schemas.reading import DocumentReading, InsuredRow, ReadField, SealReading
from verifier.compare.ids import check_character
from verifier.compare.uscc import check_character as uscc_check
from verifier.rules import batches
from verifier.rules.engine import judge

CARD = DocumentType.RESIDENT_ID_CARD
EXAM = DocumentType.MEDICAL_EXAM_FORM
PERMIT = DocumentType.RESIDENCE_PERMIT
CERTIFICATE = DocumentType.EMPLOYMENT_CERTIFICATE
INSURANCE = DocumentType.SOCIAL_INSURANCE_CERTIFICATE
REGISTER = DocumentType.HOUSEHOLD_REGISTER
HMT = DocumentType.HMT_RESIDENCE_PERMIT
CONTRACT = DocumentType.LABOR_CONTRACT
REPORT = DocumentType.STUDENT_STATUS_REPORT
STUDENT_CARD = DocumentType.STUDENT_CARD

BOX = ((0.0, 0.0), (10.0, 0.0), (10.0, 5.0), (0.0, 5.0))
TODAY = date(2026, 10, 20)
EMPLOYER = "广州市花都区测试第一小学"
HOSPITAL = "广州市花都区人民医院"
HOME = "广东省广州市花都区新华街道新华路43号"
HUKOU = "湖南省长沙市岳麓区中山北路40号6栋2单元301室"


def id_number(body: str) -> str:
    """A sound identity number from its first 17 digits."""
    return body + check_character(body)


def bad_number(number: str) -> str:
    """The same number with a check character that does not hold."""
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def credit_code(body: str) -> str:
    """A sound unified social credit code from its first 17 characters."""
    return body + uscc_check(body)


NUMBER = id_number("43010419960812342")
OTHER_NUMBER = id_number("43010419960812344")
HMT_NUMBER = id_number("81000019960812342")
MALE_NUMBER = id_number("43010419960812343")
CODE = credit_code("12440114123456789")
OTHER_CODE = credit_code("12440114123456780")

VALUES: Mapping[DocumentType, Mapping[str, str]] = {
    CARD: {
        "name": "欧阳靖雯",
        "sex": "female",
        "ethnicity": "汉",
        "birth_date": "1996-08-12",
        "address": HUKOU,
        "id_number": NUMBER,
        "issuing_authority": "长沙市公安局岳麓分局",
        "valid_from": "2020-06-07",
        "valid_to": "2030-06-07",
    },
    EXAM: {
        "name": "欧阳靖雯",
        "sex": "female",
        "birth_date": "1996-08-12",
        "id_number": NUMBER,
        "phone": "13800138000",
        "qualification_type": "junior_middle",
        "naked_vision_right": "4.8",
        "naked_vision_left": "4.6",
        "corrected_vision_right": "5.0",
        "corrected_vision_left": "5.0",
        "color_vision": "正常",
        "blood_pressure": "118/76",
        "heart_rate": "72",
        "height_cm": "163",
        "weight_kg": "55.5",
        "hearing_right": "5",
        "hearing_left": "5",
        "chest_xray": "心肺膈未见异常",
        "alt": "18",
        "conclusion": "qualified",
        "chief_physician": "林海",
        "hospital": HOSPITAL,
        "exam_date": "2026-09-18",
    },
    PERMIT: {
        "name": "欧阳靖雯",
        "sex": "female",
        "ethnicity": "汉",
        "birth_date": "1996-08-12",
        "id_number": NUMBER,
        "hukou_address": HUKOU,
        "current_address": HOME,
        "issuing_authority": "广州市公安局花都区分局",
        "issue_date": "2026-05-14",
        "valid_to": "2027-05-14",
    },
    CERTIFICATE: {
        "name": "欧阳靖雯",
        "sex": "female",
        "id_number": NUMBER,
        "employer": EMPLOYER,
        "uscc": CODE,
        "position": "语文教师",
        "start_date": "2024-09-01",
        "issue_date": "2026-10-08",
        "employer_address": "广州市花都区新华街道公益路4号",
        "employer_phone": "020-36800000",
    },
    INSURANCE: {
        "name": "欧阳靖雯",
        "id_number": NUMBER,
        "city": "广州市",
        "months_paid": "25",
        "printed_on": "2026-10-06",
    },
}

FURTHER_VALUES: Mapping[DocumentType, Mapping[str, str]] = {
    REGISTER: {
        "household_type": "居民家庭户",
        "head_name": "欧阳建国",
        "household_no": "003412",
        "address": HOME,
        "name": "欧阳靖雯",
        "relation": "长女",
        "sex": "female",
        "birth_date": "1996-08-12",
        "ethnicity": "汉",
        "id_number": NUMBER,
    },
    HMT: {
        "name": "欧阳靖雯",
        "sex": "female",
        "birth_date": "1996-08-12",
        "address": HOME,
        "id_number": HMT_NUMBER,
        "pass_number": "H12345678",
        "issuing_authority": "广州市公安局",
        "valid_from": "2023-09-02",
        "valid_to": "2028-09-02",
    },
    CONTRACT: {
        "employer": EMPLOYER,
        "uscc": CODE,
        "name": "欧阳靖雯",
        "id_number": NUMBER,
        "term_start": "2024-09-01",
        "term_end": "2027-08-31",
        "position": "语文教师",
        "workplace": "广州市花都区新华街道公益路4号",
        "sign_date": "2024-08-28",
    },
    REPORT: {
        "name": "欧阳靖雯",
        "sex": "female",
        "birth_date": "1996-08-12",
        "ethnicity": "汉",
        "school": "广州工商学院",
        "level": "本科",
        "major": "应用化学",
        "study_form": "普通全日制",
        "category": "普通高等教育",
        "enrolled_on": "2025-09-05",
        "status": "在籍(注册学籍)",
        "expected_graduation": "2027-06-01",
        "verify_code": "3Q44H3W3GHLV",
        "updated_on": "2026-09-15",
    },
    STUDENT_CARD: {
        "name": "欧阳靖雯",
        "sex": "female",
        "school": "广州工商学院",
        "major": "应用化学",
        "student_no": "20258287993",
        "enrolled_on": "2025-09",
        "registered_term": "2026年秋季",
    },
}
"""Documents of other routes, and the contract: consistent with the same applicant."""

ROWS = (
    InsuredRow(employer=EMPLOYER, start_month="2024-09", end_month="2025-08"),
    InsuredRow(employer=EMPLOYER, start_month="2025-09", end_month="2026-09"),
)

SEALS: Mapping[DocumentType, str] = {
    EXAM: f"{HOSPITAL}体检专用章",
    CERTIFICATE: EMPLOYER,
    INSURANCE: "广州市社会保险基金管理中心证明专用章",
    CONTRACT: f"{EMPLOYER}劳动合同专用章",
}


def read_field(value: str | tuple[InsuredRow, ...], confidence: float = 0.97, page: int = 0) -> ReadField:
    return ReadField(value=value, raw=str(value), confidence=confidence, page=page, box=BOX)


def page(*problems: CaptureProblem, acceptable: bool | None = None) -> Page:
    """A page with these capture problems; unacceptable when there are any, unless said otherwise."""
    found = tuple(QualityProblem(kind=kind, severity=0.7, message="请重新拍摄。") for kind in problems)
    quality = PageQuality(acceptable=not problems if acceptable is None else acceptable, problems=found)
    return Page(file="documents/a.jpg", page=1, width=1600, height=1000, quality=quality)


def seal(text: str, confidence: float = 0.9, *, present: bool = True) -> SealReading:
    return SealReading(present=present, text=text, confidence=confidence, page=0, box=BOX)


def reading(slot: DocumentType, values: Mapping[str, str] | None = None) -> DocumentReading:
    """A well captured document of the right type with these values, or with the consistent ones."""
    own = {**VALUES, **FURTHER_VALUES}[slot] if values is None else values
    fields = {name: read_field(value) for name, value in own.items()}
    if slot is INSURANCE and values is None:
        fields["rows"] = read_field(ROWS)
    return DocumentReading(
        slot=slot,
        detected_type=slot,
        type_confidence=0.98,
        pages=(page(),),
        page_types=(slot,),
        fields=fields,
        seals=(seal(SEALS[slot]),) if slot in SEALS else (),
        file_hashes=(slot.value,),
    )


@dataclass(frozen=True)
class Case:
    """An application with its readings and batch; every edit gives a new case."""

    application: Application
    readings: Mapping[DocumentType, DocumentReading]
    batch: Batch

    def judge(self) -> tuple[Finding, ...]:
        return judge(self.application, self.readings, self.batch)

    def fired(self, rule: str) -> set[tuple[DocumentType, str]]:
        """Document and field of each finding of this rule."""
        return {(finding.document, finding.field) for finding in self.judge() if finding.rule == rule}

    def with_reading(self, slot: DocumentType, **changes: Any) -> Case:
        changed = self.readings[slot].model_copy(update=changes)
        return replace(self, readings={**self.readings, slot: changed})

    def with_document(self, document: DocumentReading) -> Case:
        """A further document, listed in the application as well."""
        listed = (*self.application.documents, SlotFiles(slot=document.slot, files=("documents/x.jpg",)))
        return replace(
            self,
            application=self.application.model_copy(update={"documents": listed}),
            readings={**self.readings, document.slot: document},
        )

    def without(self, slot: DocumentType) -> Case:
        """The slot neither listed nor read."""
        listed = tuple(answer for answer in self.application.documents if answer.slot is not slot)
        return replace(
            self,
            application=self.application.model_copy(update={"documents": listed}),
            readings={key: value for key, value in self.readings.items() if key is not slot},
        )

    def unread(self, slot: DocumentType) -> Case:
        """The slot listed, without a reading."""
        return replace(self, readings={key: value for key, value in self.readings.items() if key is not slot})

    def with_field(
        self,
        slot: DocumentType,
        name: str,
        value: str | tuple[InsuredRow, ...],
        confidence: float = 0.97,
        page: int = 0,
    ) -> Case:
        fields = {**self.readings[slot].fields, name: read_field(value, confidence, page)}
        return self.with_reading(slot, fields=fields)

    def everywhere(self, name: str, value: str) -> Case:
        """The field on every document that shows it."""
        case = self
        for slot, read in self.readings.items():
            if name in read.fields:
                case = case.with_field(slot, name, value)
        return case

    def without_fields(self, slot: DocumentType, *names: str) -> Case:
        fields = {name: value for name, value in self.readings[slot].fields.items() if name not in names}
        return self.with_reading(slot, fields=fields)

    def with_seals(self, slot: DocumentType, *seals: SealReading) -> Case:
        return self.with_reading(slot, seals=seals)

    def with_application(self, **changes: Any) -> Case:
        return replace(self, application=self.application.model_copy(update=changes))

    def with_applicant(self, **changes: Any) -> Case:
        return self.with_application(applicant=self.application.applicant.model_copy(update=changes))

    def with_employment(self, **changes: Any) -> Case:
        assert self.application.employment is not None
        return self.with_application(employment=self.application.employment.model_copy(update=changes))

    def with_residence(self, **changes: Any) -> Case:
        return self.with_application(residence=self.application.residence.model_copy(update=changes))

    def with_batch(self, **changes: Any) -> Case:
        return replace(self, batch=self.batch.model_copy(update=changes))

    def kindergarten(self) -> Case:
        """The same applicant for a kindergarten, with the additional items of the form."""
        qualification = Qualification(type=QualificationType.KINDERGARTEN)
        case = self.with_application(qualification=qualification).with_field(EXAM, "qualification_type", "kindergarten")
        for name in KINDERGARTEN_ITEMS:
            case = case.with_field(EXAM, name, "阴性(-)")
        return case


def consistent() -> Case:
    """A case in which everything agrees: residence permit route, employment evidence uploaded."""
    application = Application(
        application_no="HD2026A000123",
        batch="2026-autumn",
        submitted_on=TODAY,
        route=Route.RESIDENCE_PERMIT,
        applicant=Applicant(
            name="欧阳靖雯",
            id_type=IdType.RESIDENT_ID,
            id_number=NUMBER,
            sex=Sex.FEMALE,
            birth_date=date(1996, 8, 12),
            ethnicity="汉",
            phone="13800138000",
        ),
        qualification=Qualification(type=QualificationType.JUNIOR_MIDDLE, subject="语文"),
        residence=Residence(hukou_address=HUKOU, current_address=HOME),
        employment=Employment(
            employer=EMPLOYER,
            uscc=CODE,
            start_date=date(2024, 9, 1),
            employer_address="广州市花都区新华街道公益路4号",
        ),
        documents=tuple(SlotFiles(slot=slot, files=(f"documents/{slot.value}.jpg",)) for slot in VALUES),
    )
    return Case(application, {slot: reading(slot) for slot in VALUES}, batches.load("2026-autumn"))


def student() -> Case:
    """A student of a listed school, with a status report that nobody extracts here."""
    case = consistent().without(PERMIT).without(CERTIFICATE).without(INSURANCE)
    report = reading(
        DocumentType.STUDENT_STATUS_REPORT, {"name": "欧阳靖雯", "school": "广州工商学院", "status": "在籍"}
    )
    return case.with_document(report).with_application(
        route=Route.STUDENT, student=Student(school="广州工商学院"), employment=None
    )


def household() -> Case:
    """The same applicant registered in the district, with both pages of the register."""
    case = consistent().without(PERMIT).without(CERTIFICATE).without(INSURANCE)
    case = case.with_application(route=Route.HOUSEHOLD, employment=None).with_residence(hukou_address=HOME)
    return case.with_document(reading(REGISTER))


def hmt_resident() -> Case:
    """A resident of Hong Kong with the permit for Hong Kong, Macao and Taiwan residents."""
    case = consistent().without(CARD).without(PERMIT).without(CERTIFICATE).without(INSURANCE)
    case = case.with_application(route=Route.HMT_RESIDENCE, employment=None).with_residence(
        hukou_address="香港特别行政区"
    )
    case = case.with_applicant(id_type=IdType.HMT_RESIDENCE_PERMIT, id_number=HMT_NUMBER, ethnicity=None)
    return case.with_document(reading(HMT)).everywhere("id_number", HMT_NUMBER)


def contracted() -> Case:
    """The consistent case with a labour contract beside the other employment evidence."""
    return consistent().with_document(reading(CONTRACT))


def studying() -> Case:
    """A student with a whole status report and a student card."""
    stated = Student(
        school="广州工商学院",
        major="应用化学",
        level="本科",
        enrolled_on="2025-09-05",
        expected_graduation="2027-06-01",
    )
    case = student().without(REPORT).with_application(student=stated)
    return case.with_document(reading(REPORT)).with_document(reading(STUDENT_CARD))
