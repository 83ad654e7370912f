"""Usual findings of a health form."""

from __future__ import annotations

import pytest

from verifier.compare.findings import is_usual_finding


@pytest.mark.parametrize(
    "text",
    [
        "正常", "未见异常", "无异常", "心肺膈未见异常", "两肺未见明显异常", "心肺未见明显异常", "双肺、心、膈未见异常", "心肺膈正常",
        "色觉正常", "色弱", "红绿色盲", "阴性", "阴性(-)", "(-)", "未检出", "未检", "拒检", "未见活动性病变",
    ],
)  # fmt: skip
def test_what_doctors_usually_write(text: str) -> None:
    assert is_usual_finding(text)


@pytest.mark.parametrize(
    "text", ["正旁", "未见异旁", "无异旁", "两肺杀见明显异旁", "右上肺结节", "37IU/L", "血、", "", "正常正常"]
)
def test_what_is_misread_or_out_of_the_ordinary(text: str) -> None:
    assert not is_usual_finding(text)
