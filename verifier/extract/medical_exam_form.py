"""Fields of the teacher-qualification health form (体格检查表): dozens of rows, found by label wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from schemas.reading import ReadField
from verifier.compare.dates import read_date
from verifier.compare.values import (
    read_blood_pressure,
    read_conclusion,
    read_decimal,
    read_phone,
    read_qualification,
    read_sex,
    read_vision,
)
from verifier.extract.fields import Parser, beside, collect, id_number, make_field, parse_name
from verifier.extract.layout import Labels, Layout, Token, overlap
from verifier.extract.page import ReadPage
from verifier.extract.written import parse_day

LABELS: Labels = {
    "name": ("姓名", "受检者姓名"),
    "sex": ("性别",),
    "birth_date": ("出生年月日", "出生日期", "出生年月"),
    "id_number": ("公民身份号码", "居民身份证号码", "身份证号码", "身份证件号码", "身份证号", "证件号码"),
    "phone": ("联系电话", "联系方式", "手机号码", "手机号", "手机"),
    "qualification_type": (
        re.compile(r"(?:拟?申请|申报|拟?认定)(?:认定)?的?(?:教师)?(?:资格)?(?:种类|类别|学段|资格)(?:及学科)?"),
        "教师资格种类", "资格种类", "任教学段",
    ),
    "naked": ("裸眼视力", "裸视力", "裸眼"),
    "corrected": ("矫正视力", "矫正后视力", "矫正后", "矫正"),
    "right": ("(右眼)", "(右耳)", "(右)", "右眼", "右耳", "右侧"),
    "left": ("(左眼)", "(左耳)", "(左)", "左眼", "左耳", "左侧"),
    "color_vision": ("色觉检查", "色觉检测", "辨色力", "辨色", "色觉"),
    "blood_pressure": ("血压(mmHg)", "血压(kPa)", "血压"),
    "heart_rate": ("心率(脉搏)", "心率/脉搏", "心率(次/分)", "脉搏(次/分)", "心率", "脉搏"),
    "height_cm": ("身高(cm)", "身高(厘米)", "身高"),
    "weight_kg": ("体重(kg)", "体重(公斤)", "体重(千克)", "体重"),
    "hearing": ("听力(米)", "听力(m)", "听力"),
    "chest_xray": (
        re.compile(
            r"(?:胸部?|心肺)(?:正位|后前位|正侧位)?(?:X光|X线|X射线|DR|CT|透视|摄片|拍片|平片)(?:正位|摄影|透视)?(?:检查|DR片|片|线)?"
        ),
        re.compile(r"(?:DR|X线|X光)胸[片部透](?:检查)?"),
        "胸片", "胸透", "放射检查",
    ),
    "alt": ("谷丙转氨酶(ALT)", "丙氨酸氨基转移酶(ALT)", "丙氨酸氨基转移酶", "谷丙转氨酶", "转氨酶(ALT)", "转氨酶", "ALT"),
    "conclusion": (
        re.compile(r"(?:体检|主检|总检|最终|综合)(?:结论|结果)(?:及意见|意见)?|主检(?:医师|医生)(?:意见|结论)"), "结论",
    ),
    "chief_physician": (
        re.compile(r"主检(?:医师|医生|大夫)(?:签名|签字|签章|\(签[名字章]\)|姓名)?(?!意见|结论)"), "主任医师签名",
    ),
    "hospital": (
        re.compile(r"(?:体检|检查|体检的)(?:医院|机构|单位)(?:名称)?(?:\((?:盖章|公章|章|签章)\)|盖章)?"),
        re.compile(r"医院(?:名称)?(?:\((?:盖章|公章|签章)\)|盖章)"),
    ),
    "exam_date": (re.compile(r"(?:体检|检查|体格检查|主检|签署)(?:日期|时间)"),),
    "trichomonas": ("阴道滴虫", "滴虫检查", "滴虫"),
    "candida": ("外阴阴道假丝酵母菌(念珠菌)", "外阴阴道假丝酵母菌", "假丝酵母菌(念珠菌)", "假丝酵母菌", "念珠菌检查", "念珠菌"),
    "gonococcus": ("淋球菌检查", "淋病奈瑟菌", "淋球菌"),
    "syphilis": ("梅毒螺旋体(TPPA)", "梅毒螺旋体(RPR)", "梅毒螺旋体", "梅毒(TPPA)", "梅毒(RPR)", "梅毒血清", "梅毒检查", "梅毒"),
    # what only ends a value
    "seal_mark": ("(盖章)", "(公章)", "盖章"),
    "other": (
        "民族", "婚否", "婚姻状况", "籍贯", "文化程度", "学历", "任教学科", "学科", "毕业学校", "毕业院校", "工作单位", "单位",
        "既往病史", "既往史", "受检者签名", "本人签名", "申请人签名", "医师签名", "医师意见", "医生签名", "签名", "眼病",
        "眼科", "内科", "外科", "耳鼻喉科", "耳鼻喉", "口腔科", "口腔", "妇科", "发育营养", "发育及营养", "心脏及血管",
        "心脏血管", "呼吸系统", "腹部器官", "神经系统", "神经及精神", "皮肤", "淋巴", "甲状腺", "脊柱", "四肢", "关节",
        "面部", "颈部", "其他", "嗅觉", "耳鼻咽喉", "唇腭/牙齿", "唇腭", "是否口吃", "口吃", "牙齿", "心电图检查", "心电图",
        "化验检查", "化验", "血常规/尿常规", "血常规", "尿常规", "肝功能", "备注", "编号", "体检编号", "参考范围", "参考值",
        "X光号", "X线号", "矫正度数",
    ),
}  # fmt: skip

_HOSPITAL = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9()]{2,30}?(?:人民医院|妇幼保健院|中医院|结合医院|医院|保健院|卫生院|体检中心|卫生服务中心)(?:体检中心|健康管理中心)?"
)

# Plausible ranges of DOMAIN.md 2.1 ("number sanity"): what falls outside was misread.
_HEIGHT_CM = (100.0, 230.0)
_WEIGHT_KG = (25.0, 250.0)
_HEART_RATE = (30.0, 220.0)
_HEARING_M = (0.0, 6.0)
_ALT = (0.5, 3000.0)


def _within(low: float, high: float) -> Parser:
    return lambda text: read_decimal(text, low, high)


def parse_finding(text: str) -> str | None:
    """What a doctor wrote in a row, as written: 正常, 未见异常, 未检, a dash … Nothing for an empty cell."""
    value = re.sub(r"\s", "", text).strip(":：,，。.;；")
    if not value:
        return None
    return value


def parse_item(text: str) -> str | None:
    """A laboratory item: 阴性(-), 阳性(+), 未检 …; a registration number or a name beside it is not one."""
    value = parse_finding(text)
    if value is None or not re.search(r"阴性|阳性|未检|未查|拒检|未见|正常|[-+±]|/|一|无", value):
        return None
    return value


def parse_hospital(text: str) -> str | None:
    """A hospital's name; text of the label or a seal mark around it is dropped."""
    text = re.sub(r"\s", "", text)
    text = re.sub(r"^[:：]|[(（]盖?章[)）]|[(（]公章[)）]", "", text)
    match = _HOSPITAL.search(text)
    return match.group() if match else None


