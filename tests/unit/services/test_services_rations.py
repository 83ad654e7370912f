"""How much one applicant and one address may upload."""

from __future__ import annotations

import pytest

from schemas.case import Role
from tests.support.factories import Clock, with_settings
from verifier.errors import InputError
from verifier.services.context import Services
from verifier.services.rations import OFFICE, require_ration, take_ration
from verifier.services.tokens import Principal

ONE = Principal("applicant-1", Role.APPLICANT)
MIB = 1024 * 1024


def person(number: int) -> Principal:
    return Principal(f"applicant-{number}", Role.APPLICANT)


def waits(services: Services, who: Principal, address: str, *, files: int = 1, size: int = 1) -> int | None:
    """Seconds until more is allowed; None when it was."""
    try:
        require_ration(services, who, address)
        take_ration(services, who, address, files=files, size=size)
    except InputError as refused:
        assert refused.code == "request.too_many"
        seconds = refused.details["seconds"]
        assert isinstance(seconds, int)
        return seconds
    return None


def test_files_of_one_person(services: Services, clock: Clock) -> None:
    tight = with_settings(services, upload_files_per_hour=3)
    assert waits(tight, ONE, "10.0.0.1", files=2) is None
    assert waits(tight, ONE, "10.0.0.1", files=2) is None, "an upload that has begun is not cut"
    clock.tick(minutes=20)
    assert waits(tight, ONE, "10.0.0.2") == 2400
    assert waits(tight, person(2), "10.0.0.1") is None
    clock.tick(minutes=40)
    assert waits(tight, ONE, "10.0.0.1") is None


def test_bytes_of_one_person(services: Services) -> None:
    tight = with_settings(services, upload_mb_per_hour=2)
    assert waits(tight, ONE, "10.0.0.1", size=MIB + 1) is None
    assert waits(tight, ONE, "10.0.0.1", size=1) == 3600


def test_an_address_is_rationed_like_an_office(services: Services) -> None:
    tight = with_settings(services, upload_files_per_hour=1)
    assert [waits(tight, person(number), "10.0.0.1") for number in range(OFFICE)] == [None] * OFFICE
    assert waits(tight, person(99), "10.0.0.1") == 3600
    assert waits(tight, person(99), "10.0.0.2") is None


def test_asking_takes_nothing(services: Services) -> None:
    tight = with_settings(services, upload_files_per_hour=1)
    for _ in range(3):
        require_ration(tight, ONE, "10.0.0.1")
    take_ration(tight, ONE, "10.0.0.1", files=1, size=1)
    with pytest.raises(InputError):
        require_ration(tight, ONE, "10.0.0.1")


def test_programs_are_not_rationed(services: Services) -> None:
    tight = with_settings(services, upload_files_per_hour=1)
    program = Principal("office", Role.INTEGRATION)
    assert [waits(tight, program, "10.0.0.1", files=50) for _ in range(3)] == [None] * 3
