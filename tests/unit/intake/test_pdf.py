from __future__ import annotations

import gc
import re
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pypdfium2
import pytest
from pypdfium2.internal import bases

from tests.support.files import as_file, encrypted_pdf, noise, pdf, pdf_pages, png, stream, text
from verifier.errors import InputError
from verifier.intake import DecodedPage, Limits, decode

USUAL = Limits()
SQUARE = b"0 0 1 rg 100 100 50 30 re f\n"


def only(data: bytes, limits: Limits = USUAL) -> DecodedPage:
    (page,) = decode(data, limits)
    return page


def refused(data: bytes, limits: Limits = USUAL) -> InputError:
    with pytest.raises(InputError) as caught:
        decode(data, limits)
    assert caught.value.message
    return caught.value


def still_open() -> int:
    gc.collect()
    return sum(len(handles) for handles in bases.ObjectTracker.values())


def test_a_page_is_rendered_at_200_dpi_on_white() -> None:
    page = only(pdf_pages(SQUARE))
    assert page.number == 1
    assert page.image.shape == (2339, 1653, 3)
    assert page.image.flags.c_contiguous
    assert page.image.flags.writeable
    rows, columns = np.nonzero((page.image == (255, 0, 0)).all(axis=2))
    scale = 200 / 72
    assert rows.min() == pytest.approx((842 - 130) * scale, abs=1.5)
    assert rows.max() == pytest.approx((842 - 100) * scale, abs=1.5)
    assert columns.min() == pytest.approx(100 * scale, abs=1.5)
    assert columns.max() == pytest.approx(150 * scale, abs=1.5)
    assert (page.image[:50] == 255).all()


def test_pages_come_in_order() -> None:
    pages = decode(pdf_pages(*(text(100, 700, b"Page %d" % n) for n in (1, 2, 3))))
    assert [(p.number, p.text_lines[0].text) for p in pages] == [(1, "Page 1"), (2, "Page 2"), (3, "Page 3")]


def test_too_many_pages() -> None:
    data = pdf_pages(*([b""] * 4))
    assert len(decode(data, Limits(max_pages=4))) == 4
    error = refused(data, Limits(max_pages=3))
    assert error.code == "file.too_many_pages"
    assert error.details == {"pages": 4, "limit": 3}


def test_a_password_is_asked_for() -> None:
    assert refused(encrypted_pdf(b"secret")).code == "file.encrypted"


def test_locked_permissions_alone_are_no_hindrance() -> None:
    page = only(encrypted_pdf(b"", text(100, 700, b"Readable")))
    assert [line.text for line in page.text_lines] == ["Readable"]


def test_an_unknown_kind_of_encryption_is_named_as_encryption() -> None:
    data = pdf_pages(b"", trailer=b"/Encrypt << /Filter /Adobe.PubSec /V 4 >>")
    assert refused(data).code == "file.encrypted"


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7",
        b"%PDF-1.7\n%%EOF\n",
        b"%PDF-1.7\n" + bytes(range(256)) * 20,
        pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>"]),
        pdf([b"<< /Type /Catalog >>"]),
        pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [9 0 R] >>"]),
    ],
    ids=["a header", "a header and an end", "noise", "no pages", "no page tree", "a page that is not there"],
)
def test_broken(data: bytes) -> None:
    assert refused(data).code == "file.broken"


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_cut_files_are_broken(kept: float) -> None:
    data = pdf_pages(*(text(100, 700, b"Page") for _ in range(3)))
    assert refused(data[: int(len(data) * kept)]).code == "file.broken"


def test_a_linearised_file_shorter_than_it_says_is_broken() -> None:
    # Cut right behind the end marker that such files have in front, nothing else would show it.
    whole = pdf_pages(text(100, 700, b"First"))

    def saying(length: int) -> bytes:
        return whole.replace(b"%PDF-1.7\n", b"%%PDF-1.7\n%%<< /Linearized 1 /L %6d >>\n" % length, 1)

    assert len(decode(saying(len(saying(0))))) == 1
    assert refused(saying(len(saying(0)) + 1)).code == "file.broken"


def test_a_cut_update_is_broken() -> None:
    data = pdf_pages(text(100, 700, b"Before"))
    assert refused(data + b"5 0 obj\n" + stream(text(100, 700, b"After"))).code == "file.broken"


def test_what_trails_behind_the_end_is_ignored() -> None:
    data = pdf_pages(text(100, 700, b"Page"))
    page = only(data + b"\x00" * 3000 + b"<!-- served by -->" + b"PK\x03\x04")
    assert page.text_lines[0].text == "Page"


