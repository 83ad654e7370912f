from __future__ import annotations

import cv2
import pytest

from verifier.errors import ConfigError
from verifier.ocr import paddle


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
