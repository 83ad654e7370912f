"""The supervisor with real children: started again when they die, ended in order, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.waiting import is_alive, wait_until
from verifier import supervise as room
from verifier.supervise import Part, Stop, stop_on_signals, supervise

ROOT = Path(__file__).resolve().parents[2]
ENOUGH_S = 20.0
QUIET = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


SLEEPER = python("import time; time.sleep(600)")


class Watch:
    """What the supervisor tells of its children, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, int]] = []
        self.unwanted: set[str] = set()

    def started(self, part: Part, pid: int) -> None:
        self.told.append(("started", part.name, pid))

    def ended(self, part: Part, pid: int) -> None:
        self.told.append(("ended", part.name, pid))

    def wants(self, part: Part) -> bool:
        return part.name not in self.unwanted

    def pids(self, name: str = "") -> list[int]:
        return [pid for what, part, pid in self.told if what == "started" and (not name or part == name)]

    def ends(self) -> list[str]:
        return [name for what, name, _ in self.told if what == "ended"]


def supervised(
    parts: list[Part], script: Callable[[Watch, Stop], None], *, grace_s: float = ENOUGH_S
) -> tuple[Watch, float]:
    """Supervise here while `script` runs beside it, then stop; what was told, and how long ending took."""
    watch, stop = Watch(), Stop()
    failure: list[BaseException] = []
    asked: list[float] = []

    def beside() -> None:
        try:
            script(watch, stop)
        except BaseException as error:  # noqa: BLE001
            failure.append(error)
        finally:
            asked.append(time.monotonic())
            if not stop.is_set():
                stop.set()

    thread = threading.Thread(target=beside)
    thread.start()
    supervise(parts, stop=stop, grace_s=grace_s, watcher=watch)
    thread.join(ENOUGH_S)
    if failure:
        raise failure[0]
    assert not any(map(is_alive, watch.pids())), "nothing is left behind"
    return watch, time.monotonic() - asked[0]


def until_started(count: int) -> Callable[[Watch, Stop], None]:
    def script(watch: Watch, stop: Stop) -> None:
        wait_until(lambda: len(watch.pids()) >= count, within_s=ENOUGH_S, what=f"{count} starts")

    return script


def test_a_part_that_dies_is_started_again_and_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "FIRST_DELAY_S", 0.1)

    def script(watch: Watch, stop: Stop) -> None:
        until_started(2)(watch, stop)
        os.kill(watch.pids("b")[0], signal.SIGKILL)
        wait_until(lambda: len(watch.pids("b")) == 2, within_s=ENOUGH_S, what="b again")

    watch, _ = supervised([Part("a", SLEEPER), Part("b", SLEEPER)], script)
    assert len(watch.pids("a")) == 1
    assert watch.told.index(("ended", "b", watch.pids("b")[0])) < watch.told.index(("started", "b", watch.pids("b")[1]))


def test_a_part_that_keeps_dying_is_started_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "FIRST_DELAY_S", 0.05)
    monkeypatch.setattr(room, "LONGEST_DELAY_S", 0.2)
    monkeypatch.setattr(room, "TICK_S", 0.01)
    delays: list[float] = []
    real = room._Child._put_off

    def put_off(child: room._Child) -> None:
        real(child)
        delays.append(round(child._delay_s, 3))

    monkeypatch.setattr(room._Child, "_put_off", put_off)
    supervised([Part("a", ["false"])], until_started(6))
    assert delays[:5] == [0.05, 0.1, 0.2, 0.2, 0.2]


def test_a_part_that_ran_long_starts_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STEADY_S", 0.0)
    child = room._Child(Part("a", ["true"]), Watch())
    child._delay_s = room.LONGEST_DELAY_S
    child._put_off()
    assert child._delay_s == room.FIRST_DELAY_S


def test_a_command_that_cannot_be_started_does_not_end_the_others() -> None:
    watch, _ = supervised([Part("none", ["/nonexistent/program"]), Part("a", SLEEPER)], until_started(1))
    assert watch.pids("none") == []
    assert len(watch.pids("a")) == 1


def test_parts_end_round_by_round() -> None:
    parts = [Part("broker", SLEEPER, stop_round=1), Part("web", SLEEPER), Part("unit", SLEEPER)]
    watch, _ = supervised(parts, until_started(3))
    assert set(watch.ends()[:2]) == {"web", "unit"}
    assert watch.ends()[2] == "broker"


def test_a_part_that_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    code = f"{QUIET}; import sys, time; open(sys.argv[1], 'w').close(); time.sleep(600)"
    ready = [tmp_path / name for name in "ab"]

    def script(watch: Watch, stop: Stop) -> None:
        wait_until(lambda: all(path.exists() for path in ready), within_s=ENOUGH_S, what="both ignore the signal")

    parts = [Part(path.name, python(code, path)) for path in ready]
    watch, took = supervised(parts, script, grace_s=0.5)
    assert sorted(watch.ends()) == ["a", "b"]
    assert took < 3.0, "one grace for all of a round"


