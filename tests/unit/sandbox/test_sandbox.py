"""Strangers' files through the sandbox: the same answers as without walls, and an end to what does not end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from schemas.base import Model
from tests.support.files import as_file, noise, pdf_pages, text
from tests.support.threads import together
from tests.support.waiting import is_alive, wait_until
from verifier.errors import InputError, SandboxError, VerifierError
from verifier.intake import Limits
from verifier.ocr import sockets
from verifier.sandbox import IN_PROCESS, Bounds, Sandbox, SandboxClient, Wish, sandbox_of, wire
from verifier.sandbox.wire import Failure, PageHead, Reply

LIMITS = Limits()
PICTURE = as_file(noise(400, 300), "JPEG")
PDF = pdf_pages(text(100, 700, b"Hello 123"), text(100, 600, b"Second page"))
COSTLY = as_file(noise(2400, 1800), "PNG")
"""Takes most of a second."""


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandbox_of(Bounds(memory_mb=600, deadline_s=15, children=2))


def opened_by(bounds: Bounds) -> Iterator[Sandbox]:
    sandbox = Sandbox(bounds)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def hasty() -> Iterator[Sandbox]:
    yield from opened_by(Bounds(memory_mb=600, deadline_s=0.05, children=1))


@pytest.fixture
def narrow() -> Iterator[Sandbox]:
    yield from opened_by(Bounds(memory_mb=40, deadline_s=15, children=1))


@pytest.fixture
def mortal() -> Iterator[Sandbox]:
    yield from opened_by(Bounds(memory_mb=600, deadline_s=15, children=1))


def mother_of(sandbox: Sandbox) -> psutil.Process:
    sandbox.wait_ready(30)
    (found,) = [
        child
        for child in psutil.Process().children()
        if any(str(sandbox.path.parents[1]) in entry for entry in (child.cwd(), *child.cmdline()))
    ]
    return found


@pytest.mark.parametrize("data", [PICTURE, PDF])
def test_it_says_what_the_decoders_say(sandbox: Sandbox, data: bytes) -> None:
    inside, outside = sandbox.open(data, LIMITS), IN_PROCESS.open(data, LIMITS)
    assert sandbox.measure(data, LIMITS) == IN_PROCESS.measure(data, LIMITS)
    assert inside.traces == outside.traces
    assert len(inside.pages) == len(outside.pages)
    for mine, theirs in zip(inside.pages, outside.pages, strict=True):
        assert np.array_equal(mine.image, theirs.image)
        assert mine.image.flags.writeable and mine.image.flags.c_contiguous
        assert (mine.number, mine.text_lines, mine.unseen_lines) == (
            theirs.number,
            theirs.text_lines,
            theirs.unseen_lines,
        )


@pytest.mark.parametrize("data", [b"", b"no picture", PICTURE[:200], as_file(noise(20, 20), "PNG")])
def test_a_refusal_is_the_same_with_its_details(sandbox: Sandbox, data: bytes) -> None:
    with pytest.raises(InputError) as outside:
        IN_PROCESS.measure(data, LIMITS)
    with pytest.raises(InputError) as inside:
        sandbox.measure(data, LIMITS)
    assert str(inside.value) == str(outside.value)


def test_many_threads_may_ask_at_once(sandbox: Sandbox) -> None:
    pages = together([lambda: sandbox.measure(PICTURE, LIMITS)] * 6)
    assert len(set(pages)) == 1


def test_every_file_has_a_process_of_its_own_that_ends_with_it(sandbox: Sandbox) -> None:
    sandbox.measure(PICTURE, LIMITS)
    mother = mother_of(sandbox)
    wait_until(lambda: not mother.children(), within_s=10, what="the process ends")


def test_a_file_that_takes_too_long_is_refused(hasty: Sandbox) -> None:
    with pytest.raises(InputError) as refused:
        hasty.measure(COSTLY, LIMITS)
    assert refused.value.code == "file.too_slow"


def test_a_file_that_takes_too_much_memory_is_refused(narrow: Sandbox) -> None:
    with pytest.raises(InputError) as refused:
        narrow.open(COSTLY, LIMITS)
    assert refused.value.code == "file.too_costly"
    assert narrow.measure(PICTURE, LIMITS)


def is_busy(process: psutil.Process) -> bool:
    try:
        return process.cpu_times().user > 0.03
    except psutil.NoSuchProcess:
        return False


def killing(sandbox: Sandbox, times: int) -> Callable[[], None]:
    """Kills the process of the next `times` files."""
    mother = mother_of(sandbox)

    def kill() -> None:
        done: set[int] = set()
        for _ in range(times):
            (victim,) = wait_until(
                lambda: [child.pid for child in mother.children() if child.pid not in done and is_busy(child)],
                within_s=20,
                what="a file is open",
                every_s=0.001,
            )
            os.kill(victim, signal.SIGSEGV)
            done.add(victim)

    return kill


def test_a_process_that_dies_is_tried_once_more(mortal: Sandbox) -> None:
    killer = threading.Thread(target=killing(mortal, 1))
    killer.start()
    assert mortal.measure(COSTLY, LIMITS) == IN_PROCESS.measure(COSTLY, LIMITS)
    killer.join()


def test_a_file_that_kills_twice_is_refused_and_the_next_one_read(mortal: Sandbox) -> None:
    killer = threading.Thread(target=killing(mortal, 2))
    killer.start()
    with pytest.raises(InputError) as refused:
        mortal.measure(COSTLY, LIMITS)
    killer.join()
    assert refused.value.code == "file.crashed"
    assert mortal.measure(PICTURE, LIMITS)


def test_a_mother_that_dies_is_replaced(mortal: Sandbox) -> None:
    mother = mother_of(mortal)
    mother.kill()
    assert mortal.measure(PICTURE, LIMITS) == IN_PROCESS.measure(PICTURE, LIMITS)
    assert mother_of(mortal).pid != mother.pid


def test_nothing_is_left_when_it_is_stopped() -> None:
    sandbox = Sandbox(Bounds(memory_mb=600, deadline_s=15, children=1))
    mother, folder = mother_of(sandbox), sandbox.path.parents[1]
    sandbox.stop()
    assert not is_alive(mother.pid)
    assert not folder.exists()


def test_it_starts_with_nothing_of_our_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    names = set(mother_of(sandbox).environ())
    assert names <= {"LANG", "LC_CTYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONPATH"}


def test_a_sandbox_that_is_away_is_our_trouble_not_the_files(tmp_path: Path) -> None:
    client = SandboxClient(tmp_path / "nobody", turn_s=0.2)
    with pytest.raises(SandboxError):
        client.measure(PICTURE, LIMITS)


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[Callable[[socket.socket], None]], SandboxClient]]:
    """A client of a process that was taken over: it says what the test lets it say."""
    path = sockets.private_path(tmp_path, "s")
    listener = sockets.listen(path)
    threads: list[threading.Thread] = []

    def serve(say: Callable[[socket.socket], None]) -> None:
        for _ in range(2):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                wire.send(connection, wire.Hello(deadline_s=5))
                wire.receive_request(connection, time.monotonic() + 10)
                with contextlib.suppress(BrokenPipeError):  # the client has heard enough
                    say(connection)

    def start(say: Callable[[socket.socket], None]) -> SandboxClient:
        threads.append(threading.Thread(target=serve, args=(say,)))
        threads[-1].start()
        return SandboxClient(path, turn_s=5)

    yield start
    listener.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    sockets.close(listener, path)


def replying(reply: Model, *parts: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: wire.send(connection, reply, parts)


@pytest.mark.parametrize(
    "say",
    [
        lambda connection: connection.sendall(b"nonsense" * 10),
        lambda connection: connection.sendall(wire.PREFIX.pack(wire.MAGIC, 2**32 - 1, 0)),
        lambda connection: connection.sendall(wire.PREFIX.pack(wire.MAGIC, 2, 2**60) + b"{}"),
        lambda connection: connection.sendall(wire.PREFIX.pack(wire.MAGIC, 4, 0) + b"cos\n"),
        replying(Reply(pages=(PageHead(number=1, width=10, height=10),)), b"x" * 299),
        replying(Reply(error="config.invalid", details={"name": "x", "why": "y"})),
        replying(Reply(error="file.too_many_pages")),
        replying(Reply(failure=Failure.DIED, where="ValueError at pdf.py:1 decode")),
    ],
)
def test_nothing_it_says_is_believed(
    answering: Callable[[Callable[[socket.socket], None]], SandboxClient], say: Callable[[socket.socket], None]
) -> None:
    client = answering(say)
    with pytest.raises(VerifierError) as refused:
        client.open(PICTURE, LIMITS)
    assert refused.value.code == "file.crashed"


def test_a_page_is_drawn_behind_walls_and_encoded_anew(sandbox: Sandbox) -> None:
    bar = ((50.0, 60.0), (150.0, 60.0), (150.0, 90.0), (50.0, 90.0))
    wish = Wish(page=1, longest=300, part=(0, 0, 400, 300), bars=(bar,))
    data = sandbox.picture(PICTURE, LIMITS, wish)
    assert data == IN_PROCESS.picture(PICTURE, LIMITS, wish)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[:2] == (225, 300)
    assert image[50:60, 50:100].max() < 30


@pytest.mark.parametrize(("data", "page"), [(PICTURE, 2), (PDF, 3)])
def test_a_page_that_is_not_in_the_file(sandbox: Sandbox, data: bytes, page: int) -> None:
    with pytest.raises(InputError) as refused:
        sandbox.picture(data, LIMITS, Wish(page=page, longest=300))
    assert refused.value.code == "page.not_found"


def test_one_page_of_several(sandbox: Sandbox) -> None:
    pages = [sandbox.picture(PDF, LIMITS, Wish(page=page, longest=300)) for page in (1, 2)]
    assert pages[0] != pages[1]
