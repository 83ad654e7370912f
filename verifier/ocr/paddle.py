"""PaddleOCR behind the Engine protocol: text detection and recognition on ONNX Runtime, in this process.

The two PaddleOCR models are called one by one instead of through its pipeline: strips are cut at full resolution and
grouped by width, so that little of what the recogniser computes is padding. PaddleX's decoder of the recogniser is
replaced by one that hands on the probabilities, so that a close look at a crop also says what else it may hold.
bench/README.md has the measurements behind the numbers here. Not thread-safe (PaddleOCR is not), not to be used after a
fork (ONNX Runtime is not): workers go through verifier.ocr.host.
"""

from __future__ import annotations

import importlib.metadata
import logging
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.reading import Line
from verifier.errors import ConfigError
from verifier.geometry import quad_from_points
from verifier.ocr import ctc, models
from verifier.ocr.engine import Alternative, Image, Recognition
from verifier.ocr.strips import cut, groups_of_like_width, reading_order, to_strip, upright_corners

CV2_VERSION = "4.10"
CV2_DISTRIBUTIONS = (
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
    "opencv-python",
    "opencv-python-headless",
)

DETECTION_SIDE = 960
"""Longest side of the page, in pixels, as the detector sees it; smaller pages are not enlarged."""

DENSE_SIDE = 1280
DENSE_LINES = 60
"""A page with this many lines has small ones: it is looked at again at DENSE_SIDE. That found the lines of health forms
whose decimal points 960 lost, and changed nothing on other documents (bench/README.md). Going straight to 1280 would
cost every page 0.1-0.3 s of both cores."""

WIDTH_STEP = 32
MAX_GROUP_WIDTH = 1280
"""Strips whose widths fall into one step share a call of the recogniser while they are this wide together."""

WORTH_TELLING = math.log(0.02)
"""Natural logarithm of how likely another text must be, beside the best one, to be answered with it."""


class PaddleEngine:
    """An Engine that runs in this process; ignores deadlines, see the protocol.

    `threads` are those of each ONNX Runtime session and of OpenCV. `detection_side` and `dense_side` are the longest
    sides, in pixels, at which a page and a page full of small lines are searched for text. Raises ModelsError when the
    weights in `models_dir` are not whole and ConfigError when more than one cv2, or another than 4.10, is installed.
    """

    def __init__(
        self, models_dir: Path, *, threads: int, detection_side: int = DETECTION_SIDE, dense_side: int = DENSE_SIDE
    ) -> None:
        check_cv2()
        found = models.check(models_dir)
        self._name = found.name
        self._detection_side = detection_side
        self._dense_side = dense_side
        cv2.setNumThreads(threads)
        self._detector, self._recogniser = _load(found, threads)
        self._characters: Sequence[str] = self._recogniser.paddlex_predictor.post_op.character
        self._recogniser.paddlex_predictor.post_op = _hand_on

    @property
    def name(self) -> str:
        return self._name

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:  # noqa: ARG002 (see the class)
        boxes = self._detect(image, self._detection_side)
        seen_smaller = max(image.shape[:2]) > self._detection_side
        if len(boxes) >= DENSE_LINES and seen_smaller and self._dense_side > self._detection_side:
            boxes = self._detect(image, self._dense_side)
        corners = [upright_corners(box) for box in boxes]
        corners = [corners[i] for i in reading_order(corners)]
        strips = [cut(image, c) for c in corners]
        answers = {i: ctc.best_path(columns) for i, columns in self._columns(strips)}
        return tuple(
            Line(text=text, score=answers[i][1], box=quad_from_points(c))
            for i, c in enumerate(corners)
            if (text := self._spell(answers[i][0]))
        )

    def recognise(
        self,
        crops: Sequence[Image],
        *,
        deadline_s: float = 60.0,  # noqa: ARG002
    ) -> tuple[Recognition, ...]:
        strips = [to_strip(crop) for crop in crops]
        answers = {i: self._recognition(columns) for i, columns in self._columns(strips)}
        return tuple(answers[i] for i in range(len(strips)))

    def _recognition(self, columns: ctc.Columns) -> Recognition:
        labels, score = ctc.best_path(columns)
        found = ctc.likeliest_texts(columns)
        # The path and the sum over paths may disagree about the best text by a hair: the path is what `read` answers.
        own = next((total for text, total in found if text == labels), found[0][1] if found else 0.0)
        others = tuple(
            Alternative(text=self._spell(text), likelihood=min(1.0, math.exp(total - own)))
            for text, total in found
            if text != labels and total - own >= WORTH_TELLING
        )
        return Recognition(text=self._spell(labels), score=score, others=others)

    def _spell(self, labels: ctc.Labels) -> str:
        return "".join(self._characters[label] for label in labels)

    def _detect(self, image: Image, side: int) -> list[NDArray[np.int16]]:
        (found,) = self._detector.predict(image, batch_size=1, limit_side_len=side, limit_type="max")
        return list(found["dt_polys"])

    def _columns(self, strips: Sequence[Image]) -> Iterator[tuple[int, ctc.Columns]]:
        """Index and probabilities of each strip, in the order of the recogniser's calls."""
        widths = [strip.shape[1] for strip in strips]
        for group in groups_of_like_width(widths, floor=models.MIN_STRIP_WIDTH, step=WIDTH_STEP, total=MAX_GROUP_WIDTH):
            results = self._recogniser.predict([strips[i] for i in group], batch_size=len(group))
            for i, result in zip(group, results, strict=True):
                yield i, result["rec_text"]


def check_cv2() -> None:
    """Two wheels that carry cv2 overwrite each other's files and nothing complains until something is subtly wrong.

    Raises ConfigError naming cv2.
    """
    installed = [name for name in CV2_DISTRIBUTIONS if _is_installed(name)]
    if len(installed) != 1:
        raise ConfigError(name="cv2", why=f"installed from {len(installed)} distributions: {', '.join(installed)}")
    if not cv2.__version__.startswith(f"{CV2_VERSION}."):
        raise ConfigError(name="cv2", why=f"version {cv2.__version__}, not {CV2_VERSION}")


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _hand_on(predictions: Sequence[NDArray[np.float32]], **_options: object) -> tuple[list[ctc.Columns], list[float]]:
    """In the place of PaddleX's decoder, whose texts and scores become probabilities here, and zeros."""
    return list(predictions[0]), [0.0] * len(predictions[0])


def _load(found: models.Models, threads: int) -> tuple[Any, Any]:
    """PaddleOCR's detector and recogniser. The import takes two seconds, and loading chats on stderr unless hushed."""
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that PaddleOCR brings along
        import paddleocr
    for noisy in ("paddlex", "ppocr", "paddleocr"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    options = {"intra_op_num_threads": threads, "inter_op_num_threads": 1, "log_severity_level": 3}
    # Without an arena the detector gives a page's memory back: 330 MB less at rest for 0.04 s per page.
    frugal = {**options, "enable_cpu_mem_arena": False}
    common = {"device": "cpu", "engine": "onnxruntime"}
    detector = paddleocr.TextDetection(
        model_name=found.detector.name, model_dir=str(found.detector), engine_config=frugal, **common
    )
    recogniser = paddleocr.TextRecognition(
        model_name=found.recogniser.name, model_dir=str(found.recogniser), engine_config=options, **common
    )
    return detector, recogniser
