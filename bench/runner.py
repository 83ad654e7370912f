"""One engine of another make in a process of its own, as its makers set it up, for bench.ocr and bench.reading.

    python bench/runner.py paddleocr|rapidocr THREADS MODELS_DIR

Reads the path of a page (.npy, BGR) per line of stdin; answers one JSON object per line: seconds, texts, boxes (left, top,
right, bottom of each text in pixels) and rss_mb. Stands alone: RapidOCR runs in an environment without this project.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Read = Callable[[Any], list[tuple[str, list[float]]]]


def paddleocr_as_it_comes(threads: int, models_dir: Path) -> Read:
    """`PaddleOCR()` with our weights on ONNX Runtime and its own defaults for all else.

    Its three optional models (page orientation, unwarping, line orientation) are off: we do not run them either.
    """
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    from paddleocr import PaddleOCR

    (detector,) = models_dir.glob("*_det")
    (recogniser,) = models_dir.glob("*_rec")
    engine = PaddleOCR(
        text_detection_model_name=detector.name,
        text_detection_model_dir=str(detector),
        text_recognition_model_name=recogniser.name,
        text_recognition_model_dir=str(recogniser),
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
        engine_config={"intra_op_num_threads": threads, "inter_op_num_threads": 1},
    )

    def read(page: Any) -> list[tuple[str, list[float]]]:
        found = engine.predict(page)[0]
        return [(text, _bounds(corners)) for text, corners in zip(found["rec_texts"], found["rec_polys"], strict=True)]

    return read


def rapidocr_as_it_comes(threads: int, _models_dir: Path) -> Read:
    """`RapidOCR()` with its defaults; the weights in its wheel are ours. Its line orientation model is off, as above."""
    rapidocr = importlib.import_module("rapidocr")  # not in this project's environment
    params = {"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": threads}
    engine = rapidocr.RapidOCR(params=params)

    def read(page: Any) -> list[tuple[str, list[float]]]:
        found = engine(page, use_cls=False)
        if found.txts is None:
            return []
        return [(text, _bounds(corners)) for text, corners in zip(found.txts, found.boxes, strict=True)]

    return read


def _bounds(corners: Any) -> list[float]:
    points = np.asarray(corners, dtype=float)
    return [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]


ENGINES: dict[str, Callable[[int, Path], Read]] = {
    "paddleocr": paddleocr_as_it_comes,
    "rapidocr": rapidocr_as_it_comes,
}


def rss_mb() -> float:
    """Resident memory in 10^6 bytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    name, threads, models_dir = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # whatever the engine prints must not mix with the answers
    read = ENGINES[name](threads, models_dir)
    for line in sys.stdin:
        page = np.load(line.strip())
        began = time.perf_counter()
        found = read(page)
        seconds = time.perf_counter() - began
        answer = {
            "seconds": seconds,
            "texts": [text for text, _ in found],
            "boxes": [box for _, box in found],
            "rss_mb": rss_mb(),
        }
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
