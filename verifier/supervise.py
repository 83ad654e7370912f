"""Children that are started again when they die: the small supervisor of `verifier up` and of a worker unit."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
STEADY_S = 30.0
"""A child that ran this long before it died starts again without delay."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Part:
    """A child: its name for logs, its command, what it adds to the environment."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_round: int = 0
    """Parts of round 0 are ended first, then those of round 1 (what the others still need while they finish)."""


class _Child:
    """One part's process and when it may start again."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.delay = FIRST_DELAY_S
        self.not_before = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(self.part.command, env={**os.environ, **self.part.env}, start_new_session=True)
        self.started = time.monotonic()

    def check(self) -> None:
        """Start it when it is due; note its death and when it may come back."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.not_before:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.process = None
        self.delay = FIRST_DELAY_S if now - self.started > STEADY_S else min(self.delay * 2, LONGEST_DELAY_S)
        self.not_before = now + self.delay
        log.warning("part.ended", part=self.part.name, code=code, next_start_s=self.delay)

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.part.stop_signal)

    def wait_stopped(self, grace_s: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            log.warning("part.killed", part=self.part.name)
            self.process.kill()
            self.process.wait()
        self.process = None


def supervise(parts: Sequence[Part], *, stop: threading.Event, grace_s: float, tick_s: float = 0.2) -> None:
    """Keep the parts running until `stop` is set, then end them round by round, each within `grace_s` seconds."""
    children = [_Child(part) for part in parts]
    try:
        for child in children:
            child.start()
        while not stop.wait(tick_s):
            for child in children:
                child.check()
    finally:
        for number in sorted({part.stop_round for part in parts}):
            ending = [child for child in children if child.part.stop_round == number]
            for child in ending:
                child.ask_to_stop()
            for child in ending:
                child.wait_stopped(grace_s)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; for the main thread of a process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