def test_a_page_one_point_a_pixel_is_rendered_smaller() -> None:
    page = only(pdf_pages(b"", box=(0, 0, 4000, 3000)))
    height, width = page.image.shape[:2]
    assert width / height == pytest.approx(4 / 3, rel=1e-3)
    assert width * height == pytest.approx(20_000_000, rel=1e-3)
    shared = decode(pdf_pages(*([b""] * 3), box=(0, 0, 4000, 3000)), Limits(pdf_file_pixels=3_000_000))
    assert [p.image.shape[0] * p.image.shape[1] for p in shared] == pytest.approx([1_000_000] * 3, rel=1e-2)


def test_an_absurd_page_costs_no_memory() -> None:
    assert refused(pdf_pages(b"", box=(0, 0, 1_000_000_000, 100))).code == "file.too_small"
    height, width = only(pdf_pages(b"", box=(0, 0, 1_000_000_000, 1_000_000_000))).image.shape[:2]
    assert height * width <= 20_010_000


def test_a_stamp_sized_page_is_too_small() -> None:
    error = refused(pdf_pages(b"", box=(0, 0, 300, 71)))
    assert error.code == "file.too_small"
    assert error.details == {"width": 834, "height": 198}


def picture_page(width: int, height: int, packed: bytes) -> bytes:
    entries = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace /DeviceGray" % (
        width, height,
    )  # fmt: skip
    picture = stream(packed, entries + b" /Filter /FlateDecode")
    return pdf_pages(b"q 500 0 0 500 50 50 cm /Im1 Do Q\n", resources=b"/XObject << /Im1 4 0 R >>", extra=[picture])


def test_a_picture_bomb_within_a_pdf_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pypdfium2.PdfPage, "render", lambda *a, **k: pytest.fail("the page was rendered"))
    error = refused(picture_page(30_000, 30_000, zlib.compress(b"\x00" * 1000)))
    assert error.code == "file.too_many_pixels"
    assert error.details == {"width": 30_000, "height": 30_000}


def test_a_scan_has_no_text() -> None:
    grey = np.asarray(noise(400, 400).convert("L"))
    page = only(picture_page(400, 400, zlib.compress(grey.tobytes())))
    assert page.text_lines == ()
    assert page.image[1000:1500, 500:1000].std() > 20


@pytest.mark.parametrize(
    ("rotate", "shape"), [(0, (1123, 1667)), (90, (1667, 1123)), (180, (1123, 1667)), (270, (1667, 1123))]
)
def test_text_lies_on_its_glyphs_whatever_the_rotation_and_crop(rotate: int, shape: tuple[int, int]) -> None:
    content = text(150, 300, b"Hello 440114199608123428") + text(400, 200, b"Hgjp", size=40)
    data = pdf_pages(content, box=(0, 0, 900, 700), page=b"/Rotate %d /CropBox [100 100 700 504]" % rotate)
    page = only(data)
    assert page.image.shape[:2] == shape
    assert sorted(line.text for line in page.text_lines) == ["Hello 440114199608123428", "Hgjp"]
    assert_boxes_hold_all_ink(page)
    for line in page.text_lines:
        # The first corner is top left as one reads: going round clockwise, the long side comes first.
        along = np.subtract(line.box[1], line.box[0])
        down = np.subtract(line.box[3], line.box[0])
        assert np.argmax(np.abs(along)) == (0 if rotate % 180 == 0 else 1)
        assert along[0] * down[1] - along[1] * down[0] > 0
        sign = 1 if rotate in (0, 90) else -1
        assert along[np.argmax(np.abs(along))] * sign > 0


def assert_boxes_hold_all_ink(page: DecodedPage) -> None:
    """No ink outside the boxes, and ink in each of them, over most of its height."""
    ink = page.image.min(axis=2) < 128
    inside = np.zeros_like(ink)
    for line in page.text_lines:
        xs, ys = [p[0] for p in line.box], [p[1] for p in line.box]
        window = (slice(int(min(ys)) - 1, int(max(ys)) + 2), slice(int(min(xs)) - 1, int(max(xs)) + 2))
        assert ink[window].any(axis=0).mean() > 0.4
        assert ink[window].any(axis=1).mean() > 0.4
        inside[window] = True
    assert not (ink & ~inside).any()


