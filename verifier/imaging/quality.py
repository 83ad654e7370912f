"""Is a capture good enough to read? Blur, glare, cropping, size, light and contrast, measured where the text is.

Every severity runs from 0 (just past the limit) to 1 (nothing can be read there). The limits of blur come from blurring
printed and photographed pages step by step and reading them with PP-OCRv6: at 0.05 of the character height one line in
ten changes, at 0.07 one in four, at 0.13 half of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from schemas.base import Quad
from schemas.document import CaptureProblem, PageQuality, QualityProblem
from verifier.geometry import quad_from_bounds
from verifier.imaging.cropping import find_cuts
from verifier.imaging.glare import find_glare
from verifier.imaging.page import find_page
from verifier.imaging.rectify import Flat
from verifier.imaging.sharpness import Patch, measure_patches
from verifier.imaging.strokes import grey
from verifier.imaging.text_area import TextArea, find_text
from verifier.ocr.engine import Image

HIDES_FIELDS = 0.3
"""Severity from which fields are lost and the page has to be captured again; below it the page is only remarked on."""

BLUR_STARTS, BLUR_ENDS = 0.05, 0.13
"""Sigma of the blur per character height (see above). Sharp phone photos of the development set stay below 0.035."""

BLURRED_SHARE = 0.25
"""Share of the text that must be as blurred as reported: single places err (seals, pictures, slanted rules)."""

SMALL_STARTS, SMALL_ENDS = 12.0, 5.0
"""Pixels of a character's height. Recognisers look at lines of 48 pixels; strokes of Han characters merge below 10."""

DARK_STARTS, DARK_ENDS = 60.0, 15.0
"""Grey level of the paper: below 60 the camera's noise reaches the contrast of pencil and stamps."""

FAINT_STARTS, FAINT_ENDS = 0.22, 0.06
"""Mean contrast of ink to paper. Print has 0.35 to 0.6; carbon copies 0.25."""

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
}
"""What is wrong and how to do better, for the applicant."""


def measure(image: Image, flat: Flat | None = None) -> PageQuality:
    """Measure the capture of one page: BGR, uint8, shape (h, w, 3). Boxes are in pixels of `image`.

    `flat` is what `rectify.flatten` made of the same image, if it did: the page need not be found a second time.
    `acceptable` is False when a problem hides fields (severity HIDES_FIELDS and above). Nothing is raised for poor
    images; a page without any text is `blank`.
    """
    gray = grey(image)
    text = find_text(gray, find_page(image) if flat is None else flat.page)
    if text is None:
        dark = float(np.percentile(gray[::8, ::8], 90)) < NEARLY_BLACK
        return _verdict([_problem(CaptureProblem.TOO_DARK if dark else CaptureProblem.BLANK, 1.0)])
    problems = _blur(measure_patches(gray, text))
    if not problems:
        # Blur thins ink out as well; one problem is enough to be told.
        problems += _plain(CaptureProblem.LOW_CONTRAST, _between(text.contrast, FAINT_STARTS, FAINT_ENDS))
    problems += _plain(CaptureProblem.TOO_SMALL, _between(text.height * text.factor, SMALL_STARTS, SMALL_ENDS))
    problems += _plain(CaptureProblem.TOO_DARK, _between(text.paper, DARK_STARTS, DARK_ENDS))
    problems += [_problem(CaptureProblem.GLARE, g.severity, _box(g.box, text)) for g in find_glare(text)]
    problems += [_problem(CaptureProblem.CROPPED, c.severity, _box(c.box, text)) for c in find_cuts(text)]
    return _verdict(problems)


def _blur(patches: tuple[Patch, ...]) -> list[QualityProblem]:
    """Blurred when a quarter of the measured places is; the box holds the blurred ones unless they are nearly all."""
    if not patches:
        return []
    blur = np.array([patch.blur for patch in patches])
    weight = np.array([patch.weight for patch in patches])
    # From the most blurred place on: the level that a quarter of the text reaches.
    order = np.argsort(-blur)
    reached = np.cumsum(weight[order]) > BLURRED_SHARE * weight.sum()
    severity = _between(float(blur[order][reached][0]), BLUR_STARTS, BLUR_ENDS)
    if severity <= 0:
        return []
    boxes = np.array([patch.box for patch in patches])[blur > BLUR_STARTS]
    if len(boxes) >= 0.8 * len(patches):
        return [_problem(CaptureProblem.BLURRED, severity)]
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    return [_problem(CaptureProblem.BLURRED, severity, quad_from_bounds(*map(float, (left, top, right, bottom))))]


def _between(value: float, starts: float, ends: float) -> float:
    """0 at `starts`, 1 at `ends` and beyond, negative before `starts`."""
    return min(1.0, (value - starts) / (ends - starts))


def _plain(kind: CaptureProblem, severity: float) -> list[QualityProblem]:
    return [_problem(kind, severity)] if severity > 0 else []


def _problem(kind: CaptureProblem, severity: float, box: Quad | None = None) -> QualityProblem:
    return QualityProblem(kind=kind, severity=round(severity, 3), box=box, message=MESSAGES[kind])


def _box(box: tuple[float, float, float, float], text: TextArea) -> Quad:
    left, top, right, bottom = (round(value * text.factor, 1) for value in box)
    return quad_from_bounds(left, top, right, bottom)


def _verdict(problems: Iterable[QualityProblem]) -> PageQuality:
    worst_first = tuple(sorted(problems, key=lambda problem: -problem.severity))
    return PageQuality(acceptable=all(problem.severity < HIDES_FIELDS for problem in worst_first), problems=worst_first)
