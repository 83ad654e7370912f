"""The engine host against real processes: an unruly engine for what goes wrong, the real one for what goes right."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.unruly_engine import Order, page
from tests.support.waiting import is_alive
from verifier.errors import ConfigError, EngineCrashedError, EngineError, EngineTimeoutError, ModelsError
from verifier.ocr import models, wire
from verifier.ocr.engine import Engine
from verifier.ocr.host import FIRST_DELAY_S, START_TIMEOUT_S, EngineHost, HostClient

ROOT = Path(__file__).resolve().parents[2]
UNRULY = "tests.support.unruly_engine:UnrulyEngine"
LONG_S = 60.0

StartHost = Callable[..., EngineHost]


@pytest.fixture(autouse=True)
def importable_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[StartHost]:
    with ExitStack() as stack:

        def start(**options: object) -> EngineHost:
            given = {"threads": 1, "socket_dir": tmp_path / "run", "factory": UNRULY, **options}
            host = stack.enter_context(EngineHost(tmp_path, **given))  # type: ignore[arg-type]
            assert host.wait_ready(LONG_S)
            return host

        yield start


def pid_of(client: HostClient) -> int:
    (line,) = client.read(page(Order.ANSWER))
    return int(line.text.split()[0])


def wait_for(condition: Callable[[], bool], timeout_s: float = LONG_S) -> bool:
    """For what another process does: nothing tells us, so we look."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if condition():
            return True
        threading.Event().wait(0.02)
    return False


def is_refused(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == errno.ECONNREFUSED


def test_answers_and_reports_its_health(start_host: StartHost) -> None:
    host = start_host(threads=2)
    client = host.client()
    assert isinstance(client, Engine)
    assert client.name == "unruly-2"
    (line,) = client.read(page(Order.ANSWER, width=12))
    assert line.text == f"{host.health().pid} 12"
    assert line.box[2] == (12.0, 4.0)
    crops = [np.full((2, 3, 3), 1, np.uint8), np.full((5, 1, 3), 2, np.uint8)[:, ::-1]]
    assert [answer.text for answer in client.recognise(crops)] == ["18", "30"]
    assert client.recognise([]) == ()
    assert host.wait_until(lambda h: h.pages == 2 and not h.busy, LONG_S)
    health = host.health()
    assert health.ready and health.rss_mb > 1 and health.restarts == 0 and health.started_at is not None


def test_socket_is_reachable_by_its_owner_only(start_host: StartHost) -> None:
    host = start_host()
    assert host.socket_path.parent.stat().st_mode & 0o777 == 0o700
    host.stop()
    assert not host.socket_path.parent.exists()


def test_page_over_its_deadline_kills_the_engine_and_the_next_call_works(start_host: StartHost) -> None:
    host = start_host()
    client = host.client()
    hung = pid_of(client)
    began = time.monotonic()
    with pytest.raises(EngineTimeoutError) as caught:
        client.read(page(Order.HANG), deadline_s=0.3)
    assert caught.value.transient
    assert 0.3 <= time.monotonic() - began < 0.3 + client.GRACE_S
    assert pid_of(client) != hung
    assert not is_alive(hung)
    assert host.health().failures == 1


def test_hanging_without_a_page_it_is_found_and_replaced(start_host: StartHost) -> None:
    """Whoever came to it would wait for a hello that never comes, and no page's deadline runs."""
    host = start_host(silence_s=6.0)
    client = host.client()
    hung = pid_of(client)
    os.kill(hung, signal.SIGSTOP)
    assert pid_of(client) != hung
    assert not is_alive(hung)
    assert host.health().failures == 1


def test_waiting_for_work_for_longer_than_its_silence_is_no_hang(start_host: StartHost) -> None:
    host = start_host(silence_s=6.0)
    first = pid_of(host.client())
    assert not host.wait_until(lambda h: h.restarts > 0, 8.0)
    assert pid_of(host.client()) == first


def test_hung_page_of_a_dead_client_is_killed_too(start_host: StartHost) -> None:
    host = start_host()
    hung = pid_of(host.client())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(host.socket_path))
        image = page(Order.HANG)
        request = wire.Request(id="x", operation=wire.Operation.READ, deadline_s=0.3, shapes=wire.shapes_of([image]))
        wire.receive_hello(connection, time.monotonic() + LONG_S)
        wire.send(connection, request, [image])
    assert host.wait_until(lambda h: h.failures == 1, LONG_S)
    assert pid_of(host.client()) != hung


