"""docs/errors.md says what verifier/errors.py says."""

from __future__ import annotations

from pathlib import Path

from verifier import errors_document
from verifier.errors import CODES

DOCUMENT = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_document_is_fresh(tmp_path: Path) -> None:
    fresh = tmp_path / "errors.md"
    assert errors_document.main([str(fresh)]) == 0
    assert DOCUMENT.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8")


def test_every_code_is_in_it_once() -> None:
    lines = errors_document.render().splitlines()
    for code, spec in CODES.items():
        (line,) = [line for line in lines if line.startswith(f"| `{code}` |")]
        for part in (str(spec.status), spec.message, spec.remedy):
            assert part in line


def test_it_writes_one_file() -> None:
    assert errors_document.main([]) == 2
