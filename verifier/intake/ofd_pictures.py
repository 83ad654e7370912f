"""Pictures within a document: they keep their transparency, since there is more than white paper under them."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import ImageChops
from PIL.BmpImagePlugin import BmpImageFile

from verifier.errors import InputError
from verifier.intake.containers import Container, open_container
from verifier.intake.limits import Limits
from verifier.intake.pictures import DECODER_ERRORS, load_picture
from verifier.intake.sniff import FileKind, sniff

_KINDS = frozenset({FileKind.JPEG, FileKind.PNG, FileKind.WEBP})
_BITMAP = b"BM"
_DEEP = frozenset({"I;16", "I;16B", "I"})


def is_inset(data: bytes) -> bool:
    """Whether this looks like a picture that is read here."""
    try:
        return data.startswith(_BITMAP) or sniff(data) in _KINDS
    except InputError:
        return False


def decode_inset(data: bytes, limits: Limits) -> NDArray[np.uint8]:
    """A JPEG, PNG, WebP or BMP picture as stored, RGB or RGBA, shape (height, width, 3 or 4).

    Raises InputError `file.type_not_allowed`, `file.broken`, `file.too_many_pixels`, the last from the header.
    """
    if data.startswith(_BITMAP):
        return _bitmap(data, limits)
    if not data:
        raise InputError("file.broken")
    kind = sniff(data)
    if kind not in _KINDS:
        raise InputError("file.type_not_allowed")
    container = open_container(data, kind)
    _check(container.width, container.height, limits)
    with load_picture(container, kind) as picture:
        if picture.mode == "CMYK":
            return np.asarray((ImageChops.invert(picture) if container.plain_ink else picture).convert("RGB"))
        if picture.mode in _DEEP:
            grey = (np.asarray(picture) >> 8).astype(np.uint8)
            return _cleared(np.repeat(grey[:, :, np.newaxis], 3, axis=2), container)
        if picture.has_transparency_data:
            return np.asarray(picture.convert("RGBA"))
        return _cleared(np.asarray(picture.convert("RGB")), container)


def _cleared(pixels: NDArray[np.uint8], container: Container) -> NDArray[np.uint8]:
    """With the one colour a PNG declares clear as transparency."""
    if not container.clear_colour:
        return pixels
    shown = ~np.all(pixels == np.array(container.clear_colour, dtype=np.uint8), axis=2)
    return np.dstack([pixels, shown.astype(np.uint8) * np.uint8(255)])


def _bitmap(data: bytes, limits: Limits) -> NDArray[np.uint8]:
    try:
        with BmpImageFile(io.BytesIO(data)) as picture:
            _check(*picture.size, limits)
            return np.asarray(picture.convert("RGB"))
    except DECODER_ERRORS as error:
        raise InputError("file.broken") from error


def _check(width: int, height: int, limits: Limits) -> None:
    if width < 1 or height < 1:
        raise InputError("file.broken")
    if width * height > limits.max_pixels:
        raise InputError("file.too_many_pixels", width=width, height=height)
