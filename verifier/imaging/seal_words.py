"""The usual words of seals, where the recogniser is of two minds: places, kinds of bodies, purposes.

A seal's characters are small and worn, and the recogniser often holds the right one second or third. Of what it holds
possible at one place, what makes a usual word is taken: 艺都区 becomes 花都区 when 花 was read there too. Words that tell one
body from its neighbour are no usual words, so nothing here makes one body's seal another's. Only between 广州 and one of
its districts a lost or misread 市 is put back, for nothing else can stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Levenshtein

from verifier.compare.divisions import CITIES, GUANGZHOU_DISTRICTS, HUADU_TOWNS, PROVINCES
from verifier.compare.seals import PURPOSES
from verifier.ocr.engine import Recognition

_BODIES = """
人民医院 中医院 中西医结合医院 医院 妇幼保健院 保健院 卫生院 社区卫生服务中心 门诊部 体检中心 公安局 公安厅
教育局 人力资源和社会保障局 社会保险基金管理中心 人才交流管理中心 管理中心 分局 派出所 街道办事处 村民委员会
居民委员会 第一中学 初级中学 高级中学 实验中学 中学校 中学 中心小学 实验小学 小学 实验学校 外国语学校
职业技术学校 中等职业学校 技工学校 学校 中心幼儿园 幼儿园 职业技术学院 职业学院 学院 大学 研究生院 教务处
学生处 培训中心 教育培训 教育科技 教育咨询 教育集团 有限责任公司 有限公司 公司 人力资源 劳务派遣 专用章
学生证专用章 公章 骑缝章 秋季 春季 学年 学期 注册 已注册 准予注册
"""
_WORDS = frozenset(
    (
        *_BODIES.split(),
        *(phrase for phrases in PURPOSES.values() for phrase in phrases),
        *PROVINCES,
        *CITIES,
        *GUANGZHOU_DISTRICTS,
        *HUADU_TOWNS,
        *(re.sub(r"(?:街道|镇)$", "", town) for town in HUADU_TOWNS),
        "广州",
        "广东",
    )
)
_USUAL = re.compile("|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)))

_TELLING = frozenset("一二三四五六七八九十东西南北中0123456789")
"""Characters that tell one body from its neighbour."""
_LIKELY = 0.08
"""How likely, beside what was read, a character must be for the recogniser."""
_RIVAL = 0.5
"""A second usual word at one place that is at least so likely beside the first leaves it open which is meant."""
_LONGEST = 2
"""Characters that one replacement changes at most."""
_DOUBT = 0.05
"""The power of a replacement's likelihood by which the score shrinks."""

_CITY_LOST = re.compile(rf"^(?:广州.?|.州市|州市|.{{1,2}}市)(?=(?:{'|'.join(GUANGZHOU_DISTRICTS)}))")
_CITY = "广州市"

_Change = tuple[int, int, str]
"""From, to, and what stands there instead."""


def usualness(text: str) -> int:
    """How many characters of a text belong to usual words."""
    return sum(len(match.group()) for match in _USUAL.finditer(text))


def with_usual_words(best: Recognition, readings: Sequence[Recognition]) -> Recognition:
    """`best` with what the readings hold possible put in where it makes usual words; the score falls with its likelihood.

    Characters that tell neighbours apart are never changed, unless they make a usual word of what was none (第三本学 ->
    第三中学), and never where two usual words are about as likely (中学, 小学).
    """
    text, score = best.text, best.score
    for _ in range(len(text)):
        offers = list(_offers(text, readings))
        if not offers:
            break
        most = max(gain for gain, _, _ in offers)
        ranked = sorted(((likely, change) for gain, likely, change in offers if gain == most), reverse=True)
        likely, change = ranked[0]
        if any(_conflict(change, other) and rival >= _RIVAL * likely for rival, other in ranked[1:]):
            break
        text = _changed(text, change)
        score *= likely**_DOUBT
    return Recognition(text=_with_city(text), score=score, others=best.others)


def _offers(text: str, readings: Sequence[Recognition]) -> Iterator[tuple[int, float, _Change]]:
    """Changes that make more of the text usual: by how many characters, how likely, and the change; each change once."""
    found: dict[_Change, tuple[int, float]] = {}
    usual = usualness(text)
    for other, likely in _possible(readings):
        for change in _changes(text, other):
            gain = usualness(_changed(text, change)) - usual
            if gain > 0 and likely > found.get(change, (0, 0.0))[1] and _is_allowed(text, change, gain):
                found[change] = (gain, likely)
    return ((gain, likely, change) for change, (gain, likely) in found.items())


def _possible(readings: Sequence[Recognition]) -> Iterator[tuple[str, float]]:
    for reading in readings:
        yield reading.text, 1.0
        yield from ((other.text, other.likelihood) for other in reading.others if other.likelihood >= _LIKELY)


def _changes(text: str, other: str) -> Iterator[_Change]:
    for step in Levenshtein.opcodes(text, other):
        put = other[step.dest_start : step.dest_end]
        if step.tag != "equal" and max(step.src_end - step.src_start, len(put)) <= _LONGEST:
            yield step.src_start, step.src_end, put


def _changed(text: str, change: _Change) -> str:
    start, end, put = change
    return text[:start] + put + text[end:]


def _is_allowed(text: str, change: _Change, gain: int) -> bool:
    """Whether a change leaves alone what tells bodies apart: such a character may only come as part of the word it makes."""
    start, end, put = change
    if _TELLING.intersection(text[start:end]):
        return False
    return gain > len(put) or not _TELLING.intersection(put)


def _conflict(one: _Change, other: _Change) -> bool:
    return one[2] != other[2] and one[0] < max(other[1], other[0] + 1) and other[0] < max(one[1], one[0] + 1)


def _with_city(text: str) -> str:
    """The city before one of its districts, where a character of it was lost or misread."""
    lost = _CITY_LOST.match(text)
    if lost is None or any(text.startswith(city) for city in CITIES):
        return text
    return _CITY + text[lost.end() :]
