"""A process that must not outlive its parent, even when the parent is killed with SIGKILL (Linux).

The kernel ties the promise to the *thread* that started the child: when that thread ends, the signal comes, however
well the process is. So whoever starts such a child does it from a thread that lives as long as the process: the main
thread (`verifier.supervise`, rq's worker) or one that is never left before the child is reaped (the engine host's).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(parent: int, how: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for `how` when the parent is gone; exit at once when it is gone already.

    `parent` is the pid the caller was started by. On systems without prctl this does nothing: there the parent's own
    shutdown is the only way.
    """
    if sys.platform != "linux":
        return
    _ask(how)
    if os.getppid() != parent:
        raise SystemExit(0)


def end_forks_with_me() -> None:
    """From now on every child that this process forks (os.fork and multiprocessing's, not subprocess) is killed with
    SIGKILL when the process is gone. Children of the children are tied to theirs in the same way.

    rq leaves its work-horse running when its worker is killed; it would go on unseen.
    """
    if sys.platform != "linux":
        return
    forking = _Forking()
    os.register_at_fork(before=forking.note, after_in_child=forking.tie)


class _Forking:
    """Who forks: read before the fork, because afterwards the parent may be gone already."""

    def __init__(self) -> None:
        self._pid = 0

    def note(self) -> None:
        self._pid = os.getpid()

    def tie(self) -> None:
        _ask(signal.SIGKILL)
        if os.getppid() != self._pid:
            os._exit(1)  # an exception in a fork's hook is only printed


def _ask(how: signal.Signals) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
