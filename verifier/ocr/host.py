"""The engine as a process of its own, and the client that reaches it.

Why a process: ONNX Runtime does not survive fork, native code that hangs can only be ended by SIGKILL, and a worker's
forked work-horse cannot afford to load a model per job. The worker's parent process owns an `EngineHost`: a thread
there starts `verifier.ocr.host_child`, watches it and starts it again. No model is ever loaded in the parent. Whoever
reads pages uses a `HostClient`, which is an `Engine` and holds nothing but a path, so it may be used after a fork.

- The parent owns the listening socket and the child inherits it: while the engine restarts, clients wait in the
  socket's backlog instead of failing.
- The child reports over a pipe when it begins and ends a page. The supervisor kills it with SIGKILL when a page takes
  longer than the deadline its client asked for, even when that client is dead by then, and when it hangs without a
  page. The client sees the connection end and raises EngineTimeoutError or EngineCrashedError by its own clock. Nobody
  signals a process that is not its child, so a reused process id is never hit.
- After a crash or a kill the next start waits 0.25 s, doubling up to 5 s, and back to 0.25 s after a clean page. A
  process that reached its page or memory limit leaves between two requests and is replaced at once.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from pydantic import ValidationError

from schemas.reading import Line
from verifier.errors import EngineCrashedError, EngineError, EngineTimeoutError
from verifier.ocr import models, sockets, wire
from verifier.ocr.engine import Image, Recognition
from verifier.ocr.status import Busy, Idle, Leaving, Ready, Status, Waiting, parse

PADDLE_FACTORY = "verifier.ocr.paddle:PaddleEngine"

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 5.0
START_TIMEOUT_S = 120.0
"""Loading and warming up takes 3-4 s on two idle cores; a start that takes this long hangs."""
LEAVE_TIMEOUT_S = 20.0
SILENCE_S = 35.0
"""An engine without a page says every few seconds that it waits, at the latest when a client that keeps it waiting is
dropped. One that is silent for this long hangs, and whoever came to it would wait for nothing."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Numerical libraries read these once, when they are loaded."""

