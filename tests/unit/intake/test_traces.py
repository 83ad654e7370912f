"""What files say about how they were made; every file here is written by hand."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import SignalKind
from tests.support.files import as_file, encrypted_pdf, noise, pdf_pages, png_chunk, text, with_jpeg_segment
from tests.support.ofd import ofd, page, part, signed
from tests.support.ofd import text as ofd_text
from verifier.intake import FileKind, sniff, traces
from verifier.intake.editors import document_editor, picture_editor
from verifier.intake.picture_traces import exif_names

JPEG = as_file(noise(60, 40), "JPEG")
PNG = as_file(noise(60, 40), "PNG")
WEBP = as_file(noise(60, 40), "WEBP")


def details(data: bytes) -> list[str]:
    return [trace.detail for trace in traces(data, sniff(data))]


def kinds(data: bytes) -> list[tuple[SignalKind, bool]]:
    return [(trace.kind, trace.strong) for trace in traces(data, sniff(data))]


def exif_of(tag: int, words: bytes, order: str = "<", kind: int = 2) -> bytes:
    """A TIFF block whose one entry is a text."""
    head = b"II*\x00" if order == "<" else b"MM\x00*"
    return head + struct.pack(f"{order}IHHHIII", 8, 1, tag, kind, len(words), 26, 0) + words


def xmp(body: str) -> bytes:
    return f'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">{body}</x:xmpmeta><?xpacket end="w"?>'.encode()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Adobe Photoshop 25.0 (Windows)", "Photoshop"),
        ("GIMP 2.10.34", "GIMP"),
        ("美图秀秀", "美图秀秀"),
        ("Snapseed 2.0", "Snapseed"),
        ("Adobe Photoshop Lightroom Classic 13.0", "Photoshop"),
        ("PicsArt", "PicsArt"),
        ("Canva", "Canva"),
        ("醒图", "醒图"),
        ("paint.net 5.0.13", "Paint.NET"),
    ],
)
def test_editors_are_known_by_the_names_they_write(name: str, title: str) -> None:
    assert picture_editor(name) == title


@pytest.mark.parametrize(
    "name",
    [
        "iPhone 15 Pro", "17.1.2", "HUAWEI Mate 60", "MediaTek Camera Application", "Xiaomi 14", "G998BXXU5CVDD", "HDR+ 1.0",
        "EPSON Scan", "CamScanner", "Canon iR-ADV C3520", "Microsoft Windows Photo Viewer 10.0", "Pillow", "ColorOS", "OPPO",
        "Microsoft® Word 2019", "WPS 文字", "Skia/PDF m120", "Quartz PDFContext", "iText 7.2.5", "PyFPDF", "www.ilovescan",
    ],
)  # fmt: skip
def test_cameras_scanners_and_office_programs_are_no_editors(name: str) -> None:
    assert document_editor(name) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_software_of_exif(order: str) -> None:
    block = exif_of(0x0131, b"Adobe Photoshop 25.0\0", order)
    assert details(with_jpeg_segment(JPEG, 0xE1, b"Exif\0\0" + block)) == ["图片经 Photoshop 处理后保存"]
    assert details(PNG[:33] + png_chunk(b"eXIf", block) + PNG[33:]) == ["图片经 Photoshop 处理后保存"]
    chunk = b"EXIF" + struct.pack("<I", len(block)) + block + b"\0" * (len(block) % 2)
    assert details(WEBP + chunk) == ["图片经 Photoshop 处理后保存"]


def test_a_camera_leaves_no_trace() -> None:
    block = exif_of(0x0131, b"17.1.2\0")
    assert traces(with_jpeg_segment(JPEG, 0xE1, b"Exif\0\0" + block), FileKind.JPEG) == ()
    assert [traces(data, sniff(data)) for data in (JPEG, PNG, WEBP)] == [(), (), ()]


def test_a_comment_of_exif_in_chinese() -> None:
    said = b"UNICODE\0" + "醒图".encode("utf-16-le")
    assert details(with_jpeg_segment(JPEG, 0xE1, b"Exif\0\0" + exif_of(0x9286, said, kind=7))) == [
        "图片经 醒图 处理后保存"
    ]


def test_xmp_as_attribute_and_as_element() -> None:
    head = b"http://ns.adobe.com/xap/1.0/\0"
    attribute = with_jpeg_segment(JPEG, 0xE1, head + xmp('<rdf:Description xmp:CreatorTool="GIMP 2.10"/>'))
    element = with_jpeg_segment(JPEG, 0xE1, head + xmp("<stEvt:softwareAgent>Canva</stEvt:softwareAgent>"))
    caption = with_jpeg_segment(JPEG, 0xE1, head + xmp("<dc:title>Photoshop course</dc:title>"))
    assert [details(data) for data in (attribute, element, caption)] == [
        ["图片经 GIMP 处理后保存"],
        ["图片经 Canva 处理后保存"],
        [],
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_text_of_a_png(packed: bool) -> None:
    words = b"Adobe ImageReady, Photoshop"
    plain = png_chunk(b"tEXt", b"Software\0" + words)
    chunk = png_chunk(b"zTXt", b"Software\0\0" + zlib.compress(words)) if packed else plain
    assert details(PNG[:33] + chunk + PNG[33:]) == ["图片经 Photoshop 处理后保存"]


def test_xmp_of_a_png_packed_and_plain() -> None:
    packet = xmp('<rdf:Description xmp:CreatorTool="Snapseed 2"/>')
    plain = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
    packed = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet))
    assert [details(PNG[:33] + chunk + PNG[33:]) for chunk in (plain, packed)] == [["图片经 Snapseed 处理后保存"]] * 2


def test_pixels_that_spell_a_name_say_nothing() -> None:
    assert traces(JPEG[:-2] + xmp('<a xmp:CreatorTool="GIMP"/>') + JPEG[-2:], FileKind.JPEG) == ()


# PDF

LINE = text(100, 700, b"Line")


def updated(data: bytes, body: bytes) -> bytes:
    """An incremental update: a new object 9 in front of a cross-reference section of its own."""
    start = len(data)
    entry = b"9 0 obj\n%s\nendobj\n" % body
    table = b"xref\n9 1\n%010d 00000 n \ntrailer\n<< /Size 10 /Root 1 0 R /Prev 0 >>\nstartxref\n%d\n%%%%EOF\n"
    return data + entry + table % (start, start + len(entry))


def with_signature(data: bytes, *, short_by: int = 0) -> bytes:
    """An update that signs everything up to its own end, or less."""
    probe = updated(data, b"<< /Type /Sig /ByteRange [0 10 20 %010d] /Contents <00> >>" % 0)
    reached = len(probe) - 20 - short_by
    return updated(data, b"<< /Type /Sig /ByteRange [0 10 20 %010d] /Contents <00> >>" % reached)


def test_a_pdf_as_it_was_printed() -> None:
    assert traces(pdf_pages(LINE, trailer=b"/Info << /Producer (Skia/PDF m120) >>"), FileKind.PDF) == ()


def test_the_producer_of_a_pdf() -> None:
    data = pdf_pages(LINE, trailer=b"/Info 3 0 R", extra=())
    named = pdf_pages(LINE, extra=[b"<< /Producer (Wondershare PDFelement) /Creator (Word) >>"], trailer=b"/Info 4 0 R")
    assert traces(data, FileKind.PDF) == ()
    assert details(named) == ["PDF 由 PDFelement 生成或保存"]


def test_updates_are_counted() -> None:
    twice = updated(updated(pdf_pages(LINE), b"<< /A 1 >>"), b"<< /A 2 >>")
    assert details(twice) == ["PDF 生成后又被追加修改 2 次"]
    assert kinds(twice) == [(SignalKind.UPDATED, True)]


def test_a_linearised_file_is_one_version() -> None:
    data = pdf_pages(LINE)
    first = b"%PDF-1.7\n1 0 obj\n<< /Linearized 1 >>\nendobj\nstartxref\n0\n%%EOF\n"
    assert traces(first + data, FileKind.PDF) == ()


def test_a_signatures_own_update_is_no_edit() -> None:
    assert kinds(with_signature(pdf_pages(LINE))) == [(SignalKind.SIGNATURE, False)]
    provable = updated(with_signature(pdf_pages(LINE)), b"<< /Type /DSS /VRI << >> >>")
    assert kinds(provable) == [(SignalKind.SIGNATURE, False)]


def test_a_change_behind_the_signature() -> None:
    assert kinds(updated(with_signature(pdf_pages(LINE)), b"<< /A 1 >>")) == [(SignalKind.SIGNATURE, True)]


def test_a_signature_that_leaves_something_out() -> None:
    assert kinds(with_signature(pdf_pages(LINE), short_by=40)) == [(SignalKind.SIGNATURE, True)]


@pytest.mark.parametrize(
    ("subtype", "flags", "expected"),
    [
        (b"FreeText", 4, [(SignalKind.EDITED, True)]),
        (b"Square", 4, [(SignalKind.EDITED, True)]),
        (b"Stamp", 4, [(SignalKind.EDITED, False)]),
        (b"Ink", 4, [(SignalKind.EDITED, False)]),
        (b"FreeText", 2, []),
        (b"Link", 4, []),
        (b"Highlight", 4, []),
    ],
)
def test_annotations(subtype: bytes, flags: int, expected: list[tuple[SignalKind, bool]]) -> None:
    annotation = b"/Annots [<< /Type /Annot /Subtype /%s /Rect [90 690 200 720] /F %d >>]" % (subtype, flags)
    data = pdf_pages(LINE, LINE, page=annotation)
    assert kinds(data) == expected * 2
    assert [trace.page for trace in traces(data, FileKind.PDF)] == [1, 2][: 2 * len(expected)]


def test_a_locked_pdf_says_nothing() -> None:
    assert traces(encrypted_pdf(b"secret"), FileKind.PDF) == ()


# OFD


def protected(method: str, algorithm: str, content: bytes, signed_content: bytes) -> bytes:
    """A signature that protects the file `Doc_0/x.txt`."""
    digest = base64.b64encode(hashlib.new(algorithm, signed_content).digest()).decode()
    references = (
        f'<ofd:References CheckMethod="{method}"><ofd:Reference FileRef="/Doc_0/x.txt">'
        f"<ofd:CheckValue>{digest}</ofd:CheckValue></ofd:Reference></ofd:References>"
    )
    arguments = signed(b"")
    files = dict(arguments["files"])  # type: ignore[call-overload]
    files["Doc_0/Signs/Sign_0/Signature.xml"] = part("Signature", f"<ofd:SignedInfo>{references}</ofd:SignedInfo>")
    files["Doc_0/x.txt"] = content
    return ofd(page(ofd_text("A")), body=str(arguments["body"]), files=files)


def test_an_ofd_without_a_signature() -> None:
    assert traces(ofd(page(ofd_text("A"))), FileKind.OFD) == ()


def test_a_seal_of_an_ofd_is_not_verified() -> None:
    data = ofd(page(ofd_text("A")), **signed(b"no picture"))  # type: ignore[arg-type]
    assert details(data) == ["含电子签章,签章未验证"]
    assert kinds(data) == [(SignalKind.SIGNATURE, False)]


@pytest.mark.parametrize(
    ("method", "algorithm"), [("MD5", "md5"), ("SHA256", "sha256"), ("1.2.156.10197.1.401", "sm3"), ("SHA1", "sha1")]
)
def test_what_a_seal_protects_is_compared(method: str, algorithm: str) -> None:
    if algorithm not in hashlib.algorithms_available:
        pytest.skip(f"this machine's OpenSSL has no {algorithm}")
    assert kinds(protected(method, algorithm, b"same", b"same")) == [(SignalKind.SIGNATURE, False)]
    assert kinds(protected(method, algorithm, b"other", b"same")) == [(SignalKind.SIGNATURE, True)]


def test_an_unknown_digest_says_nothing_more() -> None:
    assert kinds(protected("SM9", "md5", b"other", b"same")) == [(SignalKind.SIGNATURE, False)]


def test_editor_and_versions_of_an_ofd() -> None:
    info = "<ofd:DocInfo><ofd:Creator>Inkscape</ofd:Creator></ofd:DocInfo>"
    versions = '<ofd:Versions><ofd:Version ID="1"/><ofd:Version ID="2"/></ofd:Versions>'
    data = ofd(page(ofd_text("A")), body=info + versions)
    assert kinds(data) == [(SignalKind.EDITED, True), (SignalKind.UPDATED, False)]


# anything


@given(st.binary(max_size=400), st.sampled_from(FileKind))
def test_nothing_raises(data: bytes, kind: FileKind) -> None:
    assert isinstance(traces(data, kind), tuple)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_damage_in_exif_raises_nothing(at: int, damage: bytes) -> None:
    data = bytearray(with_jpeg_segment(JPEG, 0xE1, b"Exif\0\0" + exif_of(0x0131, b"Adobe Photoshop\0") * 3))
    data[at : at + len(damage)] = damage
    assert isinstance(traces(bytes(data), FileKind.JPEG), tuple)


def test_exif_that_points_at_itself_ends() -> None:
    block = b"II*\x00" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 8, 0)
    assert list(exif_names(block)) == []
