"""Hundreds of files that others made to break decoders, and bombs of our own, through the upload of a running web process.

    python -m tests.support.hostile_run [--at-once 3] [--folder build/hostile] [--only TEXT]

The test files of Pillow, pikepdf and pypdf come from their source distributions, fetched once by pip and kept in the folder.
Every file must be accepted or refused with a code of ours: no 5xx, no crash, the web process and its children together under
1 GB, none slower than 20 s. The answer is a table; 1 when something was not so.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from schemas.case import Role
from schemas.document import DocumentType
from tests.support.factories import form, settings_for
from tests.support.hostile_files import bombs
from tests.support.waiting import wait_until
from verifier.errors import CODES
from verifier.services import submit, tokens
from verifier.services.context import open_services
from verifier.settings import PREFIX
from verifier.store import database

SOURCES = ("pillow==13.0.0", "pikepdf==10.18.0", "pypdf==7.1.1")
NO_TEST_FILES = frozenset(
    {".py", ".c", ".h", ".cpp", ".rst", ".toml", ".cfg", ".in", ".yml", ".yaml", ".pyi", ".sh", ".md"}
)
MOST_RSS_MB = 1000
MOST_S = 20.0
SLOTS = tuple(DocumentType)[:3]


@dataclass(frozen=True)
class Answer:
    source: str
    name: str
    status: int
    code: str
    seconds: float


def fetched(folder: Path) -> list[Path]:
    """The source distributions in `folder`; pip brings what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for wanted in SOURCES:
        name, _, version = wanted.partition("==")
        if not (folder / f"{name}-{version}.tar.gz").is_file():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name, wanted]
            subprocess.run([*command, "--dest", str(folder)], check=True)
    return [folder / f"{wanted.replace('==', '-')}.tar.gz" for wanted in SOURCES]


def packed_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """What lies in a source distribution and is no source."""
    with tarfile.open(archive) as packed:
        for entry in packed:
            if entry.isfile() and Path(entry.name).suffix.lower() not in NO_TEST_FILES:
                content = packed.extractfile(entry)
                if content is not None:
                    yield entry.name.partition("/")[2], content.read()


@contextmanager
def web_process(data: Path) -> Iterator[tuple[str, str, psutil.Process]]:
    """`verifier serve` on a free port: its address, a token, the process."""
    settings = settings_for(data)
    database.migrate(settings.database_url)
    services = open_services(settings)
    token = tokens.create(services, "hostile", Role.INTEGRATION, "test")
    for number in range(len(SLOTS)):
        submit.create_application(services, form(application_no=f"HD2026A00{number:04d}"), "test")
    services.sessions.kw["bind"].dispose()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = settings.master_key.get_secret_value() if settings.master_key else ""
    env = {**os.environ, f"{PREFIX}DATA": str(data), f"{PREFIX}MASTER_KEY": key, f"{PREFIX}LOG_LEVEL": "WARNING"}
    # the smallest there may be, so that decoders see what would be refused by its header
    env[f"{PREFIX}MIN_SIDE"] = "16"
    with (data / "web.log").open("wb") as log:
        command = [sys.executable, "-m", "verifier", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(address), within_s=60, what="the web process answers")
            yield address, token, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)
    sys.stdout.write(_defects((data / "web.log").read_text(encoding="utf-8", errors="replace")))


def answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/livez", timeout=5).status_code == 200
    except httpx2.HTTPError:
        return False


def _defects(log: str) -> str:
    kept = [line for line in log.splitlines() if "defect" in line or "Traceback" in line]
    return "".join(f"log: {line[:300]}\n" for line in kept[:20])


class Memory:
    """The most that a process and its children had, watched from a thread: resident, and with what they share counted once."""

    def __init__(self, process: psutil.Process) -> None:
        self.rss_mb = self.pss_mb = self.web_mb = 0.0
        self._process = process
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            whole = [self._process, *self._process.children(recursive=True)]
            sizes = [_size(one, "rss") for one in whole]
            self.web_mb = max(self.web_mb, sizes[0])
            self.rss_mb = max(self.rss_mb, sum(sizes))
            if sum(sizes) > 0.6 * MOST_RSS_MB:
                self.pss_mb = max(self.pss_mb, sum(_size(one, "pss") for one in whole))


