"""Orphaned files are removed beside the sweeps: once in `collect_every_h` hours a pass over the store, slice by slice."""

from __future__ import annotations

import structlog

from verifier.services import files
from verifier.services.context import Services
from verifier.services.files import Collected

log = structlog.get_logger(__name__)


class Collector:
    """Where a pass is. One that ends in the middle is not resumed: the next one begins at the start."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._so_far: Collected | None = None

    def step(self) -> None:
        """The next slice of a pass, or nothing while none is due. Raises StorageError: the slice is tried again."""
        if self._so_far is None:
            if not files.begin_pass(self._services):
                return
            self._so_far = Collected(after="")
        done = self._so_far.plus(files.collect(self._services, self._so_far.after or ""))
        self._so_far = done if done.after is not None else None
        if done.after is None:
            log.info("files.collected", seen=done.seen, orphans=done.orphans, bytes=done.size, partial=done.partial)
