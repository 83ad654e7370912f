from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.application import QualificationType
from verifier.compare.ethnicities import ETHNICITIES
from verifier.compare.values import (
    read_blood_pressure,
    read_conclusion,
    read_decimal,
    read_ethnicity,
    read_phone,
    read_qualification,
    read_sex,
    read_vision,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("女", "female"),
        ("男", "male"),
        ("性别女", "female"),
        ("性 别:男", "male"),
        ("同志,性别:女,身份证号码:440114", "female"),
    ],
)
def test_sex(text: str, value: str) -> None:
    assert read_sex(text) == value


@pytest.mark.parametrize("text", ["", "男/女", "性别:男/女", "性别", "M", "该男职工与另一女职工同时入职"])
def test_no_sex(text: str) -> None:
    assert read_sex(text) is None


@pytest.mark.parametrize("group", ETHNICITIES)
def test_every_group_in_every_form(group: str) -> None:
    for text in (
        group,
        f"{group}族",
        f"民族☑{group}",
        f"民族{group}",
        f"民族:{group}族",
        f"民 族 {group}",
        f"性别男民族{group}出生",
    ):
        assert read_ethnicity(text) == group


def test_there_are_56_groups() -> None:
    assert len(set(ETHNICITIES)) == 56


@pytest.mark.parametrize("text", ["", "民族", "汉字", "族", "广州", "汊"])
def test_no_group(text: str) -> None:
    assert read_ethnicity(text) is None


@given(st.integers(30, 53), st.sampled_from(["", "右", "左眼:", "裸眼视力 右 "]))
def test_five_point_vision(score: int, label: str) -> None:
    value = f"{score // 10}.{score % 10}"
    for written in (value, value.replace(".", ","), value.replace(".", "。"), value.replace(".", ". "), str(score)):
        assert read_vision(f"{label}{written}") == value


@pytest.mark.parametrize("value", ["0.1", "0.02", "0.8", "1.0", "1.5", "2.0"])
def test_decimal_vision_stays_as_written(value: str) -> None:
    assert read_vision(f"右 {value}") == value


@pytest.mark.parametrize(
    "text", ["", "正常", "5", "15", "5.4", "2.9", "54", "右5.0 左4.9", "4.95", "0.01", "右5.0左4.9", "1985"]
)
def test_no_vision(text: str) -> None:
    assert read_vision(text) is None


@given(
    st.integers(70, 260),
    st.integers(40, 150),
    st.sampled_from(["/", " / ", "／", "|", "\\"]),
    st.sampled_from(["", "mmHg", " mmHg"]),
)
def test_blood_pressure(systolic: int, diastolic: int, between: str, unit: str) -> None:
    expected = f"{systolic}/{diastolic}" if systolic > diastolic else None
    assert read_blood_pressure(f"血压:{systolic}{between}{diastolic}{unit}") == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16.0/10.6kPa", "120/80"),
        ("18.67/12kPa", "140/90"),
        ("12O/8O", "120/80"),
        ("122l75mmHg", "122/75"),
        ("1 22/75", "122/75"),
        ("收缩压120mmHg 舒张压80mmHg", "120/80"),
    ],
)
def test_blood_pressure_as_written_by_hand(text: str, value: str) -> None:
    assert read_blood_pressure(text) == value


@pytest.mark.parametrize("text", ["", "正常", "12275", "80/120", "300/80", "120/80 130/85", "2026/10/13"])
def test_no_blood_pressure(text: str) -> None:
    assert read_blood_pressure(text) is None


@given(st.integers(1300, 2200))
def test_a_number_beside_its_unit(tenths: int) -> None:
    value = f"{tenths // 10}.{tenths % 10}"
    for text in (value, f"{value}厘米", f"身高: {value} cm", value.replace(".", " . "), value.replace(".", "。")):
        assert read_decimal(text, 130, 220.5) == value


