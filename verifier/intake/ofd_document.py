"""What an OFD file says it is made of: documents, pages, resources, annotations. GB/T 33190-2016, 7.5 to 7.9."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from verifier.errors import InputError
from verifier.intake.limits import Limits
from verifier.intake.ofd_package import ROOT, Package, folder_of, resolve
from verifier.intake.ofd_values import Box, box, flag

_LAYERS = {"Background": 0, "Body": 1, "Foreground": 2}
_MOST_TEMPLATES = 20
"""On one page; forms have one or two."""


@dataclass(frozen=True)
class Font:
    """`file`: path of the embedded font; None when the reader is to have it."""

    name: str
    file: str | None


@dataclass
class Resources:
    """What objects refer to, by id. `drawing`: drawing parameters, `composites`: reusable groups, as XML."""

    fonts: dict[str, Font] = field(default_factory=dict)
    media: dict[str, str] = field(default_factory=dict)
    drawing: dict[str, Element] = field(default_factory=dict)
    composites: dict[str, Element] = field(default_factory=dict)

    def with_those_of(self, other: Resources) -> Resources:
        """Both together; on equal ids the other's count."""
        return Resources(
            self.fonts | other.fonts,
            self.media | other.media,
            self.drawing | other.drawing,
            self.composites | other.composites,
        )


@dataclass(frozen=True)
class Layer:
    """Objects in a row, each drawn over the ones before, with the resources of the page or template they stand on."""

    element: Element
    resources: Resources


@dataclass(frozen=True)
class PageFile:
    """One page before it is read: its XML and all that is needed to make sense of it."""

    package: Package
    document: Document
    id: str
    path: str


@dataclass(frozen=True)
class Document:
    package: Package
    folder: str
    root: Element
    resources: Resources
    signatures: str | None
    """Path of the list of signatures."""

    def pages(self) -> Iterator[PageFile]:
        for page in self.root.iterfind("Pages/Page"):
            yield PageFile(self.package, self, page.get("ID", ""), resolve(self.folder, page.get("BaseLoc")))


@dataclass(frozen=True)
class Page:
    """One page: its paper in millimetres, and its layers in the order they are drawn."""

    box: Box
    layers: tuple[Layer, ...]
    annotations: tuple[Layer, ...]


def read_documents(package: Package) -> list[Document]:
    """The documents of a file; nearly always one. Raises InputError `file.broken`."""
    documents = []
    for body in package.xml(ROOT).iter("DocBody"):
        path = resolve("", body.findtext("DocRoot"))
        root = package.xml(path)
        folder = folder_of(path)
        resources = Resources()
        for name in ("PublicRes", "DocumentRes"):
            for element in root.iterfind(f"CommonData/{name}"):
                resources = resources.with_those_of(_resources(package, resolve(folder, element.text)))
        signatures = body.findtext("Signatures")
        documents.append(Document(package, folder, root, resources, resolve("", signatures) if signatures else None))
    if not documents:
        raise InputError("file.broken")
    return documents


def page_files(documents: list[Document], limits: Limits) -> list[PageFile]:
    """All pages in order. Raises InputError `file.broken` for none, `file.too_many_pages`."""
    pages = [page for document in documents for page in document.pages()]
    if not pages:
        raise InputError("file.broken")
    limits.check_pages(len(pages))
    return pages


def read_page(file: PageFile) -> Page:
    """Raises InputError `file.broken`, also for a page without a size."""
    root = file.package.xml(file.path)
    common = file.document.root.find("CommonData")
    paper = box(root.findtext("Area/PhysicalBox")) or box(
        common.findtext("PageArea/PhysicalBox") if common is not None else None
    )
    if paper is None or paper.width <= 0 or paper.height <= 0:
        raise InputError("file.broken")
    templates = _templates(file, root)
    return Page(
        box=paper,
        layers=(
            *(layer for front, layers in templates if not front for layer in layers),
            *_layers(file, root, file.path),
            *(layer for front, layers in templates if front for layer in layers),
        ),
        annotations=tuple(_annotations(file)),
    )


def _templates(file: PageFile, root: Element) -> list[tuple[bool, list[Layer]]]:
    """Layers of the templates of a page, each with whether they lie before it or behind it."""
    offered = {element.get("ID", ""): element for element in file.document.root.iterfind("CommonData/TemplatePage")}
    found = []
    for use in root.findall("Template")[:_MOST_TEMPLATES]:
        template = offered.get(use.get("TemplateID", ""))
        if template is None:
            continue
        path = resolve(file.document.folder, template.get("BaseLoc"))
        order = use.get("ZOrder") or template.get("ZOrder") or "Background"
        found.append((order == "Foreground", _layers(file, file.package.xml(path), path)))
    return found


def _layers(file: PageFile, root: Element, path: str) -> list[Layer]:
    resources = file.document.resources
    for element in root.iterfind("PageRes"):
        resources = resources.with_those_of(_resources(file.package, resolve(folder_of(path), element.text)))
    layers = sorted(root.iterfind("Content/Layer"), key=lambda layer: _LAYERS.get(layer.get("Type", "Body"), 1))
    return [Layer(layer, resources) for layer in layers]


def _annotations(file: PageFile) -> Iterator[Layer]:
    """The appearances of the annotations of a page that are shown: watermarks, stamps that are no signatures."""
    listed = file.document.root.findtext("Annotations")
    if not listed:
        return
    path = resolve(file.document.folder, listed)
    for page in file.package.xml(path).iterfind("Page"):
        if page.get("PageID") != file.id:
            continue
        for annotation in file.package.xml(resolve(folder_of(path), page.findtext("FileLoc"))).iterfind("Annot"):
            appearance = annotation.find("Appearance")
            if appearance is not None and flag(annotation.get("Visible"), True):
                yield Layer(appearance, file.document.resources)


def _resources(package: Package, path: str) -> Resources:
    root = package.xml(path)
    base = root.get("BaseLoc")
    folder = resolve(folder_of(path), base) if base and base.strip(" ./") else folder_of(path)

    def located(location: str | None) -> str:
        found = resolve(folder, location)
        # Some writers count from the folder of the resource file whatever base they name.
        return found if found in package else resolve(folder_of(path), location)

    resources = Resources()
    for font in root.iterfind("Fonts/Font"):
        file = font.findtext("FontFile")
        name = " ".join(filter(None, (font.get("FontName"), font.get("FamilyName"))))
        resources.fonts[font.get("ID", "")] = Font(name, located(file) if file and file.strip() else None)
    for medium in root.iterfind("MultiMedias/MultiMedia"):
        if medium.get("Type", "Image") == "Image":
            resources.media[medium.get("ID", "")] = located(medium.findtext("MediaFile"))
    for parameter in root.iterfind("DrawParams/DrawParam"):
        resources.drawing[parameter.get("ID", "")] = parameter
    for unit in root.iterfind("CompositeGraphicUnits/CompositeGraphicUnit"):
        content = unit.find("Content")
        if content is not None:
            resources.composites[unit.get("ID", "")] = content
    return resources
