"""The owner of a sandbox: starts `verifier.sandbox.mother`, starts it again when it ends, and takes it along in the end.

One a process: `sandbox_of` answers the same for the same bounds. The process that first asks something of it owns it;
its forks find it by its path. The listening socket is the owner's, so that clients wait in its backlog while a mother
starts. The child is started with nothing of this process's environment, in an empty folder, with no descriptor but the
socket and its own pipes.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog
from pydantic import ValidationError

from verifier.errors import SandboxError
from verifier.intake import Limits
from verifier.ocr import sockets
from verifier.sandbox.client import SandboxClient
from verifier.sandbox.reader import Measured, Opened, Wish
from verifier.sandbox.wire import Options, Ready

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0
STEADY_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Bounds:
    """Of each file: memory in MiB beyond an idle process, seconds from its first byte to its answer. `children` files
    are open at once. `fonts_dir` may be read."""

    memory_mb: int
    deadline_s: float
    children: int
    fonts_dir: Path | None = None


class Sandbox:
    """A reader that owns its sandbox; started by the first file, or by `start`."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._lock = threading.Lock()
        self._owner = 0
        self._folder: Path | None = None
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self.walls: Ready | None = None

    @property
    def path(self) -> Path:
        """Where it listens; started if it was not."""
        return sockets.private_path(self.start(), "sandbox")

    def measure(self, data: bytes, limits: Limits) -> tuple[Measured, ...]:
        return SandboxClient(self.path).measure(data, limits)

    def open(self, data: bytes, limits: Limits) -> Opened:
        return SandboxClient(self.path).open(data, limits)

    def picture(self, data: bytes, limits: Limits, wish: Wish) -> bytes:
        return SandboxClient(self.path).picture(data, limits, wish)

    def start(self) -> Path:
        """Make the socket and start the process, once; returns its folder without waiting. Raises ConfigError."""
        with self._lock:
            if self._folder is not None:
                return self._folder
            self._folder = Path(tempfile.mkdtemp(prefix="verifier-sandbox-"))
            self._owner = os.getpid()
            atexit.register(self.stop)
            listener = sockets.listen(sockets.private_path(self._folder, "sandbox"))
            self._thread = threading.Thread(
                target=self._supervise, args=(self._folder, listener), name="sandbox", daemon=True
            )
            self._thread.start()
            return self._folder

    def wait_ready(self, timeout_s: float) -> Ready:
        """Start it if need be and wait. Raises SandboxError when it does not come up in time."""
        self.start()
        if not self._ready.wait(timeout_s) or self.walls is None:
            raise SandboxError("sandbox.unavailable")
        return self.walls

    def stop(self) -> None:
        """End it; a file that is open then is not answered. A fork's call does nothing."""
        if self._owner != os.getpid() or self._thread is None or self._folder is None:
            return
        self._stopping.set()
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        self._thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _supervise(self, folder: Path, listener: socket.socket) -> None:
        empty = folder / "empty"
        empty.mkdir(mode=0o700)
        delay = FIRST_DELAY_S
        try:
            while not self._stopping.is_set():
                was_ready = self._run(listener.fileno(), empty)
                if self._stopping.is_set():
                    return
                log.warning("sandbox.ended", restart_in_s=delay)
                delay = FIRST_DELAY_S if was_ready else min(LONGEST_DELAY_S, delay * 2)
                self._stopping.wait(delay)
        finally:
            sockets.close(listener, sockets.private_path(folder, "sandbox"))

    def _run(self, listener: int, empty: Path) -> bool:
        """One life of the mother. Whether it came up."""
        options = Options(
            memory_mb=self._bounds.memory_mb,
            deadline_s=self._bounds.deadline_s,
            children=self._bounds.children,
            readable=(str(self._bounds.fonts_dir),) if self._bounds.fonts_dir else (),
        )
        command = [
            *(sys.executable, "-m", "verifier.sandbox.mother"),
            *("--listener", str(listener), "--parent", str(os.getpid()), "--options", options.model_dump_json()),
        ]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=empty,
                env={**STEADY_ENVIRONMENT, "PYTHONPATH": _python_path()},
                pass_fds=(listener,),
            )
        except OSError as error:
            log.error("sandbox.not_started", errno=error.errno)
            return False
        self._process = process
        with process:
            if self._stopping.is_set():
                process.kill()
            came_up = self._note(process.stdout.readline() if process.stdout else b"")
            process.wait()
        self._ready.clear()
        self._process = None
        return came_up

    def _note(self, line: bytes) -> bool:
        try:
            walls = Ready.model_validate_json(line)
        except ValidationError:
            return False
        self.walls = walls
        self._ready.set()
        missing = [name for name, stands in walls.model_dump().items() if not stands]
        if missing:
            log.warning("sandbox.weak", missing=missing)
        else:
            log.info("sandbox.ready")
        return True


def _python_path() -> str:
    """Where this process found its modules, whichever way that was."""
    return os.pathsep.join(str(Path(entry or ".").absolute()) for entry in sys.path)


@cache
def sandbox_of(bounds: Bounds) -> Sandbox:
    """This process's sandbox with these bounds."""
    return Sandbox(bounds)
