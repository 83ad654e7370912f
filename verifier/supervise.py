"""Children that are started again when they die: the small supervisor of `verifier up` and of a worker unit."""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
STEADY_S = 30.0
"""A child that ran this long before it died has the short delay again."""
HURRY_S = 5.0
"""What is left of the time to end after a second signal."""
AGAIN_S = 1.2
"""Pause between the signals that hurry: rq takes a second one within a second for the first."""
TICK_S = 0.2

log = structlog.get_logger(__name__)


class Stop:
    """That this process shall end, and after a second call that it shall not wait for the work in hand.

    Like threading.Event, but safe to set from a signal handler: an Event's lock may be held by the very code that the
    signal interrupts, and setting it then never returns.
    """

    def __init__(self) -> None:
        self._calls = 0
        self._read, self._write = os.pipe()

    def set(self) -> None:
        self._calls += 1
        os.write(self._write, b"x")

    def is_set(self) -> bool:
        return self._calls > 0

    def is_hurried(self) -> bool:
        """Whether it was set twice: Ctrl-C, and Ctrl-C again."""
        return self._calls > 1

    def wait(self, seconds: float) -> bool:
        """Whether it is set, after waiting at most so long. Any number of threads may wait."""
        # nobody reads the pipe, so it stays readable for everyone once something was written
        return self.is_set() or bool(select.select([self._read], [], [], seconds)[0])


def stop_on_signals() -> Stop:
    """What SIGTERM and SIGINT set; for the main thread of a process."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@dataclass(frozen=True)
class Part:
    """A child: its name for logs, its command, what it adds to the environment."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_round: int = 0
    """Parts of round 0 are ended first, then those of round 1 (what the others still need while they finish)."""
    descriptors: tuple[int, ...] = ()
    """Open files the child inherits under the same numbers."""


class Watcher(Protocol):
    """Told of every process by the name of its part and its pid: after it started, and after it is dead and reaped."""

    def started(self, part: Part, pid: int) -> None: ...

    def ended(self, part: Part, pid: int) -> None: ...

    def wants(self, part: Part) -> bool:
        """Whether the part shall run now; asked often. One that shall not is asked to stop and not started again."""
        ...


class _Nobody:
    def started(self, part: Part, pid: int) -> None:
        """Nothing to note."""

    def ended(self, part: Part, pid: int) -> None:
        """Nothing to note."""

    def wants(self, part: Part) -> bool:  # noqa: ARG002
        return True


def supervise(parts: Sequence[Part], *, stop: Stop, grace_s: float, watcher: Watcher | None = None) -> None:
    """Keep the parts running until `stop` is set, then end them round by round, each round within `grace_s` seconds.

    When `stop` is set a second time the signal is sent again, and again, and the rest of the grace shrinks to HURRY_S.
    Whoever has not ended by then is killed. Must run in the main thread: see verifier.lifetime.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children must be started by the main thread")
    children = [_Child(part, watcher or _Nobody()) for part in parts]
    try:
        while not stop.is_set():
            for child in children:
                child.check()
            stop.wait(TICK_S)
    finally:
        for number in sorted({part.stop_round for part in parts}):
            _end([child for child in children if child.part.stop_round == number], stop, grace_s)


def _end(children: Sequence[_Child], stop: Stop, grace_s: float) -> None:
    for child in children:
        if not child.asked:  # rq takes a second signal for impatience
            child.ask_to_stop()
    until = time.monotonic() + grace_s
    again_at: float | None = None
    while running := [child for child in children if child.is_running()]:
        now = time.monotonic()
        if stop.is_hurried() and (again_at is None or now >= again_at):
            if again_at is None:
                until = min(until, now + HURRY_S)
            again_at = now + AGAIN_S
            for child in running:
                child.ask_to_stop()
        if now >= until:
            for child in running:
                child.kill()
            return
        running[0].wait(TICK_S / 4)


class _Child:
    """One part's process and when it may start again."""

    def __init__(self, part: Part, watcher: Watcher) -> None:
        self.part = part
        self._watcher = watcher
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay_s = FIRST_DELAY_S / 2
        self._not_before = 0.0
        self.asked = False
        """Its present process, to stop because it is not wanted."""

    def check(self) -> None:
        """Start it when it is due and wanted; note its death and when it may come back."""
        if self._process is None:
            if time.monotonic() >= self._not_before and self._watcher.wants(self.part):
                self._start()
        elif not self.is_running():
            self._put_off()
        elif not self.asked and not self._watcher.wants(self.part):
            self.asked = True
            self.ask_to_stop()

    def is_running(self) -> bool:
        """Whether there is a process; a dead one is reaped and told of."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        pid, self._process = self._process.pid, None
        log.log(_level(code), "part.ended", part=self.part.name, pid=pid, code=code)
        self._watcher.ended(self.part, pid)
        return False

    def ask_to_stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(self.part.stop_signal)

    def wait(self, seconds: float) -> None:
        """Until it ends, at most so long."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return

    def kill(self) -> None:
        if self._process is not None:
            log.warning("part.killed", part=self.part.name)
            self._process.kill()
            self._process.wait()
            self.is_running()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        self.asked = False
        try:
            self._process = subprocess.Popen(
                self.part.command,
                env={**os.environ, **self.part.env},
                stdin=subprocess.DEVNULL,
                # our standard output belongs to what we say ourselves, such as the line `ready …`
                stdout=sys.stderr.fileno(),
                pass_fds=self.part.descriptors,
                # a terminal's Ctrl-C reaches us only; we end the children in our own order
                start_new_session=True,
            )
        except OSError as refused:  # no memory or no process left on this machine: may pass
            log.error("part.not_started", part=self.part.name, why=refused.strerror)
            self._put_off()
        else:
            self._watcher.started(self.part, self._process.pid)

    def _put_off(self) -> None:
        now = time.monotonic()
        steady = now - self._started_at > STEADY_S
        self._delay_s = FIRST_DELAY_S if steady else min(self._delay_s * 2, LONGEST_DELAY_S)
        self._not_before = now + self._delay_s


def _level(code: int) -> int:
    """Ending as asked is worth a line, anything else a warning."""
    return logging.INFO if code in (0, -signal.SIGTERM) else logging.WARNING
