"""What stands in a row of a form instead of a result: not done, waived, or a mark that may mean either (DOMAIN 2.1, 3.4)."""

from __future__ import annotations

import re

from verifier.compare.text import squeeze

_UNITS = re.compile(r"mmHg|kPa|次/(?:分钟?|min)|厘米|公斤|千克|cm|kg|I?U/L|米|[:：]", re.IGNORECASE)
_NOT_DONE = re.compile(r"未(?:检(?![出见])|查(?![出见到])|做|测)|拒[检查测]|[漏缺弃][检查]|放弃(?:检查)?")
_WAIVED = re.compile(r"免[检查做测]|缓[检查]|待[检查]|暂缓|暂不|孕")
_MARK = re.compile(r"\(?[\\/|丨√✓✔×xX✕╳✗一\-_~=QqO〇○。.,、?*#]{1,6}\)?|不详|不明|略|空")
_DASH = re.compile(r"\(?[一-]{1,4}\)?")


def is_not_done(text: str) -> bool:
    """Whether it says that an item was not examined (未检, 拒检, 漏检 ...). 未检出 is a result; a waiver is not meant."""
    return _NOT_DONE.search(squeeze(text)) is not None and not is_for_pregnancy(text)


def is_for_pregnancy(text: str) -> bool:
    """Whether it names pregnancy as the ground: X-rays are waived then."""
    return "孕" in squeeze(text)


def is_waived(text: str) -> bool:
    """Whether it says that an item was put off or left out with a reason (免检, 缓检, 孕)."""
    return _WAIVED.search(squeeze(text)) is not None


def is_mark(text: str) -> bool:
    """Whether it is nothing but a sign that forms forbid because it may mean anything: 一 （一） Q / √ × and their like."""
    return _MARK.fullmatch(squeeze(text)) is not None


def is_dash(text: str) -> bool:
    """Whether it is a dash, also in brackets: for a laboratory item the sign for negative."""
    return _DASH.fullmatch(squeeze(text)) is not None


def read_mark(text: str) -> str | None:
    """What stands in the place of a result, without the printed unit beside it; None when it is no such thing."""
    plain = _UNITS.sub("", squeeze(text))
    return plain if plain and (is_mark(plain) or is_not_done(plain) or is_waived(plain)) else None
