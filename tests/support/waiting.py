"""Waiting for what another process does: nothing tells us, so we look, and give up with a reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

Answer = TypeVar("Answer")

LOOK_EVERY_S = 0.05


def wait_until(look: Callable[[], Answer], *, within_s: float, what: str, every_s: float = LOOK_EVERY_S) -> Answer:
    """The first answer of `look` that is true. Fails the test when there is none in time."""
    until = time.monotonic() + within_s
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() >= until:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(every_s)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def descendants(pid: int) -> list[int]:
    """Pids of everything a process started, and what that started."""
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]
