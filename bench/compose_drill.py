"""The whole stack under compose, and what it keeps while its parts are killed.

    python -m bench.compose_drill [--cases DIR] [--count 20] [--keep]

Brings docker-compose.yml up as a project of its own with fresh secrets and volumes, hands cases in over HTTP as a program
would (patient with 503, every call repeatable), and meanwhile

    kills Redis, then PostgreSQL, with `docker kill -s KILL`, and starts each again after a while
    kills both once more from inside, so that compose's restart rule must bring them back
    kills the relay, the reconciler and a worker the same way
    scales the workers to three
    takes everything down with documents still being read, and up again, volumes kept

At the end it asks inside the stack: every case advised exactly once, every attempt closed, every file opened and as it was
sent, the chain of events whole. Needs Docker with compose, and `make models` for drawing the cases. Exit 1 when anything
is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "verifier-drill"
PATIENCE_S = 180.0
"""How long a call is made again, and how long nothing may move while documents wait."""
DOWN_S = 8.0
"""How long what was killed stays away."""

PROBE = """
import hashlib, json, sys
from sqlalchemy import func, select
from verifier.services import review
from verifier.services.context import open_services, reading
from verifier.settings import load_settings
from verifier.store import audit
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow, EventRow, FileRow
services = open_services(load_settings())
def counted(column, *where):
    with reading(services) as session:
        return {getattr(k, "value", k): n for k, n in session.execute(select(column, func.count()).where(*where).group_by(column))}
with reading(services) as session:
    chain = audit.verify_chain(session).whole
    states = dict((no, state.value) for no, state in session.execute(select(CaseRow.application_no, CaseRow.state)))
    held = max((int((end - start).total_seconds()) for start, end in session.execute(
        select(CaseRow.submitted_at, CaseRow.advised_at).where(CaseRow.advised_at.is_not(None)))), default=0)
    names = list(session.execute(select(CaseRow.application_no, DocumentRow.slot, FileRow.name, FileRow.position)
        .join(DocumentRow, DocumentRow.case_id == CaseRow.id).join(FileRow, FileRow.document_id == DocumentRow.id)
        .where(DocumentRow.current)))
events = {type: counted(EventRow.application_no, EventRow.type == type) for type in ("case_submitted", "advice_given")}
reads = counted(EventRow.application_no, EventRow.type == "document_read")
attempts, documents = counted(AttemptRow.state), counted(DocumentRow.state)
codes = counted(AttemptRow.error_code, AttemptRow.error_code.is_not(None))
files = {}
if "--files" in sys.argv:
    for no, slot, name, position in names:
        data = review.open_original(services, no, name, "drill").data
        files[f"{no}/{slot.value}/{position}"] = hashlib.sha256(data).hexdigest()
print(json.dumps({"chain": chain, "states": states, "held": held, "events": events, "reads": reads,
    "attempts": attempts, "documents": documents, "codes": codes, "files": files}))
