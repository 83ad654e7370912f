"""One unit of reading: an engine host and the queue workers that share it.

Loading PaddleOCR costs half a gigabyte, a queue worker 80 MB. So a unit holds one engine and one worker process per
queue: a page of the bulk queue delays an interactive one by at most that page, and both queues drain even when a
machine has a single unit. The engine host's thread lives here, in a process that forks nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from verifier.errors import EngineError, StorageError
from verifier.ocr.host import PADDLE_FACTORY, EngineHost
from verifier.sandbox import sandbox_of
from verifier.services import holds, process, reconcile
from verifier.services.context import Services, bounds_of, open_services, require_files
from verifier.settings import Settings
from verifier.supervise import Part, Stop, supervise
from workers import startup, worker

START_S = 120.0
START_TRIES = 3
"""An engine that ended this often before it was ready for the first time does not come up."""
ENGINE_PATIENCE_S = 60.0
"""An engine that was ready and stays away this long takes its unit with it: a unit without an engine would take jobs
only to fail them, while others could do them."""
WATCH_S = 1.0
LOOK_S = 2.0
"""How soon a unit sees that somebody drained one of its workers."""
GRACE_S = 30.0
"""Beside a page's deadline, for the job in hand when the unit is asked to end. One that takes longer is cut off, and
its attempt is opened anew before the unit ends."""

log = structlog.get_logger(__name__)


def threads_for(settings: Settings, *, units: int) -> int:
    """Threads of one unit's engine: the setting, or the machine's cores shared among the units on it."""
    return settings.engine_threads or max(1, (os.cpu_count() or 1) // max(1, units))


def grace_s(settings: Settings) -> float:
    """Seconds a unit takes at most to end when asked."""
    return settings.page_deadline_s + GRACE_S


def run(
    settings: Settings, names: Sequence[str], *, unit: str, units: int, stop: Stop, factory: str = PADDLE_FACTORY
) -> None:
    """Run a unit until `stop` is set; queue workers finish the job in hand, then the engine ends.

    `names` are the queues, `unit` a name no other process has, `units` how many share this machine's cores. Must run in
    the main thread. Raises ModelsError when the weights are not whole, EngineError when the engine does not come up or
    stays away, StorageError when the database is away at the start, ConfigError when the
    files' store or the queue's server cannot be used.
    """
    services = open_services(settings)
    require_files(services)
    threads = threads_for(settings, units=units)
    host = EngineHost(
        settings.models_dir,
        threads=threads,
        socket_dir=_socket_dir(settings),
        max_pages=settings.engine_max_pages,
        max_rss_mb=float(settings.engine_max_rss_mb),
        factory=factory,
    )
    with host:
        startup.require_broker(settings)
        if not _came_up(host, stop):
            return
        sandbox = sandbox_of(bounds_of(settings))
        log.info("unit.ready", queues=list(names), threads=threads)
        queues = {f"{unit}-{name}": name for name in names}
        parts = [_queue_worker(queue, host.socket_path, sandbox.path, name, threads) for name, queue in queues.items()]
        crew = Crew(services, queues)
        watch = _Watch(host, crew, stop, every_s=settings.lease_s / 3)
        watch.start()
        try:
            supervise(parts, stop=stop, grace_s=grace_s(settings), watcher=crew)
        finally:
            watch.end()
            crew.end()
        if watch.engine_gave_up:
            raise EngineError("engine.unavailable")


class Crew:
    """The unit's queue workers as the database knows them: said to live while they do; when one ends, however it ended,
    what it held is opened anew at once, because its work-horse ended with it. Those that somebody drained are stopped, and
    stay so until they are resumed."""

    def __init__(self, services: Services, queues: Mapping[str, str]) -> None:
        self._services = services
        self._queues = queues
        """By the names of the parts."""
        self._working: dict[str, str] = {}
        """The parts of the workers that run, by the workers' names."""
        self._drained: dict[str, str] = {}
        """The worker that was drained, by its part."""
        self._lock = threading.Lock()

    def started(self, part: Part, pid: int) -> None:
        with self._lock:
            self._working[worker.name_of(part.name, pid)] = part.name
        self.beat()

    def ended(self, part: Part, pid: int) -> None:
        name = worker.name_of(part.name, pid)
        with self._lock:
            self._working.pop(name, None)
        self._tell(lambda: reconcile.worker_ended(self._services, name))

    def wants(self, part: Part) -> bool:
        """Whether nobody drained the part's worker."""
        with self._lock:
            return part.name not in self._drained

    def beat(self) -> None:
        """Say of each worker that it lives, and of the drained ones that they are kept stopped."""
        with self._lock:
            working, drained = dict(self._working), set(self._drained.values())
        for name, part in working.items():
            queue = self._queues[part]
            self._tell(lambda name=name, queue=queue: process.beat(self._services, name, queue))  # type: ignore[misc]
        if drained:
            self._tell(lambda: holds.note_drained(self._services, drained))

    def look(self) -> None:
        """See which workers somebody drained or resumed."""
        with self._lock:
            working, drained = dict(self._working), dict(self._drained)
        parts = working | {name: part for part, name in drained.items()}
        try:
            asked = holds.drained(self._services, parts.keys())
        except StorageError:
            return  # the next look will do
        with self._lock:
            # a drained worker's part keeps the name it was drained under, whatever runs in its place
            self._drained = {parts[name]: name for name in sorted(asked)}

    def end(self) -> None:
        """The unit ends; nothing keeps its drained workers stopped any more."""
        with self._lock:
            drained = set(self._drained.values())
        if drained:
            self._tell(lambda: holds.drop_drains(self._services, drained))

    @staticmethod
    def _tell(write: Callable[[], object]) -> None:
        try:
            write()
        except StorageError as error:
            # Statistics lag, and what a dead worker held waits for its lease to run out.
            log.warning("unit.not_noted", code=error.code)


