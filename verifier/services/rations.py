"""How much one applicant and one address may upload in an hour: opening files costs seconds of a core, keeping them disk.

Programs of the bureau hand in for many people and are not rationed; their tokens are few and known by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from schemas.case import Role
from verifier.services import throttle
from verifier.services.context import Services
from verifier.services.throttle import Quota
from verifier.services.tokens import Principal

HOUR = timedelta(hours=1)
MIB = 1024 * 1024

OFFICE = 10
"""A school or an office behind one address may upload as much as so many applicants."""


def require_ration(services: Services, who: Principal, address: str) -> None:
    """Asked before a body is read. Raises InputError request.too_many."""
    for quota, value in _of(services, who, address):
        throttle.require_left(services, quota, value)


def take_ration(services: Services, who: Principal, address: str, *, files: int, size: int) -> None:
    """Asked before files are opened; `size` in bytes. Raises InputError request.too_many."""
    for quota, value in _of(services, who, address):
        throttle.spend(services, quota, value, files if quota.kind.startswith("upload_files") else -(-size // MIB))


def _of(services: Services, who: Principal, address: str) -> Iterator[tuple[Quota, str]]:
    if who.role is not Role.APPLICANT:
        return
    files, megabytes = services.settings.upload_files_per_hour, services.settings.upload_mb_per_hour
    yield Quota("upload_files", files, HOUR), who.name
    yield Quota("upload_mb", megabytes, HOUR), who.name
    yield Quota("upload_files_from", files * OFFICE, HOUR), address
    yield Quota("upload_mb_from", megabytes * OFFICE, HOUR), address
