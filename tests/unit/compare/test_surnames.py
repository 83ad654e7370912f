"""Surnames, compound ones first."""

import pytest

from verifier.compare.surnames import COMPOUND, SINGLE, surname_of


@pytest.mark.parametrize(
    ("name", "surname"),
    [
        ("欧阳靖雯", "欧阳"),
        ("欧阳", "欧"),
        ("张伟", "张"),
        ("司马光", "司马"),
        ("东方", None),
        ("每海", None),
        ("", None),
    ],
)
def test_surname_of(name: str, surname: str | None) -> None:
    assert surname_of(name) == surname


def test_the_lists_hold_what_they_say() -> None:
    assert all(len(surname) == 2 for surname in COMPOUND)
    assert all(len(surname) == 1 for surname in SINGLE)
