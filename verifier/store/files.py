"""Uploaded bytes, kept once under the SHA-256 of their content. A row is written only after its bytes are safe here."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from verifier.errors import ConfigError, StorageError

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileStore(Protocol):
    """Names are lower-case hexadecimal SHA-256 of the content. Every call raises StorageError storage.unavailable
    when the store cannot be reached.
    """

    def put(self, data: bytes) -> str:
        """Keep `data` durably and name it. Keeping the same content again changes nothing."""
        ...

    def get(self, sha256: str) -> bytes:
        """The content. Raises StorageError storage.lost when it is gone or not what its name says."""
        ...

    def exists(self, sha256: str) -> bool: ...

    def delete(self, sha256: str) -> None:
        """Remove it; nothing happens when it is not there."""
        ...


class LocalFiles:
    """A folder: `ab/cd/<sha256>`, folders 0700, files 0600, because the bytes are people's papers."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._path(sha256)
        try:
            # a damaged copy is mended by sending the file again
            if target.is_file() and target.read_bytes() == data:
                return sha256
            self._make_folder(target.parent)
            self._write(target, data)
        except OSError as error:
            raise StorageError() from error
        return sha256

    def get(self, sha256: str) -> bytes:
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise StorageError("storage.lost") from None
        except OSError as error:
            raise StorageError() from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StorageError("storage.lost")
        return data

    def exists(self, sha256: str) -> bool:
        try:
            return self._path(sha256).is_file()
        except OSError as error:
            raise StorageError() from error

    def delete(self, sha256: str) -> None:
        try:
            self._path(sha256).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError() from error

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lower-case hexadecimal")
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def _make_folder(self, folder: Path) -> None:
        # mkdir(parents=True) gives only the last folder the mode asked for
        for path in (self._root, folder.parent, folder):
            path.mkdir(mode=0o700, parents=path == self._root, exist_ok=True)

    @staticmethod
    def _write(target: Path, data: bytes) -> None:
        # mkstemp makes the file 0600; the rename shows either the whole file or none of it
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def open_files(files_url: str) -> FileStore:
    """The store a URL names: `file:///absolute/folder`.

    Raises ConfigError for a scheme this version has no store for.
    """
    parts = urlsplit(files_url)
    if parts.scheme != "file":
        raise ConfigError(name="VERIFIER_FILES_URL", why="only file:// is supported by this version")
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ConfigError(name="VERIFIER_FILES_URL", why="must name an absolute folder, as in file:///srv/files")
    return LocalFiles(Path(unquote(parts.path)))
