"""Is a capture good enough to read? Blur, glare, cropping, size, light and contrast, measured where the text is.

Every severity runs from 0 (just past the limit) to 1 (nothing can be read there). The limits come from making scanned and
photographed pages of five types worse step by step and reading them with PP-OCRv6 (share of fields right): blurred by 0.06
of the character height 100 %, 0.08 97 %, 0.1 93 %, 0.13 74 %; characters of 10 pixels 99 %, 8 94 %, 6 52 %; paper of
grey level 35 100 %, 19 89 %; ink a fifth as deep as print 98 %, a tenth 94 %.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from schemas.base import Quad
from schemas.document import HIDES_FIELDS, CaptureProblem, PageQuality, QualityProblem
from verifier.geometry import Bounds, quad_from_bounds, quad_from_points
from verifier.imaging.cropping import find_cuts
from verifier.imaging.glare import find_glare
from verifier.imaging.moire import find_moire
from verifier.imaging.page import FoundPage, find_page
from verifier.imaging.rectify import Flat
from verifier.imaging.regions import NEARLY_ALL, Grid, divide, join, level_reached
from verifier.imaging.sharpness import Patch, measure_patches
from verifier.imaging.strokes import Glyphs, grey
from verifier.imaging.text_area import ENOUGH, TextArea, find_text, strong_contrast, typical_height
from verifier.imaging.texture import has_many_colours, has_structure, is_texture
from verifier.ocr.engine import Image

BLUR_STARTS, BLUR_ENDS = 0.06, 0.15
"""Sigma of the blur per character height (see above). Sharp phone photos of the development set stay below 0.035."""

WIDESPREAD = 0.25
"""Share of the text that must be as bad as reported before a page is unacceptable for it: single places err (seals,
pictures, slanted rules)."""

LEAST_SHARE, LEAST_PLACES, LEAST_SEVERITY = 0.1, 3, 0.1
"""Share of the text, number of measured places, and severity from which less than that is remarked on."""

LOCAL_CAP = 0.29
"""Severity of what concerns less than WIDESPREAD of the text, at most: below HIDES_FIELDS."""

MIN_BLOCK_GLYPHS = 6
"""Marks from which a block's light is judged."""

SMALL_STARTS, SMALL_ENDS = 12.0, 5.0
"""Pixels of a character's height. Recognisers look at lines of 48 pixels; strokes of Han characters merge below 10."""

DARK_STARTS, DARK_ENDS = 40.0, 12.0
"""Grey level of the paper: below 40 the camera's noise reaches the contrast of pencil and stamps."""

FAINT_STARTS, FAINT_ENDS = 0.18, 0.05
"""Mean contrast of ink to paper. Print has 0.35 to 0.6; carbon copies 0.25."""

WAVES_START, WAVES_END = 0.3, 0.9
"""Height of a screen's waves as a share of the ink's depth. Recognisers read through waves of a third of it."""

NEARLY_BLACK = 40
"""When even the brightest tenth of a page without text is darker than this, light is what is missing."""

MESSAGES: dict[CaptureProblem, str] = {
    CaptureProblem.BLURRED: "文字模糊,看不清楚。请擦净镜头,拿稳手机,对准文字对焦后重新拍摄。",
    CaptureProblem.GLARE: "画面有反光,遮住了部分文字。请避开灯光直射,关闭闪光灯,换个角度重新拍摄。",
    CaptureProblem.CROPPED: "页面没有拍完整,边缘的文字被截断。请把材料四角都拍进画面后重新拍摄。",
    CaptureProblem.TOO_SMALL: "文字太小,无法辨认。请靠近材料,让材料占满画面,并上传原图。",
    CaptureProblem.TOO_DARK: "画面太暗。请在光线充足、均匀的地方重新拍摄。",
    CaptureProblem.LOW_CONTRAST: "字迹太浅,与纸张难以区分。请在光线均匀处重新拍摄,或使用原件扫描。",
    CaptureProblem.BLANK: "页面上没有发现文字。请确认没有拍到空白页,并对准材料重新拍摄。",
    CaptureProblem.MOIRE: "画面有屏幕条纹,像是翻拍的屏幕。请直接拍摄纸质材料,电子材料请上传原文件或截图。",
    CaptureProblem.PHOTOCOPY: "这页看起来是黑白复印件。请尽量拍摄带彩色印章的原件。",
    CaptureProblem.MIRRORED: "画面左右颠倒。请关闭前置摄像头的镜像,用后置摄像头重新拍摄。",
    CaptureProblem.NOT_A_DOCUMENT: "画面里没有找到材料。请对准材料,让材料占满画面后重新拍摄。",
}
"""What is wrong and how to do better, for the applicant."""