"""


@dataclass
class Log:
    """What was done, when, for the table at the end."""

    begun: float = field(default_factory=time.monotonic)
    lines: list[tuple[float, str]] = field(default_factory=list)

    def say(self, what: str) -> None:
        at = time.monotonic() - self.begun
        self.lines.append((at, what))
        print(f"{at:7.1f} s  {what}", flush=True)


class Stack:
    """The compose project of the drill."""

    def __init__(self, folder: Path, log: Log) -> None:
        self._log = log
        self._env = folder / "drill.env"
        subprocess.run(["sh", "deploy/make-env.sh", str(self._env)], cwd=ROOT, check=True, capture_output=True)
        port = _free_port()
        with self._env.open("a", encoding="ascii") as file:
            file.write(f"VERIFIER_PUBLISH=127.0.0.1:{port}\n")
        self.address = f"http://127.0.0.1:{port}"

    def compose(self, *arguments: str, stdin: str | None = None) -> str:
        """Raises RuntimeError with what compose said."""
        command = ["docker", "compose", "-p", PROJECT, "--env-file", str(self._env), *arguments]
        done = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"docker compose {arguments[0]}: {done.stderr.strip()[-2000:]}")
        return done.stdout.strip()

    def up(self, *options: str) -> None:
        self.compose("up", "-d", "--wait", "--wait-timeout", "300", *options)

    def container(self, service: str) -> str:
        return self.compose("ps", "-aq", service).splitlines()[0]

    def kill(self, service: str) -> None:
        """As an operator would by accident: Docker leaves it dead."""
        subprocess.run(["docker", "kill", "-s", "KILL", self.container(service)], check=True, capture_output=True)
        self._log.say(f"docker kill -s KILL {service}")

    def start(self, service: str) -> None:
        self.compose("start", service)
        self.healthy(service)
        self._log.say(f"{service} started again, healthy")

    def crash(self, service: str, pid_of: str) -> None:
        """Kill the process inside: the restart rule must bring the container back by itself."""
        container = self.container(service)
        before = int(_inspect(container, "{{.RestartCount}}"))
        self.compose("exec", "-T", service, "sh", "-c", f"kill -KILL {pid_of}")
        self._log.say(f"kill -KILL inside {service}")
        wait_for(lambda: int(_inspect(container, "{{.RestartCount}}")) > before, 60, f"{service} is restarted")
        self.healthy(service)
        self._log.say(f"{service} restarted by its rule")

    def healthy(self, service: str) -> None:
        """Wait until it is, as its healthcheck says; a part without one until it runs."""
        template = "{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}"
        container = self.container(service)
        wait_for(lambda: _inspect(container, template) in ("healthy", "running"), 120, f"{service} is healthy")

    def probe(self, *options: str) -> dict[str, dict[str, object]]:
        said = self.compose("exec", "-T", "web", "python", "-", *options, stdin=PROBE)
        answer: dict[str, dict[str, object]] = json.loads(said.splitlines()[-1])
        return answer

    def token(self) -> str:
        return self.compose(
            "exec", "-T", "web", "verifier", "token", "create", "--role", "integration", "--name", "drill"
        )


class Client:
    """A program that hands cases in and does not give up: every call may be made again."""

    def __init__(self, address: str, token: str) -> None:
        self._http = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self.repeated = 0
        self.sent: dict[str, str] = {}
        """SHA-256 of every file by case, slot and position."""

    def hand_in(self, case: Path) -> str:
        """The case's number, once it is submitted."""
        application = json.loads((case / "application.json").read_text(encoding="utf-8"))
        number = str(application["application_no"])
        documents = application.pop("documents")
        self._call("POST", "/api/v1/applications", json=application)
        for document in documents:
            slot = document["slot"]
            data = [(case / name).read_bytes() for name in document["files"]]
            files = [("files", (Path(name).name, item)) for name, item in zip(document["files"], data, strict=True)]
            answer = self._call("PUT", f"/api/v1/applications/{number}/documents/{slot}", files=files)
            if answer.status_code == 201:
                for position, item in enumerate(data, start=1):
                    self.sent[f"{number}/{slot}/{position}"] = hashlib.sha256(item).hexdigest()
        self._call("POST", f"/api/v1/applications/{number}/submit")
        return number

    def _call(self, method: str, path: str, **body: object) -> httpx.Response:
        """The answer, whatever the server decided. Tried again while it is away or says that a part of it is."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self._http.request(method, path, **body)  # type: ignore[arg-type]
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 500:
                return answer
            if time.monotonic() >= until:
                raise RuntimeError(f"{method} {path}: {answer.status_code if answer is not None else 'no answer'}")
            self.repeated += 1
            time.sleep(1)


def wait_for(look: Callable[[], object], within_s: float, what: str) -> None:
    """Raises RuntimeError when it does not come true in time."""
    until = time.monotonic() + within_s
    while not look():
        if time.monotonic() >= until:
            raise RuntimeError(f"not within {within_s:g} s: {what}")
        time.sleep(1)


@contextmanager
def handing_in(client: Client, cases: Sequence[Path], numbers: list[str]) -> Iterator[None]:
    """Hand cases in from a thread while the body breaks things; ends when all are in."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            numbers.extend(client.hand_in(case) for case in cases)
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    thread = threading.Thread(target=run, name="client")
    thread.start()
    yield
    thread.join()
    if failed:
        raise failed[0]


def drill(stack: Stack, cases: Sequence[Path], log: Log) -> tuple[list[str], Client]:
    """Everything that happens between the first `up` and the last advice; the numbers handed in."""
    stack.compose("build")
    log.say("image built")
    stack.up()
    log.say("stack up and healthy")
    client = Client(stack.address, stack.token())
    numbers: list[str] = []
    parts = [cases[start::4] for start in range(4)]
    with handing_in(client, parts[0], numbers):
        time.sleep(3)
        stack.kill("redis")
        time.sleep(DOWN_S)
        stack.start("redis")
    with handing_in(client, parts[1], numbers):
        time.sleep(3)
        stack.kill("postgres")
        time.sleep(DOWN_S)
        stack.start("postgres")
    log.say(f"{len(numbers)} cases handed in, {client.repeated} calls made again")
    stack.up("--scale", "worker=3", "--no-recreate")
    log.say("workers scaled to 3")
    with handing_in(client, parts[2], numbers):
        time.sleep(2)
        stack.crash("redis", "$(cat /tmp/redis.pid)")
        stack.crash("postgres", "$(head -n 1 /var/lib/postgresql/data/postmaster.pid)")
        # process 1 is the container's init; what it started is the part
        first = "$(ls /proc | grep -x '[0-9]*' | sort -n | sed -n 2p)"
        stack.crash("relay", first)
        stack.crash("reconciler", first)
        stack.crash("worker", first)
    log.say(f"{len(numbers)} cases handed in, {client.repeated} calls made again")
    with handing_in(client, parts[3], numbers):
        pass
    log.say(f"{len(numbers)} cases handed in")
    left = _open(stack)
    stack.compose("down")
    log.say(f"down, with {left} attempts open")
    stack.up("--scale", "worker=2")
    log.say("up again")
    _drain(stack)
    log.say("every attempt closed")
    return numbers, client


