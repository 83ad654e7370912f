"""Fields of the Ministry of Education's verification report on student status (教育部学籍在线验证报告)."""

from __future__ import annotations

import re

from schemas.reading import ReadField
from verifier.compare.text import squeeze
from verifier.compare.values import read_ethnicity, read_sex
from verifier.extract.fields import beside, collect, parse_name
from verifier.extract.layout import Labels, Layout
from verifier.extract.page import ReadPage
from verifier.extract.written import in_cell, parse_day, parse_day_or_month, parse_school, parse_words

LABELS: Labels = {
    "name": ("姓名",),
    "sex": ("性别",),
    "birth_date": ("出生年月日", "出生日期"),
    "ethnicity": ("民族",),
    "school": ("学校名称", "院校名称", "所在院校", "所在学校", "就读院校", "就读学校", "学校", "院校"),
    "level": ("学历层次", "培养层次", "层次"),
    "major": ("专业名称", "所学专业", "专业"),
    "study_form": ("学习形式", "培养形式"),
    "category": ("学历类别", "学历类型", "教育类别", "教育类型", "办学类型"),
    "enrolled_on": ("入学日期", "入学时间", "入学年月"),
    "status": (re.compile(r"(?:当前|目前|现)?(?:学籍|在籍|就读|注册)状态|(?:当前|目前)状态"),),
    "expected_graduation": ("预计毕业日期", "预计毕业时间", "预计毕业年月", "预计毕(结)业日期"),
    "verify_code": ("在线验证码", "在线验证编号", "验证码"),
    "updated_on": ("报告更新日期", "更新日期", "更新时间"),
    # what only ends a value
    "other": (
        "学制", "分院", "系所", "院系", "系(所、函授站)", "班级", "学号", "考生号", "证件类型", "证件号码", "身份证号码", "身份证号",
        "校区", "验证码有效期至", "验证码有效期", "报告有效期至", "有效期至", "注意事项", "离校日期", "毕业日期", "教育部学籍在线验证报告",
    ),
}  # fmt: skip

_CODE = re.compile(r"[0-9A-Z]{10,20}", re.ASCII)


def parse_verify_code(text: str) -> str | None:
    """The code of 12 or 16 letters and digits, printed in one or in groups of four (DOMAIN.md 2.11)."""
    value = squeeze(text).strip(":,.;").replace("-", "").upper()
    return value if _CODE.fullmatch(value) else None


def parse_status(text: str) -> str | None:
    """The status as printed: 在籍(注册学籍), 不在籍(毕业) …"""
    value = parse_words(text)
    return value if value is not None and re.search(r"籍|学|业", value) else None


def read_student_status_report(page: ReadPage) -> dict[str, ReadField]:
    """The rows of the report by their labels, in one column of them or in two."""
    layout = Layout(page, LABELS)
    return collect(
        {
            "name": beside(layout, "name", parse_name),
            "sex": beside(layout, "sex", read_sex),
            "birth_date": beside(layout, "birth_date", parse_day),
            "ethnicity": beside(layout, "ethnicity", read_ethnicity),
            "school": in_cell(layout, "school", parse_school) or beside(layout, "school", parse_school),
            "level": beside(layout, "level", parse_words),
            "major": in_cell(layout, "major", parse_words),
            "study_form": beside(layout, "study_form", parse_words),
            "category": beside(layout, "category", parse_words),
            "enrolled_on": beside(layout, "enrolled_on", parse_day_or_month),
            "status": beside(layout, "status", parse_status),
            "expected_graduation": beside(layout, "expected_graduation", parse_day_or_month),
            "verify_code": beside(layout, "verify_code", parse_verify_code, under=True),
            "updated_on": beside(layout, "updated_on", parse_day),
        }
    )
