"""Sealed bytes under names of 64 hexadecimal digits. A row is written only after its bytes are safe here.

The store knows neither keys nor people: what it holds is sealed and named by the key of a case (verifier.store.keyring), so that the
same content of the same case has the same name, and says nothing to whoever lists it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from verifier.errors import ConfigError, StorageError
from verifier.settings import Settings

FILES_URL = "VERIFIER_FILES_URL"
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Stored:
    """A file as the store knows it."""

    name: str
    size: int
    """Bytes, as they lie there."""
    put_at: datetime
    """When it was put last, by the store's own clock."""


class FileStore(Protocol):
    """Every call raises StorageError storage.unavailable when the store cannot be reached, and ValueError for what is no name."""

    def put(self, name: str, data: bytes) -> None:
        """Keep `data` durably under a name, whole or not at all; what was there is replaced, and is new."""
        ...

    def get(self, name: str) -> bytes:
        """The bytes. Raises StorageError storage.lost when they are gone; whoever opens them finds whether they are whole."""
        ...

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None:
        """Remove it; nothing happens when it is not there."""
        ...

    def stat(self, name: str) -> Stored | None:
        """What is known of it without reading it; None when it is not there."""
        ...

    def walk(self, after: str = "") -> Iterator[Stored]:
        """Everything in the store in the order of names, from the first one behind `after`."""
        ...

    def drop_partial(self, before: datetime) -> int:
        """Remove what writes that were cut off before a moment left behind; how many."""
        ...

    def check(self) -> None:
        """Asked once at the start: raises ConfigError naming the setting when the store cannot be used as set."""
        ...

    def ping(self) -> None:
        """Asked often: an answer within seconds whether the store is there."""
        ...


def require_name(name: str) -> None:
    """Raises ValueError: whatever else must not become a path or a key."""
    if not NAME.fullmatch(name):
        raise ValueError("not 64 lower-case hexadecimal digits")


PART = ".part"
"""How the name of a file ends that is still being written."""


class LocalFiles:
    """A folder: `ab/cd/<name>`, folders 0700, files 0600, because the bytes are people's papers."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        return self._root

    def put(self, name: str, data: bytes) -> None:
        target = self._path(name)
        try:
            self._make_folder(target.parent)
            self._write(target, data)
        except OSError as error:
            raise StorageError() from error

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise StorageError("storage.lost") from None
        except OSError as error:
            raise StorageError() from error

    def exists(self, name: str) -> bool:
        try:
            return self._path(name).is_file()
        except OSError as error:
            raise StorageError() from error

    def delete(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError() from error

    def stat(self, name: str) -> Stored | None:
        try:
            return self._stat(self._path(name))
        except OSError as error:
            raise StorageError() from error

    def walk(self, after: str = "") -> Iterator[Stored]:
        try:
            for folder in self._folders(after):
                for path in sorted(folder.iterdir()):
                    if NAME.fullmatch(path.name) and path.name > after and (found := self._stat(path)):
                        yield found
        except OSError as error:
            raise StorageError() from error

    def drop_partial(self, before: datetime) -> int:
        dropped = 0
        try:
            for folder in self._folders():
                for path in folder.glob(f".*{PART}"):
                    if path.stat().st_mtime < before.timestamp():
                        path.unlink(missing_ok=True)
                        dropped += 1
        except OSError as error:
            raise StorageError() from error
        return dropped

    def check(self) -> None:
        """Makes the folder when it is not there, and writes a file into it for a moment."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._root, prefix=".check"):
                pass
        except OSError as error:
            raise ConfigError(name=FILES_URL, why=f"cannot write to {self._root} ({error.strerror})") from error

    def ping(self) -> None:
        # a disk that is no longer mounted leaves an empty folder of root's behind, or none
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise StorageError()

    @staticmethod
    def _stat(path: Path) -> Stored | None:
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        return Stored(name=path.name, size=found.st_size, put_at=datetime.fromtimestamp(found.st_mtime, UTC))

    def _folders(self, after: str = "") -> Iterator[Path]:
        """The folders that hold files, in order, from the one `after` lies in."""
        first, second = after[:2], after[2:4]
        for outer in _pairs(self._root):
            if outer.name >= first:
                yield from (inner for inner in _pairs(outer) if outer.name > first or inner.name >= second)

    def _path(self, name: str) -> Path:
        require_name(name)
        return self._root / name[:2] / name[2:4] / name

    def _make_folder(self, folder: Path) -> None:
        # mkdir(parents=True) gives only the last folder the mode asked for
        for path in (self._root, folder.parent, folder):
            path.mkdir(mode=0o700, parents=path == self._root, exist_ok=True)

    @staticmethod
    def _write(target: Path, data: bytes) -> None:
        # mkstemp makes the file 0600; the rename shows either the whole file or none of it
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=PART)
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


def _pairs(folder: Path) -> list[Path]:
    """The folders of two hexadecimal digits in a folder, in order; none when it is not there."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if re.fullmatch("[0-9a-f]{2}", path.name))


def open_files(settings: Settings) -> FileStore:
    """The store that VERIFIER_FILES_URL names: `file:///absolute/folder` or `s3://bucket/prefix`.

    Raises ConfigError for a URL that names no store.
    """
    parts = urlsplit(settings.files_url)
    if parts.scheme == "s3":
        # boto3 takes a second and 30 MB to import
        from verifier.store.s3 import open_bucket

        return open_bucket(settings)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ConfigError(name=FILES_URL, why="must name an absolute folder, as in file:///srv/files")
    return LocalFiles(Path(unquote(parts.path)))
