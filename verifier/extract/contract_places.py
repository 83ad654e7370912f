"""Which parts of a labour contract are among its pages although nothing was read there: parties, term, signatures.

A contract is uploaded in part: the page with the parties, the one with the term, the one with the signatures (DOMAIN.md
2.8). A part is there when its labels are, whoever filled them in and however legibly.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from schemas.reading import CellState, Line
from verifier.compare.text import squeeze
from verifier.extract.page import ReadPage
from verifier.geometry import bounds, quad_from_bounds
from verifier.imaging.inked import find_ink

_PARTIES = re.compile(
    r"^(?:居民|公民|有效)?身份证?件?号码?|证件号码|信用代码|法定代表人|主要负责人|^(?:户籍|注册|通讯|现住)?(?:住所|住址|地址)"
)
_TERM = re.compile(r"固定期限|(?:合同|聘用)期限?[为:自从采共]|期限[为:自从]|[自从].{0,24}(?:起|开始).{0,4}[至到]|聘期")
_SIGNED = re.compile(
    r"(?:[甲乙]方|单位|劳动者|受聘人员?|法定代表人|负责人|代理人|学校)[^,。;]{0,14}(?:盖章|公章|签章|印章|签名|签字)"
    r"|^[(]?(?:单位)?(?:盖章|公章|签章|签名|签字)|签(?:订|署|约|字)(?:日期|时间)"
)
_CLAUSE = re.compile(r"双方|生效|[。;]")
"""Words of the sentence that says when a contract takes effect; it names signatures and is none."""

_REACH = 8.0
"""Heights of a label's line in which a signature stands beside it."""


def read_unread_of_contract(page: ReadPage, read: Collection[str]) -> dict[str, CellState]:
    """For `id_number`, `term_end` and `sign_date` not among `read`: whether the part of the contract they stand in is on
    this page, and whether somebody wrote there."""
    found: dict[str, CellState] = {}
    for name, words, stop in (
        ("id_number", _PARTIES, _SIGNED),
        ("term_end", _TERM, _SIGNED),
        ("sign_date", _SIGNED, _CLAUSE),
    ):
        if name in read:
            continue
        states = [
            _state(page, line, match.end())
            for line in page.lines
            if (match := words.search(text := squeeze(line.text))) and not stop.search(text)
        ]
        if states:
            found[name] = CellState.INKED if CellState.INKED in states else CellState.EMPTY
    return found


def _state(page: ReadPage, line: Line, end: int) -> CellState:
    """Whether text or ink follows the words of a line that end at character `end`."""
    if re.search(r"\w", squeeze(line.text)[end:]):
        return CellState.INKED
    _, top, right, bottom = bounds(line.box)
    beside = quad_from_bounds(right, top, right + _REACH * (bottom - top), bottom)
    return CellState.EMPTY if find_ink(page.image, beside, print_box=line.box) is None else CellState.INKED
