"""What is left to a process that opens a stranger's file."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    folder = tmp_path_factory.mktemp("walls")
    (folder / "fonts").mkdir()
    (folder / "empty").mkdir()
    (folder / "fonts" / "font.ttf").write_bytes(b"a font")
    (folder / "master.key").write_bytes(b"a secret")
    command = [
        sys.executable,
        "-m",
        "tests.support.walled",
        *(str(folder / name) for name in ("master.key", "fonts", "empty")),
    ]
    answer = subprocess.run(command, capture_output=True, timeout=60, check=True)
    found: dict[str, bool] = json.loads(answer.stdout)
    return found


def test_every_wall_that_this_kernel_has_stands(done: dict[str, bool]) -> None:
    assert done["calls"]


@pytest.mark.parametrize(
    "what", ["open a socket", "resolve a name", "start a program", "fork", "signal the parent", "signal process 1"]
)
def test_it_reaches_nobody(done: dict[str, bool], what: str) -> None:
    assert not done[what]


@pytest.mark.parametrize("what", ["read a secret", "read the environment of the parent"])
def test_it_reads_nothing_of_ours(done: dict[str, bool], what: str) -> None:
    # a kernel without Landlock says so in the log of the start
    assert not (done["files"] and done[what])


@pytest.mark.parametrize("what", ["write a file", "take memory"])
def test_it_takes_no_more_than_it_may(done: dict[str, bool], what: str) -> None:
    assert not done[what]


@pytest.mark.parametrize("what", ["read a font", "take a little memory"])
def test_it_can_do_its_work(done: dict[str, bool], what: str) -> None:
    assert done[what]
