"""Phone numbers of accounts: the one place that reads, seals and looks them up."""

from __future__ import annotations

import re

from verifier.compare.masks import mask_phone
from verifier.errors import AccountError
from verifier.services.context import Services
from verifier.services.sealing import Use, keyed_hash, seal, unseal

_MOBILE = re.compile(r"1[3-9]\d{9}")


def parse(text: str) -> str:
    """Eleven digits of a mobile phone, from what people type. Raises AccountError account.bad_phone."""
    digits = re.sub(r"[\s-]", "", text).removeprefix("+86")
    if not (_MOBILE.fullmatch(digits) and digits.isascii()):
        raise AccountError("account.bad_phone")
    return digits


def index_of(services: Services, text: str) -> str:
    """The blind index to find a number by; of what is no number, one that nobody has."""
    try:
        return keyed_hash(services, Use.PHONE, parse(text))
    except AccountError:
        return keyed_hash(services, Use.PHONE, f"no number: {text}")


def sealed(services: Services, number: str) -> str:
    return seal(services, Use.PHONE, number)


def opened(services: Services, stored: str) -> str:
    """Raises StorageError storage.lost."""
    return unseal(services, Use.PHONE, stored)


def masked(services: Services, stored: str) -> str:
    """As a page may show it."""
    return mask_phone(opened(services, stored))
