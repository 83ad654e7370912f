"""The application form: what it accepts and how it names what is wrong."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.application import Application


def form(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "application_no": "HD2026A000001",
        "batch": "2026-autumn",
        "submitted_on": "2026-10-20",
        "route": "residence_permit",
        "applicant": {
            "name": "阿依古丽·买买提",
            "id_type": "resident_id",
            "id_number": "440114199803051239",
            "sex": "male",
            "birth_date": "1998-03-05",
            "ethnicity": "汉",
            "phone": "13800138000",
        },
        "qualification": {"type": "primary", "subject": "语文"},
        "residence": {"hukou_address": "湖南省长沙市", "current_address": "广州市花都区"},
        "employment": None,
        "student": None,
        "documents": [{"slot": "resident_id_card", "files": ["documents/a.jpg"]}],
    }
    return {**base, **changes}


def test_round_trip() -> None:
    application = Application.model_validate(form())
    assert Application.model_validate_json(application.model_dump_json()) == application


def test_blank_optional_text_counts_as_absent() -> None:
    values = form()
    values["applicant"]["ethnicity"] = "  "
    assert Application.model_validate(values).applicant.ethnicity is None


@pytest.mark.parametrize("length", [2, 25, 60])
def test_long_names_fit(length: int) -> None:
    values = form()
    values["applicant"]["name"] = "买" * length
    assert Application.model_validate_json(json.dumps(values)).applicant.name == "买" * length


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.jpg", "documents/../../x", "documents\\a.jpg", ""])
def test_file_paths_stay_inside_the_case(path: str) -> None:
    with pytest.raises(ValidationError):
        Application.model_validate(form(documents=[{"slot": "resident_id_card", "files": [path]}]))


def test_misspelt_field_is_named() -> None:
    values = form()
    values["applicant"]["nmae"] = "x"
    with pytest.raises(ValidationError) as caught:
        Application.model_validate(values)
    assert caught.value.errors()[0]["loc"] == ("applicant", "nmae")


def test_no_documents_is_a_valid_form() -> None:
    assert Application.model_validate(form(documents=[])).documents == ()
