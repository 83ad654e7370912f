"""Folding of written forms that mean the same: full width, spaces, invisible characters, dashes."""

from __future__ import annotations

import re
import unicodedata

HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""Character class body of Han characters with the extensions up to H, for use inside `[...]`."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\u2500"
# Text layers of PDF files carry radicals in place of the characters; Unicode has no compatibility mapping for these.
_RADICALS = dict(
    zip(
        "⺟⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻰⻳",
        "母西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐龙龟",
        strict=True,
    )
)
_FOLD = str.maketrans({**dict.fromkeys(_DASHES, "-"), "\u2236": ":", "\u2044": "/", "\u2215": "/", **_RADICALS})
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def half_width(text: str) -> str:
    """NFKC, one kind of dash and colon, and no invisible characters; white space and the dots of names stay.

    Idempotent. The soft hyphen counts as a dash: PDF writers use it for one.
    """
    visible = "".join(c for c in _VARIATION.sub("", text) if c == "\u00ad" or unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible).translate(_FOLD)


def squeeze(text: str) -> str:
    """`half_width` without any white space: line breaks and gaps inside a value mean nothing in Chinese text."""
    # once more, because a combining mark may now stand behind another character
    return half_width("".join(half_width(text).split()))


_ZERO = re.compile(r"(?<=\d)[Oo〇○](?![A-NP-Za-np-z])|(?<![A-Za-z])[Oo〇○](?=[\d.])")
_ONE = re.compile(r"(?<=[\d.])[Il|](?=[\d.])|(?<![A-Za-z\d.])[Il|](?=\d)")


def digits_for_letters(text: str) -> str:
    """Letters among digits that look like 0 or 1, written as digits ("O3个月", "12O/8O").

    Only for values that are numbers by their nature. A 1 is restored only before digits, because units begin with I
    and l (IU/L, l/min).
    """
    previous = ""
    while previous != text:
        previous = text
        text = _ONE.sub("1", _ZERO.sub("0", text))
    return text
