"""Units without their number: a digit written by hand before a printed unit is passed over now and then."""

from __future__ import annotations

import re
from dataclasses import replace

from schemas.reading import Line
from verifier.compare.text import squeeze
from verifier.extract.page import ReadPage

_UNIT = r"(?:厘米|公分|米|千克|公斤|次/分|毫米汞柱|(?:mmHg|bpm|IU/L|U/L|cm|kg|[mM])(?![A-Za-z]))"
_LOST = re.compile(rf"(?:^|[:：右左耳眼]){_UNIT}")
"""A unit at the start of its line, or right behind a label or a side: its number was not read."""
_NUMBER = re.compile(r"[\dsS.]")
"""What a number looks like to an engine; a five by hand looks like an S."""
_SCORE = 0.6
"""A look has no detector behind it: what scores less is no text."""


def with_lost_numbers(page: ReadPage) -> ReadPage:
    """The page with each line that shows a unit without its number read once more, from a crop of its own.

    The second reading counts where it says the same and numbers besides. Nothing changes on a page that cannot be looked
    at again. Raises EngineError when the engine cannot answer.
    """
    if page.look is None:
        return page
    lines = tuple(_looked_at(page, line) if _LOST.search(squeeze(line.text)) else line for line in page.lines)
    return replace(page, lines=lines) if lines != page.lines else page


def _looked_at(page: ReadPage, line: Line) -> Line:
    answer = page.look(line.box) if page.look is not None else None
    if answer is None or answer.score < _SCORE or not re.search(r"[\dsS]", answer.text):
        return line
    if _NUMBER.sub("", squeeze(answer.text)) != _NUMBER.sub("", squeeze(line.text)):
        return line
    return line.model_copy(update={"text": answer.text, "score": min(line.score, answer.score)})
