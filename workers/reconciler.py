"""The reconciler: every half minute, one at a time, it reopens what the queue or a worker lost."""

from __future__ import annotations

import threading
from collections.abc import Collection

import structlog
from redis import Redis
from rq import Worker

from verifier.errors import QueueError, StorageError
from verifier.services import process, reconcile
from verifier.services.context import Services
from workers import queues

log = structlog.get_logger(__name__)


def sweep_once(services: Services, connection: Redis, owner: str) -> reconcile.Swept:
    """One pass, and a note in SQL of every worker that Redis says is alive. Raises QueueError and StorageError."""

    def live(attempt_ids: Collection[str]) -> set[str]:
        return queues.live_attempts(connection, attempt_ids)

    swept = reconcile.sweep(services, live, owner, services.clock())
    if swept.leader:
        with queues.guarded():
            alive = [(worker.name, ",".join(worker.queue_names())) for worker in Worker.all(connection=connection)]
        for name, names in alive:
            process.beat(services, name, names)
    return swept


def run(services: Services, connection: Redis, owner: str, stop: threading.Event) -> None:
    """Sweep until `stop` is set. The database or the queue being away is waited out."""
    pause = 1.0
    while not stop.wait(pause):
        pause = float(services.settings.sweep_every_s)
        try:
            swept = sweep_once(services, connection, owner)
        except (QueueError, StorageError) as error:
            log.warning("reconciler.waits", code=error.code)
            continue
        if swept.lost or swept.expired or swept.retried or swept.dead or swept.claims_lapsed:
            log.info(
                "reconciler.reopened",
                lost=swept.lost,
                expired=swept.expired,
                retried=swept.retried,
                dead=swept.dead,
                claims_lapsed=swept.claims_lapsed,
            )