_UNITS: Mapping[str, re.Pattern[str]] = {
    "blood_pressure": re.compile(r"^\d{1,3}(?:\.\d)?/\d{1,3}(?:\.\d)?(?:mmHg|kPa)$", re.IGNORECASE),
    "heart_rate": re.compile(r"^\d{2,3}次/(?:分|min)(?:钟)?$"),
    "height_cm": re.compile(r"^\d{3}(?:\.\d)?(?:cm|厘米)$", re.IGNORECASE),
    "weight_kg": re.compile(r"^\d{2,3}(?:\.\d)?(?:kg|公斤|千克)$", re.IGNORECASE),
}
"""A number with its unit and nothing else names its row even when the label was misread."""


def _measured(layout: Layout, key: str, parse: Parser) -> ReadField | None:
    """Beside its label; else the only text of the page that has the row's unit."""
    field = beside(layout, key, parse)
    if field is not None:
        return field
    with_unit = [
        (token, value)
        for token in layout.text_tokens()
        if _UNITS[key].match(re.sub(r"\s", "", token.text)) and (value := parse(token.text)) is not None
    ]
    if len(with_unit) != 1:
        return None
    token, value = with_unit[0]
    return make_field(layout, [token], value, None)


def _birth(text: str) -> str | None:
    value = read_date(text)
    return value if value and value != "long_term" and value < "2015" else None


def _exam(text: str) -> str | None:
    value = parse_day(text)
    return value if value and value > "2015" else None


def _sided(layout: Layout, key: str, parse: Callable[[str], str | None]) -> dict[str, ReadField]:
    """Right and left of a row such as `裸眼视力 右 4.9 左 5.0`.

    The side stands in the cell (`右4.9`), as a label before it (`右眼`), or as a column head above; failing all, the
    first number is the right one (the order every form found uses).
    """
    found: dict[str, ReadField] = {}
    for label in layout.labels(key):
        side: str | None = None
        unsided: list[tuple[Token, str]] = []
        for token in layout.row_of(label):
            if token is label or token.left < label.right - 0.6 * label.height:
                continue
            if token.label in ("right", "left"):
                side = token.label
                continue
            if token.label == key:
                continue
            if token.label is not None:
                break
            for part_side, value in _split_sides(token.text, side, parse):
                if part_side is not None:
                    found.setdefault(part_side, make_field(layout, [token], value, label))
                else:
                    unsided.append((token, value))
            side = None
        for order, (token, value) in enumerate(unsided[:2]):
            by_head = _column_side(layout, token)
            name = by_head or ("right", "left")[order]
            found.setdefault(name, make_field(layout, [token], value, label))
        if len(found) == 2:
            break
    return found


