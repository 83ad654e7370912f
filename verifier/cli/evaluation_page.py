"""The HTML report of an evaluation: every error beside the piece of the picture it was read from.

The page shows what documents say, so it is for synthetic sets; the command's help says so.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas.base import Quad
from schemas.document import DocumentType
from schemas.truth import Planted
from verifier.cli.evaluation_tables import per_page, plain, share
from verifier.cli.folder import CaseFolder
from verifier.cli.scoring import Tally
from verifier.errors import InputError
from verifier.geometry import bounds
from verifier.intake import Image, decode

_CROP_WIDTH = 520
_PAGE_WIDTH = 360
_AROUND = 1.2
"""What is shown around a box, in box heights: the label stands there."""


@dataclass(frozen=True)
class Shown:
    """One error on the page; `pictures` are data URLs of crops, or of whole pages when nothing was found."""

    case: str
    document: str
    what: str
    capture: str
    expected: str
    found: str
    confidence: str
    pictures: tuple[str, ...]


def write_page(path: Path, tally: Tally, cases: Mapping[str, CaseFolder], engine: str) -> None:
    """Write the report of `tally` to `path`; `cases` are the folders by the names the tally calls them."""
    environment = Environment(
        loader=PackageLoader("verifier.cli"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("evaluation.html").render(
        engine=engine,
        tally=tally,
        fields_right=share(tally.right.total(), tally.total.total()),
        seals_right=share(tally.seals_right.total(), tally.seals_total.total()),
        planted=share(tally.caught.total(), tally.planted.total()),
        passed=share(tally.consistent_passed, tally.consistent),
        seconds=f"{per_page(tally):.2f}",
        reliability=tally.reliability,
        misses=_misses(tally, cases),
        seals=_seals(tally, cases),
        uncaught=[_uncaught(item.case, item.planted, cases) for item in tally.uncaught],
    )
    path.write_text(page, encoding="utf-8")


def _misses(tally: Tally, cases: Mapping[str, CaseFolder]) -> list[Shown]:
    shown = []
    for miss in tally.misses:
        pages = _pages(cases[miss.case], miss.document)
        if miss.box is not None and miss.page is not None and miss.page < len(pages):
            pictures: tuple[str, ...] = (_crop(pages[miss.page], miss.box),)
        else:
            pictures = tuple(_whole(page) for page in pages)
        shown.append(
            Shown(
                case=miss.case,
                document=miss.document.value,
                what=miss.field,
                capture=miss.capture,
                expected=plain(miss.expected),
                found=plain(miss.found),
                confidence=f"{miss.confidence:.2f}",
                pictures=pictures,
            )
        )
    return shown


def _seals(tally: Tally, cases: Mapping[str, CaseFolder]) -> list[Shown]:
    shown = []
    for miss in tally.seal_misses:
        pages = _pages(cases[miss.case], miss.document)
        crops = tuple(_crop(pages[page], box) for page, box in miss.boxes if page < len(pages))
        shown.append(
            Shown(
                case=miss.case,
                document=miss.document.value,
                what="seal",
                capture="",
                expected=miss.expected,
                found=" | ".join(miss.found) or "-",
                confidence="",
                pictures=crops or tuple(_whole(page) for page in pages),
            )
        )
    return shown


def _uncaught(case: str, planted: Planted, cases: Mapping[str, CaseFolder]) -> Shown:
    return Shown(
        case=case,
        document=planted.document.value,
        what=planted.field,
        capture="",
        expected=planted.kind,
        found="-",
        confidence="",
        pictures=tuple(_whole(page) for page in _pages(cases[case], planted.document)),
    )


def _pages(case: CaseFolder, document: DocumentType) -> Sequence[Image]:
    files = next((slot.files for slot in case.application.documents if slot.slot is document), ())
    return [page for name in files for page in _decoded(case.path / name)]


@lru_cache(maxsize=8)
def _decoded(path: Path) -> tuple[Image, ...]:
    try:
        return tuple(page.image for page in decode(path.read_bytes()))
    except InputError:
        return ()  # the evaluation has counted the refusal; there is no picture to show


def _crop(image: Image, box: Quad) -> str:
    left, top, right, bottom = bounds(box)
    height, width = image.shape[:2]
    around = _AROUND * max(8.0, min(bottom - top, right - left))
    x0, x1 = max(0, int(left - 3 * around)), min(width, int(right + around))
    y0, y1 = max(0, int(top - around)), min(height, int(bottom + around))
    if x1 <= x0 or y1 <= y0:
        return _whole(image)
    piece = image[y0:y1, x0:x1].copy()
    corners = (np.array(box) - (x0, y0)).round().astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(piece, [corners], isClosed=True, color=(0, 90, 230), thickness=max(1, round(around / 20)))
    return _data_url(piece, _CROP_WIDTH)


def _whole(image: Image) -> str:
    return _data_url(image, _PAGE_WIDTH)


def _data_url(image: Image, width: int) -> str:
    scale = min(1.0, width / image.shape[1])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else image
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
