"""Pages of OFD drawn onto a canvas: layers, paths, pictures, text, groups, seals. GB/T 33190-2016, 8 to 13."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from xml.etree.ElementTree import Element

from verifier.errors import InputError
from verifier.intake.limits import Limits
from verifier.intake.ofd_canvas import Canvas, joined
from verifier.intake.ofd_document import Layer, Page, Resources, page_files, read_documents, read_page
from verifier.intake.ofd_fonts import embedded_face, machine_faces
from verifier.intake.ofd_package import Package, open_package
from verifier.intake.ofd_paths import path_operators
from verifier.intake.ofd_pictures import decode_inset
from verifier.intake.ofd_seals import Stamp
from verifier.intake.ofd_text import Shape, draw_text
from verifier.intake.ofd_values import BLACK, Box, Colour, box, colour, flag, matrix, number, numbers
from verifier.intake.sfnt import Sfnt

_MOST_OBJECTS = 100_000
"""Drawn on one page, glyphs and repeated groups included."""
_DEPTH = 8
"""Groups within groups."""
_LINE_WIDTH = 0.353
_JOINS = {"Miter": 0, "Round": 1, "Bevel": 2}
_CAPS = {"Butt": 0, "Round": 1, "Square": 2}


@dataclass(frozen=True)
class _Style:
    """What an object is drawn with unless it says otherwise itself."""

    fill: Element | None = None
    stroke: Element | None = None
    line_width: str | None = None
    join: str | None = None
    cap: str | None = None
    dash: str | None = None
    dash_offset: str | None = None
    miter: str | None = None

    def overridden(self, element: Element) -> _Style:
        """With what an object or a set of drawing parameters says."""
        fill, stroke = element.find("FillColor"), element.find("StrokeColor")
        return _Style(
            fill=self.fill if fill is None else fill,
            stroke=self.stroke if stroke is None else stroke,
            line_width=element.get("LineWidth", self.line_width),
            join=element.get("Join", self.join),
            cap=element.get("Cap", self.cap),
            dash=element.get("DashPattern", self.dash),
            dash_offset=element.get("DashOffset", self.dash_offset),
            miter=element.get("MiterLimit", self.miter),
        )


@dataclass(frozen=True)
class _Scope:
    """Where an object stands: what it may refer to, and what it inherits."""

    package: Package
    resources: Resources
    style: _Style = _Style()
    depth: int = 0


class PageDrawing:
    """Draws one page; counts what it draws. `fonts` is a folder with fonts of this machine."""

    def __init__(self, canvas: Canvas, limits: Limits) -> None:
        self._canvas = canvas
        self._limits = limits
        self._left = _MOST_OBJECTS
        self._faces: dict[tuple[int, str], Sfnt | None] = {}

    def draw(self, page: Page, package: Package, stamps: list[Stamp]) -> None:
        """The page, its annotations and its seals over it. Raises InputError, FontsError `fonts.missing`."""
        for layer in page.layers:
            self._layer(layer, package)
        for annotation in page.annotations:
            self._placed(annotation, package)
        for stamp in stamps:
            self._stamp(stamp, package)

    def _layer(self, layer: Layer, package: Package) -> None:
        scope = _Scope(package, layer.resources)
        self._objects(layer.element, replace(scope, style=_styled(layer.element, scope)))

    def _placed(self, layer: Layer, package: Package) -> None:
        """An annotation's appearance, whose objects count from its own corner."""
        place = box(layer.element.get("Boundary"))
        self._canvas.save()
        if place is not None:
            self._canvas.transform((1.0, 0.0, 0.0, 1.0, place.x, place.y))
        self._layer(layer, package)
        self._canvas.restore()

    def _objects(self, parent: Element, scope: _Scope) -> None:
        if scope.depth > _DEPTH:
            raise InputError("file.broken")
        for element in parent:
            self._spend(1)
            if not flag(element.get("Visible"), True):
                continue
            if element.tag == "PageBlock":
                self._objects(element, replace(scope, depth=scope.depth + 1))
            elif element.tag in _DRAWN:
                self._object(element, scope)

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise InputError("file.broken")

    def _object(self, element: Element, scope: _Scope) -> None:
        canvas = self._canvas
        place = box(element.get("Boundary"))
        own = matrix(element.get("CTM"))
        canvas.save()
        if place is not None:
            canvas.transform((1.0, 0.0, 0.0, 1.0, place.x, place.y))
        self._clip(element.find("Clips"), own)
        if own is not None:
            canvas.transform(own)
        alpha = min(max(number(element.get("Alpha"), 255.0), 0.0), 255.0) / 255.0
        style = _styled(element, scope)
        if element.tag == "PathObject":
            self._path(element, style, alpha)
        elif element.tag == "TextObject":
            self._text(element, scope, style, alpha)
        elif element.tag == "ImageObject":
            self._picture(element, scope, place if own is None else None, alpha)
        else:
            content = scope.resources.composites.get(element.get("ResourceID", ""))
            if content is not None:
                self._objects(content, replace(scope, style=style, depth=scope.depth + 1))
        canvas.restore()

    def _clip(self, clips: Element | None, own: tuple[float, ...] | None) -> None:
        """Cut what follows to each of the clips: areas of paths; text as a clip is not cut to."""
        if clips is None:
            return
        moved = own if flag(clips.get("TransFlag"), True) else None
        for clip in clips.iterfind("Clip"):
            areas = []
            for area in clip.iterfind("Area"):
                outline = area.find("Path")
                if outline is not None:
                    places = [box(outline.get("Boundary")), matrix(outline.get("CTM")), matrix(area.get("CTM")), moved]
                    areas.append(self._area(outline.findtext("AbbreviatedData") or "", places))
            if areas:
                self._canvas.add(b"".join(areas) + b"W n\n")

    def _area(self, data: str, places: list[object]) -> bytes:
        raise NotImplementedError
