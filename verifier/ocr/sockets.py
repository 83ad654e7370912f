"""Unix sockets that only their owner can reach: each lives in a directory of its own with mode 0700."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from verifier.errors import ConfigError

BACKLOG = 64
_FILE = "host.sock"
_ADDRESS_LIMIT = 100
"""Bytes of a path that every platform takes as a socket address; Linux takes 107."""


def private_path(parent: Path, name: str) -> Path:
    """Where `listen` puts the socket called `name` under `parent`."""
    return parent / name / _FILE


def listen(path: Path) -> socket.socket:
    """Make the private directory of `path` and listen there. Raises ConfigError naming `socket_dir`.

    Sockets of the same kind that an owner killed by SIGKILL left beside it are swept away.
    """
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        for left_over in path.parent.parent.glob(f"*/{_FILE}"):
            _sweep(left_over)
        path.parent.mkdir(mode=0o700)
    except OSError as refused:
        raise ConfigError(name="socket_dir", why=refused.strerror or "mkdir") from refused
    listener = socket.socket(socket.AF_UNIX)
    try:
        with address_of(path) as address:
            listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as refused:
        listener.close()
        path.parent.rmdir()
        raise ConfigError(name="socket_dir", why=refused.strerror or "bind") from refused
    return listener


def close(listener: socket.socket, path: Path) -> None:
    """Close and take away what `listen` made."""
    listener.close()
    with contextlib.suppress(FileNotFoundError):  # whoever tidies temporary folders may have been here
        path.unlink()
        path.parent.rmdir()


@contextlib.contextmanager
def address_of(path: Path) -> Iterator[str]:
    """`path` as an address to bind or connect to; a long one goes by way of its directory's descriptor (Linux)."""
    if len(os.fsencode(path)) <= _ADDRESS_LIMIT:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def _sweep(path: Path) -> None:
    """Remove a socket nobody listens on; leave those that are alive, another user's, or gone meanwhile."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(PermissionError, FileNotFoundError):
        probe.settimeout(1.0)
        try:
            with address_of(path) as address:
                probe.connect(address)
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            path.parent.rmdir()
        except (TimeoutError, BlockingIOError):  # alive, its backlog is full
            return
