"""Whether the queue answers: what `/readyz` asks, and what `verifier up` waits for."""

from __future__ import annotations

from collections.abc import Callable

from verifier.settings import Settings
from workers import queues


def broker_probe(settings: Settings) -> Callable[[], None]:
    """A callable that raises QueueError queue.unavailable while Redis does not answer."""
    connection = queues.connect(settings.redis_url)
    return lambda: queues.ping(connection)
