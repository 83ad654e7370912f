"""The items of a HEIF file and how they hang together: ISO/IEC 14496-12 (boxes) and 23008-12 (items), read-only."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from verifier.errors import InputError

CODED = frozenset({b"hvc1"})
"""Item types that hold HEVC pictures."""

DERIVED = frozenset({b"grid", b"iden", b"iovl"})
"""Item types that are made of other items."""

_MOST_ITEMS = 4096
"""A 200-megapixel picture in tiles of 512 pixels has 800."""

_MOST_PIECES = 65_536


@dataclass(frozen=True)
class Items:
    """`kinds`: item type by item id. `parts`: the items a derived one is made of, in order, repeated when used again.
    `masters`: by an auxiliary item (transparency, depth) the ones it belongs to. `sizes`: declared width and height.
    `places`: start and end in the file of the pieces of an item's data; none for data kept within the item list."""

    primary: int
    kinds: dict[int, bytes]
    parts: dict[int, tuple[int, ...]]
    masters: dict[int, tuple[int, ...]]
    sizes: dict[int, tuple[int, int]]
    places: dict[int, tuple[tuple[int, int], ...]]

    def size(self, item: int) -> tuple[int, int]:
        """Width and height; (0, 0) when the file declares none."""
        return self.sizes.get(item, (0, 0))

    def coded(self) -> tuple[int, ...]:
        """Items that hold HEVC pictures."""
        return tuple(item for item, kind in self.kinds.items() if kind in CODED)

    def attached(self, item: int) -> tuple[int, ...]:
        """Auxiliary pictures of an item."""
        return tuple(aux for aux, masters in self.masters.items() if item in masters)


def read_items(data: bytes) -> Items:
    """The item list of a file that starts with a HEIF brand.

    Raises InputError `file.type_not_allowed` for a film (no still picture in it), `file.broken`; struct.error or
    IndexError where a box ends too early.
    """
    top = dict(reversed([(name, body) for name, body in _boxes(data, lenient=True)]))
    if b"meta" not in top:
        raise InputError("file.type_not_allowed" if b"moov" in top else "file.broken")
    boxes = dict(reversed(list(_boxes(top[b"meta"][4:]))))
    if not {b"pitm", b"iinf", b"iprp"} <= boxes.keys():
        raise InputError("file.broken")
    references = list(_references(boxes.get(b"iref", bytes(4))))
    return Items(
        primary=_primary(boxes[b"pitm"]),
        kinds=_kinds(boxes[b"iinf"]),
        parts={source: targets for kind, source, targets in references if kind == b"dimg"},
        masters={source: targets for kind, source, targets in references if kind == b"auxl"},
        sizes=_sizes(boxes[b"iprp"]),
        places=_places(boxes.get(b"iloc", bytes(8))),
    )


def _boxes(data: bytes, *, lenient: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each box. Raises InputError `file.broken` for a box that reaches beyond the end; at the top of
    the file (`lenient`) what trails behind the boxes is passed over, as with every picture."""
    at = 0
    view = memoryview(data)
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            if lenient:
                return
            raise InputError("file.broken")
        # Media data is not looked at and not copied.
        yield name, b"" if name == b"mdat" else bytes(view[at + head : at + size])
        at += size


def _primary(body: bytes) -> int:
    (item,) = struct.unpack_from(">I" if body[0] else ">H", body, 4)
    return int(item)


def _kinds(body: bytes) -> dict[int, bytes]:
    kinds: dict[int, bytes] = {}
    for name, entry in _boxes(body[8 if body[0] else 6 :]):
        if name == b"infe" and entry[0] >= 2:
            item, _, kind = struct.unpack_from(">IH4s" if entry[0] >= 3 else ">HH4s", entry, 4)
            kinds[item] = kind
        if len(kinds) > _MOST_ITEMS:
            raise InputError("file.broken")
    return kinds


def _references(body: bytes) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    """Kind, source and targets of each reference between items."""
    wide = "I" if body[0] else "H"
    step = struct.calcsize(wide)
    for kind, entry in _boxes(body[4:]):
        source, count = struct.unpack_from(f">{wide}H", entry, 0)
        yield kind, source, struct.unpack_from(f">{count}{wide}", entry, step + 2)


def _places(body: bytes) -> dict[int, tuple[tuple[int, int], ...]]:
    """ISO/IEC 14496-12, 8.11.3; only pieces counted from the start of the file (construction method 0)."""
    version = body[0]
    wide = version == 2
    offset_size, length_size = body[4] >> 4, body[4] & 15
    base_size, index_size = body[5] >> 4, body[5] & 15 if version else 0
    fields = _Fields(body, 6)
    left = _MOST_PIECES
    places: dict[int, tuple[tuple[int, int], ...]] = {}
    for _ in range(min(fields.number(4 if wide else 2), _MOST_ITEMS)):
        item = fields.number(4 if wide else 2)
        method = fields.number(2) & 15 if version else 0
        fields.number(2)
        base = fields.number(base_size)
        pieces = []
        count = fields.number(2)
        # Fields may be declared zero wide: then pieces cost the file nothing.
        left -= count
        if left < 0:
            raise InputError("file.broken")
        for _ in range(count):
            fields.number(index_size)
            start = base + fields.number(offset_size)
            pieces.append((start, start + fields.number(length_size)))
        if method == 0:
            places[item] = tuple(pieces)
    return places


@dataclass
class _Fields:
    """Numbers of any width, one behind the other."""

    body: bytes
    at: int

    def number(self, size: int) -> int:
        """The next `size` bytes. Raises IndexError behind the end."""
        end = self.at + size
        if end > len(self.body):
            raise IndexError("the box ends too early")
        value = int.from_bytes(self.body[self.at : end], "big")
        self.at = end
        return value


def _sizes(body: bytes) -> dict[int, tuple[int, int]]:
    properties: list[tuple[bytes, bytes]] = []
    sizes: dict[int, tuple[int, int]] = {}
    for name, content in _boxes(body):
        if name == b"ipco":
            properties = list(_boxes(content))
        elif name == b"ipma":
            for item, index in _associations(content):
                if 0 < index <= len(properties) and properties[index - 1][0] == b"ispe":
                    width, height = struct.unpack_from(">II", properties[index - 1][1], 4)
                    sizes[item] = (width, height)
    return sizes


def _associations(body: bytes) -> Iterator[tuple[int, int]]:
    """Item and number of a property that belongs to it, counted from 1."""
    wide_items, wide_numbers = body[0] > 0, body[3] & 1
    (entries,) = struct.unpack_from(">I", body, 4)
    at = 8
    for _ in range(min(entries, _MOST_ITEMS)):
        (item,) = struct.unpack_from(">I" if wide_items else ">H", body, at)
        at += 4 if wide_items else 2
        count = body[at]
        at += 1
        for _ in range(count):
            number = struct.unpack_from(">H", body, at)[0] & 0x7FFF if wide_numbers else body[at] & 0x7F
            at += 2 if wide_numbers else 1
            yield item, number
