"""Hostile OFD files: bombs, tricks with paths and entities, damage. The answer is pages or an InputError, and soon."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.files import as_file, noise, png_chunk
from tests.support.ofd import HEAD, NAMESPACE, archive, block_font, filled, image, ofd, page, part, path, signed, text
from verifier.errors import InputError
from verifier.intake import Limits, decode, ofd_canvas, sniff
from verifier.intake.ofd_values import numbers

LIMITS = Limits(max_pixels=4_000_000, min_side=20, pdf_dpi=50, pdf_page_pixels=500_000)
CONTENT = "Doc_0/Pages/Page_0/Content.xml"
EMBEDDED = {"fonts": {"1": "own.ttf"}, "files": {"Doc_0/Res/own.ttf": block_font("姓名张三123")}}


def code_of(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(InputError) as caught:
        decode(data, limits)
    assert str(caught.value)
    return caught.value.code


def with_page(content: str | bytes) -> bytes:
    return ofd("", fonts={}, files={CONTENT: content})


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;"><!ENTITY z "&y;&y;&y;&y;&y;&y;">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/a.dtd"> %x;]>',
        "<!DOCTYPE a>",
    ],
    ids=["bomb", "file", "external subset", "parameter entity", "bare"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(declared: str, encoding: str) -> None:
    body = f'{declared}<a xmlns="{NAMESPACE}"><Content><Layer>&amp;</Layer></Content></a>'
    assert code_of(with_page(f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode(encoding))) == "file.broken"


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "no xml",
        "<a>",
        "<a></b>",
        "<a>&undeclared;</a>",
        HEAD,
        "<a>\x00</a>",
        '<?xml version="1.0" encoding="x"?><a/>',
    ],
)
def test_damaged_xml_is_broken(xml: str) -> None:
    assert code_of(with_page(xml)) == "file.broken"


def test_xml_of_too_many_elements_or_too_deep_is_broken() -> None:
    assert code_of(with_page(part("Page", "<a/>" * 200_001))) == "file.broken"
    assert code_of(with_page(part("Page", "<a>" * 100 + "</a>" * 100))) == "file.broken"


def test_a_bomb_of_one_entry_is_not_unpacked() -> None:
    data = with_page(b" " * 60_000_000 + page().encode())
    assert len(data) < 100_000
    tracemalloc.start()
    code = code_of(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == "file.broken"
    assert peak < 40_000_000


def test_an_entry_that_lies_about_its_size_is_not_believed() -> None:
    data = bytearray(with_page(b" " * 20_000_000 + page().encode()))
    directory = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02"))
    place = data.rindex(CONTENT.encode()) - 46
    assert data[place : place + 4] == b"PK\x01\x02" and directory <= place
    struct.pack_into("<I", data, place + 24, 100)
    assert code_of(bytes(data)) == "file.broken"


def test_all_entries_together_are_bounded() -> None:
    media = {str(n): f"{n}.bmp" for n in range(8)}
    picture = as_file(Image.new("RGB", (600, 600)), "BMP")
    files = {f"Doc_0/Res/{n}.bmp": picture for n in range(8)}
    data = ofd(page(*(image(number, 0, 0, 9, 9) for number in media)), media=media, fonts={}, files=files)
    assert len(data) < 50_000
    assert code_of(data, Limits(max_bytes=1_000_000)) == "file.broken"
    assert len(decode(data, Limits(max_bytes=2_000_000))) == 1


def test_too_many_entries() -> None:
    assert code_of(archive({f"{n}.txt": b"" for n in range(5_001)} | {"OFD.xml": b""})) == "file.broken"


def test_an_archive_in_an_archive_in_an_archive() -> None:
    data = ofd(page(text("张")), **EMBEDDED)
    for _ in range(5):
        data = ofd(page(), fonts={}, **signed(data))
    assert len(decode(data, LIMITS)) == 1


@pytest.mark.parametrize(
    "location",
    ["../../etc/passwd", "/../OFD.xml", "..\\..\\a.xml", "", ".", "/", "Pages", "C:\\a.xml", "http://127.0.0.1/a"],
)
def test_locations_that_lead_nowhere_or_outside_are_broken(location: str) -> None:
    document = part(
        "Document",
        "<ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 99 99</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData>"
        f'<ofd:Pages><ofd:Page ID="1" BaseLoc="{location}"/></ofd:Pages>',
    )
    assert code_of(ofd(page(), fonts={}, files={"Doc_0/Document.xml": document})) == "file.broken"


def test_entries_outside_or_of_one_name_are_broken() -> None:
    assert code_of(ofd(page(), fonts={}, files={"../outside.xml": b""})) == "file.broken"
    assert code_of(ofd(page(), fonts={}, files={"/OFD.xml": b""})) == "file.broken"
    assert code_of(ofd(page(), fonts={}, files={"\\OFD.xml": b""})) == "file.broken"


def test_encrypted_files_are_named_as_encrypted() -> None:
    assert code_of(ofd(page(), fonts={}, files={"Encryptions.xml": part("Encryptions", "")})) == "file.encrypted"
    locked = bytearray(ofd(page(), fonts={}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = locked.index(mark)
        while at >= 0:
            locked[at + flags] |= 1
            at = locked.find(mark, at + 4)
    assert code_of(bytes(locked)) == "file.encrypted"


def test_other_ways_of_packing_are_refused() -> None:
    buffer = io.BytesIO(ofd(page(), fonts={}))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_LZMA) as zipped:
        zipped.writestr("Doc_0/Pages/other.xml", page())
    document = zipfile.ZipFile(buffer).read("Doc_0/Document.xml").decode()
    entries = {"Doc_0/Document.xml": document.replace("Page_0/Content.xml", "other.xml")}
    with zipfile.ZipFile(io.BytesIO(ofd(page(), fonts={}, files=entries))) as plain:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as zipped:
            for name in plain.namelist():
                zipped.writestr(name, plain.read(name))
    assert code_of(packed.getvalue()) == "file.broken"


@pytest.mark.parametrize("kept", [0.05, 0.3, 0.7, 0.95, 0.999])
def test_cut_files_are_broken(kept: float) -> None:
    data = ofd(page(text("张")), **EMBEDDED)
    assert code_of(data[: int(len(data) * kept)]) == "file.broken"


def test_what_trails_behind_is_no_hindrance() -> None:
    assert len(decode(ofd(page(), fonts={}) + b"\x00" * 100, LIMITS)) == 1


@pytest.mark.parametrize(
    "broken",
    [
        ofd(fonts={}),
        ofd(page(), fonts={}, files={"OFD.xml": part("OFD", "")}),
        ofd(page(), fonts={}, box=""),
        ofd(page(), fonts={}, box="0 0 0 0"),
        ofd(page(), fonts={}, box="0 0 -50 -50"),
        ofd(page(), fonts={}, box="0 0 100"),
        ofd(page(), fonts={}, box="0 0 1e99 100"),
        ofd(page(), fonts={}, box="0 0 nan inf"),
        ofd(page(), fonts={}, files={"Doc_0/PublicRes.xml": b"\xff\xfe"}),
        ofd(page(path("M 0")), fonts={}),
        ofd(page(path("X 0 0")), fonts={}),
        ofd(page(path("M a b")), fonts={}),
        ofd(page(path("M 0 0 L 1e7 0")), fonts={}),
        ofd(page(filled("M 0 0 L 9 9 C", "1 2")), fonts={}),
        ofd(page(filled("M 0 0 L 9 9 C", "#XY 0 0")), fonts={}),
        ofd(page(text("张", more='CTM="1 0 0"')), **EMBEDDED),
        ofd(page(text("张三", delta_x="g 1")), **EMBEDDED),
        ofd(page(text("张三", delta_x="5 x")), **EMBEDDED),
        ofd(page(text("张", inside="<ofd:CGTransform><ofd:Glyphs>70000</ofd:Glyphs></ofd:CGTransform>")), **EMBEDDED),
    ],
)
def test_senseless_values_are_broken(broken: bytes) -> None:
    assert code_of(broken) == "file.broken"


def no_canvas(*_: object, **__: object) -> None:
    raise AssertionError("a picture was kept")


def test_a_picture_bomb_is_refused_from_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ofd_canvas.Canvas, "add_picture", no_canvas)
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")
    bitmap = b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0)
    for picture in (bomb, bitmap):
        data = ofd(page(image("3", 0, 0, 9, 9)), fonts={}, media={"3": "a"}, files={"Doc_0/Res/a": picture})
        assert code_of(data) == "file.too_many_pixels"


def test_all_pictures_of_a_page_together_are_bounded() -> None:
    picture = as_file(noise(1900, 1900).convert("L"), "PNG")
    media = {str(n): f"{n}.png" for n in range(4)}
    files = {f"Doc_0/Res/{n}.png": picture for n in range(4)}
    data = ofd(page(*(image(number, 0, 0, 9, 9) for number in media)), fonts={}, media=media, files=files)
    assert code_of(data) == "file.too_many_pixels"


def test_a_picture_shown_often_is_decoded_once() -> None:
    files = {"Doc_0/Res/a.png": as_file(noise(1000, 1000), "PNG")}
    data = ofd(page(*[image("3", 0, 0, 9, 9)] * 500), fonts={}, media={"3": "a.png"}, files=files)
    assert len(decode(data, LIMITS)) == 1


@pytest.mark.parametrize("picture", [b"GIF89a", b"II*\x00", b"\x97JB2\r\n\x1a\n", ofd(page(), fonts={})])
def test_pictures_of_other_kinds_are_named_as_such(picture: bytes) -> None:
    data = ofd(page(image("3", 0, 0, 9, 9)), fonts={}, media={"3": "a"}, files={"Doc_0/Res/a": picture})
    assert code_of(data) == "file.type_not_allowed"


@pytest.mark.parametrize("picture", [b"", b"BM", b"BM" + bytes(60), as_file(noise(90, 90), "PNG")[:300]])
def test_pictures_that_are_damaged_are_broken(picture: bytes) -> None:
    data = ofd(page(image("3", 0, 0, 9, 9)), fonts={}, media={"3": "a"}, files={"Doc_0/Res/a": picture})
    assert code_of(data) == "file.broken"


def test_groups_that_hold_themselves_or_grow_without_end_are_broken() -> None:
    def unit(number: int, *inner: int) -> str:
        uses = "".join(f'<ofd:CompositeObject Boundary="0 0 9 9" ResourceID="{other}"/>' for other in inner)
        return f'<ofd:CompositeGraphicUnit ID="{number}"><ofd:Content>{uses}</ofd:Content></ofd:CompositeGraphicUnit>'

    use = '<ofd:CompositeObject Boundary="0 0 9 9" ResourceID="1"/>'
    circle = f"<ofd:CompositeGraphicUnits>{unit(1, 2)}{unit(2, 1)}</ofd:CompositeGraphicUnits>"
    assert code_of(ofd(page(use), fonts={}, resources=circle)) == "file.broken"
    growing = "".join(unit(n, *[n + 1] * 20) for n in range(1, 8))
    grown = f"<ofd:CompositeGraphicUnits>{growing}</ofd:CompositeGraphicUnits>"
    assert code_of(ofd(page(use), fonts={}, resources=grown)) == "file.broken"


def test_drawing_parameters_in_a_circle_end() -> None:
    circle = '<ofd:DrawParams><ofd:DrawParam ID="1" Relative="2"/><ofd:DrawParam ID="2" Relative="1"/></ofd:DrawParams>'
    data = ofd(page(path("M 0 0 L 9 9", attributes='DrawParam="1"')), fonts={}, resources=circle)
    assert len(decode(data, LIMITS)) == 1


def test_what_stands_in_the_file_cannot_break_out_of_the_page_it_is_written_to() -> None:
    # Texts and names go into the PDF as numbers only.
    trick = ") Tj ET endstream endobj %PDF-1.7 &lt;&lt;/Launch&gt;&gt;"
    data = ofd(page(text("张" + trick, more='Cap=") Tj" Join="/JS" Rule="*"')), **EMBEDDED)
    try:
        pages = decode(data, LIMITS)
    except InputError as error:
        assert error.code == "file.broken"
    else:
        assert len(pages) == 1


def test_numbers_between_commas_and_spaces() -> None:
    assert numbers(" 1, 2.5\n-3 ") == (1.0, 2.5, -3.0)
    assert numbers(None) == ()


SOUND = ofd(
    page(
        text("姓名123", more='HScale="0.9" CTM="1 0 0 1 0 0"'),
        text("张三", 40, 60, delta_x="g 1 5", delta_y="0"),
        path("M 0 0 L 9 9 Q 1 2 3 4 B 1 2 3 4 5 6 A 5 4 30 1 0 9 9 C", attributes='DashPattern="2 1"'),
        filled("M 0 0 L 9 0 L 9 9 C"),
        image("3", 10, 10, 40, 30),
        before='<ofd:Template TemplateID="t1"/>',
    ),
    media={"3": "a.png"},
    templates={"t1": page(filled("M 0 0 L 9 0 L 9 9 C"))},
    fonts={"1": "own.ttf"},
    files={
        **EMBEDDED["files"],
        **signed(as_file(noise(30, 30), "PNG"))["files"],
        "Doc_0/Res/a.png": as_file(noise(40, 30), "PNG"),
    },
    body="<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>",
)
with zipfile.ZipFile(io.BytesIO(SOUND)) as _zipped:
    PARTS = {name: _zipped.read(name) for name in _zipped.namelist()}

EVERY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 8),
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"\xff" * 4, b"\x00" * 4, b"-1", b"99999999", b"nan", b"g 9 9", b"<", b'"', b"&amp;"]),
        ),
    ),
    min_size=1,
    max_size=5,
)


def damaged(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    changed = bytearray(data)
    for place, cut, put in changes:
        at = int(place * len(changed))
        changed[at : at + cut] = put
    return bytes(changed)


def assert_pages_or_input_error(data: bytes) -> None:
    try:
        pages = decode(data, LIMITS)
    except InputError as error:
        assert error.code.startswith("file.")
    else:
        for found in pages:
            height, width, channels = found.image.shape
            assert channels == 3
            for line in found.text_lines:
                assert line.text.strip()
                assert all(0 <= x <= width and 0 <= y <= height for x, y in line.box)


def test_the_sound_file_is_sound() -> None:
    (found,) = decode(SOUND, LIMITS)
    assert [line.text for line in found.text_lines] == ["姓名123", "张三"]


@EVERY
@given(changes=edits)
def test_damaged_archives(changes: list[tuple[float, int, bytes]]) -> None:
    data = damaged(SOUND, changes)
    if data.startswith(b"PK\x03\x04"):
        assert_pages_or_input_error(data)


@EVERY
@given(name=st.sampled_from(sorted(PARTS)), changes=edits)
def test_damaged_parts(name: str, changes: list[tuple[float, int, bytes]]) -> None:
    assert_pages_or_input_error(archive({**PARTS, name: damaged(PARTS[name], changes)}))


def test_a_file_of_one_entry_is_sniffed_as_ofd_and_broken() -> None:
    data = archive({"OFD.xml": b"\xff\x00 some bytes"})
    assert sniff(data) == "ofd"
    assert code_of(data) == "file.broken"
