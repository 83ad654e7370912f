from __future__ import annotations

import struct

import numpy as np
import pi_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.files import exif
from tests.support.heic import CLEAR, COLOUR, DEEP, Coded, Item, clear, grid, heic, mirror, picture, rotation, size
from verifier.errors import InputError
from verifier.intake import Limits, decode

RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)
USUAL = Limits()


def image_of(data: bytes, limits: Limits = USUAL) -> np.ndarray:
    (page,) = decode(data, limits)
    assert page.number == 1
    assert page.text_lines == ()
    assert page.image.dtype == np.uint8
    assert page.image.flags.c_contiguous
    assert page.image.flags.writeable
    return page.image


def refused(data: bytes, limits: Limits = USUAL) -> InputError:
    with pytest.raises(InputError) as caught:
        decode(data, limits)
    assert caught.value.message
    return caught.value


def colours_at_corners(image: np.ndarray) -> list[tuple[int, ...]]:
    """BGR in the middle of the four corner squares, clockwise from top left, rounded to 0, 128, 255."""
    places = [image[20, 20], image[20, -20], image[-20, -20], image[-20, 20]]
    return [tuple(int(round(int(v) / 128) * 128) if v < 200 else 255 for v in place) for place in places]


@pytest.mark.parametrize("coded", [COLOUR, DEEP], ids=["8 bits", "10 bits"])
def test_colours_and_size(coded: Coded) -> None:
    image = image_of(heic(picture(coded)))
    assert image.shape == (240, 300, 3)
    assert colours_at_corners(image) == [RED, GREEN, BLUE, WHITE]
    assert np.abs(image[120, 150].astype(int) - 128).max() <= 2


def test_grey() -> None:
    image = image_of(heic(picture(CLEAR)))
    assert [tuple(image[row, column]) for row, column in ((60, 150), (20, 20))] == [(0, 0, 0), (255, 255, 255)]
    assert np.abs(image[180, 150].astype(int) - 128).max() <= 2


@pytest.mark.parametrize(
    ("turned", "shape", "corners"),
    [
        ([rotation(1)], (300, 240, 3), [GREEN, BLUE, WHITE, RED]),
        ([rotation(2)], (240, 300, 3), [BLUE, WHITE, RED, GREEN]),
        ([rotation(3)], (300, 240, 3), [WHITE, RED, GREEN, BLUE]),
        ([mirror(0)], (240, 300, 3), [WHITE, BLUE, GREEN, RED]),
        ([mirror(1)], (240, 300, 3), [GREEN, RED, WHITE, BLUE]),
        ([rotation(1), mirror(1)], (300, 240, 3), [BLUE, GREEN, RED, WHITE]),
    ],
    ids=["90", "180", "270", "top and bottom", "left and right", "both"],
)
def test_the_container_says_which_way_up(
    turned: list[bytes], shape: tuple[int, ...], corners: list[tuple[int, ...]]
) -> None:
    image = image_of(heic(picture(COLOUR, *turned)))
    assert image.shape == shape
    assert colours_at_corners(image) == corners


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_exif_does_not_turn_it_once_more(orientation: int) -> None:
    # Phones write both, and they say the same.
    block = Item(b"Exif", struct.pack(">I", 6) + b"Exif\x00\x00" + exif(orientation), references={b"cdsc": [1]})
    data = heic(picture(COLOUR, rotation(3)), block)
    assert pi_heif.open_heif(data).info["exif"].endswith(exif(orientation))
    assert colours_at_corners(image_of(data)) == [WHITE, RED, GREEN, BLUE]


def test_transparency_becomes_white_paper() -> None:
    image = image_of(heic(picture(), clear(1)))
    assert colours_at_corners(image) == [RED, GREEN, BLUE, WHITE]
    assert tuple(image[60, 150]) == (255, 255, 255)
    assert np.abs(image[180, 150].astype(int) - 191).max() <= 2
    assert np.abs(image[120, 50].astype(int) - 128).max() <= 2


@pytest.mark.parametrize("primary", [1, 2])
def test_the_primary_picture_counts_not_the_first(primary: int) -> None:
    image = image_of(heic(picture(), picture(COLOUR, rotation(2)), primary=primary))
    assert colours_at_corners(image)[0] == (RED if primary == 1 else BLUE)


def test_tiles_make_up_one_picture() -> None:
    image = image_of(heic(grid(2, 2, 580, 470, [2, 3, 4, 5]), *(picture() for _ in range(4))))
    assert image.shape == (470, 580, 3)
    assert [tuple(int(v > 200) for v in image[row, 20]) for row in (20, 260)] == [(0, 0, 1), (0, 0, 1)]


@pytest.mark.parametrize(
    ("brand", "brands"),
    [
        (b"heic", [b"mif1", b"heic"]),
        (b"heix", [b"mif1", b"heix"]),
        (b"heim", [b"mif1", b"heim"]),
        (b"hevc", [b"heic", b"mif1"]),
        (b"mif1", [b"mif1", b"heic", b"miaf"]),
        (b"mif1", [b"mif1"]),
        (b"msf1", [b"hevc", b"mif1"]),
    ],
)
def test_brands(brand: bytes, brands: list[bytes]) -> None:
    assert image_of(heic(picture(), brand=brand, brands=brands)).shape == (240, 300, 3)


