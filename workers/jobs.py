"""What a work-horse does with an attempt: begin it, read the document, hand in the reading or the reason why not.

The horse is forked for every job; it opens its own database connection, loads no model and asks the engine host.

Where it may die, and what then:

    before begin commits     the attempt is still queued: opened anew by the worker that lost its horse, or by the
                             reconciler, which finds no job of it with a worker that lives
    while reading            the attempt runs on paper only: replaced at once by the worker that lost its horse, or when
                             its lease runs out
    after finish or fail     done, or waiting in the outbox for its next try: what rq makes of the job no longer
    commits                  matters
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from rq.timeouts import JobTimeoutException

from verifier import logs
from verifier.errors import EngineTimeoutError, StorageError, VerifierError
from verifier.ocr.engine import Engine
from verifier.ocr.host import HostClient
from verifier.pipeline import Read
from verifier.pipeline import read_document as read_files
from verifier.services import process
from verifier.services.context import Services, after_fork
from verifier.services.process import Work
from workers import queues

log = structlog.get_logger(__name__)

STORE_PATIENCE_S = 40.0
"""How long a horse waits for the database before it lets its work go; less than a lease, so that it is still its own."""
STORE_PAUSE_S = 1.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Surroundings:
    """What a queue worker gives its horses: they inherit it by fork. No connection of `services` is open then."""

    services: Services
    engine_socket: Path
    worker: str


_surroundings: Surroundings | None = None


def prepare(surroundings: Surroundings) -> None:
    """Called once by the queue worker, before it forks."""
    global _surroundings
    _surroundings = surroundings


def read_document(attempt_id: str) -> None:
    """The job. It returns nothing and raises nothing: how it ended is in SQL, a retry included."""
    if _surroundings is None:
        raise RuntimeError("jobs run in a queue worker")
    services = _surroundings.services
    after_fork(services)
    # One's turn comes when the page in hand is done, or after its deadline and a restart.
    ready_s = services.settings.page_deadline_s + queues.ENGINE_START_S
    engine = HostClient(_surroundings.engine_socket, ready_s=ready_s)
    run_attempt(services, attempt_id, _surroundings.worker, engine)


def run_attempt(services: Services, attempt_id: str, worker: str, engine: Engine) -> None:
    """Begin, read, finish. Quiet when the attempt is somebody else's, done or replaced."""
    with structlog.contextvars.bound_contextvars(attempt=attempt_id, worker=worker):
        try:
            work = _stored(lambda: process.begin(services, attempt_id, worker))
            if work is None:
                log.info("job.nothing_to_do")
                return
            log.info("job.begun", case=work.application_no, slot=work.slot.value, tries=work.tries)
            _run(services, work, worker, engine)
        except StorageError as error:
            # Nothing more can be written down: the lease runs out and the reconciler takes the attempt away. Raising
            # would put a trace that quotes rows into Redis.
            log.error("job.not_stored", code=error.code)


def _run(services: Services, work: Work, worker: str, engine: Engine) -> None:
    try:
        with _kept(services, work.attempt_id, worker):
            read = _read(services, work, engine)
        finished = _stored(lambda: process.finish(services, work.attempt_id, read, engine.name))
    except JobTimeoutException:
        _failed(services, work.attempt_id, EngineTimeoutError())
    except VerifierError as error:
        _failed(services, work.attempt_id, error)
    except Exception as defect:  # noqa: BLE001
        # A defect of ours: closed with a code, the document goes to a person, the place of the defect to the log.
        log.error("job.defect", code="internal.unexpected", where=logs.where(defect))
        _failed(services, work.attempt_id, VerifierError())
    else:
        log.info("job.done", accepted=finished.accepted, total_ms=read.total_ms, ocr_ms=read.ocr_ms)


def _read(services: Services, work: Work, engine: Engine) -> Read:
    files = process.load_files(services, work)
    deadline_s = services.settings.page_deadline_s
    return read_files(
        work.slot, files, engine, limits=services.limits, page_deadline_s=deadline_s, reader=services.reader
    )


def _failed(services: Services, attempt_id: str, error: VerifierError) -> None:
    outcome = _stored(lambda: process.fail(services, attempt_id, error.code, error.transient))
    log.warning("job.failed", code=error.code, retry_in_s=outcome.retry_in_s, dead=outcome.dead)


def _stored(write: Callable[[], Answer]) -> Answer:
    """The answer of a call that writes, made again for a while when the database is away: a document takes longer to
    read than a database to fail over. Every such call names the state it expects, so a repetition changes nothing.
    """
    until = time.monotonic() + STORE_PATIENCE_S
    while True:
        try:
            return write()
        except StorageError as error:
            if not error.transient or time.monotonic() >= until:
                raise
            log.warning("job.store_waits", code=error.code)
        time.sleep(STORE_PAUSE_S)


@contextmanager
def _kept(services: Services, attempt_id: str, worker: str) -> Iterator[None]:
    """Renew the attempt's lease from a thread while the body runs; the thread has a connection of its own."""
    done = threading.Event()

    def keep() -> None:
        while not done.wait(services.settings.lease_s / 3):
            try:
                if not process.renew_lease(services, attempt_id, worker):
                    # Somebody else has it: what this horse hands in will be dropped.
                    log.warning("job.lease_gone", attempt=attempt_id, worker=worker)
                    return
            except StorageError as error:
                # The next renewal may come through; if none does, the reconciler takes the attempt away.
                log.warning("job.lease_not_renewed", attempt=attempt_id, code=error.code)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
