"""`verifier up` as a person runs it: real engine, real queue, cases over HTTP, advice that is right, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest

from fixtures.cases import Case, make_case
from fixtures.demo import CASES, SEED_STEP
from schemas.application import Route
from tests.support.waiting import descendants, is_alive, wait_until

pytestmark = pytest.mark.ocr

ROOT = Path(__file__).resolve().parents[2]
START_S = 90.0
ADVICE_S = 120.0
END_S = 120.0
DEMO = (2, 3, 4)
"""Cases of the demo batch: one for each advice, three pages each."""


@dataclass(frozen=True)
class Up:
    """A running `verifier up`: its process, its address, and a token of a program that hands cases in."""

    process: psutil.Process
    address: str
    token: str

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {self.token}"}, timeout=60)


@contextmanager
def running(data: Path, *options: str) -> Iterator[Up]:
    """`verifier up`, until SIGTERM at the end; what it prints must be the ready line and nothing else."""
    log = data.parent / "up.log"
    command = [sys.executable, "-m", "verifier", "up", "--data", str(data), "--port", "0", "--no-demo", *options]
    with (
        log.open("ab") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT) as process,
    ):
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            assert ready.startswith("ready http://127.0.0.1:"), log.read_text()
            yield Up(psutil.Process(process.pid), ready.split()[1], new_token(data))
            everything = descendants(process.pid)
            process.send_signal(signal.SIGTERM)
            assert process.wait(END_S) == 0
            assert process.stdout.read() == ""
            assert [pid for pid in everything if is_alive(pid)] == []
        finally:
            process.kill()


def new_token(data: Path) -> str:
    made = [sys.executable, "-m", "verifier", "token", "create", "--role", "integration", "--name", "e2e"]
    answer = subprocess.run([*made, "--data", str(data)], cwd=ROOT, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def hand_in(client: httpx.Client, case: Case) -> str:
    """Create, upload, submit; the application number."""
    form = case.application.model_dump(mode="json", exclude={"documents"})
    number = case.application.application_no
    assert client.post("/api/v1/applications", json=form).status_code == 201
    for slot in case.application.documents:
        files = [("files", (Path(name).name, case.files[name])) for name in slot.files]
        answer = client.put(f"/api/v1/applications/{number}/documents/{slot.slot.value}", files=files)
        assert answer.status_code == 201, answer.text
    assert client.post(f"/api/v1/applications/{number}/submit").status_code == 202
    return number


def result_of(client: httpx.Client, number: str) -> dict[str, object] | None:
    """The advice with what it rests on, once it is there."""
    result: dict[str, object] | None = client.get(f"/api/v1/applications/{number}").json().get("result")
    return result


def test_cases_handed_in_over_http_get_the_right_advice_from_real_workers(tmp_path: Path) -> None:
    cases = [make_demo_case(number) for number in DEMO]
    data = tmp_path / "data"
    with running(data, "--workers", "1") as up, up.client() as client:
        numbers = [hand_in(client, case) for case in cases]
        for number, case in zip(numbers, cases, strict=True):
            result = wait_until(
                lambda number=number: result_of(client, number),  # type: ignore[misc]
                within_s=ADVICE_S,
                every_s=0.5,
                what="advice",
            )
            assert result["outcome"] == case.truth.expected_outcome, json.dumps(result["findings"], ensure_ascii=False)
        stats = client.get("/api/v1/stats").json()
        assert stats["attempts"] == {"done": 9}
        assert stats["outbox_unsent"] == 0
    log = (tmp_path / "up.log").read_text()
    for case in cases:
        person = case.application.applicant
        assert person.name not in log
        assert person.id_number not in log
    # the same folder once more: everything is still there, and cases land although nothing reads them
    with running(data, "--workers", "0") as up, up.client() as client:
        assert result_of(client, numbers[0]) is not None
        later = hand_in(client, make_demo_case(5))
        assert client.get(f"/api/v1/applications/{later}").json()["state"] == "submitted"
        assert client.get("/readyz").status_code == 200
        (web,) = [child for child in up.process.children() if "serve" in child.cmdline()]
        web.kill()
        wait_until(lambda: not is_alive(web.pid), within_s=5.0, what="the web process is gone")
        assert httpx.get(f"{up.address}/livez", timeout=30).status_code == 200, "the caller waited for the next one"
    assert log_has_no_trace((tmp_path / "up.log").read_text())


def make_demo_case(number: int) -> Case:
    defect, traits = CASES[number - 1]
    return make_case(1000 + SEED_STEP * number, Route.RESIDENCE_PERMIT, defect, traits=traits)


def log_has_no_trace(log: str) -> bool:
    return "Traceback" not in log and "[error" not in log


def test_killed_it_leaves_nothing_running(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [
        sys.executable,
        "-m",
        "verifier",
        "up",
        "--data",
        str(data),
        "--port",
        "0",
        "--no-demo",
        "--workers",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        everything = wait_until(
            lambda: descendants(process.pid) if len(descendants(process.pid)) >= 7 else [],
            within_s=START_S,
            what="valkey, web, relay, the unit, its engine and its workers",
        )
        os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, everything)), within_s=30.0, what="all of it is gone")
