"""Problems with sent data are named in Chinese, without the data."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.application import Application
from verifier.invalid import explain

FORM: dict[str, Any] = {
    "application_no": "HD2026A000001", "batch": "2026-autumn", "submitted_on": "2026-10-20", "route": "household",
    "applicant": {"name": "张伟", "id_type": "resident_id", "id_number": "1", "sex": "male", "birth_date": "1998-03-05"},
    "qualification": {"type": "primary"},
}  # fmt: skip


def problem(**changes: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        Application.model_validate({**FORM, **changes})
    return explain(caught.value.errors(include_input=False)[0])


@pytest.mark.parametrize(
    ("changes", "where", "why"),
    [
        ({"route": "by_sea"}, "route", "应为"),
        ({"submitted_on": "20.10.2026"}, "submitted_on", "不是有效日期"),
        ({"colour": "red"}, "colour", "没有这个项目"),
        ({"applicant": {**FORM["applicant"], "name": "  "}}, "applicant.name", "不能为空"),
        ({"applicant": {**FORM["applicant"], "name": "长" * 201}}, "applicant.name", "最多 200"),
        ({"application_no": "a b"}, "application_no", "格式"),
        ({"documents": [{"slot": "resident_id_card", "files": []}]}, "documents.0.files", "至少需要 1"),
        ({"documents": [{"slot": "resident_id_card", "files": ["/etc/x"]}]}, "documents.0.files.0", "文件夹内的路径"),
    ],
)
def test_where_and_why(changes: dict[str, Any], where: str, why: str) -> None:
    found = problem(**changes)
    assert found[0] == where
    assert why in found[1]


def test_a_missing_part_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Application.model_validate({key: value for key, value in FORM.items() if key != "route"})
    assert explain(caught.value.errors()[0]) == ("route", "缺少此项")


def test_the_value_is_never_repeated() -> None:
    assert "110105" not in "".join(problem(route="11010519491231002X"))
