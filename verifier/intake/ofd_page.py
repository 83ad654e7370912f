"""Pages of OFD drawn onto a canvas: layers, paths, pictures, text, groups, seals. GB/T 33190-2016, 8 to 13."""

from __future__ import annotations

from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from verifier.errors import InputError
from verifier.intake.limits import Limits
from verifier.intake.ofd_canvas import Canvas
from verifier.intake.ofd_document import Font, Layer, Page, Resources, page_files, read_documents, read_page
from verifier.intake.ofd_fonts import embedded_face, machine_faces
from verifier.intake.ofd_package import Package, is_archive, open_package
from verifier.intake.ofd_paths import path_operators
from verifier.intake.ofd_pictures import decode_inset
from verifier.intake.ofd_seals import Stamp
from verifier.intake.ofd_text import Shape, draw_text
from verifier.intake.ofd_values import BLACK, Box, Colour, Matrix, box, colour, flag, matrix, number, numbers
from verifier.intake.pdf_write import joined
from verifier.intake.sfnt import Sfnt

_MOST_OBJECTS = 100_000
"""Drawn on one page, glyphs and repeated groups included."""
_PIXELS = 2
"""Of all pictures on a page together, in multiples of the pixel limit."""
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
    """Draws one page; counts what it draws."""

    def __init__(self, canvas: Canvas, limits: Limits) -> None:
        self._canvas = canvas
        self._limits = limits
        self._left = _MOST_OBJECTS
        self._pixels = _PIXELS * limits.max_pixels
        self._multiply = False
        self._faces: dict[tuple[int, str], Sfnt | None] = {}
        # Archives within seals are kept: what is drawn from them is known by their identity.
        self._inner: list[Package] = []

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

    def _clip(self, clips: Element | None, own: Matrix | None) -> None:
        """Cut what follows to each of the clips, the areas of one together. Text as a clip is passed over."""
        if clips is None:
            return
        moved = own if flag(clips.get("TransFlag"), True) else None
        for clip in clips.iterfind("Clip"):
            areas = b""
            for area in clip.iterfind("Area"):
                outline = area.find("Path")
                if outline is not None:
                    place = box(outline.get("Boundary")) or Box(0.0, 0.0, 0.0, 0.0)
                    shift = (1.0, 0.0, 0.0, 1.0, place.x, place.y)
                    data = outline.findtext("AbbreviatedData") or ""
                    areas += path_operators(data, matrix(outline.get("CTM")), shift, matrix(area.get("CTM")), moved)
            if areas:
                self._canvas.add(areas + b"W n\n")

    def _path(self, element: Element, style: _Style, alpha: float) -> None:
        fill = colour(style.fill) if flag(element.get("Fill"), False) else None
        stroke = _stroke_colour(style) if flag(element.get("Stroke"), True) else None
        outline = path_operators(element.findtext("AbbreviatedData") or "")
        if not outline or (fill is None and stroke is None):
            return
        self._paint(fill, stroke, style, alpha)
        rule = b"*" if element.get("Rule") == "Even-Odd" else b""
        painted = {(True, True): b"B" + rule, (True, False): b"f" + rule, (False, True): b"S"}
        self._canvas.add(b"%s%s\n" % (outline, painted[fill is not None, stroke is not None]))

    def _paint(self, fill: Colour | None, stroke: Colour | None, style: _Style, alpha: float) -> None:
        """Set the colours and, for outlines, the pen."""
        canvas = self._canvas
        canvas.state(
            fill_alpha=alpha * (fill.alpha if fill else 1.0),
            stroke_alpha=alpha * (stroke.alpha if stroke else 1.0),
            multiply=self._multiply,
        )
        if fill is not None:
            canvas.colour(fill)
        if stroke is None:
            return
        canvas.colour(stroke, stroke=True)
        width = abs(number(style.line_width, _LINE_WIDTH))
        dash = [abs(value) for value in numbers(style.dash)]
        canvas.add(
            b"%s w %d j %d J %s M [%s] %s d\n"
            % (
                joined(width),
                _JOINS.get(style.join or "", 0),
                _CAPS.get(style.cap or "", 0),
                joined(max(1.0, number(style.miter, 10.0))),
                joined(*dash) if any(dash) else b"",
                joined(number(style.dash_offset, 0.0)),
            )
        )

    def _text(self, element: Element, scope: _Scope, style: _Style, alpha: float) -> None:
        fill = flag(element.get("Fill"), True)
        stroke = flag(element.get("Stroke"), False)
        self._paint(colour(style.fill) or BLACK, _stroke_colour(style) if stroke else None, style, alpha)
        font = scope.resources.fonts.get(element.get("Font", ""), _NO_FONT)
        own = self._embedded(scope.package, font.file)

        def shape(character: str, named: int | None) -> Shape:
            self._spend(1)
            if own is not None:
                glyph = named if named is not None and named < own.glyphs else own.glyph(character)
                if glyph is not None:
                    return Shape(own, glyph, substitute=False)
            return self._substitute(character, font.name)

        draw_text(self._canvas, element, shape, fill=fill, stroke=stroke)

    def _embedded(self, package: Package, path: str | None) -> Sfnt | None:
        if path is None or path not in package:
            return None
        key = (id(package), path)
        if key not in self._faces:
            self._faces[key] = embedded_face(package.read(path))
        return self._faces[key]

    def _substitute(self, character: str, name: str) -> Shape:
        """The character in a font of this machine; what none of them has is shown as the box fonts keep for that."""
        faces = machine_faces(name, self._limits.fonts_dir)
        first = next(faces)
        for face in (first, *faces):
            glyph = face.glyph(character)
            if glyph is not None:
                return Shape(face, glyph, substitute=True)
        return Shape(first, 0, substitute=True)

    def _picture(self, element: Element, scope: _Scope, place: Box | None, alpha: float) -> None:
        """A picture over the unit square, or over `place` for one without a matrix of its own."""
        path = scope.resources.media.get(element.get("ResourceID", ""))
        if path is None:
            return
        key = (id(scope.package), path)
        if not self._canvas.has_picture(key):
            self._add_picture(key, scope.package.read(path))
        if place is not None:
            self._canvas.transform((place.width, 0.0, 0.0, place.height, 0.0, 0.0))
        self._canvas.state(fill_alpha=alpha, multiply=self._multiply)
        self._canvas.show_picture(key)

    def _add_picture(self, key: object, data: bytes) -> None:
        pixels = decode_inset(data, self._limits)
        self._pixels -= pixels.shape[0] * pixels.shape[1]
        if self._pixels < 0:
            raise InputError("file.too_many_pixels", width=pixels.shape[1], height=pixels.shape[0])
        self._canvas.add_picture(key, pixels)

    def _stamp(self, stamp: Stamp, package: Package) -> None:
        """A seal over the page, like ink: what is under it stays readable."""
        canvas, place = self._canvas, stamp.box
        canvas.save()
        self._multiply = True
        if stamp.clip is not None:
            clip = stamp.clip
            canvas.clip_to(Box(place.x + clip.x, place.y + clip.y, clip.width, clip.height))
        if is_archive(stamp.picture):
            self._drawn_stamp(stamp, package)
        else:
            key = (_SEAL, stamp.picture)
            if not canvas.has_picture(key):
                self._add_picture(key, stamp.picture)
            canvas.transform((place.width, 0.0, 0.0, place.height, place.x, place.y))
            canvas.state(multiply=True)
            canvas.show_picture(key)
        self._multiply = False
        canvas.restore()

    def _drawn_stamp(self, stamp: Stamp, package: Package) -> None:
        """A seal that is itself an OFD file: its first page, without seals of its own."""
        inner = open_package(stamp.picture, package.budget)
        page = read_page(page_files(read_documents(inner), self._limits)[0])
        wide, high = stamp.box.width / page.box.width, stamp.box.height / page.box.height
        self._canvas.transform((wide, 0.0, 0.0, high, stamp.box.x - page.box.x * wide, stamp.box.y - page.box.y * high))
        self._inner.append(inner)
        for layer in page.layers:
            self._layer(layer, inner)


_DRAWN = frozenset({"PathObject", "TextObject", "ImageObject", "CompositeObject"})
_NO_FONT = Font("", None)
_SEAL = "seal"


def _styled(element: Element, scope: _Scope) -> _Style:
    """What an object is drawn with: inherited, then its drawing parameters and those they build on, then its own."""
    chain: list[Element] = []
    name = element.get("DrawParam")
    while name is not None and len(chain) < _DEPTH:
        parameters = scope.resources.drawing.get(name)
        if parameters is None:
            break
        chain.append(parameters)
        name = parameters.get("Relative")
    style = scope.style
    for parameters in reversed(chain):
        style = style.overridden(parameters)
    return style.overridden(element)


def _stroke_colour(style: _Style) -> Colour:
    return colour(style.stroke) or BLACK
