"""How full the disk is that files lie on."""

from __future__ import annotations

import shutil

from verifier.services.context import Services
from verifier.store.files import LocalFiles


def used(services: Services) -> float | None:
    """Share of the disk in use; None when the files lie in a bucket, which has no end of its own."""
    root = local_root(services)
    if root is None:
        return None
    usage = shutil.disk_usage(root)
    return (usage.total - usage.free) / usage.total


def local_root(services: Services) -> str | None:
    """The folder of the files, None for a bucket."""
    files = services.files
    return str(files.root) if isinstance(files, LocalFiles) else None