@pytest.mark.parametrize("order", [Order.DIE, Order.RAISE])
def test_crash_in_the_middle_of_a_page(start_host: StartHost, order: Order) -> None:
    host = start_host()
    client = host.client()
    first = pid_of(client)
    with pytest.raises(EngineCrashedError):
        client.read(page(order))
    assert pid_of(client) != first


def test_killed_from_outside_in_the_middle_of_a_page(start_host: StartHost) -> None:
    host = start_host()
    client = host.client()
    pid = pid_of(client)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.read, page(Order.HANG))
        assert host.wait_until(lambda h: h.busy, LONG_S)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineCrashedError):
            call.result(LONG_S)
    assert pid_of(client) != pid


def test_error_of_the_tree_is_passed_on_and_harms_nothing(start_host: StartHost) -> None:
    host = start_host()
    client = host.client()
    pid = pid_of(client)
    with pytest.raises(EngineError) as caught:
        client.read(page(Order.REFUSE))
    assert caught.value.code == "engine.unavailable"
    assert pid_of(client) == pid


def test_replaced_after_its_pages_without_losing_a_call(start_host: StartHost) -> None:
    host = start_host(max_pages=2)
    client = host.client()
    pids = [pid_of(client) for _ in range(5)]
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]
    assert host.health().failures == 0
    assert host.wait_until(lambda h: h.restarts == 2, LONG_S)


def test_replaced_when_it_holds_too_much_memory(start_host: StartHost) -> None:
    host = start_host(max_rss_mb=300.0)
    client = host.client()
    pids = [int(client.read(page(Order.LEAK))[0].text.split()[0]) for _ in range(6)]
    assert len(set(pids)) > 1
    assert pids[0] == pids[1], "replaced before it held too much"
    assert host.health().failures == 0


def test_starts_wait_longer_after_each_failure_and_not_after_a_clean_page(start_host: StartHost) -> None:
    host = start_host()
    client = host.client()
    delays: list[float] = []
    for failures, read_first in [(1, False), (2, False), (3, True)]:
        if read_first:
            pid_of(client)
        with pytest.raises(EngineCrashedError):
            client.read(page(Order.DIE))
        assert host.wait_until(lambda h, n=failures: h.failures == n, LONG_S)  # type: ignore[misc]
        delays.append(host.health().delay_s)
    assert delays == [FIRST_DELAY_S, 2 * FIRST_DELAY_S, FIRST_DELAY_S]


def test_a_host_that_is_gone_is_not_waited_for(start_host: StartHost) -> None:
    """A work-horse outlives its unit by a moment; it hands its document back instead of holding it."""
    host = start_host()
    client = host.client(ready_s=LONG_S)
    pid_of(client)
    host.stop()
    began = time.monotonic()
    with pytest.raises(EngineError) as caught:
        client.read(page(Order.ANSWER))
    assert caught.value.code == "engine.unavailable"
    assert time.monotonic() - began < 5.0


def test_engine_that_cannot_load_is_unavailable(tmp_path: Path) -> None:
    factory = "tests.support.unruly_engine:broken"
    with EngineHost(tmp_path, threads=1, socket_dir=tmp_path / "run", factory=factory) as host:
        with pytest.raises(EngineError) as caught:
            host.client(ready_s=0.5).read(page(Order.ANSWER))
        assert caught.value.code == "engine.unavailable"
        assert host.wait_until(lambda h: h.failures >= 1, LONG_S)
        assert not host.health().ready


def test_two_clients_take_turns(start_host: StartHost) -> None:
    host = start_host()
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(host.client().read, page(Order.DAWDLE, width=10 + i)) for i in range(4)]
        texts = [call.result(LONG_S)[0].text.split() for call in calls]
    assert [width for _, width in texts] == ["10", "11", "12", "13"]
    assert {pid for pid, _ in texts} == {str(host.health().pid)}


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        wire.PREFIX.pack(wire.MAGIC, 0xFFFFFFFF, 1),
        wire.PREFIX.pack(wire.MAGIC, 2, 1 << 60),
        wire.PREFIX.pack(wire.MAGIC, 2, 0) + b"{}",
        wire.PREFIX.pack(wire.MAGIC, 4, 0) + b"\x80\x04.\xff",
        b"",
    ],
    ids=["http", "long header", "long body", "no request", "pickle", "nothing"],
)
def test_garbage_on_the_socket_is_dropped(start_host: StartHost, garbage: bytes) -> None:
    host = start_host()
    pid = pid_of(host.client())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(LONG_S)
        connection.connect(str(host.socket_path))
        wire.receive_hello(connection, time.monotonic() + LONG_S)
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        with pytest.raises(wire.ClosedError):
            wire.receive_reply(connection, time.monotonic() + LONG_S)
    assert pid_of(host.client()) == pid


