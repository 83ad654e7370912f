"""The reconciler: every half minute, one process at a time, it reopens what the queue or a worker lost."""

from __future__ import annotations

from collections.abc import Collection

import structlog
from redis import Redis

from verifier.services import reconcile
from verifier.services.context import Services
from workers import queues

log = structlog.get_logger(__name__)


def sweep_once(services: Services, connection: Redis, owner: str) -> reconcile.Swept:
    """One pass, unless another owner sweeps. Raises QueueError and StorageError."""

    def live(attempt_ids: Collection[str]) -> set[str]:
        return queues.live_attempts(connection, attempt_ids)

    swept = reconcile.sweep(services, live, owner, services.clock())
    if swept.lost or swept.expired or swept.dead or swept.claims_lapsed:
        log.info(
            "reconciler.reopened",
            lost=swept.lost,
            expired=swept.expired,
            dead=swept.dead,
            claims_lapsed=swept.claims_lapsed,
        )
    return swept