def test_text_outside_the_page_is_left_out() -> None:
    content = (
        text(100, 700, b"Inside") + text(100, 2000, b"Above") + text(-500, 700, b"Left") + text(100, -90, b"Below")
    )
    page = only(pdf_pages(content))
    assert [line.text for line in page.text_lines] == ["Inside"]
    cropped = only(pdf_pages(content + text(100, 300, b"Cropped"), page=b"/CropBox [0 421 595 842]"))
    assert [line.text for line in cropped.text_lines] == ["Inside"]


def test_a_box_ends_at_the_edge_of_the_page() -> None:
    page = only(pdf_pages(text(560, 700, b"Long words")))
    (line,) = page.text_lines
    assert max(x for x, _ in line.box) <= page.image.shape[1]
    assert line.text.startswith("Lon") and line.text != "Long words"


@pytest.mark.parametrize(
    "hidden",
    [
        text(100, 500, b"Hidden", before=b"3 Tr"),
        text(100, 500, b"Hidden", before=b"7 Tr"),
        text(100, 500, b"Hidden", before=b"1 1 1 rg"),
        b"q 0 0 10 10 re W n " + text(100, 500, b"Hidden") + b"Q\n",
        text(100, 500, b"Hidden") + b"1 1 1 rg 50 450 400 100 re f 0 g\n",
        text(100, 500, b"Hidden", before=b"/Clear gs"),
    ],
    ids=["invisible", "clip only", "white", "clipped away", "painted over", "transparent"],
)
def test_text_nobody_can_see_is_left_out(hidden: bytes) -> None:
    data = pdf_pages(text(100, 700, b"Seen") + hidden, resources=b"/ExtGState << /Clear << /ca 0 >> >>")
    assert [line.text for line in only(data).text_lines] == ["Seen"]


def test_white_text_on_a_dark_ground_is_seen() -> None:
    data = pdf_pages(b"0 0 0.4 rg 50 480 400 60 re f\n" + text(100, 500, b"Heading", before=b"1 1 1 rg"))
    assert [line.text for line in only(data).text_lines] == ["Heading"]


def scan_over(words: bytes, after: bytes, *, soft_mask: bool = False, wrapped: bytes = b"null") -> bytes:
    """A page of `words`, a full-page picture and text `after` it; the picture by itself or within a form."""
    grey = np.asarray(noise(400, 566).convert("L"))
    entries = b"/Type /XObject /Subtype /Image /Width 400 /Height 566 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    picture = stream(zlib.compress(grey.tobytes()), entries + b" /Filter /FlateDecode" + b" /SMask 5 0 R" * soft_mask)
    mask = stream(zlib.compress(bytes(400 * 566)), entries + b" /Filter /FlateDecode")
    drawn = b"q 595 0 0 842 0 0 cm /Im1 Do Q\n" if wrapped == b"null" else b"q 10 0 0 10 0 0 cm /Fm1 Do Q\n"
    named = b"/XObject << /Im1 4 0 R /Fm1 6 0 R >>"
    return pdf_pages(words + drawn + after, resources=named, extra=[picture, mask, wrapped])


def test_text_under_a_scan_is_not_the_pages_text() -> None:
    page = only(scan_over(text(100, 500, b"Beneath"), text(100, 300, b"On top")))
    assert [line.text for line in page.text_lines] == ["On top"]


def test_a_scan_within_a_scaled_form_hides_what_is_beneath_it() -> None:
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 60 90] /Resources << /XObject << /Im1 4 0 R >> >>"
    form = stream(b"q 59.5 0 0 84.2 0 0 cm /Im1 Do Q", entries)
    assert only(scan_over(text(100, 500, b"Beneath"), b"", wrapped=form)).text_lines == ()


@pytest.mark.parametrize("mode", [b"3 Tr", b"7 Tr"])
def test_a_scanners_own_reading_over_its_scan_is_not_the_pages_text(mode: bytes) -> None:
    page = only(scan_over(b"", text(100, 500, b"Scanner says", before=mode)))
    assert page.text_lines == ()
    assert [line.text for line in page.unseen_lines] == ["Scanner says"]


def test_white_and_covered_text_is_kept_apart_and_dust_is_not_kept() -> None:
    white = b"1 g " + text(100, 600, b"White") + text(100, 550, b"Dust", size=1) + b"0 g "
    covered = text(100, 500, b"Covered") + b"1 g 90 490 200 40 re f 0 g "
    page = only(pdf_pages(text(100, 700, b"Shown") + white + covered))
    assert [line.text for line in page.text_lines] == ["Shown"]
    assert sorted(line.text for line in page.unseen_lines) == ["Covered", "White"]
    assert only(scan_over(text(100, 500, b"Beneath"), b"")).unseen_lines[0].text == "Beneath"


