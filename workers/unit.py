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
from collections.abc import Sequence
from pathlib import Path

import structlog

from verifier.ocr.host import EngineHost
from verifier.settings import Settings
from verifier.supervise import Part, supervise

START_S = 120.0

log = structlog.get_logger(__name__)


def threads_for(settings: Settings, *, units: int) -> int:
    """Threads of one unit's engine: the setting, or the machine's cores shared among the units on it."""
    return settings.engine_threads or max(1, (os.cpu_count() or 1) // max(1, units))


def run(settings: Settings, names: Sequence[str], *, unit: str, units: int, stop: threading.Event) -> None:
    """Run a unit until `stop` is set; queue workers finish the job in hand, then the engine ends.

    Raises ModelsError when the weights are missing, EngineError when the engine does not come up.
    """
    run_dir = settings.data / "run" if settings.data.is_dir() else Path(tempfile.gettempdir())
    host = EngineHost(
        settings.models_dir,
        threads=threads_for(settings, units=units),
        socket_dir=run_dir,
        max_pages=settings.engine_max_pages,
        max_rss_mb=float(settings.engine_max_rss_mb),
    )
    with host:
        host.wait_ready(START_S)
        parts = [Part(f"{unit}-{name}", _command(name, host.socket_path, f"{unit}-{name}")) for name in names]
        log.info("unit.ready", queues=list(names), engine_ready=host.health().ready)
        supervise(parts, stop=stop, grace_s=_grace(settings))


def _command(queue: str, engine_socket: Path, name: str) -> list[str]:
    return [
        sys.executable, "-m", "workers.worker",
        "--queue", queue, "--engine-socket", str(engine_socket), "--name", name, "--parent", str(os.getpid()),
    ]  # fmt: skip


def _grace(settings: Settings) -> float:
    """A warm shutdown waits for the page in hand."""
    return settings.page_deadline_s + 30.0
