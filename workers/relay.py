"""The relay: outbox rows go to the queue. It may die or run twice at any point: a job's id lets it in only once.

    take (commit) -> enqueue each -> mark sent (commit)

Dead before the first commit: nothing happened. Dead before the second: the rows are taken again after
`outbox_take_s`, those that were enqueued are refused as duplicates and marked. A row whose attempt is no longer queued
is marked without being sent.

The same process takes the reconciler's turn, because both are a few statements every now and then: a process of its
own would cost 100 MB to sleep in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from redis import Redis

from verifier.errors import QueueError, StorageError
from verifier.services import outbox, reconcile
from verifier.services.context import Services
from verifier.supervise import Stop
from workers import queues
from workers.collector import Collector
from workers.reconciler import sweep_once

BATCH = 100
BUSY_S = 0.1
"""Pause while there is work, or a moment after."""
IDLE_S = 1.0
TROUBLE_S = 2.0
FIRST_SWEEP_S = 1.0

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")


def relay_once(services: Services, connection: Redis) -> int:
    """Move what waits in the outbox; the number of rows moved.

    Raises QueueError when the queue is away: the rows not yet sent are given back. Raises StorageError.
    """
    messages = outbox.take(services, BATCH)
    sent: list[int] = []
    try:
        for message in messages:
            queues.enqueue(
                connection,
                message.queue,
                message.attempt_id,
                pages=message.pages,
                page_deadline_s=services.settings.page_deadline_s,
            )
            sent.append(message.id)
    finally:
        if sent:
            outbox.mark_sent(services, sent)
        held = {message.id for message in messages} - set(sent)
        if held:
            outbox.give_back(services, held)
    return len(sent)


def run(services: Services, connection: Redis, owner: str, stop: Stop) -> None:
    """Relay, and reconcile every `sweep_every_s` seconds, until `stop` is set.

    The database or the queue being away is waited out, nothing is lost. `owner` names this process among those that
    want to reconcile; one does at a time.
    """
    relaying = _Patient("relay")
    sweeping = _Patient("reconciler")
    collecting = _Patient("collector")
    collector = Collector(services)
    pause = BUSY_S
    next_sweep = time.monotonic() + FIRST_SWEEP_S
    while not stop.wait(pause):
        moved = relaying.attempt(lambda: relay_once(services, connection))
        if moved:
            log.info("relay.sent", rows=moved)
        pause = TROUBLE_S if moved is None else BUSY_S if moved else min(IDLE_S, pause * 1.5)
        if time.monotonic() >= next_sweep:
            swept = sweeping.attempt(lambda: sweep_once(services, connection, owner))
            if swept is not None and swept.leader:
                collecting.attempt(collector.step)
            next_sweep = time.monotonic() + services.settings.sweep_every_s
    sweeping.attempt(lambda: reconcile.resign(services, owner))


class _Patient:
    """Says once that the database or the queue is away, and once that it is back."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._away = False

    def attempt(self, step: Callable[[], Answer]) -> Answer | None:
        """The step's answer; None when something it needs is away."""
        try:
            answer = step()
        except (QueueError, StorageError) as error:
            if not self._away:
                log.warning(f"{self._what}.waits", code=error.code)
            self._away = True
            return None
        if self._away:
            log.info(f"{self._what}.back")
        self._away = False
        return answer
