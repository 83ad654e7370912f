"""HEIC files for the tests: the boxes are written here, around three pictures that were coded once with x265.

All three are 300 wide and 240 high. COLOUR and DEEP (10 bits) show what `corners` of the picture tests shows: squares of
48 pixels in the corners, red, green, blue and white clockwise from top left, on grey. CLEAR is a transparency: clear in
the upper half of columns 100 to 200, half clear in the lower half, opaque elsewhere.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Coded:
    """A decoder configuration record and the coded picture, in units led by their length."""

    configuration: bytes
    data: bytes


COLOUR = Coded(
    base64.b64decode(
        "AQNwAAAAAAAAAAAAPPAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAPLoCQCEAAQAtQgEBA3AAAAMAkAAAAwAAAwA8oAmIDx35"
        "bqSQia5uBAQMCAAAAwAIAAADAAhAIgABAAdEAcF2sGJA"
    ),
    base64.b64decode(
        "AAAAnSgBrwhIeiIDQPmr7af/+fOh/ovyHps7+LPbf1qmjyfznzSIzxAH/h84FaGfdwHvxfGgk7qwARPamgy7JG3xTVLNZI7GYQjLEjDlDbxa"
        "OoX4eQpyN6KX0AEuTgjP/j9C5JUO4QWTD5XQAAGLq+YfF/RqqNtvmgEwABvAGjoLWhnx5mxj+U+OsTXTHwbO3w128J+nN4dtO/QBq+waJCA="
    ),
)
DEEP = Coded(
    base64.b64decode(
        "AQQIAAAAAAAAAAAAPPAA/P36+gAADwMgAAEAF0ABDAH//wQIAAADAJ24AAADAAA8ugJAIQABACxCAQEECAAAAwCduAAAAwAAPKAJiA8d7Zbq"
        "SSmubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrBiQA=="
    ),
    base64.b64decode(
        "AAAApygBrwhIekKDQPmr8W///BJh/wz8h8ufH4s9utYKcXKf4w+0iM8QB/7LOBlz5+v3vvxfGgk7qwDQzyXY9kh7S+blb3YMBuSBsGXMXy7B"
        "rssO+0PMzlwo24LAAOOAz/4/QuSVBiDn5DyTD5XQAAGLq+q/F/koMjbPXKIXcAAQwR/FbjAe5E95dI1z9xbvtA4ZfXkzS+fh+fZITQHkg1sA"
        "9BbJ+Oxj46c4"
    ),
)
CLEAR = Coded(
    base64.b64decode(
        "AQQIAAAAAAAAAAAAPPAA/Pz4+AAADwMgAAEAF0ABDAH//wQIAAADAJ/4AAADAAA8ugJAIQABAChCAQEECAAAAwCf+AAAAwAAPMAmIDxy+W6k"
        "kprmwIAAAAMAgAAAAwCEIgABAAdEAcFysGJA"
    ),
    base64.b64decode(
        "AAAAYCgBrhCQ1CiE57UR9V94DG49i6C3Xsx/77GcdbJ+EOEicYE9Ff4MM7PsN9m4+pyOA1qwAbRspauJf/pHRtkwqJwHCxZIH7Cdj671BRb8"
        "FeqcBhYeRgAiYI2E2GMAAAMCLg=="
    ),
)


@dataclass(frozen=True)
class Item:
    kind: bytes
    data: bytes
    properties: Sequence[bytes] = ()
    references: dict[bytes, Sequence[int]] = field(default_factory=dict)


def box(name: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", len(body) + 8, name) + body


def full(name: bytes, version: int, *bodies: bytes) -> bytes:
    return box(name, struct.pack(">I", version << 24), *bodies)


def size(width: int, height: int) -> bytes:
    return full(b"ispe", 0, struct.pack(">II", width, height))


def rotation(quarter_turns: int) -> bytes:
    """Anti-clockwise (ISO/IEC 23008-12, 6.5.10)."""
    return box(b"irot", bytes([quarter_turns]))


def mirror(axis: int) -> bytes:
    """0 turns top and bottom around, 1 left and right."""
    return box(b"imir", bytes([axis]))


def picture(
    coded: Coded = COLOUR, *properties: bytes, declared: tuple[int, int] = (300, 240), **references: Sequence[int]
) -> Item:
    return Item(
        b"hvc1",
        coded.data,
        (box(b"hvcC", coded.configuration), size(*declared), *properties),
        {name.encode(): targets for name, targets in references.items()},
    )


def clear(master: int) -> Item:
    """The transparency of another item."""
    kind = full(b"auxC", 0, b"urn:mpeg:hevc:2015:auxid:1\x00")
    return picture(CLEAR, kind, auxl=[master])


def grid(columns: int, rows: int, width: int, height: int, tiles: Sequence[int]) -> Item:
    data = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    return Item(b"grid", data, (size(width, height),), {b"dimg": tiles})


def heic(*items: Item, primary: int = 1, brand: bytes = b"heic", brands: Sequence[bytes] = (b"mif1", b"heic")) -> bytes:
    """A file of items numbered from 1, their data in one media box at the end."""
    head = box(b"ftyp", brand, bytes(4), *brands)
    start = len(head) + len(_meta(items, primary, 0)) + 8
    return head + _meta(items, primary, start) + box(b"mdat", *(item.data for item in items))


def _meta(items: Sequence[Item], primary: int, start: int) -> bytes:
    entries, places, links = [], [], []
    at = start
    for number, item in enumerate(items, start=1):
        entries.append(full(b"infe", 2, struct.pack(">HH4sx", number, 0, item.kind)))
        places.append(struct.pack(">HHHII", number, 0, 1, at, len(item.data)))
        at += len(item.data)
        for name, targets in item.references.items():
            links.append(box(name, struct.pack(f">HH{len(targets)}H", number, len(targets), *targets)))
    return full(
        b"meta",
        0,
        full(b"hdlr", 0, struct.pack(">I4s12xx", 0, b"pict")),
        full(b"pitm", 0, struct.pack(">H", primary)),
        full(b"iloc", 0, struct.pack(">BBH", 0x44, 0, len(items)), *places),
        full(b"iinf", 0, struct.pack(">H", len(items)), *entries),
        full(b"iref", 0, *links) if links else b"",
        _properties(items),
    )


def _properties(items: Sequence[Item]) -> bytes:
    boxes: list[bytes] = []
    owners = b""
    for number, item in enumerate(items, start=1):
        owners += struct.pack(">HB", number, len(item.properties))
        for one in item.properties:
            boxes.append(one)
            # Essential, as the properties that change how a picture looks must be.
            owners += bytes([0x80 | len(boxes)])
    return box(b"iprp", box(b"ipco", *boxes), full(b"ipma", 0, struct.pack(">I", len(items)), owners))
