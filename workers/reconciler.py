"""The reconciler: every few seconds, one process at a time, it reopens what the queue or a worker lost.

It sits in the relay's process on one machine (`Turns`), and is a part of its own in a city (`run`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import structlog
from redis import Redis

from verifier.services import process, reconcile
from verifier.services.context import Services
from verifier.supervise import Stop
from workers import queues
from workers.collector import Collector
from workers.patience import Patient
from workers.retention import Deleter

FIRST_SWEEP_S = 1.0
"""After the start: whoever supervises a process that dies at once shall not make it sweep every time."""

log = structlog.get_logger(__name__)


class Jobs:
    """What the queue knows of attempts' jobs, from look to look."""

    def __init__(self, services: Services, connection: Redis) -> None:
        self._services = services
        self._connection = connection
        self._moved: set[str] = set()

    def live(self, attempt_ids: Collection[str]) -> set[str]:
        """Those that the queue still holds. A job between its queue and its worker's process is held the first time it is
        seen there, and lost the second. Raises QueueError and StorageError."""
        found = queues.whereabouts(self._connection, attempt_ids, process.living_workers(self._services))
        moved, self._moved = self._moved, found.moving
        return found.live | (found.moving - moved)


def sweep_once(services: Services, jobs: Jobs, owner: str) -> reconcile.Swept:
    """One pass, unless another owner sweeps. Raises QueueError and StorageError."""
    swept = reconcile.sweep(services, jobs.live, owner, services.clock())
    if swept.lost or swept.expired or swept.dead or swept.claims_lapsed or swept.by_hand:
        log.info(
            "reconciler.reopened",
            lost=swept.lost,
            expired=swept.expired,
            dead=swept.dead,
            claims_lapsed=swept.claims_lapsed,
            by_hand=swept.by_hand,
        )
    return swept


class Turns:
    """Sweeps when they are due, for a loop that calls `step` often. `owner` names this process among those that want to
    sweep; one does at a time, and the others say once that they wait for it."""

    def __init__(
        self, services: Services, connection: Redis, owner: str, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._services = services
        self._jobs = Jobs(services, connection)
        self._owner = owner
        self._ticks = ticks
        self._sweeping = Patient("reconciler")
        self._collecting = Patient("collector")
        self._collector = Collector(services)
        self._deleting = Patient("retention")
        self._deleter = Deleter(services)
        self._next = ticks() + FIRST_SWEEP_S
        self._leads: bool | None = None

    def step(self) -> None:
        """A sweep, and beside it a slice of removing orphaned files and of what is due to be deleted, if the time has come."""
        if self._ticks() < self._next:
            return
        swept = self._sweeping.attempt(lambda: sweep_once(self._services, self._jobs, self._owner))
        if swept is not None:
            self._say(swept.leader)
            if swept.leader:
                self._collecting.attempt(self._collector.step)
                self._deleting.attempt(self._deleter.step)
        self._next = self._ticks() + self._services.settings.sweep_every_s

    def wait_s(self) -> float:
        """Until the next sweep."""
        return max(0.0, self._next - self._ticks())

    def end(self) -> None:
        """Let another begin at once."""
        self._sweeping.attempt(lambda: reconcile.resign(self._services, self._owner))

    def _say(self, leads: bool) -> None:
        if leads != self._leads:
            log.info("reconciler.leads" if leads else "reconciler.stands_by", owner=self._owner)
        self._leads = leads


def run(services: Services, connection: Redis, owner: str, stop: Stop) -> None:
    """Sweep every `sweep_every_s` seconds until `stop` is set. What is away is waited out."""
    turns = Turns(services, connection, owner)
    while not stop.wait(turns.wait_s()):
        turns.step()
    turns.end()
