"""A small disk that can be filled and freed: files, and SQLite's database, of a run lie on it.

With the right to mount it is a tmpfs of its own. Without it is a quota: no process of the run may make a file longer
than it is (RLIMIT_FSIZE), which fails writes with EFBIG in place of ENOSPC.
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psutil

SIZE_MB = 384
BALLAST = "ballast"
STEP_BYTES = 1024 * 1024


class Disk(Protocol):
    kind: str

    def fill(self) -> None:
        """From now on nothing more can be written."""
        ...

    def free(self) -> None:
        """And now it can again."""
        ...


class SmallDisk:
    kind = "tmpfs"

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / BALLAST

    def fill(self) -> None:
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        step = bytes(STEP_BYTES)
        try:
            while step:
                try:
                    os.write(descriptor, step)
                except OSError:
                    step = step[: len(step) // 2]
        finally:
            os.close(descriptor)

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


class Quota:
    kind = "quota"

    def __init__(self, pids: Callable[[], Collection[int]]) -> None:
        self._pids = pids

    def fill(self) -> None:
        self._limit(1)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        for pid in self._pids():
            try:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            except ProcessLookupError:
                continue  # it ended meanwhile; what is started next has no limit


@contextmanager
def small_disk(folder: Path, pids: Callable[[], Collection[int]]) -> Iterator[Disk]:
    """A disk for `folder`, which is made."""
    folder.mkdir(mode=0o700, parents=True)
    options = f"size={SIZE_MB}m,mode=0700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        yield Quota(pids)
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def family(pids: Collection[int]) -> list[int]:
    """These processes and all they started."""
    found = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            found += [pid, *(child.pid for child in process.children(recursive=True))]
        except psutil.NoSuchProcess:
            continue  # it ended while we looked
    return found