def _split_sides(text: str, side: str | None, parse: Callable[[str], str | None]) -> list[tuple[str | None, str]]:
    parts: list[tuple[str | None, str]] = []
    pieces = re.split(r"(右|左)[眼耳]?[:：]?", text)
    if len(pieces) == 1:
        value = parse(text)
        return [(side, value)] if value is not None else []
    for mark, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        value = parse(piece)
        if value is not None:
            parts.append(("right" if mark == "右" else "left", value))
    return parts


def _column_side(layout: Layout, token: Token) -> str | None:
    """The side a column head above the token names; the nearest head wins."""
    heads = [
        head
        for name in ("right", "left")
        for head in layout.labels(name)
        if head.middle < token.middle - 0.5 * token.height and overlap(head, token) > 0.1
    ]
    return max(heads, key=lambda head: head.middle).label if heads else None


def _exam_date(layout: Layout, birth: ReadField | None) -> ReadField | None:
    """Beside its label; else the lowest full date on a page that shows the hospital's or the chief physician's row."""
    field = beside(layout, "exam_date", _exam, under=True)
    if field is not None:
        return field
    if not (layout.labels("hospital") or layout.labels("chief_physician") or layout.labels("conclusion")):
        return None
    dated = [
        (token, day)
        for token in layout.text_tokens()
        if (day := _exam(token.text)) and (birth is None or day != birth.value)
    ]
    if not dated:
        return None
    token, day = max(dated, key=lambda pair: pair[0].middle)
    return make_field(layout, [token], day, None)


def _hospital(layout: Layout) -> ReadField | None:
    field = beside(layout, "hospital", parse_hospital, wraps=True, past=("seal_mark",))
    if field is not None:
        return field
    # The label `体检医院 / (盖章)` takes two lines; the name stands beside either.
    return beside(layout, "seal_mark", parse_hospital, wraps=True, past=("hospital",))


def read_medical_exam_form(page: ReadPage) -> dict[str, ReadField]:
    """The rows of DOMAIN.md 2.1 that the contract names; hepatitis-B rows are never read (DOMAIN.md 5.4)."""
    layout = Layout(page, LABELS, loose=("right", "left"), ruled=True)
    birth = beside(layout, "birth_date", _birth)
    naked = _sided(layout, "naked", read_vision)
    corrected = _sided(layout, "corrected", read_vision)
    hearing = _sided(layout, "hearing", _hearing)
    return collect(
        {
            "name": beside(layout, "name", parse_name),
            "sex": beside(layout, "sex", read_sex),
            "birth_date": birth,
            "id_number": id_number(layout),
            "phone": beside(layout, "phone", read_phone),
            "qualification_type": beside(layout, "qualification_type", read_qualification),
            "naked_vision_right": naked.get("right"),
            "naked_vision_left": naked.get("left"),
            "corrected_vision_right": corrected.get("right"),
            "corrected_vision_left": corrected.get("left"),
            "color_vision": beside(layout, "color_vision", parse_finding, past=("color_vision",)),
            "blood_pressure": _measured(layout, "blood_pressure", read_blood_pressure),
            "heart_rate": _measured(layout, "heart_rate", _within(*_HEART_RATE)),
            "height_cm": _measured(layout, "height_cm", _within(*_HEIGHT_CM)),
            "weight_kg": _measured(layout, "weight_kg", _within(*_WEIGHT_KG)),
            "hearing_right": hearing.get("right"),
            "hearing_left": hearing.get("left"),
            "chest_xray": beside(layout, "chest_xray", parse_finding),
            "alt": beside(layout, "alt", _within(*_ALT), past=("alt",)),
            "conclusion": beside(layout, "conclusion", read_conclusion),
            "chief_physician": beside(layout, "chief_physician", parse_name),
            "hospital": _hospital(layout),
            "exam_date": _exam_date(layout, birth),
            "trichomonas": beside(layout, "trichomonas", parse_item, past=("trichomonas",)),
            "candida": beside(layout, "candida", parse_item, past=("candida",)),
            "gonococcus": beside(layout, "gonococcus", parse_item, past=("gonococcus",)),
            "syphilis": beside(layout, "syphilis", parse_item, past=("syphilis",)),
        }
    )


def _hearing(text: str) -> str | None:
    return read_decimal(text, *_HEARING_M)
