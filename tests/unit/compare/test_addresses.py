from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.addresses import (
    Address,
    AddressMatch,
    compare_addresses,
    in_district,
    normalise_address,
    parse_address,
    province_of,
)
from verifier.compare.divisions import CITIES, GUANGZHOU_DISTRICTS, HUADU_TOWNS, PROVINCES

ROADS = st.sampled_from(["荣誉路", "金梯大道", "两龙大街", "旧村东路", "莘田二村南街", "红棉大道北"])
TOWNS = st.sampled_from(sorted(HUADU_TOWNS))


@st.composite
def below_town(draw: st.DrawFn) -> str:
    text = f"{draw(ROADS)}{draw(st.integers(1, 399))}号"
    tail = draw(st.integers(0, 3))
    if tail == 1:
        text += f"之{draw(st.integers(1, 20))}"
    elif tail == 2:
        text += f"{draw(st.integers(1, 30))}栋{draw(st.integers(1, 9))}单元{draw(st.integers(101, 3299))}室"
    elif tail == 3:
        text += f"紫薇花苑{draw(st.integers(1, 30))}座{draw(st.integers(101, 3299))}"
    return text


@given(TOWNS, below_town(), st.sampled_from(["广东省广州市", "广州市", "广东广州市", "广州", "中国广东省广州市", ""]))
def test_an_address_is_equal_with_and_without_province_and_city(town: str, rest: str, head: str) -> None:
    whole = f"广东省广州市花都区{town}{rest}"
    assert compare_addresses(whole, f"{head}花都区{town}{rest}") is AddressMatch.EQUAL
    assert parse_address(f"{head}花都区{town}{rest}") == parse_address(whole)


@given(TOWNS, below_town())
def test_every_name_of_a_town_of_huadu_tells_the_district(town: str, rest: str) -> None:
    for name in (town, *HUADU_TOWNS[town]):
        assert compare_addresses(f"花都区{town}{rest}", f"花都区{name}{rest}") is AddressMatch.EQUAL
        inferred = parse_address(f"广州市{name}{rest}")
        assert (inferred.district, inferred.town, inferred.inferred_district) == ("花都区", town, True)


@given(TOWNS, below_town(), below_town())
def test_the_order_of_the_two_does_not_matter(town: str, one: str, other: str) -> None:
    left, right = f"花都区{town}{one}", f"广州市花都区{other}"
    assert compare_addresses(left, right) is compare_addresses(right, left)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_answered_the_same_both_ways(one: str, other: str) -> None:
    assert compare_addresses(one, other) is compare_addresses(other, one)


@given(TOWNS, ROADS, st.integers(1, 299), st.integers(1, 300))
def test_another_house_is_never_equal(town: str, road: str, number: int, more: int) -> None:
    here, there = f"花都区{town}{road}{number}号", f"花都区{town}{road}{number + more}号"
    assert compare_addresses(here, there) is not AddressMatch.EQUAL


@given(TOWNS, below_town(), st.sampled_from(sorted(set(GUANGZHOU_DISTRICTS) - {"花都区"})))
def test_another_district_is_another_district(town: str, rest: str, district: str) -> None:
    assert compare_addresses(f"广州市花都区{town}{rest}", f"广州市{district}{rest}") is AddressMatch.OTHER_DISTRICT
    assert in_district(f"广州市{district}{rest}", "花都区") is False


WHOLE = "广东省广州市花都区赤坭镇荣誉路10号紫薇花苑9座1501"


@pytest.mark.parametrize(
    ("other", "match"),
    [
        ("广州市花都区赤泥镇荣誉路十号紫薇花苑9栋1501房", AddressMatch.EQUAL),
        ("广东省广州市花都区 赤坭镇荣誉路１０号紫薇花苑９座１５０１室", AddressMatch.EQUAL),
        ("花都区荣誉路10号", AddressMatch.EQUAL),
        ("赤坭镇荣誉路10号", AddressMatch.EQUAL),
        ("广州市花郡区赤坭镇荣誉路10号", AddressMatch.EQUAL),
        ("花都区赤坭镇荣誉路10号9座1501", AddressMatch.EQUAL),
        ("花都区赤坭镇荣誉路18号紫薇花苑9座1501", AddressMatch.CLOSE),
        ("花都区赤坭镇荣誉路10号紫薇花苑9座1502", AddressMatch.CLOSE),
        ("花都区赤坭镇荣誉路10号紫薇花苑8座1501", AddressMatch.CLOSE),
        ("花都区花山镇荣誉路10号", AddressMatch.CLOSE),
        ("花都区赤坭镇荣誉路", AddressMatch.CLOSE),
        ("花都区紫薇花苑9座1501", AddressMatch.CLOSE),
        ("花都区赤坭镇", AddressMatch.CLOSE),
        ("荣誉路10号", AddressMatch.CLOSE),
        ("培正大道116号", AddressMatch.OTHER_PLACE),
        ("花都区赤坭镇培正大道116号", AddressMatch.OTHER_PLACE),
        ("广州市从化区荣誉路10号", AddressMatch.OTHER_DISTRICT),
        ("广东省清远市清城区荣誉路10号", AddressMatch.OTHER_DISTRICT),
        ("湖南省长沙市岳麓区荣誉路10号", AddressMatch.OTHER_DISTRICT),
        ("花都区", AddressMatch.UNKNOWN),
        ("", AddressMatch.UNKNOWN),
    ],
)
def test_relations(other: str, match: AddressMatch) -> None:
    assert compare_addresses(WHOLE, other) is match


