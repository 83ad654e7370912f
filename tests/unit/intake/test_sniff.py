from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from tests.support.files import A4, as_file, noise, pdf_pages
from tests.support.heic import heic, picture
from verifier.errors import InputError
from verifier.intake import FileKind, Limits, decode, sniff

SMALL = Image.new("RGB", (8, 8), "red")


def archive(name: str = "readme.txt") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr(name, b"\xff\x00\xff\xc0 some bytes")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "kind", "media_type"),
    [
        (as_file(SMALL, "JPEG"), FileKind.JPEG, "image/jpeg"),
        (as_file(SMALL, "PNG"), FileKind.PNG, "image/png"),
        (as_file(SMALL, "WEBP"), FileKind.WEBP, "image/webp"),
        (pdf_pages(b""), FileKind.PDF, "application/pdf"),
        (b"\xef\xbb\xbf\r\n " + pdf_pages(b""), FileKind.PDF, "application/pdf"),
        (heic(picture()), FileKind.HEIC, "image/heic"),
        (archive("OFD.xml"), FileKind.OFD, "application/ofd"),
    ],
    ids=["jpeg", "png", "webp", "pdf", "pdf behind white space", "heic", "ofd"],
)
def test_kinds_are_told_by_content(data: bytes, kind: FileKind, media_type: str) -> None:
    assert sniff(data) is kind
    assert kind.media_type == media_type


def test_extensions_are_those_people_write() -> None:
    assert [kind.extension for kind in FileKind] == ["jpg", "png", "webp", "heic", "pdf", "ofd"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif",
        archive(),
        archive("inner/OFD.xml"),
        as_file(SMALL, "GIF"),
        as_file(SMALL, "BMP"),
        as_file(SMALL, "TIFF"),
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "姓名,证号\n".encode(),
        b"see the attachment %PDF-1.7",
        b"RIFF\x10\x00\x00\x00WAVEfmt ",
        b"\xff\xd8",
        b"\x00" * 64,
    ],
    ids=[
        "avif",
        "zip",
        "zip with an ofd file's start elsewhere",
        "gif",
        "bmp",
        "tiff",
        "svg",
        "text",
        "text naming pdf",
        "wave",
        "half a mark",
        "zeros",
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    for call in (sniff, decode):
        with pytest.raises(InputError) as caught:
            call(data)
        assert caught.value.code == "file.type_not_allowed"
        assert caught.value.spec.status == 415


def test_an_archive_with_a_pdf_in_front_is_a_pdf_and_one_with_it_inside_is_not() -> None:
    pdf = pdf_pages(b"")
    assert sniff(pdf + archive()) is FileKind.PDF
    with pytest.raises(InputError, match=r"file\.polyglot"):
        decode(pdf + archive())
    with pytest.raises(InputError, match=r"file\.type_not_allowed"):
        sniff(archive() + pdf)


def test_no_bytes_at_all() -> None:
    with pytest.raises(InputError) as caught:
        decode(b"")
    assert caught.value.code == "file.empty"


def test_the_byte_limit_holds_before_anything_is_looked_at() -> None:
    data = as_file(noise(300, 300), "PNG")
    assert len(decode(data, Limits(max_bytes=len(data)))) == 1
    with pytest.raises(InputError) as caught:
        decode(b"\x00" * (2 * 1024 * 1024 + 1), Limits(max_bytes=2 * 1024 * 1024))
    assert caught.value.code == "file.too_large"
    assert caught.value.message == "文件超过大小限制(2 MB)。"


@pytest.mark.parametrize("name", ["max_bytes", "max_pixels", "max_pages", "min_side", "pdf_dpi", "pdf_page_pixels"])
def test_limits_must_make_sense(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})


def test_pillows_own_limit_stays_out_of_reach() -> None:
    with pytest.raises(ValueError, match="max_pixels"):
        Limits(max_pixels=200_000_000)


def test_pages_of_a_pdf_share_the_pixels_of_the_file() -> None:
    limits = Limits()
    assert limits.pdf_pixels(1) == 20_000_000
    assert limits.pdf_pixels(15) == 8_000_000
    assert limits.pdf_pixels(15) > (A4[2] / 72 * 200) * (A4[3] / 72 * 200)
