"""The words doctors write in the rows of a form: a small language, in which most misreadings are no sentence."""

from __future__ import annotations

import re

from verifier.compare.text import squeeze

_SIDE = r"(?:双|两|左|右|双侧|两侧)?"
_ORGAN = r"(?:心肺膈?|心脏?|肺[部叶]?|膈|胸部?|肋膈角|纵隔|色觉|辨色力?|眼底?|骨质)"
_WHERE = rf"(?:{_SIDE}{_ORGAN}(?:[、,及]?{_SIDE}{_ORGAN})*(?:检查)?)?"
_MUCH = r"(?:明显|显著|确切|活动性|器质性)*"
_WRONG = r"(?:异常(?:改变|征象)?|(?:实质性)?病变|病灶|实变|改变|阳性体征)"
_NOTHING = rf"(?:均|皆)?(?:未见|未发现|未查见|无|没有){_MUCH}{_WRONG}"
_NORMAL = r"(?:均|皆|大致|基本)?正常(?:范围)?"
_COLOUR = r"(?:色觉|辨色力?)?(?:正常|异常|色[弱盲]|红绿色[弱盲]|全色盲|蓝黄色[弱盲])"
_LABORATORY = r"(?:未检出|检出|阴性|阳性|弱阳性)(?:\([-+±]\))?|\([-+±]\)|[-+±]|未见|未找到"
_NOT_DONE = r"未[检查做]|拒[检查]|免[检查]|[漏缺]检"
_WORDS = re.compile(rf"{_WHERE}(?:{_NOTHING}|{_NORMAL})|{_COLOUR}|{_LABORATORY}|{_NOT_DONE}|心肺(?:膈)?\([-]\)")


def is_usual_finding(text: str) -> bool:
    """Whether a text is one of the findings doctors usually write, good or bad: 正常, 心肺膈未见异常, 色弱, 阴性(-), 未检.

    A finding outside this language may well be right (右上肺结节); one inside it is hardly ever a misreading of another.
    """
    return _WORDS.fullmatch(squeeze(text)) is not None
