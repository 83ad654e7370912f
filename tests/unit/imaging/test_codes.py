"""Codes are made by zxing-cpp itself and laid on pages at every angle."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import zxingcpp

from verifier.geometry import bounds, centre
from verifier.imaging import codes
from verifier.ocr.engine import Image


def drawn(text: str, kind: zxingcpp.BarcodeFormat, scale: int = 5) -> Image:
    grey = np.array(zxingcpp.create_barcode(text, kind).to_image(scale=scale))
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def page_with(code: Image, left: int = 300, top: int = 400) -> Image:
    page = np.full((1400, 1000, 3), 245, np.uint8)
    page[top : top + code.shape[0], left : left + code.shape[1]] = code
    return page


def turned(page: Image, degrees: float) -> Image:
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(page, matrix, (width, height), borderValue=(245, 245, 245))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (zxingcpp.BarcodeFormat.QRCode, "QRCode"),
        (zxingcpp.BarcodeFormat.Code128, "Code128"),
        (zxingcpp.BarcodeFormat.PDF417, "PDF417"),
        (zxingcpp.BarcodeFormat.DataMatrix, "DataMatrix"),
    ],
)
@pytest.mark.parametrize("degrees", [0.0, 90.0, 173.0])
def test_format_text_and_place(kind, name, degrees):
    page = turned(page_with(drawn("HD20260001234", kind, 3)), degrees)
    (found,) = codes.find(page)
    assert (found.format, found.text) == (name, "HD20260001234")
    left, top, right, bottom = bounds(found.box)
    assert 0 <= left <= right <= 1000
    assert 0 <= top <= bottom <= 1400


def test_box_is_in_pixels_of_the_page_even_when_it_had_to_be_enlarged():
    small = cv2.resize(page_with(drawn("A" * 40, zxingcpp.BarcodeFormat.QRCode, 4)), None, fx=0.4, fy=0.4)
    (found,) = codes.find(cv2.GaussianBlur(small, (3, 3), 0.5))
    side = zxingcpp.create_barcode("A" * 40, zxingcpp.BarcodeFormat.QRCode).to_image(scale=4).shape[0]
    assert centre(found.box) == pytest.approx(((300 + side / 2) * 0.4, (400 + side / 2) * 0.4), abs=3)


def test_tilted_shaded_photograph():
    page = page_with(drawn("https://example.org/v?c=1234", zxingcpp.BarcodeFormat.QRCode, 6))
    before = np.array([[0, 0], [1000, 0], [1000, 1400], [0, 1400]], np.float32)
    after = np.array([[120, 100], [900, 160], [970, 1330], [30, 1250]], np.float32)
    photo = cv2.warpPerspective(
        page, cv2.getPerspectiveTransform(before, after), (1000, 1400), borderValue=(50, 70, 90)
    )
    photo = (photo * np.linspace(1.0, 0.5, 1000)[None, :, None]).astype(np.uint8)
    (found,) = codes.find(photo)
    assert found.text == "https://example.org/v?c=1234"


def test_several_codes_from_top_to_bottom():
    page = page_with(drawn("LOWER", zxingcpp.BarcodeFormat.QRCode), top=900)
    upper = drawn("UPPER-1", zxingcpp.BarcodeFormat.Code128, 3)
    page[100 : 100 + upper.shape[0], 200 : 200 + upper.shape[1]] = upper
    assert [(code.format, code.text) for code in codes.find(page)] == [("Code128", "UPPER-1"), ("QRCode", "LOWER")]


def test_chinese_text():
    (found,) = codes.find(page_with(drawn("样本:在线验证", zxingcpp.BarcodeFormat.QRCode)))
    assert found.text == "样本:在线验证"


def test_pattern_that_only_looks_like_a_code():
    modules = np.random.default_rng(11).integers(0, 2, (29, 29), dtype=np.uint8) * 255
    for y, x in ((0, 0), (0, 22), (22, 0)):
        modules[y : y + 7, x : x + 7] = 0
        modules[y + 1 : y + 6, x + 1 : x + 6] = 255
        modules[y + 2 : y + 5, x + 2 : x + 5] = 0
    pattern = cv2.cvtColor(np.kron(modules, np.ones((8, 8), np.uint8)), cv2.COLOR_GRAY2BGR)
    assert codes.find(page_with(pattern)) == ()


def test_table_rules_are_no_code():
    page = np.full((1400, 1000, 3), 245, np.uint8)
    for x in (100, 108, 130, 138, 190, 320, 331, 470, 640, 652, 800, 900):
        cv2.line(page, (x, 200), (x, 1200), (20, 20, 20), 3)
    for y in range(200, 1201, 50):
        cv2.line(page, (100, y), (900, y), (20, 20, 20), 2)
    assert codes.find(page) == ()


def test_short_code39_is_taken_for_rules():
    assert codes.find(page_with(drawn("A1", zxingcpp.BarcodeFormat.Code39, 3))) == ()
    (found,) = codes.find(page_with(drawn("TJ20260815", zxingcpp.BarcodeFormat.Code39, 3), left=100))
    assert (found.format, found.text) == ("Code39", "TJ20260815")


def test_blank_page():
    assert codes.find(np.full((600, 400, 3), 255, np.uint8)) == ()


@pytest.mark.parametrize("upright", [True, False])
def test_a_blurred_bar_code(upright):
    bars = cv2.resize(drawn("HD20263426094", zxingcpp.BarcodeFormat.Code128, 3)[:50], (300, 46))
    page = page_with(bars, 500, 120)
    photo = cv2.GaussianBlur(page, (0, 0), 1.3)
    photo = np.clip(photo * 0.8 + np.random.default_rng(3).normal(0, 4, photo.shape), 0, 255).astype(np.uint8)
    turned_page = photo if upright else np.ascontiguousarray(photo.transpose(1, 0, 2))
    assert not codes._decode(np.ascontiguousarray(turned_page[:, :, 0]), 1.0), "the plain look must not be enough"
    (found,) = codes.find(turned_page)
    assert (found.format, found.text) == ("Code128", "HD20263426094")
    x, y = centre(found.box) if upright else centre(found.box)[::-1]
    assert (x, y) == pytest.approx((500 + 150, 120 + 23), abs=25)


def test_stripes_that_are_no_code():
    page = np.full((1400, 1000, 3), 245, np.uint8)
    page[300:360, 200:800:6] = 40
    assert codes.find(cv2.GaussianBlur(page, (0, 0), 1.0)) == ()
