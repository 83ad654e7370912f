"""The engine's own process: loads the engine, then answers one request at a time until its limits or its parent end it.

Started by verifier.ocr.host as `python -m verifier.ocr.host_child` with the listening socket and a status pipe as
inherited descriptors. It keeps nothing that a SIGKILL could lose. It ends when its parent does, even by SIGKILL: the
kernel sends it a SIGKILL too (Linux), and its stdin, a pipe only the parent writes to, reports the end elsewhere.

Whatever the engine raises that is no VerifierError ends the process: the client sees EngineCrashedError and the parent
starts a fresh one.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from verifier.errors import VerifierError
from verifier.lifetime import die_with_parent
from verifier.ocr import wire
from verifier.ocr.engine import Engine, Image
from verifier.ocr.status import Busy, Idle, Leaving, Ready, Status, Waiting

CLIENT_TIMEOUT_S = 10.0
"""A client sends its request as soon as it has the hello and reads its answer at once; one that does not is dropped, so
that others get their turn."""

WAITING_EVERY_S = 5.0


@dataclass(frozen=True)
class Limits:
    """When the process leaves of its own accord, between two requests."""

    max_pages: int
    max_rss_mb: float


def main() -> None:
    options = _options()
    _end_with_parent(options.parent)
    # A terminal's Ctrl-C or a service manager's SIGTERM reaches the whole group; the worker finishes its job first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report = _reporter(options.status)
    engine = load(options.factory, options.models, options.threads)
    _warm_up(engine)
    report(Ready(name=engine.name, rss_mb=_rss_mb()))
    with socket.socket(fileno=options.listener) as listener:
        listener.setblocking(True)
        serve(engine, listener, report, Limits(options.max_pages, options.max_rss_mb))


def load(factory: str, models_dir: Path, threads: int) -> Engine:
    """Build an engine by the name of its factory, `module:callable`, called as `callable(models_dir, threads=n)`."""
    module, _, attribute = factory.partition(":")
    engine = getattr(importlib.import_module(module), attribute)(models_dir, threads=threads)
    if not isinstance(engine, Engine):
        raise TypeError(f"{factory} does not make an Engine")
    return engine


def serve(engine: Engine, listener: socket.socket, report: Callable[[Status], None], limits: Limits) -> None:
    """Answer requests one after the other; returns when a limit is reached.

    The supervisor hears that a page is done before the client does: the deadline is about the engine's work, not about
    how fast a client reads its answer.
    """
    pages = 0
    leaving = False
    while not leaving:
        while not select.select([listener], [], [], WAITING_EVERY_S)[0]:
            report(Waiting())
        connection, _ = listener.accept()
        with connection:
            work = _receive(engine, connection)
            if work is None:
                report(Waiting())
                continue
            report(Busy(deadline_s=work[0].deadline_s))
            reply = _work(engine, *work)
            pages += 1
            rss_mb = _rss_mb()
            leaving = pages >= limits.max_pages or rss_mb > limits.max_rss_mb
            report(Leaving(pages=pages, rss_mb=rss_mb) if leaving else Idle(pages=pages, rss_mb=rss_mb))
            with contextlib.suppress(OSError):  # a client that went away wants no answer
                connection.settimeout(CLIENT_TIMEOUT_S)
                wire.send(connection, reply)


def _receive(engine: Engine, connection: socket.socket) -> tuple[wire.Request, tuple[Image, ...]] | None:
    """The request of one connection; None when the client left, sent garbage, or nothing in time."""
    try:
        connection.settimeout(CLIENT_TIMEOUT_S)
        wire.send(connection, wire.Hello(name=engine.name))
        return wire.receive_request(connection, time.monotonic() + CLIENT_TIMEOUT_S)
    except (wire.WireError, OSError):
        return None


def _work(engine: Engine, request: wire.Request, images: tuple[Image, ...]) -> wire.Reply:
    try:
        if request.operation is wire.Operation.READ:
            lines = tuple(line for image in images for line in engine.read(image, deadline_s=request.deadline_s))
            return wire.Reply(id=request.id, lines=lines)
        return wire.Reply(id=request.id, recognitions=engine.recognise(images, deadline_s=request.deadline_s))
    except VerifierError as known:
        return wire.Reply(id=request.id, error=known.code)


def _warm_up(engine: Engine) -> None:
    """The first page costs several times the others: ONNX Runtime plans its memory and PaddleOCR imports the rest."""
    page = np.full((960, 704, 3), 255, dtype=np.uint8)
    page[100:130, 100:400:7] = 0
    engine.read(page)
    engine.recognise([page[90:140, 90:410]])


def _reporter(descriptor: int) -> Callable[[Status], None]:
    def report(status: Status) -> None:
        os.write(descriptor, status.model_dump_json().encode() + b"\n")

    return report


def _rss_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def _end_with_parent(parent: int) -> None:
    die_with_parent(parent, signal.SIGKILL)

    def wait_for_the_end() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os._exit(1)

    threading.Thread(target=wait_for_the_end, daemon=True).start()


class _Options(argparse.Namespace):
    factory: str
    models: Path
    threads: int
    max_pages: int
    max_rss_mb: float
    listener: int
    status: int
    parent: int


def _options() -> _Options:
    parser = argparse.ArgumentParser(prog="verifier.ocr.host_child", description=__doc__)
    parser.add_argument("--factory", required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--max-pages", type=int, required=True)
    parser.add_argument("--max-rss-mb", type=float, required=True)
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--status", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    return parser.parse_args(namespace=_Options())


if __name__ == "__main__":
    main()
