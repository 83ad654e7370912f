"""Where the fields of a document stand on its pages: those read, and those that were not but should be there.

A field not read stands right of its label. Where the label was not read either, it stands between the fields that come before
and after it on the same page: documents list their fields in much the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.base import Quad
from schemas.document import FIELDS, DocumentType
from schemas.reading import ReadField
from verifier.extract.layout import Labels, Layout
from verifier.extract.page import ReadPage
from verifier.geometry import Bounds, bounds, quad_from_bounds

WORDS: Labels = {
    "name": ("姓名", "乙方姓名", "劳动者姓名"),
    "sex": ("性别",),
    "ethnicity": ("民族",),
    "birth_date": ("出生日期", "出生年月日", "出生年月", "出生"),
    "id_number": (
        "公民身份号码", "居民身份证号码", "身份证号码", "身份证件号码", "身份证号", "证件号码", "社会保障号码",
    ),
    "address": ("住址",),
    "hukou_address": ("常住户口所在地", "户籍所在地", "户籍地址"),
    "current_address": ("现居住地址", "居住地址", "现住址", "现居住地"),
    "issuing_authority": ("签发机关", "发证机关"),
    "issue_date": ("签发日期", "发证日期", "出具日期"),
    "valid_to": ("有效期限", "有效期至", "有效期"),
    "pass_number": ("通行证号码",),
    "household_no": ("户号",),
    "head_name": ("户主姓名",),
    "conclusion": ("体检结论", "主检医师意见", "检查结论", "体检意见"),
    "chief_physician": ("主检医师签名", "主检医师签字", "主检医师"),
    "hospital": ("体检医院", "体检机构", "医院名称"),
    "exam_date": ("体检日期", "检查日期"),
    "blood_pressure": ("血压",),
    "heart_rate": ("心率", "脉搏"),
    "height_cm": ("身高",),
    "weight_kg": ("体重",),
    "alt": ("谷丙转氨酶", "丙氨酸氨基转移酶", "转氨酶"),
    "employer": ("单位名称", "用人单位", "工作单位", "甲方"),
    "uscc": ("统一社会信用代码", "信用代码"),
    "position": ("工作岗位", "岗位", "职务"),
    "term_end": ("合同终止日期", "终止日期", "合同期限"),
    "printed_on": ("打印日期", "打印时间", "出具日期"),
    "school": ("学校名称", "院校名称", "学校", "院校"),
    "status": ("学籍状态", "学籍状况"),
    "student_no": ("学号",),
}  # fmt: skip
"""Labels of fields that stand beside one, in the words most issuers use: enough to find a place, whatever the reader of the
type knows besides."""

ROW = 2.4
"""Heights of a line from one row of a page to the next."""


@dataclass(frozen=True)
class Place:
    """Where a field stands, in pixels of its page as uploaded. `field` is what was read there, None for nothing;
    `labelled` says that its label was read (always so for a field that was)."""

    page: int
    box: Quad
    field: ReadField | None
    labelled: bool = True


def places_of(kind: DocumentType, parts: Sequence[ReadPage], fields: Mapping[str, ReadField]) -> dict[str, Place]:
    """Places of the fields of a type, as far as they can be told. `parts` are the papers the fields were read from."""
    places = {name: Place(field.page, field.box, field) for name, field in fields.items()}
    order = FIELDS[kind]
    unread = [name for name in order if name not in places]
    for part in parts if any(name in WORDS for name in unread) else ():
        layout = Layout(part, {name: WORDS[name] for name in order if name in WORDS})
        for name in unread:
            labels = layout.labels(name) if name in WORDS else []
            if labels and name not in places:
                places[name] = Place(part.index, part.uploaded(layout.gap_right(labels[0])), None)
    known = dict(places)
    for name in unread:
        between = _between_neighbours(name, order, known) if name not in known else None
        if between is not None:
            places[name] = between
    return places


def _between_neighbours(name: str, order: Sequence[str], places: Mapping[str, Place]) -> Place | None:
    """The band between the nearest fields before and after on one page; a row above or below when there is only one."""
    at = order.index(name)
    before = next((places[each] for each in reversed(order[:at]) if each in places), None)
    after = next((places[each] for each in order[at + 1 :] if each in places), None)
    if before is not None and after is not None and before.page == after.page:
        upper, lower = bounds(before.box), bounds(after.box)
        left, right = min(upper[0], lower[0]), max(upper[2], lower[2])
        if upper[1] <= lower[3]:
            return Place(before.page, quad_from_bounds(left, upper[1], right, max(lower[3], upper[3])), None, False)
        return None
    if before is not None and after is None:
        left, top, right, bottom = bounds(before.box)
        return Place(before.page, quad_from_bounds(left, bottom, right, bottom + ROW * (bottom - top)), None, False)
    if after is not None and before is None:
        left, top, right, bottom = bounds(after.box)
        return Place(after.page, quad_from_bounds(left, top - ROW * (bottom - top), right, top), None, False)
    return None


def covered(place: Bounds, area: Bounds) -> float:
    """Share of a place that lies inside an area."""
    across = min(place[2], area[2]) - max(place[0], area[0])
    down = min(place[3], area[3]) - max(place[1], area[1])
    size = max(1.0, (place[2] - place[0]) * (place[3] - place[1]))
    return float(np.clip(across, 0, None) * np.clip(down, 0, None) / size)
