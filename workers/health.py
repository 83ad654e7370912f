"""Whether the queue answers: what `/readyz` asks, and what `verifier up` waits for."""

from __future__ import annotations

from collections.abc import Callable

from verifier.settings import Settings
from workers import queues

PROBE_S = 2.0
"""Whoever asks `/readyz` gives up soon itself."""


def broker_probe(settings: Settings) -> Callable[[], None]:
    """A callable that raises QueueError queue.unavailable while Redis does not answer."""
    connection = queues.connect(settings.redis_url, answer_s=PROBE_S)
    return lambda: queues.ping(connection)
