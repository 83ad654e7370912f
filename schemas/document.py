"""Document types (slot codes), their fields, and what is measured about a page (CONTRACT.md section 1)."""

from __future__ import annotations

from enum import StrEnum

from schemas.base import Model, Quad, Share


class DocumentType(StrEnum):
    RESIDENT_ID_CARD = "resident_id_card"
    MEDICAL_EXAM_FORM = "medical_exam_form"
    RESIDENCE_PERMIT = "residence_permit"
    HOUSEHOLD_REGISTER = "household_register"
    HMT_RESIDENCE_PERMIT = "hmt_residence_permit"
    EMPLOYMENT_CERTIFICATE = "employment_certificate"
    LABOR_CONTRACT = "labor_contract"
    SOCIAL_INSURANCE_CERTIFICATE = "social_insurance_certificate"
    STUDENT_STATUS_REPORT = "student_status_report"
    STUDENT_CARD = "student_card"
    HOSPITAL_REPORT = "hospital_report"
    RESIDENCE_REGISTRATION_SLIP = "residence_registration_slip"
    LEASE_CONTRACT = "lease_contract"
    PROPERTY_CERTIFICATE = "property_certificate"
    OTHER = "other"


TITLES_ZH: dict[DocumentType, str] = {
    DocumentType.RESIDENT_ID_CARD: "居民身份证",
    DocumentType.MEDICAL_EXAM_FORM: "体格检查表",
    DocumentType.RESIDENCE_PERMIT: "广东省居住证",
    DocumentType.HOUSEHOLD_REGISTER: "居民户口簿",
    DocumentType.HMT_RESIDENCE_PERMIT: "港澳台居民居住证",
    DocumentType.EMPLOYMENT_CERTIFICATE: "在职证明",
    DocumentType.LABOR_CONTRACT: "劳动合同",
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE: "社会保险参保证明",
    DocumentType.STUDENT_STATUS_REPORT: "学籍在线验证报告",
    DocumentType.STUDENT_CARD: "学生证",
    DocumentType.HOSPITAL_REPORT: "医院体检报告",
    DocumentType.RESIDENCE_REGISTRATION_SLIP: "居住登记凭证",
    DocumentType.LEASE_CONTRACT: "租赁合同",
    DocumentType.PROPERTY_CERTIFICATE: "不动产权证书",
    DocumentType.OTHER: "其他材料",
}
"""The name a person knows the document by; used in messages and pages."""

KINDERGARTEN_ITEMS: tuple[str, ...] = ("trichomonas", "candida", "gonococcus", "syphilis")

FIELDS: dict[DocumentType, tuple[str, ...]] = {
    DocumentType.RESIDENT_ID_CARD: (
        "name",
        "sex",
        "ethnicity",
        "birth_date",
        "address",
        "id_number",
        "issuing_authority",
        "valid_from",
        "valid_to",
    ),
    DocumentType.MEDICAL_EXAM_FORM: (
        "name",
        "sex",
        "birth_date",
        "id_number",
        "phone",
        "qualification_type",
        "naked_vision_right",
        "naked_vision_left",
        "corrected_vision_right",
        "corrected_vision_left",
        "color_vision",
        "blood_pressure",
        "heart_rate",
        "height_cm",
        "weight_kg",
        "hearing_right",
        "hearing_left",
        "chest_xray",
        "alt",
        "conclusion",
        "chief_physician",
        "hospital",
        "exam_date",
        *KINDERGARTEN_ITEMS,
    ),
    DocumentType.RESIDENCE_PERMIT: (
        "name",
        "sex",
        "ethnicity",
        "birth_date",
        "id_number",
        "hukou_address",
        "current_address",
        "issuing_authority",
        "issue_date",
        "valid_to",
    ),
    DocumentType.HOUSEHOLD_REGISTER: (
        "household_type",
        "head_name",
        "household_no",
        "address",
        "name",
        "relation",
        "sex",
        "birth_date",
        "ethnicity",
        "id_number",
    ),
    DocumentType.HMT_RESIDENCE_PERMIT: (
        "name",
        "sex",
        "birth_date",
        "address",
        "id_number",
        "pass_number",
        "issuing_authority",
        "valid_from",
        "valid_to",
    ),
    DocumentType.EMPLOYMENT_CERTIFICATE: (
        "name",
        "sex",
        "id_number",
        "employer",
        "uscc",
        "position",
        "start_date",
        "issue_date",
        "employer_address",
        "employer_phone",
    ),
    DocumentType.LABOR_CONTRACT: (
        "employer",
        "uscc",
        "name",
        "id_number",
        "term_start",
        "term_end",
        "position",
        "workplace",
        "sign_date",
    ),
    DocumentType.SOCIAL_INSURANCE_CERTIFICATE: ("name", "id_number", "city", "months_paid", "printed_on", "rows"),
    DocumentType.STUDENT_STATUS_REPORT: (
        "name",
        "sex",
        "birth_date",
        "ethnicity",
        "school",
        "level",
        "major",
        "study_form",
        "category",
        "enrolled_on",
        "status",
        "expected_graduation",
        "verify_code",
        "updated_on",
    ),
    DocumentType.STUDENT_CARD: ("name", "sex", "school", "major", "student_no", "enrolled_on", "registered_term"),
    DocumentType.HOSPITAL_REPORT: ("name", "sex", "hospital", "exam_date"),
    DocumentType.RESIDENCE_REGISTRATION_SLIP: (),
    DocumentType.LEASE_CONTRACT: (),
    DocumentType.PROPERTY_CERTIFICATE: (),
    DocumentType.OTHER: (),
}
"""Fields per type, in the order the contract lists them."""

PSEUDO_FIELDS: tuple[str, ...] = ("seal", "quality", "type", "pages", "file")
"""What else a finding's `field` may name."""


class CaptureProblem(StrEnum):
    """What can be wrong with a capture. The taxonomy follows commercial ID services (blur, glare, border, re-shoot …)."""

    BLURRED = "blurred"
    GLARE = "glare"
    CROPPED = "cropped"
    TOO_SMALL = "too_small"
    TOO_DARK = "too_dark"
    LOW_CONTRAST = "low_contrast"
    BLANK = "blank"
    MOIRE = "moire"
    """A screen was photographed: its grid and the camera's make waves."""
    PHOTOCOPY = "photocopy"
    """A copy without colour where the original has some (a red seal, a card's artwork)."""
    MIRRORED = "mirrored"
    NOT_A_DOCUMENT = "not_a_document"
    """A picture, but of no paper: nothing on it is text."""


HIDES_FIELDS = 0.3
"""Severity of a problem from which fields are lost and the page has to be captured again; below it the page is only
remarked on."""


class QualityProblem(Model):
    """One defect of a capture and where it lies, in pixels of the page as uploaded."""

    kind: CaptureProblem
    severity: Share
    """How bad: 0 just past the limit, 1 nothing can be read there."""
    box: Quad | None = None
    """None when it concerns the whole page."""
    message: str
    """One Chinese sentence that tells the applicant how to do better."""
    fields: tuple[str, ...] = ()
    """Fields of the document that lie where the problem is, or should and were not read; known after reading only."""


class PageQuality(Model):
    acceptable: bool
    problems: tuple[QualityProblem, ...] = ()


class Page(Model):
    """One page as uploaded. `page` counts from 1 inside `file`; width and height in pixels after EXIF rotation."""

    file: str
    page: int
    width: int
    height: int
    quality: PageQuality
