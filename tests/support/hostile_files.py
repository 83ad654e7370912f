"""Files made to hurt: bombs, traps and lies, written in code and none of them larger than an upload may be."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from random import Random

from PIL import Image

from tests.support.files import as_file, encrypted_pdf, noise, pdf, pdf_pages, png, png_chunk, stream, text
from tests.support.ofd import archive, ofd, page, part
from tests.support.ofd import text as ofd_text

RGB = b"/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode "
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
HEADS = {
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "webp": b"RIFF\xff\xff\xff\x7fWEBPVP8 ",
    "heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "pdf": b"%PDF-1.7\n", "zip": b"PK\x03\x04",
}  # fmt: skip


def bombs() -> Iterator[tuple[str, bytes]]:
    """Names and contents; the same in every run."""
    yield from _pictures()
    yield from _pdfs()
    yield from _ofds()
    yield from _lies()


def _pictures() -> Iterator[tuple[str, bytes]]:
    yield "png-30000x30000-one-colour", png(30_000, 30_000, 1, 0, b"\x00" * (3_751 * 30_000))
    yield "png-header-says-2^31", png(2**31 - 1, 2**31 - 1, 8, 2, b"\x00")
    yield "png-7700x7700-white", as_file(Image.new("RGB", (7_700, 7_700), "white"), "PNG")
    yield "png-7700x7700-16-bit-alpha", png(7_700, 7_700, 16, 6, (b"\x00" + b"\xff" * (8 * 7_700)) * 7_700)
    yield "png-text-chunk-of-1-GB", _png_with(b"zTXt", b"Comment\x00\x00" + _zeros(1_000_000_000))
    yield "png-colour-profile-of-1-GB", _png_with(b"iCCP", b"icc\x00\x00" + _zeros(1_000_000_000))
    yield "png-100000-chunks", _png_with(*[b"tEXt", b"a\x00b"] * 100_000)
    yield "jpeg-65500x65500-header", _resized_jpeg(65_500, 65_500)
    yield "jpeg-7700x7700-progressive", as_file(Image.new("RGB", (7_700, 7_700), "white"), "JPEG", progressive=True)
    yield "jpeg-2000-scans", scans(Image.new("RGB", (6_000, 6_000), "white"), 2_000)
    yield "jpeg-20-MB-of-markers", HEADS["jpeg"] + b"\xff\xe1\x00\x04ab" * 3_000_000
    yield (
        "webp-16383x16383",
        as_file(Image.new("RGB", (16_383, 16_383), "white"), "WEBP", lossless=True, quality=0, method=0),
    )
    yield "webp-7600x7600", as_file(Image.new("RGB", (7_600, 7_600), "white"), "WEBP", quality=50, method=0)
    yield "gif-in-disguise", b"GIF89a" + b"\x00" * 100
    yield "noise-6000x6000-png", as_file(noise(2_500, 2_000), "PNG")


def _pdfs() -> Iterator[tuple[str, bytes]]:
    yield "pdf-60000-pages", _many_pages(60_000)
    yield (
        "pdf-one-page-60000-times",
        pdf(
            [
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Count 60000 /Kids [" + b"3 0 R " * 60_000 + b"] >>",
                _page(b""),
            ]
        ),
    )
    yield (
        "pdf-pages-of-themselves",
        pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 9 /Kids [2 0 R] >>"]),
    )
    yield "pdf-page-of-a-kilometre", _document(b"", media=b"[0 0 99999999 99999999]")
    yield "pdf-content-of-1-GB", _document(b"", content=stream(_zeros(1_000_000_000), b"/Filter /FlateDecode "))
    yield (
        "pdf-content-of-5-million-curves",
        _document(
            b"",
            content=stream(
                zlib.compress(b"1 0 0 RG 0 0 m 9 9 99 9 300 300 c S\n" * 5_000_000, 9), b"/Filter /FlateDecode "
            ),
        ),
    )
    yield (
        "pdf-picture-of-60000x60000",
        _with_object(
            stream(
                _zeros(1_000_000),
                b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 " + RGB,
            )
        ),
    )
    yield (
        "pdf-picture-of-7500x7500-a-hundred-times",
        _with_object(
            stream(
                _zeros(7_500 * 7_500 * 3),
                b"/Type /XObject /Subtype /Image /Width 7500 /Height 7500 " + RGB,
            ),
            times=100,
        ),
    )
    yield (
        "pdf-filters-in-filters",
        _document(
            b"", content=stream(_nested(_zeros(200_000_000)), b"/Filter [/FlateDecode /FlateDecode /FlateDecode] ")
        ),
    )
    yield (
        "pdf-form-that-draws-itself",
        _with_object(
            stream(
                b"/X Do /X Do",
                b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> ",
            )
        ),
    )
    yield "pdf-forms-that-double-30-times", _doubling(30)
    yield "pdf-javascript", _document(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")
    yield "pdf-launch", _document(b"/OpenAction << /S /Launch /F (/bin/sh) >>")
    yield "pdf-escaped-javascript", _document(b"/OpenAction << /S /#4aavaScript /JS (x) >>")
    yield (
        "pdf-object-stream-of-1-GB",
        _document(b"", b"", stream(_zeros(1_000_000_000), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode ")),
    )
    yield "pdf-with-a-password", encrypted_pdf(b"secret", text(100, 700, b"Locked"))
    yield "pdf-nested-arrays", _document(b"/A " + b"[" * 200_000 + b"]" * 200_000)
    yield "pdf-cut-short", pdf_pages(text(100, 700, b"Hello"))[:-40]
    yield "pdf-a-million-characters", pdf_pages(text(10, 700, b"x" * 1_000_000, size=1))
    yield "pdf-20-MB-of-nothing", b"%PDF-1.7\n" + b"\n" * 20_000_000 + b"%%EOF"


def _ofds() -> Iterator[tuple[str, bytes]]:
    whole = ofd(page(ofd_text("x")))
    yield "ofd-entry-of-2-GB", zip_bomb(whole, "Doc_0/Document.xml", 2_000_000_000)
    yield (
        "ofd-page-of-200-MB",
        ofd(page(ofd_text("x")), files={"Doc_0/Pages/Page_0/Content.xml": part("Page", " " * 200_000_000)}),
    )
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    lol = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">{laughs}]><l>&l11;</l>'
    yield "ofd-billion-laughs", ofd(page(), files={"Doc_0/Document.xml": lol})
    stranger = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'
    yield "ofd-external-entity", ofd(page(), files={"OFD.xml": stranger})
    yield "ofd-deep-xml", ofd(page(), files={"Doc_0/Document.xml": "<a>" * 500_000 + "</a>" * 500_000})
    yield "ofd-wide-xml", ofd(page(), files={"Doc_0/Document.xml": "<a>" + "<b/>" * 3_000_000 + "</a>"})
    yield "ofd-5000-pages", ofd(*[page()] * 5_000)
    yield "ofd-path-out-of-it", ofd(page(), files={"../../../../tmp/x": "x"})
    yield "ofd-60000-entries", archive({"OFD.xml": "<a/>", **{f"e{n}": "" for n in range(60_000)}})
    yield "ofd-inside-ofd", ofd(page(), files={"Doc_0/Seal.ofd": whole})
    yield "zip-of-zips", archive({"OFD.xml": archive({"a": archive({"b": b"\x00" * 10_000_000})})})


def _lies() -> Iterator[tuple[str, bytes]]:
    picture = as_file(noise(400, 300), "JPEG")
    yield "nothing", b""
    yield "one-byte", b"\xff"
    yield "21-MB", picture + b"\x00" * (21 * 1024 * 1024)
    yield "jpeg-with-an-archive", picture + archive({"a.class": b"\xca\xfe\xba\xbe"})
    yield "pdf-with-an-archive", pdf_pages(b"") + archive({"a.class": b"\xca\xfe\xba\xbe"})
    yield "html-called-a-picture", b"<html><script>alert(1)</script></html>"
    yield "svg-with-script", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "program", b"\x7fELF\x02\x01\x01" + b"\x00" * 1_000
    yield "windows-program", b"MZ" + b"\x00" * 1_000
    rng = Random(7)
    for kind, head in HEADS.items():
        for number in range(12):
            yield f"{kind}-then-noise-{number}", head + rng.randbytes(rng.choice((10, 1_000, 200_000)))
    sound = {"jpeg": picture, "png": as_file(noise(400, 300), "PNG"), "webp": as_file(noise(400, 300), "WEBP"),
             "pdf": pdf_pages(text(100, 700, b"Hello")), "ofd": ofd(page(ofd_text("x")))}  # fmt: skip
    for kind, data in sound.items():
        for number in range(12):
            yield f"{kind}-damaged-{number}", _damaged(data, rng)


def _damaged(data: bytes, rng: Random) -> bytes:
    hurt = bytearray(data)
    for _ in range(rng.randint(1, 40)):
        hurt[rng.randrange(len(hurt))] = rng.randrange(256)
    return bytes(hurt[: rng.randint(len(hurt) // 2, len(hurt))] if rng.random() < 0.3 else hurt)


@cache
def _zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    block = b"\x00" * 1_000_000
    parts = [packer.compress(block) for _ in range(count // len(block))]
    return b"".join((*parts, packer.compress(b"\x00" * (count % len(block))), packer.flush()))


def _nested(data: bytes) -> bytes:
    return zlib.compress(zlib.compress(data, 9), 9)


def _png_with(*names_and_bodies: bytes) -> bytes:
    pairs = zip(names_and_bodies[::2], names_and_bodies[1::2], strict=True)
    return png(400, 300, 8, 0, (b"\x00" + b"\x80" * 400) * 300, *(png_chunk(name, body) for name, body in pairs))


def _resized_jpeg(width: int, height: int) -> bytes:
    data = bytearray(as_file(noise(400, 300), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def scans(image: Image.Image, count: int) -> bytes:
    """A progressive JPEG whose last scan comes over and over: each goes over the whole picture."""
    data = as_file(image, "JPEG", progressive=True)
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * min(count, 19_000_000 // (end - last)) + data[end:]


def _page(more: bytes, media: bytes = b"[0 0 595 842]") -> bytes:
    return b"<< /Type /Page /Parent 2 0 R /MediaBox " + media + b" /Contents 4 0 R " + more + b" >>"


def _document(
    catalog: bytes, page_more: bytes = b"", *more: bytes, content: bytes | None = None, media: bytes = b"[0 0 595 842]"
) -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
            PAGES,
            _page(page_more, media),
            stream(b"") if content is None else content,
            *more,
        ]
    )


def _with_object(body: bytes, times: int = 1) -> bytes:
    drawn = b"".join(b"q %d 0 0 %d 0 0 cm /X Do Q\n" % (500 + n, 500 + n) for n in range(times))
    return _document(b"", b"/Resources << /XObject << /X 5 0 R >> >>", body, content=stream(drawn))


def _doubling(depth: int) -> bytes:
    forms = [
        stream(
            b"/X Do /X Do",
            b"/Type /XObject /Subtype /Form /BBox [0 0 600 900] /Resources << /XObject << /X %d 0 R >> >> " % (6 + n),
        )
        for n in range(depth)
    ]
    leaf = stream(b"0 0 9 9 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 600 900] ")
    return _document(b"", b"/Resources << /XObject << /X 5 0 R >> >>", *forms, leaf, content=stream(b"/X Do"))


def _many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (3 + n) for n in range(count))
    pages = [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"] * count
    return pdf(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids), *pages]
    )


def zip_bomb(whole: bytes, name: str, size: int) -> bytes:
    """The archive with one entry replaced by so many zeros."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new,
    ):
        for entry in old.namelist():
            with new.open(entry, "w", force_zip64=True) as target:
                if entry != name:
                    target.write(old.read(entry))
                    continue
                for _ in range(size // 10_000_000):
                    target.write(b" " * 10_000_000)
    return out.getvalue()
