"""HEIC pictures through libheif, after a look at the container of one's own.

libheif refuses extents outside the file and coded pictures of another size than declared. What it does not know is how
much this machine is willing to decode, so the items that make up the primary picture are counted up before it starts.
"""

from __future__ import annotations

import re
import struct

import numpy as np
import pi_heif
from numpy.typing import NDArray

from verifier.errors import InputError
from verifier.intake.heif_items import CODED, DERIVED, Items, read_items
from verifier.intake.limits import Limits
from verifier.intake.page import Image

_DECODER_ERRORS = (OSError, SyntaxError, ValueError, EOFError, RuntimeError)
"""What pi-heif documents; `LookupError` cannot occur, since an empty file is refused first."""

_CODED_SHARE = 3
"""Coded pixels, in multiples of the pixel limit: tiles reach over the edge of what they make up, and transparency is a
picture of its own. Beyond this, one tile is used over and over to keep the decoder busy."""

_NEVER_CODED = re.compile(rb"\x00\x00\x00\x00\x00")
"""Within a unit of coded data two zero bytes are never followed by a third (ITU-T H.265, 7.4.2), and the length before
a unit adds three at most: five zeros are a hole. The decoder would paint it grey."""

_DEPTH = 4
"""How deep pictures are made of others; phones write one level, a grid of tiles."""


def decode_heif(data: bytes, limits: Limits) -> Image:
    """The primary picture as a person sees it, on white paper, BGR; 10 and 12 bits become 8.

    Only the container's own rotation and mirroring count (`irot`, `imir`; applied by libheif): a HEIF reader ignores
    the EXIF orientation, which repeats them (ISO/IEC 23008-12, A.2.1; ISO/IEC 23000-22, 7.3.8).

    Raises InputError `file.broken`, `file.too_many_pixels`, `file.too_small` (both from the header), and
    `file.type_not_allowed` for films and for pictures coded otherwise than with HEVC.
    """
    try:
        items = read_items(data)
    except (struct.error, IndexError) as error:
        raise InputError("file.broken") from error
    _check(items, limits)
    if _has_holes(data, items):
        raise InputError("file.broken")
    try:
        opened = pi_heif.open_heif(data, convert_hdr_to_8bit=True, bgr_mode=True)
        if not len(opened):
            raise InputError("file.broken")
        picture = opened[opened.primary_index]
        limits.check_size(*picture.size)
        pixels = np.asarray(picture)
        return _on_white(pixels, premultiplied=picture.premultiplied_alpha)
    except _DECODER_ERRORS as error:
        raise InputError("file.broken") from error


def _check(items: Items, limits: Limits) -> None:
    """Refuse what would cost too much or cannot be decoded, by what the container declares."""
    limits.check_size(*items.size(items.primary))
    left = _CODED_SHARE * limits.max_pixels
    wanted = [(items.primary, 0), *((item, 0) for item in items.attached(items.primary))]
    while wanted:
        item, depth = wanted.pop()
        width, height = items.size(item)
        if width * height > limits.max_pixels:
            raise InputError("file.too_many_pixels", width=width, height=height)
        kind = items.kinds.get(item)
        if kind in DERIVED:
            parts = items.parts.get(item, ())
            if depth == _DEPTH or not parts:
                raise InputError("file.broken")
            wanted.extend((part, depth + 1) for part in parts)
        elif kind not in CODED:
            raise InputError("file.type_not_allowed")
        # A part without pixels is broken; counting at least one bounds the number of parts too.
        left -= max(1, width * height)
        if left < 0:
            raise InputError("file.broken")


def _has_holes(data: bytes, items: Items) -> bool:
    places = {place for item in items.coded() for place in items.places.get(item, ())}
    # Pieces that lie over one another would be searched again and again.
    if sum(end - start for start, end in places) > 2 * len(data):
        return True
    return any(_NEVER_CODED.search(data, start, end) for start, end in places)


def _on_white(pixels: NDArray[np.uint8], *, premultiplied: bool) -> Image:
    """Grey, grey with alpha, BGR or BGRA as contiguous BGR of its own."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    channels = pixels.shape[2]
    colour = pixels[:, :, :3] if channels >= 3 else np.repeat(pixels[:, :, :1], 3, axis=2)
    if channels in (1, 3):
        return np.array(colour, dtype=np.uint8, order="C")
    alpha = pixels[:, :, -1:].astype(np.uint16)
    shown = colour.astype(np.uint16) * (255 if premultiplied else alpha) + 255 * (255 - alpha)
    return np.ascontiguousarray((np.minimum(shown, 255 * 255) // 255).astype(np.uint8))
