"""Text objects of OFD as PDF text, each glyph at the place the file says. GB/T 33190-2016, 11."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from verifier.errors import InputError
from verifier.intake.ofd_canvas import Canvas
from verifier.intake.ofd_values import number, numbers, offsets, whole
from verifier.intake.pdf_write import joined
from verifier.intake.sfnt import Sfnt

_TOO_WIDE = 1.05
"""A glyph of a substituted font that is wider than its place by more than this is set narrower; a little kerning is
left alone."""
_NARROWEST = 0.5
_SPACED = 0.6
"""Room behind a glyph, in ems, up to which it counts as its own: a number set one digit to a Chinese character's width is
one number. More than that leads to another column."""
_BARE = "\x00\t\n\r\x0b\x0c\u200b\ufeff"
"""Characters that show nothing and take no room of their own."""

_FILL, _STROKE, _BOTH, _NEITHER = 0, 1, 2, 3


@dataclass(frozen=True)
class Shape:
    """What shows a character: a glyph of a face, of the file's own or a `substitute`."""

    face: Sfnt
    glyph: int
    substitute: bool


Shaper = Callable[[str, int | None], Shape]
"""Finds the shape for a character; the number is the glyph the file itself names for it."""


def draw_text(canvas: Canvas, element: Element, shape: Shaper, *, fill: bool, stroke: bool) -> int:
    """Set one text object in the coordinates of the object; returns how many glyphs it has.

    `fill` and `stroke` say how its outlines are painted; with neither the text is there and not seen.
    Raises InputError `file.broken`.
    """
    size = number(element.get("Size"), 0.0)
    if not size:
        return 0
    mode = (_BOTH if stroke else _FILL) if fill else (_STROKE if stroke else _NEITHER)
    stretch = number(element.get("HScale"), 1.0)
    turn = math.radians(number(element.get("CharDirection"), 0.0))
    cos, sin = math.cos(turn), math.sin(turn)
    out = [b"BT %d Tr\n" % mode]
    last = b""
    count = 0
    for spot in _spots(element, shape, size, stretch):
        name, code = canvas.glyph(spot.shape.face, spot.shape.glyph, spot.text, spot.width)
        if name != last:
            out.append(b"%s %s Tf\n" % (name, joined(size)))
            last = name
        wide = stretch * spot.narrowed
        # Glyphs stand upright on a page whose y runs downwards: turned over, stretched, then turned as the file says.
        out.append(b"%s Tm %s Tj\n" % (joined(wide * cos, wide * sin, sin, -cos, spot.x, spot.y), code))
        count += 1
    out.append(b"ET\n")
    canvas.add(b"".join(out))
    return count


@dataclass(frozen=True)
class _Spot:
    """One character where it is drawn; `width` of its cell in ems, before it is narrowed and stretched."""

    text: str
    shape: Shape
    x: float
    y: float
    narrowed: float
    width: float


def _spots(element: Element, shape: Shaper, size: float, stretch: float) -> Iterator[_Spot]:
    named = _named_glyphs(element)
    x = y = 0.0
    position = 0
    for code in element.iterfind("TextCode"):
        text = (code.text or "").strip("\r\n")
        x, y = number(code.get("X"), x), number(code.get("Y"), y)
        step_x, step_y = offsets(code.get("DeltaX"), len(text)), offsets(code.get("DeltaY"), len(text))
        at_x, at_y = x, y
        for place, character in enumerate(text):
            move = None
            if step_x is not None or step_y is not None:
                move = (step_x[place] if step_x else 0.0, step_y[place] if step_y else 0.0)
            if character not in _BARE:
                found = shape(character, named.get(position))
                width = found.face.advance(found.glyph)
                if move is None:
                    move = _turned(width * size * stretch, element.get("ReadDirection"))
                narrowed = 1.0
                if place < len(text) - 1:
                    narrowed = _narrowed(width * size * stretch, move) if found.substitute else 1.0
                    width = _with_room(width, move, size * stretch)
                yield _Spot(character, found, at_x, at_y, narrowed, width)
            if move is not None:
                at_x, at_y = at_x + move[0], at_y + move[1]
            position += 1


def _turned(advance: float, direction: str | None) -> tuple[float, float]:
    """The way to the next character where the file gives none: in quarter turns clockwise from left to right."""
    turns = whole(direction, 0) // 90 % 4
    return ((advance, 0.0), (0.0, advance), (-advance, 0.0), (0.0, -advance))[turns]


def _narrowed(advance: float, move: tuple[float, float]) -> float:
    """How much narrower a glyph of another font must be to stay within its place."""
    step, across = move
    if across or step <= 0 or advance <= step * _TOO_WIDE:
        return 1.0
    return max(_NARROWEST, step / advance)


def _with_room(width: float, move: tuple[float, float], size: float) -> float:
    """The width of a cell, up to the next character when that is not far."""
    step, across = move
    if across or size <= 0:
        return width
    reached = step / size
    return reached if width < reached <= width + _SPACED else width


def _named_glyphs(element: Element) -> dict[int, int]:
    """Glyph by position of the character, for stretches in which one glyph stands for one character each.

    Others (ligatures) are set character by character: the text is the same, its look hardly differs.
    """
    named: dict[int, int] = {}
    for change in element.iterfind("CGTransform"):
        first = whole(change.get("CodePosition"), 0)
        glyphs = [int(value) for value in numbers(change.findtext("Glyphs"))]
        count = whole(change.get("CodeCount"), len(glyphs))
        if any(not 0 <= glyph <= 0xFFFF for glyph in glyphs):
            raise InputError("file.broken")
        if count == len(glyphs):
            named.update(zip(range(first, first + count), glyphs, strict=True))
    return named
