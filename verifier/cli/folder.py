"""Case folders on disk (CONTRACT.md section 1): read, and refused with the file and field that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from schemas.application import Application
from schemas.truth import Truth
from verifier.errors import InputError
from verifier.invalid import explain


@dataclass(frozen=True)
class CaseFolder:
    path: Path
    application: Application


def open_case(path: Path) -> CaseFolder:
    """The case in a folder.

    Raises InputError: case.not_a_case without an application.json, case.bad_application naming the field,
    file.missing naming a file the application lists and the folder lacks.
    """
    form = path / "application.json"
    if not form.is_file():
        raise InputError("case.not_a_case", path=str(path))
    try:
        application = Application.model_validate_json(form.read_bytes())
    except ValidationError as error:
        where, why = first_problem(error)
        raise InputError("case.bad_application", where=f"{form}:{where}", why=why) from None
    for slot in application.documents:
        for name in slot.files:
            if not (path / name).is_file():
                raise InputError("file.missing", file=str(path / name))
    return CaseFolder(path, application)


def open_truth(path: Path) -> Truth:
    """The truth of a data set's case. Raises InputError case.bad_truth."""
    file = path / "truth.json"
    if not file.is_file():
        raise InputError("case.bad_truth", path=str(path), where="truth.json", why="不存在")
    try:
        return Truth.model_validate_json(file.read_bytes())
    except ValidationError as error:
        where, why = first_problem(error)
        raise InputError("case.bad_truth", path=str(path), where=where, why=why) from None


def find_cases(root: Path) -> Sequence[Path]:
    """Every folder under `root` (itself included) that holds an application.json, sorted. Raises InputError for none."""
    if (root / "application.json").is_file():
        return (root,)
    found = sorted(file.parent for file in root.glob("**/application.json"))
    if not found:
        raise InputError("case.no_cases", path=str(root))
    return found


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Where the first problem is (`applicant.sex`) and what it is, without the value: it may be personal."""
    where, why = explain(error.errors(include_input=False, include_url=False)[0])
    return where or "application.json", why
