from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.compare.employers import EmployerMatch, compare_employers, is_dispatch_agency, normalise_employer


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        ("广州市花都区金华第二中学", "花都区金华第二中学", EmployerMatch.SAME),
        ("广州市:广州市花都区新华童心幼儿园", "广州市花都区新华童心幼儿园", EmployerMatch.SAME),
        ("广州市启航教育科技有限公司", "广州市启航教育科技有限责任公司", EmployerMatch.SAME),
        ("启航教育科技（广州）有限公司", "启航教育科技(广州)有限公司", EmployerMatch.SAME),
        ("广州市花都区人民医院", "花都区人民医院", EmployerMatch.SAME),
        ("广州市花都区人民医院", "区人民医院", EmployerMatch.CLOSE),
        ("广州市第一中学", "花都区第一中学", EmployerMatch.CLOSE),
        ("广州市花都区圆玄小学", "广州市白云区圆玄小学", EmployerMatch.CLOSE),
        ("广州市花都区培新小学", "广州市花都区培新小学(花都校区)", EmployerMatch.CLOSE),
        ("广州民航职业技术学院", "广州民航职业技术学院花都校区", EmployerMatch.CLOSE),
        ("广州市花都区云山中心小学", "广州市花都区去山中心小学", EmployerMatch.CLOSE),
        ("广州市花都区狮岭第二职业技术学校", "广州市花都区狮岭职业技术学校", EmployerMatch.CLOSE),
        ("广州市花都区狮岭第二小学", "广州市花都区狮岭第一小学", EmployerMatch.DIFFERENT),
        ("广州市花都区狮岭小学", "广州市花都区狮岭中学", EmployerMatch.DIFFERENT),
        ("广州市花都区圆玄小学", "广州市众才人力资源有限公司", EmployerMatch.DIFFERENT),
        ("", "", EmployerMatch.DIFFERENT),
        ("广州市花都区圆玄小学", " ", EmployerMatch.DIFFERENT),
    ],
)
def test_employers(one: str, other: str, match: EmployerMatch) -> None:
    assert compare_employers(one, other) is match
    assert compare_employers(other, one) is match


PLACES = st.sampled_from(["", "广州市", "花都区", "广州市花都区", "广东省", "湖南省长沙市岳麓区"])
NAMES = st.sampled_from(
    ["圆玄小学", "第一中学", "人民医院", "启航教育科技有限公司", "培新小学花都校区", "公司", "童心幼儿园"]
)


@given(st.builds(str.__add__, PLACES, NAMES), st.builds(str.__add__, PLACES, NAMES))
def test_the_order_of_the_two_does_not_matter(one: str, other: str) -> None:
    assert compare_employers(one, other) is compare_employers(other, one)


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_answered_the_same_both_ways(one: str, other: str) -> None:
    assert compare_employers(one, other) is compare_employers(other, one)


@given(PLACES, NAMES, st.sampled_from(["", " ", "\n"]))
def test_an_employer_is_the_same_as_itself(place: str, name: str, gap: str) -> None:
    assert compare_employers(place + name, place + gap + name) is EmployerMatch.SAME


def test_normalise_employer() -> None:
    assert normalise_employer("广州市：启航教育（广州）有限公司。") == "启航教育(广州)有限公司"


@pytest.mark.parametrize(
    "name", ["广州市众才人力资源有限公司", "广东南方劳务派遣有限公司", "某某服务外包(广州)有限公司"]
)
def test_agencies(name: str) -> None:
    assert is_dispatch_agency(name)


@pytest.mark.parametrize(
    "name", ["广州市花都区圆玄小学", "花都区人力资源和社会保障局", "广州市启航教育科技有限公司", ""]
)
def test_not_agencies(name: str) -> None:
    assert not is_dispatch_agency(name)