OWNER = """
import sys, threading
from pathlib import Path
from verifier.ocr.host import EngineHost
host = EngineHost(Path("."), threads=1, socket_dir=Path(sys.argv[1]), factory=sys.argv[2])
host.start()
assert host.wait_ready(60)
print(host.health().pid, flush=True)
host.client().read(__import__("tests.support.unruly_engine", fromlist=["page"]).page(int(sys.argv[3])))
threading.Event().wait()
"""


@pytest.mark.parametrize("order", [Order.ANSWER, Order.HANG], ids=["idle", "in a page"])
def test_no_orphan_after_the_owner_is_killed(tmp_path: Path, order: Order, start_host: StartHost) -> None:
    run = tmp_path / "run"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(run), UNRULY, str(int(order))], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with owner:
        assert owner.stdout is not None
        engine = int(owner.stdout.readline())
        assert is_alive(engine)
        owner.kill()
    assert wait_for(lambda: not is_alive(engine), 10.0)
    (left_over,) = run.glob("*/host.sock")
    # the last of its threads may hold the socket a moment longer
    assert wait_for(lambda: is_refused(left_over), 10.0)
    start_host(socket_dir=run)
    assert not left_over.exists(), "the next host sweeps the socket away"


def test_stop_ends_the_process_at_once_even_in_a_page(start_host: StartHost) -> None:
    host = start_host()
    client = host.client(ready_s=0.2)
    pid = pid_of(client)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.read, page(Order.HANG))
        assert host.wait_until(lambda h: h.busy, LONG_S)
        host.stop()
        with pytest.raises(EngineCrashedError):
            call.result(LONG_S)
    assert not is_alive(pid)
    with pytest.raises(EngineError):
        client.read(page(Order.ANSWER))


def test_path_too_long_for_a_socket_address(tmp_path: Path) -> None:
    run = tmp_path / ("d" * 120)
    with EngineHost(tmp_path, threads=1, socket_dir=run, factory=UNRULY) as host:
        assert host.client().name == "unruly-1"


def test_start_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as wrong:
        EngineHost(tmp_path, threads=1, socket_dir=tmp_path / "file", factory=UNRULY).start()
    assert wrong.value.details["name"] == "socket_dir"
    with pytest.raises(ModelsError):
        EngineHost(tmp_path, threads=1, socket_dir=tmp_path).start()


@pytest.fixture(scope="module")
def models_dir() -> Path:
    directory = Path(os.environ.get("VERIFIER_MODELS_DIR") or ROOT / "models")
    models.check(directory)
    return directory


@pytest.mark.ocr
def test_real_engine_reads_a_page(models_dir: Path, tmp_path: Path) -> None:
    paper = np.full((800, 1000, 3), 255, dtype=np.uint8)
    cv2.putText(paper, "HD2026A000123", (120, 200), cv2.FONT_HERSHEY_DUPLEX, 1.6, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(paper, "440114199608123428", (120, 500), cv2.FONT_HERSHEY_DUPLEX, 1.6, (0, 0, 0), 3, cv2.LINE_AA)
    with EngineHost(models_dir, threads=1, socket_dir=tmp_path) as host:
        client = host.client(ready_s=START_TIMEOUT_S)
        assert client.name == models.check(models_dir).name
        lines = client.read(paper)
        assert [line.text for line in lines] == ["HD2026A000123", "440114199608123428"]
        (left, top), _, (right, bottom), _ = lines[0].box
        assert 60 < left < 140 and 130 < top < 180 and 520 < right < 650 and 195 < bottom < 240
        assert all(line.score > 0.8 for line in lines)
        strip = paper[140:230, 100:620]
        assert client.recognise([strip, paper[450:530, 100:780]])[0].text == "HD2026A000123"
        assert client.read(np.full((30, 30, 3), 255, dtype=np.uint8)) == ()
        assert host.wait_until(lambda h: h.pages == 3, LONG_S)
        assert host.health().rss_mb < 800
