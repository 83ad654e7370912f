"""Batches: the default one says what the contract says, and a wrong file is named with its field."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from schemas.application import Route
from schemas.batch import Requirement
from schemas.document import DocumentType
from verifier.errors import ConfigError, InputError
from verifier.rules import batches
from verifier.rules.hospitals import designated

PLAIN = (batches.PACKAGED / "2026-autumn.toml").read_text(encoding="utf-8")


def write(folder: Path, text: str, name: str = "2026-autumn.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_default_batch_is_the_one_of_the_contract() -> None:
    batch = batches.load("2026-autumn")
    assert batch.district_code == "440114"
    assert (batch.exam.window_start, batch.exam.window_end) == (date(2026, 8, 1), date(2026, 12, 31))
    assert batch.exam.valid_days == 180
    assert batch.employment_evidence is Requirement.OPTIONAL
    assert (batch.insurance.months, batch.insurance.printed_within_days) == (6, 60)
    assert batch.schools == ("广东培正学院", "广州工商学院", "广州城市理工学院", "广州民航职业技术学院")
    assert [hospital.name for hospital in batch.hospitals] == [
        "广州市花都区人民医院",
        "广州市花都区妇幼保健院",
        "广州市花都区第二人民医院",
        "广州市中西医结合医院",
    ]


def test_every_route_has_required_slots_each_with_its_ground() -> None:
    required = batches.load("2026-autumn").required
    assert set(required) == set(Route)
    for groups in required.values():
        assert DocumentType.MEDICAL_EXAM_FORM in {slot for group in groups for slot in group.slots}
        assert all(group.legal_basis for group in groups)


def test_no_alias_belongs_to_two_hospitals() -> None:
    hospitals = batches.load("2026-autumn").hospitals
    for hospital in hospitals:
        for name in (hospital.name, *hospital.aliases):
            assert designated(name, hospitals) == hospital


def test_the_packaged_batches_are_all_sound() -> None:
    codes = batches.available()
    assert "2026-autumn" in codes
    assert [batches.load(code).code for code in codes] == list(codes)


@pytest.mark.parametrize("code", ["2027-spring", "../2026-autumn", "2026-autumn.toml", "", "2026-AUTUMN", "a/b"])
def test_an_unknown_code_is_the_callers_error(code: str) -> None:
    with pytest.raises(InputError) as caught:
        batches.load(code)
    assert caught.value.code == "case.unknown_batch"


def test_a_folder_of_its_own_replaces_the_packaged_batches(tmp_path: Path) -> None:
    write(tmp_path, PLAIN.replace('code = "2026-autumn"', 'code = "2027-spring"'), "2027-spring.toml")
    assert batches.available(tmp_path) == ("2027-spring",)
    assert batches.load("2027-spring", tmp_path).code == "2027-spring"
    with pytest.raises(InputError):
        batches.load("2026-autumn", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("valid_days = 180", "valid_days = 0", "2026-autumn.toml:exam.valid_days"),
        ("valid_days = 180", "", "2026-autumn.toml:exam.valid_days"),
        ('district_code = "440114"', 'district_code = "花都"', "2026-autumn.toml:district_code"),
        ("version = 1", "version = 1\nsurprise = 2", "2026-autumn.toml:surprise"),
        ('code = "2026-autumn"', 'code = "2026-spring"', "2026-autumn.toml:code"),
        ("systolic =", "systolik =", "2026-autumn.toml:alert_ranges.systolik"),
        ("[alert_ranges]", '[rules."no.such_rule"]\nenabled = false\n[alert_ranges]', "2026-autumn.toml:rules.no.such_rule"),
        ("version = 1", "version =", "2026-autumn.toml"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, old: str, new: str, name: str) -> None:
    assert old in PLAIN
    with pytest.raises(ConfigError) as caught:
        batches.load("2026-autumn", write(tmp_path, PLAIN.replace(old, new, 1)))
    assert caught.value.details["name"] == name


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "2026-autumn.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        batches.load("2026-autumn", tmp_path)


def test_a_batch_switches_rules_by_their_id(tmp_path: Path) -> None:
    text = PLAIN + '\n[rules."exam_date.too_old"]\nenabled = false\n[rules."id_card.term"]\nseverity = "review"\n'
    batch = batches.load("2026-autumn", write(tmp_path, text))
    assert not batch.rules["exam_date.too_old"].enabled
    assert batch.rules["id_card.term"].severity == "review"
