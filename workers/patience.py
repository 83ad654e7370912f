"""Steps of a loop that waits out what is away: one line when it goes, one when it is back, nothing lost between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from verifier.errors import QueueError, StorageError

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")


class Patient:
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
