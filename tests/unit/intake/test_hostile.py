"""Whatever is uploaded, the answer is pages or an InputError, and never anything else."""

from __future__ import annotations

import struct
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.files import as_file, encrypted_pdf, noise, pdf_pages, text
from verifier.errors import InputError
from verifier.intake import Limits, decode

LIMITS = Limits(max_pixels=4_000_000, min_side=20, pdf_dpi=50, pdf_page_pixels=500_000)

PICTURE = noise(160, 120)
SOUND = [
    as_file(PICTURE, "JPEG", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00"),
    as_file(PICTURE, "JPEG", progressive=True),
    as_file(PICTURE.convert("CMYK"), "JPEG"),
    as_file(PICTURE, "PNG"),
    as_file(PICTURE.quantize(32), "PNG", transparency=3),
    as_file(PICTURE, "WEBP"),
    as_file(PICTURE, "WEBP", lossless=True),
    as_file(PICTURE, "WEBP", save_all=True, append_images=[PICTURE.rotate(180)]),
    pdf_pages(text(100, 700, b"Hello 123"), text(100, 600, b"Second page", before=b"3 Tr")),
    encrypted_pdf(b"", text(100, 700, b"Locked")),
]
HEADS = [
    b"",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\x40\x00\x00\x00WEBPVP8 ",
    b"RIFF\x40\x00\x00\x00WEBPVP8X",
    b"%PDF-1.4\n",
]

EVERY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_pages_or_input_error(data: bytes) -> None:
    try:
        pages = decode(data, LIMITS)
    except InputError as error:
        assert error.code.startswith("file.")
        assert str(error)
    else:
        assert [page.number for page in pages] == list(range(1, len(pages) + 1))
        for page in pages:
            height, width, channels = page.image.shape
            assert channels == 3
            assert min(width, height) >= LIMITS.min_side
            for line in page.text_lines:
                assert line.text.strip()
                assert all(0 <= x <= width and 0 <= y <= height for x, y in line.box)


@EVERY
@given(head=st.sampled_from(HEADS), tail=st.binary(max_size=400), end=st.sampled_from([b"", b"%%EOF", b"\xff\xd9"]))
def test_arbitrary_bytes(head: bytes, tail: bytes, end: bytes) -> None:
    assert_pages_or_input_error(head + tail + end)


edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 12),
        st.one_of(st.binary(max_size=12), st.sampled_from([b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff", b"99999"])),
    ),
    min_size=1,
    max_size=8,
)


@EVERY
@given(data=st.sampled_from(SOUND), changes=edits, front=st.booleans())
def test_damaged_files(data: bytes, changes: list[tuple[float, int, bytes]], front: bool) -> None:
    damaged = bytearray(data)
    for place, cut, put in changes:
        at = int(place * (min(len(damaged), 400) if front else len(damaged)))
        damaged[at : at + cut] = put
    assert_pages_or_input_error(bytes(damaged))
    if damaged.startswith(b"\x89PNG\r\n\x1a\n"):
        assert_pages_or_input_error(with_right_checksums(bytes(damaged)))


def with_right_checksums(data: bytes) -> bytes:
    """So that damage gets past the checksums and meets the decoder."""
    fixed = bytearray(data)
    at = 8
    while at + 12 <= len(fixed):
        (length,) = struct.unpack_from(">I", fixed, at)
        end = at + 8 + length
        if end + 4 > len(fixed):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(fixed[at + 4 : end]))
        at = end + 4
    return bytes(fixed)


number = st.one_of(st.integers(-(10**12), 10**12), st.floats(-1e6, 1e6).map(lambda v: f"{v:.6f}"))


@EVERY
@given(
    matrix=st.lists(number, min_size=6, max_size=6),
    size=number,
    rotate=st.sampled_from([0, 90, 180, 270, 45, -90]),
    crop=st.lists(st.integers(-2000, 2000), min_size=4, max_size=4),
)
def test_text_anywhere(matrix: list[object], size: object, rotate: int, crop: list[int]) -> None:
    place = " ".join(map(str, matrix)).encode()
    content = b"BT /F1 %s Tf %s Tm (Text 1) Tj ET\n" % (str(size).encode(), place)
    marked = b"/Span << /ActualText (Other) >> BDC " + content + b"EMC\n"
    box = b"/Rotate %d /CropBox [%d %d %d %d]" % (rotate, *crop)
    assert_pages_or_input_error(pdf_pages(text(100, 700, b"Sound") + content + marked, page=box))


def test_a_picture_of_nothing_but_markers_is_given_up_early() -> None:
    started = time.perf_counter()
    with pytest.raises(InputError, match=r"file\.broken"):
        decode(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 9 + b"\xff\xe1\x00\x04ab" * 3_000_000)
    assert time.perf_counter() - started < 2.0, "three million of them take many seconds to pass over"
