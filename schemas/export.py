"""Write the JSON Schema of what programs exchange: `python -m schemas.export docs/schemas`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from schemas.application import Application, ApplicationForm
from schemas.batch import Batch
from schemas.result import CaseResult
from schemas.truth import Truth

EXPORTED: dict[str, type[BaseModel]] = {
    "application": Application,
    "application-form": ApplicationForm,
    "batch": Batch,
    "result": CaseResult,
    "truth": Truth,
}


def schema_text(model: type[BaseModel]) -> str:
    """A model's JSON Schema (2020-12) as a file holds it: sorted keys, two spaces, a newline at the end."""
    mode: Literal["serialization", "validation"] = "serialization" if model is CaseResult else "validation"
    return json.dumps(model.model_json_schema(mode=mode), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def export(folder: Path) -> None:
    """Write `<name>.schema.json` for every exported model into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in EXPORTED.items():
        (folder / f"{name}.schema.json").write_text(schema_text(model), encoding="utf-8")


if __name__ == "__main__":
    export(Path(sys.argv[1]))