def _size(process: psutil.Process, what: str) -> float:
    try:
        found = process.memory_full_info() if what == "pss" else process.memory_info()
    except psutil.Error:
        return 0.0  # it has ended, or may not be looked into
    return float(getattr(found, what)) / 1e6


def send(client: httpx2.Client, token: str, slot: int, source: str, name: str, data: bytes) -> Answer:
    url = f"/api/v1/applications/HD2026A00{slot:04d}/documents/{SLOTS[slot].value}"
    started = time.perf_counter()
    try:
        files = {"files": (name, data, "application/octet-stream")}
        answer = client.put(url, files=files, headers={"Authorization": f"Bearer {token}"}, timeout=120)
    except httpx2.HTTPError as error:
        return Answer(source, name, 0, type(error).__name__, time.perf_counter() - started)
    code = "accepted" if answer.status_code == 201 else str(answer.json().get("code", "?"))
    return Answer(source, name, answer.status_code, code, time.perf_counter() - started)


def is_wrong(answer: Answer) -> bool:
    return (
        answer.status not in (201, 413, 415, 422) or answer.code not in {"accepted", *CODES} or answer.seconds > MOST_S
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.support.hostile_run", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/hostile"))
    parser.add_argument("--at-once", type=int, default=len(SLOTS), choices=range(1, len(SLOTS) + 1))
    parser.add_argument("--only", default="", help="Files with this in their names.")
    given = parser.parse_args()
    files = [
        *(
            (archive.name.removesuffix(".tar.gz"), *file)
            for archive in fetched(given.folder)
            for file in packed_files(archive)
        ),
        *(("ours", *bomb) for bomb in bombs()),
    ]
    files = [file for file in files if given.only in file[1]]
    with (
        tempfile.TemporaryDirectory() as folder,
        web_process(Path(folder)) as (address, token, process),
        Memory(process) as memory,
        ThreadPoolExecutor(given.at_once) as pool,
        httpx2.Client(base_url=address) as client,
    ):
        slots = [files[at :: given.at_once] for at in range(given.at_once)]
        runs = [
            pool.submit(lambda at=at, part=part: [send(client, token, at, *file) for file in part])  # type: ignore[misc]
            for at, part in enumerate(slots)
        ]
        got = [answer for run in runs for answer in run.result()]
        alive = process.is_running() and answers(address)
    report(got, memory, alive=alive)
    return 0 if alive and memory_of(memory) < MOST_RSS_MB and not any(map(is_wrong, got)) else 1


def memory_of(memory: Memory) -> float:
    """What they really took: shared pages once, where that was looked at."""
    return memory.pss_mb or memory.rss_mb


def report(got: Sequence[Answer], memory: Memory, *, alive: bool) -> None:
    say = sys.stdout.write
    sources = list(dict.fromkeys(answer.source for answer in got))
    say(f"| answer | {' | '.join(sources)} | all |\n|---|{'---|' * (len(sources) + 1)}\n")
    codes = Counter(answer.code for answer in got)
    for code, count in [("files", len(got)), *codes.most_common()]:
        each = [sum(a.source == source and code in (a.code, "files") for a in got) for source in sources]
        say(f"| {code} | {' | '.join(map(str, each))} | {count} |\n")
    slowest = sorted(got, key=lambda answer: -answer.seconds)[:5]
    say(f"crashes {sum(answer.status in (0, 500) for answer in got) + (not alive)}; ")
    say(f"peak RSS: web {memory.web_mb:.0f} MB, with its children {memory.rss_mb:.0f} MB")
    say(f" ({memory.pss_mb:.0f} MB with shared pages once); " if memory.pss_mb else "; ")
    say("slowest " + ", ".join(f"{one.seconds:.1f} s ({one.name}: {one.code})" for one in slowest) + "\n")
    for one in got:
        if one.source == "ours" and "noise-" not in one.name and "damaged" not in one.name:
            say(f"ours: {one.name}: {one.code}, {one.seconds:.1f} s\n")
    for answer in got:
        if is_wrong(answer):
            say(f"WRONG {answer.source} {answer.name}: {answer.status} {answer.code} {answer.seconds:.1f} s\n")


if __name__ == "__main__":
    sys.exit(main())