_NUMBERS = itertools.count(1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HostHealth:
    """The state of the engine's process. `pages` and `rss_mb` (10^6 bytes) are of the present process as of its last
    page; `restarts` counts every process after the first, `failures` those that followed a crash or a kill, and
    `delay_s` is how long the latest of them was put off."""

    pid: int | None = None
    ready: bool = False
    busy: bool = False
    pages: int = 0
    rss_mb: float = 0.0
    restarts: int = 0
    failures: int = 0
    delay_s: float = 0.0
    started_at: datetime | None = None


class EngineHost:
    """Owner and supervisor of one engine process.

    Parameters: `threads` of the engine (cores divided by workers); `socket_dir` where the socket's private directory
    (mode 0700) is made; `max_pages` and `max_rss_mb` (10^6 bytes) after which the process is replaced between two
    requests; `factory` names what builds the engine, `module:callable`; `now` gives times for `health`.
    """

    def __init__(
        self,
        models_dir: Path,
        *,
        threads: int,
        socket_dir: Path,
        max_pages: int = 500,
        max_rss_mb: float = 1200.0,
        factory: str = PADDLE_FACTORY,
        silence_s: float = SILENCE_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._models_dir = models_dir
        self._threads = threads
        self._max_pages = max_pages
        self._max_rss_mb = max_rss_mb
        self._factory = factory
        self._silence_s = silence_s
        self._now = now
        self._owner = os.getpid()
        self._health = HostHealth()
        self._changed = threading.Condition()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stop_read, self._stop_write = -1, -1
        self.socket_path = sockets.private_path(socket_dir, f"engine-{self._owner}-{next(_NUMBERS)}")

    def start(self) -> None:
        """Open the socket and start the process; returns without waiting for it, see `wait_ready`.

        Raises ConfigError when the socket's directory cannot be used and ModelsError when the weights are not whole.
        """
        if self._thread is not None:
            raise RuntimeError("already started")
        if self._factory == PADDLE_FACTORY:
            models.check(self._models_dir)
        self._listener = sockets.listen(self.socket_path)
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._supervise, name="engine-host", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the process and close the socket. Nothing to do in a process that was forked from the owner."""
        if self._thread is None or os.getpid() != self._owner:
            return
        os.write(self._stop_write, b"x")
        self._thread.join()
        self._thread = None
        os.close(self._stop_read)
        os.close(self._stop_write)
        if self._listener is not None:
            sockets.close(self._listener, self.socket_path)
            self._listener = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_ready(self, timeout_s: float) -> bool:
        """Whether the engine is loaded and warm, after waiting at most `timeout_s`."""
        return self.wait_until(lambda health: health.ready, timeout_s)

    def wait_until(self, condition: Callable[[HostHealth], bool], timeout_s: float) -> bool:
        """Whether `condition` held at some change of the health within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self._health), timeout_s)

    def health(self) -> HostHealth:
        with self._changed:
            return self._health

    def client(self, *, ready_s: float = 60.0) -> HostClient:
        return HostClient(self.socket_path, ready_s=ready_s)

    def _supervise(self) -> None:
        """The thread: start, watch, wait, again. It is the parent that the kernel ties the child's life to."""
        delay = FIRST_DELAY_S
        while True:
            end = self._one_life()
            health = self.health()
            self._update(pid=None, ready=False, busy=False, pages=0, rss_mb=0.0)
            if end.stopped:
                return
            if end.clean_page:
                delay = FIRST_DELAY_S
            if end.left:
                log.info("engine.replaced", pages=health.pages, rss_mb=round(health.rss_mb))
                self._update(restarts=health.restarts + 1, delay_s=0.0)
                continue
            log.warning("engine.failed", why=end.why, pages=health.pages, next_start_s=delay)
            self._update(restarts=health.restarts + 1, failures=health.failures + 1, delay_s=delay)
            if _readable(self._stop_read, delay):
                return
            delay = min(delay * 2, LONGEST_DELAY_S)

    def _one_life(self) -> _End:
        """Start a process and stay with it until it is dead and reaped."""
        try:
            with self._child() as (child, status):
                self._update(pid=child.pid, started_at=self._now())
                return _watch(child, status, self._stop_read, self._note, self._silence_s)
        except OSError as refused:  # no memory or no process left on this machine: may pass
            return _End(why=f"start: {errno.errorcode.get(refused.errno or 0, 'OSError')}")
        except ValidationError:
            return _End(why="status pipe")

    def _note(self, status: Status) -> None:
        match status:
            case Ready():
                self._update(ready=True, rss_mb=status.rss_mb)
            case Busy():
                self._update(busy=True)
            case Idle():
                self._update(busy=False, pages=status.pages, rss_mb=status.rss_mb)
            case Leaving():
                self._update(busy=False, ready=False, pages=status.pages, rss_mb=status.rss_mb)

    def _update(self, **changes: object) -> None:
        with self._changed:
            self._health = replace(self._health, **changes)  # type: ignore[arg-type]
            self._changed.notify_all()

    @contextlib.contextmanager
    def _child(self) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        """A started process and the read end of its status pipe; it is dead and reaped at the end."""
        if self._listener is None:
            raise RuntimeError("not started")
        read, write = os.pipe()
        with os.fdopen(read, "rb", buffering=0):
            with os.fdopen(write, "wb", buffering=0):
                child = subprocess.Popen(
                    self._command(self._listener.fileno(), write),
                    stdin=subprocess.PIPE,  # its end tells the child that this process is gone
                    pass_fds=(self._listener.fileno(), write),
                    env={**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(self._threads))},
                    start_new_session=True,
                )
            with child:
                try:
                    yield child, read
                finally:
                    child.kill()

    def _command(self, listener: int, status: int) -> list[str]:
        options = {
            "factory": self._factory,
            "models": self._models_dir,
            "threads": self._threads,
            "max-pages": self._max_pages,
            "max-rss-mb": self._max_rss_mb,
            "listener": listener,
            "status": status,
            "parent": os.getpid(),
        }
        return [sys.executable, "-m", "verifier.ocr.host_child", *(f"--{name}={v}" for name, v in options.items())]


@dataclass(frozen=True)
class _End:
    """How a process ended: by our own stop, by leaving at a limit, or else by failing."""

    stopped: bool = False
    left: bool = False
    clean_page: bool = False
    why: str = ""


