"""JPEG, PNG and WebP to BGR pixels, through Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageChops, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from verifier.errors import InputError
from verifier.intake.containers import Container, open_container
from verifier.intake.exif import as_stored, upright_size
from verifier.intake.limits import Limits
from verifier.intake.page import Image
from verifier.intake.sniff import FileKind

# The plugins are called by name and not through Pillow.open: that would sniff again, take a JPEG with a second picture
# behind it for a container of its own, and warn about large pictures on the process's warning channel.
_PLUGINS: Final[dict[FileKind, type[ImageFile.ImageFile]]] = {
    FileKind.JPEG: JpegImageFile,
    FileKind.PNG: PngImageFile,
    FileKind.WEBP: WebPImageFile,
}

DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, OverflowError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's decoders were seen to raise, or document, for damaged files. MemoryError is the machine's trouble."""

_BAND = 256
"""Rows turned to BGR at a time: the page is never in memory a third time as a whole."""


def decode_picture(data: bytes, kind: FileKind, limits: Limits) -> Image:
    """The picture as a person sees it: turned as EXIF says, on white paper, BGR.

    Colour profiles are not applied: neither reading nor seal colours need them. 16 bits become the upper 8.

    Raises InputError `file.broken`, `file.too_many_pixels`, `file.too_small`; the latter two from the header.
    """
    container = open_container(data, kind)
    limits.check_size(container.width, container.height)
    with load_picture(container, kind) as picture:
        return _upright(picture, container)


def load_picture(container: Container, kind: FileKind) -> Pillow.Image:
    """The decoded picture in the mode it is stored in. Raises InputError `file.broken`."""
    try:
        picture = _PLUGINS[kind](io.BytesIO(container.stream))
        if picture.size != (container.width, container.height):
            raise InputError("file.broken")
        picture.load()
    except DECODER_ERRORS as error:
        raise InputError("file.broken") from error
    return picture


def _upright(picture: Pillow.Image, container: Container) -> Image:
    width, height = upright_size(container.width, container.height, container.orientation)
    upright: Image = np.empty((height, width, 3), dtype=np.uint8)
    stored = as_stored(upright, container.orientation)
    for top in range(0, container.height, _BAND):
        bottom = min(top + _BAND, container.height)
        stored[top:bottom] = _bgr(picture.crop((0, top, container.width, bottom)), container)
    return upright


def _bgr(band: Pillow.Image, container: Container) -> Image:
    """Some rows of any mode as BGR on white."""
    if band.mode == "I;16":
        grey = (np.asarray(band) >> 8).astype(np.uint8)
        pixels = np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    else:
        pixels = np.frombuffer(_rgb(band, container).tobytes("raw", "BGR"), dtype=np.uint8)
        pixels = pixels.reshape(band.height, band.width, 3)
    if container.clear_colour:
        clear = np.all(pixels == np.array(container.clear_colour[::-1], dtype=np.uint8), axis=2)
        pixels = np.where(clear[:, :, np.newaxis], np.uint8(255), pixels)
    return pixels


def _rgb(band: Pillow.Image, container: Container) -> Pillow.Image:
    if band.mode == "CMYK":
        # Pillow takes every CMYK JPEG for an inverted one.
        return (ImageChops.invert(band) if container.plain_ink else band).convert("RGB")
    if not band.has_transparency_data:
        return band.convert("RGB")
    rgba = band.convert("RGBA")
    paper = Pillow.new("RGB", band.size, "white")
    paper.paste(rgba, mask=rgba.getchannel("A"))
    return paper
