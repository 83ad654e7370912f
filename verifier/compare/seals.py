"""What a seal is for, told by its text: 公章, 体检专用章, 合同专用章 ... Pure functions, tolerant of misread characters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapidfuzz.distance import Levenshtein

from schemas.reading import SealKind
from verifier.compare.text import half_width

PURPOSES: Mapping[SealKind, tuple[str, ...]] = {
    SealKind.MEDICAL_EXAM: (
        "体检专用章", "健康体检专用章", "体格检查专用章", "健康检查专用章", "体检中心", "体检章", "健康管理中心", "体检科",
    ),
    SealKind.PERSONNEL: ("人事专用章", "人力资源专用章", "人事处", "人事科", "人事部", "人力资源部"),
    SealKind.CONTRACT: ("合同专用章", "劳动合同专用章", "劳动合同章", "合同章"),
    SealKind.CERTIFICATE: ("证明专用章", "诊断证明专用章", "业务证明专用章"),
    SealKind.HOUSEHOLD: ("户口专用章", "户籍专用章", "户口登记专用章", "户政专用章"),
    SealKind.REGISTRATION: ("注册专用章", "注册章", "学籍专用章"),
    SealKind.OTHER: (
        "财务专用章", "财务章", "业务专用章", "发票专用章", "教务专用章", "教务处", "学生处", "医务科", "收费专用章",
        "行政专用章", "服务专用章", "档案专用章", "公证专用章", "进出口专用章", "注销", "收讫", "作废",
    ),
}  # fmt: skip
"""The words of straight lines, by what they make of a seal."""

_BODY_END = re.compile(
    r"(?:医院|保健院|卫生院|卫生服务中心|诊所|学校|小学|中学|大学|学院|幼儿园|公司|中心|集团|委员会|研究院|协会|机构|[局厅所园处站厂店])$"
)
_TAIL = re.compile(r"(?:\(?\d{1,3}\)?|\(?[一二三四五六七八九十]\)?)$")
"""A body with several seals for one purpose numbers them: (1), (二)."""
_TYPED = "专用章"
_REGISTERED = re.compile(r"学[年期].*注册|注册.*学[年期]|^注册$")


def seal_kind(text: str) -> SealKind | None:
    """The kind of a seal with `text` (arc, then straight line); None when the text ends in nothing known.

    One misread character is forgiven in a purpose of five characters, two in longer ones, when no other kind is as near.
    """
    plain = re.sub(r"\s", "", half_width(text))
    if _REGISTERED.search(plain):
        return SealKind.REGISTRATION
    # a numeral may also be what is left of a character: both ways count
    tails = [plain, _TAIL.sub("", plain)]
    nearest: dict[SealKind, int] = {}
    for kind, phrases in PURPOSES.items():
        away = [slips for tail in tails for phrase in phrases if (slips := _slips(tail, phrase)) is not None]
        if away:
            nearest[kind] = min(away)
    if nearest:
        least = min(nearest.values())
        best = [kind for kind, slips in nearest.items() if slips == least]
        if len(best) == 1:
            return best[0]
    if any(tail.endswith(_TYPED) for tail in tails):
        return SealKind.OTHER
    if any(tail.endswith("公章") or _BODY_END.search(tail) for tail in tails):
        return SealKind.OFFICIAL
    return None


def _slips(text: str, phrase: str) -> int | None:
    """How many characters at the end of `text` must change to make it `phrase`; None for too many."""
    if text.endswith(phrase):
        return 0
    if len(phrase) < 5:
        return None
    allowed = 1 if len(phrase) < 7 else 2
    tail = text[-len(phrase) :]
    slips = Levenshtein.distance(tail, phrase, score_cutoff=allowed)
    return slips if slips <= allowed else None