def test_text_under_a_transparent_picture_is_seen() -> None:
    page = only(scan_over(text(100, 500, b"Beneath"), b"", soft_mask=True))
    assert [line.text for line in page.text_lines] == ["Beneath"]


def test_a_watermark_at_an_angle_is_left_out() -> None:
    slanted = b"BT 0.8 g /F1 60 Tf 0.7071 0.7071 -0.7071 0.7071 150 200 Tm (SAMPLE) Tj ET 0 g\n"
    assert [line.text for line in only(pdf_pages(text(100, 700, b"Line") + slanted)).text_lines] == ["Line"]


def test_text_turned_on_the_page_reads_in_its_own_direction() -> None:
    upward = b"BT /F1 20 Tf 0 1 -1 0 100 300 Tm (Upward 12) Tj ET\n"
    downward = b"BT /F1 20 Tf 0 -1 1 0 300 500 Tm (Downward) Tj ET\n"
    page = only(pdf_pages(upward + downward))
    boxes = {line.text: line.box for line in page.text_lines}
    assert set(boxes) == {"Upward 12", "Downward"}
    assert boxes["Upward 12"][1][1] < boxes["Upward 12"][0][1]
    assert boxes["Downward"][1][1] > boxes["Downward"][0][1]
    assert_boxes_hold_all_ink(page)


def test_cells_of_a_row_are_lines_of_their_own() -> None:
    row = text(60, 700, b"202410", size=12) + text(130, 700, b"202503", size=12) + text(200, 700, b"6", size=12)
    assert [line.text for line in only(pdf_pages(row)).text_lines] == ["202410", "202503", "6"]


def test_a_ruled_line_parts_cells_that_stand_close() -> None:
    # Two cells of one text, 4 points apart: a space without a rule, two cells with one.
    row = b"BT /F1 12 Tf 60 700 Td (Alpha Beta) Tj ET\n"
    assert [line.text for line in only(pdf_pages(row)).text_lines] == ["Alpha Beta"]
    rule = b"0.8 w 91.5 690 m 91.5 715 l S\n"
    assert [line.text for line in only(pdf_pages(row + rule)).text_lines] == ["Alpha", "Beta"]
    turned = only(pdf_pages(row + rule, page=b"/Rotate 90"))
    assert [line.text for line in turned.text_lines] == ["Alpha", "Beta"]


def test_a_line_drawn_letter_by_letter_in_any_order_is_one_line() -> None:
    letters = [text(60 + 12 * i, 700, bytes([c]), size=18) for i, c in enumerate(b"ABCDEFG")]
    assert [line.text for line in only(pdf_pages(*[b"".join(letters)])).text_lines] == ["ABCDEFG"]
    shuffled = [letters[i] for i in (3, 0, 6, 1, 5, 2, 4)]
    assert [line.text for line in only(pdf_pages(b"".join(shuffled))).text_lines] == ["ABCDEFG"]


def test_lines_under_each_other_stay_apart() -> None:
    lines = b"".join(text(60, 700 - 13 * i, b"Line %d gjpqy" % i, size=12) for i in range(5))
    page = only(pdf_pages(lines))
    assert [line.text for line in page.text_lines] == [f"Line {i} gjpqy" for i in range(5)]


def test_a_label_letter_spaced_by_less_than_its_height_is_one_line() -> None:
    data = pdf_pages(b"BT /F1 12 Tf 8 Tc 60 700 Td (NAME) Tj ET\n")
    assert [line.text.replace(" ", "") for line in only(data).text_lines] == ["NAME"]


def test_bold_by_printing_twice_is_one_line() -> None:
    data = pdf_pages(text(100, 700, b"Bold") + text(100.3, 700, b"Bold"))
    assert [line.text for line in only(data).text_lines] == ["Bold"]


