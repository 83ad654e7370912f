"""Several readings of one page made one: the text layer with OCR, the seal-free channel with the plain one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio

from schemas.base import Quad
from schemas.reading import Line
from verifier.compare.text import half_width
from verifier.geometry import Bounds, Homography, bounds, map_quad, share_inside, shared
from verifier.pipeline.denials import denials
from verifier.pipeline.same_place import in_place

_AGREES = 0.6
"""A text layer's line is believed when the picture says at least this much of the same (hidden text cannot lie)."""

_LOOKS = 24
"""Lines of a layer that are looked at again on one page: a layer that lies in more of them lies."""

_WITHIN = 0.8
"""Share of a native line that lies in the box of a line of the picture: that box was drawn around it."""

_SAME_PLACE = 0.4
"""Two lines that share this much of the smaller one are readings of the same text."""
_SURE = 0.85
"""A reading with less score is no witness against another."""
_ANOTHER = 0.35
"""Readings that have less in common are readings of two texts."""
_DOUBT = 0.6
"""The share of its score that a line loses for what another sure reading of it does not say."""


def with_text_layer(
    lines: Sequence[Line],
    layer: Sequence[Line],
    to_page: Homography,
    look: Callable[[Sequence[Quad]], Sequence[str]] | None = None,
) -> tuple[Line, ...]:
    """Replace OCR lines by the text layer's lines that the picture confirms; `to_page` maps the layer's boxes.

    A layer line the picture does not confirm, or denies a value of, is left out; an OCR line the layer does not cover
    stays. `look` reads boxes of the page again, each from a crop of its own: an engine may have boxed a layer's two lines
    as one and read only the lower.
    """
    if not layer:
        return tuple(lines)
    moved = [native.model_copy(update={"box": map_quad(native.box, to_page)}) for native in layer]
    denied = [denial.line for denial in denials(moved, lines)]
    believed = [native not in denied and agreement(native, lines) >= _AGREES for native in moved]
    if look is not None:
        open_ = [
            at
            for at, native in enumerate(moved)
            if not believed[at] and native not in denied and in_place(native, lines)
        ][:_LOOKS]
        for at, seen in zip(open_, look([moved[at].box for at in open_]) if open_ else (), strict=True):
            believed[at] = _says(seen, moved[at].text) >= _AGREES
    kept = [native for native, is_believed in zip(moved, believed, strict=True) if is_believed]
    return (*kept, *(line for line in lines if not _is_said(line, kept)))


def agreement(line: Line, picture: Sequence[Line]) -> float:
    """How much of what a line says the picture's lines in its place say too, 0 to 1; 0 where nothing was read."""
    seen = "".join(other.text for other in sorted(in_place(line, picture), key=lambda other: other.box[0][0]))
    return _says(seen, line.text) if seen else 0.0


def with_clean_reading(
    lines: Sequence[Line], clean: Sequence[Line], area: Bounds, *, pens_alike: bool = False
) -> tuple[Line, ...]:
    """Prefer the seal-free reading inside a seal's bounds.

    Lines that touch the seal are replaced by what the clean channel shows there; a plain line that the clean channel
    reads worse stays; plain lines wholly inside the seal that the clean channel does not show were the seal's own text.
    Where two sure readings differ, the one that is taken is sure no more. `pens_alike`: the seal's ink has the colour
    of pens, so that handwriting vanished with it: a plain line gives way only to a reading that is no worse in anything.
    """
    fresh = [line for line in clean if _touches(bounds(line.box), area) and line.text.strip()]
    result: list[Line] = []
    replaced: dict[int, list[Line]] = {}
    for line in lines:
        own = bounds(line.box)
        rivals = [at for at, other in enumerate(fresh) if shared(bounds(other.box), own) > _SAME_PLACE]
        if not rivals and not _touches(own, area):
            result.append(line)
            continue
        if not rivals:
            if pens_alike or share_inside(own, area) < 0.9:
                result.append(line)
            continue
        text = sum(len(_plain(fresh[at].text)) for at in rivals)
        score = min(fresh[at].score for at in rivals)
        longer, surer = text >= len(_plain(line.text)), score >= line.score
        if (longer and surer) if pens_alike else (longer or surer):
            for at in rivals:
                replaced.setdefault(at, []).append(line)
            continue
        result.append(_doubted(line, [fresh[at] for at in rivals]))
        for at in rivals:
            replaced.setdefault(at, [])
    shown = (replaced.get(at) for at in range(len(fresh)))
    result.extend(
        line if plain is None else _doubted(line, plain)
        for line, plain in zip(fresh, shown, strict=True)
        if plain is None or plain
    )
    return tuple(result)


def _doubted(line: Line, others: Sequence[Line]) -> Line:
    """A line with a lower score where another sure reading of its place says something else."""
    sure = [other for other in others if other.score >= _SURE]
    if not sure or line.score < _SURE:
        return line
    seen = "".join(other.text for other in sorted(sure, key=lambda other: other.box[0][0]))
    said = max(_says(seen, line.text), _says(line.text, seen))
    # what has nothing in common is no reading of the same text: the seal's own words stood in the print's place
    if said >= 1.0 or said < _ANOTHER:
        return line
    return line.model_copy(update={"score": round(line.score * (1.0 - _DOUBT * (1.0 - said)), 4)})


def _is_said(line: Line, natives: Sequence[Line]) -> bool:
    """Whether native lines say what this line says: they cover most of it, or one in its place holds its text.

    An engine may box several native lines as one, one above the other too, and boxes a single character larger than its
    glyph.
    """
    own = bounds(line.box)
    if sum(share_inside(own, bounds(native.box)) for native in natives) >= 0.5:
        return True
    within = "".join(native.text for native in natives if share_inside(bounds(native.box), own) > _WITHIN)
    if within and _says(within, line.text) >= _AGREES:
        return True
    return any(shared(bounds(native.box), own) > 0.5 and _plain(line.text) in _plain(native.text) for native in natives)


def _plain(text: str) -> str:
    return re.sub(r"[\s:：,，。.、;；()（）]", "", half_width(text))


def _says(seen: str, native: str) -> float:
    """How much of the native text the picture's text says, 0 to 1; the picture's text may hold more."""
    a, b = _plain(seen), _plain(native)
    if not b:
        return 0.0
    return max(Levenshtein.normalized_similarity(a, b), partial_ratio(a, b) / 100 if len(a) >= len(b) else 0.0)


def _touches(a: Bounds, b: Bounds) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
