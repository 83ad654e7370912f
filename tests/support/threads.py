"""Run calls at the same moment in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Answer = TypeVar("Answer")

WAIT_S = 30
"""A hang fails the test instead of stopping the run."""


def together(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """The answers of `calls`, all begun once every thread is ready. The first exception passes."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        barrier.wait(WAIT_S)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(run, call) for call in calls]
        return [future.result(WAIT_S) for future in futures]
