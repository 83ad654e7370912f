"""What the text layer of a file claims and the picture of its page does not show."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.reading import Line, Signal, SignalKind
from verifier.compare.text import HAN, half_width
from verifier.geometry import bounds
from verifier.intake import DecodedPage
from verifier.pipeline.denials import denials
from verifier.pipeline.merge import agreement
from verifier.pipeline.same_place import in_place

DISAGREES = 0.4
"""Agreement below which a line of the layer says something else than the picture in its place. Between this and what
makes a line believed lie misreadings."""

_LEGIBLE = 12.0
"""Pixels of height from which an engine reads print without fail; smaller text that was not read proves nothing."""

_OCR_LAYER = 0.6
"""Share of the unseen text that the picture must show for it to be a scanner's own reading of the scan."""

_NOT_BY_CHANCE = 2
"""Values without a check digit that the picture denies before a reading counts as another text."""

_WORD = re.compile(rf"[0-9A-Za-z{HAN}]")
_FEWEST_CHARACTERS = 2


def hidden_text(decoded: DecodedPage, index: int, picture: Sequence[Line]) -> tuple[Signal, ...]:
    """At most one signal for the seen and one for the unseen text of a page.

    `picture` is what was read of the page in the end; every box is in pixels of the page as uploaded. `index` counts from
    0 over the document. A scanner's OCR under its scan is as it should be when it says what the scan shows.
    """
    found = (_contradicted(decoded.text_lines, picture), _unshown(decoded.unseen_lines, picture))
    return tuple(
        Signal(kind=SignalKind.HIDDEN_TEXT, page=index, detail=detail, box=first.box, strong=strong)
        for detail, first, strong in filter(None, found)
    )


def _contradicted(layer: Sequence[Line], picture: Sequence[Line]) -> tuple[str, Line, bool] | None:
    """Text drawn on the page of which the picture says something else. Strong when most of the layer is confirmed: a font
    that does not say what its glyphs mean spoils all that is set in it."""
    worth = [line for line in layer if _of_substance(line)]
    denied = [denial.line for denial in denials(worth, picture)]
    wrong = [line for line in worth if line in denied or _disagrees(line, picture)]
    if not wrong:
        return None
    few = 2 * len(wrong) <= len(worth)
    return f"文字层有 {len(wrong)} 处与画面不一致", (denied or wrong)[0], few or bool(denied)


def _unshown(layer: Sequence[Line], picture: Sequence[Line]) -> tuple[str, Line, bool] | None:
    """Text that nobody sees and that is no scanner's reading of the picture: most of it is not there, or it gives another
    number where the picture shows one. One name or date alone may be a scanner's reading of handwriting."""
    worth = [line for line in layer if _of_substance(line)]
    denied = denials(worth, picture)
    if any(denial.of_number for denial in denied) or len(denied) >= _NOT_BY_CHANCE:
        return f"文件含画面上看不到的文字,其中 {len(denied)} 处与画面不一致", denied[0].line, True
    sizes = [len(_WORD.findall(line.text)) for line in worth]
    said = [agreement(line, picture) * size for line, size in zip(worth, sizes, strict=True)]
    if not worth or sum(said) >= _OCR_LAYER * sum(sizes):
        return None
    first = min(zip(worth, said, sizes, strict=True), key=lambda item: item[1] / item[2])[0]
    return f"文件含画面上看不到的文字 {len(worth)} 处", first, True


def _disagrees(line: Line, picture: Sequence[Line]) -> bool:
    return bool(in_place(line, picture)) and agreement(line, picture) < DISAGREES


def _of_substance(line: Line) -> bool:
    left, top, right, bottom = bounds(line.box)
    return (
        min(bottom - top, right - left) >= _LEGIBLE and len(_WORD.findall(half_width(line.text))) >= _FEWEST_CHARACTERS
    )