@pytest.mark.parametrize(
    ("text", "low", "high", "value"),
    [
        ("165厘米", 130, 220, "165"),
        ("16 5厘米", 130, 220, "165"),
        ("88次/分", 35, 200, "88"),
        ("右耳5米", 0, 5, "5"),
        ("O3个月", 1, 999, "3"),
        ("ALT:18 U/L 参考范围 0-40 U/L", 1, 2000, "18"),
        ("24(0-40)U/L", 1, 2000, "24"),
        ("24 IU/L", 1, 2000, "24"),
        ("实际缴费48个月,缓缴0个", 1, 999, "48"),
        ("60.2公斤", 30, 200, "60.2"),
        ("1OO", 1, 999, "100"),
    ],
)
def test_numbers(text: str, low: float, high: float, value: str) -> None:
    assert read_decimal(text, low, high) == value


@pytest.mark.parametrize("text", ["", "正常", "1.65米", "165 170", "1650", "16.5.3"])
def test_no_number(text: str) -> None:
    assert read_decimal(text, 130, 220) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("合格", "qualified"),
        ("体检结论: 合 格", "qualified"),
        ("各项正常,合格", "qualified"),
        ("不合格", "unqualified"),
        ("不 合\n格", "unqualified"),
        ("血压偏高,不合格。其余各项合格", "unqualified"),
        ("☑合格 □不合格", "qualified"),
        ("□合格 √不合格", "unqualified"),
        ("建议复查", "other"),
        ("暂缓", "other"),
        ("合格(待查)", "other"),
        ("正常", "other"),
    ],
)
def test_conclusions(text: str, value: str) -> None:
    assert read_conclusion(text) == value


@pytest.mark.parametrize("text", ["", "体检结论", "合格/不合格", "不合格、合格", "□合格 □不合格", "台格", "未合格项"])
def test_no_conclusion(text: str) -> None:
    assert read_conclusion(text) is None


@given(st.text(max_size=10), st.text(max_size=10))
def test_unqualified_is_never_read_as_qualified(before: str, after: str) -> None:
    assert read_conclusion(f"{before}不合格{after}") != "qualified"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("幼儿园", "kindergarten"),
        ("小学", "primary"),
        ("初级中学", "junior_middle"),
        ("初中教师资格", "junior_middle"),
        ("高级中学", "senior_middle"),
        ("中等职业学校", "secondary_vocational"),
        ("职业高中", "secondary_vocational"),
        ("中等职业学校实习指导教师", "vocational_practice"),
        ("中职实习指导", "vocational_practice"),
        ("申请资格种类:初级中学 学科:语文", "junior_middle"),
    ],
)
def test_qualifications(text: str, value: str) -> None:
    assert read_qualification(text) == QualificationType(value)


@pytest.mark.parametrize("text", ["", "中学", "初中/高中", "小学、幼儿园"])
def test_no_qualification(text: str) -> None:
    assert read_qualification(text) is None


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_mobile_numbers(number: str) -> None:
    for text in (
        number,
        f"联系电话:{number}",
        f"+86 {number}",
        f"{number[:3]} {number[3:7]} {number[7:]}",
        f"{number[:3]}-{number[3:7]}-{number[7:]}",
    ):
        assert read_phone(text) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("020-34484224", "020-34484224"),
        ("02034484224", "020-34484224"),
        ("(020)34484224", "020-34484224"),
        ("电话：0763-3348422", "0763-3348422"),
        ("020-34484224-801", "020-34484224-801"),
        ("34484224", "34484224"),
        ("联系电话:34484224", "34484224"),
    ],
)
def test_fixed_lines(text: str, value: str) -> None:
    assert read_phone(text) == value


@pytest.mark.parametrize(
    "text", ["", "电话", "440114200206253284", "2026年10月13日", "13800138000 13900139000", "12345"]
)
def test_no_phone(text: str) -> None:
    assert read_phone(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2H IU/L", "24"),
        ("H2 U/L", "42"),
        ("S6 kg", "56"),
        ("I3U/L", "13"),
        ("2{U/L", None),
        ("}4 U/L", None),
        ("11mmHg", "11"),
    ],
)
def test_digits_by_hand_among_digits(text: str, value: str | None) -> None:
    assert read_decimal(text, 1, 300) == value


def test_a_vision_by_hand() -> None:
    assert read_vision("R:H.9") == "4.9"
