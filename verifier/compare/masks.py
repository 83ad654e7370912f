"""What lists, logs and pages show instead of personal data (DOMAIN 5.5); identity numbers are in verifier.compare.ids."""

from __future__ import annotations

from verifier.compare.addresses import parse_address
from verifier.compare.names import normalise_name
from verifier.compare.text import squeeze

STAR = "*"
HIDDEN = "***"
"""Stands for what is left out when its length would say something."""


def mask_name(name: str) -> str:
    """`张*`, `张*明`, `欧**雯`: the first character, and of three and more the last; never more than three stars."""
    plain = normalise_name(name)
    if len(plain) <= 1:
        return STAR * len(plain)
    if len(plain) == 2:
        return plain[0] + STAR
    return plain[0] + STAR * min(len(plain) - 2, 3) + plain[-1]


def mask_phone(number: str) -> str:
    """`138****1234`; of a shorter number, a landline, the last two; less than seven digits are only stars."""
    plain = squeeze(number)
    if len(plain) >= 11:
        return plain[:3] + STAR * (len(plain) - 7) + plain[-4:]
    if len(plain) >= 7:
        return STAR * (len(plain) - 2) + plain[-2:]
    return STAR * len(plain)


def mask_address(text: str) -> str:
    """The divisions down to the town, then stars. An address whose divisions cannot be told is only stars."""
    address = parse_address(text)
    divisions = (address.province, address.city, address.district, address.town)
    shown = "".join(division for division in divisions if division)
    return shown + HIDDEN


def mask_birth_date(value: str) -> str:
    """`1996-**-**`: month and day are what an identity number's mask hides."""
    return f"{value[:4]}-**-**" if value[:4].isdigit() else HIDDEN
