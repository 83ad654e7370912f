"""Sealing: authenticated encryption behind one small interface, its algorithm named in what it makes.

A sealed value is `MAGIC`, one byte for the algorithm, a nonce, the encrypted bytes and their tag. So another algorithm can take over
for what is sealed from then on, and what was sealed before still opens. AES-256-GCM (NIST SP 800-38D) is the default; SM4-GCM
(GB/T 32907, RFC 8998) is what a 密评 asks for (GB/T 39786-2021).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from verifier.errors import StorageError

MAGIC = b"\x00ZV"
"""No picture, PDF or ZIP begins so."""
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
SM4_KEY_BYTES = 16
OVERHEAD = len(MAGIC) + 1 + NONCE_BYTES + TAG_BYTES
"""Bytes by which a sealed value is longer."""


class Cipher(Protocol):
    """An AEAD with a nonce of 12 bytes. `key` has 32; one with shorter keys takes its beginning."""

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        """The encrypted bytes and their tag of 16 bytes, bound to `context`."""
        ...

    def decrypt(self, key: bytes, nonce: bytes, encrypted: bytes, context: bytes) -> bytes:
        """Raises cryptography's InvalidTag when anything was changed, or key or context are others."""
        ...


class Aes256Gcm:
    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        return AESGCM(key).encrypt(nonce, plain, context)

    def decrypt(self, key: bytes, nonce: bytes, encrypted: bytes, context: bytes) -> bytes:
        return AESGCM(key).decrypt(nonce, encrypted, context)


class Sm4Gcm:
    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        encryptor = BlockCipher(algorithms.SM4(key[:SM4_KEY_BYTES]), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(context)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def decrypt(self, key: bytes, nonce: bytes, encrypted: bytes, context: bytes) -> bytes:
        body, tag = encrypted[:-TAG_BYTES], encrypted[-TAG_BYTES:]
        decryptor = BlockCipher(algorithms.SM4(key[:SM4_KEY_BYTES]), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(context)
        return decryptor.update(body) + decryptor.finalize()


CODES: Mapping[str, int] = {"aes-256-gcm": 1, "sm4-gcm": 2}
"""By the names VERIFIER_CIPHER takes. A number once given stays."""
_CIPHERS: Mapping[int, Cipher] = {1: Aes256Gcm(), 2: Sm4Gcm()}


def seal(algorithm: str, key: bytes, plain: bytes, context: str) -> bytes:
    """`plain` sealed under a fresh random nonce. `context` says where it belongs: elsewhere it does not open."""
    code = CODES[algorithm]
    nonce = os.urandom(NONCE_BYTES)
    head = MAGIC + bytes((code,))
    return head + nonce + _CIPHERS[code].encrypt(key, nonce, plain, head + context.encode())


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    """What was sealed. Raises StorageError storage.lost when it was changed, belongs elsewhere or has another key."""
    head, rest = sealed[: len(MAGIC) + 1], sealed[len(MAGIC) + 1 :]
    cipher = _CIPHERS.get(head[-1]) if is_sealed(sealed) else None
    if cipher is None or len(sealed) < OVERHEAD:
        raise StorageError("storage.lost")
    try:
        return cipher.decrypt(key, rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + context.encode())
    except InvalidTag as error:
        raise StorageError("storage.lost") from error


def is_sealed(data: bytes) -> bool:
    """Whether bytes begin as sealed ones do."""
    return data[: len(MAGIC)] == MAGIC
