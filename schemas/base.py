"""The base of every model here and the few value types they share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Four corners in pixels, clockwise from the corner that is top left when the text is read upright."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Model(BaseModel):
    """A frozen value; unknown keys are refused so that a misspelt field is named instead of lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")