@pytest.mark.parametrize(
    "data",
    [
        heic(picture(), brand=b"avif", brands=[b"avif", b"mif1"]),
        heic(picture(), brand=b"mif1", brands=[b"avif", b"miaf"]),
        heic(picture(), brand=b"isom", brands=[b"iso2", b"avc1", b"mp41"]),
        heic(picture(), brand=b"mp42", brands=[b"heic"]),
        heic(picture(), brand=b"qt  ", brands=[b"qt  "]),
        heic(Item(b"av01", COLOUR.data, [size(300, 240)]), brand=b"mif1", brands=[b"miaf"]),
        heic(grid(1, 1, 300, 240, [2]), Item(b"av01", COLOUR.data, [size(300, 240)])),
        heic(picture())[:24] + b"\x00\x00\x00\x10moov" + bytes(8),
    ],
    ids=["avif", "avif in mif1", "film", "film with pictures", "quicktime", "other coding", "other tiles", "sequence"],
)
def test_films_and_other_codings_are_not_taken_for_heic(data: bytes) -> None:
    assert refused(data).code == "file.type_not_allowed"


@pytest.mark.parametrize("kept", [0.06, 0.3, 0.6, 0.9, 0.999])
def test_cut_files_are_broken(kept: float) -> None:
    data = heic(picture(), clear(1))
    assert refused(data[: int(len(data) * kept)]).code == "file.broken"


@pytest.mark.parametrize("kept", [0.4, 0.7, 0.95])
def test_cut_files_filled_up_with_zeros_are_broken(kept: float) -> None:
    data = heic(picture())
    place = len(data) - int(len(COLOUR.data) * (1 - kept))
    assert refused(data[:place] + bytes(len(data) - place)).code == "file.broken"


def test_what_trails_behind_is_ignored() -> None:
    data = heic(picture())
    assert np.array_equal(image_of(data + b"\xff" * 100 + b"PK\x03\x04"), image_of(data))


def no_decoder(*_: object, **__: object) -> None:
    raise AssertionError("a decoder was made")


@pytest.mark.parametrize(
    ("data", "details"),
    [
        (heic(picture(declared=(30_000, 30_000))), {"width": 30_000, "height": 30_000}),
        (heic(picture(declared=(2**32 - 1, 2**32 - 1))), {"width": 2**32 - 1, "height": 2**32 - 1}),
        (heic(grid(1, 1, 300, 240, [2]), picture(declared=(30_000, 30_000))), {"width": 30_000, "height": 30_000}),
        (heic(grid(1, 1, 30_000, 30_000, [2]), picture()), {"width": 30_000, "height": 30_000}),
    ],
    ids=["large", "largest", "large tile", "large grid"],
)
def test_bombs_are_refused_from_the_header(
    data: bytes, details: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pi_heif, "open_heif", no_decoder)
    error = refused(data)
    assert (error.code, error.details) == ("file.too_many_pixels", details)


@pytest.mark.parametrize(
    "data",
    [
        heic(grid(256, 256, 300, 240, [2] * 65_535), picture()),
        heic(grid(1, 1, 300, 240, [1])),
        heic(grid(1, 1, 300, 240, [2]), grid(1, 1, 300, 240, [1])),
        heic(grid(1, 1, 300, 240, [])),
        heic(picture(), primary=9),
        heic(picture(declared=(0, 0))),
        heic(picture(), brands=[b"mif1"])[:24],
    ],
    ids=["a tile used over and over", "its own tile", "in a circle", "no tiles", "no primary", "no size", "no boxes"],
)
def test_senseless_items_are_refused_without_a_decoder(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pi_heif, "open_heif", no_decoder)
    assert refused(data).code == "file.broken"


@pytest.mark.parametrize("declared", [(296, 240), (2_000, 1_000), (240, 300)])
def test_a_picture_of_another_size_than_declared_is_broken(declared: tuple[int, int]) -> None:
    assert refused(heic(picture(declared=declared))).code == "file.broken"


def test_too_small() -> None:
    error = refused(heic(picture()), Limits(min_side=241))
    assert (error.code, error.details) == ("file.too_small", {"width": 300, "height": 240})


SOUND = [
    heic(picture()),
    heic(picture(DEEP, rotation(1))),
    heic(picture(), clear(1)),
    heic(grid(2, 1, 500, 240, [2, 3]), picture(), picture()),
]
edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 6),
        st.one_of(st.binary(max_size=6), st.sampled_from([b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff"])),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.sampled_from(SOUND), changes=edits, head=st.sampled_from([0, 24]))
def test_damaged_files(data: bytes, changes: list[tuple[float, int, bytes]], head: int) -> None:
    damaged = bytearray(data)
    for place, cut, put in changes:
        at = head + int(place * (len(damaged) - head))
        damaged[at : at + cut] = put
    limits = Limits(max_pixels=1_000_000, min_side=20)
    try:
        (page,) = decode(bytes(damaged), limits)
    except InputError as error:
        assert error.code.startswith("file.")
    else:
        assert page.image.shape[2] == 3
        assert page.image.shape[0] * page.image.shape[1] <= limits.max_pixels
