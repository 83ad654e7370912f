"""Whether the kernel killed a process for want of memory: its counters rise, the signal alone (9) says nothing."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))
"""Of the container (cgroup v2), and of the machine. Each has a line `oom_kill N`; not every system has both."""


class KernelKills:
    """Compares the kernel's counts with those at the last look. Another process's end on this machine may be taken for ours
    when it falls between the same two looks; the code says so little that nobody is misled for long.
    """

    def __init__(self, counters: Sequence[Path] = COUNTERS) -> None:
        self._counters = counters
        self._before = self._counts()

    def killed(self, signal_number: int) -> bool:
        """Whether a process that ended by this signal ran out of memory, as far as the kernel's counts tell."""
        before, self._before = self._before, self._counts()
        rose = any(now > then for then, now in zip(before, self._before, strict=True))
        return signal_number == signal.SIGKILL and rose

    def _counts(self) -> list[int]:
        return [_count(path) for path in self._counters]


def _count(path: Path) -> int:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
