"""Names of employers and issuers: letter, contract, insurance row and seal name one employer differently (DOMAIN 3.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from verifier.compare.divisions import CITIES, COUNTY_CITIES_OF_GUANGDONG, GUANGZHOU_DISTRICTS, PROVINCES
from verifier.compare.text import squeeze

SAME_AT = 0.92
CLOSE_AT = 0.80

_BRACKETS = str.maketrans("〔〕【】[]{}", "()()()()")
_CITY_COLUMN = re.compile(r"^[^:]{2,8}市:")
_PLACES = (*PROVINCES, *CITIES, *COUNTY_CITIES_OF_GUANGDONG, *GUANGZHOU_DISTRICTS)
_DISTRICT_AFTER_CITY = re.compile(r"[^\W\d省市区县镇路街校园]{1,4}[区县]")
_LEGAL_FORM = re.compile(r"(?:股份有限公司|有限责任公司|有限公司|公司)$")
_BRANCH = re.compile(
    r"^(.+?(?:学校|小学|中学|学院|大学|幼儿园|公司|医院|集团|中心))"
    r"\(?[^()]{0,8}(?:校区|分校|校园|分公司|分院|分园|院区|园区)\)?$"
)
_NUMBER = "[一二三四五六七八九十0-9]+"
_ORDINAL = re.compile(rf"第{_NUMBER}|{_NUMBER}(?=[中小幼])")
_KINDS = ("幼儿园", "小学", "中学", "学校", "学院", "大学", "医院")
_GENERIC_LENGTH = 4
_WORTH_CONTAINING = 3
_AGENCY = re.compile(r"劳务|派遣|人力资源|人才服务|人才开发|服务外包|外包服务")
_NOT_AGENCY = re.compile(r"(?:局|厅|学校|学院|幼儿园|小学|中学)$")


class EmployerMatch(StrEnum):
    """Whether two names mean one employer."""

    SAME = "same"
    CLOSE = "close"
    """Perhaps: another campus, another place, or a reading error."""
    DIFFERENT = "different"


@dataclass(frozen=True)
class _Parts:
    places: tuple[str, ...]
    core: str
    branch: bool


def normalise_employer(text: str) -> str:
    """Half-width, without spaces, round brackets only, without the city column of an insurance row ("广州市:")."""
    return _CITY_COLUMN.sub("", squeeze(text).translate(_BRACKETS)).strip(":;,.。、_-*·")


def compare_employers(a: str, b: str) -> EmployerMatch:
    """Whether two names mean one employer; symmetric. A blank name is DIFFERENT from every name.

    The place in front and the legal form behind count only where they contradict. A different ordinal (第一, 第二) or
    kind (小学, 中学) is a different employer however alike the rest. Likeness is counted in characters, in order:
    Chinese names have no words to take as a set. Equal credit codes are stronger than this; that is for the caller.
    """
    first, second = normalise_employer(a).upper(), normalise_employer(b).upper()
    if not first or not second:
        return EmployerMatch.DIFFERENT
    if first == second:
        return EmployerMatch.SAME
    one, two = _parts(first), _parts(second)
    if _contradict(one.core, two.core):
        return EmployerMatch.DIFFERENT
    likeness = fuzz.ratio(one.core, two.core) / 100
    if likeness >= SAME_AT and _places_agree(one, two) and one.branch == two.branch and _same_ordinals(one, two):
        return EmployerMatch.SAME
    contained = min(len(one.core), len(two.core)) >= _WORTH_CONTAINING and (
        one.core in two.core or two.core in one.core
    )
    return EmployerMatch.CLOSE if contained or likeness >= CLOSE_AT else EmployerMatch.DIFFERENT


def is_dispatch_agency(name: str) -> bool:
    """Whether the name is that of a company that places staff with others (劳务派遣, 人力资源)."""
    plain = normalise_employer(name)
    return _AGENCY.search(plain) is not None and _NOT_AGENCY.search(plain) is None


def _parts(name: str) -> _Parts:
    places: list[str] = []
    rest = name
    while place := _leading_place(rest, after_place=bool(places)):
        places.append(place)
        rest = rest[len(place) :]
    branch = _BRANCH.match(rest)
    core = branch[1] if branch else rest
    return _Parts(tuple(places), _LEGAL_FORM.sub("", core) or core, branch is not None)


def _leading_place(name: str, *, after_place: bool) -> str | None:
    place = next((known for known in _PLACES if name.startswith(known)), None)
    if place is None and after_place:
        match = _DISTRICT_AFTER_CITY.match(name)
        place = match[0] if match else None
    # "广州市" alone, or with nothing but a legal form behind it, is the name itself
    return place if place and _LEGAL_FORM.sub("", name[len(place) :]) else None


def _places_agree(one: _Parts, two: _Parts) -> bool:
    if one.core.startswith("第") or min(len(one.core), len(two.core)) <= _GENERIC_LENGTH:
        # "第一中学" or "人民医院" is a different one in every place
        return one.places[-1:] == two.places[-1:]
    return set(one.places) <= set(two.places) or set(two.places) <= set(one.places)


def _same_ordinals(one: _Parts, two: _Parts) -> bool:
    return _ORDINAL.findall(one.core) == _ORDINAL.findall(two.core)


def _contradict(one: str, two: str) -> bool:
    pairs = ((_ORDINAL.findall(one), _ORDINAL.findall(two)), (_kinds(one), _kinds(two)))
    return any(left and right and left != right for left, right in pairs)


def _kinds(core: str) -> list[str]:
    return [kind for kind in _KINDS if kind in core]
