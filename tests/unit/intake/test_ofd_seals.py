from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.files import as_file
from tests.support.ofd import block_font, der, filled, ofd, page, path, seal_value, signed, text
from verifier.errors import InputError
from verifier.intake import DecodedPage, decode
from verifier.intake.ofd_seals import seal_picture

PIXELS_PER_MM = 200 / 25.4
PAPER = "0 0 170 145"
FONT = {"Doc_0/Res/own.ttf": block_font("姓名张三")}


def red_ring(background: tuple[int, int, int, int] = (255, 255, 255, 0)) -> Image.Image:
    picture = Image.new("RGBA", (200, 200), background)
    ImageDraw.Draw(picture).ellipse((4, 4, 195, 195), outline=(220, 20, 20, 255), width=10)
    return picture


def sealed(picture: bytes, *objects: str, **options: str) -> DecodedPage:
    arguments = signed(picture, **options)
    arguments["files"] = {**arguments["files"], **FONT}
    (found,) = decode(ofd(page(*objects), box=PAPER, fonts={"1": "own.ttf"}, **arguments))
    return found


def red(found: DecodedPage) -> np.ndarray:
    blue, green, red_part = (found.image[:, :, n].astype(int) for n in range(3))
    return (red_part - blue > 80) & (red_part - green > 80)


def extent(mask: np.ndarray) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(mask)
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return tuple(float(edge) / PIXELS_PER_MM for edge in edges)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_the_seal_is_drawn_and_what_is_under_it_stays_readable(kind: str) -> None:
    ring = red_ring((255, 255, 255, 0 if kind == "PNG" else 255))
    words = text("张三", 90, 100, size=20)
    found = sealed(as_file(ring if kind == "PNG" else ring.convert("RGB"), kind), words, boundary="80 60 50 50")
    assert extent(red(found)) == pytest.approx((81, 61, 129, 109), abs=0.5)
    assert [line.text for line in found.text_lines] == ["张三"]
    plain = sealed(as_file(ring, "PNG"), words, page_id="101")
    black = plain.image.max(axis=2) < 60
    assert (found.image.max(axis=2)[black] < 60).mean() > 0.95


def test_only_the_part_of_a_seal_that_belongs_to_the_page_is_drawn() -> None:
    found = sealed(as_file(red_ring(), "PNG"), boundary="80 60 50 50", clip="0 0 10 50")
    left, _, right, _ = extent(red(found))
    assert (left, right) == pytest.approx((81, 90), abs=0.5)


def test_a_seal_on_another_page_is_not_drawn() -> None:
    assert not red(sealed(as_file(red_ring(), "PNG"), page_id="101")).any()


def test_a_seal_that_is_an_ofd_file() -> None:
    ring = path("M 25 5 A 20 20 0 1 1 24.9 5 C", "0 0 50 50", 'LineWidth="2"', '<ofd:StrokeColor Value="220 20 20"/>')
    inner_files = signed(as_file(Image.new("RGB", (9, 9), "blue"), "PNG"))
    inner = ofd(page(ring, box="0 0 50 50"), fonts={}, **inner_files)
    found = sealed(inner, text("张三", 90, 100, size=20), boundary="80 60 50 50")
    assert extent(red(found)) == pytest.approx((84, 64, 126, 106), abs=0.5)
    assert [line.text for line in found.text_lines] == ["张三"]
    # A seal is not sealed itself.
    assert not (found.image == (255, 0, 0)).all(axis=2).any()


def test_the_seal_beside_the_signature_serves_when_the_signature_has_no_picture() -> None:
    arguments = signed(b"")
    files = arguments["files"]
    path_of = "Doc_0/Signs/Sign_0/"
    files[f"{path_of}SignedValue.dat"] = b"a bare signature"
    files[f"{path_of}Seal.esl"] = seal_value(as_file(red_ring(), "PNG"))
    files[f"{path_of}Signature.xml"] = files[f"{path_of}Signature.xml"].replace(
        "</ofd:SignedInfo>", "<ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>"
    )
    (found,) = decode(ofd(page(), fonts={}, **arguments))
    assert red(found).any()


@pytest.mark.parametrize("value", [der(0x30, der(0x02, b"\x01")), seal_value(b""), seal_value(b"GIF89a", b"gif"), b""])
def test_without_a_picture_that_is_read_the_page_is_shown_without_the_seal(value: bytes) -> None:
    arguments = signed(b"")
    arguments["files"]["Doc_0/Signs/Sign_0/SignedValue.dat"] = value
    (found,) = decode(ofd(page(filled("M 0 0 L 9 0 L 9 9 C")), fonts={}, **arguments))
    assert not red(found).any()
    assert (found.image == (255, 0, 0)).all(axis=2).any()


def test_a_damaged_picture_of_a_seal_is_a_broken_file() -> None:
    whole = as_file(red_ring(), "PNG")
    with pytest.raises(InputError, match=r"file\.broken"):
        sealed(whole[: len(whole) // 2])


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_the_picture_is_found_by_its_shape(depth: int) -> None:
    data = seal_value(b"picture")
    for _ in range(depth):
        data = der(0x30, der(0x02, b"\x05"), der(0xA0, data))
    assert seal_picture(data) == b"picture"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x89" + b"\xff" * 20,
        seal_value(b"picture")[:-40],
        der(0x30, der(0x16, b"png"), der(0x04, b"picture"), der(0x02, b"\x01")),
        b"\x30\x82\x40\x00" * 5000,
        b"\x02\x00" * 50_000,
    ],
    ids=["empty", "cut", "indefinite", "too long", "absurd", "cut seal", "no size", "nested", "many"],
)
def test_where_there_is_no_picture_none_is_found(data: bytes) -> None:
    assert seal_picture(data) is None
