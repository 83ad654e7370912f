"""The archive an OFD file is: entries and XML, each bounded while it is unpacked. GB/T 33190-2016, 7.

Nothing is written to disk, so a name that points outside can do no harm; it is refused because no honest file has one.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from verifier.errors import InputError
from verifier.intake.limits import MIB, Limits

ROOT = "OFD.xml"

_MOST_ENTRIES = 5_000
_UNPACKED = 5
"""All entries together, in multiples of the byte limit. XML shrinks to a tenth, pictures not at all, and most of an OFD
file is pictures and fonts."""
_XML_BYTES = 16 * MIB
_ELEMENTS = 200_000
"""Of one file. A dense page has 5,000."""
_NESTING = 64
_ENCRYPTED = frozenset({"Encryptions.xml", "Encryption.xml"})
"""GM/T 0099: the list of encrypted entries at the root; without the key nothing else can be read."""
_CHINESE = re.compile(rb"\s*<\?xml[^>]*encoding\s*=\s*[\"'](?:gb2312|gbk|gb18030)[\"']", re.IGNORECASE)
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_UNPACK_ERRORS = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError, LookupError,
)  # fmt: skip
"""What zipfile was seen to raise, or documents, for damaged archives; struct.error comes as BadZipFile."""


@dataclass
class Budget:
    """What is left to be unpacked and parsed of one upload, the archives within it included."""

    bytes: int
    elements: int = _ELEMENTS

    @classmethod
    def of(cls, limits: Limits) -> Budget:
        return cls(bytes=_UNPACKED * limits.max_bytes)


@dataclass(frozen=True)
class Package:
    """Entries by their path without a leading slash. Made by `open_package`."""

    archive: zipfile.ZipFile = field(repr=False)
    entries: dict[str, zipfile.ZipInfo] = field(repr=False)
    budget: Budget
    _sizes: dict[str, int] = field(default_factory=dict, repr=False)
    _parsed: dict[str, Element] = field(default_factory=dict, repr=False)

    def __contains__(self, path: str) -> bool:
        return path in self.entries

    def read(self, path: str, most: int | None = None) -> bytes:
        """One entry, charged to the budget once. Raises InputError `file.broken`: missing, damaged, or beyond what may
        be unpacked."""
        entry = self.entries.get(path)
        if entry is None or entry.compress_type not in _METHODS:
            raise InputError("file.broken")
        left = self._sizes.get(path, self.budget.bytes)
        bound = left if most is None else min(most, left)
        try:
            with self.archive.open(entry) as stream:
                # The declared size is not believed: one byte more than allowed is asked for.
                data = stream.read(bound + 1)
        except _UNPACK_ERRORS as error:
            raise InputError("file.broken") from error
        if len(data) > bound:
            raise InputError("file.broken")
        if path not in self._sizes:
            self._sizes[path] = len(data)
            self.budget.bytes -= len(data)
        return data

    def xml(self, path: str) -> Element:
        """One entry as XML, names without their namespaces. Raises InputError `file.broken`."""
        if path in self._parsed:
            return self._parsed[path]
        data = self.read(path, _XML_BYTES)
        # _Builder refuses a DTD and bounds the tree
        parser = ElementTree.XMLParser(target=_Builder(self.budget))  # nosec B314
        try:
            # Expat knows no Chinese encodings but its own Unicode ones.
            parser.feed(data.decode("gb18030") if _CHINESE.match(data) else data)
            root = parser.close()
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise InputError("file.broken") from error
        if not isinstance(root, Element):
            raise InputError("file.broken")
        self._parsed[path] = root
        return root


class _Builder(ElementTree.TreeBuilder):
    """Builds a tree of bounded size, and none at all for a document with a DTD: OFD has none (GB/T 33190-2016, 7.1), and
    without it there are no entities to unfold or to fetch."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget
        self._depth = 0

    def doctype(self, *_: object) -> None:
        raise InputError("file.broken")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._budget.elements -= 1
        self._depth += 1
        if self._budget.elements < 0 or self._depth > _NESTING:
            raise InputError("file.broken")
        return super().start(local(tag), {local(name): value for name, value in attrs.items()})

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(local(tag))


def local(name: str) -> str:
    """A name without its namespace: files in use write several, and some none."""
    return name.rpartition("}")[2]


def is_archive(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04")


def open_package(data: bytes, budget: Budget) -> Package:
    """Open an archive and look over its entries; nothing is unpacked yet.

    Raises InputError `file.type_not_allowed` for an archive that is no OFD file, `file.encrypted`, `file.broken`.
    """
    # Each entry costs memory before anything can be asked of the archive.
    if data.count(b"PK\x01\x02") > _MOST_ENTRIES:
        raise InputError("file.broken")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _UNPACK_ERRORS as error:
        raise InputError("file.broken") from error
    entries = _by_path(archive.infolist())
    if _ENCRYPTED & entries.keys():
        raise InputError("file.encrypted")
    if ROOT not in entries:
        raise InputError("file.type_not_allowed")
    if any(entry.flag_bits & 1 for entry in entries.values()):
        raise InputError("file.encrypted")
    return Package(archive, entries, budget)


def _by_path(listed: Iterable[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        if entry.is_dir():
            continue
        path = entry.filename.replace("\\", "/").lstrip("/")
        # Of two entries with one name each reader would take another.
        if path in entries or ".." in path.split("/"):
            raise InputError("file.broken")
        entries[path] = entry
    return entries


def resolve(folder: str, location: str | None) -> str:
    """The path a location stands for (ST_Loc): from the root with a leading slash, else from `folder`.

    Raises InputError `file.broken` for none at all and for one that leaves the archive.
    """
    written = (location or "").strip().replace("\\", "/")
    whole = written if written.startswith("/") else f"{folder}/{written}"
    path = posixpath.normpath(whole.lstrip("/"))
    if not written or path.split("/")[0] in ("..", ".", ""):
        raise InputError("file.broken")
    return path


def folder_of(path: str) -> str:
    """The folder of an entry, '' for the root."""
    return posixpath.dirname(path)
