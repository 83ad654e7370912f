from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
import zlib
from typing import Literal

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.support.files import as_file, exif, noise, png, png_chunk, with_jpeg_segment
from verifier.errors import InputError
from verifier.intake import Limits, decode, pictures

Kind = Literal["JPEG", "PNG", "WEBP"]
USUAL = Limits()
KINDS: list[Kind] = ["JPEG", "PNG", "WEBP"]
LOSSLESS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 98, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
}


def image_of(data: bytes, limits: Limits = USUAL) -> np.ndarray:
    (page,) = decode(data, limits)
    assert page.number == 1
    assert page.text_lines == ()
    assert page.image.dtype == np.uint8
    assert page.image.flags.c_contiguous
    assert page.image.flags.writeable
    return page.image


def code_of(data: bytes, limits: Limits = USUAL) -> str:
    with pytest.raises(InputError) as caught:
        decode(data, limits)
    assert caught.value.message
    return caught.value.code


def corners() -> Image.Image:
    """Red, green, blue, white squares: top left, top right, bottom right, bottom left; 300 wide, 240 high."""
    pixels = np.full((240, 300, 3), 128, dtype=np.uint8)
    pixels[:48, :48] = (255, 0, 0)
    pixels[:48, -48:] = (0, 255, 0)
    pixels[-48:, -48:] = (0, 0, 255)
    pixels[-48:, :48] = (255, 255, 255)
    return Image.fromarray(pixels)


def colours_at_corners(image: np.ndarray) -> list[tuple[int, ...]]:
    """BGR in the middle of the four corner squares, clockwise from top left, rounded to 0, 128, 255."""
    places = [image[20, 20], image[20, -20], image[-20, -20], image[-20, 20]]
    return [tuple(int(round(int(v) / 128) * 128) if v < 200 else 255 for v in place) for place in places]


RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)


@pytest.mark.parametrize("kind", KINDS)
def test_colours_and_size(kind: Kind) -> None:
    image = image_of(as_file(corners(), kind, **LOSSLESS[kind]))
    assert image.shape == (240, 300, 3)
    assert colours_at_corners(image) == [RED, GREEN, BLUE, WHITE]


# EXIF 2.32, 4.6.5.1.3: where the first row and the first column of the stored picture belong.
SHOWN = {
    1: [RED, GREEN, BLUE, WHITE],
    2: [GREEN, RED, WHITE, BLUE],
    3: [BLUE, WHITE, RED, GREEN],
    4: [WHITE, BLUE, GREEN, RED],
    5: [RED, WHITE, BLUE, GREEN],
    6: [WHITE, RED, GREEN, BLUE],
    7: [BLUE, GREEN, RED, WHITE],
    8: [GREEN, BLUE, WHITE, RED],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", SHOWN)
def test_orientation_is_applied(kind: Kind, orientation: int) -> None:
    block = exif(orientation)
    data = as_file(corners(), kind, exif=b"Exif\x00\x00" + block, **LOSSLESS[kind])
    image = image_of(data)
    assert image.shape == ((240, 300, 3) if orientation < 5 else (300, 240, 3))
    assert colours_at_corners(image) == SHOWN[orientation]


def test_orientation_in_big_endian_exif() -> None:
    data = with_jpeg_segment(as_file(corners(), "JPEG"), 0xE1, b"Exif\x00\x00" + exif(6, ">"))
    assert image_of(data).shape == (300, 240, 3)


def test_orientation_of_a_picture_taller_than_one_band() -> None:
    tall = noise(300, 700)
    data = as_file(tall, "PNG", exif=b"Exif\x00\x00" + exif(6))
    expected = np.asarray(tall.transpose(Image.Transpose.ROTATE_270))[:, :, ::-1]
    assert np.array_equal(image_of(data), expected)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"Exif\x00\x00",
        b"Exif\x00\x00II*\x00",
        b"Exif\x00\x00" + exif(6)[:-12],
        b"Exif\x00\x00" + exif(9),
        b"Exif\x00\x00" + exif(0),
        b"Exif\x00\x00II*\x00" + struct.pack("<I", 2**32 - 1),
        b"Exif\x00\x00" + b"\xff" * 200,
    ],
)
def test_damaged_exif_does_not_refuse_the_picture(block: bytes) -> None:
    image = image_of(with_jpeg_segment(as_file(corners(), "JPEG", **LOSSLESS["JPEG"]), 0xE1, block))
    assert colours_at_corners(image) == SHOWN[1]