class _Watch:
    """A thread that has the crew's beats sent and ends the unit when its engine stays away."""

    def __init__(self, host: EngineHost, crew: Crew, stop: Stop, *, every_s: float) -> None:
        self.engine_gave_up = False
        self._host = host
        self._crew = crew
        self._stop = stop
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        ready_at = beat_at = look_at = time.monotonic()
        while not self._done.wait(WATCH_S):
            now = time.monotonic()
            if now - beat_at >= self._every_s:
                self._crew.beat()
                beat_at = now
            if now - look_at >= LOOK_S:
                self._crew.look()
                look_at = now
            if self._host.health().ready:
                ready_at = now
            elif now - ready_at >= ENGINE_PATIENCE_S and not self.engine_gave_up:
                log.error("unit.engine_gave_up", failures=self._host.health().failures)
                self.engine_gave_up = True
                self._stop.set()


def _came_up(host: EngineHost, stop: Stop) -> bool:
    """Wait for the engine; False when asked to stop meanwhile. Raises EngineError."""
    until = time.monotonic() + START_S
    while not host.wait_ready(0.2):
        if stop.is_set():
            return False
        failures = host.health().failures
        if failures >= START_TRIES or time.monotonic() >= until:
            log.error("unit.engine_not_ready", failures=failures)
            raise EngineError("engine.unavailable")
    return True


def _socket_dir(settings: Settings) -> Path:
    """Inside the data folder, or, on a machine that has none, in a folder of this user's."""
    if settings.data.is_dir():
        return settings.data / "run"
    return Path(tempfile.gettempdir()) / f"verifier-{os.getuid()}"


def _queue_worker(queue: str, engine_socket: Path, sandbox_socket: Path, name: str, threads: int) -> Part:
    command = [
        sys.executable, "-m", "workers.worker",
        "--queue", queue, "--engine-socket", str(engine_socket), "--sandbox-socket", str(sandbox_socket),
        "--name", name, "--parent", str(os.getpid()),
    ]  # fmt: skip
    # NumPy's and OpenCV's own threads come from the same cores as the engine's.
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    return Part(name, command, env=dict.fromkeys(variables, str(threads)))
