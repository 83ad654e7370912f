"""Addresses: parts, one written form, and whether two of them mean one place (DOMAIN 3.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from verifier.compare.divisions import (
    CITIES,
    COUNTY_CITIES_OF_GUANGDONG,
    FORMER_DISTRICTS,
    GUANGZHOU_DISTRICTS,
    HUADU,
    HUADU_TOWNS,
    MUNICIPALITIES,
    PROVINCES,
    SHARED_DISTRICT_NAMES,
    SHORT_PREFECTURES,
)
from verifier.compare.text import squeeze

GUANGDONG = "广东省"
GUANGZHOU = "广州市"
EQUAL_AT = 0.85
CLOSE_AT = 0.60


@dataclass(frozen=True)
class Address:
    """An address in parts, written one way. What is not there is None (divisions) or empty (below the town).

    `inferred_district` says that the district was not written as such: taken from the town, from its short or former name,
    or mended by one character.
    """

    province: str | None = None
    city: str | None = None
    district: str | None = None
    town: str | None = None
    road: str = ""
    number: str = ""
    building: str = ""
    room: str = ""
    inferred_district: bool = False


class AddressMatch(StrEnum):
    """How two addresses relate."""

    EQUAL = "equal"
    """One place; one may say less than the other (no province, no room)."""
    CLOSE = "close"
    """Perhaps one place."""
    OTHER_PLACE = "other_place"
    OTHER_DISTRICT = "other_district"
    UNKNOWN = "unknown"
    """One of them says too little."""


# What a division's own name cannot hold; 镇 and 乡 occur in a few city names only, which CITIES knows.
_NAME = r"[^\W\dA-Za-z_省市区县镇村路街号巷]"
_CITY = re.compile(rf"{_NAME}{{2,7}}?(?:自治州|地区|盟|市)")
_NOT_A_DISTRICT = r"(?<!小)(?<!社)(?<!园)(?<!校)(?<!厂)(?<!业)(?<!宅)(?<!景)(?<!院)(?<!苑)"
_DISTRICT = re.compile(
    rf"沙市区|津市市|{_NAME}{{1,12}}?(?:自治县|自治旗|特区|林区|县|旗|市(?!区)|{_NOT_A_DISTRICT}区(?!街道))"
)
_TOWN = re.compile(r"[^\W\dA-Za-z_路巷号区县市]{1,9}?(?:街道(?:办事处)?|民族乡|苏木|[镇乡](?!路|大道|街))")
_PROVINCE = re.compile(r"[^\W\d省市区县路街镇]{2,8}(?:省|自治区)")
_DIVISION = re.compile(r"[^\W\d路街镇村号]{1,12}?[市州盟区县旗]")
_HUADU_TOWN = re.compile(
    rf"(?:花都)?(?:{'|'.join(name for town in HUADU_TOWNS.items() for name in (town[0], *town[1]))})"
)

_NUMERAL = "零〇一二三四五六七八九"
_HAN_NUMBER = re.compile(
    rf"[{_NUMERAL}十百]+(?=号|栋|幢|座|单元|层|楼|室|房|组|队|梯|巷|社|之|-|$)|(?<=之)[{_NUMERAL}十百]+"
)
_HOUSE = re.compile(
    r"(?P<pre>[甲乙丙丁])?(?P<number>[A-Za-z]?\d+(?:[-之]\d+)*)(?P<mid>[甲乙丙丁])?号(?!楼|栋|幢|座|线|院)"
    r"(?:[之-](?P<sub>\d+)号?|(?P<post>[甲乙丙丁]))?"
)
_BARE_HOUSE = re.compile(r"(?<=[路街道巷里村弄])(?P<number>\d+(?:[-之]\d+)*)(?=$|[^\d组队社巷路街号])")
_ROOM = re.compile(r"(?:(?<=\D)|^)([A-Za-z]?\d{1,5}[A-Za-z]?)(?:室|房|号房|号)?$")
_BLOCK = re.compile(r"号楼|号栋|幢|座|楼(?=\d|$)")
_PUNCTUATION = re.compile(r"[,，.。、;；:：()\[\]「」\"'·]")


def normalise_address(text: str) -> str:
    """The address as written, half-width and without white space or punctuation at its ends: nothing is reworded."""
    return squeeze(text).strip(",.。、;:")


def parse_address(text: str) -> Address:
    """The parts of an address in their usual written form.

    Divisions left out are added where the others tell them (a district of Guangzhou, a known city). Former names and
    misreadings of Huadu's towns become today's.
    """
    rest = _PUNCTUATION.sub("", normalise_address(text)).removeprefix("中国").removeprefix("中华人民共和国")
    province, rest = _take_province(rest)
    city, rest = _take_city(rest, province)
    district, inferred, rest = _take_district(rest, province, city)
    town, rest = _take_town(rest, district, province, city)
    if district is None and town in HUADU_TOWNS and city in (None, GUANGZHOU) and province in (None, GUANGDONG):
        district, inferred = HUADU, True
    if district is not None and city not in CITIES and province in (None, GUANGDONG):
        city = _city_above(district, province) or city
    if province is None and city is not None:
        province = city if city in MUNICIPALITIES else CITIES.get(city)
    road, number, building, room = _take_house(rest)
    return Address(province, city, district, town, road, number, building, room, inferred)


def compare_addresses(a: str, b: str) -> AddressMatch:
    """Whether two addresses mean one place; symmetric.

    The district must be the same. Road and number are compared by likeness: from 0.85 equal, from 0.60 close. A building
    or room that one of them leaves out is no difference; a different town, number, building or room is never EQUAL.
    """
    one, two = parse_address(a), parse_address(b)
    if _contradict(one.province, two.province) or _contradict(one.city, two.city):
        return AddressMatch.OTHER_DISTRICT
    if one.district and two.district and one.district != two.district:
        # Outside Guangzhou the names are no closed list: one character may be a misreading when all the rest agrees.
        misread = Levenshtein.distance(one.district, two.district) == 1 and one.city not in (None, GUANGZHOU)
        whole = _likeness(one, two) >= EQUAL_AT and _details_agree(one, two)
        return AddressMatch.CLOSE if misread and whole else AddressMatch.OTHER_DISTRICT
    if not one.road or not two.road:
        same_town = one.town is not None and one.town == two.town
        return AddressMatch.CLOSE if same_town else AddressMatch.UNKNOWN
    likeness = _likeness(one, two)
    if likeness < CLOSE_AT:
        return AddressMatch.OTHER_PLACE
    if one.district is None or two.district is None:
        # a road of the same name is in every city
        return AddressMatch.CLOSE if likeness >= EQUAL_AT and _details_agree(one, two) else AddressMatch.UNKNOWN
    numbered = bool(one.number) == bool(two.number)
    return AddressMatch.EQUAL if likeness >= EQUAL_AT and numbered and _details_agree(one, two) else AddressMatch.CLOSE


def in_district(text: str, district_name: str) -> bool | None:
    """Whether an address lies in a district of Guangzhou; None when it does not say enough."""
    address = parse_address(text)
    if address.district is not None:
        return address.district == district_name
    if address.city is not None and address.city != GUANGZHOU:
        return False
    if address.province is not None and address.province != GUANGDONG:
        return False
    return None


def province_of(text: str) -> str | None:
    """The full name of the province, also when only a city or a district of Guangzhou is written; None when unclear."""
    return parse_address(text).province


def _take_province(text: str) -> tuple[str | None, str]:
    for full in PROVINCES:
        if text.startswith(full):
            return full, text[len(full) :]
    written = _PROVINCE.match(text)
    if written:
        near = [full for full in PROVINCES if Levenshtein.distance(full, written[0]) == 1]
        return near[0] if len(near) == 1 else None, text[written.end() :]
    for full, short in PROVINCES.items():
        rest = text.removeprefix(short)
        # "吉林市" is a city, "北京路" a road, "海南藏族自治州" lies in another province
        if rest != text and not rest.startswith(("市", "藏族", "路", "大道", "街")) and _DIVISION.match(rest):
            return full, rest
    return None, text


def _take_city(text: str, province: str | None) -> tuple[str | None, str]:
    if province in MUNICIPALITIES:
        return province, text.removeprefix(province).removeprefix("市辖区")
    known = [city for city, its_province in CITIES.items() if province in (None, its_province)]
    for city in known:
        if text.startswith(city):
            return city, text[len(city) :].removeprefix("市辖区")
    for short, city in SHORT_PREFECTURES.items():
        if text.startswith(short) and city in known:
            return city, text[len(short) :]
    for city in known:
        rest = text.removeprefix(city.removesuffix("市"))
        if rest != text and (_DISTRICT.match(rest) or (city == GUANGZHOU and _HUADU_TOWN.match(rest))):
            return city, rest
    match = _CITY.match(text)
    # Every prefecture is known: what is not followed by a district is a county-level city, else a misread name.
    if match is None or match[0] in FORMER_DISTRICTS or not _DISTRICT.match(text[match.end() :]):
        return None, text
    near = [city for city in known if Levenshtein.distance(city, match[0]) == 1]
    return near[0] if len(near) == 1 else match[0], text[match.end() :]


def _take_district(text: str, province: str | None, city: str | None) -> tuple[str | None, bool, str]:
    for former, today in FORMER_DISTRICTS.items():
        if text.startswith(former) and city in (None, GUANGZHOU):
            return today, True, text[len(former) :]
    in_guangzhou = city == GUANGZHOU
    if in_guangzhou or (city is None and province in (None, GUANGDONG)):
        for name in GUANGZHOU_DISTRICTS:
            if text.startswith(name):
                return name, False, text[len(name) :]
        if text.startswith("花都") and _HUADU_TOWN.match(text):
            return HUADU, True, text[2:]
    match = _DISTRICT.match(text)
    if match is None:
        return None, False, text
    name, rest = match[0], text[match.end() :]
    if in_guangzhou and len(name) == 3:
        near = [known for known in GUANGZHOU_DISTRICTS if Levenshtein.distance(known, name) == 1]
        if len(near) == 1:
            return near[0], True, rest
    return name, False, rest


def _city_above(district: str, province: str | None) -> str | None:
    """The city a county-level unit of Guangdong belongs to, where its name tells."""
    if district in GUANGZHOU_DISTRICTS:
        return GUANGZHOU if province == GUANGDONG or district not in SHARED_DISTRICT_NAMES else None
    return COUNTY_CITIES_OF_GUANGDONG.get(district)


def _take_town(text: str, district: str | None, province: str | None, city: str | None) -> tuple[str | None, str]:
    here = district == HUADU or (district is None and city in (None, GUANGZHOU) and province in (None, GUANGDONG))
    if here:
        for town, others in HUADU_TOWNS.items():
            for name in sorted((town, *others), key=len, reverse=True):
                rest = text.removeprefix(name)
                # "新华街12号" may be a road of that name unless the district is written
                if rest != text and (district is not None or name == town or not re.match(r"\d", rest)):
                    return town, rest.removeprefix("办事处")
    match = _TOWN.match(text)
    return (match[0].removesuffix("办事处"), text[match.end() :]) if match else (None, text)


def _take_house(text: str) -> tuple[str, str, str, str]:
    plain = _HAN_NUMBER.sub(lambda match: _arabic(match[0]), text)
    match = _HOUSE.search(plain) or _BARE_HOUSE.search(plain)
    if match is None:
        road, number, rest = plain, "", ""
        block = re.search(r"[A-Za-z]?\d*(?:号楼|栋|幢|座)", plain)
        if block and block.start() > 0:
            road, rest = plain[: block.start()], plain[block.start() :]
    else:
        parts = match.groupdict()
        number = parts["number"].replace("之", "-")
        number += f"-{parts['sub']}" if parts.get("sub") else ""
        number += next((parts[key] for key in ("pre", "mid", "post") if parts.get(key)), "")
        road, rest = plain[: match.start()], plain[match.end() :]
    rest = _BLOCK.sub("栋", rest)
    room = _ROOM.search(rest)
    if room:
        return road, number, rest[: room.start()].rstrip("-"), room[1].upper()
    return road, number, rest, ""


def _arabic(numeral: str) -> str:
    if not re.search("[十百]", numeral):
        return "".join(str(max(_NUMERAL.index(c) - 1, 0)) for c in numeral)
    total = 0
    digit: int | None = None
    for c in numeral:
        if c in "十百":
            total += (1 if digit is None else digit) * (10 if c == "十" else 100)
            digit = None
        else:
            digit = max(_NUMERAL.index(c) - 1, 0)
    return str(total + (digit or 0))


def _contradict(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and left != right


def _likeness(one: Address, two: Address) -> float:
    """0 to 1 for road and number; a place told only by its estate is close to the same estate with its road."""
    left, right = one.road, two.road
    if one.number and two.number:
        left, right = left + one.number, right + two.number
    likeness = fuzz.ratio(left, right) / 100
    estate = (one.road in two.building and not one.number) or (two.road in one.building and not two.number)
    return max(likeness, CLOSE_AT) if estate else likeness


def _details_agree(one: Address, two: Address) -> bool:
    pairs = ((one.town, two.town), (one.number, two.number), (one.room, two.room))
    if any(left and right and left != right for left, right in pairs):
        return False
    # "9栋" and "紫薇花苑9栋" are one building
    return one.building.endswith(two.building) or two.building.endswith(one.building)
