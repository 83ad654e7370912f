"""What is due is deleted beside the sweeps: once a day a pass over the cases, a few at a time."""

from __future__ import annotations

import structlog

from verifier.services import drafts, retention
from verifier.services.cases import MACHINE
from verifier.services.context import Services

log = structlog.get_logger(__name__)


class Deleter:
    """Whether a pass is on its way, and what it did."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._deleted: int | None = None

    def step(self) -> None:
        """The next few cases of a pass, or nothing while none is due. Raises StorageError: they are tried again."""
        if self._services.settings.retention != "scheduled":
            return
        if self._deleted is None:
            if not retention.begin_pass(self._services):
                return
            self._deleted = 0
        drafts.forget_stale(self._services)
        done = retention.run(self._services, MACHINE, retention.AT_ONCE)
        self._deleted += len(done)
        if not done:
            log.info("retention.ran", deleted=self._deleted)
            self._deleted = None
