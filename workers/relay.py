"""The relay: outbox rows go to the queue. It may die or run twice at any point: a job's id lets it in only once.

    take (commit) -> enqueue each -> mark sent (commit)

Dead before the first commit: nothing happened. Dead before the second: the rows are taken again after
`outbox_take_s`, those that were enqueued are refused as duplicates and marked. A row whose attempt is no longer queued
is marked without being sent.

On one machine the same process takes the reconciler's turns, because both are a few statements every now and then: a
process of its own would cost 100 MB to sleep in.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from redis import Redis

from verifier.services import outbox
from verifier.services.context import Services
from verifier.supervise import Stop
from workers import queues
from workers.patience import Patient
from workers.reconciler import Turns

BATCH = 100
BUSY_S = 0.1
"""Pause while there is work, or a moment after."""
IDLE_S = 1.0
TROUBLE_S = 2.0

log = structlog.get_logger(__name__)


def relay_once(services: Services, connection: Redis) -> int:
    """Move what waits in the outbox to queues that have room; the number of rows moved.

    Raises QueueError when the queue is away: the rows not yet sent are given back. Raises StorageError.
    """
    messages = outbox.take(services, BATCH, queues.room(connection))
    sent: list[int] = []
    try:
        for message in in_order(messages):
            queues.enqueue(
                connection,
                message.queue,
                message.attempt_id,
                pages=message.pages,
                page_deadline_s=services.settings.page_deadline_s,
                first=message.again,
            )
            sent.append(message.id)
    finally:
        if sent:
            outbox.mark_sent(services, sent)
        held = {message.id for message in messages} - set(sent)
        if held:
            outbox.give_back(services, held)
    return len(sent)


def in_order(messages: Sequence[outbox.Message]) -> list[outbox.Message]:
    """As they are put on their queues. Who was there before goes to the head, or a queue that is emptied again and again
    would put the same ones behind everybody who comes; the last of them first, so that they stand there in their order.
    """
    again = [message for message in messages if message.again]
    return [*reversed(again), *(message for message in messages if not message.again)]


def run(services: Services, connection: Redis, owner: str, stop: Stop, *, reconciles: bool = True) -> None:
    """Relay until `stop` is set and, unless a reconciler runs elsewhere, take its turns too.

    The database or the queue being away is waited out, nothing is lost. `owner` names this process among those that
    want to reconcile.
    """
    relaying = Patient("relay")
    sweeps = Turns(services, connection, owner) if reconciles else None
    pause = BUSY_S
    while not stop.wait(pause):
        moved = relaying.attempt(lambda: relay_once(services, connection))
        if moved:
            log.info("relay.sent", rows=moved)
        pause = TROUBLE_S if moved is None else BUSY_S if moved else min(IDLE_S, pause * 1.5)
        if sweeps is not None:
            sweeps.step()
    if sweeps is not None:
        sweeps.end()