def measure(image: Image, flat: Flat | None = None) -> PageQuality:
    """Measure the capture of one page: BGR, uint8, shape (h, w, 3). Boxes are in pixels of `image`.

    `flat` is what `rectify.flatten` made of the same image, if it did: the page need not be found a second time. What is
    wrong in a part of the page only has a box around it. `acceptable` is False when a problem hides fields (severity
    HIDES_FIELDS and above); what is wrong with less than WIDESPREAD of the text is only remarked on, since nothing is
    known yet about what stands there. Nothing is raised for poor images; a page without any text is `blank`.
    """
    gray = grey(image)
    page = find_page(image) if flat is None else flat.page
    text = find_text(gray, page)
    if text is None:
        return verdict([problem(_nothing(image, gray, page), 1.0)])
    grid = divide(text)
    problems = _blur(measure_patches(gray, text, grid), text, grid)
    problems += _light(text, grid, faint=not problems)
    problems += _plain(CaptureProblem.TOO_SMALL, _between(_height(text), SMALL_STARTS, SMALL_ENDS))
    problems += [problem(CaptureProblem.GLARE, g.severity, _scaled(g.quad, text)) for g in find_glare(text)]
    problems += [problem(CaptureProblem.CROPPED, c.severity, _box(c.box, text)) for c in find_cuts(text)]
    problems += _waves(image, text, grid)
    found = verdict(problems)
    if not found.acceptable and _shows_no_paper(image, gray, text):
        # Whatever else is wrong, better light or focus would not make a document of it.
        return verdict([problem(CaptureProblem.NOT_A_DOCUMENT, 1.0), *found.problems])
    return found


def _shows_no_paper(image: Image, gray: NDArray[np.uint8], text: TextArea) -> bool:
    return (text.page is None and is_texture(gray, text.height * text.factor)) or has_many_colours(image)


def _nothing(image: Image, gray: NDArray[np.uint8], page: FoundPage | None) -> CaptureProblem:
    """What to call a picture without text."""
    if float(np.percentile(gray[::8, ::8], 90)) < NEARLY_BLACK:
        return CaptureProblem.TOO_DARK
    if has_many_colours(image) or (page is None and has_structure(gray)):
        return CaptureProblem.NOT_A_DOCUMENT
    return CaptureProblem.BLANK


def _waves(image: Image, text: TextArea, grid: Grid) -> list[QualityProblem]:
    """Waves are told however weak; they make a page unreadable only when they are about as deep as the ink."""
    moire = find_moire(image, text, grid)
    if moire is None:
        return []
    depth = moire.height / (text.contrast * text.paper)
    return [problem(CaptureProblem.MOIRE, max(LEAST_SEVERITY, _between(depth, WAVES_START, WAVES_END)))]


def _blur(patches: tuple[Patch, ...], text: TextArea, grid: Grid) -> list[QualityProblem]:
    blur = np.array([patch.blur for patch in patches])
    weights = np.array([patch.weight for patch in patches])
    blocks = np.array([patch.block for patch in patches], dtype=np.int64)
    severities = np.minimum(1.0, (blur - BLUR_STARTS) / (BLUR_ENDS - BLUR_STARTS))
    boxes = [patch.box for patch in patches]
    return _regional(CaptureProblem.BLURRED, severities, weights, boxes, blocks, text, grid)