def test_a_second_signal_is_passed_on_and_shortens_the_grace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "HURRY_S", 0.5)
    # ends at the second signal only
    code = """
import signal, sys, time
count = 0
def note(*_):
    global count
    count += 1
    open(f"{sys.argv[1]}.{count}", "w").close()
    if count == 2 and sys.argv[2] == "obeys":
        sys.exit(7)
signal.signal(signal.SIGTERM, note)
open(sys.argv[1], "w").close()
while True:
    time.sleep(0.05)
"""
    obeys, deaf = tmp_path / "obeys", tmp_path / "deaf"

    def script(watch: Watch, stop: Stop) -> None:
        wait_until(lambda: obeys.exists() and deaf.exists(), within_s=ENOUGH_S, what="both are ready")
        stop.set()
        wait_until((tmp_path / "obeys.1").exists, within_s=ENOUGH_S, what="the first signal came")
        assert len(watch.ends()) == 0
        stop.set()

    parts = [Part(path.name, python(code, path, path.name)) for path in (obeys, deaf)]
    watch, took = supervised(parts, script, grace_s=600.0)
    assert watch.ends() == ["obeys", "deaf"]
    assert (tmp_path / "deaf.2").exists()
    assert took < 5.0


def test_children_get_their_environment_open_files_and_our_error_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "note"
    code = (
        "import os, sys, time; print('to standard output', flush=True);"
        "open(sys.argv[1], 'w').write(os.environ['GIVEN'] + ' ' + str(os.fstat(int(sys.argv[2])).st_ino)); time.sleep(600)"
    )
    with (tmp_path / "open").open("w") as file:
        part = Part("a", python(code, note, file.fileno()), env={"GIVEN": "yes"}, descriptors=(file.fileno(),))
        expected = f"yes {os.fstat(file.fileno()).st_ino}"

        def script(watch: Watch, stop: Stop) -> None:
            wait_until(lambda: note.exists() and note.read_text() == expected, within_s=ENOUGH_S, what="the note")

        supervised([part], script)
    out, err = capfd.readouterr()
    assert "to standard output" not in out, "ours is for what we say ourselves"
    assert "to standard output" in err


def test_children_are_started_by_the_main_thread_only() -> None:
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            supervise([], stop=Stop(), grace_s=1.0)
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(ENOUGH_S)
    assert len(caught) == 1


def test_stop_wakes_everybody_who_waits() -> None:
    stop = Stop()
    assert not stop.wait(0.0)
    threads = [threading.Thread(target=stop.wait, args=(ENOUGH_S,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    stop.set()
    for thread in threads:
        thread.join(ENOUGH_S)
    assert time.monotonic() - began < ENOUGH_S / 2
    assert (stop.is_set(), stop.is_hurried()) == (True, False)
    stop.set()
    assert stop.is_hurried()


def test_both_signals_stop_even_when_they_come_all_the_time() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        stop = stop_on_signals()
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
        for _ in range(2000):
            signal.raise_signal(signal.SIGINT)
            assert stop.wait(0.0)
        assert stop.is_hurried()
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)


FORKER = """
import os, signal, sys, time
from verifier.lifetime import end_forks_with_me
end_forks_with_me()
child = os.fork()
if child == 0:
    grandchild = os.fork()
    if grandchild == 0:
        time.sleep(600)
    open(sys.argv[1], "w").write(f"{os.getpid()} {grandchild}")
    os.rename(sys.argv[1], sys.argv[1] + ".whole")
    time.sleep(600)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_what_a_process_forks_ends_with_it_however_deep(tmp_path: Path) -> None:
    note = tmp_path / "pids.whole"
    parent = subprocess.Popen(python(FORKER, tmp_path / "pids"), cwd=ROOT)
    try:
        wait_until(note.exists, within_s=ENOUGH_S, what="a child and a grandchild")
        pids = [int(word) for word in note.read_text().split()]
        assert all(map(is_alive, pids))
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not any(map(is_alive, pids)), within_s=5.0, what="both are gone")


CHILD = "import os, sys, time; from verifier.lifetime import die_with_parent; die_with_parent(int(sys.argv[1])); time.sleep(600)"
PARENT = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}, str(os.getpid())])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_ends_with_its_killed_parent() -> None:
    parent = subprocess.Popen(python(PARENT), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not is_alive(child), within_s=ENOUGH_S, what="the child is gone")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_whose_parent_is_gone_already_ends_at_once() -> None:
    orphan = subprocess.run(python(CHILD, 1), cwd=ROOT, timeout=ENOUGH_S, check=False)
    assert orphan.returncode == 0


def test_a_part_that_is_not_wanted_is_stopped_once_and_started_when_wanted_again() -> None:
    parts = [Part("one", SLEEPER), Part("other", SLEEPER)]

    def script(watch: Watch, stop: Stop) -> None:
        wait_until(lambda: len(watch.pids()) == 2, within_s=ENOUGH_S, what="both run")
        watch.unwanted.add("one")
        wait_until(lambda: watch.ends() == ["one"], within_s=ENOUGH_S, what="the unwanted one ended")
        watch.unwanted.clear()
        wait_until(lambda: len(watch.pids("one")) == 2, within_s=ENOUGH_S, what="it runs again")
        assert len(watch.pids("other")) == 1

    supervised(parts, script)
