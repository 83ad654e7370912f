"""PDFs that do something when they are opened, and files that are two things at once."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest

from schemas.reading import SignalKind
from tests.support.files import as_file, noise, pdf, pdf_pages, stream, text, with_jpeg_segment
from tests.support.ofd import ofd, page
from verifier.errors import InputError
from verifier.intake import Limits, decode, sniff, traces


def document(catalog: bytes, page: bytes = b"", *more: bytes) -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] " + page + b" >>",
            *more,
        ]
    )


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as refused:
        decode(data, Limits())
    return refused.value.code


@pytest.mark.parametrize(
    "data",
    [
        document(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"),
        document(b"/OpenAction << /S /J#61vaScript /JS (app.alert\\(1\\)) >>"),
        document(b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
        document(b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >>"),
        document(b"", b"/AA << /O << /S/JavaScript/JS(x) >> >>"),
        document(b"", b"/Annots [4 0 R]", b"<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] >>"),
        document(b"", b"/Annots [4 0 R]", b"<< /Type /Annot /Subtype /#4dovie /Rect [0 0 9 9] >>"),
        document(
            b"",
            b"",
            stream(
                zlib.compress(b"9 0 << /S /JavaScript /JS (x) >>"),
                b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode ",
            ),
        ),
    ],
)
def test_active_content_is_refused(data: bytes) -> None:
    assert refusal(data) == "file.active_content"


@pytest.mark.parametrize(
    "data",
    [
        document(b"/OpenAction [3 0 R /Fit]"),
        document(
            b"",
            b"/Annots [4 0 R]",
            b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (http://a) >> >>",
        ),
        document(b"/Lang (/JavaScriptish) /X /Launcher /Y /Sounds"),
        pdf_pages(text(100, 700, b"JavaScript Launch")),
        document(b"", b"", stream(b"not deflated", b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode ")),
    ],
)
def test_what_only_looks_like_it_is_read(data: bytes) -> None:
    assert len(decode(data, Limits())) == 1


def test_object_streams_are_unpacked_within_bounds() -> None:
    bomb = stream(zlib.compress(b"0" * 200_000_000), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode ")
    assert len(decode(document(b"", b"", *[bomb] * 20), Limits())) == 1


def test_an_attached_file_is_a_remark() -> None:
    data = document(
        b"/Names << /EmbeddedFiles << /Names [(a.xml) 4 0 R] >> >>",
        b"",
        b"<< /Type /Filespec /F (a.xml) /UF (a.xml) /EF << /F 5 0 R >> >>",
        stream(b"<a/>", b"/Type /EmbeddedFile "),
    )
    assert len(decode(data, Limits())) == 1
    (trace,) = traces(data, sniff(data))
    assert (trace.kind, trace.strong, trace.detail) == (SignalKind.ATTACHMENT, False, "PDF 带有 1 个附件")


def archive() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        packed.writestr("run.class", b"\xca\xfe\xba\xbe")
    return kept.getvalue()


JPEG = as_file(noise(400, 300), "JPEG")
PDF = pdf_pages(text(100, 700, b"Hello"))


@pytest.mark.parametrize(
    "data",
    [
        JPEG + archive(),
        as_file(noise(400, 300), "PNG") + archive(),
        as_file(noise(400, 300), "WEBP") + archive(),
        PDF + archive(),
        with_jpeg_segment(JPEG, 0xFE, b"\n%PDF-1.4\n"),
    ],
)
def test_two_files_in_one_are_refused(data: bytes) -> None:
    assert refusal(data) == "file.polyglot"


@pytest.mark.parametrize(
    "data",
    [
        JPEG + b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 5000,
        JPEG + b"PK\x05\x06",
        JPEG + b"PK\x05\x06" + b"\x00" * 18,
        JPEG + as_file(noise(40, 30), "JPEG"),
        document(b"", b"", stream(archive(), b"/Type /EmbeddedFile ")),
        ofd(page()),
    ],
)
def test_what_phones_append_and_documents_hold_is_no_second_file(data: bytes) -> None:
    assert len(decode(data, Limits())) == 1