def _light(text: TextArea, grid: Grid, *, faint: bool) -> list[QualityProblem]:
    """Paper too dark, and ink too pale when `faint` (blur thins ink out as well: one problem is enough to be told)."""
    glyphs = _strong(text.glyphs)
    of_glyph = grid.places(glyphs.centres)
    blocks, counts = np.unique(of_glyph, return_counts=True)
    blocks = blocks[counts >= MIN_BLOCK_GLYPHS]
    members = [of_glyph == block for block in blocks]
    if not members:
        blocks, members = np.zeros(1, np.int64), [np.ones(len(glyphs), np.bool_)]
    weights = np.array([float(here.sum()) for here in members])
    boxes = [_extent(glyphs.boxes[here]) for here in members]
    paper = np.array([float(np.median(glyphs.paper[here])) for here in members])
    contrast = np.array([float(np.median(glyphs.contrast[here])) for here in members])
    dark = np.minimum(1.0, (paper - DARK_STARTS) / (DARK_ENDS - DARK_STARTS))
    pale = np.minimum(1.0, (contrast - FAINT_STARTS) / (FAINT_ENDS - FAINT_STARTS))
    found = _regional(CaptureProblem.TOO_DARK, dark, weights, boxes, blocks, text, grid)
    if faint:
        found += _regional(CaptureProblem.LOW_CONTRAST, pale, weights, boxes, blocks, text, grid)
    return found


def _regional(
    kind: CaptureProblem,
    severities: NDArray[np.float64],
    weights: NDArray[np.float64],
    boxes: list[Bounds],
    blocks: NDArray[np.int64],
    text: TextArea,
    grid: Grid,
) -> list[QualityProblem]:
    """One problem per region, or a single one without a box when it concerns nearly all of the text."""
    regions = join(grid, blocks, severities, weights, boxes) if len(severities) else ()
    share = sum(region.share for region in regions)
    worth_saying = [
        region
        for region in regions
        if region.share >= LEAST_SHARE and region.places >= LEAST_PLACES and region.severity >= LEAST_SEVERITY
    ]
    reached = level_reached(severities, weights, WIDESPREAD) if regions else 0.0
    if share >= NEARLY_ALL:
        return _plain(kind, reached)
    if reached <= 0:
        # Below the limit that makes a page unacceptable: the reading tells whether it matters.
        return [problem(kind, min(r.severity, LOCAL_CAP), _box(r.box, text)) for r in worth_saying]
    # The worst region speaks for the whole text, small ones beside it only for themselves.
    first, *others = regions
    return [
        problem(kind, max(reached, first.severity), _box(first.box, text)),
        *(problem(kind, r.severity, _box(r.box, text)) for r in others if r in worth_saying),
    ]


def _strong(glyphs: Glyphs) -> Glyphs:
    """The marks that are certainly text: grain and artwork are paler, and may be more."""
    strong = glyphs.select(glyphs.contrast >= strong_contrast(glyphs))
    return strong if len(strong) >= ENOUGH else glyphs


def _height(text: TextArea) -> float:
    """Height of the text's characters in pixels of the image."""
    return typical_height(_strong(text.glyphs)) * text.factor


def _extent(boxes: NDArray[np.int32]) -> Bounds:
    """Around (left, top, width, height) rows."""
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0).tolist()
    return float(left), float(top), float(right), float(bottom)


def _between(value: float, starts: float, ends: float) -> float:
    """0 at `starts`, 1 at `ends` and beyond, negative before `starts`."""
    return min(1.0, (value - starts) / (ends - starts))


def _plain(kind: CaptureProblem, severity: float) -> list[QualityProblem]:
    return [problem(kind, severity)] if severity > 0 else []


def problem(kind: CaptureProblem, severity: float, box: Quad | None = None) -> QualityProblem:
    """A problem with its sentence for the applicant; the box in pixels of the page as uploaded, None for all of it."""
    return QualityProblem(kind=kind, severity=round(severity, 3), box=box, message=MESSAGES[kind])


def _box(box: Bounds, text: TextArea) -> Quad:
    return _scaled(quad_from_bounds(*box), text)


def _scaled(quad: Quad, text: TextArea) -> Quad:
    """A quad of the copy in pixels of the image, inside it."""
    height, width = text.gray.shape
    inside = np.clip(np.array(quad, dtype=np.float64), 0.0, [width, height])
    return quad_from_points(inside * text.factor)


def verdict(problems: Iterable[QualityProblem]) -> PageQuality:
    """The problems, worst first; acceptable when none of them hides fields."""
    worst_first = tuple(sorted(problems, key=lambda each: -each.severity))
    return PageQuality(acceptable=all(each.severity < HIDES_FIELDS for each in worst_first), problems=worst_first)
