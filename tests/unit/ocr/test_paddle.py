from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from verifier.errors import ConfigError
from verifier.ocr import paddle
from verifier.ocr.engine import Image

ROOT = Path(__file__).resolve().parents[3]


def strip(text: str, *, blur: float = 0.0) -> Image:
    paper = np.full((64, 520, 3), 255, dtype=np.uint8)
    cv2.putText(paper, text, (20, 48), cv2.FONT_HERSHEY_DUPLEX, 1.4, (0, 0, 0), 2, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(paper, (0, 0), blur) if blur else paper, dtype=np.uint8)


def test_this_environment_has_one_cv2_of_the_right_version() -> None:
    paddle.check_cv2()


def test_two_cv2_distributions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paddle, "CV2_DISTRIBUTIONS", ("opencv-contrib-python", "numpy"))
    with pytest.raises(ConfigError) as caught:
        paddle.check_cv2()
    assert caught.value.details["name"] == "cv2"
    assert "opencv-contrib-python, numpy" in str(caught.value.details["why"])


def test_another_cv2_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "__version__", "5.0.0")
    with pytest.raises(ConfigError) as caught:
        paddle.check_cv2()
    assert "5.0.0" in str(caught.value.details["why"])


@pytest.mark.ocr
def test_a_crop_says_what_else_it_may_hold() -> None:
    engine = paddle.PaddleEngine(Path(os.environ.get("VERIFIER_MODELS_DIR") or ROOT / "models"), threads=1)
    clear, blurred = engine.recognise([strip("440114199608123428"), strip("440114199608123428", blur=10.0)])
    assert (clear.text, clear.others) == ("440114199608123428", ())
    assert clear.score > blurred.score
    likelihoods = [other.likelihood for other in blurred.others]
    assert likelihoods and likelihoods == sorted(likelihoods, reverse=True)
    assert all(other.text != blurred.text for other in blurred.others)
    page = np.full((400, 900, 3), 255, dtype=np.uint8)
    page[100:164, 100:620] = strip("440114199608123428")
    (read,) = engine.read(page)
    assert read.text == clear.text, "the page and the crop are decoded alike"
    assert engine.recognise([]) == ()
