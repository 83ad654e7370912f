"""Keys: a master key outside the database wraps data keys inside it, one for each case and one of the installation.

    master key           environment or a file of its owner; wraps data keys and does nothing else
    installation's key   seals accounts' phones and second factors, keys every blind index and keyed hash
    case's key           seals the columns and the files of one case, and names its files in the store

A data key never changes; a new master key only wraps it anew, so that rotation touches no column and no file. Whoever destroys a
case's key has destroyed what it sealed, in backups too. For each use a key of its own is derived (HKDF-SHA-256, RFC 5869).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from verifier.errors import ConfigError
from verifier.settings import PREFIX, Settings
from verifier.store import cipher

INFO = "verifier/keyring/1/"
INSTALLATION = "installation"
"""What the installation's key is wrapped for; a case's key is wrapped for the application's number."""
KEY_SETTING = f"{PREFIX}MASTER_KEY"


@lru_cache(maxsize=64)
def _of_master(key: bytes, use: str) -> bytes:
    """Derived from a master key, of which a process has one or two."""
    return derive(key, use)


def derive(key: bytes, use: str) -> bytes:
    """32 bytes for one use."""
    return HKDF(algorithm=SHA256(), length=cipher.KEY_BYTES, salt=None, info=(INFO + use).encode()).derive(key)


def master_id(master: bytes) -> str:
    """16 hexadecimal digits that name a master key and say nothing of it."""
    return _of_master(master, "id").hex()[:16]


@dataclass(frozen=True, repr=False)
class Wrapped:
    """A data key as the database keeps it. `master` is the id of the master key that wraps it."""

    master: str
    data: bytes


@dataclass(frozen=True, repr=False)
class Masters:
    """The master key in force and, while data keys are being wrapped anew, the ones before it."""

    algorithm: str
    current: bytes
    previous: tuple[bytes, ...] = ()

    @property
    def current_id(self) -> str:
        return master_id(self.current)

    def wrap(self, key: bytes, whose: str) -> Wrapped:
        data = cipher.seal(self.algorithm, _of_master(self.current, "wrap"), key, f"key/{whose}")
        return Wrapped(master=self.current_id, data=data)

    def unwrap(self, wrapped: Wrapped, whose: str) -> bytes:
        """Raises ConfigError when no master key that was given wrapped it, StorageError storage.lost when it was changed."""
        for master in (self.current, *self.previous):
            if master_id(master) == wrapped.master:
                return cipher.unseal(_of_master(master, "wrap"), wrapped.data, f"key/{whose}")
        raise ConfigError(
            name=KEY_SETTING, why=f"is another key than the one that wraps this database's ({wrapped.master})"
        )


def masters_of(settings: Settings) -> Masters:
    """The master keys of the settings. On one machine (SQLite) a missing one is made, in the data folder.

    Raises ConfigError naming the setting.
    """
    given = settings.master_key
    if given is None:
        if not settings.database_url.startswith("sqlite"):
            raise ConfigError(name=KEY_SETTING, why="is missing; make one with: openssl rand -base64 32")
        given = SecretStr(make_own_key(settings.own_key_file))
    before = settings.master_key_previous
    return Masters(
        algorithm=settings.cipher,
        current=base64.b64decode(given.get_secret_value()),
        previous=() if before is None else (base64.b64decode(before.get_secret_value()),),
    )


def make_own_key(path: Path) -> str:
    """The key of one machine's installation: made once, 0600, then read. Raises ConfigError."""
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, base64.b64encode(secrets.token_bytes(cipher.KEY_BYTES)).decode("ascii") + "\n")
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigError(name=KEY_SETTING, why=f"is missing, and {path} cannot be made ({error.strerror})") from error


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, for its owner only."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@dataclass(frozen=True, repr=False)
class CaseKey:
    """What seals one case. `context` names the column and row; it must be the same to open."""

    algorithm: str
    secret: bytes

    def seal(self, value: Any, context: str) -> bytes:
        """A JSON value, packed and sealed."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return cipher.seal(self.algorithm, derive(self.secret, "columns"), zlib.compress(text.encode()), context)

    def open(self, sealed: bytes, context: str) -> Any:
        """Raises StorageError storage.lost."""
        return json.loads(zlib.decompress(cipher.unseal(derive(self.secret, "columns"), sealed, context)))

    def file_name(self, sha256: str) -> str:
        """What a file of this content is called in the store: the same content of the same case has the same name; of
        another case another one, so that nobody who lists the store can tell who sent the same, or try a guess."""
        return hmac.new(derive(self.secret, "names"), sha256.encode(), hashlib.sha256).hexdigest()

    def seal_file(self, data: bytes, name: str) -> bytes:
        return cipher.seal(self.algorithm, derive(self.secret, "files"), data, f"file/{name}")

    def open_file(self, sealed: bytes, name: str) -> bytes:
        """Raises StorageError storage.lost."""
        return cipher.unseal(derive(self.secret, "files"), sealed, f"file/{name}")


@dataclass(frozen=True, repr=False)
class Keyring:
    """The master keys and the installation's key, opened. Threads share it."""

    masters: Masters
    installation: bytes

    def new_case_key(self, application_no: str) -> tuple[CaseKey, Wrapped]:
        secret = secrets.token_bytes(cipher.KEY_BYTES)
        return CaseKey(self.masters.algorithm, secret), self.masters.wrap(secret, application_no)

    def case_key(self, wrapped: Wrapped, application_no: str) -> CaseKey:
        """Raises ConfigError, StorageError storage.lost."""
        return CaseKey(self.masters.algorithm, self.masters.unwrap(wrapped, application_no))

    def seal(self, use: str, text: str) -> str:
        """Text of no case, as base64."""
        key = derive(self.installation, f"seal/{use}")
        return base64.b64encode(cipher.seal(self.masters.algorithm, key, text.encode(), use)).decode("ascii")

    def unseal(self, use: str, sealed: str) -> str:
        """Raises StorageError storage.lost."""
        return cipher.unseal(derive(self.installation, f"seal/{use}"), base64.b64decode(sealed), use).decode()

    def keyed_hash(self, use: str, text: str) -> str:
        """HMAC-SHA-256, lower-case hexadecimal: to find and compare by what is too short to be hashed without a key."""
        return hmac.new(derive(self.installation, f"hash/{use}"), text.encode(), hashlib.sha256).hexdigest()

    def file_marks(self, hashes: Sequence[str]) -> list[str]:
        """What files of these contents (SHA-256) are known by again in other cases."""
        return [self.keyed_hash("file", sha256) for sha256 in hashes]
