"""What is kept of a secret or a phone number: sealed to be read again, or a keyed hash to be found and compared by.

Keys are derived from the master key, one for each use (HKDF-SHA-256, RFC 5869). The hash is keyed because phone numbers and
short codes are few enough to try them all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from enum import StrEnum
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from verifier.errors import ConfigError, StorageError
from verifier.services.context import Services

NONCE_BYTES = 12


class Use(StrEnum):
    """What a derived key is for; two uses never share one."""

    PHONE = "phone"
    TOTP = "totp"
    CODE = "code"
    THROTTLE = "throttle"
    READING = "reading"


def keyed_hash(services: Services, use: Use, text: str) -> str:
    """HMAC-SHA-256, lower-case hexadecimal. Raises ConfigError without a master key."""
    return hmac.new(_key(services, use, "hash"), text.encode(), hashlib.sha256).hexdigest()


def seal(services: Services, use: Use, text: str) -> str:
    """AES-256-GCM under a fresh nonce, as base64. Raises ConfigError without a master key."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_key(services, use, "seal")).encrypt(nonce, text.encode(), use.encode())
    return base64.b64encode(nonce + sealed).decode("ascii")


def unseal(services: Services, use: Use, sealed: str) -> str:
    """What was sealed. Raises StorageError storage.lost when it was changed or sealed under another master key."""
    raw = base64.b64decode(sealed)
    try:
        plain = AESGCM(_key(services, use, "seal")).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], use.encode())
    except InvalidTag as error:
        raise StorageError("storage.lost") from error
    return plain.decode()


def _key(services: Services, use: Use, way: str) -> bytes:
    master = services.settings.master_key
    if master is None:
        raise ConfigError(name="VERIFIER_MASTER_KEY", why="is needed for accounts")
    return _derived(master.get_secret_value(), f"verifier/people/{use.value}/{way}")


@lru_cache(maxsize=32)
def _derived(master: str, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info.encode()).derive(base64.b64decode(master))