def block_font(mapping: bytes) -> list[bytes]:
    """Objects 4..6: a font whose letter `a` is a full black square of one em, and its map to Unicode."""
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <61> <%s> endbfchar "
        b"endcmap end end" % mapping
    )
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 -120 1000 880] /FontMatrix [0.001 0 0 0.001 0 0] "
        b"/CharProcs << /a 4 0 R >> /Encoding << /Differences [97 /a] >> /FirstChar 97 /LastChar 97 "
        b"/Widths [1000] /ToUnicode 5 0 R /Resources << >> >>"
    )
    return [stream(b"1000 0 0 -120 1000 880 d1 50 -70 900 900 re f"), stream(cmap), font]


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (b"59D3", "姓"),
        (b"2F08", "人"),
        (b"2EE2", "马"),
        (b"2EE9", "黄"),
        (b"D842DFB7", "𠮷"),
    ],
    ids=["ideograph", "radical", "radical of the supplement", "another", "beyond the basic plane"],
)
def test_radicals_are_read_as_characters_and_boxed_where_they_stand(mapping: bytes, expected: str) -> None:
    # As browsers print: the whole page under a scaling matrix that turns it over.
    content = b"0.24 0 0 -0.24 0 842 cm BT /F2 100 Tf 1 0 0 -1 500 1000 Tm (aaa) Tj ET\n"
    data = pdf_pages(content, extra=block_font(mapping), resources=b"/Font << /F1 3 0 R /F2 6 0 R >>")
    data = data.replace(b"/Font << /F1 3 0 R >> /Font", b"/Font")
    page = only(data)
    (line,) = page.text_lines
    assert line.text == expected * 3
    ink = np.nonzero(page.image.min(axis=2) < 128)
    (left, top), (right, bottom) = line.box[0], line.box[2]
    assert (left, right) == pytest.approx((ink[1].min(), ink[1].max()), abs=8)
    assert (top, bottom) == pytest.approx((ink[0].min(), ink[0].max()), abs=12)


@pytest.mark.parametrize("within_a_form", [True, False])
def test_text_the_file_gives_in_place_of_its_glyphs_is_boxed_where_they_stand(within_a_form: bool) -> None:
    # The page as a form under a scaling matrix, each glyph with its text beside it: what browsers print.
    words = b"".join(
        b"/Span << /ActualText <FEFF%s> >> BDC BT /F2 100 Tf 1 0 0 -1 %d 1000 Tm (a) Tj ET EMC\n"
        % (code, 500 + 100 * i)
        for i, code in enumerate((b"5E7F", b"4E1C", b"77014EBA"))
    )
    fonts = b"/Font << /F2 6 0 R >>"
    form = stream(words, b"/Type /XObject /Subtype /Form /BBox [0 0 3000 4000] /Resources << %s >>" % fonts)
    content = b"0.24 0 0 -0.24 0 842 cm " + (b"/X1 Do\n" if within_a_form else words)
    data = pdf_pages(content, extra=[*block_font(b"59D3"), form], resources=b"/XObject << /X1 7 0 R >> " + fonts)
    data = data.replace(b"/Font << /F1 3 0 R >> /XObject", b"/XObject")
    page = only(data)
    (line,) = page.text_lines
    assert line.text == "广东省人"
    ink = np.nonzero(page.image.min(axis=2) < 128)
    (left, top), (right, bottom) = line.box[0], line.box[2]
    assert (left, right) == pytest.approx((ink[1].min(), ink[1].max()), abs=8)
    assert (top, bottom) == pytest.approx((ink[0].min(), ink[0].max()), abs=12)


def test_a_line_with_a_glyph_of_unknown_meaning_is_left_out_whole() -> None:
    content = b"BT /F2 24 Tf 1 0 0 1 100 500 Tm (a) Tj /F1 24 Tf (12345) Tj ET\n" + text(100, 700, b"Sound")
    data = pdf_pages(content, extra=block_font(b"E123"), resources=b"/Font << /F1 3 0 R /F2 6 0 R >>")
    data = data.replace(b"/Font << /F1 3 0 R >> /Font", b"/Font")
    assert [line.text for line in only(data).text_lines] == ["Sound"]


def test_chinese_text_whose_font_is_not_in_the_file_is_read_unless_it_is_white() -> None:
    # Where no Chinese font is installed PDFium draws nothing for it: the layer is then all there is.
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /UniGB-UCS2-H /DescendantFonts [5 0 R] >>"
    descendant = (
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SimSun /FontDescriptor 6 0 R /DW 1000 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>"
    )
    descriptor = (
        b"<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /FontBBox [0 -140 1000 860] /ItalicAngle 0 "
        b"/Ascent 860 /Descent -140 /CapHeight 800 /StemV 80 >>"
    )
    words = b"BT %s /F2 20 Tf 1 0 0 1 100 %d Tm <" + "姓名:张三".encode("utf-16-be").hex().encode() + b"> Tj ET\n"
    content = words % (b"", 700) + words % (b"1 1 1 rg", 600)
    data = pdf_pages(content, extra=[font, descendant, descriptor], resources=b"/Font << /F2 4 0 R >>")
    data = data.replace(b"/Font << /F1 3 0 R >> /Font", b"/Font")
    (line,) = only(data).text_lines
    assert line.text == "姓名:张三"
    assert line.box[0][1] == pytest.approx((842 - 717.6) * 200 / 72, abs=3)


