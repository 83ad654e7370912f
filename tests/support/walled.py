"""What a confined process can still do: run as a program, it builds the walls and tries. One JSON line is its answer.

Started by the tests with the folders of a host: `python -m tests.support.walled SECRET_FILE FONTS_DIR EMPTY_DIR`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from verifier.sandbox import confine
from verifier.sandbox.mother import confine_me
from verifier.sandbox.wire import Options


def main() -> None:
    secret, fonts, empty = (Path(argument) for argument in sys.argv[1:4])
    answer = os.dup(1)
    pid = os.getpid()
    options = Options(memory_mb=64, deadline_s=5, children=1, readable=(str(fonts),))
    network = confine.own_network()
    files, calls = confine_me(options, own_user=network)
    tries: dict[str, Callable[[], object]] = {
        "open a socket": lambda: socket.socket(),
        "resolve a name": lambda: socket.create_connection(("127.0.0.1", 9), 1),
        "read a secret": secret.read_bytes,
        "read the environment of the parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "write a file": lambda: (empty / "x").write_text("x"),
        "start a program": lambda: subprocess.run(["/bin/true"], check=True),
        "fork": lambda: os.fork() or os._exit(0),
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "signal process 1": lambda: os.kill(1, signal.SIGCONT),
        "take memory": lambda: bytearray(256 * 1024 * 1024),
        "read a font": (fonts / "font.ttf").read_bytes,
        "take a little memory": lambda: bytearray(16 * 1024 * 1024),
    }
    done = {"network": network, "files": files, "calls": calls, "same": os.getpid() == pid}
    for name, attempt in tries.items():
        try:
            attempt()
            done[name] = True
        except (OSError, MemoryError):
            done[name] = False
    os.write(answer, json.dumps(done).encode())


if __name__ == "__main__":
    main()
