"""A second look at what is dear: the conclusion is believed when two readings agree (DESIGN.md D8).

`不合格` contains `合格`; an engine that loses the 不 makes the most dangerous error there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from schemas.base import Quad
from schemas.document import DocumentType
from schemas.reading import ReadField, Source
from verifier.compare.values import read_conclusion
from verifier.extract.page import ReadPage
from verifier.geometry import inverse, map_quad
from verifier.imaging.seals import remove_red
from verifier.ocr.engine import Engine, Image

_DEAR: Mapping[DocumentType, Mapping[str, Callable[[str], str | None]]] = {
    DocumentType.MEDICAL_EXAM_FORM: {"conclusion": read_conclusion},
}

_HEIGHT = 64
"""Pixels a line's crop is scaled to: a third more than the recogniser's own 48, so nothing is lost on the way."""
_DISAGREE = 0.4
"""Confidence of a field whose two readings differ: well under the threshold that calls a person."""


def confirm(
    kind: DocumentType, fields: Mapping[str, ReadField], pages: Sequence[ReadPage], engine: Engine
) -> dict[str, ReadField]:
    """Read the dear fields again from a tight crop, with and without red ink, and say whether the readings agree."""
    confirmed = dict(fields)
    for name, parse in _DEAR.get(kind, {}).items():
        field = fields.get(name)
        page = next((page for page in pages if field is not None and page.index == field.page), None)
        if field is None or page is None or field.source is Source.TEXT_LAYER:
            continue
        crop = crop_line(page.image, map_quad(field.box, inverse(page.to_uploaded)))
        if crop is None:
            continue
        again = [parse(answer.text) for answer in engine.recognise([crop, remove_red(crop)])]
        agree = field.value in again and all(value in (None, field.value) for value in again)
        level = max(field.confidence, 0.97) if agree else min(field.confidence, _DISAGREE)
        confirmed[name] = field.model_copy(update={"confidence": round(level, 3)})
    return confirmed


def crop_line(image: Image, quad: Quad, *, pad: float = 0.18) -> Image | None:
    """An upright crop of one line, padded by a share of its height; None when it has no extent."""
    corners = np.array(quad, dtype=np.float32)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    width, height = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    if width < 4 or height < 4:
        return None
    grow_x, grow_y = along / width * height * pad, down / height * height * pad
    padded = corners + np.array([-grow_x - grow_y, grow_x - grow_y, grow_x + grow_y, -grow_x + grow_y])
    scale = _HEIGHT / (height * (1 + 2 * pad))
    target_w = max(8, round((width + 2 * pad * height) * scale))
    target = np.array([[0, 0], [target_w, 0], [target_w, _HEIGHT], [0, _HEIGHT]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(padded.astype(np.float32), target)
    warped = cv2.warpPerspective(
        image, matrix, (target_w, _HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)
