"""Pictures of pages that were drawn lately, in this process's memory and never on a disk: they show people's papers."""

from __future__ import annotations

import threading
from collections import OrderedDict


class Pictures:
    """The latest pictures, `most_bytes` of them at most. Shared by threads."""

    def __init__(self, most_bytes: int = 48 * 1024 * 1024) -> None:
        self._most = most_bytes
        self._held = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, tag: str) -> bytes | None:
        with self._lock:
            if tag in self._kept:
                self._kept.move_to_end(tag)
            return self._kept.get(tag)

    def put(self, tag: str, data: bytes) -> None:
        with self._lock:
            self._held += len(data) - len(self._kept.pop(tag, b""))
            self._kept[tag] = data
            while self._held > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._held -= len(oldest)
