"""Files in a bare store, without a case or a key."""

from __future__ import annotations

import hashlib

from verifier.store.files import FileStore


def name_of(data: bytes) -> str:
    """A name that fits: 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def put(store: FileStore, data: bytes) -> str:
    """Keep `data` under a name of its own; the name."""
    store.put(name_of(data), data)
    return name_of(data)