@pytest.mark.parametrize(
    "matrix",
    [
        b"0 0 0 0 100 100",
        b"1 0 0 0 100 100",
        b"0 1 0 1 100 100",
        b"1e30 0 0 1e30 100 100",
        b"99999999999999999999999999999999999999 0 0 99999999999999999999999999999999999999 100 100",
        b"0.00000001 0 0 0.00000001 100 100",
        b"-1 0 0 1 300 300",
    ],
)
def test_absurd_matrices_are_survived(matrix: bytes) -> None:
    words = b"BT /F1 20 Tf %s Tm (Absurd) Tj ET\n" % matrix
    marked = b"/Span << /ActualText (Absurd) >> BDC " + words + b"EMC\n"
    page = only(pdf_pages(text(100, 700, b"Sound") + words + marked))
    assert "Sound" in [line.text for line in page.text_lines]


def test_a_page_with_too_many_glyphs_has_no_text_layer() -> None:
    content = b"".join(text(10 + 5 * (i % 100), 10 + 8 * (i // 100), b"ABCDEF", size=1) for i in range(9000))
    assert only(pdf_pages(content), Limits(pdf_dpi=72)).text_lines == ()


def test_form_fields_are_drawn_and_read() -> None:
    box = b"/Type /XObject /Subtype /Form /BBox [0 0 200 30] /Resources << /Font << /F1 3 0 R >> >>"
    look = stream(b"/Tx BMC q BT /F1 20 Tf 0 g 2 6 Td (FILLED IN) Tj ET Q EMC", box)
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (FILLED IN) /F 4 /Rect [100 600 300 630] "
        b"/DA (/F1 20 Tf 0 g) /AP << /N 4 0 R >> >>"
    )
    data = pdf_pages(
        text(100, 700, b"Name"),
        extra=[look, field],
        page=b"/Annots [5 0 R]",
        catalogue=b"/AcroForm << /Fields [5 0 R] >>",
    )
    page = only(data)
    assert [line.text for line in page.text_lines] == ["Name", "FILLED IN"]
    assert_boxes_hold_all_ink(page)


def test_lines_say_where_they_come_from() -> None:
    (line,) = only(pdf_pages(text(100, 700, b"Line"))).text_lines
    assert (line.score, line.source) == (1.0, "text_layer")


@pytest.mark.parametrize(
    "data",
    [
        pdf_pages(text(100, 700, b"Page"), text(100, 700, b"Page")),
        pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>"]),
        pdf_pages(b"", box=(0, 0, 300, 20)),
        picture_page(30_000, 30_000, b""),
        scan_over(text(100, 500, b"Beneath"), b""),
        encrypted_pdf(b"secret"),
        b"%PDF-1.7\n%%EOF",
    ],
    ids=["sound", "no pages", "too small", "bomb", "scan", "encrypted", "broken"],
)
def test_nothing_of_pdfium_stays_open(data: bytes) -> None:
    before = still_open()
    gc.disable()
    try:
        decode(data)
    except InputError as error:
        assert re.fullmatch(r"file\.\w+", error.code)
    finally:
        left = sum(len(handles) for handles in bases.ObjectTracker.values())
        gc.enable()
    assert left <= before


def test_many_threads_may_decode_at_once() -> None:
    files = [pdf_pages(text(100, 700, b"File %d" % n), box=(0, 0, 300, 800)) for n in range(8)]
    start = threading.Barrier(4)

    def read(batch: list[bytes]) -> list[str]:
        start.wait()
        return [line.text for data in batch for line in only(data, Limits(pdf_dpi=72)).text_lines]

    with ThreadPoolExecutor(4) as pool:
        read_back = list(pool.map(read, [files] * 4))
    assert read_back == [[f"File {n}" for n in range(8)]] * 4


def test_a_png_that_readers_take_for_a_pdf_is_neither() -> None:
    data = png(240, 240, 8, 0, (b"\x00" + b"\x80" * 240) * 240) + pdf_pages(b"")
    with pytest.raises(InputError, match=r"file\.polyglot"):
        decode(data)
    # so far behind its start no reader looks for one
    assert only(as_file(noise(240, 240), "JPEG") + pdf_pages(b"")).text_lines == ()
