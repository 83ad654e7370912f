"""What a work-horse does with an attempt: begin it, read the document, hand in the reading or the reason why not.

The horse is forked for every job; it opens its own database connection, loads no model and asks the engine host.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog
from rq import Retry
from rq.timeouts import JobTimeoutException

from verifier.errors import EngineTimeoutError, StorageError, VerifierError
from verifier.ocr.host import HostClient
from verifier.pipeline import read_document as read_files
from verifier.services import process
from verifier.services.context import Services, open_services
from verifier.settings import Settings

log = structlog.get_logger(__name__)

HORSE_GRACE_S = 60.0
"""How long a job waits for an engine that is being started again."""


@dataclass(frozen=True)
class Surroundings:
    """What a queue worker gives its horses: they inherit it by fork."""

    settings: Settings
    engine_socket: Path
    worker: str


_surroundings: Surroundings | None = None


def prepare(surroundings: Surroundings) -> None:
    """Called once by the queue worker, before it forks."""
    global _surroundings
    _surroundings = surroundings


def read_document(attempt_id: str) -> Retry | None:
    """The job. Returns rq's Retry for a transient failure: the same attempt, after the back-off SQL decided."""
    if _surroundings is None:
        raise RuntimeError("jobs run in a queue worker")
    structlog.contextvars.bind_contextvars(attempt=attempt_id, worker=_surroundings.worker)
    return run_attempt(_services(os.getpid()), attempt_id, _surroundings)


def run_attempt(services: Services, attempt_id: str, surroundings: Surroundings) -> Retry | None:
    """Begin, read, finish. Quiet when the attempt is somebody else's, done or replaced."""
    work = process.begin(services, attempt_id, surroundings.worker)
    if work is None:
        log.info("job.nothing_to_do")
        return None
    log.info("job.begun", case=work.application_no, slot=work.slot.value, tries=work.tries)
    try:
        with _kept(services, attempt_id, surroundings.worker):
            engine = HostClient(surroundings.engine_socket, ready_s=HORSE_GRACE_S)
            read = read_files(
                work.slot,
                process.load_files(services, work),
                engine,
                limits=services.limits,
                page_deadline_s=services.settings.page_deadline_s,
            )
        finished = process.finish(services, attempt_id, read, engine.name)
    except JobTimeoutException:
        return _failed(services, attempt_id, EngineTimeoutError())
    except VerifierError as error:
        return _failed(services, attempt_id, error)
    except Exception:
        # A defect of ours: closed with a code, the document goes to a person, the trace to the log.
        log.exception("job.defect", code="internal.unexpected")
        return _failed(services, attempt_id, VerifierError())
    log.info("job.done", accepted=finished.accepted, total_ms=read.total_ms, ocr_ms=read.ocr_ms)
    return None


def _failed(services: Services, attempt_id: str, error: VerifierError) -> Retry | None:
    outcome = process.fail(services, attempt_id, error.code, error.transient)
    log.warning("job.failed", code=error.code, retry_in_s=outcome.retry_in_s, dead=outcome.dead)
    if outcome.retry_in_s is None:
        return None
    return Retry(max=services.settings.max_tries, interval=outcome.retry_in_s)


@contextmanager
def _kept(services: Services, attempt_id: str, worker: str) -> Iterator[None]:
    """Renew the attempt's lease from a thread while the body runs; the thread has a connection of its own."""
    done = threading.Event()

    def keep() -> None:
        while not done.wait(services.settings.lease_s / 3):
            try:
                if not process.renew_lease(services, attempt_id, worker):
                    log.warning("job.lease_gone")
                    return
            except StorageError as error:
                # The next renewal may come through; if none does, the reconciler takes the attempt away.
                log.warning("job.lease_not_renewed", code=error.code)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@cache
def _services(_pid: int) -> Services:
    """Services of this process: a connection must not cross a fork, so the pid is the key."""
    if _surroundings is None:
        raise RuntimeError("jobs run in a queue worker")
    return open_services(_surroundings.settings)
