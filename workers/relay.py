"""The relay: outbox rows go to the queue. It may die or run twice at any point: a job's id lets it in only once."""

from __future__ import annotations

import threading

import structlog
from redis import Redis

from verifier.errors import QueueError, StorageError
from verifier.services import outbox
from verifier.services.context import Services
from workers import queues

BATCH = 100
BUSY_S = 0.1
"""Pause while there is work, or a moment after."""
IDLE_S = 1.0
TROUBLE_S = 2.0

log = structlog.get_logger(__name__)


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
        held = [message.id for message in messages if message.id not in sent]
        if held:
            outbox.give_back(services, held)
    return len(sent)


def run(services: Services, connection: Redis, stop: threading.Event) -> None:
    """Relay until `stop` is set. The database or the queue being away is waited out, nothing is lost."""
    pause = BUSY_S
    away = False
    while not stop.wait(pause):
        try:
            moved = relay_once(services, connection)
        except (QueueError, StorageError) as error:
            if not away:
                log.warning("relay.waits", code=error.code)
            away, pause = True, TROUBLE_S
            continue
        if away:
            log.info("relay.back")
            away = False
        if moved:
            log.info("relay.sent", rows=moved)
        pause = BUSY_S if moved else min(IDLE_S, pause * 1.5)