def test_one_misread_character_of_a_county_elsewhere_is_close() -> None:
    stated = "四川省广安市岳池县中山北路360号8栋1单元1204室"
    assert compare_addresses(stated, stated.replace("岳池", "岳地")) is AddressMatch.CLOSE
    assert compare_addresses(stated, "四川省广安市岳地县解放路1号") is AddressMatch.OTHER_DISTRICT


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (WHOLE, Address("广东省", "广州市", "花都区", "赤坭镇", "荣誉路", "10", "紫薇花苑9栋", "1501")),
        (
            "广东省广州市花都区梯面镇金梯大道99号之6",
            Address("广东省", "广州市", "花都区", "梯面镇", "金梯大道", "99-6"),
        ),
        ("花都区金梯大道99-6号", Address("广东省", "广州市", "花都区", None, "金梯大道", "99-6")),
        ("花都区金梯大道九十九号之六", Address("广东省", "广州市", "花都区", None, "金梯大道", "99-6")),
        (
            "花都区金梯大道12号乙五栋三零二房",
            Address("广东省", "广州市", "花都区", None, "金梯大道", "12乙", "5栋", "302"),
        ),
        ("花县新华镇三巷五号", Address("广东省", "广州市", "花都区", "新华街道", "3巷", "5", "", "", True)),
        ("广州花都新华街宝华路63号", Address("广东省", "广州市", "花都区", "新华街道", "宝华路", "63", "", "", True)),
        (
            "广西壮族自治区贵港市平南县龙潭镇桥头村5组11号",
            Address("广西壮族自治区", "贵港市", "平南县", "龙潭镇", "桥头村5组", "11"),
        ),
        ("北京朝阳区建国路88号", Address("北京市", "北京市", "朝阳区", None, "建国路", "88")),
        ("吉林市船营区解放路5号", Address("吉林省", "吉林市", "船营区", None, "解放路", "5")),
        ("湖北恩施州恩施市", Address("湖北省", "恩施土家族苗族自治州", "恩施市")),
        ("海南藏族自治州共和县", Address("青海省", "海南藏族自治州", "共和县")),
        ("湖南省永州市祁阳市新民街126号", Address("湖南省", "永州市", "祁阳市", None, "新民街", "126")),
        ("台山市台城街道环市路1号", Address("广东省", "江门市", "台山市", "台城街道", "环市路", "1")),
        ("深圳市南山区", Address("广东省", "深圳市", "南山区")),
        ("广州市紫薇小区12栋301", Address("广东省", "广州市", None, None, "紫薇小区", "", "12栋", "301")),
        ("白云区人和镇", Address(None, None, "白云区", "人和镇")),
        ("", Address()),
    ],
)
def test_parts(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("花都区", True),
        ("狮岑镇合成路12号", True),
        ("广州市花部区新华路1号", True),
        ("白云区花山镇", False),
        ("广东省清远市清城区", False),
        ("长沙市解放路1号", False),
        ("湖南省", False),
        ("广州市花都大道12号", None),
        ("花都大道12号", None),
        ("广州市", None),
        ("新华街12号", None),
        ("", None),
    ],
)
def test_in_huadu(text: str, inside: bool | None) -> None:
    assert in_district(text, "花都区") is inside


@given(st.sampled_from(sorted(PROVINCES)), st.sampled_from(["", "某某路1号"]))
def test_a_full_province_is_told(province: str, rest: str) -> None:
    assert province_of(province + rest) == province


@given(st.sampled_from(sorted(CITIES)))
def test_a_city_tells_its_province(city: str) -> None:
    assert province_of(f"{city}中心区解放路1号") == CITIES[city]


@pytest.mark.parametrize(
    ("text", "province"),
    [
        ("广东佛山市南海区", "广东省"),
        ("普宁市流沙镇", "广东省"),
        ("花都区新华街道", "广东省"),
        ("上海浦东新区世纪大道1号", "上海市"),
        ("厂东省广州市", "广东省"),
        ("北京路12号", None),
        ("白云区", None),
        ("", None),
    ],
)
def test_provinces(text: str, province: str | None) -> None:
    assert province_of(text) == province


def test_every_city_belongs_to_a_known_province() -> None:
    assert set(CITIES.values()) <= set(PROVINCES)
    assert len([city for city, province in CITIES.items() if province == "广东省"]) == 21
    assert len([city for city, province in CITIES.items() if province != "台湾省"]) == 333


def test_normalise_address_rewords_nothing() -> None:
    assert (
        normalise_address(" 广东省广州市 花都区赤泥镇\n荣誉路１０号之６。") == "广东省广州市花都区赤泥镇荣誉路10号之6"
    )
