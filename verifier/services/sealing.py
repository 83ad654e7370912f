"""What is kept of a secret or a phone number: sealed to be read again, or a keyed hash to be found and compared by.

What belongs to no case is sealed under the installation's key, one derived key for each use (verifier.store.keyring). The hash is
keyed because phone numbers, identity numbers and short codes are few enough to try them all.
"""

from __future__ import annotations

from enum import StrEnum

from verifier.services.context import Services


class Use(StrEnum):
    """What a derived key is for; two uses never share one."""

    PHONE = "phone"
    TOTP = "totp"
    CODE = "code"
    THROTTLE = "throttle"
    DRAFT = "draft"
    """Answers before they make an application."""
    ID_NUMBER = "id_number"
    """Of applications, to find them by."""
    CASE_PHONE = "case_phone"


def keyed_hash(services: Services, use: Use, text: str) -> str:
    """HMAC-SHA-256, lower-case hexadecimal."""
    return services.keyring.keyed_hash(use.value, text)


def seal(services: Services, use: Use, text: str) -> str:
    """Sealed under a fresh nonce, as base64."""
    return services.keyring.seal(use.value, text)


def unseal(services: Services, use: Use, sealed: str) -> str:
    """What was sealed. Raises StorageError storage.lost when it was changed or sealed under another key."""
    return services.keyring.unseal(use.value, sealed)
