"""Fields of a hospital's own report (体检报告): whose it is, where and when. Its results are not read (DOMAIN.md 2.2, 5.4)."""

from __future__ import annotations

from schemas.reading import ReadField
from verifier.compare.values import read_sex
from verifier.extract.fields import beside, collect, make_field, parse_name
from verifier.extract.layout import Labels, Layout
from verifier.extract.medical_exam_form import parse_hospital
from verifier.extract.page import ReadPage
from verifier.extract.written import parse_day

LABELS: Labels = {
    "name": ("受检者姓名", "受检人姓名", "体检者姓名", "姓名", "受检者", "受检人", "体检人"),
    "sex": ("性别",),
    "hospital": ("体检医院", "体检机构名称", "体检机构", "体检单位", "检查医院", "检查机构", "医院名称"),
    "exam_date": ("体检日期", "体检时间", "检查日期", "检查时间", "受检日期", "登记日期", "到检日期"),
    # what only ends a value
    "other": (
        "年龄", "民族", "婚否", "婚姻状况", "出生日期", "出生年月", "证件号码", "身份证号码", "身份证号", "体检编号", "体检号", "编号",
        "条码号", "工作单位", "单位名称", "单位", "部门", "联系电话", "联系方式", "手机", "电话", "报告日期", "报告时间", "打印日期",
        "审核日期", "总检日期", "总检医师", "总检医生", "主检医师", "体检类型", "体检套餐", "套餐名称", "地址",
    ),
}  # fmt: skip


def _hospital(layout: Layout) -> ReadField | None:
    """Beside its label, else the largest line that names a hospital: a report carries its hospital's name as its head."""
    field = beside(layout, "hospital", parse_hospital, wraps=True)
    if field is not None:
        return field
    heads = [(token, name) for token in layout.text_tokens() if (name := parse_hospital(token.text)) is not None]
    if not heads:
        return None
    token, name = max(heads, key=lambda pair: (round(pair[0].height / 4), -pair[0].middle))
    return make_field(layout, [token], name, None)


def read_hospital_report(page: ReadPage) -> dict[str, ReadField]:
    """Name, sex, hospital and day of the examination, from the cover or the head of a page."""
    layout = Layout(page, LABELS, ruled=True)
    return collect(
        {
            "name": beside(layout, "name", parse_name),
            "sex": beside(layout, "sex", read_sex),
            "hospital": _hospital(layout),
            "exam_date": beside(layout, "exam_date", parse_day),
        }
    )