def _watch(
    child: subprocess.Popen[bytes], status: int, stop: int, note: Callable[[Status], None], silence_s: float
) -> _End:
    """Follow a process until it is gone or must be killed (the caller does): start-up or a page took too long, or it
    says nothing any more."""
    deadline = time.monotonic() + START_TIMEOUT_S
    end = _End()
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(status, selectors.EVENT_READ)
        selector.register(stop, selectors.EVENT_READ)
        while True:
            events = selector.select(max(0.0, deadline - time.monotonic()))
            ready = {key.fd for key, _ in events}
            if stop in ready:
                return replace(end, stopped=True)
            if status not in ready:
                if time.monotonic() >= deadline:
                    return replace(end, left=False, why="deadline")
                continue
            data = os.read(status, 65536)
            if not data:
                code = child.wait()
                return replace(end, left=end.left and code == 0, why=f"ended with {code}")
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                message = parse(line)
                note(message)
                match message:
                    case Busy():
                        deadline = time.monotonic() + message.deadline_s
                    case Ready() | Waiting():
                        deadline = time.monotonic() + silence_s
                    case Idle():
                        deadline, end = time.monotonic() + silence_s, replace(end, clean_page=True)
                    case Leaving():
                        deadline = time.monotonic() + LEAVE_TIMEOUT_S
                        end = replace(end, clean_page=True, left=True)


def _readable(descriptor: int, timeout_s: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(timeout_s))


class HostClient:
    """An Engine that asks an engine host; safe to use after a fork and from several processes, who then take turns.

    Waiting for the engine to be ready and for one's turn is bounded by `ready_s` and raises EngineError
    `engine.unavailable`, at once when the host is gone: it listens as long as it lives. The deadline of a call counts
    from when the engine takes the request.
    """

    GRACE_S = 5.0
    """How long after the deadline the supervisor may take to kill before the client gives up by itself."""

    def __init__(self, socket_path: Path, *, ready_s: float = 60.0) -> None:
        self._path = socket_path
        self._ready_s = ready_s
        self._name: str | None = None

    @property
    def name(self) -> str:
        if self._name is None:
            with self._connected():
                pass
        if self._name is None:
            raise EngineError("engine.unavailable")
        return self._name

    def read(self, image: Image, *, deadline_s: float = 60.0) -> tuple[Line, ...]:
        return self._ask(wire.Operation.READ, [image], deadline_s).lines

    def recognise(self, crops: Sequence[Image], *, deadline_s: float = 60.0) -> tuple[Recognition, ...]:
        if not crops:
            return ()
        return self._ask(wire.Operation.RECOGNISE, crops, deadline_s).recognitions

    def _ask(self, operation: wire.Operation, images: Sequence[Image], deadline_s: float) -> wire.Reply:
        request = wire.Request(
            id=uuid.uuid4().hex, operation=operation, deadline_s=deadline_s, shapes=wire.shapes_of(images)
        )
        with self._connected() as connection:
            sent_at = time.monotonic()
            give_up_at = sent_at + deadline_s + self.GRACE_S
            try:
                connection.settimeout(deadline_s + self.GRACE_S)
                wire.send(connection, request, images)
                reply = wire.receive_reply(connection, give_up_at)
            except TimeoutError as late:
                raise EngineTimeoutError from late
            except (OSError, wire.WireError) as ended:
                late_by = time.monotonic() - sent_at - deadline_s
                raise (EngineTimeoutError if late_by >= 0 else EngineCrashedError) from ended
        if reply.id != request.id:
            raise EngineCrashedError
        if reply.error is not None:
            raise EngineError(reply.error)
        return reply

    @contextlib.contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        """A connection whose turn has come."""
        until = time.monotonic() + self._ready_s
        while True:
            with socket.socket(socket.AF_UNIX) as connection:
                try:
                    connection.settimeout(max(0.001, until - time.monotonic()))
                    with sockets.address_of(self._path) as address:
                        connection.connect(address)
                    self._name = wire.receive_hello(connection, until).name
                except (ConnectionRefusedError, FileNotFoundError) as gone:
                    raise EngineError("engine.unavailable") from gone
                except (OSError, wire.WireError) as unready:
                    if time.monotonic() >= until:
                        raise EngineError("engine.unavailable") from unready
                else:
                    yield connection
                    return
            time.sleep(0.05)
