"""Fingerprints: near for one paper, far for two, none for what everybody's papers show."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import ReadField
from verifier.compare.fingerprint import (
    BANDS,
    MEASURED,
    NEAR,
    bands,
    distance,
    page_fingerprint,
    values_fingerprint,
)
from verifier.compare.ids import check_character
from verifier.compare.uscc import check_character as uscc_check

fingerprints = st.integers(0, 2**64 - 1).map(lambda value: f"{value:016x}")


def number(rng: Random) -> str:
    body = f"440114{rng.randint(1970, 2005)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(0, 999):03d}"
    return body + check_character(body)


def form(rng: Random) -> list[str]:
    """A form of an imagined person: the labels are everybody's."""
    return [
        "广东省教师资格申请人员体格检查表",
        f"身份证号码 {number(rng)}",
        f"联系电话 13{rng.randint(0, 10**9 - 1):09d}",
        f"血压 {rng.randint(95, 138)}/{rng.randint(60, 88)} mmHg 心率 {rng.randint(55, 99)}",
        f"身高 {rng.randint(150, 189)} 体重 {rng.randint(42, 90)}",
        f"体检日期 2026年{rng.randint(8, 10)}月{rng.randint(1, 28)}日",
        "咨询电话 020-36898888",
    ]


def test_two_readings_of_one_page_are_near() -> None:
    for seed in range(50):
        lines = form(Random(seed))
        again = [line.replace(" ", "").replace("号码", "號码") for line in reversed(lines)]
        assert distance(page_fingerprint(lines), page_fingerprint(again)) == 0
        missed = [line for line in lines if "心率" not in line]
        assert distance(page_fingerprint(lines), page_fingerprint(missed)) < 20


def test_forms_of_two_people_are_far() -> None:
    prints = [page_fingerprint(form(Random(seed))) for seed in range(80)]
    assert min(distance(a, b) for i, a in enumerate(prints) for b in prints[:i]) > NEAR


def test_pages_that_everybody_has_get_none() -> None:
    code = "12440114455354321"
    everybodys = [
        ["居民身份证", "签发机关 广州市公安局花都分局", "有效期限 2016.05.12-2036.05.12"],
        ["第十二条 合同期限自2024年9月1日至2027年8月31日", "电话 020-36898888 13800138000", "印章编号 4401140012345"],
        ["统一社会信用代码 " + code + uscc_check(code), "2026年10月20日"],
        ["姓名 张三", ""],
        [],
    ]
    assert [page_fingerprint(lines) for lines in everybodys] == [""] * len(everybodys)


def test_numbers_that_are_somebodys() -> None:
    assert page_fingerprint(["学号 2023101456", "2023年9月1日 入学"])
    assert page_fingerprint(["在线验证码 A7K2P9Q4R8T1W6X3"])


@given(fingerprints, st.sets(st.integers(0, 63), max_size=NEAR))
def test_what_is_near_shares_a_band(fingerprint: str, flips: set[int]) -> None:
    other = f"{int(fingerprint, 16) ^ sum(1 << bit for bit in flips):016x}"
    assert distance(fingerprint, other) == distance(other, fingerprint) == len(flips)
    assert len(bands(fingerprint)) == BANDS
    assert any(a == b for a, b in zip(bands(fingerprint), bands(other), strict=True))


@given(st.lists(st.text(max_size=40), max_size=8))
def test_any_text_will_do(lines: list[str]) -> None:
    found = page_fingerprint(lines)
    assert found == "" or len(bytes.fromhex(found)) == BANDS


def fields(**values: str) -> dict[str, ReadField]:
    box = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return {name: ReadField(value=value, raw=value, confidence=0.9, page=0, box=box) for name, value in values.items()}


MEASUREMENTS = {"blood_pressure": "118/76", "heart_rate": "72", "height_cm": "165", "weight_kg": "55", "alt": "18"}


def test_measurements_do_not_depend_on_the_person() -> None:
    one = values_fingerprint(fields(name="张三", **MEASUREMENTS))
    assert one
    assert one == values_fingerprint(fields(name="李四", **MEASUREMENTS))
    assert one != values_fingerprint(fields(**{**MEASUREMENTS, "heart_rate": "73"}))


def test_a_few_measurements_are_many_peoples() -> None:
    few = dict(list(MEASUREMENTS.items())[:4])
    assert values_fingerprint(fields(**few)) == ""
    eyes = dict.fromkeys(MEASURED[-4:], "5.0")
    assert values_fingerprint(fields(**eyes, heart_rate="72", height_cm="165")) == ""