def _open(stack: Stack) -> int:
    attempts = stack.probe()["attempts"]
    return sum(int(str(attempts.get(state, 0))) for state in ("queued", "running"))


def _drain(stack: Stack) -> None:
    """Wait until every attempt is closed, as long as some are. Raises RuntimeError when nothing moves any more."""
    left = _open(stack)
    until = time.monotonic() + PATIENCE_S
    while left:
        time.sleep(2)
        now = _open(stack)
        if now != left:
            until = time.monotonic() + PATIENCE_S
        elif time.monotonic() >= until:
            raise RuntimeError(f"{left} attempts stay open")
        left = now


def verdict(
    found: dict[str, dict[str, object]], numbers: Sequence[str], sent: dict[str, str]
) -> list[tuple[str, str, bool]]:
    """What must hold, what was found, and whether it holds."""
    advised = found["events"]["advice_given"]
    submitted = found["events"]["case_submitted"]
    assert isinstance(advised, dict)
    assert isinstance(submitted, dict)
    ready = {"advised_pass", "needs_correction", "needs_review"}
    states = found["states"]
    good = [number for number in numbers if states.get(number) in ready]
    once = [number for number in numbers if advised.get(number) == 1]
    handed = [number for number in numbers if submitted.get(number) == 1]
    same = [name for name, digest in sent.items() if found["files"].get(name) == digest]
    attempts = {str(state): int(str(count)) for state, count in found["attempts"].items()}
    still = attempts.get("queued", 0) + attempts.get("running", 0)
    unread = {state: count for state, count in found["documents"].items() if state != "read"}
    everything = len(set(numbers))
    return [
        ("cases handed in once", f"{len(handed)} of {everything}", len(handed) == everything == len(states)),
        ("cases advised exactly once", f"{len(once)} of {everything}", len(once) == everything),
        ("cases waiting for a person", f"{len(good)} of {everything}", len(good) == everything),
        ("attempts", ", ".join(f"{state} {count}" for state, count in sorted(attempts.items())), still == 0),
        ("documents read", f"{found['documents'].get('read', 0)}, else {unread or 'none'}", not unread),
        ("files as they were sent", f"{len(same)} of {len(sent)}", len(same) == len(sent) == len(found["files"])),
        ("chain of events", "whole" if found["chain"] else "broken", bool(found["chain"])),
        ("closed with a code", ", ".join(f"{code} {n}" for code, n in found["codes"].items()) or "none", True),
        ("longest from submission to advice", f"{found['held']} s", True),
    ]


def _inspect(container: str, template: str) -> str:
    said = subprocess.run(["docker", "inspect", "-f", template, container], check=True, capture_output=True, text=True)
    return said.stdout.strip()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _cases(folder: Path | None, count: int, drawn: Path) -> list[Path]:
    if folder is None:
        command = [sys.executable, "-m", "fixtures", "generate", "--count", str(count), "--out", str(drawn)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        folder = drawn
    return sorted(path.parent for path in folder.glob("*/application.json"))[:count]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.compose_drill")
    parser.add_argument("--cases", type=Path, help="a folder of case folders; drawn when not given")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--keep", action="store_true", help="leave the stack and its volumes for a look")
    options = parser.parse_args()
    if shutil.which("docker") is None:
        print("docker is not on the PATH", file=sys.stderr)
        return 2
    log = Log()
    with tempfile.TemporaryDirectory(prefix="compose-drill-") as name:
        folder = Path(name)
        cases = _cases(options.cases, options.count, folder / "cases")
        log.say(f"{len(cases)} cases drawn")
        stack = Stack(folder, log)
        try:
            numbers, client = drill(stack, cases, log)
            lines = verdict(stack.probe("--files"), numbers, client.sent)
        finally:
            if not options.keep:
                stack.compose("down", "-v")
    print()
    for what, found, holds in lines:
        print(f"{'ok ' if holds else 'NOT'}  {what:<36}{found}")
    return 0 if all(holds for *_, holds in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
