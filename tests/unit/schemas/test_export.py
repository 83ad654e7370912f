"""The JSON Schemas under docs/ are what the models say today."""

from pathlib import Path

import pytest

from schemas.export import EXPORTED, schema_text

DOCS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.mark.parametrize("name", sorted(EXPORTED))
def test_schema_file_is_fresh(name: str) -> None:
    written = (DOCS / f"{name}.schema.json").read_text(encoding="utf-8")
    assert written == schema_text(EXPORTED[name]), "run: python -m schemas.export docs/schemas"


def test_no_other_schema_files() -> None:
    assert {path.name for path in DOCS.iterdir()} == {f"{name}.schema.json" for name in EXPORTED}