def test_xmp_orientation_is_not_followed_as_browsers_do_not() -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\x00<x tiff:Orientation="6"/>'
    assert image_of(with_jpeg_segment(as_file(corners(), "JPEG"), 0xE1, xmp)).shape == (240, 300, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_becomes_white_paper(kind: Kind) -> None:
    pixels = np.zeros((240, 240, 4), dtype=np.uint8)
    pixels[:, 80:160] = (0, 0, 0, 128)
    pixels[:, 160:] = (10, 20, 30, 255)
    image = image_of(as_file(Image.fromarray(pixels), kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert tuple(image[100, 40]) == (255, 255, 255)
    assert tuple(image[100, 120]) == (127, 127, 127)
    assert tuple(image[100, 200]) == (30, 20, 10)


def test_grey_and_palette_and_bits() -> None:
    ramp = np.tile(np.arange(240, dtype=np.uint8), (240, 1))
    expected = np.repeat(ramp[:, :, None], 3, axis=2)
    assert np.array_equal(image_of(as_file(Image.fromarray(ramp), "PNG")), expected)
    assert np.abs(image_of(as_file(Image.fromarray(ramp), "JPEG", quality=98)).astype(int) - expected).max() <= 2
    grey_alpha = Image.merge("LA", [Image.fromarray(ramp), Image.new("L", (240, 240), 255)])
    assert np.array_equal(image_of(as_file(grey_alpha, "PNG")), expected)
    palette = Image.fromarray(ramp).quantize(256).convert("P")
    assert np.array_equal(image_of(as_file(palette, "PNG")), np.asarray(palette.convert("RGB"))[:, :, ::-1])
    one_bit = Image.fromarray(((ramp > 120) * np.uint8(255)).astype(np.uint8)).convert("1")
    assert set(np.unique(image_of(as_file(one_bit, "PNG")))) == {0, 255}


def test_palette_with_transparent_entry() -> None:
    picture = Image.new("P", (240, 240), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    picture.paste(0, (0, 0, 100, 240))
    image = image_of(as_file(picture, "PNG", transparency=0))
    assert tuple(image[10, 10]) == (255, 255, 255)
    assert tuple(image[10, 200]) == (50, 100, 200)


def test_sixteen_bits_keep_the_upper_eight() -> None:
    ramp = np.tile(np.arange(240, dtype=np.uint16) * 257, (240, 1))
    grey = image_of(as_file(Image.fromarray(ramp), "PNG"))
    assert np.array_equal(grey[0, :, 0], np.arange(240))
    rows = b"".join(b"\x00" + struct.pack(">HHH", 0xFF80, 0x8000, 0x0100) * 240 for _ in range(240))
    assert tuple(image_of(png(240, 240, 16, 2, rows))[7, 7]) == (1, 128, 255)
    rows = b"".join(b"\x00" + struct.pack(">HH", 0x4000, 0xFFFF) * 240 for _ in range(240))
    assert tuple(image_of(png(240, 240, 16, 4, rows))[7, 7]) == (64, 64, 64)


@pytest.mark.parametrize(
    ("depth", "colour", "row", "clear", "rest"),
    [
        (8, 0, b"\x00" * 120 + b"\x40" * 120, struct.pack(">H", 0), (64, 64, 64)),
        (2, 0, b"\x00" * 30 + b"\x55" * 30, struct.pack(">H", 0), (85, 85, 85)),
        (8, 2, b"\x01\x02\x03" * 120 + b"\x40\x50\x60" * 120, struct.pack(">HHH", 1, 2, 3), (96, 80, 64)),
        (16, 0, b"\x00\x00" * 120 + b"\x40\x00" * 120, struct.pack(">H", 0), (64, 64, 64)),
    ],
)
def test_a_clear_colour_is_white(depth: int, colour: int, row: bytes, clear: bytes, rest: tuple[int, int, int]) -> None:
    data = png(240, 240, depth, colour, (b"\x00" + row) * 240, png_chunk(b"tRNS", clear))
    image = image_of(data)
    assert tuple(image[5, 5]) == (255, 255, 255)
    assert tuple(image[5, 200]) == rest


def test_cmyk_with_and_without_adobes_inversion() -> None:
    ink = Image.new("CMYK", (240, 240), (0, 255, 255, 0))
    adobe = as_file(ink, "JPEG", quality=98)
    assert b"Adobe" in adobe
    assert np.abs(image_of(adobe)[9, 9].astype(int) - (0, 0, 255)).max() <= 3
    # The same bytes without Adobe's marker mean the opposite: what was stored as 255 - ink is ink now.
    at = adobe.index(b"\xff\xee")
    (length,) = struct.unpack_from(">H", adobe, at + 2)
    plain = adobe[:at] + adobe[at + 2 + length :]
    assert tuple(image_of(plain)[9, 9]) == (0, 0, 0)
    inverted = as_file(Image.new("CMYK", (240, 240), (255, 0, 0, 255)), "JPEG", quality=98)
    at = inverted.index(b"\xff\xee")
    plain = inverted[:at] + inverted[at + 2 + length :]
    assert np.abs(image_of(plain)[9, 9].astype(int) - (0, 0, 255)).max() <= 3


def test_progressive_jpeg() -> None:
    picture = noise(300, 300)
    data = as_file(picture, "JPEG", progressive=True, quality=95)
    plain = as_file(picture, "JPEG", quality=95)
    assert np.array_equal(image_of(data), image_of(plain))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_first_frame_of_an_animation(kind: Kind) -> None:
    frames = [Image.new("RGB", (240, 240), colour) for colour in ("red", "lime", "blue")]
    options: dict[str, object] = {"lossless": True} if kind == "WEBP" else {}
    data = as_file(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)
    assert tuple(image_of(data)[100, 100]) == (0, 0, 255)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["plain", "progressive"])
def test_cut_files_are_broken(kind: Kind, kept: float, options: dict[str, object]) -> None:
    data = as_file(noise(400, 400), kind, **(options if kind == "JPEG" else {}))
    assert code_of(data[: int(len(data) * kept)]) == "file.broken"


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
def test_a_cut_jpeg_is_broken_whatever_fills_the_gap(kept: float) -> None:
    data = as_file(noise(400, 400), "JPEG")
    cut = data[: int(len(data) * kept)]
    assert code_of(cut + b"\x00" * (len(data) - len(cut))) == "file.broken"
    foreign = np.random.default_rng(1).bytes(20_000)
    assert code_of(cut + b"PK\x03\x04" + foreign) == "file.broken"


def test_flipped_bits_in_a_png_are_found() -> None:
    data = bytearray(as_file(noise(300, 300), "PNG"))
    data[len(data) // 2] ^= 0x10
    assert code_of(bytes(data)) == "file.broken"


@pytest.mark.parametrize("kind", KINDS)
def test_what_trails_behind_a_picture_is_ignored(kind: Kind) -> None:
    data = as_file(corners(), kind, **LOSSLESS[kind])
    trailer = b"PK\x03\x04" + b"\xff\xd8\xff\xe0" + b"IHDR" * 1000
    assert np.array_equal(image_of(data + trailer), image_of(data))


def test_a_second_picture_behind_the_first_is_ignored() -> None:
    first, second = (as_file(Image.new("RGB", (240, 240), c), "JPEG") for c in ("red", "lime"))
    assert image_of(first + second)[9, 9, 2] > 250


def _no_decoder(stream: io.BytesIO) -> None:
    raise AssertionError("a decoder was made")


def bomb_png(width: int, height: int) -> bytes:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zlib.compress(b"\x00" * 1000)) + png_chunk(b"IEND", b"")


def bomb_jpeg() -> bytes:
    data = bytearray(as_file(noise(240, 240), "JPEG"))
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, 65_500, 65_500)
    return bytes(data)


def bomb_webp() -> bytes:
    head = struct.pack("<4sIB3x", b"VP8X", 10, 0) + (16_000).to_bytes(3, "little") * 2
    inner = as_file(Image.new("RGB", (240, 240)), "WEBP")[12:]
    body = b"WEBP" + head + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    "data",
    [bomb_png(30_000, 30_000), bomb_png(2**31 - 1, 2**31 - 1), bomb_jpeg(), bomb_webp()],
    ids=["png", "largest png", "jpeg", "webp"],
)
def test_bombs_are_refused_from_the_header(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pillow's memory is not Python's: that no decoder is even made is the proof.
    for kind in list(pictures._PLUGINS):
        monkeypatch.setitem(pictures._PLUGINS, kind, _no_decoder)
    tracemalloc.start()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        code = code_of(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == "file.too_many_pixels"
    assert heard == []
    assert peak < 2_000_000


def test_a_picture_too_large_for_pillows_warning_but_within_our_limit_is_read_quietly() -> None:
    rows = (b"\x00" + b"\xff" * 1_250) * 10_000
    data = png(10_000, 10_000, 1, 0, rows)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert code_of(data) == "file.too_many_pixels"
        assert image_of(data, Limits(max_pixels=100_000_000)).shape == (10_000, 10_000, 3)
    assert heard == []


def test_a_tiny_stream_under_an_allowed_size_is_broken() -> None:
    assert code_of(bomb_png(4000, 4000)) == "file.broken"


def test_a_stream_that_unpacks_to_more_than_its_picture_is_not_unpacked_further() -> None:
    rows = (b"\x00" + b"\x7f" * 720) * 240 + b"\x00" * 50_000_000
    tracemalloc.start()
    data = png(240, 240, 8, 2, rows)
    del rows
    tracemalloc.reset_peak()
    image = image_of(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert image.shape == (240, 240, 3)
    assert peak < 30_000_000


def test_too_small() -> None:
    with pytest.raises(InputError) as caught:
        decode(as_file(noise(800, 199), "PNG"))
    assert caught.value.code == "file.too_small"
    assert caught.value.details == {"width": 800, "height": 199}
    assert image_of(as_file(noise(200, 200), "PNG")).shape == (200, 200, 3)


def test_a_picture_without_height_is_broken() -> None:
    data = bytearray(as_file(noise(240, 240), "JPEG"))
    struct.pack_into(">H", data, data.index(b"\xff\xc0") + 5, 0)
    assert code_of(bytes(data)) == "file.broken"


def test_endless_scans_are_refused_before_they_are_decoded() -> None:
    data = as_file(noise(240, 240), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    scan = data[at:-2]
    assert code_of(data[:-2] + scan * 200 + data[-2:]) == "file.broken"


def test_large_text_and_profiles_of_a_png_are_not_unpacked() -> None:
    info = PngImagePlugin.PngInfo()
    for _ in range(80):
        info.add_text("note", "x" * 1_000_000, zip=True)
    data = as_file(corners(), "PNG", pnginfo=info)
    tracemalloc.start()
    image_of(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("missing", [b"IHDR", b"IDAT", b"IEND", b"PLTE"])
def test_a_png_without_a_needed_chunk_is_broken(missing: bytes) -> None:
    data = as_file(noise(240, 240).quantize(64), "PNG")
    at = data.index(missing) - 4
    (length,) = struct.unpack_from(">I", data, at)
    assert code_of(data[:at] + data[at + 12 + length :]) == "file.broken"


def test_decoding_opens_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = io.open
    monkeypatch.setattr("builtins.open", lambda *a, **k: opened.append(a) or real(*a, **k))
    for kind in KINDS:
        image_of(as_file(corners(), kind))
    assert opened == []
