"""The one thing asked of EXIF: which way up the picture is.

Read here and not through Pillow, which warns about damaged EXIF on the process's warning channel and also follows XMP,
which no browser does: what people see and what is read must stand the same way.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from verifier.intake.page import Image

_ORIENTATION, _SHORT = 0x0112, 3
_PREFIX = b"Exif\x00\x00"


def orientation_of(exif: bytes) -> int:
    """The EXIF orientation, 1..8 (CIPA DC-008, 4.6.5.1.3 and TIFF 6.0, section 8); 1 when none can be read.

    Damaged EXIF is no reason to refuse a sound picture: browsers show such a picture as stored, so 1 is the truth.
    """
    body = exif[len(_PREFIX) :] if exif.startswith(_PREFIX) else exif
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(body[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", body, 4)
        (entries,) = struct.unpack_from(f"{order}H", body, directory)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", body, directory + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height as shown, of a picture stored as width x height."""
    return (height, width) if orientation >= 5 else (width, height)


def as_stored(upright: Image, orientation: int) -> NDArray[np.uint8]:
    """A view of an upright picture in the order its file stores it: writing rows into it turns them the right way.

    `orientation` says where the file's first row and first column belong: 1 top left, 2 top right, 3 bottom right,
    4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
    """
    rows_down, columns_right = {
        1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1),
        5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1),
    }[orientation]  # fmt: skip
    turned = upright[::rows_down, ::columns_right]
    return turned.transpose(1, 0, 2) if orientation >= 5 else turned
