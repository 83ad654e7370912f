"""Pages, desks and bad captures drawn with simple shapes: glyphs of random strokes have the statistics of Han print."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]


def glyph(height: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Six strokes in a square of `height` pixels; 255 where there is ink."""
    canvas = np.zeros((height * 4, height * 4), np.uint8)
    thick = max(1, round(height * 4 / 12))
    for _ in range(3):
        y = int(rng.integers(thick, 4 * height - thick))
        x = int(rng.integers(thick, 4 * height - thick))
        cv2.line(canvas, (int(rng.integers(thick, height)), y), (4 * height - thick, y), 255, thick)
        cv2.line(canvas, (x, thick), (x, int(rng.integers(2 * height, 4 * height - thick))), 255, thick)
    return np.asarray(cv2.resize(canvas, (height, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def page(
    width: int = 1000,
    height: int = 1414,
    text: int = 24,
    *,
    paper: int = 235,
    ink: int = 45,
    table: bool = True,
    margin: float = 0.08,
    seed: int = 1,
) -> Image:
    """A page of lines of glyphs `text` pixels high; with `table` a ruled table below."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.float32)
    left, right, top = int(width * margin), int(width * (1 - margin)), int(height * margin)
    bottom = int(height * (0.5 if table else 1 - margin))
    for y in range(top, bottom - text, int(text * 2)):
        for x in range(left, int(right - text - rng.integers(0, 3) * text * 2), int(text * 1.15)):
            mask[y : y + text, x : x + text] = np.maximum(mask[y : y + text, x : x + text], glyph(text, rng) / 255)
    if table:
        rows = np.linspace(bottom, int(height * (1 - margin)), 9).astype(int)
        columns = np.linspace(left, right, 6).astype(int)
        for y in rows:
            mask[y : y + 2, left:right] = 1
        for x in columns:
            mask[rows[0] : rows[-1] + 2, x : x + 2] = 1
        for y in rows[:-1]:
            for x in columns[:-1]:
                for k in range(2):
                    at = (slice(y + 12, y + 12 + text), slice(x + 20 + k * (text + 4), x + 20 + k * (text + 4) + text))
                    if mask[at].shape == (text, text) and at[1].stop < x + (right - left) / 5 - 6:
                        mask[at] = glyph(text, rng) / 255
    gray = paper + (ink - paper) * mask
    return np.repeat(gray.astype(np.uint8)[..., None], 3, axis=2)


def card(width: int = 860, height: int = 540, *, tint: tuple[int, int, int] = (215, 222, 212), seed: int = 3) -> Image:
    """A card: tinted, with ten short lines of print and a dark picture."""
    rng = np.random.default_rng(seed)
    out = np.full((height, width, 3), tint, np.uint8)
    text = height // 18
    for row in range(9):
        for column in range(12 if row % 2 else 9):
            y, x = int(height * 0.1) + row * int(text * 1.75), int(width * 0.06) + column * int(text * 1.2)
            ink = glyph(text, rng)[..., None].astype(np.float32) / 255
            out[y : y + text, x : x + text] = (out[y : y + text, x : x + text] * (1 - ink * 0.8)).astype(np.uint8)
    out[int(height * 0.15) : int(height * 0.7), int(width * 0.7) : int(width * 0.93)] = (90, 95, 120)
    return out


def wood(width: int, height: int, *, level: int = 110, seed: int = 5) -> Image:
    """Streaks across the picture, as of a desk."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), sigmaX=80, sigmaY=3)
    grain = grain / grain.std() * level * 0.16
    shade = np.array([0.55, 0.8, 1.05], np.float32)
    return np.clip((level + grain)[..., None] * shade, 0, 255).astype(np.uint8)


def plain(width: int, height: int, *, level: int = 60) -> Image:
    """A desk that gets lighter from left to right by a third."""
    ramp = np.linspace(level, level * 1.33, width)[None, :, None]
    return np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8)


def checks(width: int, height: int, *, level: int = 90) -> Image:
    """A chequered cloth."""
    y, x = np.indices((height, width))
    return np.repeat((level + 35 * (((x // 60) + (y // 60)) % 2)).astype(np.uint8)[..., None], 3, axis=2)


def lay(sheet: Image, desk: Image, corners: list[tuple[float, float]]) -> Image:
    """The sheet on the desk with its corners (clockwise from its top left) at `corners`, edges antialiased."""
    height, width = sheet.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.array(corners, np.float32))
    size = (desk.shape[1], desk.shape[0])
    warped = cv2.warpPerspective(sheet, matrix, size, flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size)[..., None]
    return (desk * (1 - cover) + warped * cover).astype(np.uint8)


def shaded(image: Image, darkest: float = 0.55) -> Image:
    """A shadow with a soft edge falling across the picture."""
    height, width = image.shape[:2]
    y, x = np.indices((height, width), dtype=np.float32)
    across = (x / width + y / height - 1) * 8
    return (image * (darkest + (1 - darkest) / (1 + np.exp(-across)))[..., None]).astype(np.uint8)


@lru_cache(maxsize=8)
def _noise(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def noisy(image: Image, sigma: float = 5.0, seed: int = 7) -> Image:
    return np.clip(image + sigma * _noise(image.shape, seed), 0, 255).astype(np.uint8)


def jpeg(image: Image, quality: int = 85) -> Image:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1), np.uint8)


def blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.uint8) if sigma > 0 else image


def shaken(image: Image, length: int, *, upright: bool = False) -> Image:
    """Motion blur of `length` pixels along rows, or along columns when `upright`."""
    kernel = np.ones((length, 1) if upright else (1, length), np.float32) / length
    return np.asarray(cv2.filter2D(image, -1, kernel), dtype=np.uint8)


def with_glare(image: Image, centre: tuple[float, float], radii: tuple[float, float], strength: float = 1.6) -> Image:
    """A reflection with a soft edge: light is added, most in the middle, and clips."""
    height, width = image.shape[:2]
    y, x = np.indices((height, width), dtype=np.float32)
    away = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2
    light = np.clip(strength * np.exp(-away * 1.2), 0, 1)[..., None]
    return np.clip(image * (1 - light) + 262 * light, 0, 255).astype(np.uint8)
