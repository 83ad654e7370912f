from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from schemas.reading import Source
from tests.support.files import as_file, noise, png_chunk
from tests.support.ofd import archive, block_font, filled, font_folder, image, layer, ofd, page, part, path, text
from verifier.errors import FontsError, InputError
from verifier.intake import DecodedPage, Limits, decode, ofd_fonts

WORDS = "姓名欧阳靖雯张三440114199608123428出生年月日ABab, "
FONT = block_font(WORDS)
EMBEDDED = {"fonts": {"1": "own.ttf"}, "files": {"Doc_0/Res/own.ttf": FONT}}
PIXELS_PER_MM = 200 / 25.4
PAPER = "0 0 170 145"
USUAL = Limits()


def only(data: bytes, limits: Limits = USUAL) -> DecodedPage:
    (found,) = decode(data, limits)
    assert found.image.flags.c_contiguous
    assert found.image.flags.writeable
    return found


def refused(data: bytes, limits: Limits = USUAL) -> InputError:
    with pytest.raises(InputError) as caught:
        decode(data, limits)
    assert caught.value.message
    return caught.value


def drawn(*objects: str, **options: object) -> DecodedPage:
    return only(ofd(page(*objects), **{"box": PAPER, **EMBEDDED, **options}))


def extent(mask: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is set, in millimetres."""
    rows, columns = np.nonzero(mask)
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return tuple(float(edge) / PIXELS_PER_MM for edge in edges)


def of_colour(found: DecodedPage, blue: int, green: int, red: int) -> np.ndarray:
    return (np.abs(found.image.astype(int) - (blue, green, red)) <= 12).all(axis=2)


def ink(found: DecodedPage) -> np.ndarray:
    return found.image.min(axis=2) < 128


def at(found: DecodedPage, x: float, y: float) -> tuple[int, ...]:
    """BGR at a place in millimetres."""
    return tuple(int(v) for v in found.image[int(y * PIXELS_PER_MM), int(x * PIXELS_PER_MM)])


def bounds(found: DecodedPage, number: int = 0) -> tuple[float, float, float, float]:
    xs, ys = zip(*found.text_lines[number].box, strict=True)
    return tuple(v / PIXELS_PER_MM for v in (min(xs), min(ys), max(xs), max(ys)))


def test_a_page_is_rendered_at_200_dpi_on_white() -> None:
    found = drawn(filled("M 0 0 L 50 0 L 50 30 L 0 30 C", boundary="100 40 50 30"), box="0 0 210 297")
    assert found.number == 1
    assert found.image.shape == (2339, 1654, 3)
    assert extent(of_colour(found, 255, 0, 0)) == pytest.approx((100, 40, 150, 70), abs=0.2)
    assert at(found, 5, 5) == (255, 255, 255)


def test_pages_come_in_order_with_papers_of_their_own() -> None:
    data = ofd(page(text("张")), page(text("三"), box="0 0 100 50"), page(text("欧阳"), box="10 20 60 60"), **EMBEDDED)
    pages = decode(data)
    assert [found.number for found in pages] == [1, 2, 3]
    assert [found.image.shape[:2] for found in pages] == [(2339, 1654), (394, 788), (473, 473)]
    assert [found.text_lines[0].text for found in pages] == ["张", "三", "欧阳"]
    # The corner of the paper is where its box says.
    assert bounds(pages[2])[0] == pytest.approx(20 - 10, abs=0.2)


def test_text_stands_where_the_file_says() -> None:
    found = drawn(text("欧阳靖雯", 20, 30, size=5))
    (line,) = found.text_lines
    assert (line.text, line.score, line.source) == ("欧阳靖雯", 1.0, Source.TEXT_LAYER)
    # Blocks: from the base line up to 0.8 ems, 0.05 ems from the sides of their cells.
    assert extent(ink(found)) == pytest.approx((20.25, 26, 39.75, 30), abs=0.2)
    assert bounds(found) == pytest.approx((20, 25.6, 40, 30.6), abs=0.3)
    assert line.box[0] == (min(x for x, _ in line.box), min(y for _, y in line.box))


@pytest.mark.parametrize(
    ("deltas", "starts"),
    [
        ("5 5 5", [0, 5, 10, 15]),
        ("g 3 5", [0, 5, 10, 15]),
        ("6 g 2 5.5", [0, 6, 11.5, 17]),
        ("g 2 5 7", [0, 5, 10, 17]),
        ("g 1 5 g 2 6", [0, 5, 11, 17]),
        ("6", [0, 6, 12, 18]),
        ("g 100000 5", [0, 5, 10, 15]),
        ("5 5 5 5 5 5", [0, 5, 10, 15]),
    ],
    ids=["all", "run", "one and run", "run and one", "runs", "too few", "a long run", "too many"],
)
def test_distances_between_characters(deltas: str, starts: list[float]) -> None:
    found = drawn(text("欧阳靖雯", 20, 30, size=5, delta_x=deltas))
    columns = ink(found).any(axis=0)
    edges = np.flatnonzero(np.diff(columns.astype(int)) == 1) / PIXELS_PER_MM
    assert edges == pytest.approx([20.25 + start for start in starts], abs=0.25)
    assert "".join(line.text for line in found.text_lines) == "欧阳靖雯"


def test_a_number_set_wide_is_one_number_and_columns_stay_apart() -> None:
    narrow = block_font(WORDS, width=500)
    options = {"files": {"Doc_0/Res/own.ttf": narrow}}
    wide = drawn(text("440114199608123428", delta_x="g 17 5"), **options)
    assert [line.text for line in wide.text_lines] == ["440114199608123428"]
    apart = drawn(text("张三440114", delta_x="2.5 20 g 5 2.5"), **options)
    assert [line.text for line in apart.text_lines] == ["张三", "440114"]


def test_without_distances_characters_follow_by_their_widths() -> None:
    found = drawn(text("欧阳ABab", 20, 30, size=5, delta_x=None))
    assert [line.text for line in found.text_lines] == ["欧阳ABab"]
    assert extent(ink(found)) == pytest.approx((20.25, 26, 49.75, 30), abs=0.2)


def test_written_downwards() -> None:
    for found in (
        drawn(text("张三", 20, 30, delta_x=None, delta_y="6")),
        drawn(text("张三", 20, 30, delta_x=None, more='ReadDirection="90"')),
    ):
        assert "".join(line.text for line in found.text_lines) == "张三"
        left, top, right, bottom = extent(ink(found))
        assert right - left == pytest.approx(4.5, abs=0.2)
        assert (top, bottom - top) == pytest.approx((26, 9.5), abs=0.7)


def test_a_second_text_code_goes_on_from_the_first() -> None:
    objects = (
        '<ofd:TextObject Boundary="20 20 100 20" Font="1" Size="5"><ofd:TextCode X="0" Y="5" DeltaX="5">张三</ofd:TextCode>'
        '<ofd:TextCode X="30">欧阳</ofd:TextCode></ofd:TextObject>'
    )
    found = drawn(objects)
    assert [line.text for line in found.text_lines] == ["张三", "欧阳"]
    assert bounds(found, 1)[:2] == pytest.approx((50, 20.6), abs=0.3)


@pytest.mark.parametrize(
    ("matrix", "box", "first_corner"),
    [
        ("2 0 0 2 0 0", (20, 26.2, 40, 36.2), (20, 26.2)),
        ("1 0 0 1 10 -3", (30, 22.6, 40, 27.6), (30, 22.6)),
        ("0 1 -1 0 0 0", (14.4, 25, 19.4, 35), (19.4, 25)),
        ("-1 0 0 -1 0 0", (10, 19.4, 20, 24.4), (20, 24.4)),
    ],
    ids=["larger", "moved", "a quarter turn", "upside down"],
)
def test_the_matrix_of_a_text(
    matrix: str, box: tuple[float, float, float, float], first_corner: tuple[float, float]
) -> None:
    found = drawn(text("张三", 20, 30, size=5, more=f'CTM="{matrix}"'))
    (line,) = found.text_lines
    assert line.text == "张三"
    assert bounds(found) == pytest.approx(box, abs=0.4)
    assert [v / PIXELS_PER_MM for v in line.box[0]] == pytest.approx(first_corner, abs=0.4)
    left, top, right, bottom = extent(ink(found))
    assert box[0] <= left + 0.1 and box[1] <= top + 0.1 and right <= box[2] + 0.1 and bottom <= box[3] + 0.1


def test_stretched_and_turned_characters() -> None:
    found = drawn(text("张", 20, 30, size=10, more='HScale="0.5"'))
    assert extent(ink(found)) == pytest.approx((20.25, 22, 24.75, 30), abs=0.2)
    found = drawn(text("张", 50, 50, size=10, more='CharDirection="90"'))
    assert extent(ink(found)) == pytest.approx((50, 50.5, 58, 59.5), abs=0.2)


def test_colour_and_transparency_of_text() -> None:
    blue = drawn(text("张", size=20, inside='<ofd:FillColor Value="0 0 255"/>'))
    assert of_colour(blue, 255, 0, 0).any() and not of_colour(blue, 0, 0, 0).any()
    half = drawn(text("张", size=20, more='Alpha="128"'))
    assert of_colour(half, 127, 127, 127).sum() > 1000


@pytest.mark.parametrize(
    "hidden",
    [
        text("三", 60, 60, inside='<ofd:FillColor Value="255 255 255"/>'),
        text("三", 60, 60, more='Alpha="0"'),
        text("三", 60, 60, more='Fill="false"'),
        text("三", 60, 60, more='Visible="false"'),
        text("三", 250, 60),
        text("三", 60, 400),
        text("三", 60, 60, more='CTM="0.7 0.7 -0.7 0.7 0 0"'),
        text("三", 60, 60).replace(
            "<ofd:TextCode",
            '<ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary="50 50 9 9"><ofd:AbbreviatedData>M 0 0 L 9 0 L 9 9 C'
            "</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips><ofd:TextCode",
        ),
        text("三", 60, 60) + filled("M 0 0 L 40 0 L 40 40 L 0 40 C", "255 255 255", "40 40 40 40"),
    ],
    ids=["white", "clear", "unpainted", "invisible", "right", "below", "at an angle", "clipped", "painted over"],
)
def test_text_nobody_sees_is_not_handed_on(hidden: str) -> None:
    assert [line.text for line in drawn(text("张"), hidden).text_lines] == ["张"]


def test_text_under_a_scan_is_not_handed_on() -> None:
    options = {
        "media": {"3": "scan.jpg"},
        "files": {**EMBEDDED["files"], "Doc_0/Res/scan.jpg": as_file(noise(600, 800), "JPEG")},
    }
    found = drawn(text("张三"), image("3", 0, 0, 210, 297), **options)
    assert found.text_lines == ()
    over = drawn(image("3", 0, 0, 210, 297), text("张三", size=20), **options)
    assert [line.text for line in over.text_lines] == ["张三"]


def test_glyphs_named_by_number_mean_the_text_beside_them() -> None:
    font = block_font("国", glyphs=["one", "two"])
    change = (
        '<ofd:CGTransform CodePosition="0" CodeCount="2" GlyphCount="2"><ofd:Glyphs>1 2</ofd:Glyphs></ofd:CGTransform>'
    )
    found = drawn(text("张三", inside=change), files={"Doc_0/Res/own.ttf": font})
    assert [line.text for line in found.text_lines] == ["张三"]
    assert extent(ink(found)) == pytest.approx((20.25, 26, 29.75, 30), abs=0.2)


def test_a_machines_font_stands_in_for_one_that_is_not_there(tmp_path: Path) -> None:
    limits = Limits(fonts_dir=font_folder(tmp_path, WORDS, width=800))
    for options in (
        {"fonts": {"1": None}},
        {"fonts": {"1": "lost.ttf"}},
        {"fonts": {"1": "own.ttf"}, "files": {"Doc_0/Res/own.ttf": b"\x01\x00\x04\x02 bare CFF"}},
        {"fonts": {"1": "own.ttf"}, "files": {"Doc_0/Res/own.ttf": block_font("国")}},
        {"fonts": {}},
    ):
        found = only(ofd(page(text("张三")), **options), limits)
        assert [line.text for line in found.text_lines] == ["张三"]
        assert ink(found).any()


def test_a_stand_in_that_is_too_wide_is_set_narrower(tmp_path: Path) -> None:
    limits = Limits(fonts_dir=font_folder(tmp_path, WORDS))
    found = only(ofd(page(text("4401141", 20, 30, size=10, delta_x="g 6 6")), fonts={"1": None}), limits)
    columns = ink(found).any(axis=0)
    assert len(np.flatnonzero(np.diff(columns.astype(int)) == 1)) == 7
    assert [line.text for line in found.text_lines] == ["4401141"]


def test_without_any_chinese_font_the_machine_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ofd_fonts, "SYSTEM_FOLDERS", (tmp_path / "none",))
    data = ofd(page(text("张三")), fonts={"1": None})
    with pytest.raises(FontsError) as caught:
        decode(data, Limits(fonts_dir=tmp_path))
    assert caught.value.code == "fonts.missing"
    # Once there is one, it is found; and what brings its own font never needed it.
    assert len(only(data, Limits(fonts_dir=font_folder(tmp_path, WORDS))).text_lines) == 1
    assert len(only(ofd(page(text("张三")), **EMBEDDED), Limits(fonts_dir=tmp_path / "none")).text_lines) == 1


def test_a_character_no_font_has_is_a_box_and_still_text(tmp_path: Path) -> None:
    limits = Limits(fonts_dir=font_folder(tmp_path, WORDS))
    found = only(ofd(page(text("张龘三")), fonts={"1": None}), limits)
    assert "张" in found.text_lines[0].text


@pytest.mark.parametrize(
    ("data", "box"),
    [
        ("M 10 10 L 40 10 L 40 20 L 10 20 C", (10, 10, 40, 20)),
        ("S 10 10 L 40 10 L 40 20 L 10 20 C", (10, 10, 40, 20)),
        ("M 10 20 A 15 15 0 0 1 40 20 C", (10, 5, 40, 20)),
        ("M 10 20 A 15 15 0 0 0 40 20 C", (10, 20, 40, 35)),
        ("M 10 20 A 10 10 0 1 1 20 30 C", (10, 10, 30, 30)),
        ("M 10 20 A 1 1 0 0 1 40 20 C", (10, 5, 40, 20)),
        ("M 10 20 A 15 5 90 0 1 20 20 C", (10, 5, 20, 20)),
        ("M 10 20 Q 25 0 40 20 C", (10, 10, 40, 20)),
        ("M 10 20 B 10 5 40 5 40 20 C", (10, 8.75, 40, 20)),
        ("L 30 0 L 30 10 L 0 10 C M 0 0", (0, 0, 30, 10)),
    ],
    ids=[
        "lines",
        "start",
        "arc",
        "other way",
        "large arc",
        "too small",
        "turned",
        "quadratic",
        "cubic",
        "from the corner",
    ],
)
def test_outlines(data: str, box: tuple[float, float, float, float]) -> None:
    assert extent(of_colour(drawn(filled(data)), 255, 0, 0)) == pytest.approx(box, abs=0.2)


def test_strokes_have_width_colour_and_gaps() -> None:
    line = drawn(path("M 0 0 L 100 0", "20 50 100 1", 'LineWidth="2"', '<ofd:StrokeColor Value="255 0 0"/>'))
    assert extent(of_colour(line, 0, 0, 255)) == pytest.approx((20, 49, 120, 51), abs=0.2)
    thin = drawn(path("M 0 0 L 100 0", "20 50 100 0"))
    assert extent(ink(thin))[1::2] == pytest.approx((49.8, 50.2), abs=0.2)
    dashed = drawn(path("M 0 0 L 100 0", "20 50 100 1", 'LineWidth="2" DashPattern="5 5"'))
    assert ink(dashed).any(axis=0).sum() == pytest.approx(50 * PIXELS_PER_MM, abs=15)


def test_filling_rules_and_matrices_of_paths() -> None:
    ring = "M 0 0 L 30 0 L 30 30 L 0 30 C M 10 10 L 20 10 L 20 20 L 10 20 C"
    assert at(drawn(filled(ring, attributes='Rule="Even-Odd"')), 15, 15) == (255, 255, 255)
    assert at(drawn(filled(ring)), 15, 15) == (255, 0, 0)
    moved = drawn(filled("M 0 0 L 10 0 L 10 10 L 0 10 C", boundary="50 60 30 30", attributes='CTM="2 0 0 1 5 0"'))
    assert extent(of_colour(moved, 255, 0, 0)) == pytest.approx((55, 60, 75, 70), abs=0.2)


def test_colours_of_other_spaces_and_what_is_no_plain_colour() -> None:
    square = "M 0 0 L 20 0 L 20 20 L 0 20 C"

    def painted(colour: str) -> tuple[int, ...]:
        return at(drawn(path(square, attributes='Fill="true" Stroke="false"', inside=colour)), 10, 10)

    assert painted('<ofd:FillColor Value="#FF #80 0"/>') == (0, 128, 255)
    assert painted('<ofd:FillColor Value="128" ColorSpace="2"/>') == (128, 128, 128)
    assert painted('<ofd:FillColor Value="0 0 0 255"/>')[0] < 60
    assert painted(
        '<ofd:FillColor><ofd:AxialShd><ofd:Segment><ofd:Color Value="255 0 0"/></ofd:Segment><ofd:Segment>'
        '<ofd:Color Value="0 0 255"/></ofd:Segment></ofd:AxialShd></ofd:FillColor>'
    ) == (128, 0, 128)
    assert painted('<ofd:FillColor Value="0 0 0"><ofd:Pattern/></ofd:FillColor>') == (255, 255, 255)
    assert painted("") == (255, 255, 255)


def test_drawing_parameters_are_inherited_and_overridden() -> None:
    parameters = (
        '<ofd:DrawParams><ofd:DrawParam ID="20" LineWidth="4"><ofd:StrokeColor Value="255 0 0"/></ofd:DrawParam>'
        '<ofd:DrawParam ID="21" Relative="20"><ofd:StrokeColor Value="0 255 0"/></ofd:DrawParam></ofd:DrawParams>'
    )
    lines = [
        path("M 0 0 L 100 0", "20 50 100 1", 'DrawParam="20"'),
        path("M 0 0 L 100 0", "20 70 100 1", 'DrawParam="21"'),
        path("M 0 0 L 100 0", "20 90 100 1", 'LineWidth="1"'),
    ]
    found = only(ofd(page(layer(*lines, attributes='DrawParam="20"')), resources=parameters, fonts={}))
    assert extent(of_colour(found, 0, 255, 0)) == pytest.approx((20, 68, 120, 72), abs=0.2)
    red = of_colour(found, 0, 0, 255)
    assert extent(red[: int(60 * PIXELS_PER_MM)]) == pytest.approx((20, 48, 120, 52), abs=0.2)
    assert extent(red)[3] == pytest.approx(90.5, abs=0.2)


def quarters() -> Image.Image:
    """Red, green, blue and clear, clockwise from top left."""
    pixels = np.zeros((40, 60, 4), dtype=np.uint8)
    pixels[:20, :30], pixels[:20, 30:], pixels[20:, 30:] = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP"])
def test_pictures(kind: str) -> None:
    picture = as_file(
        quarters() if kind in ("PNG", "WEBP") else quarters().convert("RGB"), kind, lossless=True, quality=98
    )
    options = {"media": {"3": "a.dat"}, "files": {**EMBEDDED["files"], "Doc_0/Res/a.dat": picture}}
    under = filled("M 0 0 L 60 0 L 60 40 L 0 40 C", "255 255 0", "100 100 60 40")
    for found in (
        drawn(under, image("3", 100, 100, 60, 40), **options),
        drawn(under, image("3", 100, 100, 60, 40, ctm=""), **options),
    ):
        seen = [at(found, x, y) for x, y in ((110, 105), (150, 105), (150, 135), (110, 135))]
        last = (0, 255, 255) if kind in ("PNG", "WEBP") else (0, 0, 0)
        assert np.abs(np.subtract(seen, [(0, 0, 255), (0, 255, 0), (255, 0, 0), last])).max() <= 6
    turned = drawn(image("3", 100, 100, 60, 40, ctm="0 60 -40 0 40 0"), **options)
    assert np.abs(np.subtract(at(turned, 135, 105), (0, 0, 255))).max() <= 6
    faded = drawn(image("3", 100, 100, 60, 40, more='Alpha="128"'), **options)
    assert np.abs(np.subtract(at(faded, 110, 105), (127, 127, 255))).max() <= 6


def test_a_colour_declared_clear_shows_what_is_under_it() -> None:
    data = as_file(quarters().convert("RGB"), "PNG")
    place = data.index(b"IDAT") - 4
    clear = data[:place] + png_chunk(b"tRNS", struct.pack(">HHH", 255, 0, 0)) + data[place:]
    options = {"media": {"3": "a.png"}, "files": {"Doc_0/Res/a.png": clear}}
    found = drawn(filled("M 0 0 L 60 0 L 60 40 L 0 40 C"), image("3", 0, 0, 60, 40), **options)
    assert at(found, 10, 10) == (255, 0, 0)
    assert at(found, 50, 10) == (0, 255, 0)


def test_a_picture_that_is_nowhere_defined_is_not_drawn_and_one_that_is_lost_is_broken() -> None:
    assert not ink(drawn(image("9", 0, 0, 60, 40))).any()
    assert refused(ofd(page(image("3", 0, 0, 60, 40)), media={"3": "lost.png"})).code == "file.broken"


def test_templates_lie_under_or_over_the_page() -> None:
    under = page(filled("M 0 0 L 40 0 L 40 40 L 0 40 C", "255 0 0"), text("张", 100, 100))
    over = page(filled("M 20 20 L 40 20 L 40 40 L 20 40 C", "0 255 0"))
    uses = '<ofd:Template TemplateID="t1" ZOrder="Background"/><ofd:Template TemplateID="t2" ZOrder="Foreground"/>'
    own = filled("M 10 10 L 30 10 L 30 30 L 10 30 C", "0 0 255")
    data = ofd(page(own, before=uses), page(own), templates={"t1": under, "t2": over}, **EMBEDDED)
    first, second = decode(data)
    assert [at(first, *p) for p in ((5, 5), (15, 15), (25, 25))] == [(0, 0, 255), (255, 0, 0), (0, 255, 0)]
    assert [line.text for line in first.text_lines] == ["张"]
    assert at(second, 5, 5) == (255, 255, 255)


def test_layers_are_drawn_in_the_order_of_their_types() -> None:
    layers = [
        layer(filled("M 0 0 L 10 0 L 10 10 L 0 10 C", "0 255 0"), attributes='Type="Foreground"'),
        layer(filled("M 0 0 L 20 0 L 20 20 L 0 20 C", "0 0 255"), attributes='Type="Body"'),
        layer(filled("M 0 0 L 30 0 L 30 30 L 0 30 C", "255 0 0"), attributes='Type="Background"'),
    ]
    found = drawn(*layers)
    assert [at(found, v, v) for v in (5, 15, 25)] == [(0, 255, 0), (255, 0, 0), (0, 0, 255)]


def test_blocks_and_groups() -> None:
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="30" Width="10" Height="10"><ofd:Content>'
        f"{filled('M 0 0 L 10 0 L 10 10 L 0 10 C', boundary='0 0 10 10')}</ofd:Content></ofd:CompositeGraphicUnit>"
        "</ofd:CompositeGraphicUnits>"
    )
    group = '<ofd:CompositeObject Boundary="50 60 20 20" CTM="2 0 0 2 0 0" ResourceID="30"/>'
    found = drawn(f"<ofd:PageBlock><ofd:PageBlock>{group}</ofd:PageBlock></ofd:PageBlock>", resources=unit)
    assert extent(of_colour(found, 255, 0, 0)) == pytest.approx((50, 60, 70, 80), abs=0.2)


def test_annotations_are_drawn_unless_hidden() -> None:
    def appearance(shown: str, x: int) -> str:
        return (
            f'<ofd:Annot ID="1" Type="Stamp" {shown}><ofd:Appearance Boundary="{x} 50 20 20">'
            f"{filled('M 0 0 L 20 0 L 20 20 L 0 20 C', boundary='0 0 20 20')}</ofd:Appearance></ofd:Annot>"
        )

    options = {
        "document": "<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>",
        "files": {
            "Doc_0/Annots/Annotations.xml": part(
                "Annotations", '<ofd:Page PageID="100"><ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc></ofd:Page>'
            ),
            "Doc_0/Annots/Page_0/Annotation.xml": part(
                "PageAnnot", appearance("", 50) + appearance('Visible="false"', 100)
            ),
        },
    }
    found = drawn(**options)
    assert extent(of_colour(found, 255, 0, 0)) == pytest.approx((50, 50, 70, 70), abs=0.2)


def test_spellings_in_use() -> None:
    square = page(filled("M 0 0 L 20 0 L 20 20 L 0 20 C"))
    for change in (
        {"OFD.xml": "<OFD><DocBody><DocRoot>/Doc_0/Document.xml</DocRoot></DocBody></OFD>"},
        {
            "Doc_0/Pages/Page_0/Content.xml": square.replace("ofd:", "")
            .replace("xmlns:ofd", "xmlns")
            .replace('encoding="UTF-8"', 'encoding="GB2312"')
            .replace("<Page", "<!-- 页面 --><Page")
            .encode("gb2312")
        },
        {
            "Doc_0/Pages/Page_0/Content.xml": square.encode("utf-16").replace(
                b"U\0T\0F\0-\08\0", b"U\0T\0F\0-\x001\0006\0"
            )
        },
    ):
        assert of_colour(only(ofd(square, fonts={}, files=change)), 255, 0, 0).any()
    windows = ofd(square, fonts={}).replace(b"Doc_0/Pages/Page_0/Content.xml", b"Doc_0\\Pages\\Page_0\\Content.xml")
    assert of_colour(only(windows), 255, 0, 0).any()


def test_several_documents_in_one_file() -> None:
    bodies = "".join(f"<ofd:DocBody><ofd:DocRoot>Doc_{n}/Document.xml</ofd:DocRoot></ofd:DocBody>" for n in (0, 0))
    assert len(decode(ofd(page(), fonts={}, files={"OFD.xml": part("OFD", bodies)}))) == 2


def test_a_page_larger_than_any_paper_is_rendered_smaller() -> None:
    height, width = only(ofd(page(), box="0 0 4000 3000", fonts={})).image.shape[:2]
    assert width * height == pytest.approx(20_000_000, rel=1e-3)
    assert refused(ofd(page(), box="0 0 900000 10", fonts={})).code == "file.too_small"
    assert refused(ofd(page(), box="0 0 20 20", fonts={})).details == {"width": 158, "height": 158}


def test_page_limit() -> None:
    data = ofd(*(page() for _ in range(3)), fonts={})
    assert len(decode(data, Limits(max_pages=3))) == 3
    error = refused(data, Limits(max_pages=2))
    assert (error.code, error.details) == ("file.too_many_pages", {"pages": 3, "limit": 2})


def test_archives_without_an_ofd_file_are_of_no_allowed_type() -> None:
    inner = ofd(page(), fonts={})
    assert refused(archive({"a.txt": b"text"})).code == "file.type_not_allowed"
    assert refused(archive({"inner/OFD.xml": b"<OFD/>"})).code == "file.type_not_allowed"
    assert (
        refused(archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": inner})).code
        == "file.type_not_allowed"
    )
