"""`truth.json` of a data set (CONTRACT.md): what the verifier should have found. Only `evaluate` reads it."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Model
from schemas.document import DocumentType
from schemas.finding import Outcome
from schemas.reading import InsuredRow


class Planted(Model):
    document: DocumentType
    field: str
    kind: str
    other: DocumentType | None = None
    field_any: tuple[str, ...] = ()


class Truth(Model):
    expected_outcome: Outcome | None
    documents: dict[DocumentType, dict[str, str | tuple[InsuredRow, ...]]]
    seals: dict[DocumentType, str] = Field(default_factory=dict)
    planted: tuple[Planted, ...] = ()
    capture: dict[DocumentType, str] = Field(default_factory=dict)
