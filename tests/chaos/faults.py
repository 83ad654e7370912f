"""What is done to the system, at random moments drawn from the run's Random.

A fault has a beginning and an end. A kill ends when it is done: what it costs to notice and to start again is already
the system's own time. So does a hang of an engine, which nobody ends but the system. A pause, a restart, a lock and a
full disk end when they are over.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import psutil
from redis.exceptions import RedisError

from tests.chaos.parts import BROKER, RECONCILER, RELAY, WEB, Look, Stage
from workers import queues

COUNTS = {
    "kill_horse": 5,
    "kill_worker": 4,
    "kill_unit": 3,
    "kill_engine": 4,
    "hang_engine": 2,
    "kill_relay": 3,
    "kill_reconciler": 3,
    "kill_web": 4,
    "kill_redis": 3,
    "flush_redis": 3,
    "pause_redis": 2,
    "database": 2,
    "full_disk": 2,
    "blackout": 1,
}
"""How often each happens in a run of CASES cases or more; `database` is a restart in immediate mode, or a lock held on
SQLite's file."""

CASES = 200

FIRST_S = 8.0
GAP_S = (2.0, 14.0)
TARGET_S = 15.0
"""How long a killer waits for a victim: a work-horse lives for a second."""
PAUSE_S = (3.0, 12.0)
FULL_S = (4.0, 10.0)
LOOK_S = 0.05


@dataclass(frozen=True)
class Fault:
    kind: str
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Planned:
    kind: str
    pause_s: float
    """Before it, after the one before."""
    rng: Random


def plan(rng: Random, cases: int) -> list[Planned]:
    """Every fault of a run in its order, each with a Random of its own: what one draws changes no other. A run of fewer
    than CASES cases has fewer faults, each kind at least once."""
    share = min(1.0, cases / CASES)
    kinds = [kind for kind, count in COUNTS.items() for _ in range(max(1, round(count * share)))]
    rng.shuffle(kinds)
    return [
        Planned(kind, FIRST_S if place == 0 else rng.uniform(*GAP_S), Random(rng.random()))
        for place, kind in enumerate(kinds)
    ]


def length_s(planned: Sequence[Planned]) -> float:
    """About how long the faults take, without the windows."""
    return sum(one.pause_s for one in planned)


class Saboteur:
    """A thread that does what was planned; `missed` counts those that found no victim."""

    def __init__(self, stage: Stage, planned: Sequence[Planned]) -> None:
        self.faults: list[Fault] = []
        self.missed: list[str] = []
        self._stage = stage
        self._planned = planned
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saboteur")

    def start(self) -> None:
        self._thread.start()

    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        for one in self._planned:
            if self._stop.wait(one.pause_s):
                return
            began = datetime.now(UTC)
            if _DO[one.kind](self._stage, one.rng):
                kind = self._stage.database.trouble if one.kind == "database" else one.kind
                self.faults.append(Fault(kind, began, datetime.now(UTC)))
            else:
                self.missed.append(one.kind)


def signal_one(look: Look, rng: Random, number: signal.Signals, within_s: float = TARGET_S) -> bool:
    """Send a signal to one of those that live; False when none did within the time."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        found = look()
        if found:
            try:
                rng.choice(found).send_signal(number)
            except psutil.NoSuchProcess:
                continue
            return True
        time.sleep(LOOK_S)
    return False


def _kill(name: str) -> Callable[[Stage, Random], bool]:
    """Of one of the stage's processes, by the name of the method that finds them."""

    def do(stage: Stage, rng: Random) -> bool:
        return signal_one(getattr(stage, name), rng, signal.SIGKILL)

    return do


def _kill_part(name: str) -> Callable[[Stage, Random], bool]:
    def do(stage: Stage, rng: Random) -> bool:
        return signal_one(lambda: stage.part(name), rng, signal.SIGKILL)

    return do


def _hang_engine(stage: Stage, rng: Random) -> bool:
    return signal_one(stage.engines, rng, signal.SIGSTOP)


def _kill_redis(stage: Stage, rng: Random) -> bool:
    """Over when an empty server answers again."""
    return signal_one(lambda: stage.part(BROKER), rng, signal.SIGKILL) and _redis_answers(stage)


def _flush_redis(stage: Stage, rng: Random) -> bool:
    if not _redis_answers(stage):
        return False
    with queues.connect(stage.redis_url, reconnects=queues.RECONNECTS) as connection:
        connection.flushall()
    return True


def _pause_redis(stage: Stage, rng: Random) -> bool:
    found = stage.part(BROKER)
    if not found:
        return False
    found[0].suspend()
    time.sleep(rng.uniform(*PAUSE_S))
    found[0].resume()
    return True


def _database(stage: Stage, rng: Random) -> bool:
    stage.database.disturb()
    return True


def _full_disk(stage: Stage, rng: Random) -> bool:
    stage.disk.fill()
    time.sleep(rng.uniform(*FULL_S))
    stage.disk.free()
    return True


def _blackout(stage: Stage, rng: Random) -> bool:
    """Everything of ours and the broker at once: a machine that loses its power and has it back."""
    for pid in stage.roll.pids():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return _redis_answers(stage)


def _redis_answers(stage: Stage) -> bool:
    until = time.monotonic() + TARGET_S
    with queues.connect(stage.redis_url) as connection:
        while time.monotonic() < until:
            try:
                connection.ping()
            except RedisError:
                time.sleep(LOOK_S)
            else:
                return True
    return False


_DO: dict[str, Callable[[Stage, Random], bool]] = {
    "kill_horse": _kill("horses"),
    "kill_worker": _kill("workers"),
    "kill_unit": _kill("units"),
    "kill_engine": _kill("engines"),
    "hang_engine": _hang_engine,
    "kill_relay": _kill_part(RELAY),
    "kill_reconciler": _kill_part(RECONCILER),
    "kill_web": _kill_part(WEB),
    "kill_redis": _kill_redis,
    "flush_redis": _flush_redis,
    "pause_redis": _pause_redis,
    "database": _database,
    "full_disk": _full_disk,
    "blackout": _blackout,
}
