"""The process that confined processes are forked from: `python -m verifier.sandbox.mother`, started by verifier.sandbox.host.

It has one thread, has loaded every decoder, and never opens a stranger's file. For each connection it forks a child that
builds its walls, reads one file, answers and ends: a fork costs milliseconds where a fresh interpreter costs a second,
and nothing of one applicant's file is left when the next one comes. A child is killed at its deadline by the mother's
clock, whatever it does. When the host ends, the mother and its children do.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import gc
import os
import selectors
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from verifier import logs
from verifier.errors import InputError, VerifierError
from verifier.intake import Limits
from verifier.intake.limits import MIB
from verifier.lifetime import die_with_parent
from verifier.sandbox import confine, wire
from verifier.sandbox.reader import IN_PROCESS
from verifier.sandbox.wire import Failure, Operation, Options, Ready, Reply, Request

_Done = tuple[Reply, list[memoryview]]


@dataclass
class _Child:
    connection: socket.socket
    deadline: float
    slow: bool = False


@dataclass
class _Mother:
    options: Options
    own_user: bool
    listener: socket.socket
    turn: int
    """A descriptor whose lock one heavy file holds at a time."""
    children: dict[int, _Child] = field(default_factory=dict)

    def serve(self, ended: int, parent: int) -> None:
        """Until the host closes `parent`; `ended` becomes readable when a child ends."""
        selector = selectors.DefaultSelector()
        selector.register(ended, selectors.EVENT_READ)
        selector.register(parent, selectors.EVENT_READ)
        listening = False
        while True:
            wanted = len(self.children) < self.options.children
            if wanted != listening:
                if wanted:
                    selector.register(self.listener, selectors.EVENT_READ)
                else:
                    selector.unregister(self.listener)
                listening = wanted
            events = {key.fd for key, _ in selector.select(self._pause())}
            if parent in events and not os.read(parent, 64):
                return
            if ended in events:
                os.read(ended, 4096)
            self._reap()
            self._end_slow_ones()
            if self.listener.fileno() in events and len(self.children) < self.options.children:
                self._accept(selector)

    def _pause(self) -> float | None:
        due = [child.deadline for child in self.children.values() if not child.slow]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return  # the client changed its mind
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            status = 1
            try:
                selector.close()
                self.listener.close()
                for other in self.children.values():
                    other.connection.close()
                confine_me(self.options, own_user=self.own_user)
                answer(connection, self.options, self.turn)
                status = 0
            finally:
                # no exit handlers of the mother's, no trace of a stranger's file in a log
                os._exit(status)
        self.children[pid] = _Child(connection, time.monotonic() + self.options.deadline_s)

    def _end_slow_ones(self) -> None:
        for pid, child in self.children.items():
            if not child.slow and child.deadline <= time.monotonic():
                child.slow = True
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for pid in list(self.children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                child = self.children.pop(pid)
                if status != 0:
                    slow = child.slow or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU)
                    _report(child.connection, Failure.SLOW if slow else Failure.DIED)
                child.connection.close()


def _report(connection: socket.socket, failure: Failure) -> None:
    connection.setblocking(False)
    with contextlib.suppress(OSError, wire.WireError):
        wire.send(connection, Reply(failure=failure))


def confine_me(options: Options, *, own_user: bool) -> tuple[bool, bool]:
    """Build the walls around this process. Whether files and calls are walled off."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    confine.bound(
        memory_bytes=options.memory_mb * MIB // 2,
        most_memory_bytes=options.memory_mb * MIB,
        cpu_s=max(1, int(options.deadline_s) + 1),
        own_user=own_user,
    )
    files = confine.only_read([*confine.libraries(), *(Path(folder) for folder in options.readable)])
    return files, confine.only_compute()


def answer(connection: socket.socket, options: Options, turn: int) -> None:
    """One request, one reply.

    Nearly all files do with half the memory. One that does not has its turn with all of it, when no other has: decoders say
    that they lack memory in many ways, that the file is broken among them.
    """
    until = time.monotonic() + options.deadline_s
    connection.setblocking(True)
    wire.send(connection, wire.Hello(deadline_s=options.deadline_s))
    request, data = wire.receive_request(connection, until)
    connection.settimeout(None)
    try:
        done = None if request.heavy else _modestly(request, data)
        if done is None:
            fcntl.lockf(turn, fcntl.LOCK_EX)  # the process's end gives it back
            confine.allow_more_memory()
            done = _work(request, data)
        reply, parts = done
    except VerifierError as refusal:
        details = {name: value if isinstance(value, int) else str(value) for name, value in refusal.details.items()}
        reply, parts = Reply(error=refusal.code, details=details), []
    except MemoryError:
        reply, parts = Reply(failure=Failure.MEMORY), []
    except Exception as defect:  # noqa: BLE001
        reply, parts = Reply(failure=Failure.DIED, where=logs.where(defect)[:120]), []
    wire.send(connection, reply, parts)


def _modestly(request: Request, data: bytes) -> _Done | None:
    """The work with half the memory; None when that may have been too little, and nothing of it is held any more."""
    try:
        return _work(request, data)
    except MemoryError:
        return None
    except InputError as refusal:
        if refusal.code != "file.broken":
            raise
        return None


def _work(request: Request, data: bytes) -> _Done:
    limits = wire.limits_of(request)
    if request.operation is Operation.MEASURE:
        return wire.measured_reply(IN_PROCESS.measure(data, limits)), []
    if request.wish is not None:
        picture = IN_PROCESS.picture(data, limits, request.wish)
        return Reply(picture_bytes=len(picture)), [memoryview(picture)]
    reply, images = wire.opened_reply(IN_PROCESS.open(data, limits))
    return reply, [image.data for image in images]


def _probe(options: Options, *, own_user: bool) -> tuple[bool, bool]:
    """Which walls a child can build here."""
    pid = os.fork()
    if pid == 0:
        status = 8
        try:
            files, calls = confine_me(options, own_user=own_user)
            status = (0 if files else 1) | (0 if calls else 2)
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1, 2, 3):
        raise SystemExit("the sandbox cannot confine a process here")
    return not code & 1, not code & 2


def _lockable() -> int:
    """A descriptor that processes can lock against each other, of a file that is on no disk where that can be."""
    return os.memfd_create("turn") if hasattr(os, "memfd_create") else os.dup(tempfile.TemporaryFile().fileno())


def _warm_up() -> None:
    """What decoders and measures load at first use is loaded here, once, from a page of our own."""
    cv2.setNumThreads(1)
    page = np.full((480, 360, 3), 255, dtype=np.uint8)
    cv2.putText(page, "page", (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 3)
    for suffix in (".jpg", ".png", ".webp"):
        _, data = cv2.imencode(suffix, page)
        with contextlib.suppress(VerifierError):
            IN_PROCESS.measure(bytes(data), Limits())


def main() -> None:
    parser = argparse.ArgumentParser(prog="verifier.sandbox.mother", description=__doc__)
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--options", required=True)
    given = parser.parse_args()
    die_with_parent(given.parent, signal.SIGKILL)
    # the service's own ending is what ends this; a terminal's Ctrl-C reaches the whole group
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    options = Options.model_validate_json(given.options)
    _warm_up()
    network = confine.own_network()
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    files, calls = _probe(options, own_user=network)
    gc.freeze()
    print(Ready(network=network, files=files, calls=calls).model_dump_json(), flush=True)  # noqa: T201
    with socket.socket(fileno=given.listener) as listener:
        listener.setblocking(False)
        mother = _Mother(options, network, listener, _lockable())
        try:
            mother.serve(read, sys.stdin.fileno())
        finally:
            for pid in mother.children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
